"""The rasteriser beside Cycles on made scenes: the same outline, the same light, the same picture."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from render.raster.rasteriser import Rasteriser
from render.raster.types import Light, Look, Shape, Sun, Surface, Texture
from rigmill.types import Camera, Floats
from tests.support.paths import ROOT

pytestmark = pytest.mark.blender

# As in render/blender/engines/scene.py, which needs Blender to be imported.
LIGHT = Light((0.6, 0.6, 0.6), (Sun((0.5, -0.8, 1.3), 1.5, 20.0), Sun((-0.6, 0.9, 1.0), 0.7, 20.0)))


def _both(name: str, folder: Path) -> tuple[Floats, Floats]:
    """RGBA (H, W, 4) of Cycles and ours."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.raster.scenes", name, str(folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert (folder / "scene.npz").exists(), done.stderr.decode()[-2000:]
    scene = np.load(folder / "scene.npz")
    theirs = cv2.imread(str(folder / "view.png"), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]]
    num = len(scene["corners"])
    index = np.arange(num, dtype=np.int32).reshape(-1, 3)
    texture = Texture(scene["picture"], 0) if "picture" in scene else None
    looks = tuple(
        Look(
            str(number),
            base=(1, 1, 1) if row[5] else tuple(row[:3].tolist()),
            metallic=row[3],
            roughness=row[4],
            base_texture=texture if row[5] else None,
        )
        for number, row in enumerate(scene["looks"])
    )
    surface = Surface(index, index, scene["look"].astype(np.int32), scene["uvs"][None], np.ones((num, 4), np.float32))
    camera = Camera(25.0, scene["intrinsics"], scene["world_to_view"], theirs.shape[1], theirs.shape[0])
    shape = Shape(scene["corners"].astype(np.float32), scene["normals"])
    (picture,) = Rasteriser(surface, looks, LIGHT).draw(shape, [camera])
    return theirs.astype(float), picture.whole(camera.width_px, camera.height_px).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "most_off", "most_rms"), [("spheres", 1.5, 7.0), ("cube", 1.5, 8.0), ("monkey", 1.5, 8.0)]
)
def test_a_made_scene_looks_as_in_cycles(name: str, most_off: float, most_rms: float, tmp_path: Path) -> None:
    theirs, ours = _both(name, tmp_path)
    first, second = theirs[..., 3] >= 128, ours[..., 3] >= 128
    assert (first & second).sum() / (first | second).sum() > 0.97
    assert np.abs(theirs[..., 3] - ours[..., 3]).mean() < 1.0
    solid = (theirs[..., 3] == 255) & (ours[..., 3] == 255)
    off = (ours - theirs)[solid][:, :3]
    assert np.abs(off.mean(axis=0)).max() < most_off
    assert np.sqrt((off**2).mean()) < most_rms
