"""Where the skin of an acting body is lowest, for what rolls, falls and lies without feet to stand on."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from rigmill.types import Floats

EVERY = 2  # of a patch's points along and around


def lowest(act: Act) -> Floats:
    """The height (T,) of the lowest point of the skin; about one in four of its points is looked at."""
    found = np.full(act.count, np.inf)
    worlds = {bone.name: act.world(bone.name) for bone in act.body.skeleton.bones}
    for patch in act.body.patches:
        points = patch.points[::EVERY, ::EVERY].reshape(-1, 3)
        weights = patch.weights[::EVERY, ::EVERY].reshape(-1, len(patch.bones))
        height = np.zeros((act.count, len(points)))
        for bone, share in zip(patch.bones, weights.T):
            turn, head = worlds[bone]
            rest = points - act.body.skeleton[bone].head
            height += share * (head[:, 2:] + turn[:, 2] @ rest.T)
        found = np.minimum(found, height.min(axis=1))
    return found


def rest_on_floor(act: Act) -> None:
    """Lift or lower the whole body so that its lowest point is on the floor in every frame."""
    act.move(z=-lowest(act))
