"""How much a clip visibly moves: optical flow between consecutive preview pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rigmill.types import Bools, Bytes, Floats

SUBJECT_PX = 256  # the subject's bounding square is brought to this size, so resolution and framing do not matter
_PAD_PX = 32  # room around it, so that what moves out of one picture's square is still seen in the other
_BACKDROP = 127  # grey behind the subject: its outline shows, whether it is dark or bright
_SEEN = 127  # alpha above this is subject


def flow_px_per_frame(pairs: Sequence[tuple[Bytes, Bytes]]) -> float:
    """The mean flow magnitude over pairs of RGBA pictures (H, W, 4) of one view each, frames t and t + 1.

    Pixels per frame at 256 px on the subject's bounding square; the mean is over the pixels that the subject
    covers in either picture, then over the pairs. A pair in which no subject is seen counts as no motion.
    """
    cv2.setNumThreads(1)  # the same sums in the same order, whatever machine it is
    return float(np.mean([_pair_flow(*pair) for pair in pairs])) if pairs else 0.0


def _pair_flow(first: Bytes, second: Bytes) -> float:
    seen = (first[..., 3] > _SEEN) | (second[..., 3] > _SEEN)
    if not seen.any():
        return 0.0
    to_square = _square(seen)
    pictures = [_view(_flat(picture), to_square, backdrop=_BACKDROP) for picture in (first, second)]
    mask = _view(np.where(seen, 255, 0).astype(np.uint8), to_square, backdrop=0) > _SEEN
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(pictures[0], pictures[1], None)
    return float(np.linalg.norm(flow[mask].astype(np.float64), axis=-1).mean()) if mask.any() else 0.0


def _square(seen: Bools) -> Floats:
    """The map (2, 3) from picture pixels to the square picture around what is seen."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    top, left = rows[0], columns[0]
    height, width = rows[-1] + 1 - top, columns[-1] + 1 - left
    scale = SUBJECT_PX / max(height, width)
    middle = SUBJECT_PX / 2 + _PAD_PX
    # Pixel centres lie at whole numbers in warpAffine, so half a pixel goes in and out again.
    return np.array([
        [scale, 0.0, middle - scale * (left + width / 2) + (scale - 1) / 2],
        [0.0, scale, middle - scale * (top + height / 2) + (scale - 1) / 2],
    ])


def _flat(picture: Bytes) -> Bytes:
    """Grey levels (H, W) of an RGBA picture over the backdrop."""
    alpha = picture[..., 3:].astype(np.float64) / 255
    rgb = picture[..., :3] * alpha + _BACKDROP * (1 - alpha)
    return np.rint(rgb @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


def _view(picture: Bytes, to_square: Floats, *, backdrop: int) -> Bytes:
    side = SUBJECT_PX + 2 * _PAD_PX
    return cv2.warpAffine(
        picture, to_square, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
        borderValue=float(backdrop),
    )
