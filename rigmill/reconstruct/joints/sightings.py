"""What views say about joints, as compiled code reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np

from rigmill.types import Camera, Floats


class Sightings(NamedTuple):
    """Where V views see J joints in T frames."""

    lens: Annotated[Floats, "float64[:, ::1]"]  # (V, 16): rotation, translation, focal lengths and centre in pixels
    centres: Annotated[Floats, "float64[:, :, :, ::1]"]  # (V, T, J, 2) pixels, 0 where nothing was measured
    trust: Annotated[Floats, "float64[:, :, ::1]"]  # (V, T, J), 0 where nothing was measured
    shapes: Annotated[Floats, "float64[:, :, :, ::1]"]  # (V, T, J, 3): xx, xy, yy of what squares an error


def sightings(cameras: Sequence[Camera], centres: Floats, trust: Floats, shapes: Floats | None = None) -> Sightings:
    """The sightings of centres (V, T, J, 2), NaN where missing, with trust (V, T, J); shapes None: the identity."""
    lens = [
        [
            *camera.world_to_view[:3, :3].ravel(),
            *camera.world_to_view[:3, 3],
            camera.intrinsics[0, 0],
            camera.intrinsics[1, 1],
            camera.intrinsics[0, 2],
            camera.intrinsics[1, 2],
        ]
        for camera in cameras
    ]
    if shapes is None:
        shapes = np.broadcast_to([1.0, 0.0, 1.0], (*trust.shape, 3))
    return Sightings(
        lens=np.array(lens),
        centres=np.nan_to_num(np.ascontiguousarray(centres, dtype=np.float64)),
        trust=np.ascontiguousarray(trust, dtype=np.float64),
        shapes=np.ascontiguousarray(shapes, dtype=np.float64),
    )
