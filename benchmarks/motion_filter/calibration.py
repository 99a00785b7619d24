"""One clip of known motion: previewed by the stage's own code, and its truth from geometry."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np

from benchmarks.motion_filter.cases import FPS, PAIRS, Case
from benchmarks.motion_filter.true_motion import surface_points, true_shift_px
from curate.filters.flow import MOST_PERCENTILE, Seen, look
from render.blender.engines.blender import BlenderEngine
from render.blender.jobs import preview as stage
from render.blender.jobs.probe import probe_asset
from render.blender.subject.player import Player, loaded_subject, make_player, measure
from render.numbers import ClipNumbers, clip_cameras, marked
from render.raster.types import Picture
from rigmill.blender.requests import Clip
from rigmill.rigs.npz import motion_to_bytes
from rigmill.types import Camera


@dataclasses.dataclass(frozen=True)
class Row:
    """Pixels at 256 px on the subject's bounding square: the mean per frame, and of the part that moves most."""

    group: str
    asset: str
    case: str
    true_mean_px: float
    true_most_px: float
    mean_px: float
    most_px: float
    own_look_mean_px: float  # not a number where only the coat was looked at
    own_look_most_px: float
    coat_s: float
    own_look_s: float


def repaint(subject: Any, name: str) -> None:
    """Give the subject another look for good: plain grey, or a fine checker."""
    if name == "own":
        return
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    surface = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    surface.inputs["Base Color"].default_value = (0.4, 0.4, 0.4, 1)
    if name == "checker":
        checker, place = nodes.new("ShaderNodeTexChecker"), nodes.new("ShaderNodeTexCoord")
        checker.inputs["Scale"].default_value = 24.0
        links.new(place.outputs["Generated"], checker.inputs["Vector"])
        links.new(checker.outputs["Color"], surface.inputs["Base Color"])
    own = [slot.material for mesh in subject.meshes for slot in mesh.material_slots if slot.material is not None]
    # What is not seen from behind is not in any look, else pictures differ by more than their paint.
    material.use_backface_culling = any(each.use_backface_culling for each in own)
    for mesh in subject.meshes:
        mesh.data.materials.clear()
        mesh.data.materials.append(material)


@functools.lru_cache(maxsize=64)
def probed(path: str, scratch: Path) -> Any:
    return probe_asset({"path": path, "format": Path(path).suffix[1:], "fps": FPS}, {}, scratch)


def run_case(case: Case, scratch: Path) -> Row:
    """Preview the case's clip, with the coat and (of whole bodies and looks) without, and measure the truth."""
    found = probed(case.asset, scratch)
    take = next(item for item in found["motions"] if case.motion in item["name"])
    item = {
        "clip_id": "clip",
        "path": case.asset,
        "format": Path(case.asset).suffix[1:],
        "armature": found["armature"],
        "action": take["action"],
        "slot": take["slot"],
        "start_frame": take["start_frame"],
        "num_frames": min(case.max_frames, take["num_frames"]),
        "fps": FPS,
        "motion_path": None,
    }
    state: dict[str, Any] = {}
    subject = loaded_subject(state, path=case.asset, file_format=item["format"], fps=FPS)
    repaint(subject, case.look)
    own = measure(make_player(subject, Clip.from_item(item)))
    as_imported = dataclasses.replace(own.motion, translations=own.motion.translations / own.scale)
    motion = case.make(as_imported, own.rig.names, 1 / own.scale)
    (scratch / "motion.npz").write_bytes(motion_to_bytes(motion))
    item |= {
        "motion_path": str(scratch / "motion.npz"),
        "start_frame": 0.0,
        "preview_px": case.preview_px,
        "preview_frames": PAIRS,
    }
    with changed(vars(stage), "CHEAP", dataclasses.replace(stage.CHEAP, margin=case.margin)):
        coat, coat_s = previewed(item, state, scratch)
        plain, plain_s = Seen(math.nan, math.nan, math.nan), math.nan
        if case.group in ("whole body", "look"):
            with own_look(scratch) as drawer, changed(vars(stage), "coat_drawer", drawer):
                plain, plain_s = previewed(item, state, scratch)
        true_mean, true_most = truth(item, state, case)
    return Row(
        case.group,
        Path(case.asset).stem,
        case.label,
        true_mean,
        true_most,
        coat.flow_px_per_frame,
        coat.flow_px,
        plain.flow_px_per_frame,
        plain.flow_px,
        coat_s,
        plain_s,
    )


@contextlib.contextmanager
def own_look(scratch: Path) -> Iterator[Callable[..., Callable[[int], list[Picture]]]]:
    """In place of the coat: the asset's own materials under the scene's light, by Cycles."""
    engines: list[BlenderEngine] = []

    def drawer(player: Player, numbers: ClipNumbers, *, cameras: tuple[Camera, ...], state: dict[str, Any]) -> Any:
        view = dataclasses.replace(
            stage.CHEAP,
            engine="cycles",
            samples=2,
            denoise=False,
            width_px=cameras[0].width_px,
            height_px=cameras[0].height_px,
        )
        engines.append(BlenderEngine(cameras, view, scratch))
        return lambda frame: engines[-1].shoot(numbers.frame_bounds[frame])

    yield drawer
    for engine in engines:
        engine.close()


@contextlib.contextmanager
def changed(values: Any, key: str, value: Any) -> Iterator[None]:
    before = values[key]
    values[key] = value
    try:
        yield
    finally:
        values[key] = before


def previewed(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> tuple[Seen, float]:
    """What the stage sees of the clip, and the CPU seconds of seeing it."""
    started = time.process_time()
    answer = stage.preview_clip(item, state, scratch)
    folder = scratch / answer["folder"]
    views = [
        [cv2.cvtColor(cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA) for name in view]
        for view in answer["views"]
    ]
    seen = look(views, frames=answer["frames"], starts=answer["starts"])
    return seen, time.process_time() - started


def truth(item: dict[str, Any], state: dict[str, Any], case: Case) -> tuple[float, float]:
    """The same two statistics from geometry."""
    view = dataclasses.replace(stage.CHEAP, width_px=case.preview_px, height_px=case.preview_px)
    clip = Clip.from_item(item)
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=FPS)
    player = make_player(subject, clip)
    numbers = measure(player)
    shown = stage.most_different_frames(marked(numbers)[2])
    starts = stage.pair_starts(clip.num_frames, PAIRS, among=shown[-1])
    points = surface_points(player, numbers, sorted({frame for start in starts for frame in (start, start + 1)}))
    near = [(start, start + 1) for start in starts]
    far = [(starts[0], start) for start in starts[1:]]
    shifts = {
        pair: [
            true_shift_px(points[pair[0]], points[pair[1]], camera)
            for camera in clip_cameras(numbers.clip_bounds, view)
        ]
        for pair in near + far
    }
    return (
        float(np.mean([view.mean() for pair in near for view in shifts[pair]])),
        max(float(np.percentile(view, MOST_PERCENTILE)) for views in shifts.values() for view in views),
    )
