"""Generated assets: the same bytes everywhere, and what other programs need to find in them."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.paths import ROOT

bpy = pytest.importorskip("bpy")

from render.blender.procedural.make import generate  # noqa: E402
from render.blender.procedural.rig import forward  # noqa: E402
from rigmill.storage.files import sha256_file  # noqa: E402

pytestmark = pytest.mark.blender
SEED = 7
ITEMS = [(group, variant) for group in ("biped", "quadruped", "winged", "cabinet", "motion") for variant in (0, 1)]
CHARACTERS = [item for item in ITEMS if item[0] != "motion"]
MIXAMO = [
    "Hips",
    "Spine",
    "Spine1",
    "Spine2",
    "Neck",
    "Head",
    *(
        f"{side}{part}"
        for side in ("Left", "Right")
        for part in ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase")
    ),
]
SCRIPT = """
import json, os, sys
from pathlib import Path
from render.blender.procedural.make import make_asset
answers = []
for group, variant, seed in json.loads(sys.argv[1]):
    answers.append(make_asset({"group": group, "variant": variant, "seed": seed}, {}, Path(sys.argv[2])))
Path(sys.argv[2], "answers.json").write_text(json.dumps(answers))
sys.stdout.flush()
os._exit(0)
"""


def make_in_fresh_process(items: list[tuple[str, int]], folder: Path, *, hash_seed: str) -> list[dict[str, Any]]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    jobs = json.dumps([[group, variant, SEED] for group, variant in items])
    subprocess.run(
        [sys.executable, "-c", SCRIPT, jobs, str(folder)],
        check=True,
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        timeout=300,
    )
    answers: list[dict[str, Any]] = json.loads((folder / "answers.json").read_text())
    return answers


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[tuple[str, int], dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("procedural")
    return folder, dict(zip(ITEMS, make_in_fresh_process(ITEMS, folder, hash_seed="1")))


@dataclass(frozen=True)
class Loaded:
    """A generated file as Blender's importer sees it, at 16 frames a second."""

    armature: Any
    rest_vertices: np.ndarray  # (V, 3)
    weights: np.ndarray  # (V, J) by bone order
    edges: np.ndarray  # (E, 2)
    takes: dict[str, np.ndarray]  # name -> vertices (T, V, 3)
    side_colours: dict[str, np.ndarray]  # +x, -x, +y, -y -> mean texture colour (3,)


def evaluated(mesh: Any) -> np.ndarray:
    seen = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    data = seen.to_mesh()
    points = np.empty(3 * len(data.vertices))
    data.vertices.foreach_get("co", points)
    seen.to_mesh_clear()
    matrix = np.array(seen.matrix_world)
    return points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def import_glb(path: Path, fps: int) -> tuple[Any, Any]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = fps
    bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True, guess_original_bind_pose=False)
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    (mesh,) = [thing for thing in bpy.data.objects if thing.type == "MESH"]
    return armature, mesh


def play(armature: Any, action: Any) -> None:
    for track in armature.animation_data.nla_tracks:
        track.mute = True
    for bone in armature.pose.bones:
        bone.matrix_basis.identity()
    armature.animation_data.action = action
    armature.animation_data.action_slot = armature.animation_data.action_suitable_slots[0]


def side_colours(mesh: Any) -> dict[str, np.ndarray]:
    (image,) = [image for image in bpy.data.images if image.size[0] > 0]
    pixels = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], -1)[..., :3]
    uv = np.empty(2 * len(mesh.data.loops))
    mesh.data.uv_layers[0].data.foreach_get("uv", uv)
    columns, rows = (uv.reshape(-1, 2) * (image.size[0], image.size[1])).astype(int).T
    loops = pixels[rows, columns]
    faces = {"+x": (0, 1), "-x": (0, -1), "+y": (1, 1), "-y": (1, -1)}
    return {
        side: loops[
            [loop for face in mesh.data.polygons if sign * face.normal[axis] > 0.7 for loop in face.loop_indices]
        ].mean(0)
        for side, (axis, sign) in faces.items()
    }


@pytest.fixture(scope="session", params=CHARACTERS, ids=lambda item: f"{item[0]}-{item[1]}")
def loaded(request: pytest.FixtureRequest, made: Any) -> Iterator[tuple[tuple[str, int], Loaded]]:
    folder, answers = made
    armature, mesh = import_glb(folder / answers[request.param]["file"], 16)
    names = [bone.name for bone in armature.data.bones]
    weights = np.zeros((len(mesh.data.vertices), len(names)))
    for vertex in mesh.data.vertices:
        for entry in vertex.groups:
            weights[vertex.index, names.index(mesh.vertex_groups[entry.group].name)] = entry.weight
    armature.data.pose_position = "REST"
    rest = evaluated(mesh)
    armature.data.pose_position = "POSE"
    takes = {}
    for action in bpy.data.actions:
        play(armature, action)
        first, last = action.frame_range
        frames = []
        for frame in range(round(first), round(last) + 1):
            bpy.context.scene.frame_set(frame)
            frames.append(evaluated(mesh))
        takes[action.name] = np.array(frames)
    edges = np.array([edge.vertices[:] for edge in mesh.data.edges])
    yield request.param, Loaded(armature, rest, weights, edges, takes, side_colours(mesh))


@pytest.mark.slow
def test_same_item_gives_the_same_bytes_in_another_process_order_and_hash_seed(made: Any, tmp_path: Path) -> None:
    folder, answers = made
    again = dict(zip(ITEMS[::-1], make_in_fresh_process(ITEMS[::-1], tmp_path, hash_seed="2")))
    for item in ITEMS:
        assert again[item] == answers[item]
        name = answers[item]["file"]
        assert sha256_file(tmp_path / name) == sha256_file(folder / name), name


def test_every_item_gives_a_file_of_its_own_and_tags_with_a_known_category(made: Any) -> None:
    folder, answers = made
    assert len({sha256_file(folder / answer["file"]) for answer in answers.values()}) == len(ITEMS)
    for answer in answers.values():
        assert {"character", "animal", "furniture"} & set(answer["tags"])
        assert (folder / answer["file"]).suffix == "." + answer["format"]


def test_another_seed_gives_another_shape_with_the_same_joint_names() -> None:
    for group, variant in CHARACTERS:
        one, two = (generate(group, variant=variant, seed=seed) for seed in (1, 2))
        assert one.skeleton.names == two.skeleton.names
        assert not np.array_equal(one.shells[0].vertices, two.shells[0].vertices)


def test_glb_says_its_licence_and_holds_one_skin_one_texture_and_two_named_motions(made: Any) -> None:
    folder, answers = made
    for item in CHARACTERS:
        data = (folder / answers[item]["file"]).read_bytes()
        (length,) = struct.unpack_from("<I", data, 12)
        document = json.loads(data[20 : 20 + length])
        assert document["asset"]["copyright"] == "CC0-1.0"
        assert (len(document["skins"]), len(document["images"]), len(document["animations"])) == (1, 1, 2)
        assert all("uri" not in part for part in [*document["images"], *document["buffers"]])
        names = {animation["name"] for animation in document["animations"]}
        assert names == {take.name for take in generate(item[0], variant=item[1], seed=SEED).takes}


def test_motions_are_long_enough_loop_and_move_vertices_visibly(loaded: Any) -> None:
    _, asset = loaded
    height = np.ptp(asset.rest_vertices[:, 2])
    assert len(asset.takes) == 2
    for name, frames in asset.takes.items():
        assert len(frames) >= 24, name
        middle = np.linalg.norm(frames[len(frames) // 2] - asset.rest_vertices, axis=1)
        assert middle.max() > 0.03 * height, name
        assert np.ptp(frames[:25], axis=0).max() > 0.15 * height, name
        assert np.abs(frames[0] - frames[-1]).max() < 2e-3, name


def test_motions_hold_no_jerks(loaded: Any) -> None:
    _, asset = loaded
    for name, frames in asset.takes.items():
        spectrum = np.abs(np.fft.rfft(frames[:-1], axis=0)) ** 2  # two seconds: bin k is k/2 Hz
        assert spectrum[11:].sum() < 0.01 * spectrum[1:].sum(), name


def test_skin_weights_add_up_to_one_with_at_most_four_joints(loaded: Any) -> None:
    _, asset = loaded
    assert np.abs(asset.weights.sum(axis=1) - 1).max() < 1e-4
    assert (asset.weights > 0).sum(axis=1).max() <= 4


def test_every_joint_deforms_the_mesh_near_itself_and_on_its_own_side(loaded: Any) -> None:
    _, asset = loaded
    size = np.ptp(asset.rest_vertices, axis=0).max()
    for column, bone in enumerate(asset.armature.data.bones):
        weight = asset.weights[:, column]
        assert weight.max() > 0.25, bone.name
        for side, sign in (("Left", 1), ("Right", -1)):
            if side in bone.name:
                assert weight[sign * asset.rest_vertices[:, 0] < -0.03 * size].max(initial=0) < 0.1, bone.name
        if bone.parent is None:
            continue  # a root holds what no other joint does, wherever that is
        head, tail = np.array(bone.head_local), np.array(bone.tail_local)
        held = asset.rest_vertices[weight > 0.5 * weight.max()]
        along = np.clip((held - head) @ (tail - head) / ((tail - head) @ (tail - head)), 0, 1)
        away = np.linalg.norm(held - head - along[:, None] * (tail - head), axis=1)
        assert away.max() < 0.5 * size, bone.name


def test_no_part_of_the_skin_is_torn_out_in_motion(loaded: Any) -> None:
    _, asset = loaded
    size = np.ptp(asset.rest_vertices, axis=0).max()
    ends = asset.edges.T
    at_rest = np.linalg.norm(asset.rest_vertices[ends[0]] - asset.rest_vertices[ends[1]], axis=1)
    for name, frames in asset.takes.items():
        moved = np.linalg.norm(frames[:, ends[0]] - frames[:, ends[1]], axis=2)
        assert (moved - 2.5 * at_rest).max() < 0.03 * size, name


def test_assets_stand_on_the_floor_and_motions_do_not_sink_into_it(loaded: Any) -> None:
    _, asset = loaded
    assert abs(asset.rest_vertices[:, 2].min()) < 1e-4
    for name, frames in asset.takes.items():
        assert frames[..., 2].min() > -0.02, name


def test_left_right_front_and_back_have_different_colours(loaded: Any) -> None:
    (group, _), asset = loaded
    colours = asset.side_colours
    assert np.abs(colours["+x"] - colours["-x"]).max() > 0.05, group
    assert np.abs(colours["+y"] - colours["-y"]).max() > 0.03, group


def test_blender_poses_a_character_as_our_forward_kinematics_does(made: Any) -> None:
    folder, answers = made
    for item in CHARACTERS:
        character = generate(item[0], variant=item[1], seed=SEED)
        armature, _ = import_glb(folder / answers[item]["file"], character.takes[0].fps)
        for take in character.takes:
            play(armature, bpy.data.actions[take.name])
            assert worst_head(armature, character.skeleton, take, first_frame=0) < 1e-4, (item, take.name)


def worst_head(armature: Any, skeleton: Any, take: Any, *, first_frame: int) -> float:
    _, heads, _ = forward(skeleton, take)
    worst = 0.0
    for frame in range(0, take.num_frames, 4):
        bpy.context.scene.frame_set(first_frame + frame)
        bpy.context.view_layer.update()
        seen = np.array([(armature.matrix_world @ armature.pose.bones[name].head)[:] for name in skeleton.names])
        worst = max(worst, float(np.abs(seen - heads[frame]).max()))
    return worst


def import_motion(folder: Path, name: str) -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.fbx_import(filepath=str(folder / name))
    (armature,) = bpy.data.objects
    return armature


def test_motion_files_look_like_mixamos_and_rest_in_a_t_pose(made: Any) -> None:
    folder, answers = made
    for variant in (0, 1):
        armature = import_motion(folder, answers["motion", variant]["file"])
        prefix = f"mixamorig{variant or ''}:"
        assert sorted(bone.name for bone in armature.data.bones) == sorted(prefix + name for name in MIXAMO)
        assert np.allclose(armature.scale, 0.01, atol=1e-6)
        (action,) = bpy.data.actions
        assert tuple(action.frame_range) == (1.0, 61.0)
        assert bpy.context.scene.render.fps == 30
        heads = {
            bone.name.removeprefix(prefix): np.array(armature.matrix_world @ bone.head_local)
            for bone in armature.data.bones
        }
        for side, sign in (("Left", 1), ("Right", -1)):
            arm = heads[f"{side}Hand"] - heads[f"{side}Arm"]
            assert sign * arm[0] / np.linalg.norm(arm) > 0.999
            assert heads[f"{side}ToeBase"][1] < heads[f"{side}Foot"][1]  # toes point to -Y
        assert 0.8 < heads["Hips"][2] < 1.1


def test_blender_plays_a_motion_file_as_our_forward_kinematics_does(made: Any) -> None:
    folder, answers = made
    for variant in (0, 1):
        armature = import_motion(folder, answers["motion", variant]["file"])
        character = generate("motion", variant=variant, seed=SEED)
        assert worst_head(armature, character.skeleton, character.takes[0], first_frame=1) < 1e-4


def test_bipeds_rest_facing_us_in_a_t_pose_or_with_lowered_arms(made: Any) -> None:
    folder, answers = made
    for variant, drop_deg in ((0, 0.0), (1, 42.0)):
        armature, _ = import_glb(folder / answers["biped", variant]["file"], 16)
        heads = {bone.name.removeprefix("mixamorig:"): np.array(bone.head_local) for bone in armature.data.bones}
        assert sorted(heads) == sorted(MIXAMO)
        arm = heads["LeftHand"] - heads["LeftArm"]
        assert np.degrees(np.arctan2(-arm[2], arm[0])) == pytest.approx(drop_deg, abs=0.5)
        assert heads["LeftToeBase"][1] < heads["LeftFoot"][1]
