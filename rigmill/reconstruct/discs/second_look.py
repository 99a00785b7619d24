"""The second look at one view: where every disc is exactly, now that all joints are known roughly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.clips.camera import project
from rigmill.posemaps.posemap import LINE, line_half_px
from rigmill.reconstruct.discs.blur import disc_profile, line_profile
from rigmill.reconstruct.discs.first_look import BlobFinder, Condition, localize
from rigmill.reconstruct.discs.fit import Drawing, fit_discs
from rigmill.types import Bools, Bytes, Camera, Floats, Ints

_GATE_RADII = 1.5  # farther from where it is expected a disc is somebody else's, or the expectation is wrong
_SEEK_RADII = 4.0  # how far from there a joint is sought that was not found
_THERE = (0.5, 1.7)  # shares of the expected colour between which a disc is taken to be there
_SURELY_THERE, _SURELY_OWN = (0.7, 1.3), 0.7  # of a disc that nobody but the stored joints says is there
_OWN = 1.0  # nearer to another joint's colour than to its own, a disc is the other joint's
_SLACK, _SLACK_PER_PX = 25.0, 40.0  # RGB units that a seen colour may be off, and more where maps are blurred
_LEAST_SHOWN = 0.08  # of a disc that nothing covers
_MODEL_ERROR = 6.0  # RGB units beside the noise that pixels are off
_FINE_PX = 0.1  # what a centre is known better than makes it no better
_STALE_PX = 0.25  # what a disc or its neighbour has to move for it to be looked at again
_NEAR_RADII = 3.5  # of a neighbour


@dataclass(frozen=True, slots=True)
class Discs:
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


def _is_there(fit: Floats, *, there: tuple[float, float] = _THERE, own: float = _OWN) -> Bools:
    shown = fit[..., 6] >= _LEAST_SHOWN
    return shown & (fit[..., 5] >= there[0]) & (fit[..., 5] <= there[1]) & (fit[..., 7] <= own)


def _away(places: Floats, layout: Floats) -> Floats:
    return np.nan_to_num(np.linalg.norm(places - layout, axis=-1), nan=np.inf)


class SecondLook:
    """One view's maps (T, H, W, 3) and what is known of its discs so far. `colours` (D, 3) and `parents` (D,)."""

    def __init__(
        self, maps: Bytes, camera: Camera, *, parents: Ints, colours: Bytes, radius_px: float, condition: Condition
    ) -> None:
        self._maps, self._camera, self._condition = np.ascontiguousarray(maps), camera, condition
        self._drawing = _drawing(parents, colours, radius_px=radius_px, condition=condition)
        self._radius_px = radius_px
        self._finder = BlobFinder(maps.shape[1:3], colours=colours, radius_px=radius_px, condition=condition)
        self.blobs, self.share = localize(maps, colours=colours, radius_px=radius_px, finder=self._finder)
        self._layout = np.full(self.blobs.shape, np.nan)
        self.discs = Discs(self.blobs, self.share, np.zeros((*self.share.shape, 3)))

    def look_again(self, joints: Floats, lost: Bools) -> None:
        """Measure the discs given about where the joints (T, D, 3) are and which (T, D) were not found.

        A disc is looked for where its blob is if that is near the expected place, else there; if it is not there, where
        its blob is all the same. What has not moved since the last look is not looked at again.
        """
        layout, depth = project(self._camera, joints)
        layout = np.where((depth > 0)[..., None], layout, np.nan)
        stale = lost | self._stale(layout)
        gate_px = _GATE_RADII * max(self._radius_px, 2.0)
        near_blob = _away(self.blobs, layout) <= gate_px
        starts = np.where(near_blob[..., None], self.blobs, layout)
        sought = self._finder.seek(
            self._maps, layout, lost & ~near_blob, gate_px=_SEEK_RADII * max(self._radius_px, 2.0)
        )
        was_sought = np.isfinite(sought).all(axis=-1)
        starts = np.where(was_sought[..., None], sought, starts)
        best = self._fit(np.where(stale[..., None], starts, np.nan), layout, depth)
        there = _is_there(best) & ((_away(best[..., :2], layout) <= 2 * gate_px) | was_sought)
        other = stale & ~there & ~near_blob & np.isfinite(self.blobs).all(axis=-1)
        if other.any():
            second = self._fit(np.where(other[..., None], self.blobs, np.nan), layout, depth)
            found = other & _is_there(second)
            best, there = np.where(found[..., None], second, best), there | found
        centres = np.where(there[..., None], best[..., :2], np.nan)
        share = np.where(there, np.clip(best[..., 6], 0, 1), 0.0)
        shapes = np.where(there[..., None], _shapes(np.nan_to_num(best[..., 2:5]), self._condition.noise), 0.0)
        old = self.discs
        self._layout = np.where(stale[..., None], layout, self._layout)
        self.discs = Discs(
            centres=np.where(stale[..., None], centres, old.centres),
            confidence=np.where(stale, share, old.confidence),
            shapes=np.where(stale[..., None], shapes, old.shapes),
        )

    def _stale(self, layout: Floats) -> Bools:
        """Discs (T, D) that moved, or a disc near them, since they were looked at last."""
        moved = ~(_away(layout, self._layout) <= _STALE_PX)
        gaps = np.linalg.norm(layout[:, :, None] - layout[:, None], axis=-1)
        near = gaps <= _NEAR_RADII * max(self._radius_px, 2.0)
        return np.asarray((near & moved[:, None, :]).any(axis=-1) | moved)

    def _fit(self, starts: Floats, layout: Floats, depth: Floats) -> Floats:
        return _fit(self._maps, starts, layout, depth, self._drawing, self._condition)


def discs_at(
    maps: Bytes,
    layout: Floats,
    depth: Floats,
    wanted: Bools,
    *,
    parents: Ints,
    colours: Bytes,
    radius_px: float,
    condition: Condition,
) -> Floats:
    """Where the `wanted` (T, D) discs of one view's maps (T, H, W, 3) are that are about where `layout` (T, D, 2) puts
    them, else NaN. All of `layout` has to be known, and is taken for true.
    """
    drawing = _drawing(parents, colours, radius_px=radius_px, condition=condition)
    starts = np.where(wanted[..., None], layout, np.nan)
    fit = _fit(np.ascontiguousarray(maps), starts, layout, depth, drawing, condition)
    near = _away(fit[..., :2], layout) <= _GATE_RADII * max(radius_px, 2.0)
    there = _is_there(fit, there=_SURELY_THERE, own=_SURELY_OWN)
    return np.where((near & there)[..., None], fit[..., :2], np.nan)


def _drawing(parents: Ints, colours: Bytes, *, radius_px: float, condition: Condition) -> Drawing:
    return Drawing(
        parents=parents.astype(np.int64),
        colours=colours.astype(np.float64),
        disc=disc_profile(radius_px, condition.blur_px),
        line=line_profile(line_half_px(radius_px), condition.blur_px),
        radius_px=float(radius_px),
        grey=float(LINE[0]),
    )


def _fit(maps: Bytes, starts: Floats, layout: Floats, depth: Floats, drawing: Drawing, condition: Condition) -> Floats:
    """The results (T, D, 8) of `fit_discs`."""
    results = np.full((*starts.shape[:2], 8), np.nan)
    fit_discs(
        maps,
        np.ascontiguousarray(starts),
        np.ascontiguousarray(layout),
        np.ascontiguousarray(depth),
        drawing,
        condition.noise,
        _SLACK + _SLACK_PER_PX * condition.blur_px,
        results,
    )
    return results
