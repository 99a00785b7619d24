"""A motion moved from one humanoid body to another: world turns are copied joint by joint. Pure numpy.

A `Motion` is relative to rest and written in world axes, so bone axes and rolls do not matter. What differs between
two bodies is their rest pose, their proportions and their joints:

- A joint with a partner turns by W_j(t) = F D_src(t) F^-1 A_j. F is the turn from the source's facing to the
  target's, A_j the constant turn between the rest poses (alignment.py), and which source joints make up D_src, along
  spines of other lengths too, is in chains.py. A limb then points where the source's points, whatever the rest poses.
- Twist joints of the target get their share of a limb's twist (twist.py).
- Joints without a partner (hair, props, missing fingers, toes, shoulders) follow their parent; since turns are those of
  the world, what hangs below them still points right.
- The hips move by the source's displacement times the ratio of hip heights. A joint above the hips in both rigs takes
  the source's turn, and the root its displacement; the rest of the way is the hips' own. If only one body has
  such a joint, all roots of the target go along with the hips, so that what hangs beside them is not left behind.
- No other joint is displaced: how long a bone is belongs to the character. But a limb's joint that does not hang from
  its limb in the tree (feet on IK handles, legs that hang from the spine) is put where the limb ends.
- Between two rigs with the same skeleton (names, parents, places) all joints take part, with their displacements: what
  stretches in a cartoon stretches again, and a motion put on its own skeleton is the same motion.

T frames, J joints; turns are (4, J, T) as in rigmill/rigs/turns.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.retarget.alignment import above_stand, align
from curate.retarget.chains import Partner, joints_between, nearest_driven, partners, root_pairs, roots_above
from curate.retarget.twist import Twisted, driven_by_twist, share_twist, twists
from rigmill.humanoid.body import Body
from rigmill.outcomes import Refusal, Reject
from rigmill.rigs import turns as clip
from rigmill.rigs.skeleton import rest_offsets
from rigmill.types import Bools, Floats, Motion, Rig

_BLOCK = 256  # frames at a time
_HUGE = 1e200  # sums of smaller values are finite


@dataclass(frozen=True, slots=True)
class Transfer:
    """All that moving motions between two bodies needs and that no motion changes."""

    source: Body
    target: Body
    facing: Floats  # (3, 3), from the source's world to the target's
    driven: dict[int, Partner]
    limbs: tuple[Twisted, ...]
    still: Bools  # (J,) of the target: joints that stay at rest relative to their parent
    roots: tuple[tuple[int, int], ...]  # (target, source) joints that are displaced; the last are the hips
    held: dict[int, int]  # joints that follow another than their parent, with that one
    is_own: bool  # both have the same skeleton, so that displacements mean the same too


def transfer(source: Body, target: Body) -> Transfer:
    """How motions go from one body to another. Parts of the body that both have take part, of the same skeleton all."""
    facing, joints = target.facing.T @ source.facing, range(target.rig.num_joints)
    roots = (*root_pairs(source, target), (target.hips, source.hips))
    if is_same_skeleton(source.rig, target.rig):
        each_its_own = {joint: Partner((joint,), (1.0,), clip.IDENTITY) for joint in joints}
        nothing = np.zeros(len(joints), dtype=bool)
        return Transfer(source, target, facing, each_its_own, (), still=nothing, roots=roots, held={}, is_own=True)
    alignment = align(source, target)
    limbs, copied = twists(source, target, alignment)
    driven = partners(source, target, alignment) | copied
    turned_by = nearest_driven(target.rig, {*driven, *driven_by_twist(limbs)})
    return Transfer(
        source,
        target,
        facing,
        driven,
        tuple(limbs),
        still=turned_by != np.arange(len(joints)),
        roots=roots,
        held=_held(target),
        is_own=False,
    )


def retarget(motion: Motion, *, source: Body, target: Body) -> Motion:
    """The motion, made for `source`, for `target`; a Refusal where it is no motion of the source."""
    return moved(motion, transfer(source, target))


def moved(motion: Motion, plan: Transfer) -> Motion:
    """The motion for the target of `plan`.

    A Refusal where it is no motion of the source (`check_motion`).
    """
    check_motion(motion, plan.source.rig)
    num_frames, num_joints = len(motion.rotations), plan.target.rig.num_joints
    rotations, translations = np.empty((num_frames, num_joints, 4)), np.empty((num_frames, num_joints, 3))
    for start in range(0, num_frames, _BLOCK):  # arrays that stay in the processor's cache
        part = slice(start, start + _BLOCK)
        source_turns = clip.world_turns(plan.source.rig.parents, clip.from_rotations(motion.rotations[part]))
        target_turns = _world_turns(plan, source_turns)
        share_twist(target_turns, plan.limbs)
        local = clip.local_turns(plan.target.rig.parents, target_turns)
        local[:, plan.still] = clip.IDENTITY[:, None, None]
        rotations[part] = clip.to_rotations(local)
        translations[part] = _translations(plan, motion.translations[part], source_turns, target_turns)
    if plan.is_own:
        translations = motion.translations.copy()
    return Motion(rotations=rotations, translations=translations, fps=motion.fps)


def is_same_skeleton(first: Rig, second: Rig) -> bool:
    """Whether two rigs have the same joints at the same places."""
    return (
        first.names == second.names
        and np.array_equal(first.parents, second.parents)
        and np.allclose(first.rest_joints, second.rest_joints, rtol=0, atol=1e-9 * float(np.ptp(first.rest_joints)))
    )


def check_motion(motion: Motion, rig: Rig) -> None:
    """Refuse what is no motion of the rig: other joints, a pose, a rate or a value that is no number.

    Frames are counted from 0. Before `resample`, which would carry such a value on to other frames.
    """
    num_frames, num_joints = motion.rotations.shape[:2]
    shapes = (motion.rotations.shape, motion.translations.shape)
    if shapes != ((num_frames, rig.num_joints, 4), (num_frames, rig.num_joints, 3)):
        raise Refusal(
            Reject.MALFORMED,
            "the motion has another number of joints than its rig",
            measured=float(num_joints),
            limit=float(rig.num_joints),
        )
    if num_frames < 2:
        raise Refusal(Reject.TOO_FEW_FRAMES, "a motion of one frame is a pose", measured=float(num_frames), limit=2.0)
    if not 0 < motion.fps < np.inf:
        raise Refusal(Reject.MALFORMED, f"the motion has {motion.fps:g} frames per second")
    for what, values in (("rotation", motion.rotations), ("translation", motion.translations)):
        # A sum is not finite as soon as one of its terms is not, and needs no array of verdicts.
        with np.errstate(over="ignore", invalid="ignore"):
            is_sound = np.isfinite(values.sum())
        if not is_sound:
            frame, joint, part = np.argwhere(~(np.abs(values) < _HUGE))[0]
            value = values[frame, joint, part]
            raise Refusal(
                Reject.MALFORMED, f"the motion's frame {frame}: the {what} of joint '{rig.names[joint]}' is {value:g}"
            )


def _world_turns(plan: Transfer, source_turns: Floats) -> Floats:
    """World turns (4, J, T) of the target; joints without a partner turn with their parent."""
    turned = source_turns if np.array_equal(plan.facing, np.eye(3)) else _faced(source_turns, plan.facing)
    single = [joint for joint, partner in plan.driven.items() if len(partner.joints) == 1]
    several = [joint for joint, partner in plan.driven.items() if len(partner.joints) > 1]
    order = [*single, *several]
    driving = np.empty((4, len(order) + 1, source_turns.shape[2]))
    driving[:, : len(single)] = turned.take([plan.driven[joint].joints[0] for joint in single], axis=1)
    for column, joint in enumerate(several, start=len(single)):
        driving[:, column] = _mean(turned, plan.driven[joint])
    constant = np.stack([plan.driven[joint].alignment for joint in order], axis=-1)
    driving[:, :-1] = clip.multiply(driving[:, :-1], constant[..., None])
    driving[:, -1] = clip.IDENTITY[:, None]  # of what nothing turns
    column_of = {joint: column for column, joint in enumerate(order)} | {-1: len(order)}
    return driving.take([column_of[int(joint)] for joint in nearest_driven(plan.target.rig, plan.driven)], axis=1)


def _faced(source_turns: Floats, facing: Floats) -> Floats:
    """World turns as they are after the world was turned by `facing` (3, 3): their axes turn with it."""
    axes = (facing @ source_turns[1:].reshape(3, -1)).reshape(source_turns[1:].shape)
    return np.concatenate([source_turns[:1], axes])


def _mean(turns: Floats, partner: Partner) -> Floats:
    """The normalised weighted mean (4, T) of turns that are near each other."""
    first = turns[:, partner.joints[int(np.argmax(partner.weights))]]
    total = np.zeros_like(first)
    for joint, weight in zip(partner.joints, partner.weights):
        if weight > 0:
            near = np.where((turns[:, joint] * first).sum(axis=0) < 0, -weight, weight)
            total += near * turns[:, joint]
    return clip.unit(total)


def _translations(plan: Transfer, source_moved: Floats, source_turns: Floats, target_turns: Floats) -> Floats:
    """(T, J, 3): of the roots, the hips, and the joints that hang from the wrong part."""
    source, target = plan.source, plan.target
    ratio = target.hip_height / source.hip_height
    source_places = _source_places(source, source_moved, source_turns)
    rest, offsets = target.rig.rest_joints[..., None], rest_offsets(target.rig)[..., None]
    result = np.zeros((3, target.rig.num_joints, target_turns.shape[2]))
    displaced = {
        joint: ratio * (plan.facing @ (source_places[other] - source.rig.rest_joints[other][:, None]))
        for joint, other in plan.roots
    }
    # At rest the hips are not always as high as they stand; how high they are over the ground is kept.
    displaced[target.hips][2] += ratio * above_stand(source) - above_stand(target)
    result[:, np.asarray(target.rig.parents) < 0] = displaced[target.hips][:, None]
    goals: dict[int, Floats] = {joint: rest[joint] + shift for joint, shift in displaced.items()}

    def goal(joint: int) -> Floats:
        if joint not in goals:
            parent = plan.held.get(joint, int(target.rig.parents[joint]))
            if parent < 0:
                goals[joint] = rest[joint] + result[:, joint]
            else:
                goals[joint] = goal(parent) + clip.rotate(target_turns[:, parent], rest[joint] - rest[parent])
        return goals[joint]

    for joint in {*displaced, *plan.held}:
        parent = int(target.rig.parents[joint])
        if parent < 0:
            result[:, joint] = goal(joint) - rest[joint]
        elif joint != target.hips or len(displaced) > 1:  # a root of the target alone carries the hips all the way
            reach = goal(joint) - goal(parent)
            result[:, joint] = clip.rotate(clip.inverse(target_turns[:, parent]), reach) - offsets[joint]
    return result.transpose(2, 1, 0)


def _held(body: Body) -> dict[int, int]:
    """Joints that follow another than their parent: as the body says, and legs that hang from the spine (Biped's)."""
    held = dict(body.carried)
    top = next((body.joints[name] for name in ("neck", "head") if name in body.joints), body.hips)
    spine = joints_between(body.rig.parents, above=body.hips, below=top) or ()
    for side in ("left", "right"):
        leg = body.joints.get(f"{side}UpperLeg", body.hips)
        if set(joints_between(body.rig.parents, above=body.hips, below=leg) or ()) & set(spine):
            held.setdefault(leg, body.hips)
    return held


def _source_places(source: Body, displaced: Floats, source_turns: Floats) -> dict[int, Floats]:
    """Where the hips and the joints above them are, (3, T) each."""
    places: dict[int, Floats] = {}
    for joint in (*roots_above(source.rig, source.hips), source.hips):
        parent = int(source.rig.parents[joint])
        moved = displaced[:, joint].T
        if parent < 0:
            places[joint] = source.rig.rest_joints[joint][:, None] + moved
        else:
            offset = (source.rig.rest_joints[joint] - source.rig.rest_joints[parent])[:, None]
            places[joint] = places[parent] + clip.rotate(source_turns[:, parent], offset + moved)
    return places
