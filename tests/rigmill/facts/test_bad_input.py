"""Whatever a rig or a motion is, there are facts, and every number of them is finite."""

from __future__ import annotations

import math
import time
from dataclasses import fields

import numpy as np
import pytest

from rigmill.facts.facts import MotionFacts, PartFacts, SubjectKind
from rigmill.facts.measure import measure
from rigmill.facts.words import in_words
from rigmill.rigs.skeleton import forward
from rigmill.types import Motion, Rig
from tests.support.curation import body, random_motion
from tests.support.plain_bodies import still
from tests.support.walking import walk


def assert_finite(facts: MotionFacts) -> None:
    values: list[object] = []
    for each in (facts, *facts.parts):
        values += [getattr(each, field.name) for field in fields(each)]
    for value in values:
        if isinstance(value, float):
            assert math.isfinite(value)
    assert in_words(facts)


def random_rig(num_joints: int, seed: int, *, spread: float = 1.0) -> Rig:
    random = np.random.default_rng(seed)
    parents = [-1] + [int(random.integers(-1, joint)) for joint in range(1, num_joints)]
    names = tuple(f"{random.choice(['Bone', 'L_arm', 'R_arm', 'door', 'Tail'])}{joint}" for joint in range(num_joints))
    return Rig(names, np.array(parents, dtype=np.int32), spread * random.normal(size=(num_joints, 3)))


def test_one_frame_is_a_pose_that_hardly_moves() -> None:
    facts = measure(body(), still(body(), 1))
    assert_finite(facts)
    assert facts.idle and facts.duration_s == 0 and not facts.parts and facts.speed_heights_per_s == 0


def test_no_frames_and_no_joints_have_facts_too() -> None:
    rig = Rig((), np.zeros(0, dtype=np.int32), np.zeros((0, 3)))
    assert_finite(measure(rig, Motion(np.zeros((5, 0, 4)), np.zeros((5, 0, 3)), 16.0)))
    assert_finite(measure(body(), Motion(np.zeros((0, 24, 4)), np.zeros((0, 24, 3)), 16.0)))


def test_one_joint_that_turns_is_a_thing_with_a_part() -> None:
    rig = Rig(("aim",), np.array([-1], dtype=np.int32), np.zeros((1, 3)))
    angles = np.linspace(0, np.pi / 2, 20)
    rotations = np.stack([np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)], axis=-1)[:, None]
    facts = measure(rig, Motion(rotations, np.zeros((20, 1, 3)), 16.0))
    assert_finite(facts)
    assert facts.turn_deg == pytest.approx(90, abs=0.1)


def test_bones_without_length_say_nothing_of_places() -> None:
    rig = Rig(body().names, body().parents, np.zeros_like(body().rest_joints))
    assert_finite(measure(rig, random_motion(rig.num_joints, num_frames=30)))


@pytest.mark.parametrize("seed", range(30))
def test_any_tree_has_facts(seed: int) -> None:
    rig = random_rig(3 + 5 * seed, seed, spread=10.0 ** (seed % 7 - 3))
    assert_finite(measure(rig, random_motion(rig.num_joints, num_frames=2 + seed, seed=seed)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_none_do_not_get_into_facts(bad: float) -> None:
    rig, motion = body(), walk(body())[0]
    for place in ((3, 2, 1), (0, 0, 0)):
        rotations, slides = motion.rotations.copy(), motion.translations.copy()
        rotations[place], slides[place] = bad, bad
        with np.errstate(over="ignore", invalid="ignore"):
            assert_finite(measure(rig, Motion(rotations, slides, motion.fps)))
            joints = forward(rig, motion)[0]
            joints[place] = bad
            assert_finite(measure(rig, motion, joints=joints))
            rest = rig.rest_joints.copy()
            rest[4, 2] = bad
            assert_finite(measure(Rig(rig.names, rig.parents, rest), motion))
    assert_finite(measure(rig, Motion(motion.rotations, motion.translations, bad)))


def test_names_that_cannot_be_right_leave_the_rig_to_its_shape() -> None:
    rig = body()
    swapped = {"hips": rig.names[5], "leftUpperLeg": rig.names[0]}
    assert_finite(measure(rig, still(rig), humanoid=swapped))
    line = Rig(rig.names, rig.parents, np.stack([np.arange(24.0), np.zeros(24), np.zeros(24)], axis=1))
    assert_finite(measure(line, random_motion(24)))


def test_markers_say_nothing_of_their_own() -> None:
    from rigmill.posemaps.markers import with_markers

    rig, motion = body(), walk(body())[0]
    marked = with_markers(rig, motion)
    num = marked[0].num_joints - rig.num_joints
    assert num and measure(*marked, num_markers=num) == measure(rig, motion)
    assert measure(*marked, joints=forward(*marked)[0], num_markers=num).gait is measure(rig, motion).gait


def test_hundreds_of_joints_take_milliseconds() -> None:
    rig = random_rig(400, 1)
    motion = random_motion(400, num_frames=81)
    joints = forward(rig, motion)[0]
    assert_finite(measure(rig, motion, joints=joints))  # the rig's anatomy is found once
    took = []
    for _ in range(5):
        started = time.process_time()
        measure(rig, motion, joints=joints)
        took.append(time.process_time() - started)
    assert min(took) < 0.15


def test_parts_come_strongest_first_and_kinds_are_said() -> None:
    facts = measure(body(), walk(body())[0])
    assert facts.subject_kind is SubjectKind.HUMANOID
    strengths = [part.reach_heights for part in facts.parts]
    assert strengths == sorted(strengths, reverse=True) and isinstance(facts.parts[0], PartFacts)
