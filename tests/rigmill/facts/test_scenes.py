"""Facts of motions that were put together from what they are meant to be (benchmarks/captions)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benchmarks.captions.facts_part import answers
from benchmarks.captions.scenes import Scene, all_scenes
from rigmill.facts.facts import Gait, Heading, MotionFacts
from rigmill.facts.measure import measure
from rigmill.rigs.skeleton import forward
from tests.support.facts import (
    Played,
    at_rate,
    mirrored,
    moved,
    other_side,
    reordered,
    reverse,
    scaled,
    turned,
    with_leaves,
)

# One of each kind of body and of motion.
CHOSEN = (
    "mixamo: walks forward",
    "mixamo: walks left in place",
    "mixamo: turns -45",
    "mixamo: waves its left arm",
    "mixamo: kicks with its right leg",
    "mixamo: nods",
    "mixamo: idles at 30",
    "vrm: walks backward_right",
    "vrm: jumps 2 times",
    "vrm: raises its right arm",
    "unnamed person: walks forward in place",
    "unnamed person: flips forward",
    "unnamed person: sits down",
    "dog: walks forward_left",
    "dog: wags its tail",
    "unnamed giraffe: runs in place",
    "unnamed giraffe: lowers its head",
    "bat: flaps its right wing",
    "unnamed bird: flies backward",
    "unnamed bird: flies in a circle to the left",
    "cabinet: door opens by 95",
    "cabinet: drawer slides in by 0.4",
    "cupboard: left door swings to and fro",
    "machine: wheel spins -3.0 times",
)


@cache
def scenes() -> dict[str, Scene]:
    return {scene.name: scene for scene in all_scenes()}


def played(name: str) -> Played:
    scene = scenes()[name]
    return Played(scene.made.rig, scene.motion, scene.made.humanoid)


def told(facts: MotionFacts) -> dict[str, object]:
    """What a caption would say, without azimuths; numbers as coarse as words."""
    return {
        "kind": facts.subject_kind,
        "front": facts.front_known,
        "travel": facts.travel,
        "gait": (facts.gait, facts.gait_heading, facts.in_place),
        "jumps": facts.num_jumps,
        "idle": facts.idle,
        "postures": (facts.posture_start, facts.posture_end),
        "parts": sorted((part.part, part.action, part.raised, part.sweep) for part in facts.parts),
    }


def numbers(facts: MotionFacts) -> np.ndarray:
    found = (
        facts.travel_heights,
        facts.path_heights,
        (facts.turn_deg or 0.0) / 90,
        facts.rise_heights,
        facts.sink_heights,
        (facts.flip_deg or 0.0) / 90,
        (facts.end_lean_deg or 0.0) / 90,
        facts.period_s or 0.0,
        *(part.reach_heights for part in facts.parts[:1]),
        *(part.turn_deg / 90 for part in facts.parts[:1]),
    )
    return np.array(found)


def assert_same(found: MotionFacts, wanted: MotionFacts, *, within: float = 1e-4) -> None:
    assert told(found) == told(wanted)
    np.testing.assert_allclose(numbers(found), numbers(wanted), atol=within)


def test_nearly_every_question_about_every_scene_is_answered_right() -> None:
    asked, wrong = 0, []
    for scene in scenes().values():
        facts = measure(scene.made.rig, scene.motion, humanoid=scene.made.humanoid)
        for question, right, said, true in answers(scene, facts):
            asked += 1
            if not right:
                wrong.append(f"{scene.name}, {question}: {said}, not {true}")
    assert len(scenes()) >= 200 and len({scene.made.name for scene in scenes().values()}) >= 8
    assert len(wrong) <= 0.005 * asked, "\n".join(wrong)


@pytest.mark.parametrize("name", CHOSEN)
def test_facts_do_not_depend_on_how_the_world_is_laid_out(name: str) -> None:
    motion = played(name)
    wanted = motion.facts()
    for yaw_deg in (90.0, -33.0):
        found = turned(motion, yaw_deg).facts()
        assert_same(found, wanted)
        if wanted.facing_end_deg is not None:
            assert found.facing_end_deg is not None
            assert (found.facing_end_deg - wanted.facing_end_deg - yaw_deg + 180) % 360 == pytest.approx(180, abs=0.01)
    assert_same(scaled(motion, 0.01).facts(), wanted)
    assert_same(scaled(motion, 250.0).facts(), wanted)
    assert_same(moved(motion, np.array([5.0, -3.0, 2.0])).facts(), wanted)
    assert_same(reordered(motion).facts(), wanted)
    assert_same(motion.facts(forward(motion.rig, motion.motion)[0]), wanted)


@pytest.mark.parametrize("name", CHOSEN)
def test_facts_do_not_depend_on_rates_ends_and_noise(name: str) -> None:
    motion = played(name)
    wanted = motion.facts()
    for fps in (24.0, 60.0):
        assert_same(at_rate(motion, fps).facts(), wanted, within=0.06)
    random = np.random.default_rng(0)
    joints = forward(motion.rig, motion.motion)[0]
    height = scenes()[name].made.height
    assert_same(motion.facts(joints + 0.002 * height * random.uniform(-1, 1, joints.shape)), wanted, within=0.03)
    if not name.startswith("unnamed"):  # there one more joint is one more joint of the shape
        assert_same(with_leaves(motion, np.array([0.0, 0.0, 0.01 * height])).facts(), wanted, within=0.06)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_mirror_exchanges_left_and_right(name: str) -> None:
    motion = played(name)
    wanted, found = motion.facts(), mirrored(motion).facts()
    assert found.subject_kind is wanted.subject_kind and found.front_known is wanted.front_known
    assert found.travel == other_side(wanted.travel) and found.gait_heading == other_side(wanted.gait_heading)
    assert found.turn_deg == pytest.approx(-(wanted.turn_deg or 0.0), abs=0.1)
    assert sorted((part.part, part.action) for part in found.parts) == sorted(
        (other_side(part.part), part.action) for part in wanted.parts
    )


def test_played_backwards_forward_is_backward_and_opening_is_closing() -> None:
    back = {Heading.FORWARD: Heading.BACKWARD, Heading.LEFT: Heading.RIGHT}
    for name, heading in (("mixamo: walks forward", Heading.FORWARD), ("vrm: walks left", Heading.LEFT)):
        wanted, found = played(name).facts(), reverse(played(name)).facts()
        assert (wanted.travel, found.travel) == (heading, back[heading])
        assert (wanted.gait_heading, found.gait_heading) == (heading, back[heading])
    for name in ("mixamo: walks forward in place", "dog: walks forward in place"):
        found = reverse(played(name)).facts()
        assert (found.gait, found.gait_heading, found.in_place) == (Gait.WALK, Heading.BACKWARD, True)
    for name, action in (
        ("cabinet: door opens by 95", "closes"),
        ("cabinet: drawer slides in by 0.4", "slides_out"),
        ("mixamo: raises its left arm", "sinks"),
    ):
        assert reverse(played(name)).facts().parts[0].action == action
    turn = reverse(played("dog: turns 90")).facts().turn_deg
    assert turn == pytest.approx(-90, abs=2)
