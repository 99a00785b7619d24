"""Humanoid rigs built and changed joint by joint, and their turns by scipy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from rigmill.humanoid.body import Body, as_body
from rigmill.humanoid.names import humanoid_joints
from rigmill.types import Motion, Rig
from tests.support.curation import body


def humanoid(rig: Rig) -> Body:
    return as_body(rig, humanoid_joints(rig.names))


def built(parts: Sequence[tuple[str, str | None, Sequence[float]]]) -> Rig:
    """A rig of (name, parent, place)."""
    names = [name for name, _, _ in parts]
    return Rig(
        tuple(names),
        np.array([-1 if above is None else names.index(above) for _, above, _ in parts], dtype=np.int32),
        np.array([place for _, _, place in parts], dtype=np.float64),
    )


def parts(rig: Rig) -> list[tuple[str, str | None, Sequence[float]]]:
    return [
        (name, None if parent < 0 else rig.names[parent], list(place))
        for name, parent, place in zip(rig.names, rig.parents, rig.rest_joints)
    ]


def changed(
    rig: Rig, *, drop: Sequence[str] = (), add: Sequence[tuple[str, str, Sequence[float], Sequence[str]]] = ()
) -> Rig:
    """Without some joints (what hung from them hangs one up), and with (name, parent, place, what hangs from it)."""
    found = parts(rig)
    above = {name: parent for name, parent, _ in found}
    places = {name: place for name, _, place in found}
    order = [name for name, _, _ in found]
    for name in drop:
        for other, parent in above.items():
            if parent == name:
                above[other] = above[name]
        order.remove(name)
    for name, parent, place, moved in add:
        order.insert(order.index(parent) + 1, name)
        above[name], places[name] = parent, place
        for other in moved:
            above[other] = name
    return built([(name, above[name], places[name]) for name in order])


def still(rig: Rig, num_frames: int = 3) -> Motion:
    return Motion(
        np.tile([1.0, 0, 0, 0], (num_frames, rig.num_joints, 1)), np.zeros((num_frames, rig.num_joints, 3)), 16.0
    )


def with_turn(motion: Motion, rig: Rig, name: str, turn: Rotation) -> Motion:
    rotations = motion.rotations.copy()
    rotations[:, rig.names.index(name)] = turn.as_quat(scalar_first=True)
    return replace(motion, rotations=rotations)


def world(rig: Rig, motion: Motion, name: str, frame: int = -1) -> Rotation:
    """The world turn of a joint, by scipy."""
    joint, turn = rig.names.index(name), Rotation.identity()
    while joint >= 0:
        turn = Rotation.from_quat(motion.rotations[frame, joint], scalar_first=True) * turn
        joint = int(rig.parents[joint])
    return turn


def apart_deg(first: Rotation, second: Rotation) -> float:
    return float(np.degrees((first.inv() * second).magnitude()))


def plain(**changes: float) -> Rig:
    return body(prefix="", **changes)
