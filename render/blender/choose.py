"""Which engine draws a clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from render.blender.drawing import Drawing, RasterEngine, WithExtras, loaded_drawing
from render.blender.engines import BlenderEngine, Engine
from render.blender.rig import Subject
from render.blender.surface import visible_bounds
from render.jobs import clip_cameras
from rigmill.likeness import subject_ssim
from rigmill.types import Camera

_REASON_CHARACTERS = 200
# The small reference: good enough to tell a wrong material, cheap enough to be made of every asset.
_REFERENCE = {"engine": "cycles", "samples": 16, "denoise": True}
_REFERENCE_SIZE_PX = 256


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine ready to draw, why it is this one (empty: the profile says so), and how the rasteriser did."""

    engine: Engine
    reason: str = ""
    agreement: float | None = None


def open_engine(
    subject: Subject, *, cameras: tuple[Camera, ...], render: dict[str, Any], extras: bool, state: dict[str, Any],
    folder: Path,
) -> Choice:
    """The engine that the profile names; with `auto` the rasteriser, or Cycles where that draws something else.

    What `auto` decides follows from the asset and the settings alone, never from the clip. Leaves the subject as it is.
    """
    name = render["engine"]
    if name not in ("auto", "raster"):
        engine: Engine = BlenderEngine(cameras, render, folder)
        if extras:
            engine = WithExtras(engine, RasterEngine(loaded_drawing(subject, state), cameras))
        return Choice(engine)
    drawing = loaded_drawing(subject, state)
    raster = RasterEngine(drawing, cameras)
    drawing.geometry.start()
    reason = "; ".join(drawing.appearance.reasons)[:_REASON_CHARACTERS]
    agreement = None
    if name == "raster":
        return Choice(raster, reason)
    if not reason and render["min_agreement"] > 0:
        if "agreement" not in state:
            state["agreement"] = measure_agreement(subject, drawing, render, folder)
            drawing.geometry.start()  # nothing of it may show in the clip
        agreement = state["agreement"]
        if agreement < render["min_agreement"]:
            reason = f"looks unlike Cycles: {agreement:.2f}, at least {render['min_agreement']:.2f} is asked for"
    if not reason:
        return Choice(raster, agreement=agreement)
    cycles: Engine = BlenderEngine(cameras, render | {"engine": "cycles"}, folder)
    return Choice(WithExtras(cycles, raster) if extras else cycles, reason, agreement)


def measure_agreement(subject: Subject, drawing: Drawing, render: dict[str, Any], folder: Path) -> float:
    """Similarity (SSIM) of the rasteriser to Cycles in a small picture of the rest pose, seen by the first camera."""
    before = subject.placing()
    small = render | _REFERENCE | {
        "width_px": _REFERENCE_SIZE_PX, "height_px": _REFERENCE_SIZE_PX, "azimuths_deg": render["azimuths_deg"][:1]
    }
    subject.reset()
    subject.normalise(np.zeros(3), 1.0)
    bounds = visible_bounds(subject.meshes)
    extent = float(np.ptp(bounds, axis=0).max())
    if not np.isfinite(extent) or extent <= 0:
        subject.place(before)
        return 1.0  # nothing to be seen, whoever draws it
    centre = bounds.mean(axis=0)
    subject.normalise(centre, 1 / extent)
    cameras = clip_cameras((bounds - centre) / extent, small)
    cycles = BlenderEngine(cameras, small, folder)
    try:
        (theirs,) = cycles.shoot((bounds - centre) / extent)
        (ours,) = drawing.draw(cameras)
    finally:
        cycles.close()
        subject.place(before)
    size = (_REFERENCE_SIZE_PX, _REFERENCE_SIZE_PX)
    return round(subject_ssim(ours.whole(*size), theirs.whole(*size)), 4)
