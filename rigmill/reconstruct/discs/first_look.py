"""2D joints from pose maps, first look: each joint's colour is looked up, its largest blob found, its middle taken.

The paper (3.3) clusters colours with k-means++ (`kmeans`). The colours are known, so looking them up is faster and
does not lose centres to blended edges and lines. `second_look` makes the centres exact when all joints are known
roughly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from rigmill.posemaps.posemap import BACKGROUND, LINE
from rigmill.reconstruct.discs.blobs import BITS, UNKNOWN, Palette, Workspace, find_blobs, seek_blobs
from rigmill.reconstruct.discs.blur import blur_of, peak_of
from rigmill.types import Bools, Bytes, Floats

_LEAST_SHARE = 0.12  # of a disc: less is a blend between two other colours
_GUESSES_PX = (0.0, 0.8, 1.6, 2.4)  # blurs tried
_BETTER = 1.1  # so many times more has to be found with a stronger blur
_LOOKED_AT = 6  # frames that say what state the maps are in
_SMOOTHED_NOISE = 5.0  # RGB units of noise above which maps are averaged over 3 x 3 pixels to look colours up
_LEAST_REACH, _MOST_REACH = 80.0, 130.0  # RGB units that a pixel's colour may be away from a joint's
_WHOLE = 0.5  # of a disc that has to be seen to tell its colour
_GROUND_PX = 3  # how far from anything bright the dark ground says how noisy maps are
_LEAST_GROUND = 64  # pixels of it that are enough to say so


@dataclass(frozen=True, slots=True)
class Condition:
    """What happened to pose maps since they were drawn."""

    noise: float = 0.0  # RGB units, standard deviation
    blur_px: float = 0.0  # standard deviation of a Gaussian


class BlobFinder:
    """Finds blobs in pictures of one size; holds the workspace. `colours` (D, 3) are those of the drawn joints."""

    def __init__(self, size_px: tuple[int, ...], *, colours: Bytes, radius_px: float, condition: Condition) -> None:
        height, width = size_px
        self.is_noisy = condition.noise > _SMOOTHED_NOISE
        # What is averaged is blurred once more: a box of three pixels has a variance of 2 / 3.
        blur = math.hypot(condition.blur_px, math.sqrt(2 / 3) if self.is_noisy else 0.0)
        self.radius_px = radius_px
        peak = peak_of(radius_px, blur)
        line = LINE[0] * peak_of(max(radius_px / 4, 0.5), blur) ** 0.5  # a bar fades as the root of a disc
        members = np.vstack([[BACKGROUND], np.full((1, 3), line), colours * peak]).astype(np.float32)
        gaps = np.linalg.norm(members[2:, None] - members[2:], axis=-1)
        np.fill_diagonal(gaps, np.inf)
        reach = min(max(float(gaps.min(initial=np.inf)), _LEAST_REACH), _MOST_REACH)
        self._palette = Palette(members, reach, np.full(1 << 3 * BITS, UNKNOWN, dtype=np.int16))
        labels = np.zeros((height + 2, width + 2), dtype=np.int16)
        places, stack = (np.empty(labels.size, dtype=np.int32) for _ in range(2))
        self._workspace = Workspace(labels, np.zeros(labels.size, dtype=np.uint8), places, stack)

    def find(self, picture: Bytes) -> Floats:
        """Middle and number of pixels (D, 3) of each joint's largest blob."""
        if self.is_noisy:
            picture = np.asarray(cv2.blur(picture, (3, 3)))
        picture = np.ascontiguousarray(picture)
        flat = picture.reshape(len(picture), -1)
        fits = flat.shape[1] % 8 == 0
        words = flat.view(np.uint64) if fits else np.empty((len(picture), 0), dtype=np.uint64)
        found = np.zeros((len(self._palette.members) - 2, 3))
        find_blobs(picture, words, self._palette, self._workspace, self.radius_px, self.is_noisy, found)
        return found

    def seek(self, maps: Bytes, expected: Floats, wanted: Bools, *, gate_px: float) -> Floats:
        """Where within `gate_px` of the expected places (T, D, 2) wanted joints' colours are, else NaN."""
        found = np.full(expected.shape, np.nan)
        seek_blobs(
            maps,
            np.ascontiguousarray(expected),
            np.ascontiguousarray(wanted),
            self._palette,
            gate_px,
            self.radius_px,
            self.is_noisy,
            found,
        )
        return found


def condition_of(maps: Bytes, *, colours: Bytes, radius_px: float) -> Condition:
    """The condition of one view's maps (T, H, W, 3), from a few frames."""
    chosen = np.unique(np.linspace(0, len(maps) - 1, _LOOKED_AT).astype(int)) if len(maps) else []
    noise = float(np.median([_noise(maps[frame]) for frame in chosen])) if len(chosen) else 0.0
    found, rims = 0.0, []
    for guess in _GUESSES_PX:  # colours that have faded are found when it is about known how much
        condition = Condition(noise=noise, blur_px=guess)
        finder = BlobFinder(maps.shape[1:3], colours=colours, radius_px=radius_px, condition=condition)
        looks = [finder.find(maps[frame]) for frame in chosen]
        num = sum(float(np.minimum(look[:, 2] / (math.pi * radius_px**2), 1.0).sum()) for look in looks)
        if num > _BETTER * found:
            found = num
            rims = [rim for frame, look in zip(chosen, looks) for rim in _rims(maps[frame], look, colours, radius_px)]
    is_noisy = noise > _SMOOTHED_NOISE
    return Condition(noise=noise, blur_px=blur_of(radius_px, np.stack(rims), is_noisy=is_noisy) if rims else 0.0)


def _rims(picture: Bytes, look: Floats, colours: Bytes, radius_px: float) -> Iterator[Floats]:
    """Of each disc that is seen nearly whole: the distance from its middle of the pixels around (2, P), and what share
    of its colour they have.
    """
    height, width = picture.shape[:2]
    reach = math.ceil(radius_px)
    step = np.arange(-reach, reach + 1)
    for (x, y, count), own in zip(look, colours):
        row, column, colour = int(y), int(x), own.astype(np.float64)
        inside = reach <= row < height - reach and reach <= column < width - reach
        if inside and count >= _WHOLE * math.pi * radius_px**2:
            seen = picture[row - reach : row + reach + 1, column - reach : column + reach + 1]
            distance = np.hypot(column + step + 0.5 - x, (row + step + 0.5 - y)[:, None])
            yield np.stack([distance.ravel(), (seen @ colour).ravel() / max(float(colour @ colour), 1.0)])


def _noise(picture: Bytes) -> float:
    """The noise of the dark ground, RGB units, from the value that five in six are below.

    What noise takes below zero is cut off, and what is drawn covers less than one in six. In small pictures of many
    joints the dim edges of lines cover more: where there is ground away from all that is bright, it alone is asked.
    """
    is_dark = (picture < 64).all(axis=-1)
    side = 2 * _GROUND_PX + 1
    away = cv2.erode(is_dark.astype(np.uint8), np.ones((side, side), np.uint8))[::4, ::4] > 0
    thin = picture[::4, ::4]
    dark = thin[away if np.count_nonzero(away) >= _LEAST_GROUND else is_dark[::4, ::4]]
    return float(np.quantile(dark, 0.8413)) if dark.size else 0.0


def localize(
    maps: Bytes,
    *,
    colours: Bytes,
    radius_px: float,
    condition: Condition = Condition(),
    finder: BlobFinder | None = None,
) -> tuple[Floats, Floats]:
    """Centres (T, J, 2) in pixels, NaN if missing, and the visible share of the disc (T, J), 0 if missing.

    `maps` is (T, H, W, 3) RGB, and `colours` (J, 3) the colours of the drawn joints alone.
    """
    finder = finder or BlobFinder(maps.shape[1:3], colours=colours, radius_px=radius_px, condition=condition)
    found = np.stack([finder.find(picture) for picture in maps])
    share = np.minimum(found[..., 2] / (math.pi * radius_px**2), 1.0)
    share = np.where(share >= _LEAST_SHARE, share, 0.0)
    return np.where(share[..., None] > 0, found[..., :2], np.nan), share
