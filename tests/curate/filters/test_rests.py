"""Rest poses of bodies: upside down, lying while the motion stands, sides swapped; and rigs nobody can judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.filters.rests import body_joints
from curate.filters.rules import first_refusal, lying, swapped, upside_down
from rigmill.rigs.rate import resample
from rigmill.types import Motion, Rig
from tests.support.curation import demo_profile
from tests.support.motion_faults import at_another_rest, cut, renamed_sides, told, with_swapped_limbs
from tests.support.walking import shaped, walk

LIMITS = demo_profile().filters.model_dump()
UPSIDE_DOWN = Rotation.from_euler("x", 180, degrees=True)
ON_ITS_SIDE = Rotation.from_euler("y", 90, degrees=True)
ON_ITS_BACK = Rotation.from_euler("x", -90, degrees=True)


def refusal(rig: Rig, motion: Motion) -> str | None:
    found = first_refusal(told(rig, motion), (upside_down, lying, swapped), LIMITS)
    return found["code"] if found else None


@pytest.fixture(scope="module")
def walker() -> tuple[Rig, Motion]:
    rig = shaped()
    return rig, cut(resample(walk(rig)[0], 16.0), 0, 25)


def test_a_body_that_stands_and_walks_is_upright(walker: tuple[Rig, Motion]) -> None:
    row = told(*walker)
    assert row["rest_upright"] > 0.95 and row["first_upright"] > 0.95
    assert row["toes_ahead"] > 0.95 and row["swapped_share"] == 0
    assert refusal(*walker) is None


@pytest.mark.parametrize("yaw_deg", [0, 90, 137, 180])
def test_where_a_body_faces_does_not_matter(yaw_deg: float) -> None:
    rig = shaped(yaw_deg=yaw_deg)
    motion = Motion(np.tile([1.0, 0, 0, 0], (17, rig.num_joints, 1)), np.zeros((17, rig.num_joints, 3)), 16.0)
    turned = motion.rotations.copy()
    angle = np.linspace(0, np.pi, 17)
    turned[:, 0] = np.stack([np.cos(angle / 2), 0 * angle, 0 * angle, np.sin(angle / 2)], axis=-1)
    row = told(rig, replace(motion, rotations=turned))  # it turns about: left is then where right was
    assert row["toes_ahead"] > 0.95 and row["swapped_share"] == 0


def test_a_rest_pose_upside_down_is_refused_whether_the_motion_stands_or_not(walker: tuple[Rig, Motion]) -> None:
    rig, motion = at_another_rest(*walker, UPSIDE_DOWN)
    row = told(rig, motion)
    assert row["rest_upright"] < -0.95 and row["first_upright"] > 0.95
    assert refusal(rig, motion) == "upside_down"
    assert refusal(rig, walker[1]) == "upside_down"  # all of it hangs


@pytest.mark.parametrize("turn", [ON_ITS_SIDE, ON_ITS_BACK, ON_ITS_SIDE.inv(), ON_ITS_BACK.inv()])
def test_a_rest_pose_that_lies_is_refused_where_the_motion_stands(turn: Rotation, walker: tuple[Rig, Motion]) -> None:
    rig, motion = at_another_rest(*walker, turn)
    row = told(rig, motion)
    assert abs(row["rest_upright"]) < 0.1 and row["first_upright"] > 0.95 and row["toes_ahead"] is None
    assert refusal(rig, motion) == "lying_rest"
    assert refusal(rig, walker[1]) is None  # it lies in its motion, too: a sleeper, a swimmer


def test_who_leans_or_bows_at_rest_stands(walker: tuple[Rig, Motion]) -> None:
    for degrees in (30, 60):
        assert refusal(*at_another_rest(*walker, Rotation.from_euler("x", degrees, degrees=True))) is None
    rig, motion = walker
    names = [name.split(":")[-1] for name in rig.names]
    legs = [joint for joint, name in enumerate(names) if name.endswith(("Leg", "Foot", "ToeBase"))]
    trunk = np.setdiff1d(np.arange(rig.num_joints), legs)
    places = rig.rest_joints.copy()
    hips = places[names.index("Hips")]
    places[trunk] = hips + Rotation.from_euler("x", 90, degrees=True).apply(places[trunk] - hips)
    bowed = replace(rig, rest_joints=places)
    assert told(bowed, motion)["rest_upright"] > 0.9 and refusal(bowed, motion) is None


def test_names_of_left_and_right_that_are_swapped_are_told_by_the_toes(walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    assert told(renamed_sides(rig), motion)["toes_ahead"] < -0.95
    assert refusal(renamed_sides(rig), motion) == "swapped_sides"
    toeless = [joint for joint, name in enumerate(rig.names) if "ToeBase" not in name]
    names = tuple(renamed_sides(rig).names[joint] for joint in toeless)
    old = {joint: new for new, joint in enumerate(toeless)}
    parents = np.array([old.get(int(rig.parents[joint]), -1) for joint in toeless], dtype=np.int32)
    bare = Rig(names, parents, rig.rest_joints[toeless])
    rest = Motion(motion.rotations[:, toeless], motion.translations[:, toeless], motion.fps)
    assert told(bare, rest)["toes_ahead"] is None and refusal(bare, rest) is None  # nothing tells


def test_a_motion_that_swaps_the_limbs_is_refused_and_crossed_arms_are_not(walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    broken = with_swapped_limbs(rig, motion)
    assert told(rig, broken)["swapped_share"] == 1 and refusal(rig, broken) == "swapped_sides"
    names = [name.split(":")[-1] for name in rig.names]
    rotations = motion.rotations.copy()
    for side, sign in (("Left", 1), ("Right", -1)):  # both upper arms across the chest: hands and elbows change sides
        angle = sign * np.radians(-150) / 2
        rotations[:, names.index(f"{side}Arm")] = [np.cos(angle), 0, 0, np.sin(angle)]
    crossed = replace(motion, rotations=rotations)
    assert told(rig, crossed)["swapped_share"] == 0 and refusal(rig, crossed) is None


def test_a_rig_that_no_names_call_a_body_is_not_judged(walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    for names in (
        tuple(f"bone {joint}" for joint in range(rig.num_joints)),
        tuple(name.replace("UpLeg", "HindLeg") for name in rig.names),
    ):
        unknown = replace(rig, names=names)
        assert body_joints(unknown) is None
        row = told(*at_another_rest(unknown, motion, UPSIDE_DOWN))
        assert [row[name] for name in ("rest_upright", "first_upright", "toes_ahead", "swapped_share")] == [None] * 4
        assert refusal(*at_another_rest(unknown, motion, UPSIDE_DOWN)) is None
