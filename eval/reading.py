"""Pose maps of a clip read back into a motion."""

from __future__ import annotations

import math

from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps.posemap import radius_for
from rigmill.reconstruct.reconstruct import Reconstruction, reconstruct
from rigmill.types import Bytes


def read_maps(
    maps: Bytes, geometry: ClipGeometry, *, joint_radius_px: float, fps: float
) -> tuple[Reconstruction, float]:
    """The motion that maps (V, T, H, W, 3) show of a clip's rig, and the discs' radius in them.

    `joint_radius_px` is the profile's, for pictures of 480 lines; the maps may be of another size and squeezed.
    """
    camera, (height_px, width_px) = geometry.cameras[0], maps.shape[2:4]
    # A squeezed disc is an ellipse: its area counts.
    squeeze = math.sqrt(width_px / camera.width_px * height_px / camera.height_px)
    radius_px = radius_for(joint_radius_px, camera.height_px) * squeeze
    found = reconstruct(
        maps,
        cameras=geometry.cameras,
        rig=geometry.rig,
        drawn=geometry.drawn,
        colours=geometry.colours,
        radius_px=radius_px,
        fps=fps,
    )
    return found, radius_px
