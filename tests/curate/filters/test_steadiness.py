"""Jumps, frames of the rest pose and still ends, of motions that are sound and of the same motions broken."""

from __future__ import annotations

import numpy as np
import pytest

from curate.filters.rules import SEEN_RULES, brief, first_refusal, interrupted, teleports
from rigmill.rigs.rate import resample
from rigmill.types import Floats, Motion, Rig
from tests.support.curation import body, demo_profile
from tests.support.motion_faults import cut, held, joined, moved_away, rested, told, with_arms_down
from tests.support.walking import shaped, walk

LIMITS = demo_profile().filters.model_dump()
RULES = (brief, teleports, interrupted)


def refusal(rig: Rig, motion: Motion) -> str | None:
    row = {**told(rig, motion), "num_frames": len(motion.rotations)}
    found = first_refusal(row, RULES, LIMITS)
    return found["code"] if found else None


def sat(rig: Rig, num_frames: int) -> Motion:
    """Thighs forward, hips low, the head nodding slowly: another pose than a walk has."""
    names = [name.split(":")[-1] for name in rig.names]
    rotations = np.tile([1.0, 0, 0, 0], (num_frames, rig.num_joints, 1))
    translations = np.zeros((num_frames, rig.num_joints, 3))
    for side in ("Left", "Right"):
        rotations[:, names.index(f"{side}UpLeg")] = [np.cos(-0.7), np.sin(-0.7), 0, 0]
        nod = 0.1 * np.sin(np.arange(num_frames) / 4)
    rotations[:, names.index("Head")] = np.stack([np.cos(nod), np.sin(nod), 0 * nod, 0 * nod], axis=-1)
    translations[:, names.index("Hips"), 2] = -0.45
    return with_arms_down(rig, Motion(rotations, translations, 16.0))


@pytest.fixture(scope="module")
def walker() -> tuple[Rig, Motion]:
    rig = shaped()
    return rig, with_arms_down(rig, cut(resample(walk(rig)[0], 16.0), 0, 41))


def test_a_walk_is_steady(walker: tuple[Rig, Motion]) -> None:
    row = told(*walker)
    assert (row["jump"], row["rest_frames"], row["still_start"], row["still_end"]) == (0, 0, 0, 0)
    assert refusal(*walker) is None


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_what_is_measured_does_not_depend_on_the_unit(scale: float, walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    broken = moved_away(rig, motion, slice(20, None), 0.7)
    large = Rig(rig.names, rig.parents, rig.rest_joints * scale)
    found = told(large, Motion(broken.rotations, broken.translations * scale, 16.0))
    assert found["jump"] == pytest.approx(0.7, rel=0.1) and refusal(rig, broken) == "teleport"


def test_a_motion_that_goes_on_elsewhere_and_a_frame_from_elsewhere_are_teleports(walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    for frames in (slice(20, None), slice(0, 1), slice(20, 21), slice(12, 30)):
        assert refusal(rig, moved_away(rig, motion, frames, 1.0)) == "teleport", frames
    assert refusal(rig, moved_away(rig, motion, slice(20, None), 0.05)) is None


def test_a_motion_stitched_of_two_is_a_teleport(walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    seated = sat(rig, 20)
    assert refusal(rig, seated) is None
    slow = held(cut(motion, 0, 1), after=8)
    assert refusal(rig, joined(seated, moved_away(rig, slow, slice(None), 0.0))) == "teleport"


def test_a_fast_move_is_no_teleport() -> None:
    """A leap of more than its own size within four frames, out of a stand and into one."""
    rig, frames = body(), np.arange(33)
    away = 1.5 / (1 + np.exp(-(frames - 16) * 1.2))
    translations = np.zeros((33, rig.num_joints, 3))
    translations[:, 0, 1] = away * np.ptp(rig.rest_joints[:, 2])
    leap = Motion(np.tile([1.0, 0, 0, 0], (33, rig.num_joints, 1)), translations, 16.0)
    steps = np.diff(away)
    assert steps.max() > 0.3 and steps.max() > 8 * np.median(steps)
    row = told(rig, leap)
    assert row["jump"] == 0 and first_refusal({**row, "num_frames": 33}, (teleports,), LIMITS) is None


def test_poses_that_are_held_and_changed_at_once_are_a_style(walker: tuple[Rig, Motion]) -> None:
    """Animated on fours: nothing moves for three frames, then all of it."""
    rig, motion = walker
    stepped = joined(*[cut(motion, frame - frame % 4, frame - frame % 4 + 1) for frame in range(41)])
    assert told(rig, stepped)["jump"] == 0


def test_frames_of_the_rest_pose_that_interrupt_a_motion_are_found_and_counted(walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    for num in (1, 3):
        broken = rested(rig, motion, slice(20, 20 + num))
        assert told(rig, broken)["rest_frames"] == num
        assert refusal(rig, broken) in ("rest_frames", "teleport")
    assert told(rig, rested(rig, motion, slice(0, 1)))["rest_frames"] == 1  # a T-pose before the first step


@pytest.mark.parametrize(
    "swing",
    [
        0.8 * np.sin(np.arange(33) / 32 * 4 * np.pi),
        1.2 * np.tanh((np.arange(33) - 16) / 2.5),  # slow, a blow through the rest pose, slow
    ],
)
def test_a_motion_that_passes_through_its_rest_pose_is_whole(swing: Floats) -> None:
    rig = body()
    rotations = np.tile([1.0, 0, 0, 0], (33, rig.num_joints, 1))
    for name in ("LeftArm", "RightArm", "LeftUpLeg", "Spine"):
        joint = [each.split(":")[-1] for each in rig.names].index(name)
        rotations[:, joint] = np.stack([np.cos(swing / 2), np.sin(swing / 2), 0 * swing, 0 * swing], axis=-1)
    motion = Motion(rotations, np.zeros((33, rig.num_joints, 3)), 16.0)
    assert told(rig, motion)["rest_frames"] == 0 and refusal(rig, motion) is None


def test_an_animal_may_start_from_its_rest_pose_at_once(walker: tuple[Rig, Motion]) -> None:
    """Nobody knows that its rest pose is no pose of a motion; the same of a body in a T is a frame too many."""
    rig, motion = walker
    broken = rested(rig, motion, slice(0, 1))
    unnamed = Rig(tuple(f"bone {joint}" for joint in range(rig.num_joints)), rig.parents, rig.rest_joints)
    assert (told(rig, broken)["rest_frames"], told(unnamed, broken)["rest_frames"]) == (1, 0)


def test_still_ends_are_counted_and_what_moves_for_a_moment_is_brief(walker: tuple[Rig, Motion]) -> None:
    rig, motion = walker
    long = held(cut(motion, 0, 12), before=5, after=9)
    row = told(rig, long)
    assert (row["still_start"], row["still_end"]) == (5, 9) and refusal(rig, long) is None
    assert refusal(rig, held(cut(motion, 0, 3), before=10, after=10)) == "brief_motion"


def test_a_turn_in_place_moves_by_its_markers() -> None:
    """A door: one joint, which stays where it is."""
    angles = np.radians(np.clip(np.arange(25) - 6, 0, 10) * 9)
    rotations = np.stack([np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)], axis=-1)[:, None]
    door = Rig(("hinge",), np.array([-1], dtype=np.int32), np.zeros((1, 3)))
    motion = Motion(rotations, np.zeros((25, 1, 3)), 16.0)
    row = told(door, motion)
    assert (row["still_start"], row["still_end"], row["rest_frames"]) == (6, 8, 0)


def test_what_was_not_measured_refuses_nothing() -> None:
    row = dict.fromkeys(("jump", "rest_frames", "still_start", "still_end", "rest_upright", "first_upright"))
    row |= dict.fromkeys(("toes_ahead", "swapped_share", "extent_ratio", "coverage"))
    assert first_refusal(row | {"flow_px": 9.0, "num_frames": 25}, SEEN_RULES, LIMITS) is None
