"""Rigs of animated nodes, forests, takes, and what the stored motion gives back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.blender.requests import PROBE_ASSET
from rigmill.types import Floats
from tests.support.blender.calls import blender, call, clip_item, corpus, probe, probe_item, read_motion, read_rig
from tests.support.files.tiny_glb import TinyGlb, door, pack, turn, unpack
from tests.support.paths import ASSETS, ROOT

pytestmark = pytest.mark.blender
EXACT = 1e-4  # of the subject's size


def names_of(folder: Path, found: dict[str, Any]) -> tuple[str, ...]:
    return read_rig(folder, found["rig_file"]).names


def test_a_door_that_a_node_swings_is_a_rig_of_its_hinge_and_what_stands_still(tmp_path: Path) -> None:
    found = probe(door().write(tmp_path / "door.glb"), tmp_path)
    assert (found["kind"], found["rig_kind"]) == ("animated", "rigid")
    assert names_of(tmp_path, found) == ("cabinet", "hinge")  # not the wrapper, the leaf or the handle
    assert (found["num_skinned_meshes"], found["num_rigid_meshes"], found["num_armatures"]) == (0, 2, 0)
    (motion,) = found["motions"]
    assert (motion["name"], motion["num_frames"], motion["num_moving_joints"]) == ("open", 33, 1)


def test_the_rest_of_a_node_is_what_the_file_says_and_not_where_its_motion_starts(tmp_path: Path) -> None:
    path = door().write(tmp_path / "door.glb")
    item = clip_item(path, probe(path, tmp_path), "open", num_frames=33)
    found = {key: np.array(value) for key, value in blender("joints_and_pixels", {"item": item}).items()}
    # 30 degrees about glTF's +Y is 30 degrees about our +Z, relative to a closed door.
    angles = Rotation.from_quat(np.roll(found["rotations"][:, 1], -1, axis=-1)).as_rotvec(degrees=True)
    assert np.allclose(angles, np.linspace(30, 90, 33)[:, None] * [0, 0, 1], atol=0.1)
    assert np.allclose(found["rotations"][:, 0], [1, 0, 0, 0], atol=1e-6)
    # By hand: the wrapper doubles, glTF (-0.5, 0, 0.2) is ours (-1, -0.4, 0).
    rest = found["rest"] / float(found["scale"]) + found["offset"]
    assert np.allclose(rest, [[0, 0, 0], [-1, -0.4, 0]], atol=1e-6)


def test_a_profile_can_refuse_rigid_rigs_and_keeps_skinned_ones(tmp_path: Path) -> None:
    path = door().write(tmp_path / "door.glb")
    items = [probe_item(path) | {"rigid_rigs": False}, probe_item(ASSETS / "RiggedSimple.glb") | {"rigid_rigs": False}]
    refused, kept = call(PROBE_ASSET, items, tmp_path)
    assert refused["refused"] == "no_rig" and "rigid_rigs" in refused["message"]
    assert kept["value"]["rig_kind"] == "skin"


def test_nodes_that_move_no_mesh_are_no_rig_and_the_message_says_so(tmp_path: Path) -> None:
    made = TinyGlb([{"name": "empty"}, {"name": "box", "mesh": 0}])
    made.animate("spin", 0, "rotation", [0, 2], [turn(1, 0), turn(1, 90)])
    still = TinyGlb([{"name": "a", "mesh": 0, "children": [1]}, {"name": "b", "mesh": 0, "translation": [2, 0, 0]}])
    items = [probe_item(made.write(tmp_path / "made.glb")), probe_item(still.write(tmp_path / "still.glb"))]
    loose, nothing = call(PROBE_ASSET, items, tmp_path)
    assert loose["refused"] == nothing["refused"] == "no_rig"
    assert "no mesh hangs from one" in loose["message"] and "no node that an animation moves" in nothing["message"]


def test_one_animation_per_object_is_one_take_and_alternatives_are_not(tmp_path: Path) -> None:
    nodes = [{"name": "left", "mesh": 0}, {"name": "right", "mesh": 0, "translation": [3, 0, 0]}]
    together = TinyGlb([dict(node) for node in nodes])
    together.animate("swing_left", 0, "rotation", [0, 2], [turn(1, 0), turn(1, 90)])
    together.animate("swing_right", 1, "rotation", [0, 2], [turn(0, 0), turn(0, 45)])
    apart = TinyGlb([dict(node) for node in nodes])
    apart.animate("open", 0, "rotation", [0, 2], [turn(1, 0), turn(1, 90)])
    apart.animate("close", 0, "rotation", [0, 2], [turn(1, 90), turn(1, 0)])
    apart.animate("long", 1, "rotation", [0, 3], [turn(0, 0), turn(0, 45)])
    items = [probe_item(together.write(tmp_path / "one.glb")), probe_item(apart.write(tmp_path / "three.glb"))]
    one, three = (answer["value"] for answer in call(PROBE_ASSET, items, tmp_path))
    assert [(item["name"], item["num_moving_joints"]) for item in one["motions"]] == [("swing", 2)]
    assert [(item["name"], item["num_frames"], item["num_moving_joints"]) for item in three["motions"]] == [
        ("close", 33, 1),
        ("long", 49, 1),
        ("open", 33, 1),
    ]


@pytest.mark.slow
def test_a_file_with_one_animation_per_bone_moves_as_the_whole_does(tmp_path: Path) -> None:
    document, binary = unpack((ASSETS / "Fox.glb").read_bytes())
    (run,) = [item for item in document["animations"] if item["name"] == "Run"]
    bones = sorted({channel["target"]["node"] for channel in run["channels"]})
    document["animations"] = [
        {
            "name": f"Run {bone}",
            "samplers": run["samplers"],
            "channels": [channel for channel in run["channels"] if channel["target"]["node"] == bone],
        }
        for bone in bones
    ]
    split = tmp_path / "split.glb"
    split.write_bytes(pack(document, binary))
    found = probe(split, tmp_path)
    assert [item["name"] for item in found["motions"]] == ["Run"] and len(bones) == 20
    heads: list[Floats] = []
    for path in (ASSETS / "Fox.glb", split):
        item = clip_item(path, probe(path, tmp_path), "Run", num_frames=10)
        numbers = blender("joints_and_pixels", {"item": item})
        heads.append(np.array(numbers["heads"]) / numbers["scale"] + np.array(numbers["offset"]))
    assert np.abs(heads[0] - heads[1]).max() < EXACT * np.ptp(heads[0], axis=(0, 1)).max()


def test_the_same_motion_under_two_names_is_listed_once(tmp_path: Path) -> None:
    found = probe(ASSETS / "Quaternius_Lever.glb", tmp_path)
    assert [item["name"] for item in found["motions"]] == ["LeverArmature|Lever_Off", "LeverArmature|Lever_On"]
    assert found["num_repeated_motions"] == 2


def test_an_animated_object_above_the_armature_is_a_joint(tmp_path: Path) -> None:
    """A skinned file whose only motion is that of the node above its skeleton."""
    made = TinyGlb([])
    document, binary = unpack((ASSETS / "RiggedSimple.glb").read_bytes())
    made.binary, made.views = bytearray(binary), document["bufferViews"]
    made.accessors = document["accessors"]
    top = next(index for index, node in enumerate(document["nodes"]) if node.get("name") == "Z_UP")
    above = len(document["nodes"])
    document["nodes"].append({"name": "carrier", "children": [top]})
    document["scenes"][0]["nodes"] = [above if node == top else node for node in document["scenes"][0]["nodes"]]
    made.animate("ride", above, "translation", [0, 2], [[0, 0, 0], [0, 3, 0]])
    document["animations"] = made.animations
    document["buffers"][0]["byteLength"] = len(made.binary)
    path = tmp_path / "ride.glb"
    path.write_bytes(pack(document, bytes(made.binary)))
    found = probe(path, tmp_path)
    assert (found["kind"], found["rig_kind"]) == ("animated", "skin")
    assert "carrier" in names_of(tmp_path, found)
    (motion,) = found["motions"]
    assert (motion["num_frames"], motion["num_moving_joints"]) == (33, 1)


def test_a_posed_door_stands_where_the_played_one_does_and_an_animated_file_keeps_it(tmp_path: Path) -> None:
    path = door().write(tmp_path / "door.glb")
    (found,) = blender("replay", {"paths": [str(path)], "num_motions": 1})
    assert max(found["forward"], found["shown"], found["bounds"]) < EXACT
    written = blender("animate", {"path": str(path), "written": str(tmp_path / "again.glb")})
    assert written["error"] < EXACT and written["turns"] > 0.1 and written["num_joints"] == 2


NEVER_SHOWN_EXACTLY = {  # a mesh that is scaled or sheared by its motion, or stands under uneven scales
    "Fox_nonuniform_scale.glb",
    "mannequiny-0.3.0.glb",
    "lumberjack.glb",
    "maya_slime_7500_binary.fbx",
    "maya_game_sausage_7500_binary_combined.fbx",
    "maya_zero_scale_pivot_7700_binary.fbx",
    "bird.fbx",
}


@pytest.mark.corpus
@pytest.mark.slow
def test_joints_of_real_files_come_back_from_stored_motions_and_from_posed_rigs() -> None:
    table = ROOT / "tests" / "support" / "expected_assets.csv"
    import csv

    with table.open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "animated"]
    # Through the original file: what the gate makes of it is another test's subject.
    paths = [str(corpus(row["path"])) for row in rows if int(row["num_broken"]) == 0]
    found = [
        item
        for start in range(0, len(paths), 12)
        for item in blender("replay", {"paths": paths[start : start + 12], "num_motions": 2})
    ]
    assert len(found) > 60
    assert max(item["forward"] for item in found) < EXACT, json.dumps(found)
    assert max(item["shown"] for item in found) < EXACT
    assert max(item["bounds"] for item in found if item["file"] not in NEVER_SHOWN_EXACTLY) < EXACT


@pytest.mark.corpus
@pytest.mark.parametrize(
    "name", ["sketchfab/rusty_fridge.glb", "sketchfab/garage_door_01.glb", "quaternius_glb/Quaternius_Chest.glb"]
)
def test_real_files_that_we_animate_move_as_the_originals(name: str, tmp_path: Path) -> None:
    found = blender("animate", {"path": str(corpus(name)), "written": str(tmp_path / "again.glb")})
    assert found["error"] < EXACT and found["num_lost"] == 0, found


@pytest.mark.corpus
def test_nodes_alone_are_a_motion_for_the_retargeter(tmp_path: Path) -> None:
    copy = tmp_path / "animation.glb"
    copy.write_bytes(corpus("vrm/test.vrma").read_bytes())
    found = probe(copy, tmp_path)
    assert (found["kind"], found["rig_kind"], found["num_vertices"]) == ("motion", "rigid", 0)
    motion = read_motion(tmp_path, found["motions"][0]["motion_file"])
    assert motion.rotations.shape[1] == found["num_joints"] == motion.translations.shape[1]
