"""Mixamo's files and VRM avatars through the real stages: collected, probed by Blender, retargeted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.stages.collect import CollectStage
from curate.stages.probe import ProbeStage
from curate.stages.retarget import RetargetStage
from rigmill.config.schema import Profile
from rigmill.outcomes import Kept, Rejected
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.rigs.skeleton import forward
from rigmill.types import Row, StoredFile
from tests.support.blender.calls import blender, corpus
from tests.support.blender.humanoid_bench import FILES, Bench, bench
from tests.support.curation import _BODY, demo_profile

pytestmark = pytest.mark.blender


@pytest.fixture(scope="module")
def mixamo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A Mixamo folder, collected and probed."""
    root = tmp_path_factory.mktemp("mixamo")
    files = [
        {"path": str(root / name), "prefix": prefix, "skin": skin, "frames": frames}
        for name, (prefix, skin, frames) in FILES.items()
    ]
    blender("write_mixamo", {"files": files, "joints": _BODY})
    assert all(b"Take 001\0\1AnimStack" in (root / name).read_bytes() for name in FILES)
    for made in bench(tmp_path_factory.mktemp("out")):
        profile = demo_profile(sources=[{"kind": "mixamo", "path": str(root)}])
        for stage in (CollectStage(), ProbeStage()):
            outcomes = made.run(stage, profile)
            assert all(isinstance(outcome, Kept) for outcome in outcomes.values()), outcomes
        yield made


def test_characters_and_motions_are_told_apart_by_content_and_empty_takes_are_none(mixamo: Bench) -> None:
    rows = mixamo.tables.products("probe")
    found: dict[str, Any] = {row["title"]: (row["kind"], [take["name"] for take in row["motions"]]) for row in rows}
    assert found == {
        "X Bot": ("static", []),
        "T Pose": ("static", []),
        "Walking": ("motion", ["mixamo.com"]),
        "Dancing": ("animated", ["mixamo.com"]),
        "Kick": ("motion", ["mixamo.com"]),
    }
    frames = {row["title"]: row["motions"][0]["num_frames"] for row in rows if row["motions"]}
    # 30 fps, frames 1 to 31, 61 and 46: 1 s, 2 s and 1.5 s, and a frame every 1/16 s.
    assert frames == {"Walking": 17, "Dancing": 33, "Kick": 25}
    assert all(row["humanoid"] == [] and row["rights"]["may_share_asset"] is False for row in rows)


def test_motions_go_onto_a_character_once_though_it_is_in_three_files(mixamo: Bench) -> None:
    outcomes = mixamo.run(RetargetStage(), demo_profile(retarget={"pairs_per_motion": 9}))
    rows = mixamo.tables.products("retarget")
    # All three skins are one character, and the file that is called after none of its motions says whose it is.
    assert [(row["motion_name"], row["title"]) for row in rows] in (
        [("Walking", "X Bot"), ("Kick", "X Bot")],
        [("Kick", "X Bot"), ("Walking", "X Bot")],
    )
    refused = [outcome.code for outcome in outcomes.values() if isinstance(outcome, Rejected)]
    assert refused == ["duplicate_character"] * 2 and len(outcomes) == 4
    assert {row["num_matched_joints"] for row in rows} == {len(_BODY)}
    assert all(row["rights"]["may_share_asset"] is False and row["rights"]["may_train"] is None for row in rows)
    kick = next(row for row in rows if row["motion_name"] == "Kick")
    motion = motion_from_bytes(mixamo.layout.store.read(StoredFile.from_row(kick["motion_file"])))
    turned = 2 * np.degrees(np.arccos(np.abs(motion.rotations[-1, :, 0]).clip(max=1)))
    assert (turned > 40).sum() == 3  # the three joints that the file turns by 51.7 degrees


# What the JSON of each file says: declared bones, springs that lead to a vertex (Godette's eight chains end in eight
# empty nodes), the node of the left thumb's first joint; None: the probe refuses it (no joint holds a mesh).
AVATARS: dict[str, tuple[int, int, str] | None] = {
    "vrm/cool_loops.vrm": (50, 0, "mixamorig:LeftHandThumb1"),
    "vrm/cryptovoxels.vrm": (43, 0, ""),
    "vrm/Godette_vrm_v4.vrm": (45, 8, "thumb.1.l_Armature"),
    "vrm/sphere.vrm": (22, 0, ""),
    "vrm/springbone_collider_capsule_x0p02_r0p1.vrm": (0, 3, ""),
    "vrm/Example.vrm": None,
}


@pytest.mark.corpus
def test_avatars_are_mapped_as_they_declare_and_take_motions_unless_they_forbid_it(
    mixamo: Bench, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for name in AVATARS:
        shutil.copy(corpus(name), tmp_path / "in")
    for made in bench(tmp_path / "out"):
        profile = demo_profile(
            sources=[{"kind": "vroid", "path": str(tmp_path / "in")}], retarget={"pairs_per_motion": 99}
        )
        made.run(CollectStage(), profile)
        made.run(ProbeStage(), profile)
        rows = {row["source_uid"]: row for row in made.tables.products("probe")}
        for path, expected in AVATARS.items():
            name = Path(path).name
            if expected is None:
                assert name not in rows, name
                continue
            row = rows[name]
            bones = {pair["bone"]: pair["joint"] for pair in row["humanoid"]}
            # A joint that neither holds a vertex nor leads to one that does is not in the rig.
            assert len(bones) <= expected[0] and set(bones.values()) <= set(row["joint_names"]), name
            assert bones.get("leftThumbMetacarpal", "") == expected[2], name
            assert len(row["spring_joints"]) == expected[1], name
            assert {spring["joint"] for spring in row["spring_joints"]} <= set(row["joint_names"]), name
            if name.startswith("springbone"):
                _springs_end_at_the_next_joint(made, row)
            if bones:
                assert {"hips", "head", "leftUpperArm", "rightUpperLeg"} <= set(bones), (name, sorted(bones))
                _looks_at_minus_y(made, row, bones)
        # A motion of the Mixamo folder onto the avatars.
        shutil.copytree(mixamo.layout.store.root, made.layout.store.root, dirs_exist_ok=True)
        motions = [row for row in mixamo.tables.products("probe") if row["title"] == "Walking"]
        made.tables.rows["probe"] += motions
        # Without feet, which bend legs a little: then every limb points where the source's does.
        limbs_alone = profile.model_copy(update={"retarget": profile.retarget.model_copy(update={"feet": False})})
        outcomes = made.run(RetargetStage(), limbs_alone)
        kept = {row["source"] + ":" + row["title"] for row in made.tables.products("retarget")}
        assert kept == {"vroid:Cool_loops", "vroid:cryptovoxels", "vroid:Low-Poly Godette"}
        # The sphere declares a body, and no vertex hangs on its shins: that is said.
        (refused,) = [outcome for outcome in outcomes.values() if isinstance(outcome, Rejected)]
        assert refused.code == "unmappable_skeleton" and "leftLowerLeg, rightLowerLeg" in refused.message
        for made_row in made.tables.products("retarget"):
            _right_leg_swings(made, made_row, rows)
        _hair_follows(made, profile, rows["Godette_vrm_v4.vrm"])


def _looks_at_minus_y(made: Bench, row: Row, bones: dict[str, str]) -> None:
    """Every avatar stands turned as VRM 1.0 does, whatever its version: left is +X, the toes lie before the heels."""
    rig = rig_from_bytes(made.layout.store.read(StoredFile.from_row(row["rig_file"])))
    place = {bone: rig.rest_joints[rig.names.index(joint)] for bone, joint in bones.items()}
    assert place["leftUpperArm"][0] > place["rightUpperArm"][0]
    assert place["head"][2] > place["hips"][2] >= place["leftUpperLeg"][2]
    if "leftToes" in place:
        assert place["leftToes"][1] < place["leftFoot"][1]


def _springs_end_at_the_next_joint(made: Bench, row: Row) -> None:
    """What the file's nodes say of a chain is where Blender puts its bones."""
    rig = rig_from_bytes(made.layout.store.read(StoredFile.from_row(row["rig_file"])))
    for spring in row["spring_joints"]:
        joint = rig.names.index(spring["joint"])
        (child,) = np.flatnonzero(rig.parents == joint)
        np.testing.assert_allclose(spring["end"], rig.rest_joints[child] - rig.rest_joints[joint], atol=1e-5)
        assert spring["gravity"] == [0.0, 0.0, -0.5]


def _hair_follows(made: Bench, profile: Profile, godette: Row) -> None:
    """With springs the same walk, but for the eight joints of hair and ribbons, which move by some degrees more."""
    wanted = profile.model_copy(update={"retarget": profile.retarget.model_copy(update={"springs": True})})
    springs = [godette["joint_names"].index(spring["joint"]) for spring in godette["spring_joints"]]
    # Strands a hand or two long, in metres, that hang and do not stand up.
    ends = np.array([spring["end"] for spring in godette["spring_joints"]])
    assert (np.linalg.norm(ends, axis=-1) < 0.6).all() and ends[:, 2].mean() < 0
    motions = []
    for chosen in (profile, wanted):
        made.tables.rows["retarget"] = []
        made.run(RetargetStage(), chosen)
        (row,) = [row for row in made.tables.products("retarget") if row["asset_id"] == godette["asset_id"]]
        motions.append(motion_from_bytes(made.layout.store.read(StoredFile.from_row(row["motion_file"]))).rotations)
    apart = 2 * np.degrees(np.arccos(np.abs(np.sum(motions[0] * motions[1], axis=-1)).clip(max=1)))
    assert (apart[:, springs].max(axis=0) > 0.5).all() and apart[:, springs].max() < 90
    np.testing.assert_array_equal(*(np.delete(motion, springs, axis=1) for motion in motions))


def _right_leg_swings(made: Bench, clip: Row, rows: dict[str, Row]) -> None:
    """The file turns the right thigh by 51.7 degrees from a leg that hangs straight down, and the left one not at all.

    A limb points where the motion's own does in every frame, whatever the avatar's rest pose.
    """
    (row,) = [row for row in rows.values() if row["asset_id"] == clip["asset_id"]]
    rig = rig_from_bytes(made.layout.store.read(StoredFile.from_row(row["rig_file"])))
    motion = motion_from_bytes(made.layout.store.read(StoredFile.from_row(clip["motion_file"])))
    joint = {pair["bone"]: rig.names.index(pair["joint"]) for pair in row["humanoid"]}
    positions, _ = forward(rig, motion)
    for side, expected in (("right", 51.7), ("left", 0.0)):
        thigh = positions[:, joint[f"{side}LowerLeg"]] - positions[:, joint[f"{side}UpperLeg"]]
        thigh /= np.linalg.norm(thigh, axis=-1, keepdims=True)
        turned = np.degrees(np.arccos(np.clip(thigh[0] @ thigh[-1], -1, 1)))
        assert turned == pytest.approx(expected, abs=0.5), (clip["title"], side)
        assert thigh[0][2] < -0.99
