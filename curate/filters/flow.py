"""How much a clip visibly moves: optical flow between preview pictures. Calibrated in docs/filters.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from rigmill.clips.pictures import over_grey
from rigmill.storage.files import digest
from rigmill.types import Bools, Bytes, Floats

SUBJECT_PX = 256  # the subject's bounding square is brought to this size, so resolution and framing do not matter
_PAD_PX = 32  # room around it, so that what moves out of one picture's square is still seen in the other
_BACKDROP = 127  # grey behind the subject: its outline shows, whether it is dark or bright
_SEEN = 127  # alpha above this is subject
# The part that moves most is the fastest hundredth of the subject's pixels: a hand of a person, not a lone pixel.
MOST_PERCENTILE = 99.0
# A motion's fingerprint: this many fixed random views of all joints over time, rounded to steps of the subject's size.
_NUM_VIEWS, _STEP = 16, 0.01


@dataclass(frozen=True, slots=True)
class Seen:
    """What the preview shows of a clip's motion; pixels at 256 px on the subject's bounding square."""

    flow_px_per_frame: float  # mean over the subject, between consecutive frames: the paper's measure
    flow_px: float  # how far the part that moves most gets, between any two of the frames compared
    coverage: float  # share of the picture that the subject covers, in the view that shows least of it


def look(views: Sequence[Sequence[Bytes]], *, frames: Sequence[int], starts: Sequence[int]) -> Seen:
    """Compare the pictures [view][index of `frames`], RGBA (H, W, 4), of a clip.

    Pairs are (t, t + 1) for each of `starts`, and (first, t): a slow motion moves little from frame to frame, and
    still is a motion.
    """
    at = {frame: index for index, frame in enumerate(frames)}
    near = [(at[start], at[start + 1]) for start in starts]
    far = [(at[starts[0]], at[start]) for start in starts[1:]]
    between_frames = [flow_of_pair(view[one], view[other]) for view in views for one, other in near]
    over_time = [flow_of_pair(view[one], view[other]) for view in views for one, other in far]
    return Seen(
        flow_px_per_frame=_mean(between_frames),
        flow_px=max((float(np.percentile(flow, MOST_PERCENTILE)) for flow in between_frames + over_time), default=0.0),
        coverage=min(
            (float(np.mean([(picture[..., 3] > _SEEN).mean() for picture in view])) for view in views), default=0.0
        ),
    )


def flow_px_per_frame(pairs: Sequence[tuple[Bytes, Bytes]]) -> float:
    """The mean flow magnitude over pairs of RGBA pictures (H, W, 4) of one view each, frames t and t + 1.

    Pixels per frame at 256 px on the subject's bounding square; the mean is over the pixels that the subject
    covers in either picture, then over the pairs. A pair in which no subject is seen counts as no motion.
    """
    return _mean([flow_of_pair(*pair) for pair in pairs])


def _mean(flows: Sequence[Floats]) -> float:
    return float(np.mean([flow.mean() for flow in flows])) if flows else 0.0


def flow_of_pair(first: Bytes, second: Bytes) -> Floats:
    """Flow magnitudes of the pixels that the subject covers in either picture; one zero where there is no subject."""
    cv2.setNumThreads(1)  # the same sums in the same order, whatever machine it is
    seen = (first[..., 3] > _SEEN) | (second[..., 3] > _SEEN)
    if not seen.any():
        return np.zeros(1)
    to_square, size = _square(seen)
    pictures = [_view(_flat(picture), to_square, size, backdrop=_BACKDROP) for picture in (first, second)]
    mask = _view(np.where(seen, 255, 0).astype(np.uint8), to_square, size, backdrop=0) > _SEEN
    if not mask.any() or (pictures[0] == pictures[1]).all():
        return np.zeros(1)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(pictures[0], pictures[1], None)
    return np.linalg.norm(flow[mask].astype(np.float64), axis=-1)


def _square(seen: Bools) -> tuple[Floats, tuple[int, int]]:
    """The map (2, 3) from pixels to a picture of what is seen, SUBJECT_PX along its longer side, and its size."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    top, left = rows[0], columns[0]
    height, width = rows[-1] + 1 - top, columns[-1] + 1 - left
    scale = SUBJECT_PX / max(height, width)
    size = round(width * scale) + 2 * _PAD_PX, round(height * scale) + 2 * _PAD_PX
    # Pixel centres lie at whole numbers in warpAffine, so half a pixel goes in and out again.
    to_square = np.array(
        [
            [scale, 0.0, size[0] / 2 - scale * (left + width / 2) + (scale - 1) / 2],
            [0.0, scale, size[1] / 2 - scale * (top + height / 2) + (scale - 1) / 2],
        ]
    )
    return to_square, size


def _flat(picture: Bytes) -> Bytes:
    """Grey levels (H, W) of an RGBA picture over the backdrop."""
    return np.rint(over_grey(picture, _BACKDROP) @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


def _view(picture: Bytes, to_square: Floats, size: tuple[int, int], *, backdrop: int) -> Bytes:
    return cv2.warpAffine(
        picture, to_square, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=float(backdrop)
    )


def growth(extents: Sequence[float]) -> float:
    """How many times larger the subject gets than it mostly is. `extents` is its largest side in every frame."""
    middle = float(np.median(extents))
    return float(max(extents)) / middle if middle > 0 else float("inf")


def motion_hash(joints: Floats) -> str:
    """A fingerprint of joints and their markers over time, (T, J, 3) normalised: equal for motions that look the same.

    16 hex digits. It holds sums over all joints and frames rounded to a hundredth of the subject's size, so that the
    last bits, which exporters change, do not matter: noise of one millionth changes it in 2 of 1000 cases.
    """
    values = np.asarray(joints, dtype=np.float64).reshape(-1)
    weights = np.random.RandomState(0)  # its stream is frozen by numpy's own promise
    sums = [float(weights.standard_normal(values.size) @ values) / np.sqrt(values.size) for _ in range(_NUM_VIEWS)]
    return digest(list(np.shape(joints)), [int(np.floor(value / _STEP + 0.5)) for value in sums])
