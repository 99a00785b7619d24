"""Facts of clips made by hand, for tests of what is said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from rigmill.facts.facts import Gait, Heading, MotionFacts, PartAction, PartFacts, Posture, SubjectKind, Sweep

_ANGLES = {
    Heading.FORWARD: 0.0,
    Heading.FORWARD_LEFT: 45.0,
    Heading.LEFT: 90.0,
    Heading.BACKWARD_LEFT: 135.0,
    Heading.BACKWARD: 180.0,
    Heading.BACKWARD_RIGHT: -135.0,
    Heading.RIGHT: -90.0,
    Heading.FORWARD_RIGHT: -45.0,
}


def part(name: str, action: PartAction = PartAction.SWINGS, **more: Any) -> PartFacts:
    """A part that moves well: 40 degrees, twice to and fro, its end by 0.3 heights."""
    first = name.split()[0]
    plain = PartFacts(name, first if first in ("left", "right") else "", "joint_01", action, 40.0, 0.0, 0.3, 2.0, False)
    return replace(plain, **more)


LEGS = (part("left leg"), part("right leg"), part("left arm"), part("right arm"))
FOUR_LEGS = tuple(part(f"{side} {end} leg") for end in ("front", "hind") for side in ("left", "right"))


def stands(kind: SubjectKind = SubjectKind.HUMANOID, **more: Any) -> MotionFacts:
    """On its feet, something small moving, going nowhere."""
    legs = kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)
    posture = Posture.STANDS if legs else Posture.UNKNOWN
    facts = MotionFacts(
        subject_kind=kind,
        front_known=kind is not SubjectKind.ARTICULATED,
        duration_s=2.0,
        travel=Heading.NONE,
        travel_heights=0.0,
        path_heights=0.0,
        travel_bearing_deg=None,
        speed_heights_per_s=0.0,
        turn_deg=0.0 if kind is not SubjectKind.ARTICULATED else None,
        facing_start_deg=0.0,
        facing_end_deg=0.0,
        rise_heights=0.0,
        sink_heights=0.0,
        end_rise_heights=0.0,
        num_jumps=0,
        flip_deg=0.0 if legs else None,
        end_lean_deg=3.0 if legs else None,
        period_s=None,
        num_cycles=0.0,
        moving_share=0.5,
        idle=False,
        parts=(),
        posture_start=posture,
        posture_end=posture,
        max_lean_deg=5.0 if legs else None,
        roll_deg=0.0 if legs else None,
    )
    return replace(facts, **more)


def goes(
    heading: Heading = Heading.FORWARD, gait: Gait = Gait.WALK, kind: SubjectKind = SubjectKind.HUMANOID, **more: Any
) -> MotionFacts:
    """Two heights in two seconds."""
    own: dict[str, Any] = {
        "travel": heading,
        "travel_heights": 2.0,
        "path_heights": 2.0,
        "travel_bearing_deg": _ANGLES.get(heading),
        "speed_heights_per_s": 1.0,
        "gait": gait,
        "gait_heading": heading if heading in _ANGLES and gait is not Gait.NONE else Heading.NONE,
        "num_steps": 6 if gait is not Gait.NONE else 0,
        "num_cycles": 3.0,
        "period_s": 0.7,
        "parts": FOUR_LEGS if kind is SubjectKind.QUADRUPED else LEGS if gait is not Gait.NONE else (),
    }
    return stands(kind, **{**own, **more})


def on_the_spot(gait: Gait = Gait.WALK, kind: SubjectKind = SubjectKind.HUMANOID, **more: Any) -> MotionFacts:
    """Walks as most takes of games do: in place."""
    still = {"travel": Heading.NONE, "travel_heights": 0.0, "path_heights": 0.0, "travel_bearing_deg": None}
    return goes(Heading.FORWARD, gait, kind, **{**still, "speed_heights_per_s": 0.0, "in_place": True, **more})


def thing(*parts: PartFacts, **more: Any) -> MotionFacts:
    """Something with parts that turn or slide."""
    return stands(SubjectKind.ARTICULATED, **{"parts": parts, **more})


_PARTS = (
    "left arm, right arm, left leg, right leg, left front leg, right hind leg, left wing, right wing, tail, head, "
    "neck, jaw, torso, body, part, door, drawer, lid, wheel, lever, blade, ear, fin"
).split(", ")


@st.composite
def parts(draw: st.DrawFn) -> PartFacts:
    name = draw(st.sampled_from(_PARTS))
    return part(
        name,
        draw(st.sampled_from(PartAction)),
        turn_deg=draw(st.floats(0, 720)),
        slide_heights=draw(st.floats(0, 1)),
        reach_heights=draw(st.floats(0, 1)),
        num_cycles=draw(st.floats(0, 20)),
        raised=draw(st.booleans()),
        sweep=draw(st.sampled_from(Sweep)),
        strikes=draw(st.booleans()),
    )


@st.composite
def random_facts(draw: st.DrawFn) -> MotionFacts:
    """Any facts that do not deny each other: what travels has a path, what is idle does nothing else."""
    kind = draw(st.sampled_from(SubjectKind))
    front_known = draw(st.booleans())
    own: dict[str, Any] = {"subject_kind": kind, "front_known": front_known, "duration_s": draw(st.floats(0.2, 30))}
    own["parts"] = tuple(draw(st.lists(parts(), max_size=5)))
    if draw(st.booleans()):
        return replace(stands(kind), **own, idle=True, moving_share=0.1) if draw(st.booleans()) else stands(kind, **own)
    legs = kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)
    headings = [*_ANGLES, Heading.CIRCLE, Heading.TO_AND_FRO] if front_known else [Heading.SOMEWHERE, Heading.CIRCLE]
    gait = draw(st.sampled_from(Gait)) if legs else Gait.NONE
    facts = draw(
        st.sampled_from(
            [
                goes(draw(st.sampled_from(headings)), gait, kind),
                on_the_spot(gait, kind) if gait is not Gait.NONE else stands(kind),
                stands(kind),
            ]
        )
    )
    rise, sink = draw(st.floats(0, 2)), draw(st.floats(0, 2))
    own["rise_heights"], own["sink_heights"] = rise, sink
    own["end_rise_heights"] = draw(st.floats(-sink, rise))
    own["turn_deg"] = draw(st.one_of(st.none(), st.floats(-800, 800)))
    if legs:
        own["num_jumps"] = draw(st.integers(0, 4))
        own["flip_deg"] = draw(st.one_of(st.none(), st.floats(-800, 800)))
        own["posture_end"] = draw(st.sampled_from(Posture))
        own["posture_start"] = (
            draw(st.sampled_from(Posture)) if own["posture_end"] is not Posture.UNKNOWN else Posture.UNKNOWN
        )
    own["num_cycles"] = draw(st.floats(0, 20))
    return replace(facts, **own)
