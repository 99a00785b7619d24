"""A motion moved from one humanoid rig to another: world turns are copied joint by joint. Pure numpy.

A `Motion` is relative to rest and written in world axes, so bone axes and rolls do not matter. What differs
between two rigs is their rest pose and their proportions:

- A joint of a limb (arms, hands, fingers, legs) turns by W_j(t) = D_src(t) A_j, where A_j is the smallest turn from
  the target's rest limb direction to the source's. The limb then points exactly where the source's points,
  whether the rest pose is a T or an A. A limb's last joint takes A from the one above it.
- Trunk, shoulders, feet and head turn by D_src alone: how these stand at rest is the character's own (heels, a
  bent neck, where a rigger put the collar bone), and aligning them would bend the mesh.
- Joints without a partner (hair, twist bones, missing fingers) follow their parent.
- The hips move by the source's displacement times the ratio of hip heights. No other joint is displaced: how
  long a bone is belongs to the character.

T frames, J joints; quaternions w x y z.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curate.body import Body
from curate.humanoid import LIMBS
from rigmill.skeleton import between, forward, local_from_world, moved_roots, slerp, to_matrix
from rigmill.types import Floats, Motion, Rig


def retarget(motion: Motion, *, source: Body, target: Body) -> Motion:
    """The motion, made for `source`, for `target`. Parts of the body that both have take part."""
    shared = [name for name in target.joints if name in source.joints]
    source_turn, target_turn = source.facing, target.facing
    positions, turns = forward(source.rig, motion)
    # Both rigs are looked at with their front to -Y; a quarter turn about Z on either side does that exactly.
    facing_turns = source_turn @ turns @ source_turn.T
    alignment = _alignments(
        shared, source.rig.rest_joints @ source_turn.T, target.rig.rest_joints @ target_turn.T, source.joints,
        target.joints,
    )
    world = np.broadcast_to(np.eye(3), (len(turns), target.rig.num_joints, 3, 3)).copy()
    partner = {target.joints[name]: name for name in shared}
    for joint, parent in enumerate(target.rig.parents):
        if joint in partner:
            name = partner[joint]
            turned = facing_turns[:, source.joints[name]] @ alignment[name]
            world[:, joint] = target_turn.T @ turned @ target_turn
        elif parent >= 0:
            world[:, joint] = world[:, parent]
    ratio = target.hip_height / source.hip_height
    moved = (positions[:, source.hips] - source.rig.rest_joints[source.hips]) @ (target_turn.T @ source_turn).T * ratio
    # All roots go along, so that what hangs beside the hips (a weapon's bone, a second root) is not left behind.
    shift = moved - _shift_by_turns(target.rig, world, target.hips)
    return Motion(
        rotations=local_from_world(target.rig.parents, world), translations=moved_roots(target.rig.parents, shift),
        fps=motion.fps,
    )


def resample(motion: Motion, fps: float) -> Motion:
    """The motion at another rate: turns by slerp, translation linearly; it starts on the first frame."""
    num_frames = len(motion.rotations)
    if motion.fps == fps or num_frames < 2:
        return Motion(rotations=motion.rotations, translations=motion.translations, fps=fps)
    times = np.arange(int((num_frames - 1) / motion.fps * fps + 1e-6) + 1) / fps * motion.fps
    before = np.minimum(times.astype(np.int64), num_frames - 2)
    share = np.clip(times - before, 0.0, 1.0)[:, None]
    moved = motion.translations
    return Motion(
        rotations=slerp(motion.rotations[before], motion.rotations[before + 1], share),
        translations=moved[before] + share[..., None] * (moved[before + 1] - moved[before]), fps=fps,
    )


def _alignments(
    shared: list[str], source_rest: Floats, target_rest: Floats, source_joints: Mapping[str, int],
    target_joints: Mapping[str, int],
) -> dict[str, Floats]:
    """A_j of every shared joint, (3, 3) each."""
    found = {name: np.eye(3) for name in shared}
    for name, limb in LIMBS.items():  # from the body outwards
        if name not in found:
            continue
        following = next((option for option in limb.following if option in found), None)
        if following is not None:
            from_target = target_rest[target_joints[following]] - target_rest[target_joints[name]]
            from_source = source_rest[source_joints[following]] - source_rest[source_joints[name]]
            found[name] = to_matrix(between(from_target, from_source))
        elif limb.above in found:
            found[name] = found[limb.above]
    return found


def _shift_by_turns(rig: Rig, world: Floats, hips: int) -> Floats:
    """How far the turns of the joints above the hips move the hips, (T, 3)."""
    shift = np.zeros((len(world), 3))
    joint, parent = hips, int(rig.parents[hips])
    while parent >= 0:
        offset = rig.rest_joints[joint] - rig.rest_joints[parent]
        shift += world[:, parent] @ offset - offset
        joint, parent = parent, int(rig.parents[parent])
    return shift
