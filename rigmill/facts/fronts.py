"""Which of a body's two sides is its left, by names, else by head, tail, feet, knees and wings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rigmill.facts.facts import SubjectKind
from rigmill.facts.found import Side
from rigmill.facts.kinds_by_shape import Seen, far
from rigmill.facts.limbs import ancestors, chain_below, subtree
from rigmill.facts.mirror import CENTRAL
from rigmill.facts.names import end_of
from rigmill.types import Floats, Rig

_UP = np.array([0.0, 0.0, 1.0])
SURE = 0.5  # of the cues' weight: below, the front is not known
_BENT = 0.02  # of a leg: a knee that is farther ahead of the line from hip to foot bends forward
_BEYOND = 0.06  # of the size, past the outermost limbs: there a head or a tail begins
_WHOLE, _HALF = 1.0, 0.5  # weights of cues by shape
_NAMED = 3.0  # of cues by name
SIDED = 4.0  # names of left and right: more than a head's, less than a head's and a tail's together (a mirrored file)


def front_sign(seen: Seen, kind: SubjectKind) -> int:
    """+1 where `mirror.across` points to the body's left, -1 to its right, 0 where nothing tells."""
    score = front_score(seen, kind)
    return int(np.sign(score)) if abs(score) >= SURE else 0


def front_score(seen: Seen, kind: SubjectKind) -> float:
    """The weight of what says that `mirror.across` points to the body's left, less that of what says right."""
    assert seen.mirror is not None
    rest, rig = seen.rig.rest_joints, seen.rig
    along = rest @ np.cross(seen.mirror.across, _UP)  # ahead, if across is left
    score = SIDED if seen.mirror.signed else 0.0
    middle = float(np.mean([along[side.top] for side in seen.sides])) if seen.sides else float(along.mean())
    for words, way in ((("head", "jaw", "ear", "antenna"), 1.0), (("tail",), -1.0)):
        named = [joint for joint, part in enumerate(seen.said) if part in words]
        if named:
            ahead = float(along[named].mean()) - middle
            score += way * _NAMED * np.sign(ahead) * (abs(ahead) > CENTRAL * seen.size)
    ends = {name: [along[side.top] for side in seen.sides if end_of(rig.names[side.top]) == name] for name in _ENDS}
    if ends["front"] and ends["hind"]:
        score += _NAMED * np.sign(np.mean(ends["front"]) - np.mean(ends["hind"]))
    if kind is not SubjectKind.WINGED:  # what flies has its feet behind it
        score += sum(_leg_cues(side, rest, along) for pair in seen.legs for side in pair) / max(2 * len(seen.legs), 1)
    if kind is not SubjectKind.HUMANOID:
        score += _end_cues(seen, along)
    if seen.upper is not None and kind is SubjectKind.WINGED:
        for side in seen.upper:
            score -= _HALF * _HALF * _clear(along[side.chain[-1]] - along[side.top], side.length)
        if seen.legs:
            behind = float(np.mean([along[side.top] for pair in seen.legs for side in pair]))
            score += _WHOLE * _clear(float(np.mean([along[side.top] for side in seen.upper])) - behind, seen.size)
    return float(score)


_ENDS = ("front", "hind")
ON_HEADS = frozenset({"ear", "antenna", "jaw"})


def holders(rig: Rig, sides: Sequence[Side]) -> set[int]:
    """The joints above all limbs that are no ears: the trunk and what carries it; without limbs the roots."""
    found = {above for side in sides if side.named not in ON_HEADS for above in ancestors(side.top, rig.parents)}
    return found or {int(joint) for joint in np.flatnonzero(rig.parents < 0)}


def _clear(way: float, size: float) -> float:
    """The sign of a difference that is no accident, else 0."""
    return float(np.sign(way)) if abs(way) > CENTRAL * size else 0.0


def _leg_cues(side: Side, rest: Floats, along: Floats) -> float:
    """Feet point ahead of ankles, knees of two-legged bodies bend forward."""
    if len(side.chain) < 2:
        return 0.0
    ankle, toe = side.chain[-2], side.chain[-1]
    bone = far(rest, ankle, toe)
    ahead = float(along[toe] - along[ankle])
    score = _WHOLE * np.sign(ahead) if bone > 0 and abs(ahead) > 0.3 * bone and len(side.chain) > 2 else 0.0
    if not score and len(side.chain) == 3:
        top, knee = side.chain[0], side.chain[1]
        drop = float(rest[top, 2] - rest[toe, 2])
        share = float(rest[top, 2] - rest[knee, 2]) / drop if drop > 0 else 0.5
        out = float(along[knee] - (along[top] + share * (along[toe] - along[top])))
        score = _HALF * _clear(out, side.length * _BENT / CENTRAL)
    return float(score)


def _end_cues(seen: Seen, along: Floats) -> float:
    """Of a body's two ends the head is the higher one, and rises; a tail sinks."""
    rest = seen.rig.rest_joints
    ends = [chain for chain in central_chains(seen)]
    if not ends:
        return 0.0
    tops = [along[side.top] for side in seen.sides] or [float(along.mean())]
    ahead = [chain for chain in ends if along[chain[-1]] > max(tops) + _BEYOND * seen.size]
    behind = [chain for chain in ends if along[chain[-1]] < min(tops) - _BEYOND * seen.size]
    if ahead and behind:
        first, second = (max(rest[chain[-1], 2] for chain in found) for found in (ahead, behind))
        return _WHOLE * _clear(float(first - second), seen.size)
    if ahead or behind:
        chain = (ahead or behind)[0]
        rises = _clear(float(rest[chain[-1], 2] - rest[chain[0], 2]), seen.size)
        return _HALF * rises * (1 if ahead else -1)
    return 0.0


def central_chains(seen: Seen) -> list[tuple[int, ...]]:
    """Chains in the plane that carry no limbs, each from the joint it hangs on: necks with heads, tails."""
    parents = seen.rig.parents
    limbs = {below for side in seen.sides for joint in side.chain for below in subtree(joint, seen.below)}
    limbs |= {joint for joint in range(seen.rig.num_joints) if seen.below[joint] and limbs >= set(seen.below[joint])}
    held = holders(seen.rig, seen.sides)
    found = []
    for joint in range(seen.rig.num_joints):
        parent = int(parents[joint])
        if joint not in limbs and joint not in held and (parent < 0 or parent in held):
            chain = chain_below(joint, seen.below, seen.rig.rest_joints)
            found.append((parent, *chain) if parent >= 0 else chain)
    return found
