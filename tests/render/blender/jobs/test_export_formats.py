"""A motion written as GLB, FBX and BVH, read again by Blender's own importers; and what of the source stays."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.exporting.measures import FRAMES, farthest_pct, is_kept, measure, seeded_motion, shown, validate
from rigmill.blender.client import BlenderClient, Limits
from rigmill.config.load import load
from rigmill.formats.bvh import bvh_names
from rigmill.formats.motion_files import motion_file
from rigmill.reconstruct.metrics import height
from rigmill.rigs.skeleton import forward
from rigmill.types import Motion, Rig
from tests.support.blender.calls import FPS, corpus
from tests.support.paths import ASSETS

PCT = 0.01  # of the height: 1e-4


@pytest.fixture(scope="module")
def client() -> Iterator[BlenderClient]:
    made = BlenderClient(Limits(**load("demo").profile.limits.model_dump()))
    yield made
    made.close()


def node_modules() -> Path | None:
    """Where Node.js would find glTF-Validator, which is no part of this project's environment."""
    named = os.environ.get("RIGMILL_NODE_MODULES")
    return Path(named) if named and shutil.which("node") else None


def check(row: dict[str, Any]) -> None:
    assert row["kept"] is True, row
    for name in ("glb_pct", "fbx_pct", "bvh_pct"):
        assert row[name] is not None and row[name] < PCT, (name, row)
    assert not row.get("new") and not row.get("canonical_new"), row


@pytest.mark.blender
@pytest.mark.parametrize("name", ["Fox.glb", "RiggedSimple.glb", "Quaternius_Lever.glb"])
def test_blender_sees_the_motion_in_all_formats_and_the_source_stays_as_it_was(
    name: str, client: BlenderClient, tmp_path: Path
) -> None:
    row = measure(ASSETS / name, client, tmp_path, node_modules())
    check(row)
    assert row["from"] == "file"


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.blender
@pytest.mark.parametrize(
    ("name", "made_from"),
    [
        *(
            (name, "file")
            for name in (
                "derived/Fox_nonuniform_scale.glb",
                "derived/Fox_mirrored.glb",
                "ozz/multiple_roots.gltf",
                "khronos/CesiumMan.glb",
                "khronos/RiggedFigure.glb",
                "khronos/CesiumMilkTruck.glb",
                "quaternius_glb/Quaternius_Fox.glb",
                "vrm/Example.vrm",
                "vrm/Godette_vrm_v4.vrm",
                "sketchfab/garage_door_01.glb",
                "sketchfab/wolf_minecraft_nodeanim.glb",
                "threejs/RobotExpressive.glb",
                "kaykit/Knight.glb",
                "gdquest/mannequiny-0.3.0.glb",
            )
        ),
        *(
            (name, "blender")
            for name in (  # an FBX becomes a GLB by Blender's exporter
                "quaternius_fbx/Wolf.fbx",
                "ufbx/blender_293_barbarian_7400_binary.fbx",
                "ufbx/maya_slime_7500_binary.fbx",
            )
        ),
    ],
)
def test_rigs_with_scales_matrices_several_roots_and_moving_nodes_come_back(
    name: str, made_from: str, client: BlenderClient, tmp_path: Path
) -> None:
    row = measure(corpus(name), client, tmp_path, node_modules())
    check(row)
    assert row["from"] == made_from


def test_khronos_validator_finds_no_error_in_a_file_that_was_written(tmp_path: Path) -> None:
    modules = node_modules()
    if modules is None:
        pytest.skip("RIGMILL_NODE_MODULES names no folder with the Node.js package gltf-validator, or there is no node")
    found = validate(modules, [ASSETS / "Fox.glb"])
    assert found[ASSETS / "Fox.glb"].total() == 0
    broken = tmp_path / "broken.glb"
    broken.write_bytes((ASSETS / "Fox.glb").read_bytes().replace(b'"VEC3"', b'"VEC4"'))
    assert validate(modules, [broken])[broken].total() > 0  # it does look


def two_trees() -> tuple[Rig, Motion]:
    """Two roots, a name with blanks, one that another becomes, a joint that slides, and one without a length."""
    rig = Rig(
        names=("left hip", "left_hip", "knee", "slide", "point"),
        parents=np.array([-1, -1, 0, 2, 1], dtype=np.int32),
        rest_joints=np.array([[0.1, 0, 1], [-0.1, 0.2, 1], [0.1, 0.05, 0.5], [0.3, 0, 0.1], [-0.1, 0.2, 1]]),
    )
    motion = seeded_motion(rig, seed=3)
    moved = motion.translations.copy()
    moved[:, 3] = np.linspace(0, 0.3, FRAMES)[:, None] * [1, 0.5, -0.2]
    return rig, Motion(rotations=motion.rotations, translations=moved, fps=motion.fps)


@pytest.mark.blender
def test_a_bvh_of_two_trees_with_a_sliding_joint_is_what_blender_reads(tmp_path: Path) -> None:
    rig, motion = two_trees()
    path = tmp_path / "trees.bvh"
    path.write_bytes(motion_file("bvh", rig, motion))
    found = shown(tmp_path, [path])[path]
    far = farthest_pct(found, bvh_names(rig), forward(rig, motion)[0], height(rig))
    assert far is not None and far < PCT
    assert len(set(bvh_names(rig))) == 5 and not any(" " in name for name in bvh_names(rig))


def test_angles_of_a_bvh_never_jump_where_the_motion_is_smooth() -> None:
    rig = Rig(names=("a",), parents=np.array([-1], dtype=np.int32), rest_joints=np.zeros((1, 3)))
    angle = np.linspace(0, 4 * np.pi, 200) / 2
    zero = np.zeros_like(angle)
    for axis in range(3):  # two whole turns about each axis
        turns = np.stack([np.cos(angle), *(np.sin(angle) if place == axis else zero for place in range(3))], axis=-1)
        motion = Motion(rotations=turns[:, None], translations=np.zeros((200, 1, 3)), fps=FPS)
        lines = motion_file("bvh", rig, motion).decode().splitlines()
        angles = np.array([line.split() for line in lines[lines.index("MOTION") + 3 :]], dtype=float)[:, 3:]
        assert np.abs(np.diff(angles, axis=0)).max() < 10


def test_joints_as_npz_and_csv_say_the_same_as_the_motion() -> None:
    rig, motion = two_trees()
    joints, _ = forward(rig, motion)
    with np.load(io.BytesIO(motion_file("npz", rig, motion, {"seen": np.ones(3)})), allow_pickle=False) as npz:
        np.testing.assert_allclose(npz["joints"], joints)
        assert npz["names"].tolist() == list(rig.names) and npz["seen"].shape == (3,)
    rows = list(csv.DictReader(io.StringIO(motion_file("csv", rig, motion).decode())))
    assert len(rows) == FRAMES * 5 and rows[2]["parent"] == "left hip" and rows[5]["time_s"] == "0.0625"
    places = np.array([[float(row[key]) for key in "xyz"] for row in rows]).reshape(FRAMES, 5, 3)
    np.testing.assert_allclose(places, joints, atol=1e-8)


def test_what_counts_as_kept_is_not_blind() -> None:
    source = (ASSETS / "Fox.glb").read_bytes()
    assert is_kept(source, source)
    changed = bytearray(source)
    changed[-100] ^= 1
    assert not is_kept(source, bytes(changed))
