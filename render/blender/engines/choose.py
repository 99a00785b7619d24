"""Which engine draws a clip."""

from __future__ import annotations

from collections.abc import Set
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from render.blender.engines.blender import BlenderEngine, Engine
from render.blender.engines.raster import Drawing, RasterEngine, WithExtras, loaded_drawing, shells_of
from render.blender.engines.samples import enough_samples
from render.blender.engines.small import small_view, small_world
from render.blender.subject.subject import Subject
from rigmill.blender.render_settings import ViewSettings
from rigmill.clips.likeness import silhouette_iou, subject_ssim
from rigmill.types import Camera

_REASON_CHARACTERS = 200
_REFERENCE_SAMPLES = 16  # of the small pictures: good enough to tell a wrong material
_MIN_OVERLAP = 0.97  # of the outlines; at this size a pixel more on every side costs a fox 3 %


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine ready to draw, why it is this one (empty: the profile says so), and how the rasteriser did."""

    engine: Engine
    reason: str = ""
    agreement: float | None = None
    samples: int | None = None  # per pixel, of engines that take them


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
        view = _sampled(subject, view, folder, state)
        engine: Engine = BlenderEngine(cameras, view, folder, shell_names=shells_of(subject, state))
        samples = view.samples if name in ("cycles", "eevee") else None
        return Choice(engine if ours is None else WithExtras(engine, RasterEngine(ours, cameras)), samples=samples)
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
    view = _sampled(subject, replace(view, engine="cycles"), folder, state)
    cycles: Engine = BlenderEngine(cameras, view, folder, shell_names=shells_of(subject, state))
    return Choice(WithExtras(cycles, raster) if extras else cycles, reason, agreement, view.samples)


def _sampled(subject: Subject, view: ViewSettings, folder: Path, state: dict[str, Any]) -> ViewSettings:
    """`view` with as many samples as the asset needs; found out once per child and settings, for Cycles alone."""
    if view.engine != "cycles":
        return view
    key = f"samples {view.samples} {view.max_samples} {view.denoise}"
    if key not in state:
        state[key] = enough_samples(subject, view, folder, shells_of(subject, state))
    return replace(view, samples=state[key])


def measure_agreement(
    subject: Subject, drawing: Drawing, view: ViewSettings, folder: Path, shell_names: Set[str]
) -> tuple[float, float]:
    """The least similarity (SSIM) and overlap of outlines between the rasteriser and Cycles in two small pictures.

    They show the rest pose, seen by the first cameras.
    """
    small = replace(small_view(view), samples=_REFERENCE_SAMPLES, denoise=True)
    with small_world(subject, small) as world:
        if world is None:
            return 1.0, 1.0  # nothing to be seen, whoever draws it
        with closing(BlenderEngine(world.cameras, small, folder, shell_names=shell_names)) as cycles:
            theirs = cycles.shoot(world.bounds)
            ours = drawing.draw(world.cameras)
    size = (small.width_px, small.height_px)
    pairs = [(one.whole(*size), other.whole(*size)) for one, other in zip(ours, theirs)]
    return round(min(subject_ssim(*pair) for pair in pairs), 4), min(silhouette_iou(*pair) for pair in pairs)
