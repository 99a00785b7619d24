"""What is measured on points and pose maps, each from its definition and apart from the code under test."""

from __future__ import annotations

import math

import numpy as np

from rigmill.types import Bytes, Camera, Floats

GREY = np.array([128.0, 128.0, 128.0])  # of a pose map's lines


def circle_centres(picture: Bytes, colours: Bytes, radius_px: float) -> dict[int, Floats]:
    """Centres (2,) px of the discs in a pose map (H, W, 3), by place in `colours` (J, 3), from the picture alone.

    A pixel is black under a share of grey line under a share of the disc's colour; those shares come out of its three
    channels, and the centre is the mean place of its colour. Left out: discs that others touch or cover, that the
    edge cuts, and colours that are grey themselves.
    """
    reach = math.ceil(radius_px) + 2
    num_full = math.pi * max(radius_px - 1, 0.5) ** 2  # pixels that a disc covers whole, at the very least
    rows, columns = np.nonzero(picture.any(axis=-1))
    shown = picture[rows, columns].astype(np.int64) @ (1 << 16, 1 << 8, 1)
    cores: dict[int, Floats] = {}
    for joint, colour in enumerate(colours.astype(np.int64) @ (1 << 16, 1 << 8, 1)):
        own = np.flatnonzero(shown == colour) if colour else ()
        if len(own):
            # The median: a pixel at the edge of a brighter disc may have this very colour.
            cores[joint] = np.array([np.median(columns[own]) + 0.5, np.median(rows[own]) + 0.5, len(own)])
    found = {}
    for joint, (x, y, num) in cores.items():
        if num < num_full or np.ptp(colours[joint].astype(int)) < 30:
            continue
        others = [core for other, core in cores.items() if other != joint]
        if any(max(abs(core[0] - x), abs(core[1] - y)) <= reach + radius_px + 1.5 for core in others):
            continue
        left, top = math.floor(x) - reach, math.floor(y) - reach
        size = 2 * reach + 1
        part = picture[max(top, 0) : top + size, max(left, 0) : left + size].astype(np.float64)
        if part.shape[:2] != (size, size):
            continue
        basis = np.stack([colours[joint].astype(np.float64), GREY], axis=1)
        shares, *_ = np.linalg.lstsq(basis, part.reshape(-1, 3).T, rcond=None)
        # Another colour is in there: it fits no mixture of the two, or takes a negative share.
        strange = np.abs(basis @ shares - part.reshape(-1, 3).T).max() > 3 or shares.min() < -0.03
        cover = np.clip(shares[0], 0, 1).reshape(size, size)
        steps, total = np.arange(size) + 0.5, cover.sum()
        if strange or total < num_full or cover[0].max() > 0.02 or cover[:, 0].max() > 0.02:
            continue
        found[joint] = np.array([left + (cover @ steps).sum() / total, top + (steps @ cover).sum() / total])
    return found


def triangulate(cameras: tuple[Camera, ...], pixels: Floats) -> Floats:
    """World points (N, 3) from their pixels (V, N, 2), by least squares over all views."""
    matrices = [camera.intrinsics @ camera.world_to_view[:3] for camera in cameras]
    points = []
    for views in pixels.transpose(1, 0, 2):
        rows = np.concatenate(
            [
                [pixel[0] * matrix[2] - matrix[0], pixel[1] * matrix[2] - matrix[1]]
                for matrix, pixel in zip(matrices, views.astype(np.float64))
            ]
        )
        points.append(np.linalg.lstsq(rows[:, :3], -rows[:, 3], rcond=None)[0])
    return np.array(points).reshape(-1, 3)


def seen_from(
    points: Floats, *, azimuth_deg: float, distance: float, width_px: int, height_px: int, field_of_view_deg: float
) -> Floats:
    """Pixels (N, 2) of world points (N, 3) in a level camera on a circle of `distance` round the origin.

    Written from the description alone: azimuth 0 stands at -Y and sees +X to its right; azimuths go counter-clockwise.
    """
    turn = math.radians(azimuth_deg)
    x, y = (
        points[:, 0] * math.cos(turn) + points[:, 1] * math.sin(turn),
        -points[:, 0] * math.sin(turn) + points[:, 1] * math.cos(turn),
    )
    scale = max(width_px, height_px) / (2 * math.tan(math.radians(field_of_view_deg) / 2)) / (y + distance)
    return np.stack([width_px / 2 + x * scale, height_px / 2 - points[:, 2] * scale], axis=-1)
