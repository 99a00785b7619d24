"""Which joints of the source turn which joint of the target: by name, along chains of other lengths, in between.

- A part that both bodies have turns by its own partner.
- The joints from hips to neck and from neck to head (hips to head where a body has no neck) are chains, whatever they
  are called. Chains of equal length go one to one. Otherwise each target joint takes the mean of the source chain's
  world turns over the stretch that it occupies, u being the share of the chain's rest length from its first joint to
  the part at its end: W(u0, u1) = normalised sum of |[u0, u1] and [u0', u1']| D', so that the overall bend is kept.
  Where the source has no joint between the two parts, the k-th of n takes (1 - f) D_lower + f D_upper, f = k / (n + 1).
- Elsewhere joints between two parts go one to one if there are as many on both sides.
- A joint above the hips in both rigs is a root: one to one if there are as many, else the topmost alone.

What is left hangs on its parent as it does at rest: hair, props, parts that the source lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from curate.retarget.alignment import Alignment
from rigmill.humanoid.body import Body
from rigmill.rigs.quaternions import slerp
from rigmill.rigs.turns import IDENTITY
from rigmill.types import Floats, Ints, Rig


@dataclass(frozen=True, slots=True)
class Partner:
    """What turns a joint of the target: joints of the source with weights, and the constant turn before them."""

    joints: tuple[int, ...]
    weights: tuple[float, ...]
    alignment: Floats  # (4,)


def partners(source: Body, target: Body, alignment: Alignment) -> dict[int, Partner]:
    """Target joint -> what turns it."""
    found = {
        target.joints[name]: Partner((source.joints[name],), (1.0,), turn) for name, turn in alignment.turns.items()
    }
    for joint, other in root_pairs(source, target):
        found[joint] = Partner((other,), (1.0,), IDENTITY)
    found |= _between(source, target, alignment)
    for lower, upper in _anchors(source, target):
        found |= _chain(source, target, alignment, lower=lower, upper=upper)
    return found


def joints_between(parents: Ints, *, above: int, below: int) -> tuple[int, ...] | None:
    """The joints strictly between two, from above to below; None where the one does not hang from the other."""
    found: list[int] = []
    joint = int(parents[below])
    while joint >= 0 and joint != above:
        found.append(joint)
        joint = int(parents[joint])
    return tuple(reversed(found)) if joint == above else None


def roots_above(rig: Rig, hips: int) -> tuple[int, ...]:
    """The joints above the hips, from the top."""
    return joints_between(rig.parents, above=-1, below=hips) or ()


def root_pairs(source: Body, target: Body) -> list[tuple[int, int]]:
    """(target, source) joints above the hips that move as one."""
    target_joints, source_joints = roots_above(target.rig, target.hips), roots_above(source.rig, source.hips)
    if len(target_joints) != len(source_joints):
        target_joints, source_joints = target_joints[:1], source_joints[:1]
    return list(zip(target_joints, source_joints))


def _anchors(source: Body, target: Body) -> list[tuple[str, str]]:
    names = [name for name in ("hips", "neck", "head") if name in source.joints and name in target.joints]
    return list(zip(names, names[1:]))


def _between(source: Body, target: Body, alignment: Alignment) -> dict[int, Partner]:
    """Joints between a shared part and the next shared one above it, where both rigs have as many."""
    found: dict[int, Partner] = {}
    by_joint = {target.joints[name]: name for name in alignment.turns}
    for name in alignment.turns:
        joint = int(target.rig.parents[target.joints[name]])
        num_between = 0
        while joint >= 0 and joint not in by_joint:
            joint, num_between = int(target.rig.parents[joint]), num_between + 1
        if joint < 0 or not num_between:
            continue
        above = by_joint[joint]
        target_joints = joints_between(target.rig.parents, above=joint, below=target.joints[name]) or ()
        source_joints = joints_between(source.rig.parents, above=source.joints[above], below=source.joints[name])
        if source_joints is not None and len(source_joints) == len(target_joints):
            for joint, other in zip(target_joints, source_joints):
                found[joint] = Partner((other,), (1.0,), alignment.turns[above])
    return found


def _chain(source: Body, target: Body, alignment: Alignment, *, lower: str, upper: str) -> dict[int, Partner]:
    ends = [(body.joints[lower], body.joints[upper]) for body in (source, target)]
    source_joints = joints_between(source.rig.parents, above=ends[0][0], below=ends[0][1])
    target_joints = joints_between(target.rig.parents, above=ends[1][0], below=ends[1][1])
    if source_joints is None or not target_joints:
        return {}
    first = alignment.turns[lower]
    last = alignment.chest if lower == "hips" else alignment.turns[upper]
    steps = np.arange(1, len(target_joints) + 1) / (len(target_joints) + 1)
    if source_joints and len(source_joints) == len(target_joints):
        chosen: list[tuple[Sequence[int], Sequence[float]]] = [((joint,), (1.0,)) for joint in source_joints]
    elif source_joints:
        spans = [
            _stretches(rig, chain, end)
            for rig, chain, end in ((source.rig, source_joints, ends[0][1]), (target.rig, target_joints, ends[1][1]))
        ]
        chosen = [(source_joints, _overlaps(start, stop, spans[0])) for start, stop in spans[1]]
    else:
        chosen = [(ends[0], (1 - step, step)) for step in steps]
    return {
        joint: Partner(tuple(joints), tuple(weights), np.asarray(slerp(first, last, step)))
        for joint, (joints, weights), step in zip(target_joints, chosen, steps)
    }


def _stretches(rig: Rig, chain: Sequence[int], end: int) -> Floats:
    """(start, stop) of every joint of a chain as shares of its rest length, (N, 2); even where it has no length."""
    line = rig.rest_joints[[*chain, end]]
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=-1)
    if lengths.sum() <= 1e-12:
        lengths = np.ones(len(chain))
    marks = np.concatenate([[0.0], np.cumsum(lengths) / lengths.sum()])
    return np.stack([marks[:-1], marks[1:]], axis=-1)


def _overlaps(start: float, stop: float, stretches: Floats) -> tuple[float, ...]:
    """Which share of [start, stop] lies on each of the stretches; the one around its start if it has no length."""
    common = np.minimum(stop, stretches[:, 1]) - np.maximum(start, stretches[:, 0])
    common = np.maximum(common, 0.0)
    if common.sum() <= 1e-9:
        common = np.zeros(len(stretches))
        common[min(int(np.searchsorted(stretches[:, 1], start, side="right")), len(stretches) - 1)] = 1.0
    return tuple(float(share) for share in common / common.sum())


def nearest_driven(rig: Rig, driven: Collection[int]) -> Ints:
    """For every joint the nearest driven one at or above it, (J,); -1 where there is none."""
    found = np.full(rig.num_joints, -1, dtype=np.int64)
    for joint, parent in enumerate(rig.parents):
        found[joint] = joint if joint in driven else (found[parent] if parent >= 0 else -1)
    return found
