"""What a view-frame costs, in CPU milliseconds (user + system) of all processes, for three characters.

The stage runs as the driver runs it: a job, its Blender child behind the fork server (one core in sight of Blender),
and the finished files in a store. A clip of 81 frames, 324 view-frames, is measured whole with the rasteriser; of slow
engines its cost follows from two shorter clips, by phase: what a clip costs whatever its length (loading the file, the
rest pose, the first picture) is shared out among the 324. A child loads a file once for all its clips in a batch, so
the clip is charged its share of loading, by the motions that the file has. Of the flow of bpy-renderer only what each
frame after the first costs counts, and Blender has its own default threads there (bpy_renderer_flow.py).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import render.stage as render_stage
from benchmarks.common.corpus import MAX_FRAMES, Asset, asset_of, blender, render_settings
from benchmarks.common.processes import command, environment
from benchmarks.common.worker import Worker
from curate.gate.canonical import canonical

NUM_VIEWS, NUM_CLIPS = 4, 161_023
TRIANGLES = {"low": 600, "mid": 6_000, "high": 33_900}
SHORT = 2  # frames; the longer clip of an engine has as many as stand beside it
ENGINES: dict[str, tuple[int, dict[str, Any]]] = {
    "raster": (MAX_FRAMES, {"engine": "raster"}),
    "raster_read_back": (MAX_FRAMES, {"engine": "raster", "max_round_trip_px": 0.5}),
    "workbench": (12, {"engine": "workbench"}),
    "cycles4": (6, {"engine": "cycles", "samples": 4, "max_samples": None, "denoise": False}),
    "cycles8": (5, {"engine": "cycles", "samples": 8, "max_samples": None, "denoise": True}),
    "cycles8_to_64": (5, {"engine": "cycles", "samples": 8, "max_samples": 64, "denoise": True}),
    "cycles16": (4, {"engine": "cycles", "samples": 16, "max_samples": None, "denoise": True}),
}
ON_A_GPU = {"eevee": (12, {"engine": "eevee", "samples": 16})}
PER_CLIP = frozenset({"load", "engine set-up", "templates", "other", "processes and files"})  # whatever its length
REFERENCE, REFERENCE_FRAMES = "bpy_renderer_style", 3
FLOW = "benchmarks.rendering.bpy_renderer_flow"


def three_characters(assets: Sequence[Asset], folder: Path, scratch: Path) -> dict[str, Asset]:
    """Of the skinned glTF files with a picture for the base colour and a motion: those nearest to 600 and 6,000
    triangles, and the latter with its edges halved up to 33,900."""
    able = [
        asset
        for asset in assets
        if asset.found["texture_px"]
        and asset.found["rig_kind"] == "skin"
        and asset.file_format == "glb"
        and asset.found["kind"] == "animated"
    ]
    low, mid = (min(able, key=lambda asset: abs(asset.found["num_faces"] - TRIANGLES[size])) for size in ("low", "mid"))
    client = blender()
    try:
        item = {"path": str(mid.path), "format": mid.file_format, "fps": 24.0, "triangles": TRIANGLES["high"]}
        (reply,) = client.run("benchmarks.rendering.child:split", [item], scratch=scratch)
        if reply.value is None:
            raise SystemExit(f"{mid.name} cannot be split: {reply.outcome}")
        data, file_format = canonical((scratch / "split.glb").read_bytes(), "glb")
        high = asset_of(data, file_format, name=f"{mid.name} split", folder=folder, client=client)
    finally:
        client.close()
    assert high is not None
    return {"low": low.longest(), "mid": mid.longest(), "high": high.longest()}


def flow_ms(asset: Asset, folder: Path) -> dict[str, float]:
    """What bpy_renderer_flow.py measures, per phase."""
    started = command(FLOW, asset.path, folder, "--frames", REFERENCE_FRAMES, "--json")
    own_threads = {name: value for name, value in environment().items() if not name.endswith("_NUM_THREADS")}
    answer = subprocess.run(started, capture_output=True, text=True, check=True, env=own_threads).stdout
    line = next(line for line in answer.splitlines() if line.startswith("MEASURED"))
    return dict(json.loads(line.partition(" ")[2]))


def stage_ms(worker: Worker, asset: Asset, *, long: int, changed: dict[str, Any]) -> tuple[float, dict[str, float]]:
    """CPU milliseconds per view-frame of a clip of 81 frames: all of it, and by phase."""
    render, runs = render_settings(**{"max_round_trip_px": None} | changed), []
    for num_frames in (SHORT, long):
        before = worker.cpu_s()
        worker.render(asset, render, num_frames=num_frames)
        phases = dict(json.loads((worker.scratch / "phases.json").read_text()))
        phases["processes and files"] = max(worker.cpu_s() - before - sum(phases.values()), 0.0)
        runs.append(phases)
    short, longer = runs
    parts = {}
    for name in longer:
        if name in PER_CLIP:
            clip_s = (short[name] + longer[name]) / 2
        else:
            clip_s = short[name] + (MAX_FRAMES - SHORT) * (longer[name] - short[name]) / (long - SHORT)
        if name == "load":
            clip_s /= min(max(len(asset.found["motions"]), 1), render_stage.RenderStage.batch)
        parts[name] = 1000 * clip_s / (MAX_FRAMES * NUM_VIEWS)
    return sum(parts.values()), parts


def cost(
    assets: Sequence[Asset], folder: Path, scratch: Path, *, engines: Sequence[str], rounds: int
) -> dict[str, Any]:
    """The figures; in every round all engines take turns on all characters."""
    characters = three_characters(assets, folder, scratch)
    render_stage.RENDER_CLIP = "benchmarks.rendering.child:timed_clip"
    worker = Worker(scratch)
    found: dict[str, dict[str, list[float]]] = {}
    phases: dict[str, dict[str, dict[str, float]]] = {}
    worker.start()  # paid once per worker
    for _ in range(rounds):
        for size, asset in characters.items():
            for engine in engines:
                if engine == REFERENCE:
                    parts = flow_ms(asset, scratch / "flow")
                    total = parts["total_ms"]
                else:
                    long, changed = (ENGINES | ON_A_GPU)[engine]
                    total, parts = stage_ms(worker, asset, long=long, changed=changed)
                found.setdefault(engine, {}).setdefault(size, []).append(total)
                phases.setdefault(engine, {})[size] = parts
    worker.blender.close()
    middle = {engine: {size: median(values) for size, values in sizes.items()} for engine, sizes in found.items()}
    return summary(middle) | {
        "cost_rounds": rounds,
        "cost_phases_ms": phases,
        "cost_assets": {size: [asset.name, asset.found["num_faces"]] for size, asset in characters.items()},
        "cost_spread": {
            engine: max(max(values) / min(values) for values in sizes.values()) for engine, sizes in found.items()
        },
    }


def summary(costs: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Ratios and hours from the milliseconds per view-frame of each engine and size."""
    result: dict[str, Any] = {"cpu_ms_per_view_frame": costs}
    for engine, sizes in costs.items():
        hours = median(sizes.values()) * NUM_CLIPS * NUM_VIEWS * MAX_FRAMES / 3.6e6
        result.setdefault("core_hours_161023_clips", {})[engine] = hours
    if "raster" in costs:
        result["cpu_ms_raster_median"] = median(costs["raster"].values())
    for name, engine in (("raster", "raster"), ("cycles", "cycles8"), ("cycles16", "cycles16")):
        if engine in costs and REFERENCE in costs:
            ratios = [costs[REFERENCE][size] / costs[engine][size] for size in costs[engine]]
            result[f"speedup_{name}_vs_reference"] = median(ratios)
            result[f"speedup_{name}_vs_reference_min"] = min(ratios)
    return result
