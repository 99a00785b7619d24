"""Hair and skirts that follow through: VRM's spring bones, as the format defines them, on a motion. Pure numpy.

Each joint swings a point at a fixed distance, its end. Per step of 1/60 s that point keeps a share of its speed
(1 - drag), is drawn towards where the joint's own motion puts it (stiffness) and falls (gravity); then the joint is
turned such that it points there. Steps of other lengths are given forces and drag that come to the same, so what is
seen does not depend on the frame rate. Colliders and `center` are left out: nothing keeps hair out of a shoulder.

T frames, J joints, S springs; quaternions w x y z.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curate.vrm.block import SpringNode, Vrm
from rigmill.formats.glb import TO_BLENDER, node_parents, rest_globals
from rigmill.formats.glb_animation import VRM0_TO_BLENDER
from rigmill.rigs.quaternions import between, from_matrix, slerp, to_matrix
from rigmill.rigs.skeleton import forward, rest_offsets
from rigmill.types import Floats, Ints, Motion, Rig, Row

STEP_S = 1 / 60  # the format's own step: what its numbers mean
_BEYOND = 0.07  # metres from a joint on which nothing hangs to its end, as 0.x has it
_NO_LENGTH = 1e-6


@dataclass(frozen=True, slots=True)
class Springs:
    """The springs of a rig."""

    joints: Ints  # (S,) joint indices, parents before children
    ends: Floats  # (S, 3) from the joint to its end at rest, world
    stiffness: Floats  # (S,)
    drag: Floats  # (S,) 0 to 1
    gravity: Floats  # (S, 3) world


def spring_rows(block: Vrm, document: dict[str, Any], joints: Mapping[int, str]) -> list[Row]:
    """The probe's `spring_joints`, for the nodes that are joints; `document` is the canonical file's."""
    if not block.springs:
        return []
    parents = node_parents(document)
    places = rest_globals(document, parents)[:, :3, 3] @ TO_BLENDER.T
    # The file's axes are turned into the world's; an 0.x model is turned about the vertical as well.
    to_world = VRM0_TO_BLENDER if block.facing == "+y" else TO_BLENDER
    rows = list[Row]()
    for spring in block.springs:
        end = _end(spring, places, parents)
        if spring.node in joints and np.linalg.norm(end) > _NO_LENGTH:
            rows.append(
                {
                    "joint": joints[spring.node],
                    "end": end.tolist(),
                    "stiffness": spring.stiffness,
                    "drag": spring.drag,
                    "gravity": (to_world @ spring.gravity).tolist(),
                }
            )
    return rows


def _end(spring: SpringNode, places: Floats, parents: Sequence[int]) -> Floats:
    if spring.end is not None:
        return places[spring.end] - places[spring.node]
    along = places[spring.node] - places[parents[spring.node]] if parents[spring.node] >= 0 else np.zeros(3)
    return along * (_BEYOND / max(float(np.linalg.norm(along)), _NO_LENGTH))


def springs_of(rig: Rig, rows: Sequence[Row]) -> Springs:
    """The springs that rows of `spring_joints` give a rig."""
    index = {name: joint for joint, name in enumerate(rig.names)}
    found = {index[row["joint"]]: row for row in rows if row["joint"] in index}
    ordered = [found[joint] for joint in sorted(found)]
    return Springs(
        joints=np.array(sorted(found), dtype=np.int64),
        ends=np.array([row["end"] for row in ordered], dtype=np.float64).reshape(-1, 3),
        stiffness=np.array([row["stiffness"] for row in ordered], dtype=np.float64),
        drag=np.array([row["drag"] for row in ordered], dtype=np.float64),
        gravity=np.array([row["gravity"] for row in ordered], dtype=np.float64).reshape(-1, 3),
    )


def swing(rig: Rig, motion: Motion, springs: Springs) -> Motion:
    """The motion with other rotations of the spring joints, and nothing else changed. It starts settled."""
    if not len(springs.joints):
        return motion
    steps = math.ceil(1 / (motion.fps * STEP_S) - 1e-9)  # per frame, no longer than the format's own
    turned = _simulate(rig, _at_steps(motion, steps), springs)[::steps]
    rotations = motion.rotations.copy()
    rotations[:, springs.joints] = from_matrix(turned)
    return Motion(rotations=rotations, translations=motion.translations, fps=motion.fps)


def _at_steps(motion: Motion, steps: int) -> Motion:
    """The motion with `steps` - 1 frames more between any two: turns by slerp, translations linearly."""
    if steps == 1:
        return motion
    times = np.arange((len(motion.rotations) - 1) * steps + 1)
    before = times // steps
    after = np.minimum(before + 1, len(motion.rotations) - 1)
    share = (times % steps / steps)[:, None]
    moved = motion.translations
    return Motion(
        rotations=slerp(motion.rotations[before], motion.rotations[after], share),
        translations=moved[before] + share[..., None] * (moved[after] - moved[before]),
        fps=motion.fps * steps,
    )


def _simulate(rig: Rig, motion: Motion, springs: Springs) -> Floats:
    """The turns of the spring joints relative to their parents, (T, S, 3, 3), one step per frame."""
    places, turns = (
        np.concatenate([found, nothing], axis=1)
        for found, nothing in zip(
            forward(rig, motion),  # parent -1 is the last row: the world, in which roots stand
            (np.zeros((len(motion.rotations), 1, 3)), np.tile(np.eye(3), (len(motion.rotations), 1, 1, 1))),
        )
    )
    offsets = rest_offsets(rig) + motion.translations
    own = to_matrix(motion.rotations)
    lengths = np.linalg.norm(springs.ends, axis=-1, keepdims=True)
    aims = np.einsum("tsij,sj->tsi", own[:, springs.joints], springs.ends / lengths)  # in the parent's turned frame
    share = 1 / (motion.fps * STEP_S)  # of the format's own step; forces and drag add up to what they do in that one
    drag = springs.drag[:, None]
    keep = (1 - drag) ** share
    force = STEP_S * share * np.where(drag > 1e-9, (1 - keep) / np.maximum(drag, 1e-9), share)
    pull, fall = springs.stiffness[:, None] * force, springs.gravity * force
    ends = earlier = np.zeros_like(springs.ends)
    swung = np.zeros((len(motion.rotations), len(springs.joints), 3, 3))
    levels = _levels(rig.parents, springs.joints)
    for time in range(len(motion.rotations)):
        now = np.empty_like(ends)
        for which, joints in levels:
            above = turns[time, rig.parents[joints]]
            place = places[time, rig.parents[joints]] + np.einsum("kij,kj->ki", above, offsets[time, joints])
            turn = own[time, joints]
            if len(which):
                aim = np.einsum("kij,kj->ki", above, aims[time, which])
                moved = aim * pull[which] + fall[which]  # where it comes to rest points there
                if time:
                    moved += ends[which] + (ends[which] - earlier[which]) * keep[which] - place
                pointing = _unit(moved, aim)
                now[which] = place + lengths[which] * pointing
                back = np.einsum("kji,kj->ki", above, pointing)
                turn = swung[time, which] = _smallest_turn(aims[time, which], back) @ turn
            places[time, joints], turns[time, joints] = place, above @ turn
        earlier, ends = (ends, now) if time else (now, now)
    return swung


def _levels(parents: Ints, joints: Ints) -> list[tuple[Ints, Ints]]:
    """(springs, their joints) from the first of chains outwards, and (none, joints) for those between two springs."""
    spring = {int(joint): number for number, joint in enumerate(joints)}
    depth = np.zeros(len(parents), dtype=np.int64)  # 0: nothing swings it
    linking = np.zeros(len(parents), dtype=bool)
    for joint, parent in enumerate(parents):
        above = depth[parent] if parent >= 0 else 0
        depth[joint] = above + 1 if joint in spring or above else 0
    for joint in range(len(parents) - 1, -1, -1):
        parent = parents[joint]
        if parent >= 0 and (joint in spring or linking[joint]):
            linking[parent] = depth[parent] > 0 and parent not in spring
    levels = []
    for level in range(1, int(depth.max(initial=0)) + 1):
        here = np.flatnonzero(depth == level)
        swinging = np.array([joint for joint in here if joint in spring], dtype=np.int64)
        levels.append((np.array([spring[int(joint)] for joint in swinging], dtype=np.int64), swinging))
        levels.append((np.zeros(0, dtype=np.int64), here[linking[here]]))
    return [level for level in levels if len(level[1])]


def _unit(vectors: Floats, otherwise: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), otherwise)


def _smallest_turn(start: Floats, end: Floats) -> Floats:
    """The smallest turns (K, 3, 3) from unit vectors to unit vectors (K, 3)."""
    cosine = np.sum(start * end, axis=-1)
    if cosine.min() < -1 + 1e-9:  # the axis is open: rare, and slower
        return to_matrix(between(start, end))
    both = start + end
    halves = both[:, :, None] * both[:, None] / (1 + cosine)[:, None, None]
    return np.eye(3) - halves + 2 * end[:, :, None] * start[:, None]
