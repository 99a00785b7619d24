"""A motion moved from one body to another: missing parts, facing, roots, motions that are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.retarget.transfer import retarget
from rigmill.humanoid.body import as_body
from rigmill.humanoid.names import humanoid_joints
from rigmill.outcomes import Refusal
from rigmill.types import Motion, Rig
from tests.support.curation import random_motion, scipy_positions
from tests.support.plain_bodies import built, changed, humanoid, parts, plain


@pytest.mark.parametrize("drop", [("LeftShoulder",), ("LeftToeBase", "RightToeBase"), ("LeftHandMiddle1", "Spine2")])
def test_what_the_target_lacks_leaves_all_limbs_where_they_point(drop: tuple[str, ...]) -> None:
    source, target = plain(), changed(plain(arm_drop_deg=45), drop=drop)
    motion = random_motion(source.num_joints, seed=2)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    there, here = scipy_positions(source, motion), scipy_positions(target, result)
    for start, end in (("LeftArm", "LeftForeArm"), ("LeftForeArm", "LeftHand"), ("RightUpLeg", "RightLeg")):
        expected = there[:, source.names.index(end)] - there[:, source.names.index(start)]
        found = here[:, target.names.index(end)] - here[:, target.names.index(start)]
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_character_that_faces_no_axis_does_the_same_in_its_own_direction() -> None:
    source, target = plain(), plain(yaw_deg=37)
    motion = random_motion(source.num_joints, seed=2)
    turn = Rotation.from_euler("z", 37, degrees=True)
    expected = turn.apply(scipy_positions(source, motion).reshape(-1, 3)).reshape(-1, source.num_joints, 3)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), expected, atol=1e-9)


def rooted(rig: Rig) -> Rig:
    return built([("Root", None, (0, 0, 0)), *[(n, "Root" if a is None else a, p) for n, a, p in parts(rig)]])


def test_a_motion_of_root_and_hips_comes_back_exactly_on_its_own_rig() -> None:
    rig = rooted(plain())
    motion = random_motion(rig.num_joints, seed=9)
    motion.translations[:, 1] = np.random.default_rng(1).normal(scale=0.2, size=(len(motion.rotations), 3))
    result = retarget(motion, source=humanoid(rig), target=humanoid(rig))
    np.testing.assert_allclose(result.translations, motion.translations, atol=1e-12)
    np.testing.assert_allclose(np.abs((result.rotations * motion.rotations).sum(axis=-1)), 1, atol=1e-12)


def test_a_root_goes_and_turns_with_the_sources_root_and_the_hips_go_the_rest() -> None:
    source, target = rooted(plain()), rooted(plain(scale=0.5))
    motion = random_motion(source.num_joints, seed=3)
    motion.translations[:, 1] = 0.3
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), 0.5 * scipy_positions(source, motion), atol=1e-9)


def test_feet_that_hang_from_the_root_stay_on_their_legs() -> None:
    source = plain()
    moved_up = ("Hips", "LeftFoot", "RightFoot")
    target = built(
        [
            ("Root", None, (0, 0, 0)),
            *[(name, "Root" if name in moved_up else above, place) for name, above, place in parts(source)],
        ]
    )
    motion = random_motion(source.num_joints, seed=6)
    legs = as_body(target, humanoid_joints(target.names), ("leftFoot", "rightFoot"))
    result = retarget(motion, source=humanoid(source), target=legs)
    np.testing.assert_allclose(scipy_positions(target, result)[:, 1:], scipy_positions(source, motion), atol=1e-9)


def test_a_motion_that_is_none_is_refused_with_its_reason() -> None:
    rig = plain()
    motion, target = random_motion(rig.num_joints), humanoid(rig)

    def refusal(bad: Motion) -> tuple[str, float | None]:
        with pytest.raises(Refusal) as caught:
            retarget(bad, source=target, target=target)
        return caught.value.code.value, caught.value.measured

    assert refusal(replace(motion, rotations=motion.rotations[:1], translations=motion.translations[:1])) == (
        "too_few_frames",
        1.0,
    )
    for name in ("rotations", "translations"):
        for value in (np.nan, np.inf, -np.inf):
            values = getattr(motion, name).copy()
            values[3, 2, 1] = value
            assert refusal(replace(motion, **{name: values}))[0] == "malformed"
    assert refusal(replace(motion, rotations=motion.rotations[:, 1:], translations=motion.translations[:, 1:])) == (
        "malformed",
        rig.num_joints - 1.0,
    )
    assert refusal(replace(motion, translations=motion.translations[:-1]))[0] == "malformed"


def test_long_motions_are_moved_as_short_ones_are() -> None:
    """Blocks of frames meet without a seam, and what frame a pose stands in does not matter."""
    source, target = plain(), plain(arm_drop_deg=40, scale=1.3)
    motion = random_motion(source.num_joints, num_frames=600)
    whole = retarget(motion, source=humanoid(source), target=humanoid(target))
    for start in (0, 255, 590):
        part = Motion(motion.rotations[start : start + 5], motion.translations[start : start + 5], motion.fps)
        alone = retarget(part, source=humanoid(source), target=humanoid(target))
        np.testing.assert_array_equal(alone.rotations, whole.rotations[start : start + 5])
        np.testing.assert_array_equal(alone.translations, whole.translations[start : start + 5])


def test_legs_that_hang_from_the_spine_follow_the_hips() -> None:
    source = plain()
    target = built(
        [
            (name, "Spine" if name in ("LeftUpLeg", "RightUpLeg") else above, place)
            for name, above, place in parts(source)
        ]
    )
    motion = random_motion(source.num_joints, seed=5)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), scipy_positions(source, motion), atol=1e-9)
