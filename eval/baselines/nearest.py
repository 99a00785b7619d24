"""The nearest neighbour: of the clips that training sees, the one whose subject and words are most like the bench's.

Between two humanoids that go by known names its motion is retargeted as the pipeline does it. Else it is copied joint
by joint, by the words of their names: turns are relative to rest and written in world axes (`Motion`), so that bone
axes do not matter, and what is displaced moves in proportion to the bodies' heights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from curate.retarget.transfer import retarget
from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.facts import SubjectKind
from rigmill.facts.names import side_of, tokens
from rigmill.facts.verbs import verb_in
from rigmill.humanoid.body import as_body
from rigmill.humanoid.maps import Skeletons
from rigmill.outcomes import Refusal
from rigmill.reconstruct.metrics import height
from rigmill.rigs.rate import resample
from rigmill.types import Motion, Rig

_ENOUGH = 0.5  # share of the joints that move in the neighbour which the other body must have
_MOVES_DEG = 1.0  # a joint that turns less than that does not move
_SKELETONS = Skeletons()
_TRIED = 40  # neighbours that are looked into, the most alike first


@dataclass(frozen=True, slots=True)
class Known:
    """A clip of the training side: what it is and says, and how its numbers are read."""

    clip_id: str
    kind: SubjectKind
    category: str
    caption: str
    geometry: Callable[[], ClipGeometry]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a neighbour is sought for."""

    kind: SubjectKind
    category: str
    prompt: str
    rig: Rig
    num_frames: int
    fps: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Whose motion was taken, how, and what became of it on the other rig."""

    clip_id: str
    how: str  # "names" or "retargeted"
    motion: Motion


def alike(wanted: Wanted, known: Known) -> tuple[float, ...]:
    """More is nearer: the same kind of subject, the same verb, words in common, the same category."""
    verb, asked = verb_in(known.caption), verb_in(wanted.prompt)
    ours, theirs = _words(wanted.prompt), _words(known.caption)
    shared = len(ours & theirs) / max(len(ours | theirs), 1)
    return (
        float(known.kind == wanted.kind),
        float(verb is not None and verb == asked),
        shared,
        float(known.category == wanted.category),
    )


def nearest(wanted: Wanted, clips: Sequence[Known]) -> Neighbour | None:
    """The nearest whose motion can be put onto the rig, of the first few; None where none can."""
    order = sorted(clips, key=lambda known: ([-value for value in alike(wanted, known)], known.clip_id))
    for known in order[:_TRIED]:
        geometry = known.geometry()
        rig, motion = geometry.own(geometry.motion)
        found = put_on(rig, motion, wanted.rig)
        if found is not None:
            moved, how = found
            return Neighbour(known.clip_id, how, cut(resample(moved, wanted.fps), wanted.num_frames))
    return None


def put_on(source: Rig, motion: Motion, target: Rig) -> tuple[Motion, str] | None:
    """The motion of one rig on another, and how; None where too few joints are the other's as well."""
    retargeted = _retargeted(source, motion, target)
    if retargeted is not None:
        return retargeted, "retargeted"
    pairs, moving = same_joints(target.names, source.names), _moving(motion)
    taken = {there for _, there in pairs}
    if pairs and len(moving & taken) >= _ENOUGH * len(moving):
        return _copied(source, motion, target, pairs), "names"
    return None


def same_joints(names: Sequence[str], others: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of joints that go by one name: the same letters, or the same words and side, in whatever style.

    Where several joints of a rig have the same words, as drawers do, the first is the other's first.
    """
    exact = {name: joint for joint, name in enumerate(others)}
    pairs = [(joint, exact[name]) for joint, name in enumerate(names) if name in exact]
    here, there = ({pair[side] for pair in pairs} for side in (0, 1))
    left: dict[tuple[str, ...], list[int]] = {}
    for joint, name in enumerate(others):
        if joint not in there:
            left.setdefault(_said(name), []).append(joint)
    for joint, name in enumerate(names):
        if joint not in here and left.get(_said(name)):
            pairs.append((joint, left[_said(name)].pop(0)))
    return sorted(pairs)


def cut(motion: Motion, num_frames: int) -> Motion:
    """The first `num_frames` of it; what ends earlier holds its last one."""
    at = np.minimum(np.arange(num_frames), len(motion.rotations) - 1)
    return replace(motion, rotations=motion.rotations[at], translations=motion.translations[at])


def _said(name: str) -> tuple[str, ...]:
    """A joint's side and words, without numbers: 'UpperLeg_L_07' and 'upper_leg.L' say the same."""
    words = [word for word in tokens(name) if not word.isdigit() and len(word) > 1]
    sides = {"left": "left", "right": "right"}
    return (side_of(name), *sorted(word for word in words if word not in sides))


def _words(sentence: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", sentence.lower()) if len(word) > 2}


def _moving(motion: Motion) -> set[int]:
    """The joints that turn or slide against the first frame."""
    cosine = np.abs(np.sum(motion.rotations * motion.rotations[:1], axis=-1)).min(axis=0)
    turned = np.degrees(2 * np.arccos(np.clip(cosine, 0, 1))) > _MOVES_DEG
    slid = np.ptp(motion.translations, axis=0).max(axis=-1) > 1e-3
    return set(np.flatnonzero(turned | slid).tolist())


def _copied(source: Rig, motion: Motion, target: Rig, pairs: Sequence[tuple[int, int]]) -> Motion:
    num_frames = len(motion.rotations)
    rotations, translations = np.zeros((num_frames, target.num_joints, 4)), np.zeros((num_frames, target.num_joints, 3))
    rotations[..., 0] = 1
    ratio = height(target) / max(height(source), 1e-9)
    for here, there in pairs:
        rotations[:, here] = motion.rotations[:, there]
        translations[:, here] = ratio * motion.translations[:, there]
    return Motion(rotations, translations, motion.fps)


def _retargeted(source: Rig, motion: Motion, target: Rig) -> Motion | None:
    """Between two rigs that go by known names of a human body; None where either does not."""
    maps = [_SKELETONS.find(rig.names, {}) for rig in (source, target)]
    if maps[0] is None or maps[1] is None:
        return None
    try:
        bodies = [as_body(rig, found.joints, found.detached) for rig, found in zip((source, target), maps) if found]
        return retarget(motion, source=bodies[0], target=bodies[1])
    except Refusal:
        return None
