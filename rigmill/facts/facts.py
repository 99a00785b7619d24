"""The facts of a clip as values: what captions, verdicts and evaluations read. Which columns they are: storage.columns.

Lengths are in *heights*: shares of the subject's height at rest (of its longest side where that is no body's height).
Left and right are the subject's own, and so are forward and backward: the way its body faces in the first frame.
Turns are positive to the subject's left, seen from above anti-clockwise. Azimuths are those of the cameras: a subject
that faces azimuth 0 looks at the front camera, one that faces 90 looks at the camera that sees its left in rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SubjectKind(StrEnum):
    """What the rig is, by names of its family or by its shape."""

    HUMANOID = "humanoid"
    QUADRUPED = "quadruped"
    WINGED = "winged"
    ARTICULATED = "articulated"  # a thing with parts that turn or slide: doors, drawers, machines
    OTHER = "other"


class Heading(StrEnum):
    """Which way the subject travels."""

    NONE = "none"  # it stays where it is
    FORWARD = "forward"
    FORWARD_LEFT = "forward_left"
    LEFT = "left"
    BACKWARD_LEFT = "backward_left"
    BACKWARD = "backward"
    BACKWARD_RIGHT = "backward_right"
    RIGHT = "right"
    FORWARD_RIGHT = "forward_right"
    CIRCLE = "circle"  # along a path that comes round
    TO_AND_FRO = "to_and_fro"  # it goes some way and comes back
    SOMEWHERE = "somewhere"  # it travels, and which side is its front is not known


class PartAction(StrEnum):
    """What a part does, seen from what it hangs on."""

    SWINGS = "swings"  # turns to and fro, or away and back
    OPENS = "opens"  # turns away from its place at rest and stays; of things
    CLOSES = "closes"  # turns back to its place at rest; of things
    SPINS = "spins"  # round and round about one axis
    SLIDES_OUT = "slides_out"
    SLIDES_IN = "slides_in"
    SLIDES = "slides"  # to and fro
    RISES = "rises"  # a limb's end goes up and stays
    SINKS = "sinks"
    TURNS = "turns"  # anything else that turns


class Gait(StrEnum):
    """How legs carry the body, whether it gets anywhere or not: most walks of games stay in place."""

    NONE = "none"
    WALK = "walk"  # some foot is always on the ground
    RUN = "run"  # between steps no foot is


class Posture(StrEnum):
    """What a body with legs is in at one time."""

    UNKNOWN = "unknown"  # not said of such a rig
    STANDS = "stands"
    CROUCHES = "crouches"  # low, over its feet
    SITS = "sits"  # low, its feet ahead of it
    LIES = "lies"


class Sweep(StrEnum):
    """The way that most of a part's motion goes, in the body's own frame."""

    NONE = "none"  # none of these, or the front is not known
    UP_DOWN = "up_down"  # of a head: it nods
    SIDE_TO_SIDE = "side_to_side"  # of a head: it turns left and right
    FORTH_AND_BACK = "forth_and_back"


@dataclass(frozen=True, slots=True)
class PartFacts:
    """One limb or part that moves by itself, the strongest first in `MotionFacts.parts`."""

    part: str  # 'left arm', 'right front leg', 'left hind leg', 'left wing', 'tail', 'head'; 'part' if nobody named it
    side: str  # 'left', 'right' or ''
    joint: str  # the joint of it that turns or slides most: a technical name, never for captions
    action: PartAction
    turn_deg: float  # the largest turn from where it is in the first frame
    slide_heights: float  # the same of its place
    reach_heights: float  # how far its end gets from where it was, seen from the body
    num_cycles: float  # how often it comes back; 0 where it does not
    raised: bool  # its end is above the shoulder, or what it hangs on, for most of the time that it moves
    sweep: Sweep = Sweep.NONE
    strikes: bool = False  # its end shoots away from the body: a punch, a kick, a bite
    period_s: float | None = None  # of its own motion, whatever the rest of the body does; None: it repeats nothing


@dataclass(frozen=True, slots=True)
class MotionFacts:
    """All that is asked of a clip's joints. None: cannot be said of such a rig."""

    subject_kind: SubjectKind
    front_known: bool  # without it there is no forward, left or facing
    duration_s: float
    travel: Heading
    travel_heights: float  # from the first frame to the last, along the ground
    path_heights: float  # along the way
    travel_bearing_deg: float | None  # of the last place seen from the first: 0 forward, 90 left, -90 right
    speed_heights_per_s: float
    turn_deg: float | None  # of the body's front over the clip, whole turns counted
    facing_start_deg: float | None
    facing_end_deg: float | None
    rise_heights: float  # the body's highest place above that of the first frame
    sink_heights: float  # its lowest below it
    end_rise_heights: float  # its last place above the first, negative below
    num_jumps: int  # times at which nothing touched the ground; of what has legs
    flip_deg: float | None  # turn of an upright body about its side axis: 360 a somersault, positive forward
    end_lean_deg: float | None  # of the trunk from upright in the last frame: 90 lies
    period_s: float | None  # of the pose, as long as most of it repeats; None where it does not
    num_cycles: float  # 1 where it comes back once, though nothing repeats then
    moving_share: float  # of the joints, those that move by more than noise
    idle: bool  # hardly anything moves: it stands, breathes, waits
    parts: tuple[PartFacts, ...]
    gait: Gait = Gait.NONE
    in_place: bool = False  # it walks or runs, and stays where it is
    gait_heading: Heading = Heading.NONE  # the way that the feet carry it, seen from its own front at that time
    num_steps: int = 0  # of all feet together, the ones on the ground at the start not counted
    posture_start: Posture = Posture.UNKNOWN
    posture_end: Posture = Posture.UNKNOWN
    max_lean_deg: float | None = None  # of the trunk from upright, at its most
    roll_deg: float | None = None  # turn about its front axis: 360 a cartwheel, positive to its right
    loops: bool = False  # the last pose goes on with the first
