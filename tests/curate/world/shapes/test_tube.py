"""Tubes that hang on a bone stay rooted in it."""

from __future__ import annotations

import numpy as np
import pytest

from curate.world.looks import patterns
from curate.world.looks.colours import METAL
from curate.world.rig.bones import Bone, Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.tube import tube
from tests.support.world import Seen

CHEST = Bone("chest", None, vec(0, 1, 1), vec(0, 0, 1))
NECK = Bone("neck", "chest", vec(0, 0, 1), vec(0, -0.5, 1.5))


def test_what_lies_before_the_first_bone_is_carried_by_what_the_tube_is_held_by():
    skeleton = Skeleton((CHEST, NECK))
    radii = [(-0.4, 0.1), (1.0, 0.1)]
    patch = tube(skeleton, ["neck"], radii, patterns.plain(METAL[0]), held="chest")
    carried = patch.weights[..., patch.bones.index("chest")]
    along = (patch.points - NECK.head) @ ((NECK.tail - NECK.head) / NECK.length)
    assert np.allclose(patch.weights.sum(axis=-1), 1.0)
    assert carried[along < -0.2].min() > 0.99 and carried[along > 0.2].max() < 0.01
    assert np.abs(carried[np.abs(along) < 0.02] - 0.5).max(initial=0.0) < 0.1
    alone = tube(skeleton, ["neck"], radii, patterns.plain(METAL[0]))
    assert alone.bones == ("neck",)


@pytest.mark.parametrize("plan", ["horse", "dog", "cat"])
def test_the_foot_of_a_neck_stays_in_the_chest_when_the_head_goes_down_to_eat(plan):
    seen = Seen(plan, 0, "eat")
    body = seen.body
    number = next(n for n, patch in enumerate(body.patches) if set(body.neck) <= set(patch.bones))
    start = sum(patch.points[..., 0].size for patch in body.patches[:number])
    assert all(patch.smooth for patch in body.patches[: number + 1])  # else patches have more vertices than points
    rings, sides = body.patches[number].points.shape[:2]
    foot = slice(start, start + 2 * sides)  # the cap's tip and the first ring
    rest = seen.mesh.vertices[foot]
    girth = np.ptp(seen.mesh.vertices[start : start + rings * sides], axis=0).max()
    away = [
        np.linalg.norm(seen.moved.vertices[:, foot][:, n] - seen.point(body.spine[-1], p), axis=1)
        for n, p in enumerate(rest)
    ]
    assert np.max(away) < 0.02 * girth
