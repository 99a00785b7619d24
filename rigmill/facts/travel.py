"""Where a body goes, how it turns, how high and low it gets, and how it is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.facts.facts import Heading, Posture, SubjectKind
from rigmill.facts.take import Take
from rigmill.rigs import turns as clip
from rigmill.types import Floats

TRAVELS = 0.25  # heights: less is a lunge, a fall or a shift of weight
_STRIDE = 0.04  # heights: the path is measured in steps of this length, so that noise adds nothing to it
_ROUND_DEG = 300.0  # of the path's own turning: it comes round
_WIDE = 0.5  # heights from one side of a circle to the other: a body that sways or spins goes round less
_BACK = 0.4  # of the farthest way out: who ends nearer to the start has come back
_LYING_DEG = 60.0
_STANDING, _BENT = 0.8, 0.06  # of the hips' height over the feet at rest; heights: lower by both, knees are bent
_STRIDING = 0.65  # the same of who walks and runs
_FLAT = 0.5  # the same of four-legged bodies: below, the belly is on the ground
_UPRIGHT, _HAUNCHES = 0.8, 0.65  # of a four-legged body's shoulders and hips over the ground at rest: it sits
_AHEAD = 0.25  # of a leg: feet that far before the hips do not carry them
_ON_GROUND = 0.3  # of a leg: hips no higher than that over the feet are on the ground
EIGHT = (
    Heading.FORWARD,
    Heading.FORWARD_LEFT,
    Heading.LEFT,
    Heading.BACKWARD_LEFT,
    Heading.BACKWARD,
    Heading.BACKWARD_RIGHT,
    Heading.RIGHT,
    Heading.FORWARD_RIGHT,
)


@dataclass(frozen=True, slots=True)
class Travel:
    """As MotionFacts has it."""

    heading: Heading
    net: float
    path: float
    bearing_deg: float | None


def heading_of(bearing_deg: float) -> Heading:
    """The nearest of the eight directions."""
    return EIGHT[round(bearing_deg / 45.0) % 8]


def travel(take: Take) -> Travel:
    """How the body goes along the ground."""
    places = _kept(take.anchor)
    way = take.anchor[-1] - take.anchor[0]
    net = float(np.linalg.norm(way))
    path = float(np.linalg.norm(np.diff(places, axis=0), axis=-1).sum())
    out = float(np.linalg.norm(take.anchor - take.anchor[0], axis=-1).max())
    bearing = None
    if take.anatomy.front is not None and net > _STRIDE:
        bearing = float(
            np.degrees(np.arctan2(way @ _turned(take, take.anatomy.left), way @ _turned(take, take.anatomy.front)))
        )
    if abs(_turning_deg(places)) >= _ROUND_DEG and out >= _WIDE:
        heading = Heading.CIRCLE
    elif out >= TRAVELS * take.long and net < _BACK * out:
        heading = Heading.TO_AND_FRO
    elif _carried(take, way) < TRAVELS * take.long:
        heading = Heading.NONE
    else:
        heading = Heading.SOMEWHERE if bearing is None else heading_of(bearing)
    return Travel(heading, net, path, bearing)


def _turned(take: Take, level: Floats | None) -> Floats:
    """A level direction at rest as it is in the first frame, (2,)."""
    assert level is not None
    return np.asarray(level_turns(take.yaw[:1])[0] @ level[:2])


def level_turns(angles: Floats) -> Floats:
    """(T, 2, 2) turns seen from above."""
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([cosine, -sine], axis=-1), np.stack([sine, cosine], axis=-1)], axis=-2)


def _carried(take: Take, way: Floats) -> float:
    """How far the body got with its feet: who falls over has not travelled."""
    net = float(np.linalg.norm(way))
    if not take.anatomy.feet or net <= 0:
        return net
    places = take.feet[0][:, :, :2].mean(axis=1)
    moved = places[-1] - places[0]
    return min(net, max(0.0, float(moved @ way) / net))


def _kept(places: Floats) -> Floats:
    """The places (N, 2) at which the body is a stride from the last of them; the first and the last place are two."""
    kept = [places[0]]
    for place in places[1:]:
        way = place - kept[-1]
        if way @ way >= _STRIDE**2:
            kept.append(place)
    if len(kept) > 1:
        kept[-1] = places[-1] if np.linalg.norm(places[-1] - kept[-1]) < _STRIDE else kept[-1]
    return np.array(kept)


def _turning_deg(places: Floats) -> float:
    """How far the direction of a path turns along it, left positive."""
    ways = np.diff(places, axis=0)
    if len(ways) < 2:
        return 0.0
    angles = np.unwrap(np.arctan2(ways[:, 1], ways[:, 0]))
    return float(np.degrees(angles[-1] - angles[0]))


def turned_deg(take: Take) -> float:
    """How far the body turns about the vertical, whole turns counted: their number from its speed, the rest exact."""
    summed = float(np.degrees(take.spin[2].sum()))
    exact = float(np.degrees(take.yaw[-1] - take.yaw[0]))
    return exact + 360.0 * round((summed - exact) / 360.0)


def tumbled_deg(take: Take) -> tuple[float, float]:
    """(forward about the side axis, to the right about the front axis)."""
    assert take.anatomy.front is not None and take.anatomy.left is not None
    found = []
    for axis in (take.anatomy.left, take.anatomy.front):
        way = clip.rotate(take.body[:, :-1], np.broadcast_to(axis[:, None], (3, take.num_frames - 1)))
        found.append(float(np.degrees((take.spin * way).sum())))
    return found[0], found[1]


def facing_deg(take: Take, frame: int, front_deg: float) -> float | None:
    """The azimuth that the body faces, counted from `front_deg`; there 0 is -Y, 90 is +X."""
    front = take.anatomy.front
    if front is None:
        return None
    azimuth = np.degrees(np.arctan2(front[0], -front[1]) + take.yaw[frame]) - front_deg
    return float((azimuth + 180.0) % 360.0 - 180.0)


def leans_deg(take: Take) -> Floats | None:
    """Of the trunk from upright, (T,); None where nothing is said of such a rig."""
    if take.anatomy.lean is not None:
        low, high = take.anatomy.lean
        trunk = take.joints[:, high] - take.joints[:, low]
        level = np.linalg.norm(trunk[:, :2], axis=-1)
        return np.asarray(np.degrees(np.arctan2(level, trunk[:, 2])))
    if take.anatomy.kind is SubjectKind.ARTICULATED or not take.anatomy.feet:
        return None
    w, x, y, z = take.body
    return np.asarray(np.degrees(np.arccos(np.clip(1 - 2 * (x * x + y * y), -1.0, 1.0))))


def _on_haunches(take: Take, frame: int) -> bool:
    """Whether a four-legged body's hips are low while its shoulders are as high as when it stands."""
    shares = []
    for end in ("front", "hind"):
        tops = [limb.top for limb in take.anatomy.legs if end in limb.part]
        if not tops:
            return False
        at_rest = float(take.rest[tops, 2].mean() - take.rest[:, 2].min())
        shares.append(float(take.joints[frame, tops, 2].mean() - take.joints[frame, :, 2].min()) / max(at_rest, 1e-9))
    return shares[0] > _UPRIGHT and shares[1] < _HAUNCHES


def posture(take: Take, frame: int, lean_deg: float | None, *, walks: bool) -> Posture:
    """What the body is in, of what has feet. Who `walks` bends the knees in every step, and does not sit."""
    anatomy = take.anatomy
    if not anatomy.feet or lean_deg is None or anatomy.kind not in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED):
        return Posture.UNKNOWN
    if lean_deg > _LYING_DEG:
        return Posture.LIES
    feet = [joint for foot in anatomy.feet for joint in foot.joints]
    down = take.joints[frame, feet]
    over = float(take.centre[frame, 2] - down[:, 2].min())
    at_rest = float(take.rest[list(anatomy.centre), 2].mean() - take.rest[feet, 2].min())
    leg = anatomy.leg_length / max(anatomy.height, 1e-12)
    if anatomy.kind is SubjectKind.QUADRUPED:
        if _on_haunches(take, frame):
            return Posture.SITS
        return Posture.STANDS if over > _FLAT * at_rest else Posture.LIES
    if over > (_STRIDING if walks else _STANDING) * at_rest or over > at_rest - _BENT:
        return Posture.STANDS
    ahead = 0.0
    if anatomy.front is not None:
        facing = level_turns(take.yaw[frame : frame + 1])[0] @ anatomy.front[:2]
        ahead = float((down[:, :2].mean(axis=0) - take.centre[frame, :2]) @ facing)
        ahead -= float((take.rest[feet].mean(axis=0) - take.rest[list(anatomy.centre)].mean(axis=0)) @ anatomy.front)
    if walks:
        return Posture.CROUCHES
    return Posture.SITS if ahead > _AHEAD * leg or over < _ON_GROUND * leg else Posture.CROUCHES
