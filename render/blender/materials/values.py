"""The value of a socket, computed from pictures, numbers and colours: a number, or an array over a grid of texels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from render.blender.materials import formulas
from render.blender.materials.nodes import Input, NotReproduced, Origin, constant_of, origin
from rigmill.types import Floats

# (H, W, 4) or (4,): linear RGB and alpha of an Image Texture node
Sampler = Callable[[Origin], Floats]

PROCEDURAL = (
    "TEX_NOISE",
    "TEX_VORONOI",
    "TEX_WAVE",
    "TEX_MAGIC",
    "TEX_GRADIENT",
    "TEX_CHECKER",
    "TEX_BRICK",
    "TEX_MUSGRAVE",
    "TEX_WHITE_NOISE",
    "TEX_GABOR",
    "TEX_SKY",
    "TEX_ENVIRONMENT",
    "TEX_POINTDENSITY",
    "TEX_IES",
)
GEOMETRY = (
    "AMBIENT_OCCLUSION",
    "BEVEL",
    "LAYER_WEIGHT",
    "FRESNEL",
    "NEW_GEOMETRY",
    "OBJECT_INFO",
    "LIGHT_PATH",
    "CAMERA",
    "WIREFRAME",
    "TANGENT",
    "TEX_COORD",
    "UVMAP",
    "PARTICLE_INFO",
    "HAIR_INFO",
    "POINT_INFO",
    "VOLUME_INFO",
    "UVALONGSTROKE",
)


def unknown(node: Any) -> NotReproduced:
    """The reason that a node of no known kind is."""
    if node.type in PROCEDURAL:
        return NotReproduced(f"has a procedural texture ({node.bl_label})")
    if node.type in GEOMETRY:
        return NotReproduced(f"depends on where it is seen from or on its shape ({node.bl_label})")
    return NotReproduced(f"has a {node.bl_label} node, which is not known")


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Computes sockets; pictures come from `sample`."""

    sample: Sampler

    def colour(self, given: Input) -> Floats:
        """(..., 3) float32."""
        value = self._any(given)
        return value if value.ndim and value.shape[-1] == 3 and self._is_colour(given) else _grey(value)

    def number(self, given: Input) -> Floats:
        """(...) float32."""
        value = self._any(given)
        if not self._is_colour(given):
            return value
        found = origin(given)
        # A colour counts as a number by its luminance, a vector by its mean.
        if found is not None and _output_kind(found) == "VECTOR":
            return value.mean(axis=-1)
        return value @ formulas.LUMINANCE

    @staticmethod
    def _is_colour(given: Input) -> bool:
        found = origin(given)
        if found is not None:
            return _output_kind(found) in ("RGBA", "VECTOR")
        return np.ndim(constant_of(given)) > 0 or hasattr(constant_of(given), "__len__")

    def _any(self, given: Input) -> Floats:
        """A socket's value as its origin gives it."""
        found = origin(given)
        if found is None:
            value = constant_of(given)
            return np.array(tuple(value)[:3] if hasattr(value, "__len__") else float(value), dtype=np.float32)
        rule = _RULES.get(found.node.type)
        if rule is None:
            raise unknown(found.node)
        return np.asarray(rule(self, found), dtype=np.float32)


def _output_kind(found: Origin) -> str:
    kinds = [socket.type for socket in found.node.outputs if socket.name == found.output and socket.enabled]
    return str(kinds[0]) if kinds else "VALUE"


def _grey(value: Floats) -> Floats:
    return np.repeat(value[..., None], 3, axis=-1)


def _picture(evaluator: Evaluator, found: Origin) -> Floats:
    values = evaluator.sample(found)
    return values[..., 3] if found.output == "Alpha" else values[..., :3]


def _mix(evaluator: Evaluator, found: Origin) -> Floats:
    node = found.node
    factor = evaluator.number(found.input("Factor" if node.type == "MIX" else 0))
    kind = getattr(node, "data_type", "RGBA")
    if kind == "VECTOR" and node.factor_mode == "NON_UNIFORM" or kind == "ROTATION":
        raise unknown(node)
    if getattr(node, "clamp_factor", True):
        factor = np.clip(factor, 0, 1)
    names: tuple[Any, Any] = ("A", "B") if node.type == "MIX" else (1, 2)
    if kind == "FLOAT":
        return (1 - factor) * evaluator.number(found.input("A")) + factor * evaluator.number(found.input("B"))
    first, second = (evaluator.colour(found.input(name)) for name in names)
    mixed = formulas.mix(node.blend_type if kind == "RGBA" else "MIX", factor, first, second)
    if mixed is None:
        raise NotReproduced(f"mixes colours by {node.blend_type.lower()}")
    limits = node.clamp_result if node.type == "MIX" else node.use_clamp
    return np.clip(mixed, 0, 1) if limits and kind == "RGBA" else mixed


def _math(evaluator: Evaluator, found: Origin) -> Floats:
    rule = formulas.MATH.get(found.node.operation)
    if rule is None:
        raise unknown(found.node)
    values = [
        evaluator.number(given) if given.socket.enabled else np.zeros((), np.float32)
        for given in (found.input(index) for index in range(3))
    ]
    result: Floats = rule(*values)
    return np.clip(result, 0, 1) if found.node.use_clamp else result


def _vector_math(evaluator: Evaluator, found: Origin) -> Floats:
    rule = formulas.VECTOR_MATH.get(found.node.operation)
    if rule is None:
        raise unknown(found.node)
    return rule(evaluator.colour(found.input(0)), evaluator.colour(found.input(1)))


def _separate(evaluator: Evaluator, found: Origin) -> Floats:
    colour = evaluator.colour(found.input(0))
    mode = getattr(found.node, "mode", "RGB")
    if mode == "HSL":
        raise unknown(found.node)
    if mode == "HSV":
        colour = formulas.to_hsv(colour)
    names = [socket.name for socket in found.node.outputs]
    return colour[..., names.index(found.output)]


def _combine(evaluator: Evaluator, found: Origin) -> Floats:
    mode = getattr(found.node, "mode", "RGB")
    if mode == "HSL":
        raise unknown(found.node)
    parts = np.broadcast_arrays(*(evaluator.number(found.input(index)) for index in range(3)))
    colour = np.stack(parts, axis=-1)
    return formulas.from_hsv(colour) if mode == "HSV" else colour


def _map_range(evaluator: Evaluator, found: Origin) -> Floats:
    node = found.node
    if node.data_type != "FLOAT" or node.interpolation_type != "LINEAR":
        raise unknown(node)
    value, low, high, to_low, to_high = (evaluator.number(found.input(index)) for index in range(5))
    span = high - low
    mapped = np.where(span != 0, to_low + (value - low) / np.where(span == 0, 1, span) * (to_high - to_low), 0)
    return np.clip(mapped, np.minimum(to_low, to_high), np.maximum(to_low, to_high)) if node.clamp else mapped


def _clamp(evaluator: Evaluator, found: Origin) -> Floats:
    value, low, high = (evaluator.number(found.input(index)) for index in range(3))
    if found.node.clamp_type == "RANGE":
        low, high = np.minimum(low, high), np.maximum(low, high)
    return np.minimum(np.maximum(value, low), high)


def _invert(evaluator: Evaluator, found: Origin) -> Floats:
    colour, factor = evaluator.colour(found.input("Color")), _factor(evaluator, found)
    return (1 - factor) * colour + factor * (1 - colour)


def _gamma(evaluator: Evaluator, found: Origin) -> Floats:
    colour, power = evaluator.colour(found.input("Color")), evaluator.number(found.input("Gamma"))
    return np.where(colour > 0, np.power(np.maximum(colour, 1e-30), power[..., None]), colour)


def _hue(evaluator: Evaluator, found: Origin) -> Floats:
    colour, factor = evaluator.colour(found.input("Color")), _factor(evaluator, found)
    shift, saturation, value = (evaluator.number(found.input(name)) for name in ("Hue", "Saturation", "Value"))
    return (1 - factor) * colour + factor * formulas.hue_saturation(colour, shift, saturation, value)


def _contrast(evaluator: Evaluator, found: Origin) -> Floats:
    bright = evaluator.number(found.input(1))[..., None]
    contrast = evaluator.number(found.input(2))[..., None]
    return np.maximum((1 + contrast) * evaluator.colour(found.input(0)) + bright - contrast * 0.5, 0)


def _factor(evaluator: Evaluator, found: Origin) -> Floats:
    return evaluator.number(
        Input(next(each for each in found.node.inputs if each.name in ("Fac", "Factor")), found.path)
    )[..., None]


def _ramp(evaluator: Evaluator, found: Origin) -> Floats:
    values = formulas.ramp(found.node.color_ramp, evaluator.number(found.input(0)))
    return values[..., 3] if found.output == "Alpha" else values[..., :3]


_RULES: dict[str, Callable[[Evaluator, Origin], Any]] = {
    "TEX_IMAGE": _picture,
    "RGB": lambda evaluator, found: tuple(found.node.outputs[0].default_value)[:3],
    "VALUE": lambda evaluator, found: found.node.outputs[0].default_value,
    "MIX": _mix,
    "MIX_RGB": _mix,
    "MATH": _math,
    "VECT_MATH": _vector_math,
    "SEPARATE_COLOR": _separate,
    "SEPXYZ": _separate,
    "SEPRGB": _separate,
    "COMBINE_COLOR": _combine,
    "COMBXYZ": _combine,
    "COMBRGB": _combine,
    "MAP_RANGE": _map_range,
    "CLAMP": _clamp,
    "INVERT": _invert,
    "GAMMA": _gamma,
    "HUE_SAT": _hue,
    "BRIGHTCONTRAST": _contrast,
    "RGBTOBW": lambda evaluator, found: evaluator.colour(found.input(0)) @ formulas.LUMINANCE,
    "VALTORGB": _ramp,
}
