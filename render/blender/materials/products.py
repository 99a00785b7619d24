"""A socket's value taken apart into factors: a constant, vertex colours, and what has to be looked up in pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from render.blender.materials.nodes import Input, NotReproduced, Origin, constant_of, origin, origins
from render.blender.materials.values import Evaluator
from rigmill.types import Floats

_ONE = np.ones((), dtype=np.float32)
_STEP_NODES = ("LESS_THAN", "GREATER_THAN", "ROUND")


@dataclass(frozen=True, slots=True)
class Term:
    """A factor that depends on pictures."""

    given: Input
    inverted: bool = False  # one minus it

    def picture(self) -> Origin | None:
        """The Image Texture node, where the term is that and nothing else."""
        found = origin(self.given)
        return found if found is not None and found.node.type == "TEX_IMAGE" and not self.inverted else None

    def channel(self) -> tuple[Origin, str] | None:
        """The Image Texture node and Red, Green, Blue or Alpha, where the term is just that channel."""
        found = origin(self.given)
        if found is None or self.inverted:
            return None
        if found.node.type == "TEX_IMAGE" and found.output == "Alpha":
            return found, "Alpha"
        if found.node.type != "SEPARATE_COLOR" or found.node.mode != "RGB":
            return None
        picture = origin(found.input(0))
        is_picture = picture is not None and picture.node.type == "TEX_IMAGE" and picture.output == "Color"
        return (picture, found.output) if picture is not None and is_picture else None


@dataclass(frozen=True, slots=True)
class Product:
    """constant x vertex colours x terms."""

    constant: Floats  # (3,) of a colour, () of a number
    colours: str | None = None  # name of the layer; empty: the one that the mesh renders by default
    terms: tuple[Term, ...] = ()

    def times(self, other: Product) -> Product:
        """The product of both."""
        if self.colours is not None and other.colours is not None:
            raise NotReproduced("multiplies two layers of vertex colours")
        colours = self.colours if self.colours is not None else other.colours
        return Product(self.constant * other.constant, colours, self.terms + other.terms)

    @property
    def is_constant(self) -> bool:
        return not self.terms and self.colours is None


def _no_pictures(_: Origin) -> Any:
    raise AssertionError("a constant has no pictures")


_CONSTANTS = Evaluator(_no_pictures)


def colour_product(given: Input) -> Product:
    """The factors of a colour."""
    found = origin(given)
    if found is not None:
        node = found.node
        if node.type in ("VERTEX_COLOR", "ATTRIBUTE") and found.output == "Color":
            return Product(np.ones(3, np.float32), _layer(node))
        parts = _multiplied(found)
        if parts is not None:
            return colour_product(parts[0]).times(colour_product(parts[1]))
    if _has_pictures(given):
        return Product(np.ones(3, np.float32), None, (Term(given),))
    return Product(_CONSTANTS.colour(given))


def number_product(given: Input) -> Product:
    """The factors of a number."""
    found = origin(given)
    if found is not None:
        node = found.node
        if node.type in ("VERTEX_COLOR", "ATTRIBUTE") and found.output == "Alpha":
            return Product(_ONE, _layer(node))
        if node.type == "MATH" and node.operation == "MULTIPLY" and not node.use_clamp:
            return number_product(found.input(0)).times(number_product(found.input(1)))
    if _has_pictures(given):
        return Product(_ONE, None, (Term(given),))
    return Product(_CONSTANTS.number(given))


def inverted(product: Product) -> Product:
    """One minus a number, where that is a constant or a single term."""
    if product.is_constant:
        return Product(1 - product.constant)
    if len(product.terms) == 1 and product.colours is None and product.constant == 1:
        return Product(_ONE, None, (Term(product.terms[0].given, not product.terms[0].inverted),))
    raise NotReproduced("mixes shaders in a way that is not alpha")


def threshold(given: Input) -> tuple[Input, float] | None:
    """The number and the cutoff, where a value is 1 from the cutoff on and 0 below."""
    found = origin(given)
    if found is None or found.node.type != "MATH":
        return None
    node = found.node
    if node.operation == "SUBTRACT" and _constant(found.input(0)) == 1:
        below = origin(found.input(1))
        if below is not None and below.node.type == "MATH" and below.node.operation == "LESS_THAN":
            cutoff = _constant(below.input(1))
            return (below.input(0), cutoff) if cutoff is not None else None
    if node.operation == "GREATER_THAN":
        cutoff = _constant(found.input(1))
        return (found.input(0), cutoff) if cutoff is not None else None
    if node.operation == "ROUND":
        return found.input(0), 0.5
    return None


def _constant(given: Input) -> float | None:
    return float(constant_of(given)) if origin(given) is None else None


def _layer(node: Any) -> str:
    if node.type == "ATTRIBUTE":
        if node.attribute_type != "GEOMETRY":
            raise NotReproduced("reads an attribute of something else than its mesh")
        return str(node.attribute_name)
    return str(node.layer_name)


def _multiplied(found: Origin) -> tuple[Input, Input] | None:
    """The two colours that a node multiplies, where it does nothing else."""
    node = found.node
    if node.type == "VECT_MATH" and node.operation == "MULTIPLY":
        return found.input(0), found.input(1)
    if node.type == "MIX" and node.data_type == "RGBA" and node.blend_type == "MULTIPLY" and not node.clamp_result:
        names: tuple[Any, Any] = ("A", "B")
        factor = found.input("Factor")
    elif node.type == "MIX_RGB" and node.blend_type == "MULTIPLY" and not node.use_clamp:
        names, factor = (1, 2), found.input(0)
    else:
        return None
    one = origin(factor) is None and float(constant_of(factor)) >= 1
    return (found.input(names[0]), found.input(names[1])) if one else None


def _has_pictures(given: Input) -> bool:
    """Whether a value depends on pictures; refuses what it cannot depend on."""
    nodes = [found.node for found in origins(given)]
    if any(node.type in ("VERTEX_COLOR", "ATTRIBUTE") for node in nodes):
        raise NotReproduced("uses vertex colours for more than to multiply by them")
    return any(node.type == "TEX_IMAGE" for node in nodes)
