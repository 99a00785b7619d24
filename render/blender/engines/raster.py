"""The rasteriser as an engine: Blender evaluates, we draw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from render.blender.engines.blender import Engine
from render.blender.engines.geometry import Geometry
from render.blender.materials.appearance import Appearance, read_appearance
from render.blender.materials.sides import shells
from render.blender.subject.subject import Subject
from render.blender.subject.surface import read_surface
from render.light import LIGHT
from render.raster.rasteriser import Rasteriser
from render.raster.types import Picture, Surface
from rigmill.types import Camera, Floats


@dataclass
class Drawing:
    """A loaded subject as the rasteriser knows it. Made once per file; it holds no pose."""

    appearance: Appearance
    geometry: Geometry
    rasteriser: Rasteriser
    surface: Surface  # that the rasteriser was made for

    def draw(self, cameras: tuple[Camera, ...], *, extras: bool = False) -> list[Picture]:
        """Pictures of the subject as the scene shows it now."""
        shape = self.geometry.read()
        if self.geometry.surface is not self.surface:  # a modifier has made other triangles
            self.surface = self.geometry.surface
            self.rasteriser = Rasteriser(self.surface, self.appearance.looks, LIGHT)
        return self.rasteriser.draw(shape, cameras, extras=extras)


def loaded_drawing(subject: Subject, state: dict[str, Any]) -> Drawing:
    """The drawing of the subject that `state` holds, made once per child, whichever clip asks first.

    Making it puts the subject at rest, and leaves it in the world that it was in.
    """
    if "drawing" not in state:
        # What does not move is read at rest and as imported: read in the world of a clip, it would be rounded with
        # that clip's scale, and the next clip's bytes would tell which one came before.
        with subject.as_imported():
            appearance = read_appearance(subject.meshes, shells_of(subject, state))
            geometry = Geometry.of(subject.meshes, appearance)
            rasteriser = Rasteriser(geometry.surface, appearance.looks, LIGHT)
            state["drawing"] = Drawing(appearance, geometry, rasteriser, geometry.surface)
    drawing = state["drawing"]
    assert isinstance(drawing, Drawing)
    return drawing


def shells_of(subject: Subject, state: dict[str, Any]) -> frozenset[str]:
    """Names of the subject's materials that are shells (see sides.py), found once per child, at rest as imported."""
    if "shells" not in state:
        with subject.as_imported():
            state["shells"] = frozenset(shells(subject.meshes, read_surface(subject.meshes)))
    found: frozenset[str] = state["shells"]
    return found


@dataclass
class RasterEngine:
    """Draws with our rasteriser."""

    drawing: Drawing
    cameras: tuple[Camera, ...]
    name: str = "raster"

    def shoot(self, bounds: Floats, *, extras: bool = False) -> list[Picture]:
        return self.drawing.draw(self.cameras, extras=extras)

    def close(self) -> None:
        pass


@dataclass
class WithExtras:
    """Colours by another engine, depth and normals by the rasteriser: they are the same whoever draws the colours."""

    inner: Engine
    extras: RasterEngine

    @property
    def name(self) -> str:
        return self.inner.name

    def shoot(self, bounds: Floats, *, extras: bool = False) -> list[Picture]:
        pictures = self.inner.shoot(bounds)
        if not extras:
            return pictures
        drawn = self.extras.shoot(bounds, extras=True)
        return [_joined(picture, other, camera) for picture, other, camera in zip(pictures, drawn, self.extras.cameras)]

    def close(self) -> None:
        self.inner.close()


def _joined(picture: Picture, drawn: Picture, camera: Camera) -> Picture:
    """`picture` with the depth and normals of `drawn`, on the part that `picture` shows."""
    assert drawn.depth is not None and drawn.normals is not None
    depth = np.full((camera.height_px, camera.width_px), np.inf, np.float32)
    normals = np.zeros((camera.height_px, camera.width_px, 3), np.float32)
    _put(depth, drawn.depth, drawn)
    _put(normals, drawn.normals, drawn)
    width, height = picture.size_px
    rows, columns = slice(picture.top_px, picture.top_px + height), slice(picture.left_px, picture.left_px + width)
    return replace(picture, depth=depth[rows, columns], normals=normals[rows, columns])


def _put(whole: Floats, part: Floats, at: Picture) -> None:
    height, width = part.shape[:2]
    whole[at.top_px : at.top_px + height, at.left_px : at.left_px + width] = part
