"""Small pictures of an asset at rest, that tell something of it before its clips are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from render.blender.subject.subject import Subject
from render.blender.subject.surface import visible_bounds
from render.numbers import clip_cameras
from rigmill.blender.render_settings import ViewSettings
from rigmill.types import Camera, Floats

# Cheap enough to be made of every asset. Two views, since the ones from behind have the same outlines.
_SIZE_PX, _NUM_VIEWS = 256, 2


@dataclass(frozen=True, slots=True)
class SmallWorld:
    """What is seen: the subject's bounds (2, 3), one unit large, and from where."""

    bounds: Floats
    cameras: tuple[Camera, ...]


def small_view(view: ViewSettings) -> ViewSettings:
    """`view`, small, by Cycles and from its first sides."""
    return replace(
        view, engine="cycles", width_px=_SIZE_PX, height_px=_SIZE_PX, azimuths_deg=view.azimuths_deg[:_NUM_VIEWS]
    )


@contextmanager
def small_world(subject: Subject, small: ViewSettings) -> Iterator[SmallWorld | None]:
    """While open, the subject rests one unit large, whatever clip is drawn; None: there is nothing to be seen."""
    with subject.as_imported():
        bounds = visible_bounds(subject.meshes)
        extent = float(np.ptp(bounds, axis=0).max())
        if not np.isfinite(extent) or extent <= 0:
            yield None
            return
        centre = bounds.mean(axis=0)
        subject.normalise(centre, 1 / extent)
        bounds = (bounds - centre) / extent
        yield SmallWorld(bounds, clip_cameras(bounds, small))
