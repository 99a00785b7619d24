"""What colours a surface has: base colours, vertex colours and textures of the materials that its faces really use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from render.blender.subject.surface import Surface
from rigmill.outcomes import Refusal, Reject
from rigmill.types import Floats

COLOURLESS = 0.06  # largest minus smallest channel, display-referred 0..1, under which a colour is a grey
LEVELS = 15  # steps per channel between colours that count as different
HARDLY = 0.1  # between two greys, display-referred: white and 0.8, which exporters write where nobody chose a colour
DEFAULT = (0.8, 0.8, 0.8)
_SHADES = 256  # steps of a display
_COLOUR_INPUTS = ("Base Color", "Color", "Emission Color")
_MULTIPLY = ("MIX", "MIX_RGB")


@dataclass(frozen=True, slots=True)
class Looks:
    """The surface's appearance in numbers."""

    num_materials: int
    num_textures: int  # distinct pictures that are used, present and not 0 x 0
    texture_px: int  # larger side of the largest picture that gives a base colour, 0 without one
    num_base_colours: int  # distinct colours where no picture gives it
    grey_share: float  # of the area: no picture, and one grey or others that hardly differ from it


@dataclass(frozen=True, slots=True)
class BaseColour:
    """Where a material's base colour comes from."""

    pictures: tuple[Any, ...]  # loaded images
    vertex_colours: str | None  # name of the layer, empty for the mesh's own choice
    constant: tuple[float, float, float]  # linear


def read_looks(meshes: list[Any], surface: Surface) -> Looks:
    """The looks of `surface`, which is that of `meshes`. Refuses a picture in the file that cannot be decoded."""
    colours: set[tuple[int, ...]] = set()
    used: dict[str, Any] = {}
    bases: dict[str, BaseColour] = {}
    greys = np.zeros(_SHADES)  # area by shade
    for index, mesh in enumerate(meshes):
        of_mesh = surface.mesh == index
        for slot in np.unique(surface.material[of_mesh]):
            faces = of_mesh & (surface.material == slot)
            material = mesh.material_slots[slot].material if slot < len(mesh.material_slots) else None
            base = BaseColour((), None, DEFAULT)
            if material is not None:
                if material.name not in bases:
                    used[material.name], bases[material.name] = material, base_colour(material)
                base = bases[material.name]
            if base.pictures:
                continue
            seen = _shown(base, mesh.data, surface.loops[faces])
            colours |= {tuple(step) for step in np.unique(np.rint(seen * LEVELS).astype(int), axis=0).tolist()}
            colourless = np.ptp(seen, axis=-1) < COLOURLESS
            shade = np.rint(seen[colourless].mean(axis=-1) * (_SHADES - 1)).astype(int)
            greys += np.bincount(shade, weights=surface.areas[faces][colourless], minlength=_SHADES)
    pictures = {picture.name for material in used.values() for picture in _pictures(material)}
    based = [max(picture.size) for base in bases.values() for picture in base.pictures]
    area = float(surface.areas.sum())
    return Looks(
        num_materials=len(used),
        num_textures=len(pictures),
        texture_px=max(based, default=0),
        num_base_colours=len(colours),
        grey_share=min(_of_one_grey(greys) / area, 1.0) if area > 0 else 1.0,
    )


def _of_one_grey(areas: Floats) -> float:
    """The most area (by shade) that greys have of which no two differ by more than HARDLY."""
    width = int(HARDLY * (_SHADES - 1)) + 1
    return float(np.convolve(areas, np.ones(width)).max())


def _shown(base: BaseColour, data: Any, loops: Any) -> Floats:
    """Display-referred colour of each face (K, 3): the vertex colours' mean times the constant, or that alone."""
    linear = np.tile(np.array(base.constant), (len(loops), 1))
    if base.vertex_colours is not None:
        layer = data.color_attributes.get(base.vertex_colours) or data.color_attributes.active_color
        if layer is not None:
            values = np.empty(len(layer.data) * 4, dtype=np.float32)
            layer.data.foreach_get("color", values)
            of_loop = values.reshape(-1, 4)[:, :3]
            if layer.domain == "POINT":
                vertices = np.empty(len(data.loops), dtype=np.int32)
                data.loops.foreach_get("vertex_index", vertices)
                of_loop = of_loop[vertices]
            linear = linear * of_loop[loops].mean(axis=1)
    shown: Floats = np.clip(linear, 0, 1) ** (1 / 2.2)
    return shown


def base_colour(material: Any) -> BaseColour:
    """The base colour of a material as its nodes say: a lit surface's, or the emitted one of an unlit material."""
    if not material.use_nodes or material.node_tree is None:
        return BaseColour((), None, tuple(material.diffuse_color)[:3])
    sockets = [socket for shader in _shaders(material) for socket in _colour_sockets(shader)]
    if not sockets:
        return BaseColour((), None, DEFAULT)
    pictures, layers, constant = [], [], np.ones(3)
    for node in _upstream(sockets):
        if node.type == "TEX_IMAGE" and node.image is not None and is_loaded(node.image):
            pictures.append(node.image)
        elif node.type in ("VERTEX_COLOR", "ATTRIBUTE"):
            layers.append(node.layer_name if node.type == "VERTEX_COLOR" else node.attribute_name)
        elif node.type in _MULTIPLY:
            for socket in node.inputs:
                if socket.type == "RGBA" and socket.enabled and not socket.is_linked:
                    constant = constant * np.array(socket.default_value[:3])
    free = [np.array(socket.default_value[:3]) for socket in sockets if not socket.is_linked]
    if free:
        constant = constant * max(free, key=lambda value: float(value.max()))
    red, green, blue = (float(value) for value in constant)
    return BaseColour(tuple(pictures), layers[0] if layers else None, (red, green, blue))


def _shaders(material: Any) -> Iterator[Any]:
    """The shader nodes that reach the material's surface."""
    outputs = [node for node in material.node_tree.nodes if node.type == "OUTPUT_MATERIAL" and node.is_active_output]
    for node in _upstream([socket for output in outputs for socket in output.inputs if socket.name == "Surface"]):
        if any(socket.type == "SHADER" for socket in node.outputs):
            yield node


def _colour_sockets(shader: Any) -> list[Any]:
    """The sockets that give a shader's base colour."""
    named = {socket.name: socket for socket in shader.inputs if socket.name in _COLOUR_INPUTS}
    if shader.type == "BSDF_PRINCIPLED":
        base, emitted = named.get("Base Color"), named.get("Emission Color")
        strength = shader.inputs.get("Emission Strength")
        black = base is not None and not base.is_linked and max(base.default_value[:3]) == 0
        glows = strength is not None and (strength.is_linked or strength.default_value > 0)
        chosen = emitted if black and glows else base
        return [chosen] if chosen is not None else []
    if shader.type in ("MIX_SHADER", "ADD_SHADER", "BSDF_TRANSPARENT", "HOLDOUT"):
        return []
    return [named["Color"]] if "Color" in named else []


def _upstream(sockets: list[Any]) -> list[Any]:
    """Every node that the sockets' values come from, groups included."""
    found: dict[Any, None] = {}
    stack = [link.from_node for socket in sockets for link in socket.links]
    while stack:
        node = stack.pop()
        if node in found:
            continue
        found[node] = None
        if node.type == "GROUP" and node.node_tree is not None:
            stack.extend(inner for inner in node.node_tree.nodes if inner.type == "GROUP_OUTPUT")
        stack.extend(link.from_node for socket in node.inputs for link in socket.links)
    return list(found)


def _pictures(material: Any) -> list[Any]:
    """The loaded pictures that anything of the material's surface comes from."""
    if not material.use_nodes or material.node_tree is None:
        return []
    outputs = [node for node in material.node_tree.nodes if node.type == "OUTPUT_MATERIAL"]
    nodes = _upstream([socket for output in outputs for socket in output.inputs])
    pictures = [node.image for node in nodes if node.type == "TEX_IMAGE" and node.image]
    for picture in pictures:
        if picture.packed_file is not None and not is_loaded(picture):  # Blender shows it in a loud pink
            raise Refusal(Reject.BAD_IMAGE, f"the pixels of the picture '{picture.name[:60]}' cannot be decoded")
    return [picture for picture in pictures if is_loaded(picture)]


def is_loaded(picture: Any) -> bool:
    """Whether Blender can read the picture: a missing or broken one is 0 x 0."""
    return min(picture.size) > 0
