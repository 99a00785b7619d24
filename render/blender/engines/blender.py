"""Engines: what makes pictures of a posed scene. All give the same products; the profile chooses."""

from __future__ import annotations

from collections.abc import Set
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import bpy
import numpy as np

from render.blender.engines.scene import add_camera, remove_camera, set_border, set_up
from render.blender.materials.sides import show_fronts_only
from render.raster.types import Picture
from rigmill.blender.render_settings import ViewSettings
from rigmill.types import Bytes, Camera, Floats

_TGA_HEADER = 18


class Engine(Protocol):
    """Makes pictures of the scene as it stands, from cameras that it was given."""

    @property
    def name(self) -> str:
        """As the profile spells it."""

    def shoot(self, bounds: Floats, *, extras: bool = False) -> list[Picture]:
        """One picture per camera. `bounds` (2, 3) hold the subject; `extras`: with depth and normals."""

    def close(self) -> None:
        """Leave nothing of this engine in the scene."""


class BlenderEngine:
    """Blender's own renderers: Cycles, EEVEE and Workbench. One picture at a time, only where the subject is."""

    def __init__(
        self, cameras: tuple[Camera, ...], view: ViewSettings, folder: Path, *, shell_names: Set[str] = frozenset()
    ) -> None:
        self.name = view.engine
        self.cameras = cameras
        self._file = folder / f"{self.name}.tga"
        set_up(view)
        self._changes = ExitStack()
        if self.name == "cycles":  # EEVEE culls by itself; Workbench shows both sides
            show_fronts_only(list(bpy.data.materials), shell_names, self._changes)
        self._blender_cameras = [add_camera(camera, f"view {index}") for index, camera in enumerate(cameras)]

    def shoot(self, bounds: Floats, *, extras: bool = False) -> list[Picture]:
        assert not extras  # drawn by the rasteriser, whatever engine draws the colours
        pictures = []
        scene = bpy.context.scene
        for camera, blender_camera in zip(self.cameras, self._blender_cameras):
            scene.camera = blender_camera
            left, top = set_border(camera, bounds)
            scene.render.filepath = str(self._file)
            # Blender's Python cannot reach the pixels in memory; its plainest file is the cheapest way to them.
            bpy.ops.render.render(write_still=True)
            pictures.append(Picture(left, top, read_tga(self._file.read_bytes())))
        return pictures

    def close(self) -> None:
        self._changes.close()
        bpy.context.scene.camera = None
        for blender_camera in self._blender_cameras:
            remove_camera(blender_camera)
        self._blender_cameras = []
        self._file.unlink(missing_ok=True)


def read_tga(data: bytes) -> Bytes:
    """The pixels of an uncompressed 32-bit TGA as Blender writes it, RGBA (H, W, 4)."""
    width, height = (int.from_bytes(data[place : place + 2], "little") for place in (12, 14))
    if data[2] != 2 or data[16] != 32 or len(data) < _TGA_HEADER + 4 * width * height:
        raise ValueError("Blender wrote no RGBA picture")
    pixels = np.frombuffer(data, np.uint8, 4 * width * height, _TGA_HEADER + data[0]).reshape(height, width, 4)
    return np.ascontiguousarray(pixels[::-1][:, :, [2, 1, 0, 3]])
