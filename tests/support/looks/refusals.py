"""Materials that the rasteriser cannot show, each with one thing in it that it lacks. Inside Blender."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from tests.support.looks.tree import Tree


def _linked(kind: str, to: str, *, output: int = 0, **settings: Any) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        tree.link(tree.node(kind, **settings).outputs[output], to)

    return build


def _set(name: str, value: float) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        tree.shader.inputs[name].default_value = value

    return build


def _surface(kind: str) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        tree.link(tree.node(kind).outputs[0], tree.output.inputs["Surface"])

    return build


def _two_shaders(tree: Tree) -> None:
    mix = tree.node("MixShader", i0=0.5)
    tree.link(tree.shader.outputs[0], mix.inputs[1])
    tree.link(tree.node("BsdfPrincipled").outputs[0], mix.inputs[2])
    tree.link(mix.outputs[0], tree.output.inputs["Surface"])


def _added(tree: Tree) -> None:
    both = tree.node("AddShader")
    tree.link(tree.shader.outputs[0], both.inputs[0])
    tree.link(tree.node("Emission").outputs[0], both.inputs[1])
    tree.link(both.outputs[0], tree.output.inputs["Surface"])


def _placed(kind: str, output: str) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        texture = tree.texture()
        tree.link(tree.node(kind).outputs[output], texture.inputs[0])
        tree.link(texture.outputs[0], "Base Color")

    return build


def _to_output(kind: str, to: str) -> Callable[[Tree], None]:
    def build(tree: Tree) -> None:
        tree.link(tree.node(kind).outputs[0], tree.output.inputs[to])

    return build


def _sequence(tree: Tree) -> None:
    texture = tree.texture()
    texture.image.source = "SEQUENCE"
    tree.link(texture.outputs[0], "Base Color")


def _animated(tree: Tree) -> None:
    tree.shader.inputs["Roughness"].keyframe_insert("default_value", frame=1)


def _driven(tree: Tree) -> None:
    tree.shader.inputs["Roughness"].driver_add("default_value").driver.expression = "frame / 100"


def _shaded_colours(tree: Tree) -> None:
    gamma = tree.node("Gamma", i1=2.0)
    tree.link(tree.node("VertexColor").outputs[0], gamma.inputs[0])
    tree.link(gamma.outputs[0], "Base Color")


def _two_places(tree: Tree) -> None:
    """Two pictures mixed, one of them turned against the other."""
    mapping, mix = tree.node("Mapping", i2=(0, 0, 0.5)), tree.mix("MIX", 0.5)
    tree.link(tree.node("UVMap").outputs[0], mapping.inputs[0])
    turned = tree.texture(1)
    tree.link(mapping.outputs[0], turned.inputs[0])
    tree.link(turned.outputs[0], mix.inputs[6])
    tree.link(tree.texture(2).outputs[0], mix.inputs[7])
    tree.link(mix.outputs[2], "Base Color")


def _by_hue(tree: Tree) -> None:
    mix = tree.mix("HUE", 0.5)
    tree.link(tree.texture().outputs[0], mix.inputs[6])
    tree.link(mix.outputs[2], "Base Color")


# Trees, and what the reason must say.
NOT_SHOWN: dict[str, tuple[Callable[[Tree], None], str]] = {
    "noise": (_linked("TexNoise", "Base Color", output=1), "procedural texture"),
    "checker": (_linked("TexChecker", "Roughness", output=1), "procedural texture"),
    "fresnel": (_linked("Fresnel", "Roughness"), "seen from"),
    "layer weight": (_linked("LayerWeight", "Base Color"), "seen from"),
    "occlusion": (_linked("AmbientOcclusion", "Base Color"), "seen from"),
    "geometry": (_linked("NewGeometry", "Base Color"), "seen from"),
    "transmission": (_set("Transmission Weight", 1.0), "lets light through"),
    "subsurface": (_set("Subsurface Weight", 0.5), "below its surface"),
    "coat": (_set("Coat Weight", 1.0), "clear coat"),
    "sheen": (_set("Sheen Weight", 1.0), "sheen"),
    "glass": (_surface("BsdfGlass"), "Glass"),
    "toon": (_surface("BsdfToon"), "Toon"),
    "hair": (_surface("BsdfHairPrincipled"), "Hair"),
    "two shaders": (_two_shaders, "mixes several shaders"),
    "added shaders": (_added, "adds shaders"),
    "volume": (_to_output("VolumeAbsorption", "Volume"), "volume"),
    "displacement": (_to_output("Displacement", "Displacement"), "displaces"),
    "bump": (_linked("Bump", "Normal"), "Bump"),
    "generated coordinates": (_placed("TexCoord", "Generated"), "not a UV layer"),
    "object coordinates": (_placed("TexCoord", "Object"), "not a UV layer"),
    "computed coordinates": (_placed("CombineXYZ", "Vector"), "texture coordinates"),
    "a sequence": (_sequence, "image sequence"),
    "an animation": (_animated, "animated"),
    "a driver": (_driven, "animated"),
    "altered vertex colours": (_shaded_colours, "vertex colours for more"),
    "pictures that lie differently": (_two_places, "lie differently"),
    "mixing by hue": (_by_hue, "hue"),
}


def all_reasons(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """What read_look says of every tree of NOT_SHOWN; None where it makes a look of it."""
    from render.blender.materials.bake import Baker
    from render.blender.materials.look import read_look
    from render.blender.materials.pictures import Pictures

    found = {}
    for name, (build, _) in NOT_SHOWN.items():
        bpy.ops.wm.read_factory_settings(use_empty=True)
        tree = Tree(scratch)
        build(tree)
        reading = read_look(tree.material, Baker(Pictures(), [], "UVMap", lambda _: np.array([[0.0] * 2, [1.0] * 2])))
        found[name] = reading if isinstance(reading, str) else None
    return found


def expected(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, str]:
    """What each reason must say."""
    return {name: words for name, (_, words) in NOT_SHOWN.items()}
