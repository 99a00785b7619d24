"""Node trees that no file of the corpus has, made from what tools can export or people can build. Inside Blender."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np

from tests.support.looks.tree import Tree, blobs, encoded, palette

BLENDS = (
    "MIX",
    "ADD",
    "SUBTRACT",
    "MULTIPLY",
    "SCREEN",
    "OVERLAY",
    "DIVIDE",
    "DIFFERENCE",
    "EXCLUSION",
    "DARKEN",
    "LIGHTEN",
    "DODGE",
    "BURN",
    "SOFT_LIGHT",
    "LINEAR_LIGHT",
)


def _tint(tree: Tree) -> None:
    mix = tree.mix("MULTIPLY", 1.0)
    tree.link(tree.texture().outputs[0], mix.inputs[6])
    mix.inputs[7].default_value = (0.9, 0.5, 0.2, 1)
    tree.link(mix.outputs[2], "Base Color")


def _vertex(tree: Tree) -> None:
    """glTF's COLOR_0 over a texture, with alpha."""
    colours, texture = tree.node("VertexColor"), tree.texture(alpha=True)
    mix, math = tree.mix("MULTIPLY", 1.0), tree.node("Math", operation="MULTIPLY")
    tree.link(colours.outputs["Color"], mix.inputs[6])
    tree.link(texture.outputs["Color"], mix.inputs[7])
    tree.link(mix.outputs[2], "Base Color")
    tree.link(colours.outputs["Alpha"], math.inputs[0])
    tree.link(texture.outputs["Alpha"], math.inputs[1])
    tree.link(math.outputs[0], "Alpha")


def _no_colours(tree: Tree) -> None:
    tree.link(tree.node("VertexColor", layer_name="not there").outputs["Color"], "Base Color")


def _blend(kind: str) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        mix = tree.mix(kind, 0.7)
        tree.link(tree.texture(1).outputs[0], mix.inputs[6])
        tree.link(tree.texture(2, size=(48, 80)).outputs[0], mix.inputs[7])
        tree.link(mix.outputs[2], "Base Color")

    return build


def _numbers(tree: Tree) -> None:
    split = tree.node("SeparateColor")
    tree.link(tree.texture(data=True).outputs[0], split.inputs[0])
    scaled = tree.node("Math", operation="MULTIPLY_ADD", i1=0.5, i2=0.2)
    tree.link(split.outputs["Red"], scaled.inputs[0])
    tree.link(scaled.outputs[0], "Roughness")
    power = tree.node("Math", operation="POWER", i1=2.2)
    tree.link(split.outputs["Blue"], power.inputs[0])
    ranged = tree.node("MapRange", i1=0.2, i2=0.7, i3=1.0, i4=0.1)
    tree.link(power.outputs[0], ranged.inputs[0])
    clamped = tree.node("Clamp", i1=0.3, i2=0.8)
    tree.link(ranged.outputs[0], clamped.inputs[0])
    tree.link(clamped.outputs[0], "Metallic")


def _colour_into_number(tree: Tree) -> None:
    tree.link(tree.texture().outputs["Color"], "Roughness")
    grey = tree.node("RGBToBW")
    tree.link(tree.texture(3).outputs["Color"], grey.inputs[0])
    tree.link(grey.outputs[0], "Base Color")


def _ramp(tree: Tree) -> None:
    ramp = tree.node("ValToRGB")
    ramp.color_ramp.elements[0].color, ramp.color_ramp.elements[1].color = (1, 0.2, 0, 1), (0, 0.4, 0.9, 1)
    ramp.color_ramp.elements.new(0.4).color = (0.1, 0.8, 0.3, 1)
    tree.link(tree.texture(data=True).outputs["Alpha"], ramp.inputs[0])
    split = tree.node("SeparateColor")
    tree.link(tree.texture(4, data=True).outputs[0], split.inputs[0])
    tree.link(split.outputs[1], ramp.inputs[0])
    tree.link(ramp.outputs["Color"], "Base Color")


def _adjusted(tree: Tree) -> None:
    chain = [
        tree.node("HueSaturation", i0=0.6, i1=0.7, i2=0.9, i3=0.8),
        tree.node("Gamma", i1=1.4),
        tree.node("BrightContrast", i1=0.05, i2=0.2),
        tree.node("Invert", i0=0.8),
    ]
    value = tree.texture(5).outputs["Color"]
    for node in chain:
        tree.link(value, next(socket for socket in node.inputs if socket.name == "Color"))
        value = node.outputs[0]
    tree.link(value, "Base Color")


def _channels(tree: Tree) -> None:
    split, join = tree.node("SeparateColor", mode="HSV"), tree.node("CombineColor", mode="HSV")
    tree.link(tree.texture(6).outputs[0], split.inputs[0])
    for channel in range(3):
        tree.link(split.outputs[channel], join.inputs[channel])
    half = tree.node("Math", operation="MULTIPLY", i1=0.5)
    tree.link(split.outputs[1], half.inputs[0])
    tree.link(half.outputs[0], join.inputs[1])
    tree.link(join.outputs[0], "Base Color")


def _grouped(tree: Tree) -> None:
    """A group with a factor inside and the texture outside, a reroute, and a muted node on the way."""
    group = bpy.data.node_groups.new("tint", "ShaderNodeTree")
    group.interface.new_socket("In", in_out="INPUT", socket_type="NodeSocketColor")
    group.interface.new_socket("Out", in_out="OUTPUT", socket_type="NodeSocketColor")
    start, end = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    mix = group.nodes.new("ShaderNodeMix")
    mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
    mix.inputs["Factor"].default_value = 1.0
    mix.inputs[7].default_value = (0.3, 0.9, 0.6, 1)
    group.links.new(start.outputs[0], mix.inputs[6])
    group.links.new(mix.outputs[2], end.inputs[0])
    node = tree.node("Group", node_tree=group)
    reroute = tree.nodes.new("NodeReroute")
    muted = tree.node("Gamma", i1=3.0)
    muted.mute = True
    tree.link(tree.texture(7).outputs[0], reroute.inputs[0])
    tree.link(reroute.outputs[0], node.inputs[0])
    tree.link(node.outputs[0], muted.inputs[0])
    tree.link(muted.outputs[0], "Base Color")


def _mapped(kind: str, **texture: Any) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        mapping = tree.node("Mapping", vector_type=kind, i3=(1.7, -0.6, 1.0), i2=(0, 0, 0.4))
        if kind != "VECTOR":
            mapping.inputs[1].default_value = (0.2, -0.1, 0)
        tree.link(tree.node("UVMap").outputs[0], mapping.inputs[0])
        picture = tree.texture(8, **texture)
        tree.link(mapping.outputs[0], picture.inputs[0])
        tree.link(picture.outputs[0], "Base Color")

    return build


def _detail(tree: Tree) -> None:
    """A small picture repeated three times as often as the one it is multiplied onto."""
    mapping, mix = tree.node("Mapping", i3=(3.0, 3.0, 1.0)), tree.mix("MULTIPLY", 0.5)
    tree.link(tree.node("UVMap").outputs[0], mapping.inputs[0])
    detail = tree.texture(9, size=(32, 32))
    tree.link(mapping.outputs[0], detail.inputs[0])
    tree.link(tree.texture(10).outputs[0], mix.inputs[6])
    tree.link(detail.outputs[0], mix.inputs[7])
    tree.link(mix.outputs[2], "Base Color")


def _cut(tree: Tree) -> None:
    texture = tree.texture(11, alpha=True)
    below, factor = tree.node("Math", operation="LESS_THAN", i1=0.35), tree.node("Math", operation="MULTIPLY", i1=0.8)
    upper = tree.node("Math", operation="SUBTRACT", i0=1.0)
    tree.link(texture.outputs["Alpha"], factor.inputs[0])
    tree.link(factor.outputs[0], below.inputs[0])
    tree.link(below.outputs[0], upper.inputs[1])
    tree.link(upper.outputs[0], "Alpha")
    tree.link(texture.outputs["Color"], "Base Color")


def _blended(alpha_mode: str, *, linked: bool) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        pixels = blobs(12, (96, 64))
        texture = tree.picture(
            f"alpha{alpha_mode}{linked}.png", cv2.imencode(".png", pixels)[1].tobytes(), alpha_mode=alpha_mode
        )
        tree.link(texture.outputs["Color"], "Base Color")
        if linked:
            tree.link(texture.outputs["Alpha"], "Alpha")

    return build


def _other_alpha(tree: Tree) -> None:
    """FBX: opacity in a picture of its own."""
    tree.link(tree.texture(13).outputs["Color"], "Base Color")
    tree.link(tree.texture(14, data=True, size=(40, 40)).outputs["Color"], "Alpha")


def _emitting(tree: Tree) -> None:
    mix = tree.mix("MULTIPLY", 1.0)
    tree.link(tree.texture(15).outputs[0], mix.inputs[6])
    mix.inputs[7].default_value = (1, 0.5, 0.25, 1)
    tree.link(mix.outputs[2], "Emission Color")
    tree.shader.inputs["Emission Strength"].default_value = 3.0


def _missing(tree: Tree) -> None:
    image = bpy.data.images.new("gone", 1, 1)
    image.source, image.filepath = "FILE", "//nowhere/gone.png"
    tree.link(tree.node("TexImage", image=image).outputs["Color"], "Base Color")
    tree.link(tree.nodes[-1].outputs["Alpha"], "Alpha")


def _no_image(tree: Tree) -> None:
    tree.link(tree.node("TexImage").outputs["Color"], "Base Color")


def _linear_base(tree: Tree) -> None:
    tree.link(tree.texture(16, data=True).outputs[0], "Base Color")


def _stored(name: str, make: Callable[[], bytes], **settings: Any) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        texture = tree.picture(name, make(), **settings)
        tree.link(texture.outputs["Color"], "Base Color")
        tree.link(texture.outputs["Alpha"], "Alpha")

    return build


SHOWN: dict[str, Callable[[Tree], None]] = {
    "tint": _tint,
    "vertex colours": _vertex,
    "vertex colours that are not there": _no_colours,
    **{f"blend {kind}": _blend(kind) for kind in BLENDS},
    "numbers": _numbers,
    "a colour as a number": _colour_into_number,
    "ramp": _ramp,
    "adjusted": _adjusted,
    "channels": _channels,
    "grouped": _grouped,
    "mapped as a point": _mapped("POINT"),
    "mapped as a texture": _mapped("TEXTURE"),
    "mapped as a vector": _mapped("VECTOR"),
    "mirrored": _mapped("POINT", extension="MIRROR"),
    "extended": _mapped("POINT", extension="EXTEND"),
    "clipped": _mapped("POINT", extension="CLIP"),
    "pixel art": _mapped("POINT", interpolation="Closest"),
    "detail": _detail,
    "cut": _cut,
    "packed alpha": _blended("CHANNEL_PACKED", linked=True),
    "straight alpha": _blended("STRAIGHT", linked=True),
    "straight alpha unused": _blended("STRAIGHT", linked=False),
    "packed alpha unused": _blended("CHANNEL_PACKED", linked=False),
    "no alpha": _blended("NONE", linked=True),
    "other alpha": _other_alpha,
    "emitting": _emitting,
    "missing": _missing,
    "no image": _no_image,
    "linear base": _linear_base,
    "grey": _stored("grey.png", encoded(".png", 1)),
    "jpeg": _stored("three.jpg", encoded(".jpg", 3)),
    "grey jpeg": _stored("one.jpg", encoded(".jpg", 1)),
    "16 bits": _stored("deep.png", encoded(".png", 4, np.uint16)),
    "16 bits of grey": _stored("deepgrey.png", encoded(".png", 1, np.uint16)),
    "bmp": _stored("blobs.bmp", encoded(".bmp", 3)),
    "tiff": _stored("blobs.tif", encoded(".tif", 3)),
    "floats": _stored("blobs.hdr", encoded(".hdr", 3, np.float32), data=True),
    "webp": _stored("blobs.webp", encoded(".webp", 3)),
    "palette": _stored("palette.png", palette),
}


def compare_all(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """cycles_truth.compare of every tree of SHOWN."""
    from tests.support.looks import cycles_truth

    found = {}
    for name, build in SHOWN.items():
        bpy.ops.wm.read_factory_settings(use_empty=True)
        cycles_truth.set_up()
        tree = Tree(scratch)
        build(tree)
        bpy.context.view_layer.update()
        found[name] = cycles_truth.compare(tree.material, scratch, uv_layers=["UVMap"], colour_layers=["Color"])
    return found
