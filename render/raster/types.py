"""What the rasteriser draws and what it gives back, as plain arrays.

World: right-handed, +Z up, normalised (rigmill.types). Colours called linear are scene-referred, Rec. 709 primaries;
those called encoded are sRGB bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rigmill.types import Bytes, Floats, Ints

Wrap = Literal["repeat", "mirror", "extend", "clip"]


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture over one UV layer; its first row is at v = 0, as Blender stores pictures."""

    pixels: Bytes  # (H, W, 4)
    uv: int  # layer of Surface.uvs
    wrap: Wrap = "repeat"
    nearest: bool = False  # pixel art: no interpolation
    # (u, v) in the picture = transform @ (u, v, 1) of the layer.
    transform: tuple[tuple[float, float, float], tuple[float, float, float]] = ((1, 0, 0), (0, 1, 0))


@dataclass(frozen=True, slots=True)
class Look:
    """A material as the rasteriser knows it: metal, roughness, normals, emission and alpha, as in glTF.

    Every texture multiplies the number beside it.
    """

    name: str
    base: tuple[float, float, float] = (0.8, 0.8, 0.8)  # linear
    base_texture: Texture | None = None  # encoded RGB; A is alpha
    alpha: float = 1.0
    alpha_mode: Literal["opaque", "clip", "blend"] = "opaque"
    cutoff: float = 0.5  # clip: alpha below it is not there
    vertex_colours: bool = False  # Surface.colours multiply base (and alpha, where the mode knows alpha)
    roughness: float = 0.5
    metallic: float = 0.0
    surface_texture: Texture | None = None  # linear: G roughness, B metallic
    specular: float = 0.5  # Principled's specular level: reflectance at normal incidence is 0.08 times it
    normal_texture: Texture | None = None  # linear, tangent space of its UV layer, +Y up
    normal_strength: float = 1.0
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)  # linear, strength included
    emission_texture: Texture | None = None  # encoded RGB
    unlit: bool = False  # base is shown as it is
    fronts_only: bool = False  # a camera sees no triangle from behind, by the order of its corners
    is_shell: bool = False  # fronts_only, and the fronts look inwards: an outline, a backdrop. It keeps no light away


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything of a subject's triangles that does not move. K triangles, N corners, L UV layers."""

    triangles: Ints  # (K, 3) int32, into a frame's vertices
    corners: Ints  # (K, 3) int32, into what is stored per corner
    look: Ints  # (K,) int32
    uvs: Floats  # (L, N, 2) float32
    colours: Floats  # (N, 4) float32, linear


@dataclass(frozen=True, slots=True)
class Shape:
    """The subject in one frame."""

    vertices: Floats  # (V, 3) float32 world
    normals: Floats  # (N, 3) float32 world, unit


@dataclass(frozen=True, slots=True)
class Sun:
    """Light from one direction, as far away as the sun."""

    towards: tuple[float, float, float]  # from the subject to the sun
    strength: float  # W/m2, as Blender's
    angle_deg: float  # diameter of its disc


@dataclass(frozen=True, slots=True)
class Light:
    """Even radiance from everywhere, and suns."""

    ambient: tuple[float, float, float]
    suns: tuple[Sun, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """The part of a view that shows anything; around it there is nothing."""

    left_px: int
    top_px: int
    rgba: Bytes  # (h, w, 4) encoded, straight alpha
    depth: Floats | None = None  # (h, w) float32 along the view axis, inf where nothing is
    normals: Floats | None = None  # (h, w, 3) float32 world, 0 where nothing is

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the part."""
        return self.rgba.shape[1], self.rgba.shape[0]

    def whole(self, width_px: int, height_px: int) -> Bytes:
        """The whole view, RGBA (H, W, 4)."""
        view = np.zeros((height_px, width_px, 4), np.uint8)
        width, height = self.size_px
        view[self.top_px : self.top_px + height, self.left_px : self.left_px + width] = self.rgba
        return view
