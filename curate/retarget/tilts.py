"""What of a standing body's rest is a pose all the same: a trunk that leans to the side, a tilted neck or head.

A turn out of the mirror plane is nobody's character: roll and yaw beyond OFF_PLANE_DEG are a pose. Within the plane
characters differ (hunched figures, heads of animals), so that of what leans forward or back only this is a pose: a
head whose top is pitched by more than PITCHED_DEG on a neck that is upright. All turns here go from neutral to how the
part is at rest, about the axes of a body that faces -Y; the identity where nothing is off or nothing says so.

What says how a part is turned: of a mesh that is bound in another pose than the file rests in, that pose, for neck and
head (by 5 to 60 degrees). Else:

- Trunk: the way from the thighs to the upper arms, and the line of the arms, for its roll; that line against the
  thighs' for its yaw. How far it leans forward stays.
- Neck: the way to the head for its roll.
- Head: the line between eyes, or between joints of the face that are called the same but for their side, for roll and
  yaw; else the joint at its end ("HeadTop_End", "HeadNub") for its roll. That joint alone tells its pitch. A head of
  which nothing says how it is turned goes with its neck. (A character's joints are those that carry its mesh, so that
  eyes are there more often than ends.)

Limits, from the rigs of the corpus that stand: trunks are at most 1.9 degrees off the plane and arms 0.4 against
thighs, necks 3.2 off and pitched by 0 to 13, ends of heads within 6 degrees of half the neck's pitch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rigmill.facts.names import side_of, tokens
from rigmill.humanoid.body import Body
from rigmill.humanoid.checks import from_part_to_part, is_below
from rigmill.humanoid.names import as_written
from rigmill.rigs.quaternions import between, conjugate, multiply, to_matrix
from rigmill.rigs.turns import IDENTITY, rotate
from rigmill.types import Floats

OFF_PLANE_DEG, MOST_OFF_DEG = 5.0, 60.0  # what is further off is another thing than it is called
PITCHED_DEG, MOST_PITCHED_DEG = 18.0, 45.0  # beyond: an end that lies ahead, as of a snout
_UPRIGHT_DEG = 20.0  # necks that are pitched further are a hunched character's
_FACE = {"eye", "eyes", "eyebrow", "brow", "ear", "eyelid", "lid", "cheek", "mouth", "lip"}
_END = re.compile(r"(?i)head.*(?:end|top|nub|tip)")
_DISAGREE_DEG = 10.0  # between two that say how a head is turned: then nothing says it
_APART = 0.004  # of the hips' height: joints nearer to each other have no line
_RAISED_DEG = 15.0  # between shoulders and trunk, beyond which it is the shoulders that are held so
_CHESTS = ("upperChest", "chest", "spine", "hips")  # what necks hang from, the nearest first
_LEFT, _BACK, _UP = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class Lean:
    """How hips and chest are turned at rest."""

    hips: Floats  # (4,)
    chest: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tilt:
    """How neck and head are turned at rest against a chest that is upright."""

    neck: Floats  # (4,)
    head: Floats


UPRIGHT = Lean(IDENTITY, IDENTITY)


def lean(body: Body) -> Lean:
    """Of a body that stands: how its trunk is turned out of the mirror plane."""
    trunk = sum((_way(body, f"{side}UpperLeg", f"{side}UpperArm") for side in ("left", "right")), np.zeros(3))
    arms = _across(body, "UpperArm")
    yaw, hips_yaw = _yaw(arms), _yaw(_across(body, "UpperLeg"))
    # A body that stands a little askew as a whole does not lean.
    roll = _off_plane(rotate(_about(_UP, -(yaw + hips_yaw) / 2), trunk))
    if not OFF_PLANE_DEG < max(abs(roll), abs(yaw - hips_yaw)) <= MOST_OFF_DEG:
        return UPRIGHT
    # The trunk starts below the joint that bends: the arms say how much the chest is turned, unless one is raised.
    arms_roll = float(np.degrees(np.arctan2(-arms[2], arms[0])))
    if abs(arms_roll - roll) <= _RAISED_DEG:
        roll = arms_roll
    return Lean(_about(_UP, hips_yaw), multiply(_about(_BACK, roll), _about(_UP, yaw)))


def chest_frame(body: Body) -> Floats:
    """Of a body that is upright: the turn of the world (3, 3) after which its chest faces -Y."""
    return np.asarray(to_matrix(_about(_UP, -_yaw(_across(body, "UpperArm")))) @ body.facing)


def tilt(body: Body, frame: Floats, *, stands: bool) -> Tilt:
    """Of neck and head in the chest's `frame` (3, 3), which turns the world.

    In a body that does not stand the neck is bent as the pose wants it: only what the head itself shows counts.
    """
    if "head" not in body.joints:
        return Tilt(IDENTITY, IDENTITY)
    if any(part in body.posed for part in ("neck", "head", *_CHESTS)):
        return _bound(body, frame)
    neck, pitch = IDENTITY, None
    if "neck" in body.joints:
        way = frame @ from_part_to_part(body.rig, body.joints, "neck", "head")
        if np.linalg.norm(way) >= _APART * body.hip_height:
            off = abs(_off_plane(way))
            neck = between(_in_plane(way), way) if stands and OFF_PLANE_DEG < off <= MOST_OFF_DEG else IDENTITY
            pitch = _pitch(way) if stands else None
    end, across = _end(body, frame), _face(body, frame)
    if across is not None:
        head = _off(between(_LEFT, across))
        if end is not None and abs(_off_plane(rotate(conjugate(head), end))) > _DISAGREE_DEG:
            head = IDENTITY
    elif end is not None:
        head = between(_in_plane(end), end) if OFF_PLANE_DEG < abs(_off_plane(end)) <= MOST_OFF_DEG else IDENTITY
    else:
        head = neck
    if end is not None and pitch is not None and abs(pitch) <= _UPRIGHT_DEG:
        # How much further ahead the top is than tops are on such a neck.
        ahead = _pitch(rotate(conjugate(head), end)) - pitch / 2
        if PITCHED_DEG < abs(ahead) <= MOST_PITCHED_DEG:
            head = multiply(head, _about(_LEFT, ahead))
    return Tilt(neck, head)


def _bound(body: Body, frame: Floats) -> Tilt:
    """How neck and head rest against how they are bound, as seen from the chest: whatever that is, it is a pose."""
    chest = next(body.posed.get(part, IDENTITY) for part in _CHESTS if part in body.joints)
    found = []
    for part in ("neck", "head"):
        turn = multiply(body.posed.get(part, IDENTITY), conjugate(chest))
        turn = np.concatenate([turn[:1], frame @ turn[1:]])
        found.append(_off(turn) if part in body.joints else IDENTITY)
    return Tilt(*found)


def _end(body: Body, frame: Floats) -> Floats | None:
    """From the head to the joint at its end, in the frame; None where no joint is called so."""
    rig, head, names = body.rig, body.joints["head"], as_written(body.rig.names)
    for joint in np.flatnonzero(rig.parents == head):
        way = frame @ (rig.rest_joints[joint] - rig.rest_joints[head])
        if _END.search(names[joint]) and np.linalg.norm(way) >= _APART * body.hip_height:
            return np.asarray(way)
    return None


def _face(body: Body, frame: Floats) -> Floats | None:
    """From right to left by the eyes and what else the face has twice, in the frame; None where nothing says it."""
    lines = []
    for left, right in _pairs(body):
        line = frame @ (body.rig.rest_joints[left] - body.rig.rest_joints[right])
        length = float(np.linalg.norm(line))
        if length >= _APART * body.hip_height:
            lines.append(line / length)
    if not lines:
        return None
    mean = np.mean(lines, axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-12)
    return mean if min(float(line @ mean) for line in lines) >= np.cos(np.radians(_DISAGREE_DEG)) else None


def _pairs(body: Body) -> Iterator[tuple[int, int]]:
    """(left, right) joints of the face: the eyes of the map or, where it has none, what is called alike."""
    if "leftEye" in body.joints and "rightEye" in body.joints:
        yield body.joints["leftEye"], body.joints["rightEye"]
        return
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    head, names = body.joints["head"], as_written(body.rig.names)
    for joint in range(head + 1, body.rig.num_joints):
        words, side = tokens(names[joint]), side_of(names[joint])
        if side and _FACE & set(words) and is_below(body.rig, joint, head):
            found.setdefault((side, tuple(word for word in words if not side_of(word))), joint)
    for (side, words), joint in found.items():
        if side == "left" and ("right", words) in found:
            yield joint, found["right", words]


def _off(turn: Floats) -> Floats:
    """The turn where it is one of a pose, else the identity."""
    angle = float(np.degrees(2 * np.arccos(min(1.0, abs(float(turn[0]))))))
    return turn if OFF_PLANE_DEG < angle <= MOST_OFF_DEG else IDENTITY


def _way(body: Body, start: str, end: str) -> Floats:
    return np.asarray(body.facing @ from_part_to_part(body.rig, body.joints, start, end))


def _across(body: Body, part: str) -> Floats:
    return _way(body, f"right{part}", f"left{part}")


def _yaw(line: Floats) -> float:
    """Degrees about up from the left to a line that goes there; 0 of none."""
    return float(np.degrees(np.arctan2(line[1], np.hypot(line[0], line[2]))))


def _off_plane(way: Floats) -> float:
    """Degrees to the left of the mirror plane."""
    return float(np.degrees(np.arctan2(way[0], np.hypot(way[1], way[2]))))


def _in_plane(way: Floats) -> Floats:
    return np.array([0.0, way[1], way[2]])


def _pitch(way: Floats) -> float:
    """Degrees from up to ahead."""
    return float(np.degrees(np.arctan2(-way[1], way[2])))


def _about(axis: Floats, angle_deg: float) -> Floats:
    half = np.radians(angle_deg) / 2
    return np.array([np.cos(half), *(np.sin(half) * axis)])
