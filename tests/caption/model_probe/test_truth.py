"""What is certain of a clip, and of its reverse and its mirror image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.captions.scenes import all_scenes
from caption.model_probe.truth import Direction, Side, Truth, Verb, truth_of
from rigmill.facts.facts import Gait, Heading, MotionFacts, PartAction, PartFacts, Posture, SubjectKind
from rigmill.facts.measure import measure
from rigmill.types import Motion

STILL = MotionFacts(
    subject_kind=SubjectKind.HUMANOID,
    front_known=True,
    duration_s=2.0,
    travel=Heading.NONE,
    travel_heights=0.0,
    path_heights=0.0,
    travel_bearing_deg=None,
    speed_heights_per_s=0.0,
    turn_deg=0.0,
    facing_start_deg=0.0,
    facing_end_deg=0.0,
    rise_heights=0.0,
    sink_heights=0.0,
    end_rise_heights=0.0,
    num_jumps=0,
    flip_deg=0.0,
    end_lean_deg=0.0,
    period_s=None,
    num_cycles=0.0,
    moving_share=0.5,
    idle=False,
    parts=(),
)
GONE = {"travel_heights": 1.5, "path_heights": 1.6}


def part(side: str, turn_deg: float, name: str = "arm", **more: object) -> PartFacts:
    one = PartFacts(f"{side} {name}".strip(), side, "j", PartAction.SWINGS, turn_deg, 0.0, 0.4, 0.5, False)
    return replace(one, **more)


@pytest.mark.parametrize(
    ("facts", "truth"),
    [
        ({"idle": True}, Truth(Direction.NONE, Side.NONE, Verb.STANDS)),
        (GONE | {"travel": Heading.FORWARD, "gait": Gait.RUN}, Truth(Direction.FORWARD, None, Verb.STEPS)),
        (GONE | {"travel": Heading.BACKWARD, "gait": Gait.WALK}, Truth(Direction.BACKWARD, None, Verb.STEPS)),
        (GONE | {"travel": Heading.FORWARD}, Truth(Direction.FORWARD)),  # it glides
        (GONE | {"travel": Heading.LEFT, "gait": Gait.WALK}, Truth(Direction.LEFT)),
        ({"gait": Gait.WALK, "in_place": True, "gait_heading": Heading.FORWARD}, Truth(verb=Verb.STEPS)),
        ({"turn_deg": 90.0, "flip_deg": 360.0}, None),
        ({"num_jumps": 1, "posture_end": Posture.LIES}, Truth(Direction.NONE)),
        (GONE | {"travel": Heading.FORWARD_LEFT}, None),
        (GONE | {"travel": Heading.CIRCLE, "turn_deg": 360.0}, None),
        (GONE | {"travel": Heading.FORWARD, "turn_deg": 45.0}, None),
        ({"travel_heights": 0.2, "path_heights": 0.2, "travel": Heading.FORWARD}, None),
        ({"turn_deg": 90.0}, Truth(Direction.TURNS_LEFT, None, Verb.TURNS)),
        ({"turn_deg": -170.0}, Truth(Direction.TURNS_RIGHT, None, Verb.TURNS)),
        ({"turn_deg": 40.0}, None),
        ({"num_jumps": 1}, Truth(Direction.NONE, None, Verb.JUMPS)),
        ({"parts": (part("left", 90.0), part("right", 5.0))}, Truth(Direction.NONE, Side.LEFT, Verb.ARM)),
        ({"parts": (part("right", 90.0), part("left", 60.0))}, Truth(Direction.NONE)),
        ({"parts": (part("right", 90.0, raised=True, num_cycles=3.0),)}, Truth(Direction.NONE, Side.RIGHT, Verb.ARM)),
        ({"parts": (part("right", 90.0, strikes=True),)}, Truth(Direction.NONE, Side.RIGHT, Verb.ARM)),
        ({"idle": True, "parts": (part("right", 30.0, num_cycles=4.0),)}, Truth(Direction.NONE)),
        ({"idle": True, "max_lean_deg": 50.0}, Truth(Direction.NONE)),
        ({"num_jumps": 1, "subject_kind": SubjectKind.WINGED}, Truth(Direction.NONE)),
        ({"parts": (part("left", 90.0, "leg"),)}, Truth(Direction.NONE, Side.LEFT)),
        ({"front_known": False, "turn_deg": None}, None),
        (
            {"subject_kind": SubjectKind.ARTICULATED, "front_known": False, "turn_deg": None}
            | {"parts": (part("", 90.0, "door", action=PartAction.OPENS),)},
            Truth(verb=Verb.OPENS),
        ),
    ],
)
def test_only_what_joints_leave_no_doubt_about_is_asked(facts: dict, truth: Truth | None) -> None:
    assert truth_of(replace(STILL, **facts)) == truth


def test_reversing_or_mirroring_twice_changes_nothing() -> None:
    for direction in (None, *Direction):
        for side in (None, *Side):
            for verb in (None, *Verb):
                truth = Truth(direction, side, verb)
                assert truth.in_reverse().in_reverse() == truth == truth.in_mirror().in_mirror()


def test_the_reverse_goes_the_other_way_and_the_mirror_image_has_the_other_side() -> None:
    assert Truth(Direction.FORWARD, Side.LEFT, Verb.STEPS).in_reverse() == Truth(
        Direction.BACKWARD, Side.LEFT, Verb.STEPS
    )
    assert Truth(Direction.FORWARD, Side.LEFT, Verb.ARM).in_mirror() == Truth(Direction.FORWARD, Side.RIGHT, Verb.ARM)
    for turned in (Truth.in_reverse, Truth.in_mirror):
        assert turned(Truth(Direction.TURNS_LEFT)).direction is Direction.TURNS_RIGHT
    assert Truth(verb=Verb.OPENS).in_reverse().verb is Verb.CLOSES


def test_the_joints_of_a_reversed_motion_say_what_the_truth_says_of_its_reverse() -> None:
    """Facts measured anew, of people, animals, birds and things whose motions are written down."""
    compared = 0
    for number, scene in enumerate(all_scenes()):
        if number % 5:
            continue
        motion = scene.motion
        backwards = Motion(motion.rotations[::-1].copy(), motion.translations[::-1].copy(), motion.fps)
        here, there = (truth_of(measure(scene.made.rig, one)) or Truth() for one in (motion, backwards))
        expected = here.in_reverse()
        for name in ("direction", "side", "verb"):
            one, other = getattr(expected, name), getattr(there, name)
            assert one is None or other is None or one is other, (scene.name, name, one, other)
            compared += one is not None and other is not None
    assert compared > 30
