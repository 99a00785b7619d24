"""Joints, projections and motions against Blender's own numbers and scipy's rotations."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.blender.requests import MAKE_ASSET, RENDER_CLIP
from rigmill.rigs.npz import motion_to_bytes
from rigmill.types import Floats, Motion
from tests.support.blender.calls import FPS, blender, call, clip_item, corpus, probe
from tests.support.paths import ASSETS

pytestmark = pytest.mark.blender


@pytest.fixture(scope="module")
def quadruped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated animal: nothing but rotations and a moving root."""
    folder = tmp_path_factory.mktemp("quadruped")
    (answer,) = call(MAKE_ASSET, [{"group": "quadruped", "variant": 0, "seed": 7}], folder)
    return folder / answer["value"]["file"]


@cache
def evaluated(path: Path, motion: str, num_frames: int = 6) -> dict[str, Any]:
    """Blender's and our numbers for a motion; see support.blender.task.joints_and_pixels."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        item = clip_item(path, probe(path, Path(folder)), motion, num_frames=num_frames)
    return {key: np.array(value) for key, value in blender("joints_and_pixels", {"item": item}).items()}


def scipy_kinematics(rest: Floats, parents: Any, rotations: Floats, translations: Floats) -> Floats:
    """Joints (T, J, 3) from the definition in rigmill.types.Motion, by scipy."""
    joints = np.empty((len(rotations), len(parents), 3))
    for frame, quaternions in enumerate(rotations):
        turns: list[Rotation] = []
        for joint, parent in enumerate(parents):
            local = Rotation.from_quat(np.roll(quaternions[joint], -1))
            if parent < 0:
                turns.append(local)
                joints[frame, joint] = rest[joint] + translations[frame, joint]
            else:
                turns.append(turns[parent] * local)
                reach = rest[joint] - rest[parent] + translations[frame, joint]
                joints[frame, joint] = joints[frame, parent] + turns[parent].apply(reach)
    return joints


CORPUS = [
    ("khronos/CesiumMan.glb", "Anim_0"),
    ("quaternius_fbx/Velociraptor.fbx", "Run"),
    ("quaternius_fbx/bird.fbx", ""),
    ("quaternius_glb/Quaternius_Wasp.glb", "Wasp_Flying"),
    pytest.param("kaykit/Knight.glb", "Running_A", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(
    ("name", "motion"), [("Fox.glb", "Run"), ("RiggedSimple.glb", ""), ("Quaternius_Lever.glb", "On")]
)
def test_our_projection_is_blenders(name: str, motion: str) -> None:
    assert evaluated(ASSETS / name, motion)["error_px"] <= 0.01


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "motion"), CORPUS)
def test_our_projection_and_joints_are_blenders_on_the_corpus(name: str, motion: str) -> None:
    found = evaluated(corpus(name), motion)
    assert found["error_px"] <= 0.01
    assert np.abs(found["joints"] - found["heads"]).max() < 1e-4


@pytest.mark.parametrize("name", ["Fox.glb", "RiggedSimple.glb"])
def test_stored_joints_are_blenders_bone_heads_in_the_normalised_scene(name: str) -> None:
    found = evaluated(ASSETS / name, "")
    assert np.abs(found["joints"] - found["heads"]).max() < 1e-4


def test_a_clip_is_centred_and_its_largest_side_is_one() -> None:
    found = evaluated(ASSETS / "Fox.glb", "Run")
    low, high = found["clip_bounds"]
    assert np.allclose(low + high, 0, atol=1e-6)
    assert (high - low).max() == pytest.approx(1)
    # What Blender shows in the last frame lies inside, so the numbers and the scene were scaled alike.
    assert (found["last_bounds"][0] >= low - 1e-5).all() and (found["last_bounds"][1] <= high + 1e-5).all()
    assert (found["last_bounds"][1] - found["last_bounds"][0]).max() > 0.8


def test_rotations_read_from_blender_give_its_joints_back(quadruped: Path) -> None:
    found = evaluated(quadruped, "")
    ours = scipy_kinematics(found["rest"], found["parents"], found["rotations"], found["translations"])
    assert np.abs(ours - found["heads"]).max() < 1e-4
    assert np.ptp(found["heads"], axis=0).max() > 0.02  # it does move


@pytest.mark.corpus
def test_rotations_of_a_rig_with_five_roots_give_its_joints_back() -> None:
    found = evaluated(corpus("quaternius_fbx/bird.fbx"), "", 11)
    assert (found["parents"] < 0).sum() == 5
    ours = scipy_kinematics(found["rest"], found["parents"], found["rotations"], found["translations"])
    assert np.abs(ours - found["heads"]).max() < 1e-4


def test_a_stored_motion_moves_the_rig_as_the_action_did(quadruped: Path, tmp_path: Path) -> None:
    """Read from an action, stored as imported, put on the same file: the same joints in the same places."""
    first = evaluated(quadruped, "")
    motion = Motion(rotations=first["rotations"], translations=first["translations"] / float(first["scale"]), fps=FPS)
    stored = tmp_path / "motion.npz"
    stored.write_bytes(motion_to_bytes(motion))
    item = clip_item(quadruped, probe(quadruped, tmp_path), "", num_frames=len(first["heads"]))
    item |= {"action": None, "slot": None, "start_frame": None, "motion_path": str(stored)}
    again = {key: np.array(value) for key, value in blender("joints_and_pixels", {"item": item}).items()}
    # Undo each clip's own normalisation: as imported they must coincide.
    size = 1 / float(first["scale"])
    as_imported = [found["heads"] / float(found["scale"]) + found["offset"] for found in (first, again)]
    assert np.abs(as_imported[0] - as_imported[1]).max() < 1e-4 * size
    assert np.abs(again["clip_bounds"] - first["clip_bounds"]).max() < 1e-3
    # A window of it: from its third frame.
    window = item | {"start_frame": 2.0, "num_frames": len(first["heads"]) - 3}
    late = {key: np.array(value) for key, value in blender("joints_and_pixels", {"item": window}).items()}
    moved = late["heads"] / float(late["scale"]) + late["offset"] - as_imported[0][2:-1]
    assert np.abs(moved).max() < 1e-4 * size


def test_a_stored_motion_of_another_rig_is_refused(quadruped: Path, tmp_path: Path) -> None:
    stored = tmp_path / "motion.npz"
    still = np.tile([1.0, 0, 0, 0], (9, 3, 1))
    stored.write_bytes(motion_to_bytes(Motion(rotations=still, translations=np.zeros((9, 3, 3)), fps=FPS)))
    item = clip_item(quadruped, probe(quadruped, tmp_path), "", num_frames=4) | {"motion_path": str(stored)}
    (answer,) = call(RENDER_CLIP, [item], tmp_path)
    assert answer["refused"] == "unmappable_skeleton"


@pytest.mark.slow
def test_starting_later_shows_the_same_motion_from_there() -> None:
    whole = evaluated(ASSETS / "Fox.glb", "Walk", 8)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        item = clip_item(ASSETS / "Fox.glb", probe(ASSETS / "Fox.glb", Path(folder)), "Walk", num_frames=4)
    late = blender("joints_and_pixels", {"item": item | {"start_frame": item["start_frame"] + 3}})
    as_imported = [
        np.array(found["heads"]) / float(found["scale"]) + np.array(found["offset"]) for found in (whole, late)
    ]
    assert np.abs(as_imported[0][3:7] - as_imported[1]).max() < 1e-3 / float(whole["scale"])
