"""Key frames: what a sampler's curve is at any moment, and at which rate its keys lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.bodies.gltf.document import Document
from eval.bodies.unplayable import Unplayable
from rigmill.rigs import turns
from rigmill.types import Floats

TRANSLATION, ROTATION, SCALE, WEIGHTS = "translation", "rotation", "scale", "weights"
_WIDTHS = {TRANSLATION: 3, ROTATION: 4, SCALE: 3}
_SAME_S = 1e-4  # keys nearer than that are one
_OFF_GRID = 0.05  # frames that a key may lie beside its frame
_FINER = 8  # times as fine as the smallest step between two keys a grid may be
_WHOLE = 2e-4  # of a rate: nearer to a whole number it is that
_MAX_FPS = 480.0


@dataclass(frozen=True, slots=True)
class Curve:
    """K keys of one value of C numbers over time."""

    times: Floats  # (K,) seconds, rising
    values: Floats  # (K, C)
    slopes: tuple[Floats, Floats] | None  # in and out of each key, a second, (K, C): CUBICSPLINE
    steps: bool  # STEP: a key's value lasts until the next one
    turns: bool  # quaternions x y z w

    def at(self, times: Floats) -> Floats:
        """The value at every moment, (T, C); before the first key and after the last one it is held."""
        last = len(self.times) - 1
        if last == 0:
            return np.repeat(self.values, len(times), axis=0)
        now = np.clip(times, self.times[0], self.times[-1])
        before = np.clip(np.searchsorted(self.times, now, side="right") - 1, 0, last)
        if self.steps:
            return self.values[before]
        before = np.minimum(before, last - 1)
        step = self.times[before + 1] - self.times[before]
        share = (now - self.times[before]) / np.where(step > 0, step, 1.0)
        start, end = self.values[before], self.values[before + 1]
        if self.slopes is not None:
            s, h = share[:, None], step[:, None]
            leaving, arriving = self.slopes[1][before] * h, self.slopes[0][before + 1] * h
            cube, square = s**3, s**2
            found = (2 * cube - 3 * square + 1) * start + (cube - 2 * square + s) * leaving
            found = found + (3 * square - 2 * cube) * end + (cube - square) * arriving
            return _unit(found) if self.turns else found
        if self.turns:
            return np.ascontiguousarray(turns.mix(_unit(start).T, _unit(end).T, share).T)
        return start + share[:, None] * (end - start)


def _unit(values: Floats) -> Floats:
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.where(length > 1e-12, values / np.maximum(length, 1e-12), [0.0, 0.0, 0.0, 1.0])


def read_curves(
    document: Document, animation: dict[str, Any], num_weights: dict[int, int]
) -> dict[int, dict[str, Curve]]:
    """The curves of an animation: node -> what of it -> curve. `num_weights`: the morph targets of each node."""
    found: dict[int, dict[str, Curve]] = {}
    for channel in animation.get("channels", ()):
        node, path = channel["target"].get("node"), channel["target"].get("path")
        if path not in (*_WIDTHS, WEIGHTS) or node is None:
            if path == "pointer":
                raise Unplayable("its animation moves more than nodes (KHR_animation_pointer), which is not read")
            continue  # glTF lets readers ignore what it does not know
        document.entry("nodes", node)
        width = num_weights.get(node, 0) if path == WEIGHTS else _WIDTHS[path]
        if not width:
            continue
        samplers = animation.get("samplers", [])
        if not 0 <= channel["sampler"] < len(samplers):
            raise Unplayable(f"it is malformed: sampler {channel['sampler']} of its animation is not there")
        found.setdefault(node, {})[path] = _read_curve(document, samplers[channel["sampler"]], path, width)
    return found


def _read_curve(document: Document, sampler: dict[str, Any], path: str, width: int) -> Curve:
    times = document.floats(sampler["input"], 1)[:, 0]
    kind = sampler.get("interpolation", "LINEAR")
    if kind not in ("LINEAR", "STEP", "CUBICSPLINE"):
        raise Unplayable(f"it is malformed: an interpolation is called {kind!s:.20}")
    if not len(times) or (np.diff(times) < 0).any():
        raise Unplayable("it is malformed: the keys of its animation are not in the order of time")
    values = document.array(sampler["output"]).astype(np.float64)
    if not np.isfinite(values).all():
        raise Unplayable("its animation holds numbers that are not finite")
    parts = 3 if kind == "CUBICSPLINE" else 1
    if values.size != len(times) * parts * width:
        raise Unplayable(f"it is malformed: an animation has {values.size} numbers for {len(times)} keys")
    values = values.reshape(len(times), parts, width)
    slopes = (values[:, 0], values[:, 2]) if parts == 3 else None
    return Curve(times, values[:, parts // 2], slopes, steps=kind == "STEP", turns=path == ROTATION)


def key_times(curves: dict[int, dict[str, Curve]]) -> Floats:
    """The moments at which anything has a key, in seconds, rising."""
    every = [curve.times for paths in curves.values() for curve in paths.values()]
    if not every:
        return np.zeros(0)
    times = np.unique(np.concatenate(every))
    return times[np.concatenate([[True], np.diff(times) > _SAME_S])]


def rate_of(times: Floats) -> float | None:
    """The frames a second that all keys lie on, the fewest there are; None: fewer than two keys, or no such rate."""
    if len(times) < 2:
        return None
    since = times - times[0]
    for finer in range(1, _FINER + 1):
        fps = finer / float(np.diff(times).min())
        num = round(since[-1] * fps)
        fps = num / since[-1]  # the whole span knows it best
        if fps <= _MAX_FPS and np.abs(since * fps - np.rint(since * fps)).max() < _OFF_GRID:
            whole = round(fps)
            return float(whole) if whole and abs(fps / whole - 1) < _WHOLE else float(fps)
    return None
