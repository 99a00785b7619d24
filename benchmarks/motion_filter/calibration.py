"""Measured motion against true motion, with real Blender previews: what `filters.min_flow_px` rests on.

    python benchmarks/motion_filter/calibration.py [--quick] [--json] [--write]

Motions of known strength are previewed by the stage's own code, and the truth comes from Blender's evaluated vertices
and our own projection (true_motion.py), not from flow. Beside the coat of noise, the asset's own look is measured in
the same run. --write puts the numbers and the plot into docs/pictures; --quick takes the assets of tests/assets alone.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import dataclasses
import functools
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np

from benchmarks.common.paths import ROOT
from benchmarks.motion_filter.true_motion import Ladder, surface_points, swing, true_shift_px
from curate.filters.flow import MOST_PERCENTILE, Seen, look
from render.blender.engines.blender import BlenderEngine
from render.blender.jobs import preview as stage
from render.blender.jobs.probe import probe_asset
from render.blender.procedural.make import make_asset
from render.blender.subject.player import Player, loaded_subject, make_player, measure
from render.numbers import ClipNumbers, clip_cameras
from render.raster.types import Picture
from rigmill.blender.requests import Clip
from rigmill.config.load import load
from rigmill.rigs.npz import motion_to_bytes
from rigmill.types import Camera, Motion

PICTURES = ROOT / "docs" / "pictures"
FPS, MAX_FRAMES, PREVIEW_PX, PAIRS = 16.0, 25, 128, 9
SHARES = (0.0, 1 / 512, 1 / 128, 1 / 32, 1 / 8)
SWINGS_DEG = (8.0, 30.0)


@dataclasses.dataclass(frozen=True)
class Case:
    """One clip of known motion. `make` turns the asset's own motion (as imported) into it."""

    group: str
    asset: str
    label: str
    make: Callable[[Motion, tuple[str, ...], float], Motion]  # motion, joint names, the subject's largest side
    motion: str = ""  # part of the motion's name
    look: str = "own"
    preview_px: int = PREVIEW_PX
    margin: float = 0.08
    max_frames: int = MAX_FRAMES


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


def share(value: float, *, drift: float = 0.0) -> Callable[[Motion, tuple[str, ...], float], Motion]:
    return lambda motion, _names, side: Ladder(value, drift=drift).apply(motion, unit=side)


def swinging(joint: str, degrees: float) -> Callable[[Motion, tuple[str, ...], float], Motion]:
    return lambda motion, names, _side: swing(
        motion, joint=next(i for i, name in enumerate(names) if joint in name), amplitude_deg=degrees
    )


def cases(corpus: Path | None, made: Path) -> list[Case]:
    """Ladders, small parts, drifts; the same motion on other looks and sizes."""
    tests = ROOT / "tests" / "assets"
    fox, lever = str(tests / "Fox.glb"), str(tests / "Quaternius_Lever.glb")
    biped = str(made / make_asset({"group": "biped", "variant": 0, "seed": 7}, {}, made)["file"])
    ladders = [(fox, "Run"), (lever, ""), (biped, "")]
    parts = [(fox, "Survey", "RightHand")]
    if corpus:
        ladders += [
            (str(corpus / "khronos" / "CesiumMan.glb"), ""),
            (str(corpus / "threejs" / "RobotExpressive.glb"), "Dance"),
        ]
        mannequin = str(corpus / "gdquest" / "mannequiny-0.3.0.glb")
        parts += [(mannequin, "fight_idle", part) for part in ("head", "hand.r", "thumb_01.r")]
    found = [
        Case("whole body", asset, f"share {value:.4f}", share(value), motion=motion)
        for asset, motion in ladders
        for value in SHARES
    ]
    found += [
        Case("small part", asset, f"{part} {degrees:g} deg", swinging(part, degrees), motion=motion)
        for asset, motion, part in parts
        for degrees in SWINGS_DEG
    ]
    found += [
        Case(
            "drift",
            asset,
            f"drift {way:g} over {frames} frames",
            share(0.0, drift=way),
            motion=motion,
            max_frames=frames,
        )
        for asset, motion in ladders[:1]
        for way, frames in ((0.005, 25), (1.0, 25))
    ]
    small = 1 / 64
    found += [
        Case("look", asset, name, share(small), motion=motion, look=name)
        for asset, motion in ladders[:4:2]
        for name in ("own", "grey", "checker")
    ]
    found += [
        Case("size", fox, f"{px} px, margin {margin:g}", share(small), motion="Run", preview_px=px, margin=margin)
        for px, margin in ((128, 0.08), (256, 0.08), (128, 0.3))
    ]
    if corpus:
        found += [
            Case(
                "size", str(corpus / "derived" / f"Fox_scale_{scale}.glb"), f"scale {scale}", share(small), motion="Run"
            )
            for scale in ("1e-6", "1e6")
        ]
    return found


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
    starts = stage.pair_starts(clip.num_frames, PAIRS)
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


def claims(rows: list[Row], limit: float) -> dict[str, float]:
    """What the calibration says, as numbers."""
    static = [row for row in rows if row.true_mean_px == 0]
    body = [row for row in rows if row.group in ("whole body", "drift") and 0.3 <= row.true_most_px <= 12]
    ratios = np.array([row.most_px / row.true_most_px for row in body])
    both = [row for row in rows if not math.isnan(row.own_look_s)]
    own = np.array([row.own_look_mean_px / row.true_mean_px for row in body if row in both])
    coat = np.array([row.mean_px / row.true_mean_px for row in body])
    looks = {
        row.asset: [other.most_px for other in rows if other.group == "look" and other.asset == row.asset]
        for row in rows
        if row.group == "look"
    }
    sizes = [row.most_px / row.true_most_px for row in rows if row.group == "size"]
    visible = [row for row in rows if row.true_most_px >= 2 * limit]
    invisible = [row for row in rows if row.true_most_px <= limit / 2]
    return {
        "limit_px": limit,
        "num_cases": len(rows),
        "static_floor_px": max(row.most_px for row in static),
        "most_over_true_p10": float(np.percentile(ratios, 10)),
        "most_over_true_p90": float(np.percentile(ratios, 90)),
        "mean_over_true_p10": float(np.percentile(coat, 10)),
        "mean_over_true_p90": float(np.percentile(coat, 90)),
        "own_look_mean_over_true_p10": float(np.percentile(own, 10)),
        "own_look_mean_over_true_p90": float(np.percentile(own, 90)),
        "spread_over_looks": max(max(values) / min(values) for values in looks.values()),
        "spread_over_sizes": max(sizes) / min(sizes),
        "num_visible": len(visible),
        "visible_dropped": sum(row.most_px <= limit for row in visible),
        "num_invisible": len(invisible),
        "invisible_kept": sum(row.most_px > limit for row in invisible),
        "coat_s_per_clip": float(np.median([row.coat_s for row in rows])),
        "own_look_s_per_clip": float(np.median([row.own_look_s for row in both])),
        "cost_ratio": float(np.sum([row.coat_s for row in both]) / np.sum([row.own_look_s for row in both])),
    }


def write(rows: list[Row], limit: float) -> None:
    """The table and the plot, in docs/pictures."""
    columns = [field.name for field in dataclasses.fields(Row) if not field.name.endswith("_s")]
    with (PICTURES / "flow-calibration.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(getattr(row, column)) for column in columns] for row in rows)
    plot(rows, limit)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4f}"
    return str(value)


def plot(rows: list[Row], limit: float) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.6), constrained_layout=True)
    floor = 0.02
    marks = {"whole body": "o", "small part": "^", "drift": "s", "look": "D", "size": "P"}
    for group, mark in marks.items():
        part = [row for row in rows if row.group == group]
        left.scatter(
            [max(row.true_most_px, floor) for row in part],
            [max(row.most_px, floor) for row in part],
            marker=mark,
            s=26,
            alpha=0.75,
            label=group,
        )
    left.axhline(limit, color="crimson", label=f"filters.min_flow_px = {limit:g}")
    for colour, name, field in (
        ("tab:grey", "asset's own look", "own_look_mean_px"),
        ("tab:blue", "coat of noise", "mean_px"),
    ):
        part = [row for row in rows if row.group == "whole body"]
        right.scatter(
            [max(row.true_mean_px, floor / 10) for row in part],
            [max(getattr(row, field), floor / 10) for row in part],
            s=26,
            alpha=0.75,
            color=colour,
            label=name,
        )
    small = [row for row in rows if row.group == "small part"]
    right.scatter(
        [max(row.true_mean_px, floor / 10) for row in small],
        [max(row.mean_px, floor / 10) for row in small],
        s=26,
        marker="^",
        alpha=0.75,
        color="tab:orange",
        label="small parts, coat of noise",
    )
    right.axhline(0.15, color="crimson", linestyle=":", label="a limit of 0.15 on the mean drops what is under it")
    left.set(
        title="The part that moves most (99th percentile), over the clip",
        xlabel="true, px at 256 px",
        ylabel="measured, px at 256 px",
        xlim=(floor * 0.8, 300),
        ylim=(floor * 0.8, 300),
    )
    right.set(
        title="The mean over the subject, per frame",
        xlabel="true, px per frame at 256 px",
        ylabel="measured, px per frame",
        xlim=(floor * 0.08, 12),
        ylim=(floor * 0.08, 12),
    )
    for axes in (left, right):
        axes.plot([1e-4, 1e3], [1e-4, 1e3], color="black", linewidth=0.6)
        axes.set(xscale="log", yscale="log")
        axes.grid(alpha=0.25)
        axes.legend(loc="upper left", fontsize=8)
    figure.savefig(PICTURES / "flow-calibration.png", dpi=90, metadata={"Software": ""})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    corpus = None if arguments.quick else os.environ.get("RIGMILL_CORPUS")
    limit = load("demo").profile.filters.min_flow_px
    with tempfile.TemporaryDirectory() as folder, quiet():
        scratch = Path(folder)
        rows = []
        for case in cases(Path(corpus) if corpus else None, scratch):
            rows.append(run_case(case, scratch))
            print(rows[-1], file=sys.stderr, flush=True)
    if arguments.write:
        write(rows, limit)
    result = {key: round(value, 3) for key, value in claims(rows, limit).items()}
    print(
        json.dumps(result) if arguments.json else "\n".join(f"{key}: {value}" for key, value in result.items()),
        flush=True,
    )
    os._exit(0)  # Blender's interpreter does not always end by itself


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Blender prints a line per picture: not here."""
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(out, 1)


if __name__ == "__main__":
    main()
