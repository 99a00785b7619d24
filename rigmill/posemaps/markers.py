"""Markers: joints of no skeleton, beside those whose turn their own joints do not show.

Turning a head, a hand, a door or a lever moves no joint, and twisting a limb hardly any, so a pose map of joints alone
cannot tell. A leaf gets two markers, one on and one off its axis, a joint with one child one off its bone: together
with the joint they fix all three axes. Markers follow the rig's own joints, never move by themselves, and are left out
again before anything is animated.
"""

from __future__ import annotations

import numpy as np

from rigmill.posemaps.posemap import choose_drawn, far_enough
from rigmill.rigs import skeleton
from rigmill.types import Bools, Floats, Motion, Rig

SIZES = (0.05, 0.10)  # of the rig's largest side: least and largest distance of a marker from its joint
_LEAST_SIZE = 0.5  # of a rig whose joints are all in one place, where the subject's largest side is 1
_NOTHING = 1e-6  # of it: a bone shorter than that has no direction


def with_markers(rig: Rig, motion: Motion, *, sizes: tuple[float, float] = SIZES) -> tuple[Rig, Motion]:
    """The rig with markers after its own joints, and its motion, in which markers are at rest.

    `sizes`: least and largest distance of a marker from its joint, as shares of the rig's largest side.
    """
    size = max(float(np.ptp(rig.rest_joints, axis=0).max(initial=0.0)), _LEAST_SIZE)
    offsets, below = skeleton.rest_offsets(rig), skeleton.children(rig.parents)
    names, parents, places = list(rig.names), list(rig.parents), list(rig.rest_joints)

    def add(joint: int, offset: Floats) -> None:
        names.append(f"{rig.names[joint]} (marker {1 + parents[rig.num_joints :].count(joint)})")
        parents.append(joint)
        places.append(rig.rest_joints[joint] + offset)

    for joint in range(rig.num_joints):
        bones = [offsets[child] for child in below[joint] if np.linalg.norm(offsets[child]) > _NOTHING * size]
        if skeleton.fixes_turn(np.array(bones).reshape(-1, 3)):
            continue
        own = max(bones, key=lambda bone: float(np.linalg.norm(bone)), default=offsets[joint])
        length = float(np.linalg.norm(own))
        has_way = length > _NOTHING * size and (bool(bones) or rig.parents[joint] >= 0)
        along = own / length if has_way else np.array([0.0, 0.0, 1.0])
        reach = float(np.clip(length / 2, sizes[0] * size, sizes[1] * size))
        if not bones:
            add(joint, reach * along)
        add(joint, reach * _across(along))
    num = len(names) - rig.num_joints
    still = np.tile([1.0, 0, 0, 0], (len(motion.rotations), num, 1))
    return (
        Rig(names=tuple(names), parents=np.array(parents, dtype=np.int32), rest_joints=np.array(places).reshape(-1, 3)),
        Motion(
            rotations=np.concatenate([motion.rotations, still], axis=1),
            translations=np.concatenate([motion.translations, np.zeros((len(still), num, 3))], axis=1),
            fps=motion.fps,
        ),
    )


def _across(along: Floats) -> Floats:
    """A unit vector at right angles, as far as can be from lying in the line of sight of a view along x or y."""
    wanted = np.array([1.0, -1.0, 0.5])
    across = wanted - along * (wanted @ along)
    if np.linalg.norm(across) < 0.3:
        across = np.array([1.0, 1.0, 0]) - along * (along[0] + along[1])
    return np.asarray(across / np.linalg.norm(across))


def own_part(rig: Rig, motion: Motion, num_markers: int) -> tuple[Rig, Motion]:
    """The rig and motion without their markers, which are the last `num_markers` joints."""
    num = rig.num_joints - num_markers
    return (
        Rig(names=rig.names[:num], parents=rig.parents[:num], rest_joints=rig.rest_joints[:num]),
        Motion(rotations=motion.rotations[:, :num], translations=motion.translations[:, :num], fps=motion.fps),
    )


def choose_drawn_with_markers(
    rig: Rig, num_markers: int, rest_joints_px: Floats, *, radius_px: float, max_joints: int
) -> Bools:
    """The joints (J,) that pose maps show: the rig's own as without markers, then markers of these where there is room.

    `rest_joints_px` is (V, J, 2).
    """
    own = rig.num_joints - num_markers
    drawn = np.zeros(rig.num_joints, dtype=np.bool_)
    alone = Rig(names=rig.names[:own], parents=rig.parents[:own], rest_joints=rig.rest_joints[:own])
    drawn[:own] = choose_drawn(alone, rest_joints_px[:, :own], radius_px=radius_px, max_joints=max_joints)
    for marker in range(own, rig.num_joints):
        if drawn[rig.parents[marker]] and drawn.sum() < max_joints:
            drawn[marker] = far_enough(rest_joints_px, drawn, marker, radius_px=radius_px)
    return drawn
