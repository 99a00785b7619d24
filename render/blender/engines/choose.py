"""Which engine draws a clip."""

from __future__ import annotations

from collections.abc import Set
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from render.blender.engines.blender import BlenderEngine, Engine
from render.blender.engines.raster import Drawing, RasterEngine, WithExtras, loaded_drawing, shells_of
from render.blender.subject.subject import Subject
from render.blender.subject.surface import visible_bounds
from render.numbers import clip_cameras
from rigmill.blender.render_settings import ViewSettings
from rigmill.clips.likeness import silhouette_iou, subject_ssim
from rigmill.types import Camera

_REASON_CHARACTERS = 200
# The small references: good enough to tell a wrong material, cheap enough to be made of every asset. Two views, since
# the ones from behind have the same outlines.
_REFERENCE_SAMPLES, _REFERENCE_SIZE_PX, _REFERENCE_VIEWS = 16, 256, 2
_MIN_OVERLAP = 0.97  # of the outlines; at this size a pixel more on every side costs a fox 3 %


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine ready to draw, why it is this one (empty: the profile says so), and how the rasteriser did."""

    engine: Engine
    reason: str = ""
    agreement: float | None = None


def open_engine(
    subject: Subject,
    *,
    cameras: tuple[Camera, ...],
    view: ViewSettings,
    extras: bool,
    state: dict[str, Any],
    folder: Path,
) -> Choice:
    """The engine that the profile names; with `auto` the rasteriser, or Cycles where that draws something else.

    What `auto` decides follows from the asset and the settings alone, never from the clip. Leaves the subject as it is.
    """
    name = view.engine
    if name not in ("auto", "raster"):
        ours = loaded_drawing(subject, state) if extras else None  # before Cycles changes materials
        engine: Engine = BlenderEngine(cameras, view, folder, shell_names=shells_of(subject, state))
        return Choice(engine if ours is None else WithExtras(engine, RasterEngine(ours, cameras)))
    drawing = loaded_drawing(subject, state)
    raster = RasterEngine(drawing, cameras)
    drawing.geometry.start()
    reason = "; ".join(drawing.appearance.reasons)[:_REASON_CHARACTERS]
    agreement = None
    if name == "raster":
        return Choice(raster, reason)
    if not reason and view.min_agreement > 0:
        if "agreement" not in state:
            state["agreement"] = measure_agreement(subject, drawing, view, folder, shells_of(subject, state))
            drawing.geometry.start()  # nothing of it may show in the clip
        agreement, overlap = state["agreement"]
        if agreement < view.min_agreement:
            reason = f"looks unlike Cycles: {agreement:.2f}, at least {view.min_agreement:.2f} is asked for"
        elif overlap < _MIN_OVERLAP:
            reason = f"has another outline than by Cycles: {overlap:.3f}, at least {_MIN_OVERLAP} is asked for"
    if not reason:
        return Choice(raster, agreement=agreement)
    cycles: Engine = BlenderEngine(
        cameras, replace(view, engine="cycles"), folder, shell_names=shells_of(subject, state)
    )
    return Choice(WithExtras(cycles, raster) if extras else cycles, reason, agreement)


def measure_agreement(
    subject: Subject, drawing: Drawing, view: ViewSettings, folder: Path, shell_names: Set[str]
) -> tuple[float, float]:
    """The least similarity (SSIM) and overlap of outlines between the rasteriser and Cycles in two small pictures.

    They show the rest pose, seen by the first cameras.
    """
    small = replace(
        view,
        engine="cycles",
        samples=_REFERENCE_SAMPLES,
        denoise=True,
        width_px=_REFERENCE_SIZE_PX,
        height_px=_REFERENCE_SIZE_PX,
        azimuths_deg=view.azimuths_deg[:_REFERENCE_VIEWS],
    )
    with subject.as_imported():
        bounds = visible_bounds(subject.meshes)
        extent = float(np.ptp(bounds, axis=0).max())
        if not np.isfinite(extent) or extent <= 0:
            return 1.0, 1.0  # nothing to be seen, whoever draws it
        centre = bounds.mean(axis=0)
        subject.normalise(centre, 1 / extent)
        cameras = clip_cameras((bounds - centre) / extent, small)
        with closing(BlenderEngine(cameras, small, folder, shell_names=shell_names)) as cycles:
            theirs = cycles.shoot((bounds - centre) / extent)
            ours = drawing.draw(cameras)
    size = (_REFERENCE_SIZE_PX, _REFERENCE_SIZE_PX)
    pairs = [(one.whole(*size), other.whole(*size)) for one, other in zip(ours, theirs)]
    return round(min(subject_ssim(*pair) for pair in pairs), 4), min(silhouette_iou(*pair) for pair in pairs)
