"""Which shader a material shows, and what makes it transparent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from render.blender.materials.nodes import Input, NotReproduced, Origin, constant_of, origin, surface_input
from render.blender.materials.products import Product, inverted, number_product, threshold

_MIXED = "mixes several shaders"
_PLAIN = ("BSDF_PRINCIPLED", "BSDF_DIFFUSE", "EMISSION")
# Principled's inputs that the rasteriser has nothing for, how much of each does not show, and what they do.
_LIMITS = (
    ("Transmission Weight", 0.02, "lets light through (transmission)"),
    ("Subsurface Weight", 0.05, "scatters light below its surface"),
    ("Coat Weight", 0.05, "has a clear coat"),
    ("Anisotropic", 0.1, "reflects more along one direction (anisotropy)"),
    ("Thin ClipWriter Thickness", 0.0, "has a thin film"),
)
_SHEEN = 0.05


@dataclass(frozen=True, slots=True)
class Shader:
    """One shader node under any number of alphas."""

    node: Origin
    alpha: Product
    cutoff: float | None = None  # the alpha is cut there
    unlit: bool = False


def shader_of(material: Any) -> Shader | None:
    """The material's shader; None where nothing is linked to its surface."""
    given = surface_input(material)
    if given is None or origin(given) is None:
        return None
    for name, effect in (("Volume", "has a volume"), ("Displacement", "displaces its surface")):
        other = surface_input(material, name)
        if other is not None and origin(other) is not None:
            raise NotReproduced(effect)
    return _shader(given)


def _shader(given: Input) -> Shader:
    found = origin(given)
    if found is None:
        raise NotReproduced(_MIXED)
    kind = found.node.type
    if kind == "MIX_SHADER":
        return _mixed(found)
    if kind == "ADD_SHADER":
        raise NotReproduced("adds shaders")
    if kind not in _PLAIN:
        raise NotReproduced(f"has the shader {found.node.bl_label}")
    opaque = Product(np.ones((), np.float32))
    if kind != "BSDF_PRINCIPLED":
        return Shader(found, opaque, unlit=kind == "EMISSION")
    _check(found)
    product, cutoff = _alpha(found.input("Alpha"))
    return Shader(found, product, cutoff)


def _mixed(found: Origin) -> Shader:
    factor = found.input(0)
    first, second = found.input(1), found.input(2)
    by = origin(factor)
    if by is None and float(constant_of(factor)) in (0.0, 1.0):
        return _shader(second if float(constant_of(factor)) else first)
    if by is not None and by.node.type == "LIGHT_PATH":
        # glTF's importer makes unlit materials visible to the camera alone.
        shown = _shader(second) if by.output == "Is Camera Ray" and _is_clear(first) else None
        if shown is None or not shown.unlit:
            raise NotReproduced("shows the camera another surface than light")
        return shown
    if _is_clear(first):
        shown, (alpha, cutoff) = _shader(second), _alpha(factor)
    elif _is_clear(second):
        shown, alpha, cutoff = _shader(first), inverted(number_product(factor)), None
    else:
        raise NotReproduced(_MIXED)
    if (cutoff is not None or shown.cutoff is not None) and not (alpha.is_constant or shown.alpha.is_constant):
        raise NotReproduced("cuts one alpha and mixes another")
    kept = cutoff if cutoff is not None else shown.cutoff
    return Shader(shown.node, shown.alpha.times(alpha), kept, shown.unlit)


def _alpha(given: Input) -> tuple[Product, float | None]:
    cut = threshold(given)
    if cut is not None:
        return number_product(cut[0]), cut[1]
    return number_product(given), None


def _is_clear(given: Input) -> bool:
    """Whether the shader is a fully transparent one."""
    found = origin(given)
    if found is None or found.node.type != "BSDF_TRANSPARENT":
        return False
    colour = found.input("Color")
    if origin(colour) is not None or min(tuple(constant_of(colour))[:3]) < 1:
        raise NotReproduced("is transparent with a tint")
    return True


def _check(found: Origin) -> None:
    """Refuses what of Principled the rasteriser has nothing for."""
    for name, limit, effect in _LIMITS:
        if not _at_most(found.input(name), limit):
            raise NotReproduced(effect)
    tint = found.input("Sheen Tint")
    black = origin(tint) is None and max(tuple(constant_of(tint))[:3]) <= _SHEEN
    if not black and not _at_most(found.input("Sheen Weight"), _SHEEN):
        raise NotReproduced("has a sheen")


def _at_most(given: Input, limit: float) -> bool:
    """Whether a number is at most `limit`, with every picture in it at most 1."""
    return float(number_product(given).constant) <= limit
