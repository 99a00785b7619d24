"""Which map a rig goes by: a family of the user's, its VRM block, Mixamo's names, or a shipped family.

A map is always declared, never guessed. Where several sets of names fit, the one that knows most joints counts, and
the first of equals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rigmill.humanoid.families import Family, plain, shipped_families
from rigmill.humanoid.names import BODY, as_written, has_mixamo_prefix, humanoid_joints, mapped_joints, missing_required

VRM, MIXAMO = "vrm", "mixamo"
_FEW = 2  # of the nine joints that a motion needs
_SIGNS = ("hips", "leftUpperArm", "leftLowerArm")  # who lacks more than _FEW of these is nothing like a body


@dataclass(frozen=True, slots=True)
class HumanoidMap:
    """Where a rig's map comes from, and what it says."""

    source: str  # "vrm", "mixamo", or the family's name
    joints: Mapping[str, int]  # canonical name -> joint index
    detached: tuple[str, ...] = ()  # canonical names of joints that may hang elsewhere (Family.detached)

    def declared(self, names: Sequence[str]) -> dict[str, str]:
        """Canonical name -> joint name, what `mapped_joints` needs to give `joints` again; empty for Mixamo's names."""
        if self.source == MIXAMO:
            return {}
        return {canonical: names[joint] for canonical, joint in self.joints.items()}


class Skeletons:
    """Finds maps. One look-up per joint name and rig, and skeletons that came before are remembered."""

    def __init__(self, user: Sequence[Family] = ()) -> None:
        self._user, self._shipped = _Names(user), _Names(shipped_families())
        self._remembered = lru_cache(maxsize=2**13)(self._by_names)

    def find(self, names: Sequence[str], declared: Mapping[str, str]) -> HumanoidMap | None:
        """The rig's map; None where nothing says that it is a person. `declared` is its VRM block (bone -> joint)."""
        own, known, _ = self._remembered(tuple(names))
        if own is None and declared:
            return HumanoidMap(VRM, mapped_joints(names, declared))
        return own or known

    def find_near(self, names: Sequence[str]) -> HumanoidMap | None:
        """The map of a rig that is none by `find` and lacks at most two joints of those that a motion needs.

        Animals and machines lack more: their front legs are no arms.
        """
        return self._remembered(tuple(names))[2]

    def _by_names(self, names: tuple[str, ...]) -> tuple[HumanoidMap | None, HumanoidMap | None, HumanoidMap | None]:
        """What the user's families say, what Mixamo's names and the shipped families say, and what they nearly say."""
        if not (self._user.may_match(names) or self._shipped.may_match(names) or has_mixamo_prefix(names)):
            return None, None, None  # most rigs of a collection are animals and machines: one look at each name tells
        # Who writes a family means it: half of its joints are enough, and a reject then names those that are missing.
        own = [
            found
            for family, found in self._user.matches(names)
            if "hips" in found.joints and 2 * len(found.joints) >= len(family.joints)
        ]
        mixamo = HumanoidMap(MIXAMO, humanoid_joints(names))
        if has_mixamo_prefix(names):
            return _largest(own), mixamo, None  # whole or not, the names are nobody else's
        known = [mixamo, *(found for _, found in self._shipped.matches(names))]
        whole = _largest([found for found in known if found.joints.keys() >= BODY])
        near = [found for found in known if len(missing_required(found.joints)) <= _FEW]
        return _largest(own), whole, None if whole else _largest(near)


class _Names:
    """All names of some families, for one look-up per joint."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._variants = [(family, prefix) for family in families for prefix in family.prefixes]
        self._places: dict[str, list[tuple[int, str, int]]] = {}  # name -> (variant, canonical name, rank)
        for variant, (family, prefix) in enumerate(self._variants):
            for canonical, options in family.joints.items():
                for rank, name in enumerate(options):
                    self._places.setdefault(plain(prefix + name), []).append((variant, canonical, rank))

        self._signs = {name for name, places in self._places.items() if any(part in _SIGNS for _, part, _ in places)}

    def may_match(self, names: Sequence[str]) -> bool:
        """Whether any name could be the hips of a family or its left arm; without them there is nothing like a body."""
        return not self._signs.isdisjoint(map(plain, as_written(names)))

    def matches(self, names: Sequence[str]) -> list[tuple[Family, HumanoidMap]]:
        """The families of which any name is there, with the joints so named; the first of equal joints counts."""
        found: dict[int, dict[str, tuple[int, int]]] = {}
        for joint, name in enumerate(as_written(names) if self._places else ()):
            for variant, canonical, rank in self._places.get(plain(name), ()):
                best = found.setdefault(variant, {})
                if canonical not in best or rank < best[canonical][0]:
                    best[canonical] = (rank, joint)
        matched = []
        for variant in sorted(found):
            family, _ = self._variants[variant]
            joints = {name: found[variant][name][1] for name in family.joints if name in found[variant]}
            matched.append((family, HumanoidMap(family.name, joints, family.detached)))
        return matched


def _largest(maps: Sequence[HumanoidMap]) -> HumanoidMap | None:
    return max(maps, key=lambda found: len(found.joints), default=None)
