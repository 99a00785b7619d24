"""A rig that nobody's names make a person: what its limbs are, by shape and plain names."""

from __future__ import annotations

import numpy as np

from rigmill.facts.facts import SubjectKind
from rigmill.facts.found import Side
from rigmill.facts.fronts import ON_HEADS, central_chains, front_sign, holders
from rigmill.facts.kinds_by_shape import Seen, kind_of, look
from rigmill.facts.limbs import Anatomy, Foot, Limb, chain_below, chain_length, subtree
from rigmill.facts.names import LEFT, RIGHT, THING, end_of, is_lid, part_of, side_of
from rigmill.types import Floats, Rig

_UP = np.array([0.0, 0.0, 1.0])
_ON_GROUND = 0.1  # of the height above the last joint: what is no higher is foot
_FOOTED = 3  # joints: hip, knee, ankle; what follows is foot
_SHORT_LEG = 0.4  # of the height, where a leg is one joint that turns
_BEYOND = 0.06  # of the size, past the outermost limbs: there a head or a tail begins


def shaped(rig: Rig) -> Anatomy:
    """The anatomy by shape and plain names."""
    seen = look(rig)
    kind = kind_of(seen)
    front = left = None
    if seen.mirror is not None and kind is not SubjectKind.ARTICULATED:
        sign = front_sign(seen, kind)
        if sign:
            left = np.asarray(sign * seen.mirror.across)
            front = np.cross(left, _UP)
    return _assembled(seen, kind, front, left)


def _assembled(seen: Seen, kind: SubjectKind, front: Floats | None, left: Floats | None) -> Anatomy:
    rig, rest = seen.rig, seen.rig.rest_joints
    limbs, feet = _side_limbs(seen, kind, front)
    if kind is SubjectKind.ARTICULATED:
        limbs = []
    taken = {below for limb in limbs for joint in limb.chain for below in subtree(joint, seen.below)}
    central, trunk_below = _central_limbs(seen, kind, front, taken)
    limbs += central
    carried = [limb.holder for limb in limbs if limb.kind in _CARRIED and limb.holder >= 0]
    trunk = tuple(dict.fromkeys(carried)) or tuple(sorted(trunk_below)) or (_main_root(seen),)
    if kind is SubjectKind.ARTICULATED:
        trunk = (_main_root(seen),)
    standing = [limb for limb in limbs if limb.kind == "leg"]
    height = float(np.ptp(rest[:, 2])) if kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED) else seen.size
    lean = None
    upright = kind is SubjectKind.HUMANOID
    if kind is SubjectKind.HUMANOID and seen.upper is not None and standing:
        low, high = _holder_of(rig, standing[0].top), _holder_of(rig, seen.upper[0].top)
        lean = (low, high) if low >= 0 and high >= 0 and rest[high, 2] - rest[low, 2] > _BEYOND * seen.size else None
    tops = {side.top for side in _standing(seen)}
    lengths = [chain_length(_to_ankle(limb.chain), rest) for limb in standing if limb.top in tops]
    return Anatomy(
        kind=kind,
        front=front,
        left=left,
        height=height,
        trunk=trunk,
        centre=tuple({limb.holder for limb in standing if limb.holder >= 0}) or trunk if upright else trunk,
        lean=lean,
        limbs=tuple(limbs),
        feet=tuple(feet),
        leg_length=float(np.mean(lengths)) if lengths else 0.0,
        called=_called(rig) if kind is SubjectKind.ARTICULATED else (),
    )


def _called(rig: Rig) -> tuple[tuple[str, str], ...]:
    """What each joint of a thing is; a joint that says nothing is what the nearest joints below it are."""
    said = [part_of(name) if part_of(name) in THING else "" for name in rig.names]
    for joint, parent in enumerate(rig.parents):
        if parent >= 0 and not said[joint] and is_lid(rig.names[joint], rig.names[parent]):
            said[joint] = "lid"
    for joint in range(rig.num_joints - 1, 0, -1):
        parent = int(rig.parents[joint])
        alone = int(np.sum(rig.parents == parent)) == 1 and rig.parents[parent] >= 0 and said[joint] != "lid"
        if parent >= 0 and not said[parent] and said[joint] and alone:
            said[parent] = said[joint]
    return tuple((word or "part", side_of(name)) for word, name in zip(said, rig.names))


_CARRIED = frozenset({"arm", "leg", "wing"})  # what hangs from a trunk; a head hangs from a neck


def _to_ankle(chain: tuple[int, ...]) -> tuple[int, ...]:
    """A leg without its foot."""
    return chain[:-1] if len(chain) > _FOOTED else chain


def _standing(seen: Seen) -> list[Side]:
    return [side for pair in seen.legs for side in pair if side.reaches]


def _holder_of(rig: Rig, joint: int) -> int:
    return int(rig.parents[joint])


def _main_root(seen: Seen) -> int:
    """The root that carries most."""
    roots = [int(joint) for joint in np.flatnonzero(seen.rig.parents < 0)]
    return max(roots, key=lambda joint: len(subtree(joint, seen.below)))


def _side_limbs(seen: Seen, kind: SubjectKind, front: Floats | None) -> tuple[list[Limb], list[Foot]]:
    """Arms, legs, wings and what else is beside the plane; of legs that can stand, the joints of the foot."""
    rig, rest = seen.rig, seen.rig.rest_joints
    flip = 1.0 if seen.mirror is None or front is None else float(np.sign(np.cross(seen.mirror.across, _UP) @ front))
    legs = {side.top for pair in seen.legs for side in pair}
    upper = {side.top for side in seen.upper} if seen.upper is not None else set()
    ends = _leg_ends(seen, kind, front)
    limbs, feet = [], []
    for side in seen.sides:
        named = side.named
        if side.top in legs:
            word = "leg"
        elif side.top in upper and named in ("", "arm"):
            word = {SubjectKind.HUMANOID: "arm", SubjectKind.WINGED: "wing"}.get(kind, named or "part")
            word = "arm" if kind is SubjectKind.WINGED and named == "arm" else word
        else:
            word = named or "part"
        hand = (
            ""
            if front is None and not (seen.mirror and seen.mirror.signed)
            else (LEFT if side.sign * flip > 0 else RIGHT)
        )
        end = ends.get(side.top, "") if word == "leg" else ""
        if word == "leg" and kind is SubjectKind.OTHER and len(_standing(seen)) == 2:
            word, end = ("leg" if side.reaches or end != "front" else "arm"), ""  # of what walks on two legs
        part = " ".join(filter(None, (hand, end, word))) if word != "part" else "part"
        limbs.append(Limb(part, word, hand, side.chain, _holder_of(rig, side.top)))
        if word == "leg" and side.reaches:
            feet.append(_foot(side, rest))
    return limbs, feet


def _foot(side: Side, rest: Floats) -> Foot:
    """The last joints of a leg that are on the ground; of a leg that is one joint, a sole below it."""
    height = float(np.ptp(rest[:, 2]))
    if len(side.chain) == 1:
        return Foot(side.chain, (0.0, 0.0, -_SHORT_LEG * height))
    low = rest[side.chain[-1], 2] + _ON_GROUND * height
    return Foot(tuple(joint for joint in side.chain[-2:] if rest[joint, 2] <= low))


def _leg_ends(seen: Seen, kind: SubjectKind, front: Floats | None) -> dict[int, str]:
    """Limb top -> 'front' or 'hind' of four-legged bodies, by place; of others with several pairs, by name."""
    if kind is SubjectKind.QUADRUPED and front is not None:
        standing = [pair for pair in seen.legs if pair[0].reaches]
        first, second = sorted(
            standing, key=lambda pair: -sum(float(seen.rig.rest_joints[s.top] @ front) for s in pair)
        )
        return {side.top: "front" for side in first} | {side.top: "hind" for side in second}
    if len(seen.legs) > 1:
        return {side.top: end_of(seen.rig.names[side.top]) for pair in seen.legs for side in pair}
    return {}


def _central_limbs(seen: Seen, kind: SubjectKind, front: Floats | None, taken: set[int]) -> tuple[list[Limb], set[int]]:
    """Heads, tails and other chains in the plane, or of rigs without one; and what is trunk between them."""
    rig, rest = seen.rig, seen.rig.rest_joints
    limbs: list[Limb] = []
    trunk: set[int] = set()
    held = holders(rig, seen.sides)
    tops = [rest[side.top] @ front for side in seen.sides] if front is not None and seen.sides else []
    for chain in central_chains(seen):
        body = [joint for joint in chain if joint not in held]
        if not body or body[0] in taken:
            continue
        words = [part_of(rig.names[joint]) for joint in body]
        word = next((each for each in words if each in _CENTRAL_WORDS), "")
        if word:
            start = words.index(word)
            trunk |= set(body[:start][-1:])
            stop = next((n for n, each in enumerate(words) if n > start and each in (*ON_HEADS, "trunk")), len(words))
            body = body[start:stop]
        elif tops and front is not None and kind in _HEADED:
            ahead = float(rest[body[-1]] @ front)
            if ahead > max(tops) + _BEYOND * seen.size:
                word = "head"
            elif ahead < min(tops) - _BEYOND * seen.size:
                word = "tail"
        elif kind is SubjectKind.HUMANOID and rest[body[-1], 2] >= max(rest[side.top, 2] for side in seen.sides):
            word = "head"
        if not word:
            word = next((each for each in words if each), "") or "part"
        limbs.append(Limb(word, word, side_of(rig.names[body[0]]), tuple(body), _holder_of(rig, body[0])))
        if word == "head":
            limbs += _on_head(seen, body[0], taken | set(body))
    return limbs, trunk


def _on_head(seen: Seen, neck: int, taken: set[int]) -> list[Limb]:
    """Jaws and trunks that hang from a head, in the plane."""
    limbs, rig = [], seen.rig
    for joint in subtree(neck, seen.below):
        word = part_of(rig.names[joint])
        if word in _ON_FACES and joint not in taken and part_of(rig.names[int(rig.parents[joint])]) != word:
            chain = chain_below(joint, seen.below, rig.rest_joints)
            limbs.append(Limb(word, word, side_of(rig.names[joint]), chain, _holder_of(rig, joint)))
    return limbs


_ON_FACES = ("jaw", "trunk")
_CENTRAL_WORDS = frozenset({"head", "tail", "abdomen", "jaw", "trunk"})
_HEADED = frozenset({SubjectKind.QUADRUPED, SubjectKind.WINGED, SubjectKind.OTHER})
