"""Joint angles from 3D joints: the motion of the whole rig from the joints that were drawn and found (3.3)."""

from __future__ import annotations

import numpy as np

from rigmill.posemaps.posemap import drawn_parents
from rigmill.reconstruct.twist import spread
from rigmill.rigs import skeleton
from rigmill.types import Bools, Floats, Motion, Rig


def drawn_rig(rig: Rig, drawn: Bools) -> Rig:
    """The rig of the drawn joints alone, each hanging from its nearest drawn ancestor."""
    kept = np.flatnonzero(drawn)
    place = np.full(rig.num_joints, -1, dtype=np.int32)
    place[kept] = np.arange(len(kept))
    above = drawn_parents(rig.parents, drawn)[kept]
    return Rig(
        names=tuple(rig.names[joint] for joint in kept),
        parents=np.where(above >= 0, place[np.maximum(above, 0)], -1).astype(np.int32),
        rest_joints=rig.rest_joints[kept],
    )


def drawn_reach(rig: Rig, drawn: Bools) -> Floats:
    """How far a drawn joint (D,) can be from its nearest drawn ancestor: the bones in between, end to end."""
    lengths = np.linalg.norm(skeleton.rest_offsets(rig), axis=-1)
    path = np.zeros(rig.num_joints)
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            path[joint] = lengths[joint] + (0.0 if drawn[parent] else path[parent])
    return path[drawn]


def solve(
    rig: Rig, drawn: Bools, joints: Floats, *, fps: float, spread_twist: bool = True, elastic: Bools | None = None
) -> tuple[Motion, Floats]:
    """The motion of the whole rig and its joints (T, J, 3), from positions (T, D, 3) of the drawn joints.

    Joints that are not drawn keep their local rest rotation, so a part that hangs between two drawn joints is
    rigid and the drawn joints alone can be solved as a smaller rig. `spread_twist`: see `twist.spread`. Joints that
    are `elastic` (D,) slide to where they are seen. A tree as a whole is put where most of its joints are, so a root
    on the floor below a body that bobs does not shift the body.
    """
    own = drawn_rig(rig, drawn)
    # What hangs from a joint that is not drawn may turn with that one, and says less about the drawn one above.
    direct = np.array([parent < 0 or bool(drawn[parent]) for parent in rig.parents])[drawn]
    small = skeleton.inverse(own, joints, fps=fps, rigid=direct, loose=elastic)
    if spread_twist:
        small = spread(own, small, loose=elastic)
    rotations = np.zeros((len(joints), rig.num_joints, 4))
    rotations[..., 0] = 1
    rotations[:, drawn] = small.rotations
    translations = _translations(rig, drawn, small.translations)
    motion = Motion(rotations=rotations, translations=translations, fps=fps)
    slide = np.zeros(len(own.parents), dtype=np.bool_) if elastic is None else elastic
    motion = _placed(rig, drawn, motion, joints, slide)
    return motion, skeleton.forward(rig, motion)[0]


def _placed(rig: Rig, drawn: Bools, motion: Motion, seen: Floats, elastic: Bools) -> Motion:
    """The motion with every tree shifted to its joints' median and elastic joints where they are `seen` (T, D, 3)."""
    places, turns = skeleton.forward(rig, motion)
    translations = motion.translations.copy()
    target, slides = np.full(places.shape, np.nan), np.zeros(rig.num_joints, dtype=np.bool_)
    target[:, drawn], slides[drawn] = seen, elastic
    tops, hangs = np.arange(rig.num_joints), slides.copy()  # each joint's root; what slides or hangs from what does
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            tops[joint], hangs[joint] = tops[parent], hangs[joint] or hangs[parent]
    moved = np.zeros(places.shape)
    for root in np.flatnonzero(rig.parents < 0):
        members = drawn & (tops == root) & ~hangs
        if members.any():
            moved[:, tops == root] = np.median((target - places)[:, members], axis=1, keepdims=True)
            translations[:, root] += moved[:, root]
    for joint, parent in enumerate(rig.parents):
        if parent < 0 or not hangs[joint]:
            continue
        moved[:, joint] = moved[:, parent]
        if slides[joint]:
            way = target[:, joint] - places[:, joint] - moved[:, joint]
            translations[:, joint] += np.einsum("tba,tb->ta", turns[:, parent], way)
            moved[:, joint] += way
    return Motion(rotations=motion.rotations, translations=translations, fps=motion.fps)


def _translations(rig: Rig, drawn: Bools, seen: Floats) -> Floats:
    """Translations of all joints (T, J, 3) from those of the drawn rig (T, D, 3), where only its roots have any.

    What is not drawn goes along: a root moves by the first drawn root below it, and a tree of which nothing is
    drawn by the first drawn root of all.
    """
    kept = np.flatnonzero(drawn)
    tops = np.flatnonzero(drawn_parents(rig.parents, drawn)[kept] < 0)
    root_of = np.arange(rig.num_joints)
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            root_of[joint] = root_of[parent]
    translations = np.zeros((len(seen), rig.num_joints, 3))
    leader = {int(root_of[kept[place]]): place for place in tops[::-1]}
    for root in np.flatnonzero(rig.parents < 0):
        translations[:, root] = seen[:, leader.get(int(root), tops[0])]
    for place in tops:
        joint = int(kept[place])
        if rig.parents[joint] >= 0:  # all above it is at rest but for the root's displacement
            translations[:, joint] = seen[:, place] - translations[:, root_of[joint]]
    return translations
