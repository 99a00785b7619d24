"""A motion as BVH text: the rig's joints as a hierarchy of offsets, and their angles frame by frame.

BVH is +Y up, as glTF is, and every joint's axes are the world's at rest, as in `Motion`. Angles are degrees, turned
about Z, then about the new X, then about the new Y. The root's offset is zero and its position is in its channels. A
joint that is displaced has position channels too, which stand in place of its offset (as Blender reads them).
"""

from __future__ import annotations

import numpy as np

from rigmill.formats.glb import TO_BLENDER
from rigmill.rigs import quaternions, skeleton
from rigmill.types import Floats, Motion, Rig

_TURNS = "Zrotation Xrotation Yrotation"
_PLACES = "Xposition Yposition Zposition"
_STILL = 1e-6  # of the rig's size
_TIP = 0.5  # a leaf's end, as a share of the bone that leads to it; joints alone say nothing about it


def bvh_names(rig: Rig) -> tuple[str, ...]:
    """A unique name per joint without white space, which ends a name in BVH."""
    names: list[str] = []
    for name in rig.names:
        plain = base = "_".join(name.split()).translate({ord("{"): "_", ord("}"): "_"}) or "joint"
        number = 1
        while plain in names:
            plain, number = f"{base}_{number}", number + 1
        names.append(plain)
    return tuple(names)


def bvh_text(rig: Rig, motion: Motion) -> str:
    """The BVH file of a motion, in the rig's unit. Several roots hang from one more joint, which stands still."""
    offsets = skeleton.rest_offsets(rig) @ TO_BLENDER
    moves = _moves(rig, motion)
    names, below = bvh_names(rig), skeleton.children(rig.parents)
    roots = [joint for joint, parent in enumerate(rig.parents) if parent < 0]
    size = float(np.ptp(rig.rest_joints, axis=0).max(initial=0.0)) or 1.0
    lines, order = ["HIERARCHY"], []

    def numbers(values: Floats) -> str:
        return " ".join(f"{value:.9g}" for value in values + 0.0)

    def write(joint: int, depth: int, kind: str) -> None:
        pad = "\t" * depth
        channels = f"6 {_PLACES} {_TURNS}" if moves[joint] else f"3 {_TURNS}"
        offset = np.zeros(3) if kind == "ROOT" else offsets[joint]
        lines.extend(
            [
                f"{pad}{kind} {names[joint]}",
                f"{pad}{{",
                f"{pad}\tOFFSET {numbers(offset)}",
                f"{pad}\tCHANNELS {channels}",
            ]
        )
        order.append(joint)
        if not below[joint]:
            tip = _tip(offsets[joint] if rig.parents[joint] >= 0 else np.zeros(3), size)
            lines.extend([f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\tOFFSET {numbers(tip)}", f"{pad}\t}}"])

    if len(roots) > 1:
        above = "root"
        while above in names:
            above += "_"
        lines += [f"ROOT {above}", "{", "\tOFFSET 0 0 0", f"\tCHANNELS 6 {_PLACES} {_TURNS}"]
    # A stack and no recursion: chains may be long. A negative entry closes its joint.
    stack = [(root, 1 if len(roots) > 1 else 0) for root in reversed(roots)]
    while stack:
        joint, depth = stack.pop()
        if joint < 0:
            lines.append("\t" * depth + "}")
            continue
        write(joint, depth, "JOINT" if depth else "ROOT")
        stack.append((-1, depth))
        stack += [(child, depth + 1) for child in reversed(below[joint])]
    columns = [np.zeros((len(motion.rotations), 6))] if len(roots) > 1 else []
    if columns:
        lines.append("}")
    turns = TO_BLENDER.T @ quaternions.to_matrix(motion.rotations) @ TO_BLENDER
    places = offsets + motion.translations @ TO_BLENDER
    for joint in order:
        columns += [places[:, joint]] if moves[joint] else []
        columns.append(_angles_deg(turns[:, joint]))
    rows = np.concatenate(columns, axis=1)
    lines += ["MOTION", f"Frames: {len(rows)}", f"Frame Time: {1 / motion.fps:.9g}", *map(numbers, rows)]
    return "\n".join(lines) + "\n"


def _moves(rig: Rig, motion: Motion) -> list[bool]:
    """Which joints need position channels: roots, and what is displaced."""
    size = float(np.ptp(rig.rest_joints, axis=0).max(initial=0.0)) or 1.0
    farthest = np.abs(motion.translations).max(axis=(0, 2), initial=0.0)
    return [parent < 0 or farthest[joint] > _STILL * size for joint, parent in enumerate(rig.parents)]


def _tip(offset: Floats, size: float) -> Floats:
    """Where a leaf's bone ends: farther on, as the one above goes; upwards where that has no length."""
    return offset * _TIP if np.linalg.norm(offset) > 1e-4 * size else np.array([0.0, 0.05 * size, 0.0])


def _angles_deg(turns: Floats) -> Floats:
    """Angles (T, 3) about Z, X, Y in degrees of rotations (T, 3, 3), each as near as can be to the frame before."""
    sine = np.clip(turns[:, 2, 1], -1, 1)
    level = np.hypot(turns[:, 0, 1], turns[:, 1, 1])
    about_x = np.arctan2(sine, level)
    # Straight up or down Z and Y are one axis: Z does it all.
    free = level > 1e-7
    about_z = np.where(free, np.arctan2(-turns[:, 0, 1], turns[:, 1, 1]), np.arctan2(turns[:, 1, 0], turns[:, 0, 0]))
    about_y = np.where(free, np.arctan2(-turns[:, 2, 0], turns[:, 2, 2]), 0.0)
    one = np.degrees(np.stack([about_z, about_x, about_y], axis=-1))
    other = np.stack([one[:, 0] + 180, 180 - one[:, 1], one[:, 2] + 180], axis=-1)
    found = one.copy()
    for frame in range(1, len(one)):
        near = [angles - 360 * np.round((angles - found[frame - 1]) / 360) for angles in (one[frame], other[frame])]
        found[frame] = min(near, key=lambda angles: float(np.abs(angles - found[frame - 1]).sum()))
    return found
