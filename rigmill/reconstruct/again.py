"""The second look at one view: where every disc is exactly, now that all joints are known roughly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.camera import project
from rigmill.posemap import LINE, line_half_px
from rigmill.reconstruct.localize import Condition
from rigmill.reconstruct.measure import fit_discs
from rigmill.reconstruct.profiles import disc_profile, line_profile
from rigmill.types import Bools, Bytes, Camera, Floats, Ints

_GATE_RADII = 1.5  # farther from where it is expected a disc is somebody else's, or the expectation is wrong
_THERE = (0.5, 1.7)  # shares of the expected colour between which a disc is taken to be there
_LEAST_SHOWN = 0.08  # of a disc that nothing covers
_MODEL_ERROR = 6.0  # RGB units beside the noise that pixels are off
_FINE_PX = 0.1  # what a centre is known better than makes it no better


@dataclass(frozen=True, slots=True)
class Measured:
    """One view's discs. T frames, D joints."""

    centres: Floats  # (T, D, 2) pixels, NaN if missing
    confidence: Floats  # (T, D) the share of the disc that shows, 0 if missing
    shapes: Floats  # (T, D, 3) xx, xy, yy of the matrix that squares an error, at most 1: how well pixels fix each way


def _shapes(information: Floats, noise: float) -> Floats:
    """(I + covariance / fine^2)^-1 of information xx, xy, yy (..., 3)."""
    variance = noise**2 + _MODEL_ERROR**2
    xx, xy, yy = np.moveaxis(information, -1, 0) * (_FINE_PX**2 / variance)
    # M (M + I)^-1 for the scaled information M: no inverse of what may be singular.
    determinant = (xx + 1) * (yy + 1) - xy * xy
    inner = xx * yy - xy * xy
    return np.stack([(xx + inner) / determinant, xy / determinant, (yy + inner) / determinant], axis=-1)


def _is_there(fit: Floats) -> Bools:
    shown = fit[..., 6] >= _LEAST_SHOWN
    return shown & (fit[..., 5] >= _THERE[0]) & (fit[..., 5] <= _THERE[1])


def look_again(
    maps: Bytes, camera: Camera, joints: Floats, blobs: Floats, *,
    parents: Ints, colours: Bytes, radius_px: float, condition: Condition,
) -> Measured:
    """The discs of one view's maps (T, H, W, 3), given about where the joints (T, D, 3) are and `blobs` (T, D, 2).

    A disc is looked for where its blob is if that is near the expected place, else there; if it is not there, where
    its blob is all the same.
    """
    layout, depth = project(camera, joints)
    layout = np.where((depth > 0)[..., None], layout, np.nan)
    gate_px = _GATE_RADII * max(radius_px, 2.0)

    def fit(starts: Floats) -> Floats:
        results = np.full((*starts.shape[:2], 8), np.nan)
        fit_discs(
            np.ascontiguousarray(maps), np.ascontiguousarray(starts), np.ascontiguousarray(layout),
            np.ascontiguousarray(depth), parents.astype(np.int64), colours.astype(np.float64), radius_px,
            condition.noise, disc_profile(radius_px, condition.blur_px),
            line_profile(line_half_px(radius_px), condition.blur_px), float(LINE[0]), results,
        )
        return results

    def away(places: Floats) -> Floats:
        return np.nan_to_num(np.linalg.norm(places - layout, axis=-1), nan=np.inf)

    near_blob = away(blobs) <= gate_px
    best = fit(np.where(near_blob[..., None], blobs, layout))
    there = _is_there(best) & (away(best[..., :2]) <= 2 * gate_px)
    other = ~there & ~near_blob & np.isfinite(blobs).all(axis=-1)
    if other.any():
        second = fit(np.where(other[..., None], blobs, np.nan))
        found = other & _is_there(second)
        best, there = np.where(found[..., None], second, best), there | found
    return Measured(
        centres=np.where(there[..., None], best[..., :2], np.nan),
        confidence=np.where(there, np.clip(best[..., 6], 0, 1), 0.0),
        shapes=np.where(there[..., None], _shapes(np.nan_to_num(best[..., 2:5]), condition.noise), 0.0),
    )
