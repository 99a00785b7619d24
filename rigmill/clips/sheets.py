"""Pictures for reports: four views with the pose map laid over them, as a poster and as a small video."""

from __future__ import annotations

import cv2
import numpy as np

from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.types import Bytes

LABEL_PX = 16
_GROUND = (0, 160, 90)


def overlay(rgb: Bytes, pose: Bytes, *, strength: float = 0.85) -> Bytes:
    """The pose map's lines and circles over a darkened picture; a pose that is off shows at once. (..., H, W, 3)."""
    brightest = np.maximum(np.maximum(pose[..., :1], pose[..., 1:2]), pose[..., 2:])
    drawn = np.minimum(brightest.astype(np.float32) / 96, 1) * strength
    return (rgb * 0.75 * (1 - drawn) + pose * drawn).round().astype(np.uint8)


def with_ground(picture: Bytes, geometry: ClipGeometry, view: int, frame: int | None = None) -> Bytes:
    """The picture of a view with a line on the ground under the subject: as low as its lowest joint is at rest.

    `frame` of the clip, or None for the rest pose. A body that floats or sinks shows against it.
    """
    own = geometry.rig.num_joints - geometry.num_markers
    rest = geometry.rig.rest_joints[:own]
    places = rest if frame is None else geometry.joints[frame, :own]
    camera, middle = geometry.cameras[view], (places.min(axis=0) + places.max(axis=0)) / 2
    middle[2] = rest[:, 2].min()
    across = camera.world_to_view[0, :3] * float(np.ptp(rest, axis=0).max())
    ends, depth = project(camera, np.stack([middle - across / 2, middle + across / 2]))
    shown = picture.copy()
    if (depth > 0).all():
        (left, right), size = np.rint(ends).astype(int).tolist(), max(1, round(picture.shape[0] / 240))
        cv2.line(shown, left, right, _GROUND, size, cv2.LINE_AA)
    return shown


def tile(pictures: list[Bytes], labels: list[str]) -> Bytes:
    """Pictures (H, W, 3) side by side, each under its label."""
    columns = []
    for picture, label in zip(pictures, labels):
        strip = np.full((LABEL_PX, picture.shape[1], 3), 245, np.uint8)
        cv2.putText(strip, label, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (60, 60, 60), 1, cv2.LINE_AA)
        columns.append(np.concatenate([strip, picture]))
    return np.concatenate(columns, axis=1)


def stack(rows: list[Bytes]) -> Bytes:
    """Rows of one width or less, below each other on white."""
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    return np.concatenate(padded)


def mosaic_video(rgb: Bytes, pose: Bytes, *, fps: float, height_px: int) -> bytes:
    """Views side by side: RGB above, pose over RGB below. `rgb` and `pose`: (V, T, H, W, 3)."""
    width_px = round(rgb.shape[3] * height_px / rgb.shape[2] / 2) * 2
    small_rgb, small_pose = (
        np.stack(
            [
                [cv2.resize(frame, (width_px, height_px), interpolation=cv2.INTER_AREA) for frame in view]
                for view in part
            ]
        )
        for part in (rgb, pose)
    )
    rows = [np.concatenate(list(part), axis=2) for part in (small_rgb, overlay(small_rgb, small_pose))]
    from rigmill.clips.video import encode  # here, because the codec takes long to import

    return encode(np.concatenate(rows, axis=1), fps=fps, crf=24, pixel_format="yuv420p", keyframe_interval=24)
