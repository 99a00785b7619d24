"""Every humanoid of the corpus, read by Blender: whose names it goes by, and that its parts are where they belong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from curate.gate.canonical import canonical
from curate.gate.gltf_json import parse, split_glb
from curate.vrm.block import read_vrm
from curate.vrm.nodes import joint_of_node
from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.requests import PROBE_ASSET
from rigmill.humanoid.body import as_body
from rigmill.humanoid.families import read_families
from rigmill.humanoid.maps import HumanoidMap, Skeletons
from rigmill.outcomes import Refusal, Reject
from rigmill.rigs.npz import rig_from_bytes
from rigmill.types import Rig

pytestmark = [
    pytest.mark.slow,  # 19 s to read the corpus
    pytest.mark.corpus,
    pytest.mark.blender,
    pytest.mark.skipif(not os.environ.get("RIGMILL_CORPUS"), reason="RIGMILL_CORPUS is not set"),
]
# file: where its map comes from, and how many joints at least it knows
BODIES: dict[str, tuple[str, int]] = {
    "vrm/cool_loops.vrm": ("vrm", 50),
    "vrm/cryptovoxels.vrm": ("vrm", 43),
    "vrm/Godette_vrm_v4.vrm": ("vrm", 45),
    "vrm/Example.vrm": ("vrm", 17),
    "kaykit/Knight.glb": ("kaykit", 18),
    "kaykit/Med_MovementBasic.glb": ("kaykit", 18),
    "khronos/CesiumMan.glb": ("khronos-figures", 19),
    "khronos/RiggedFigure.glb": ("khronos-figures", 19),
    "quaternius_glb/Quaternius_Character.glb": ("quaternius", 18),
    "quaternius_glb/Quaternius_Astronaut_BarbaraTheBee-transformed.glb": ("quaternius", 39),
    "quaternius_fbx/Male_Casual.fbx": ("quaternius", 25),
    "threejs/RobotExpressive.glb": ("quaternius-robot", 35),
    "raylib/robot.glb": ("quaternius-robot", 35),
    "corrupt/RobotExpressive_quantized.glb": ("quaternius-robot", 35),
    "gdquest/mannequiny-0.3.0.glb": ("unreal-4", 45),
    "sketchfab/lumberjack.glb": ("rigify", 20),
    "ozz/walk.fbx": ("ozz", 52),
    "ozz/run.fbx": ("ozz", 52),
    "ozz/arnaud.fbx": ("ozz", 52),
    "sketchfab/death_forest_stranger.glb": ("stranger", 18),  # tests/rigmill/humanoid/skeletons.yaml
}
INCOMPLETE = {"vrm/sphere.vrm": "leftLowerLeg, rightLowerLeg"}  # no vertex hangs on its shins
# Other creatures, and figures without elbows or knees under names that only their author uses.
OTHERS = (
    "raylib/greenman.glb",
    "ufbx/blender_293_barbarian_7400_binary.fbx",
    "khronos/Fox.glb",
    "quaternius_glb/Quaternius_Horse.glb",
    "quaternius_glb/Quaternius_Spider.glb",
    "quaternius_fbx/Velociraptor.fbx",
    "quaternius_fbx/Wolf.fbx",
    "kenney/bat_model.glb",
    "vrm/springbone_collider_capsule_x0p02_r0p1.vrm",
)
# Rest poses that were taken from a motion: of these nothing is said about single joints.
POSED = {"gdquest/mannequiny-0.3.0.glb", "sketchfab/lumberjack.glb", "ozz/run.fbx", "ozz/walk.fbx"}


@dataclass
class Found:
    rig: Rig
    map: HumanoidMap | None


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Found]]:
    """Every file's rig and map, read by one Blender server."""
    root, scratch = Path(os.environ["RIGMILL_CORPUS"]), tmp_path_factory.mktemp("probe")
    skeletons = Skeletons(read_families(Path(__file__).with_name("skeletons.yaml")))
    limits = Limits(wall_s=120, cpu_s=120, memory_bytes=4 * 2**30, file_bytes=2**28, network="best_effort")
    client = BlenderClient(limits)
    rigs: dict[str, Found] = {}
    for name in (*BODIES, *INCOMPLETE, *OTHERS):
        original = (root / name).read_bytes()
        data, suffix = canonical(original, Path(name).suffix[1:])
        path = scratch / f"asset.{suffix}"
        path.write_bytes(data)
        item = {"path": str(path), "format": suffix, "fps": 16.0}
        (reply,) = client.run(PROBE_ASSET, [item], scratch=scratch)
        assert reply.value is not None, (name, reply.outcome)
        rig = rig_from_bytes((scratch / reply.value["rig_file"]).read_bytes())
        rigs[name] = Found(rig, skeletons.find(rig.names, vrm_block(original, data, rig)))
    client.close()
    yield rigs


def vrm_block(original: bytes, data: bytes, rig: Rig) -> dict[str, str]:
    if original[:4] != b"glTF":
        return {}
    block = read_vrm(parse(split_glb(original)[0]))
    joints = joint_of_node(parse(split_glb(data)[0]), list(rig.names))
    return {bone: joints[node] for bone, node in block.humanoid.items() if node in joints} if block else {}


def test_every_humanoid_is_known_by_the_names_that_it_has(found: dict[str, Found]) -> None:
    for name, (source, at_least) in BODIES.items():
        known = found[name].map
        assert known is not None and known.source == source, name
        assert len(known.joints) >= at_least, (name, len(known.joints))


def test_what_is_no_person_or_has_nobodys_names_is_no_candidate(found: dict[str, Found]) -> None:
    assert {name: found[name].map for name in OTHERS} == dict.fromkeys(OTHERS)
    skeletons = Skeletons()  # nor is any of them nearly one
    assert {name: skeletons.find_near(found[name].rig.names) for name in OTHERS} == dict.fromkeys(OTHERS)


def test_what_is_a_person_in_part_is_refused_with_what_is_missing(found: dict[str, Found]) -> None:
    for name, missing in INCOMPLETE.items():
        known = found[name].map
        assert known is not None
        with pytest.raises(Refusal, match=missing) as caught:
            as_body(found[name].rig, known.joints, known.detached)
        assert caught.value.code is Reject.UNMAPPABLE_SKELETON


@pytest.mark.parametrize("name", BODIES)
def test_the_parts_of_every_humanoid_are_where_a_body_has_them(found: dict[str, Found], name: str) -> None:
    """All of these files look to -Y, whatever they were made with; left is at +X there, and up is up."""
    rig, known = found[name].rig, found[name].map
    assert known is not None
    whole = as_body(rig, known.joints, known.detached)
    np.testing.assert_array_equal(whole.facing, np.eye(3))
    place = {part: rig.rest_joints[joint] for part, joint in whole.joints.items()}
    for part in ("Shoulder", "UpperArm", "LowerArm", "Hand", "UpperLeg"):
        if f"left{part}" in place:
            assert place[f"left{part}"][0] > place[f"right{part}"][0], part
    end = "Foot" if "leftFoot" in place else "LowerLeg"
    trunk = [part for part in ("hips", "spine", "chest", "upperChest", "neck", "head") if part in place]
    assert max(place["left" + end][2], place["right" + end][2]) < place["hips"][2]
    if name not in POSED:
        assert min(np.diff([place[part][2] for part in trunk])) > -1e-6 * whole.hip_height
        assert place["head"][2] > max(place["leftUpperArm"][2], place["rightUpperArm"][2])
        for side in ("left", "right"):
            if f"{side}Toes" in place:
                assert place[f"{side}Toes"][1] < place[f"{side}Foot"][1]
    # A head of a body is about as far above the hips as these are above the ground, half or twice that at most.
    legs, top = np.mean(whole.leg_lengths), place["head"][2] - place["hips"][2]
    assert 0.5 * legs < whole.hip_height < 2 * legs and top > 0.3 * whole.hip_height
    assert whole.leg_lengths[0] == pytest.approx(whole.leg_lengths[1], rel=0.02)


def test_feet_of_inverse_kinematics_and_skins_on_control_bones_are_carried(found: dict[str, Found]) -> None:
    carried = {}
    for name in BODIES:
        known = found[name].map
        assert known is not None
        rig, whole = found[name].rig, as_body(found[name].rig, known.joints, known.detached)
        parts = {joint: part for part, joint in whole.joints.items()}
        if whole.carried:
            carried[name] = {parts[joint]: rig.names[above] for joint, above in whole.carried.items()}
    assert carried["quaternius_fbx/Male_Casual.fbx"] == {"leftFoot": "LowerLeg.L", "rightFoot": "LowerLeg.R"}
    assert carried["sketchfab/lumberjack.glb"] == {
        "neck": "DEF-spine.003_05",
        "leftUpperArm": "DEF-spine.003_05",
        "rightUpperArm": "DEF-spine.003_05",
        "leftUpperLeg": "DEF-spine_02",
        "rightUpperLeg": "DEF-spine_02",
    }
    assert {Path(name).stem for name in carried} == {
        "Male_Casual",
        "Quaternius_Astronaut_BarbaraTheBee-transformed",
        "RobotExpressive",
        "RobotExpressive_quantized",
        "robot",
        "lumberjack",
    }
