"""What Blender's colour and math nodes compute, on whole arrays at once. Colours are (..., 3), numbers (...)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rigmill.types import Floats

LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750], dtype=np.float32)  # of linear Rec. 709
_RAMP_STEPS = 256  # as Cycles tabulates a ramp


def mix(kind: str, factor: Floats, first: Floats, second: Floats) -> Floats | None:
    """Colours mixed as the Mix node's blend type says; None for a type that is not per channel."""
    if factor.ndim or first.ndim > 1 or second.ndim > 1:
        factor = factor[..., None]
    rest: Any = 1 - factor
    if kind in _PLAIN:
        return rest * first + factor * _PLAIN[kind](first, second)
    if kind == "SCREEN":
        return 1 - (rest + factor * (1 - second)) * (1 - first)
    if kind == "OVERLAY":
        light = 1 - (rest + 2 * factor * (1 - second)) * (1 - first)
        return np.where(first < 0.5, first * (rest + 2 * factor * second), light)
    if kind == "DIVIDE":
        return np.where(second != 0, rest * first + factor * _divide(first, second), first)
    if kind == "EXCLUSION":
        return np.maximum(rest * first + factor * (first + second - 2 * first * second), 0)
    if kind == "DODGE":
        under = 1 - factor * second
        return np.where(first == 0, first, np.where(under <= 0, 1, np.minimum(_divide(first, under), 1)))
    if kind == "BURN":
        under = rest + factor * second
        return np.where(under <= 0, 0, np.clip(1 - _divide(1 - first, under), 0, 1))
    if kind == "SOFT_LIGHT":
        screen = 1 - (1 - second) * (1 - first)
        return rest * first + factor * ((1 - first) * second * first + first * screen)
    if kind == "LINEAR_LIGHT":
        return first + factor * (2 * second - 1)
    return None


_PLAIN: dict[str, Callable[[Floats, Floats], Any]] = {
    "MIX": lambda first, second: second,
    "ADD": lambda first, second: first + second,
    "SUBTRACT": lambda first, second: first - second,
    "MULTIPLY": lambda first, second: first * second,
    "DIFFERENCE": lambda first, second: np.abs(first - second),
    "DARKEN": np.minimum,
    "LIGHTEN": np.maximum,
}


def _divide(first: Floats, second: Floats) -> Floats:
    safe = np.where(second == 0, 1, second)
    result: Floats = np.where(second == 0, 0, first / safe)
    return result


def _wrap(value: Floats, high: Floats, low: Floats) -> Floats:
    span = high - low
    return np.where(span != 0, value - span * np.floor(_divide(value - low, span)), low)


def _ping_pong(value: Floats, scale: Floats) -> Floats:
    inside = _divide(value - scale, scale * 2)
    return np.where(scale == 0, 0, np.abs((inside - np.floor(inside)) * scale * 2 - scale))


MATH: dict[str, Callable[..., Any]] = {
    "ADD": lambda a, b, c: a + b,
    "SUBTRACT": lambda a, b, c: a - b,
    "MULTIPLY": lambda a, b, c: a * b,
    "DIVIDE": lambda a, b, c: _divide(a, b),
    "MULTIPLY_ADD": lambda a, b, c: a * b + c,
    "POWER": lambda a, b, c: np.where(
        (a < 0) & (b != np.trunc(b)), 0, np.abs(a) ** b * np.where((a < 0) & (np.mod(np.trunc(b), 2) == 1), -1, 1)
    ),
    "LOGARITHM": lambda a, b, c: np.where(
        (a > 0) & (b > 0), _divide(np.log(np.maximum(a, 1e-30)), np.log(np.maximum(b, 1e-30))), 0
    ),
    "SQRT": lambda a, b, c: np.sqrt(np.maximum(a, 0)),
    "INVERSE_SQRT": lambda a, b, c: np.where(a > 0, 1 / np.sqrt(np.where(a > 0, a, 1)), 0),
    "ABSOLUTE": lambda a, b, c: np.abs(a),
    "EXPONENT": lambda a, b, c: np.exp(a),
    "MINIMUM": lambda a, b, c: np.minimum(a, b),
    "MAXIMUM": lambda a, b, c: np.maximum(a, b),
    "LESS_THAN": lambda a, b, c: (a < b).astype(np.float32),
    "GREATER_THAN": lambda a, b, c: (a > b).astype(np.float32),
    "SIGN": lambda a, b, c: np.sign(a),
    "COMPARE": lambda a, b, c: (np.abs(a - b) <= np.maximum(c, 1e-5)).astype(np.float32),
    "ROUND": lambda a, b, c: np.floor(a + 0.5),
    "FLOOR": lambda a, b, c: np.floor(a),
    "CEIL": lambda a, b, c: np.ceil(a),
    "TRUNC": lambda a, b, c: np.trunc(a),
    "FRACT": lambda a, b, c: a - np.floor(a),
    "MODULO": lambda a, b, c: np.where(b == 0, 0, np.fmod(a, np.where(b == 0, 1, b))),
    "FLOORED_MODULO": lambda a, b, c: np.where(b == 0, 0, a - np.floor(_divide(a, b)) * b),
    "WRAP": _wrap,
    "SNAP": lambda a, b, c: np.floor(_divide(a, b)) * b,
    "PINGPONG": lambda a, b, c: _ping_pong(a, b),
    "SINE": lambda a, b, c: np.sin(a),
    "COSINE": lambda a, b, c: np.cos(a),
}

VECTOR_MATH: dict[str, Callable[[Floats, Floats], Floats]] = {
    "ADD": lambda a, b: a + b,
    "SUBTRACT": lambda a, b: a - b,
    "MULTIPLY": lambda a, b: a * b,
    "DIVIDE": _divide,
    "MINIMUM": np.minimum,
    "MAXIMUM": np.maximum,
    "ABSOLUTE": lambda a, b: np.abs(a),
}


def to_hsv(colour: Floats) -> Floats:
    """Hue, saturation and value in 0..1, as Blender's nodes have them."""
    high, low = colour.max(axis=-1), colour.min(axis=-1)
    span = high - low
    safe = np.where(span > 0, span, 1)[..., None]
    red, green, blue = np.moveaxis((high[..., None] - colour) / safe, -1, 0)
    hue = np.where(
        colour[..., 0] == high, blue - green, np.where(colour[..., 1] == high, 2 + red - blue, 4 + green - red)
    )
    hue = np.where(span > 0, np.mod(hue / 6, 1), 0)
    return np.stack([hue, np.where(high != 0, _divide(span, high), 0), high], axis=-1)


def from_hsv(colour: Floats) -> Floats:
    """The inverse of `to_hsv`."""
    hue = np.mod(colour[..., 0], 1) * 6
    ramps = [np.abs(hue - 3) - 1, 2 - np.abs(hue - 2), 2 - np.abs(hue - 4)]
    pure = np.clip(np.stack(ramps, axis=-1), 0, 1)
    result: Floats = ((pure - 1) * colour[..., 1:2] + 1) * colour[..., 2:3]
    return result


def hue_saturation(colour: Floats, shift: Floats, saturation: Floats, value: Floats) -> Floats:
    """What the Hue/Saturation/Value node makes of a colour, at factor 1."""
    hsv = to_hsv(colour)
    hue = np.mod(hsv[..., 0] + shift + 0.5, 1)
    parts = np.broadcast_arrays(hue, np.clip(hsv[..., 1] * saturation, 0, 1), hsv[..., 2] * value)
    return np.maximum(from_hsv(np.stack(parts, axis=-1)), 0)


def ramp(node_ramp: Any, factor: Floats) -> Floats:
    """Colour and alpha (..., 4) of a ColorRamp at each factor."""
    table = np.array([tuple(node_ramp.evaluate(step / (_RAMP_STEPS - 1))) for step in range(_RAMP_STEPS)], np.float32)
    place = np.clip(factor, 0, 1) * (_RAMP_STEPS - 1)
    below = np.floor(place).astype(np.int32)
    if node_ramp.interpolation == "CONSTANT":
        return table[below]
    between = (place - below)[..., None]
    result: Floats = table[below] * (1 - between) + table[np.minimum(below + 1, _RAMP_STEPS - 1)] * between
    return result
