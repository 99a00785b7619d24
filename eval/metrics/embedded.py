"""What VBench asks, answered without its weights: other features, other names, never comparable with VBench's numbers.

The rules are VBench's, so the numbers fail where its numbers fail: a body that stands still is smooth and consistent,
one that vanishes is not. V views of T frames, drawn, with masks of the body. There is no such counterpart of aesthetic
quality, nor of overall consistency: nothing without learned weights knows what is beautiful or what a sentence means.
"""

from __future__ import annotations

import cv2
import numpy as np

from eval.metrics.consistency import cosines, i2v_subject
from eval.metrics.metric import Better, Metric
from rigmill.types import Bools, Bytes, Floats

METRICS = (
    Metric(
        "i2v_subject.hist",
        "subject (histograms)",
        "",
        Better.HIGHER,
        "VBench's rule for I2V Subject on histograms of the body's colours and edges; a still picture has the most",
        backend="embedded",
    ),
    Metric(
        "motion_smoothness.dis",
        "smoothness (DIS)",
        "",
        Better.HIGHER,
        "how well every second frame follows from its neighbours by DIS flow; a still picture has the most",
        backend="embedded",
    ),
    Metric(
        "motion_smoothness_subject.dis",
        "smoothness (DIS), subject",
        "",
        Better.HIGHER,
        "the same over the pixels that the body covers in one of the three frames",
        backend="embedded",
    ),
    Metric(
        "dynamic_degree.dis",
        "dynamic degree (DIS)",
        "",
        Better.NEITHER,
        "share of views that move, by VBench's rule on DIS flow in place of RAFT's",
        backend="embedded",
    ),
    Metric(
        "temporal_flickering",
        "temporal flickering",
        "",
        Better.HIGHER,
        "255 minus the mean difference of neighbouring frames, of 255: VBench's own rule, which has no weights",
        backend="embedded",
    ),
    Metric(
        "imaging_quality.proxy",
        "imaging (sharp, clean)",
        "",
        Better.HIGHER,
        "sharpness of the body's pixels times their freedom from noise, by Laplacian and Immerkaer's estimate",
        backend="embedded",
    ),
)

_FLOW_FPS = 8  # VBench samples a video at this rate before it asks what moves
_TOP_SHARE, _MOVES_PX, _OF_PX = 0.05, 6.0, 256.0
_HALF_SHARP, _HALF_CLEAN = 100.0, 10.0  # variance of the Laplacian, noise in grey levels
_COLOURS = (6, 8, 8)  # bins of L, a, b
_CELLS, _DIRECTIONS, _CROP_PX = 8, 9, 64


def i2v_subject_hist(pictures: Bytes, masks: Bools, inputs: Bytes, input_masks: Bools) -> float | None:
    """The mean over views of pictures (V, T, H, W, 3), and of the input picture of each view (V, H, W, 3).

    What is not to be seen is like nothing: likeness 0. None: a single frame.
    """
    if pictures.shape[1] < 2:
        return None
    found = []
    for frames, covered, first, first_covered in zip(pictures, masks, inputs, input_masks):
        seen = np.stack([_looks(picture, mask) for picture, mask in zip(frames, covered)])
        start = _looks(first, first_covered)
        found.append(i2v_subject(cosines(seen, start[None]), cosines(seen[1:], seen[:-1])))
    return float(np.mean(found))


def motion_smoothness_dis(pictures: Bytes, masks: Bools) -> tuple[float | None, float | None]:
    """Over all pixels, and over the body's (None: it is nowhere); both None: fewer than three frames."""
    whole, subject = [], []
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    for frames, covered in zip(pictures, masks):
        greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in frames]
        for odd in range(1, len(frames) - 1, 2):
            guess = _between(frames[odd - 1], frames[odd + 1], greys[odd - 1], greys[odd + 1], flow)
            apart = cv2.absdiff(frames[odd], guess)
            whole.append(apart.mean())
            body = covered[odd - 1 : odd + 2].any(axis=0)
            if body.any():
                subject.append(apart[body].mean())
    return tuple((255 - float(np.mean(each))) / 255 if each else None for each in (whole, subject))  # type: ignore[return-value]


def dynamic_degree_dis(pictures: Bytes, *, fps: float) -> float:
    """The share of views in which enough pairs of frames move fast enough."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return float(np.mean([_moves([top for top in _top_flows(frames, fps, flow)], frames) for frames in pictures]))


def temporal_flickering(pictures: Bytes) -> float | None:
    """As VBench has it, the mean over views; None: a single frame."""
    if pictures.shape[1] < 2:
        return None
    apart = [cv2.absdiff(one, other).mean() for frames in pictures for one, other in zip(frames, frames[1:])]
    return (255 - float(np.mean(apart))) / 255


def imaging_quality_proxy(pictures: Bytes, masks: Bools) -> float | None:
    """The mean over the pictures in which the body is to be seen; 0 to 1. None: in none."""
    flat, covered = pictures.reshape(-1, *pictures.shape[-3:]), masks.reshape(-1, *masks.shape[-2:])
    each = [_clear(picture, mask) for picture, mask in zip(flat, covered) if mask.any()]
    return float(np.mean(each)) if each else None


def _between(before: Bytes, after: Bytes, grey_before: Bytes, grey_after: Bytes, flow: cv2.DISOpticalFlow) -> Bytes:
    """The frame in the middle of two, by the flow of both directions."""
    there, back = flow.calc(grey_before, grey_after, None), flow.calc(grey_after, grey_before, None)
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in grey_before.shape[::-1]))
    halves = [
        cv2.remap(picture, x - way[..., 0] / 2, y - way[..., 1] / 2, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for picture, way in ((before, there), (after, back))
    ]
    return cv2.addWeighted(halves[0], 0.5, halves[1], 0.5, 0.0)


def _top_flows(frames: Bytes, fps: float, flow: cv2.DISOpticalFlow) -> list[float]:
    sampled = frames[:: max(1, round(fps / _FLOW_FPS))]
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in sampled]
    found = []
    for one, other in zip(greys, greys[1:]):
        speeds = np.linalg.norm(flow.calc(one, other, None), axis=-1).ravel()
        count = int(len(speeds) * _TOP_SHARE)
        found.append(float(np.partition(speeds, -count)[-count:].mean()))
    return found


def _moves(top_flows: list[float], frames: Bytes) -> bool:
    """VBench's rule: as many pairs as a quarter of the sampled frames move faster than the picture's size asks."""
    limit = _MOVES_PX * min(frames.shape[1:3]) / _OF_PX
    return sum(top > limit for top in top_flows) >= max(round(4 * (len(top_flows) + 1) / 16), 1)


def _looks(picture: Bytes, mask: Bools) -> Floats:
    """A unit vector of the body's colours and, in its own frame, its edges; nothing, where there is no body."""
    if not mask.any():
        return np.zeros(int(np.prod(_COLOURS)) + _CELLS * _CELLS * _DIRECTIONS)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    lab = cv2.cvtColor(np.ascontiguousarray(picture[part]), cv2.COLOR_RGB2LAB)
    inside = mask[part].astype(np.uint8)
    colours = np.sqrt(cv2.calcHist([lab], [0, 1, 2], inside, list(_COLOURS), [0, 256] * 3).ravel().astype(np.float64))
    grey = cv2.resize(np.where(inside > 0, lab[..., 0], 255), (_CROP_PX, _CROP_PX), interpolation=cv2.INTER_AREA)
    edges = _edges(grey.astype(np.float32))
    return np.concatenate([_unit(colours), _unit(edges)]) / np.sqrt(2)


def _edges(grey: Floats) -> Floats:
    """Strengths of edges by cell and direction, as histograms of oriented gradients have them."""
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    direction = (np.arctan2(y, x) % np.pi / np.pi * _DIRECTIONS).astype(np.intp) % _DIRECTIONS
    cell = np.arange(_CROP_PX) * _CELLS // _CROP_PX
    place = (cell[:, None] * _CELLS + cell) * _DIRECTIONS + direction
    return np.sqrt(np.bincount(place.ravel(), np.hypot(x, y).ravel(), minlength=_CELLS * _CELLS * _DIRECTIONS))


def _unit(vector: Floats) -> Floats:
    size = np.linalg.norm(vector)
    return vector / size if size > 0 else vector


def _clear(picture: Bytes, mask: Bools) -> float:
    """How sharp, times how free from noise."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sharp = float(cv2.Laplacian(grey, cv2.CV_32F)[mask].var())
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    noise = float(np.sqrt(np.pi / 2) / 6 * np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel))[mask].mean())
    return sharp / (sharp + _HALF_SHARP) / (1 + noise / _HALF_CLEAN)
