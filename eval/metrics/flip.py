"""LDR-FLIP: how different two pictures look when one flips between them, at a distance from the screen.

Andersson and others, "FLIP: A Difference Evaluator for Alternating Images", 2020, in the separable form of its version
1.2 on. Written from the paper; the tests hold it against NVIDIA's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from eval.metrics.metric import Better, Metric
from rigmill.compiled import compiled, inlined
from rigmill.types import Bytes, Floats

PIXELS_PER_DEGREE = 67.0  # FLIP's own: 0.7 m from a 0.69 m wide 4k screen

METRICS = (
    Metric(
        "flip",
        "FLIP",
        "",
        Better.LOWER,
        "mean LDR-FLIP error of pictures, 67 pixels per degree, 0 to 1",
        backend="pictures",
    ),
    Metric(
        "flip_subject",
        "FLIP, subject",
        "",
        Better.LOWER,
        "the same over the pixels that either the body or the true one covers",
        backend="pictures",
    ),
)

# Sensitivity to contrast, by channel: weights and widths of two Gaussians (the second of black-white, red-green is 0).
_BLACK_WHITE, _RED_GREEN, _BLUE_YELLOW = 0.0047, 0.0053, ((34.1, 0.04), (13.5, 0.025))
_WIDEST = 0.04
_EDGE_DEG = 0.082  # width of the detectors of edges and points
_WHITE = np.array([0.950428545, 1.0, 1.088900371])
_TO_XYZ = np.array(
    [
        [10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794],
        [2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897],
        [1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382],
    ]
)
_LINEAR = np.arange(256) / 255
_LINEAR = np.where(_LINEAR <= 0.04045, _LINEAR / 12.92, ((_LINEAR + 0.055) / 1.055) ** 2.4)  # of an sRGB byte
# Opponent colours (Y, Cx, Cz) of linear RGB, and back; without the shift of Y by 16, that filters leave as it is.
_TO_OPPONENT = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]]) @ (_TO_XYZ / _WHITE[:, None])
_FROM_OPPONENT = np.linalg.inv(_TO_OPPONENT)
_TO_RELATIVE = _TO_XYZ / _WHITE[:, None]  # XYZ of linear RGB, 1 for white


def flip_errors(found: Bytes, truth: Bytes, *, pixels_per_degree: float = PIXELS_PER_DEGREE) -> Floats:
    """The error of every pixel (..., H, W), 0 to 1, of sRGB pictures (..., H, W, 3)."""
    if found.shape != truth.shape:
        raise ValueError(f"pictures {found.shape} are held against {truth.shape}")
    errors = np.zeros(found.shape[:-1], dtype=np.float32)
    kernels = _kernels(pixels_per_degree)
    reach = max(len(kernels.smooth), len(kernels.red_green)) // 2
    pairs = zip(found.reshape(-1, *found.shape[-3:]), truth.reshape(-1, *truth.shape[-3:]))
    for place, (one, other) in zip(errors.reshape(-1, *errors.shape[-2:]), pairs):
        part = _unlike(one, other, 2 * reach)
        if part is None:
            continue
        lab, detail = _seen(one[part], pixels_per_degree)
        true_lab, true_detail = _seen(other[part], pixels_per_degree)
        inside = np.empty(lab.shape[:2], dtype=np.float32)
        _combine(lab, detail, true_lab, true_detail, _LARGEST, inside)
        place[part] = inside
    return errors


def _unlike(one: Bytes, other: Bytes, margin_px: int) -> tuple[slice, slice] | None:
    """The part of two pictures (H, W, 3) beyond which they are alike, with a margin; None: they are alike everywhere.

    Filters reach half of the margin. So pixels that the part's own border makes wrong are wrong in both, and alike.
    """
    unlike = (one != other).any(axis=-1)
    rows, columns = np.flatnonzero(unlike.any(axis=1)), np.flatnonzero(unlike.any(axis=0))
    if not len(rows):
        return None
    (top, bottom), (left, right) = (
        (max(int(places[0]) - margin_px, 0), int(places[-1]) + margin_px + 1) for places in (rows, columns)
    )
    return slice(top, bottom), slice(left, right)


def _seen(picture: Bytes, pixels_per_degree: float) -> tuple[Floats, Floats]:
    """Colours as they are seen (H, W, 3), Hunt-adjusted Lab; and strengths of edges and points (H, W, 2)."""
    kernels = _kernels(pixels_per_degree)
    opponent = (_LINEAR[picture].reshape(-1, 3) @ _TO_OPPONENT.T).astype(np.float32).reshape(picture.shape)
    bright, red_green, blue_yellow = cv2.split(opponent)
    wide, narrow = (_filtered(blue_yellow, one, one) for one in kernels.blue_yellow)
    share = np.float32(kernels.wide_share)
    channels = (
        _filtered(bright, kernels.black_white, kernels.black_white),
        _filtered(red_green, kernels.red_green, kernels.red_green),
        share * wide + (1 - share) * narrow,
    )
    lab = np.empty((*picture.shape,), dtype=np.float32)
    _to_lab(*channels, _FROM_OPPONENT, _TO_RELATIVE, lab)
    bright = bright / np.float32(116)
    found = [
        _filtered(bright, along, across)
        for change in (kernels.edge, kernels.point)
        for along, across in ((change, kernels.smooth), (kernels.smooth, change))
    ]
    detail = np.stack([np.hypot(found[0], found[1]), np.hypot(found[2], found[3])], axis=-1)
    return lab, detail


@dataclass(frozen=True, slots=True)
class _Kernels:
    """One-dimensional halves of separable filters, float32."""

    black_white: Floats
    red_green: Floats
    blue_yellow: tuple[Floats, Floats]  # the wide and the narrow Gaussian
    wide_share: float
    smooth: Floats
    edge: Floats
    point: Floats


@lru_cache
def _kernels(pixels_per_degree: float) -> _Kernels:
    reach = int(np.ceil(3 * np.sqrt(_WIDEST / (2 * np.pi**2)) * pixels_per_degree))
    away = (np.arange(-reach, reach + 1) / pixels_per_degree) ** 2
    (black_white, _), (red_green, _), wide, narrow = (
        _gaussian(np.exp(-(np.pi**2) * away / width))
        for width in (_BLACK_WHITE, _RED_GREEN, *(width for _, width in _BLUE_YELLOW))
    )
    weights = [
        weight * np.sqrt(np.pi / width) * total**2 for (weight, width), (_, total) in zip(_BLUE_YELLOW, (wide, narrow))
    ]
    width_px = 0.5 * _EDGE_DEG * pixels_per_degree
    x = np.arange(-int(np.ceil(3 * width_px)), int(np.ceil(3 * width_px)) + 1)
    bell = np.exp(-(x**2) / (2 * width_px**2))
    return _Kernels(
        black_white,
        red_green,
        (wide[0], narrow[0]),
        float(weights[0] / sum(weights)),
        _gaussian(bell)[0],
        _balanced(-x * bell),
        _balanced((x**2 / width_px**2 - 1) * bell),
    )


def _gaussian(values: Floats) -> tuple[Floats, float]:
    return (values / values.sum()).astype(np.float32), float(values.sum())


def _balanced(values: Floats) -> Floats:
    """With positive weights that sum up to 1, and negative ones to -1."""
    rising, falling = values[values > 0].sum(), -values[values < 0].sum()
    return np.where(values > 0, values / rising, values / falling).astype(np.float32)


def _filtered(channel: Floats, along: Floats, across: Floats) -> Floats:
    """Along x and across, y; what lies outside is as the border."""
    return cv2.sepFilter2D(channel, -1, along, across, borderType=cv2.BORDER_REPLICATE)


@inlined
def _root(share: float) -> float:
    return np.cbrt(share) if share > 216 / 24389 else share * (841 / 108) + 4 / 29


@compiled(
    "void(float32[:, ::1], float32[:, ::1], float32[:, ::1], float64[:, ::1], float64[:, ::1], float32[:, :, ::1])",
    nogil=True,
)
def _to_lab(
    bright: Floats, red_green: Floats, blue_yellow: Floats, to_rgb: Floats, from_rgb: Floats, lab: Floats
) -> None:
    """Filtered opponent colours to Lab with Hunt's effect; light that no screen has is cut off."""
    for y in range(bright.shape[0]):
        for x in range(bright.shape[1]):
            cube_x = cube_y = cube_z = 0.0
            for k in range(3):
                light = to_rgb[k, 0] * bright[y, x] + to_rgb[k, 1] * red_green[y, x] + to_rgb[k, 2] * blue_yellow[y, x]
                light = min(max(light, 0.0), 1.0)
                cube_x += from_rgb[0, k] * light
                cube_y += from_rgb[1, k] * light
                cube_z += from_rgb[2, k] * light
            cube_x, cube_y, cube_z = _root(cube_x), _root(cube_y), _root(cube_z)
            lightness = 116 * cube_y - 16
            lab[y, x, 0] = lightness
            lab[y, x, 1] = 0.01 * lightness * 500 * (cube_x - cube_y)
            lab[y, x, 2] = 0.01 * lightness * 200 * (cube_y - cube_z)


@compiled(
    "void(float32[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], float64, float32[:, ::1])",
    nogil=True,
)
def _combine(
    lab: Floats, detail: Floats, true_lab: Floats, true_detail: Floats, largest: float, errors: Floats
) -> None:
    """The difference in colour to the power of one minus the difference in edges and points."""
    for y in range(lab.shape[0]):
        for x in range(lab.shape[1]):
            in_a, in_b = lab[y, x, 1] - true_lab[y, x, 1], lab[y, x, 2] - true_lab[y, x, 2]
            apart = abs(lab[y, x, 0] - true_lab[y, x, 0]) + np.sqrt(in_a * in_a + in_b * in_b)
            colour = apart**0.7
            if colour < 0.4 * largest:
                colour *= 0.95 / (0.4 * largest)
            else:
                colour = 0.95 + (colour - 0.4 * largest) / (0.6 * largest) * 0.05
            feature = max(abs(detail[y, x, 0] - true_detail[y, x, 0]), abs(detail[y, x, 1] - true_detail[y, x, 1]))
            errors[y, x] = colour ** (1 - np.sqrt(feature / np.sqrt(2.0)))


def _largest() -> float:
    """The largest distance of colours: from green to blue."""
    lab = np.empty((1, 2, 3), dtype=np.float32)
    pure = (np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) @ _TO_OPPONENT.T).astype(np.float32)
    bright, red_green, blue_yellow = (np.ascontiguousarray(pure[None, :, channel]) for channel in range(3))
    _to_lab(bright, red_green, blue_yellow, _FROM_OPPONENT, _TO_RELATIVE, lab)
    lightness, in_a, in_b = np.abs(lab[0, 0] - lab[0, 1])
    return float((lightness + np.hypot(in_a, in_b)) ** 0.7)


_LARGEST = _largest()
