"""The rule: which clips of those that are held out become the benchmark. docs/benchmark-split.md argues for it.

1. Places: the four groups get equal shares, the first groups what is left over. A group that has fewer clips than its
   share gives the rest to the others in turn; clips of no group fill what all four together leave.
2. In a group, one clip after the other: of the bodies, then the motions, that have been taken least often so far;
   of these the clip that adds most: the one whose category, source, number of joints, size and kind of motion have
   together been taken least often in this group. A seeded digest of its id decides between equals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.bench.clips import Group
from eval.bench.groups import STRATA, MotionKind
from rigmill.storage.files import digest

RULE = 1  # raised whenever the same clips would be chosen otherwise
JOINT_STEPS = (8, 16, 32, 64)  # joints: a new bin begins at each
_THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A held-out clip, by all that the rule looks at."""

    clip_id: str
    asset_id: str
    body: str  # what assets of one geometry have in common
    motion_id: str
    group: Group
    category: str
    source: str
    num_joints: int
    motion_size: float  # how far the part that moves most gets, as the preview saw it
    motion: MotionKind


def places_of(available: Mapping[Group, int], num_clips: int) -> dict[Group, int]:
    """How many clips each group gets."""
    places = {group: 0 for group in Group}
    left = num_clips
    while left and any(places[group] < available.get(group, 0) for group in STRATA):
        for group in STRATA:
            if left and places[group] < available.get(group, 0):
                places[group] += 1
                left -= 1
    places[Group.OTHER] = min(left, available.get(Group.OTHER, 0))
    return places


def choose(candidates: Iterable[Candidate], num_clips: int, *, seed: int) -> list[Candidate]:
    """The benchmark's clips, group by group, each in the order in which the rule takes them."""
    of_group: dict[Group, list[Candidate]] = {group: [] for group in Group}
    for candidate in candidates:
        of_group[candidate.group].append(candidate)
    places = places_of({group: len(own) for group, own in of_group.items()}, num_clips)
    return [one for group in Group for one in _spread(of_group[group], places[group], seed=seed)]


def facets(candidate: Candidate, thirds: Sequence[float]) -> tuple[tuple[str, str], ...]:
    """What a clip covers: (facet, value)."""
    size = int(np.searchsorted(thirds, candidate.motion_size, side="right"))
    return (
        ("category", candidate.category),
        ("source", candidate.source),
        ("joints", str(int(np.searchsorted(JOINT_STEPS, candidate.num_joints, side="right")))),
        ("motion size", ("small", "middle", "large")[size]),
        ("motion kind", candidate.motion),
    )


def thirds_of(candidates: Iterable[Candidate]) -> tuple[float, ...]:
    """Where the sizes of motion of a group's clips are split into small, middle and large."""
    sizes = [candidate.motion_size for candidate in candidates]
    return tuple(float(value) for value in np.quantile(sizes, _THIRDS)) if sizes else (0.0, 0.0)


def _spread(own: Sequence[Candidate], num_clips: int, *, seed: int) -> list[Candidate]:
    """So many of one group's clips, spread over assets, motions and facets."""
    thirds = thirds_of(own)
    covers = {one.clip_id: facets(one, thirds) for one in own}
    left = sorted(own, key=lambda one: (digest(seed, "bench", one.clip_id), one.clip_id))
    bodies, motions, covered = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    chosen: list[Candidate] = []
    while len(chosen) < num_clips:
        best = min(
            left,
            key=lambda one: (
                bodies[one.body],
                motions[one.motion_id],
                sum(covered[value] for value in covers[one.clip_id]),
            ),
        )
        left.remove(best)
        chosen.append(best)
        bodies[best.body] += 1
        motions[best.motion_id] += 1
        covered.update(covers[best.clip_id])
    return chosen
