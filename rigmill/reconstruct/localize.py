"""2D joints from pose maps: each joint's colour is looked up, its largest blob found, its centre measured.

The paper (3.3) clusters colours with k-means++. The colours are known, so looking them up is faster and does
not lose centres to blended edges and lines.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from rigmill.posemap import BACKGROUND, LINE
from rigmill.types import Bools, Bytes, Floats, Ints

_DARK = 24  # per channel: nearer to the black background than any joint's colour can be
_BITS = 6  # per channel, of the colour table
_CORE_RADIUS_PX = 1.8  # smaller discs have no pixel whose four neighbours are also inside
_OTHER_HUE = 30.0  # RGB units off the blend of a joint's colour with ground or line
_LEAST_HUE = 60.0  # RGB units from grey that a colour needs to be told from lines
_COUNTED = 0.25  # confidence of a centre from whole pixels beside one from coverage
_LEAST_GATHERED = 0.5  # of a colour's pixels in its largest blob: a joint is in one place, noise is everywhere
_LEAST_SHARE = 0.12  # of a disc: less is a blend between two other colours


def colour_table(colours: Bytes) -> Ints:
    """The joint (index + 1) nearest to every quantised RGB colour, 0 for background, line and far colours."""
    step = 1 << (8 - _BITS)
    level = np.arange(1 << _BITS, dtype=np.float32) * step + (step - 1) / 2
    grid = np.stack(np.meshgrid(level, level, level, indexing="ij"), axis=-1).reshape(-1, 3)
    members = np.vstack([[BACKGROUND, LINE], colours]).astype(np.float32)
    distance = np.sum(members**2, axis=1) - 2 * grid @ members.T  # squared, less a term that all members share
    nearest = np.argmin(distance, axis=1)
    gaps = np.linalg.norm(members[:, None] - members, axis=-1)
    np.fill_diagonal(gaps, np.inf)
    reach = np.linalg.norm(grid - members[nearest], axis=1)
    return np.where((nearest >= 2) & (reach <= gaps.min()), nearest - 1, 0).astype(np.int16)


def _labelled(picture: Bytes, table: Ints) -> tuple[Ints, int, int]:
    """The joint (index + 1) of every pixel around the subject, 0 for none, and that part's left and top."""
    subject = cv2.bitwise_not(cv2.inRange(picture, (0, 0, 0), (_DARK, _DARK, _DARK)))
    left, top, width_px, height_px = cv2.boundingRect(subject)
    part = picture[top : top + height_px, left : left + width_px]
    ys, xs = np.nonzero(subject[top : top + height_px, left : left + width_px])
    red, green, blue = (part[ys, xs] >> (8 - _BITS)).astype(np.int32).T
    labels = np.zeros((height_px, width_px), dtype=np.int16)
    labels[ys, xs] = table[(red << 2 * _BITS) + (green << _BITS) + blue]
    return labels, left, top


def _core(labels: Ints) -> Bools:
    """Pixels whose four neighbours have the same label: no blended edge survives, and no two joints touch."""
    padded = np.pad(labels, 1)
    same = labels > 0
    for rows, columns in ((slice(2, None), slice(1, -1)), (slice(0, -2), slice(1, -1)),
                          (slice(1, -1), slice(2, None)), (slice(1, -1), slice(0, -2))):
        same &= padded[rows, columns] == labels
    return same


def _largest_blobs(labels: Ints, num: int, *, use_core: bool) -> Floats:
    """The centre (num, 2) of the largest blob of every label, NaN where there is none or the label is scattered."""
    if not labels.size:
        return np.full((num, 2), np.nan)
    seeds = _core(labels) if use_core else labels > 0
    count, blobs = cv2.connectedComponents(seeds.astype(np.uint8), connectivity=4)
    ys, xs = np.nonzero(seeds)
    groups = blobs[ys, xs].astype(np.int64) * (num + 1) + labels[ys, xs]
    area = np.bincount(groups, minlength=count * (num + 1))
    best = np.argmax(area.reshape(count, num + 1), axis=0)[1:] * (num + 1) + np.arange(1, num + 1)
    centres = np.stack(
        [np.bincount(groups, weights=xs + 0.5, minlength=len(area)), np.bincount(groups, ys + 0.5, len(area))], axis=-1
    )
    whole = area.reshape(count, num + 1).sum(axis=0)[1:]
    gathered = area[best] >= _LEAST_GATHERED * np.maximum(whole, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(gathered[:, None], centres[best] / area[best, None], np.nan)


def _refine(
    centres: Floats, pixels: tuple[Ints, Ints, Ints, Ints], *, window_px: float
) -> tuple[Floats, Ints]:
    """Means (T, J, 2) and areas (T, J) of each joint's pixels within a window around its centre."""
    frames, ys, xs, joints = pixels
    slots = frames * centres.shape[1] + joints
    middle = centres.reshape(-1, 2)[slots]
    x, y = xs + 0.5, ys + 0.5
    inside = (x - middle[:, 0]) ** 2 + (y - middle[:, 1]) ** 2 <= window_px**2  # False beside a NaN centre
    slots, size = slots[inside], centres.shape[0] * centres.shape[1]
    area = np.bincount(slots, minlength=size)
    sums = np.stack([np.bincount(slots, x[inside], size), np.bincount(slots, y[inside], size)], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / area[:, None]
    return means.reshape(centres.shape), area.reshape(centres.shape[:2])


def _without_grey(colours: Floats) -> tuple[Floats, Floats]:
    """Colours (..., 3) less their grey part, which black ground and grey lines share, and what is left (...)."""
    hue = colours - colours.mean(axis=-1, keepdims=True)
    return hue, np.linalg.norm(hue, axis=-1)


def _from_coverage(centres: Floats, maps: Bytes, *, colours: Bytes, radius_px: float) -> tuple[Floats, Bools]:
    """Centres (T, J, 2) again, from how much of each pixel a disc covers, and where that could be done (T, J).

    Counting whole pixels is off by a tenth of a pixel; coverage is not, but needs nothing but ground and lines near.
    """
    reach = math.ceil(radius_px + 1)
    num_frames, height_px, width_px = maps.shape[:3]
    frames, joints = np.nonzero(np.isfinite(centres).all(axis=-1))
    base = np.floor(centres[frames, joints]).astype(np.int64)
    step = np.arange(-reach, reach + 1)
    xs, ys = base[:, 0, None] + step, base[:, 1, None] + step  # (N, P)
    within = ((xs >= 0) & (xs < width_px))[:, None, :] & ((ys >= 0) & (ys < height_px))[:, :, None]
    patch = maps[
        frames[:, None, None], np.clip(ys, 0, height_px - 1)[:, :, None], np.clip(xs, 0, width_px - 1)[:, None, :]
    ].astype(np.float32)
    hue, strength = _without_grey(colours[joints].astype(np.float32)[:, None, None])
    blend, _ = _without_grey(patch)
    cover = np.clip(np.sum(blend * hue, axis=-1) / np.maximum(strength, 1) ** 2, 0, 1)
    off = np.linalg.norm(blend - cover[..., None] * hue, axis=-1)
    x, y = xs + 0.5 - centres[frames, joints, 0, None], ys + 0.5 - centres[frames, joints, 1, None]
    near = x[:, None, :] ** 2 + y[:, :, None] ** 2 <= (radius_px + 1) ** 2
    # Another hue inside the window is a neighbour, whose share of a pixel is not known: leave that centre alone.
    clean = np.all(((off < _OTHER_HUE) & within) | ~near, axis=(1, 2)) & (strength[:, 0, 0] > _LEAST_HUE)
    weight = np.where(near, cover, 0.0)
    total = np.maximum(weight.sum(axis=(1, 2)), 1e-9)
    shift = np.stack([(weight * x[:, None, :]).sum(axis=(1, 2)), (weight * y[:, :, None]).sum(axis=(1, 2))], axis=-1)
    shift = np.where(clean[:, None], shift / total[:, None], 0.0)
    result, done = centres.copy(), np.zeros(centres.shape[:2], dtype=np.bool_)
    result[frames, joints] += shift
    done[frames, joints] = clean
    return result, done


def localize(maps: Bytes, *, colours: Bytes, radius_px: float) -> tuple[Floats, Floats]:
    """Centres (T, J, 2) in pixels, NaN if missing, and the confidence in them (T, J) from 0, missing, to 1.

    `maps` is (T, H, W, 3) RGB, and `colours` (J, 3) the colours of the drawn joints alone. The confidence is the
    visible share of the disc, less where a neighbour touches it.
    """
    num = len(colours)
    table = colour_table(colours)
    centres = np.full((len(maps), num, 2), np.nan)
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    for frame, picture in enumerate(maps):
        labels, left, top = _labelled(picture, table)
        centres[frame] = _largest_blobs(labels, num, use_core=radius_px >= _CORE_RADIUS_PX) + [left, top]
        ys, xs = np.nonzero(labels)
        found.append((np.full(len(ys), frame), ys + top, xs + left, labels[ys, xs].astype(np.int64) - 1))
    frames, ys, xs, joints = (np.concatenate(parts) for parts in zip(*found))
    centres, _ = _refine(centres, (frames, ys, xs, joints), window_px=radius_px + 3)
    centres, area = _refine(centres, (frames, ys, xs, joints), window_px=radius_px + 1.5)
    share = np.minimum(area / (math.pi * radius_px**2), 1.0)
    share = np.where(share >= _LEAST_SHARE, share, 0.0)
    centres = np.where(share[..., None] > 0, centres, np.nan)
    centres, exact = _from_coverage(centres, maps, colours=colours, radius_px=radius_px)
    return centres, np.where(exact, share, _COUNTED * share)
