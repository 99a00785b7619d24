"""Products of pictures become one picture each: as they are where nothing changes them, else computed per texel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from render.blender.materials.nodes import NotReproduced, Origin, origins
from render.blender.materials.pictures import MAX_PX, Bitmap, Pictures
from render.blender.materials.products import Term
from render.blender.materials.uv_mapping import Mapping, mapping_of
from render.blender.materials.values import Evaluator
from render.raster.types import Texture, Wrap
from rigmill.types import Bytes, Floats

_BORDERS = {"repeat": cv2.BORDER_WRAP, "mirror": cv2.BORDER_REFLECT, "extend": cv2.BORDER_REPLICATE}
UvBounds = Callable[[str], Floats]  # of a layer: least and largest u, v (2, 2) of every face that shows the look


@dataclass(frozen=True, slots=True)
class Grid:
    """Where and how finely something is computed."""

    width_px: int
    height_px: int
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class Baker:
    """Makes the textures of one look."""

    pictures: Pictures
    layers: list[str]  # UV layers that textures are on; grows
    default_uv: str
    uv_bounds: UvBounds

    def bitmap(self, texture: Origin) -> Bitmap:
        """The picture of an Image Texture node."""
        return self.pictures.read(texture.node.image, alpha_is_used=texture.node.outputs["Alpha"].is_linked)

    def mapping(self, texture: Origin) -> Mapping:
        """The mapping of an Image Texture node, its layer named."""
        found = mapping_of(texture)
        return replace(found, layer=found.layer or self.default_uv)

    def texture(self, pixels: Bytes, mapping: Mapping) -> Texture:
        """The rasteriser's texture."""
        if mapping.layer not in self.layers:
            self.layers.append(mapping.layer)
        return Texture(
            pixels=pixels,
            uv=self.layers.index(mapping.layer),
            wrap=self._wrap(mapping),
            nearest=mapping.nearest,
            transform=mapping.transform,
        )

    def _wrap(self, mapping: Mapping) -> Wrap:
        """One wrap for both directions. A direction that no coordinate leaves the picture in agrees with any."""
        along_u, along_v = mapping.wraps
        if along_u == along_v:
            return along_u
        low, high = self.uv_bounds(mapping.layer)
        box = np.array([[u, v, 1] for u in (low[0], high[0]) for v in (low[1], high[1])]) @ mapping.matrix().T
        inside = (box[:, :2].min(axis=0) >= 0) & (box[:, :2].max(axis=0) <= 1)
        if inside[0]:
            return along_v
        if inside[1]:
            return along_u
        raise NotReproduced("repeats a picture along one side and not along the other")

    def grid(self, terms: tuple[Term, ...]) -> Grid:
        """A grid on which all pictures that the terms depend on can be looked up."""
        leaves = [found for term in terms for found in origins(term.given) if found.node.type == "TEX_IMAGE"]
        sizes = [(self.bitmap(found).size_px, self.mapping(found)) for found in leaves]
        # The picture that repeats least gives the grid its place: the others repeat inside of it.
        (width, height), mapping = min(sizes, key=lambda item: (_density(item[1]), -item[0][0] * item[0][1]))
        for (other_width, other_height), other in sizes:
            if other == mapping:
                width, height = max(width, other_width), max(height, other_height)
                continue
            step = _between(mapping, other)
            width = max(width, int(other_width * max(abs(step[0, 0]), abs(step[1, 0]))))
            height = max(height, int(other_height * max(abs(step[0, 1]), abs(step[1, 1]))))
        return Grid(min(width, MAX_PX), min(height, MAX_PX), mapping)

    def evaluator(self, grid: Grid) -> Evaluator:
        """Computes sockets on a grid."""
        return Evaluator(lambda texture: self._sample(texture, grid))

    def _sample(self, texture: Origin, grid: Grid) -> Floats:
        bitmap, mapping = self.bitmap(texture), self.mapping(texture)
        values = bitmap.linear()
        if mapping == grid.mapping and bitmap.size_px == (grid.width_px, grid.height_px):
            return values
        step = np.eye(3) if mapping == grid.mapping else _between(grid.mapping, mapping)
        across = (np.arange(grid.width_px) + 0.5) / grid.width_px
        up = (np.arange(grid.height_px) + 0.5) / grid.height_px
        width, height = bitmap.size_px
        u = (step[0, 0] * across[None, :] + step[0, 1] * up[:, None] + step[0, 2]) * width - 0.5
        v = (step[1, 0] * across[None, :] + step[1, 1] * up[:, None] + step[1, 2]) * height - 0.5
        if mapping.wraps[0] == "repeat" and mapping.wraps[1] == "repeat":
            u, v = np.mod(u, width), np.mod(v, height)
        if mapping.nearest:
            u, v = np.rint(u), np.rint(v)
        border = _BORDERS.get(mapping.wraps[0], cv2.BORDER_REPLICATE)
        return cv2.remap(values, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=border)


def _density(mapping: Mapping) -> float:
    """How often a picture fits into the layer's unit square."""
    return max(abs(float(np.linalg.det(mapping.matrix()[:2, :2]))), 1e-12)


def _between(grid: Mapping, other: Mapping) -> Floats:
    """(3, 3) from coordinates in the grid's picture to those in another; refuses pairs that do not repeat together."""
    reason = NotReproduced("mixes pictures that lie differently on its surface")
    if grid.layer != other.layer:
        raise reason
    if abs(np.linalg.det(grid.matrix())) < 1e-12:
        raise reason
    step = other.matrix() @ np.linalg.inv(grid.matrix())
    same_place = np.allclose(step, np.eye(3), atol=1e-6)
    repeats = {*grid.wraps, *other.wraps} == {"repeat"} and np.allclose(step[:2, :2], np.rint(step[:2, :2]), atol=1e-4)
    if not (repeats or same_place and grid.wraps == other.wraps):
        raise reason
    result: Floats = step
    return result
