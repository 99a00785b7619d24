"""What people wear lies where it is worn."""

from __future__ import annotations

import numpy as np
import pytest

from curate.world.make import make_body
from curate.world.shapes.patch import grid_normals


@pytest.mark.parametrize("plan", ["adult", "child"])
def test_shoulders_have_the_colour_of_the_sleeves_and_not_of_the_trousers(plan):
    for number in range(4):
        body = make_body(plan, number, 11)
        for side in ("left", "right"):
            upper, lower = f"{side} upper arm", f"{side} lower arm"
            joint = body.skeleton[upper]
            sleeve = next(patch for patch in body.patches if patch.bones == (upper, lower))
            caps = [
                patch
                for patch in body.patches
                if patch.bones == (joint.parent,)
                and np.linalg.norm(patch.points - joint.head, axis=-1).min() < 0.3 * joint.length
            ]
            assert caps
            for cap in caps:
                points, normals = cap.points.reshape(-1, 3), grid_normals(cap.points).reshape(-1, 3)
                rows, columns = cap.points.shape[:2]
                along, around = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
                shown = cap.coat(points, np.stack([around, along], axis=-1).reshape(-1, 2), normals)
                top = sleeve.coat(points, np.tile([0.5, 0.02], (len(points), 1)), normals)
                assert np.abs(shown - top).max() < 0.02, (number, side)
