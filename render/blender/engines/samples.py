"""How many samples a pixel of Cycles needs, found out before an asset's first clip is drawn.

Glass and gloss speckle with as many samples as are plenty for all else. Cycles' own adaptive sampling looks at no pixel
before it has 16 samples, so it cannot choose among fewer (docs/rendering.md).
"""

from __future__ import annotations

from collections.abc import Set
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import bpy
import cv2
import numpy as np

from render.blender.engines.blender import BlenderEngine
from render.blender.engines.small import SmallWorld, small_view, small_world
from render.blender.subject.subject import Subject
from rigmill.blender.render_settings import ViewSettings
from rigmill.types import Bytes

# A pixel is a speckle where two pictures that differ in their random numbers alone are further apart than this, of 255.
_SPECKLE = 24
_MAX_SHARE = 0.01  # of the subject's pixels
# Rays go through a pixel's middle, so that outlines and textures, which rays all over the pixel blur, are no noise.
_NARROW_PX = 0.01


def enough_samples(subject: Subject, view: ViewSettings, folder: Path, shell_names: Set[str]) -> int:
    """The fewest samples at which the resting subject hardly speckles: `view.samples`, doubled up to `max_samples`.

    A function of the asset and the settings, whatever the clip. Leaves the subject as it is.
    """
    samples, most = view.samples, view.max_samples
    if most is None or most <= samples:
        return samples
    with small_world(subject, small_view(view)) as world:
        while world is not None and samples < most:
            if _speckles(world, replace(small_view(view), samples=samples), folder, shell_names) <= _MAX_SHARE:
                break
            samples = min(2 * samples, most)
    return samples


def _speckles(world: SmallWorld, small: ViewSettings, folder: Path, shell_names: Set[str]) -> float:
    """The share of the subject's pixels that two seeds draw differently."""
    pictures = []
    with closing(BlenderEngine(world.cameras, small, folder, shell_names=shell_names)) as cycles:
        scene = bpy.context.scene
        width_px = scene.cycles.filter_width
        try:
            scene.cycles.filter_width = _NARROW_PX
            for seed in (0, 1):
                scene.cycles.seed = seed
                drawn = cycles.shoot(world.bounds)
                pictures.append(np.stack([picture.whole(small.width_px, small.height_px) for picture in drawn]))
        finally:
            scene.cycles.filter_width, scene.cycles.seed = width_px, 0
    return speckle_share(*pictures)


def speckle_share(first: Bytes, second: Bytes) -> float:
    """The share of the pixels inside the subject that are far apart in two pictures of it, RGBA (V, H, W, 4)."""
    inside = np.stack([_inside(one, other) for one, other in zip(first, second)])
    apart = np.abs(first[..., :3].astype(np.int16) - second[..., :3]).max(axis=-1)
    return float((apart[inside] > _SPECKLE).mean()) if inside.any() else 0.0


def _inside(first: Bytes, second: Bytes) -> Bytes:
    """Where both pictures are opaque, and so are all pixels around."""
    opaque = ((first[..., 3] == 255) & (second[..., 3] == 255)).astype(np.uint8)
    eroded = cv2.erode(opaque, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(eroded > 0)
