"""Some frames of a video, at the size that is wanted: what is not asked for is decoded only where it has to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from rigmill.clips.deadline import in_time
from rigmill.clips.fitting import Fit
from rigmill.clips.planes import ToRgb
from rigmill.clips.video import TO_RGB, decoded
from rigmill.types import Bytes


def frames(
    data: bytes, at: Sequence[int], fit: Fit, *, into: Bytes | None = None, deadline: float | None = None
) -> Bytes:
    """Frames `at` (ascending, T of them) of a video of ours, as `fit` lays them: RGB (T, H, W, 3).

    Of `fit.pictures(rigmill.clips.video.decode(data))` they differ by at most one level, where that rounds the other
    way. Decoding begins at the key frame before the first and ends with the last. `into`: where they are put; None: in
    an array of their own. `deadline`: TooSlow when `time.monotonic()` is past it.
    """
    taken = np.empty((len(at), fit.height_px, fit.width_px, 3), np.uint8) if into is None else into
    same_size = fit.old_px == (fit.width_px, fit.height_px)
    whole = None if same_size else np.empty((fit.old_px[1], fit.old_px[0], 3), np.uint8)
    convert = ToRgb(TO_RGB, fit.old_px[0])
    found = 0
    for number, picture in decoded(data, at[0]):
        in_time(deadline)
        if number != at[found]:
            continue
        if (picture.width, picture.height) != fit.old_px:
            raise ValueError(f"a video of {picture.width}x{picture.height} pixels, not of {fit.old_px}")
        target = taken[found] if whole is None else whole
        _rgb(picture, convert, target)
        if whole is not None:
            taken[found] = fit.pictures(whole[None])[0]
        found += 1
        if found == len(at):
            return taken
    raise ValueError(f"the video ends before frame {at[found]}")


def _rgb(picture: Any, convert: ToRgb, target: Bytes) -> None:
    planes = [
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in picture.planes
    ]
    if picture.format.name == "yuv420p":
        convert(planes[0], planes[1], planes[2], target)
    elif picture.format.name == "yuv444p":
        cv2.transform(cv2.merge(planes), TO_RGB, target)
    else:
        raise ValueError(f"not a video of ours: pixel format {picture.format.name}")
