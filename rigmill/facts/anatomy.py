"""What a rig is made of: its trunk, its limbs and their names, its front. Once per rig; clips share it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from rigmill.facts.facts import SubjectKind
from rigmill.facts.limbs import Anatomy, Foot, Limb, chain_below, chain_length, subtree
from rigmill.facts.names import part_of, side_of
from rigmill.facts.shape import shaped
from rigmill.humanoid.body import facing_turn
from rigmill.humanoid.checks import check_lengths, check_rig
from rigmill.humanoid.maps import Skeletons
from rigmill.humanoid.names import REQUIRED
from rigmill.outcomes import Refusal
from rigmill.rigs.skeleton import children
from rigmill.types import Floats, Rig

_SIDES = ("left", "right")
_EXTRA = frozenset({"tail", "wing", "ear", "antenna", "trunk", "fin", "tentacle"})  # beyond what people have


@lru_cache(maxsize=1)
def _skeletons() -> Skeletons:
    return Skeletons()


class Anatomies:
    """Anatomies of rigs, those of the last ones remembered."""

    def __init__(self) -> None:
        self._remembered = lru_cache(maxsize=2**9)(_anatomy)

    def find(self, rig: Rig, humanoid: Mapping[str, str]) -> Anatomy:
        """The rig's anatomy; `humanoid` is its declared map, canonical VRM 1.0 bone -> joint name, or empty."""
        places = np.ascontiguousarray(rig.rest_joints, dtype=np.float64)
        above = np.ascontiguousarray(rig.parents, dtype=np.int32)
        return self._remembered(rig.names, above.tobytes(), places.tobytes(), tuple(sorted(humanoid.items())))


def _anatomy(
    names: tuple[str, ...], parents: bytes, rest_joints: bytes, humanoid: tuple[tuple[str, str], ...]
) -> Anatomy:
    places = np.frombuffer(rest_joints, dtype=np.float64).reshape(-1, 3)
    rig = Rig(names, np.frombuffer(parents, dtype=np.int32), np.nan_to_num(places, posinf=0.0, neginf=0.0))
    known = _skeletons().find(names, dict(humanoid))
    if known is not None and known.joints.keys() >= set(REQUIRED):
        try:
            check_rig(rig)
            check_lengths(rig, known.joints)
            return _person(rig, known.joints, facing_turn(rig, known.joints))
        except Refusal:
            pass  # names that cannot be right: the shape decides
    return shaped(rig)


def _person(rig: Rig, joints: Mapping[str, int], facing: Floats) -> Anatomy:
    rest, below = rig.rest_joints, children(rig.parents)
    chest = next(joints[name] for name in ("upperChest", "chest", "spine", "hips") if name in joints)
    high = next((joints[name] for name in ("neck", "head") if name in joints), chest)
    limbs, feet, lengths = [], [], []
    for side in _SIDES:
        for kind, holder in (("arm", chest), ("leg", joints["hips"])):
            parts = _CHAINS[kind]
            chain = tuple(joints[side + part] for part in parts if side + part in joints)
            limbs.append(Limb(f"{side} {kind}", kind, side, chain, holder))
        leg = [joints[side + part] for part in _CHAINS["leg"] if side + part in joints]
        lengths.append(chain_length(leg, rest))
        ends = tuple(joints[side + part] for part in ("Foot", "Toes") if side + part in joints)
        # A rig that ends at the knee has a shin as long as its thigh.
        feet.append(Foot(ends) if ends else Foot((leg[-1],), (0.0, 0.0, -lengths[-1])))
        lengths[-1] *= 1.0 if ends else 2.0
    head = tuple(joints[name] for name in ("neck", "head") if name in joints)
    if head:
        limbs.append(Limb("head", "head", "", head, chest))
    mapped = set(joints.values())
    if "jaw" in joints:
        limbs.append(Limb("jaw", "jaw", "", (joints["jaw"],), int(rig.parents[joints["jaw"]])))
    limbs += _extras(rig, below, mapped)
    spine = chain_length([joints[name] for name in _TRUNK if name in joints], rest)
    return Anatomy(
        kind=SubjectKind.HUMANOID,
        front=facing.T @ np.array([0.0, -1.0, 0.0]),
        left=facing.T @ np.array([1.0, 0.0, 0.0]),
        height=float(np.mean(lengths)) + spine,
        trunk=tuple(dict.fromkeys((joints["hips"], chest))),
        centre=(joints["hips"],),
        lean=(joints["hips"], high) if high != joints["hips"] else None,
        limbs=tuple(limbs),
        feet=tuple(feet),
        leg_length=float(np.mean(lengths)),
    )


_TRUNK = ("hips", "spine", "chest", "upperChest", "neck", "head")
_CHAINS = {"arm": ("UpperArm", "LowerArm", "Hand"), "leg": ("UpperLeg", "LowerLeg", "Foot")}


def _extras(rig: Rig, below: tuple[tuple[int, ...], ...], mapped: set[int]) -> list[Limb]:
    """Tails, wings and ears of figures."""
    found: list[Limb] = []
    covered: set[int] = set()
    for joint, parent in enumerate(rig.parents):
        word = part_of(rig.names[joint])
        if joint in mapped or joint in covered or parent < 0 or word not in _EXTRA:
            continue
        side = side_of(rig.names[joint])
        covered |= set(subtree(joint, below))
        found.append(
            Limb(
                " ".join(filter(None, (side, word))),
                word,
                side,
                chain_below(joint, below, rig.rest_joints),
                int(parent),
            )
        )
    return found
