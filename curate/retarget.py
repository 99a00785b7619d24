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

import numpy as np

from curate.humanoid import LIMBS
from rigmill.errors import Refusal, Reject
from rigmill.skeleton import between, forward, local_from_world, moved_roots, slerp, to_matrix
from rigmill.types import Floats, Motion, Rig

_NO_LENGTH = 1e-9


def retarget(
    motion: Motion, *, source: Rig, target: Rig, source_joints: dict[str, int], target_joints: dict[str, int]
) -> Motion:
    """The motion for `target`. The maps go from canonical names to joints; only names in both take part."""
    shared = [name for name in target_joints if name in source_joints]
    source_turn, target_turn = facing_turn(source, source_joints), facing_turn(target, target_joints)
    positions, turns = forward(source, motion)
    # Both rigs are looked at with their front to -Y; a quarter turn about Z on either side does that exactly.
    facing_turns = source_turn @ turns @ source_turn.T
    alignment = _alignments(
        shared, source.rest_joints @ source_turn.T, target.rest_joints @ target_turn.T, source_joints, target_joints
    )
    world = np.broadcast_to(np.eye(3), (len(turns), target.num_joints, 3, 3)).copy()
    partner = {target_joints[name]: name for name in shared}
    for joint, parent in enumerate(target.parents):
        if joint in partner:
            name = partner[joint]
            turned = facing_turns[:, source_joints[name]] @ alignment[name]
            world[:, joint] = target_turn.T @ turned @ target_turn
        elif parent >= 0:
            world[:, joint] = world[:, parent]
    hips = source_joints["hips"]
    ratio = hip_height(target, target_joints) / hip_height(source, source_joints)
    moved = (positions[:, hips] - source.rest_joints[hips]) @ (target_turn.T @ source_turn).T * ratio
    # All roots go along, so that what hangs beside the hips (a weapon's bone, a second root) is not left behind.
    shift = moved - _shift_by_turns(target, world, target_joints["hips"])
    return Motion(
        rotations=local_from_world(target.parents, world), translations=moved_roots(target.parents, shift),
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


def facing_turn(rig: Rig, joints: dict[str, int]) -> Floats:
    """The quarter turn about Z that makes a rig face -Y, (3, 3); the side of its limbs tells where it faces."""
    for part in ("UpperLeg", "UpperArm", "Shoulder"):
        if f"left{part}" in joints and f"right{part}" in joints:
            x, y, _ = rig.rest_joints[joints[f"left{part}"]] - rig.rest_joints[joints[f"right{part}"]]
            quarters = int(np.round(np.arctan2(y, x) / (np.pi / 2))) % 4  # the left hand belongs at +X
            cosine, sine = ((1, 0), (0, -1), (-1, 0), (0, 1))[quarters]
            return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], dtype=np.float64)
    return np.eye(3)


def hip_height(rig: Rig, joints: dict[str, int]) -> float:
    """How far the hips are above the lowest joint of the legs at rest (above the lowest joint if there are none)."""
    legs = [
        joints[f"{side}{part}"] for side in ("left", "right") for part in ("UpperLeg", "LowerLeg", "Foot", "Toes")
        if f"{side}{part}" in joints
    ]
    heights = rig.rest_joints[legs or slice(None), 2]
    height = float(rig.rest_joints[joints["hips"], 2] - heights.min())
    if height <= _NO_LENGTH:
        raise Refusal(Reject.UNMAPPABLE_SKELETON, "the hips are not above the feet at rest", measured=height, limit=0.0)
    return height


def _alignments(
    shared: list[str], source_rest: Floats, target_rest: Floats, source_joints: dict[str, int],
    target_joints: dict[str, int],
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
