"""A material's nodes become a Look, or the reason why the rasteriser cannot show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from render.blender.materials.bake import Baker
from render.blender.materials.nodes import Input, NotReproduced, Origin, origin
from render.blender.materials.pictures import as_bytes
from render.blender.materials.products import Product, Term, colour_product, number_product
from render.blender.materials.shaders import Shader, shader_of
from render.raster.types import Look, Texture
from rigmill.types import Bytes, Floats

_LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750])
_BRIGHTEST = 4.0  # times white that a computed picture can be: more would leave few steps for the rest
_SPECULAR_SPREAD = 0.25  # of a specular level's picture, as a standard deviation, above which its mean is not it


@dataclass(frozen=True, slots=True)
class Reading:
    """A look, and the vertex colours that its faces need: names of layers; empty: the default one; None: white."""

    look: Look
    colours: str | None = None  # red, green and blue come from there
    alpha: str | None = None


# What Cycles shows of a face without a material, or of a material without nodes: plain diffuse.
def diffuse(name: str, colour: tuple[float, float, float] = (0.8, 0.8, 0.8)) -> Reading:
    """A surface that only scatters."""
    return Reading(Look(name=name, base=colour, roughness=1.0, specular=0.0))


def read_look(material: Any, baker: Baker) -> Reading | str:
    """The look of a material, or one sentence why there is none."""
    try:
        return _read(material, baker)
    except NotReproduced as reason:
        return f"material {material.name} {reason}"


def _read(material: Any, baker: Baker) -> Reading:
    if not material.use_nodes or material.node_tree is None:
        red, green, blue = (float(value) for value in tuple(material.diffuse_color)[:3])
        return diffuse(material.name, (red, green, blue))
    if is_animated(material) or is_animated(material.node_tree):
        raise NotReproduced("is animated")
    shader = shader_of(material)
    if shader is None:
        return replace(diffuse(material.name), look=Look(name=material.name, base=(0, 0, 0), specular=0, unlit=True))
    reading = _covered(material.name, shader, baker)
    if shader.unlit:
        return reading
    look = reading.look
    if shader.node.node.type == "BSDF_DIFFUSE":
        _refuse_bumps(shader.node)
        return replace(reading, look=replace(look, roughness=1.0, specular=0.0))
    look = _with_surface(look, shader.node, baker)
    look = _with_normals(look, shader.node, baker)
    return replace(reading, look=_with_emission(look, shader.node, baker))


def is_animated(owner: Any) -> bool:
    """Whether an action or a driver moves something of an owner."""
    data = owner.animation_data
    return data is not None and (data.action is not None or len(data.drivers) > 0 or len(data.nla_tracks) > 0)


def _covered(name: str, shader: Shader, baker: Baker) -> Reading:
    """Base colour and alpha."""
    base = colour_product(shader.node.input("Color" if shader.node.node.type != "BSDF_PRINCIPLED" else "Base Color"))
    if shader.unlit:
        base = base.times(_constant_number(shader.node.input("Strength"), "emits light of a varying strength"))
    alpha = shader.alpha
    texture, factor = _base_texture(base, alpha, baker)
    constant = float(alpha.constant)
    varies = alpha.colours is not None or texture is not None and bool((texture.pixels[..., 3] < 255).any())
    mode = "blend" if varies or constant < 1 else "opaque"
    if shader.cutoff is not None:
        always = not varies and constant >= shader.cutoff
        mode = "opaque" if always else "clip"
    look = Look(
        name=name,
        base=_triple(base.constant * factor),
        base_texture=texture,
        alpha=constant if shader.cutoff is not None else min(max(constant, 0.0), 1.0),
        alpha_mode=mode,  # type: ignore[arg-type]
        cutoff=0.5 if shader.cutoff is None else shader.cutoff,
        vertex_colours=base.colours is not None or alpha.colours is not None,
        unlit=shader.unlit,
    )
    return Reading(look, base.colours, alpha.colours)


def _base_texture(base: Product, alpha: Product, baker: Baker) -> tuple[Texture | None, float]:
    """One picture of both, and the number that its colours have been divided by to fit."""
    if not base.terms and not alpha.terms:
        return None, 1.0
    colour = base.terms[0].picture() if len(base.terms) == 1 else None
    cover = alpha.terms[0].channel() if len(alpha.terms) == 1 else None
    if colour is not None and colour.output == "Color" and baker.bitmap(colour).encoded:
        pixels, mapping = baker.bitmap(colour).pixels, baker.mapping(colour)
        if not alpha.terms:
            return baker.texture(_solid(pixels), mapping), 1.0
        own = cover is not None and cover[1] == "Alpha" and cover[0].node.image == colour.node.image
        if own and cover is not None and baker.mapping(cover[0]) == mapping:
            return baker.texture(pixels, mapping), 1.0
    grid = baker.grid(base.terms + alpha.terms)
    evaluator = baker.evaluator(grid)
    pixels = np.full((grid.height_px, grid.width_px, 4), 255, dtype=np.uint8)
    factor = 1.0
    if base.terms:
        values = np.ones(3, dtype=np.float32)
        for term in base.terms:
            values = values * evaluator.colour(term.given)
        factor = min(max(float(values.max()), 1.0), _BRIGHTEST)
        pixels[..., :3] = as_bytes(values / factor, encode=True)
    if alpha.terms:
        pixels[..., 3] = as_bytes(_numbers(alpha.terms, evaluator), encode=False)
    return baker.texture(pixels, grid.mapping), factor


def _numbers(terms: tuple[Term, ...], evaluator: Any) -> Floats:
    values: Floats = np.ones((), dtype=np.float32)
    for term in terms:
        value = evaluator.number(term.given)
        values = values * (1 - value if term.inverted else value)
    return values


def _solid(pixels: Bytes) -> Bytes:
    """The picture without its alpha."""
    if (pixels[..., 3] == 255).all():
        return pixels
    pixels = pixels.copy()
    pixels[..., 3] = 255
    return pixels


def _with_surface(look: Look, node: Origin, baker: Baker) -> Look:
    """Roughness, metal and specular level."""
    rough, metal = (number_product(node.input(name)) for name in ("Roughness", "Metallic"))
    if rough.colours is not None or metal.colours is not None:
        raise NotReproduced("has vertex colours for its roughness or metal")
    return replace(
        look,
        roughness=float(rough.constant),
        metallic=float(metal.constant),
        specular=_specular(node, baker),
        surface_texture=_surface_texture(rough, metal, baker) if rough.terms or metal.terms else None,
    )


def _surface_texture(rough: Product, metal: Product, baker: Baker) -> Texture:
    sources = []
    for product, wanted in ((rough, "Green"), (metal, "Blue")):
        found = product.terms[0].channel() if len(product.terms) == 1 else None
        if found is not None and found[1] == wanted and not baker.bitmap(found[0]).encoded:
            sources.append((found[0].node.image, baker.mapping(found[0]), found[0]))
    textured = bool(rough.terms) + bool(metal.terms)
    if len(sources) == textured and all(source[:2] == sources[0][:2] for source in sources):
        pixels, mapping = baker.bitmap(sources[0][2]).pixels, sources[0][1]
        for product, channel in ((rough, 1), (metal, 2)):
            if not product.terms and product.constant != 0:
                pixels = pixels.copy()
                pixels[..., channel] = 255
        return baker.texture(pixels, mapping)
    grid = baker.grid(rough.terms + metal.terms)
    evaluator = baker.evaluator(grid)
    pixels = np.full((grid.height_px, grid.width_px, 4), 255, dtype=np.uint8)
    for product, channel in ((rough, 1), (metal, 2)):
        pixels[..., channel] = as_bytes(_numbers(product.terms, evaluator), encode=False)
    return baker.texture(pixels, grid.mapping)


def _specular(node: Origin, baker: Baker) -> float:
    """Principled's index of refraction, specular level and tint as one level."""
    index = float(_constant_number(node.input("IOR"), "has a varying index of refraction").constant)
    level = number_product(node.input("Specular IOR Level"))
    tint = colour_product(node.input("Specular Tint"))
    mean = 1.0
    for values in [baker.evaluator(baker.grid(level.terms))] if level.terms and level.constant > 0 else []:
        picture = _numbers(level.terms, values)
        if float(picture.std()) * float(level.constant) > _SPECULAR_SPREAD:
            raise NotReproduced("has a specular level that varies much")
        mean = float(picture.mean())
    shade = float(np.asarray(tint.constant, dtype=np.float64) @ _LUMINANCE)
    if tint.terms:
        shade *= float(baker.evaluator(baker.grid(tint.terms)).colour(tint.terms[0].given).mean())
    reflectance = ((index - 1) / (index + 1)) ** 2 * 2 * float(level.constant) * mean * shade
    return min(max(reflectance, 0.0), 1.0) / 0.08


def _with_normals(look: Look, node: Origin, baker: Baker) -> Look:
    given = node.input("Normal")
    found = origin(given)
    if found is None:
        return look
    if found.node.type != "NORMAL_MAP" or found.node.space != "TANGENT":
        raise NotReproduced(f"has a {found.node.bl_label} node for its normals")
    strength = float(_constant_number(found.input("Strength"), "has normals of a varying strength").constant)
    product = colour_product(found.input("Color"))
    if not product.terms or strength == 0:
        return look
    texture = product.terms[0].picture() if len(product.terms) == 1 else None
    if product.colours is not None:
        raise NotReproduced("has vertex colours for its normals")
    plain = texture is not None and texture.output == "Color" and (product.constant == 1).all()
    if plain and texture is not None and not baker.bitmap(texture).encoded:
        pixels, mapping = baker.bitmap(texture).pixels, baker.mapping(texture)
    else:
        grid = baker.grid(product.terms)
        values: Floats = product.constant
        for term in product.terms:
            values = values * baker.evaluator(grid).colour(term.given)
        pixels, mapping = np.full((grid.height_px, grid.width_px, 4), 255, dtype=np.uint8), grid.mapping
        pixels[..., :3] = as_bytes(values, encode=False)
    if (found.node.uv_map or baker.default_uv) != mapping.layer:
        raise NotReproduced("has normals in the space of another UV layer than their picture's")
    return replace(look, normal_texture=baker.texture(pixels, mapping), normal_strength=strength)


def _refuse_bumps(node: Origin) -> None:
    if origin(node.input("Normal")) is not None:
        raise NotReproduced("is a diffuse surface with normals")


def _with_emission(look: Look, node: Origin, baker: Baker) -> Look:
    strength = _constant_number(node.input("Emission Strength"), "emits light of a varying strength").constant
    product = colour_product(node.input("Emission Color"))
    constant = product.constant * strength
    if float(constant.max()) <= 0:
        return look
    if product.colours is not None:
        raise NotReproduced("has vertex colours for its emission")
    texture, factor = _base_texture(product, Product(np.ones((), np.float32)), baker)
    return replace(look, emission=_triple(constant * factor), emission_texture=texture)


def _constant_number(given: Input, otherwise: str) -> Product:
    product = number_product(given)
    if not product.is_constant and float(product.constant) != 0:
        raise NotReproduced(otherwise)
    return Product(product.constant)


def _triple(values: Floats) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
