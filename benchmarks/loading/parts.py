"""What is measured: both loaders over the same clips by turns, and the steps that ours takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import pyarrow.parquet as pq

from benchmarks.loading.made import Size, dataset, index_table
from benchmarks.loading.plain import Window, samples
from benchmarks.loading.two_at_once import samples_per_s
from rigmill.clips.fitting import Fit
from rigmill.clips.frames import frames
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.redraw import fitted, view_maps
from rigmill.clips.video import decoded
from rigmill.config.load import load
from rigmill.posemaps.posemap import radius_for
from shards.index import INDEX
from shards.loader.catalogue import Catalogue
from shards.loader.loader import ShardLoader
from shards.loader.plan import Drawing, Plan
from shards.loader.reading import Look, Reader
from shards.verify import verify


def ours(folder: Path, *, num_frames: int, num_views: int, size_px: int, redraw: bool = True) -> ShardLoader:
    """The shard loader over a published folder; with `redraw` pose maps are drawn from joints."""
    radius_px = radius_for(load("paper").profile.render.joint_radius_px, size_px) if redraw else None
    drawing = Drawing(seed=1, draws_per_step=1, num_views=num_views, frame_counts=(num_frames,))
    return ShardLoader(
        Plan(Catalogue.open(folder), drawing), Reader(Look(size_px=size_px, multiple=16, radius_px=radius_px))
    )


def cpu_s(work: Callable[[], Any]) -> float:
    """CPU seconds of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def against_plain(
    folder: Path, tar: Path, *, num_frames: int, num_views: int, size: Size, size_px: int, rounds: int
) -> dict[str, float]:
    """CPU seconds a sample of both loaders, by turns in one process, after one sample each to warm up."""
    fit = Fit.of(size.width_px, size.height_px, size_px=size_px, multiple=16)
    wanted = Window(num_frames=num_frames, num_views=num_views, size=(fit.width_px, fit.height_px))
    plain = samples(tar, wanted)
    drawn = ours(folder, num_frames=num_frames, num_views=num_views, size_px=size_px)
    decoded = ours(folder, num_frames=num_frames, num_views=num_views, size_px=size_px, redraw=False)
    spent: dict[str, list[float]] = {"plain": [], "ours": [], "ours_decoded": []}
    for turn in range(rounds + 1):
        times = {
            "plain": cpu_s(partial(next, plain)),
            "ours": cpu_s(partial(drawn.__getitem__, [turn])),
            "ours_decoded": cpu_s(partial(decoded.__getitem__, [turn])),
        }
        if turn:
            for name, seconds in times.items():
                spent[name].append(seconds)
    found = {f"{name}_s": statistics.median(values) for name, values in spent.items()}
    return found | {
        "ratio": found["plain_s"] / found["ours_s"],
        "ratio_pose_decoded": found["plain_s"] / found["ours_decoded_s"],
    }


def loading(
    scratch: Path, *, lengths: tuple[int, ...], size: Size, sizes_px: tuple[int, ...], **how: int
) -> dict[str, Any]:
    """`loader_vs_plain` by clip length, samples a second of two processes, and what a step of ours costs."""
    by_length: dict[str, Any] = {}
    result: dict[str, Any] = {"loader_vs_plain": {}, "clips_per_s": {}, "cpu_s": by_length, "two_processes": {}}
    folders: dict[int, tuple[Path, Path]] = {}
    for length in lengths:
        folders[length] = dataset(scratch / str(length), num_frames=length, num_clips=how["num_clips"], size=size)
    cases = [(f"{length}", length, length, 4) for length in lengths]
    cases.append((f"{lengths[0]}_of_{lengths[-1]}_one_view", lengths[-1], lengths[0], 1))
    for size_px in sizes_px:
        for name, length, num_frames, num_views in cases:
            folder, tar = folders[length]
            key = name if size_px == sizes_px[0] else f"{name}_at_{size_px}"
            figures = against_plain(
                folder,
                tar,
                num_frames=num_frames,
                num_views=num_views,
                size=size,
                size_px=size_px,
                rounds=how["rounds"],
            )
            by_length[key] = figures
            result["loader_vs_plain"][key] = figures["ratio"]
            result["clips_per_s"][key] = 1 / figures["ours_s"]
    for name, length, num_frames, num_views in cases if how["seconds"] > 1 else cases[-1:]:
        fit = Fit.of(size.width_px, size.height_px, size_px=size.height_px, multiple=16)
        rates = {
            which: samples_per_s(
                *folders[length], which, num_frames=num_frames, num_views=num_views, size=fit, seconds=how["seconds"]
            )
            for which in ("plain", "ours")
        }
        result["two_processes"][name] = rates | {"ratio": rates["ours"] / rates["plain"]}
    return result | steps(folders[lengths[-1]][0], size) | verifying(folders[lengths[-1]][0])


def steps(folder: Path, size: Size) -> dict[str, float]:
    """CPU milliseconds: of one RGB frame (`decode_ms`: H.264 and conversion) and one pose map, of one clip's rest."""
    catalogue = Catalogue.open(folder)
    fit = Fit.of(size.width_px, size.height_px, size_px=size.height_px)
    with catalogue.sample(0).open() as members:
        rgb, pose, numbers = members.read("rgb.0.mp4"), members.read("pose.0.mp4"), members.read("geometry.npz")
    num = int(catalogue.num_frames[0])
    geometry = fitted(ClipGeometry.from_bytes(numbers), size_px=size.height_px)
    radius_px = radius_for(load("paper").profile.render.joint_radius_px, size.height_px)
    target = frames(rgb, range(num), fit)  # memory that is there, as the loader's is

    def best(work: Callable[[], Any]) -> float:
        return 1000 * min(cpu_s(work) for _ in range(3))

    return {
        "decode_ms": best(lambda: frames(rgb, range(num), fit, into=target)) / num,
        "decode_h264_ms": best(lambda: [None for _ in decoded(rgb, 0)]) / num,
        "decode_pose_ms": best(lambda: frames(pose, range(num), fit, into=target)) / num,
        "redraw_ms": best(lambda: view_maps(geometry, 0, radius_px, into=target)) / num,
        "geometry_ms": best(lambda: fitted(ClipGeometry.from_bytes(numbers), size_px=size.height_px)),
        "open_ms": best(lambda: catalogue.sample(0).open().close()),
    }


def verifying(folder: Path) -> dict[str, float]:
    """Megabytes a second that `verify` reads, of wall time."""
    total = sum(path.stat().st_size for path in folder.iterdir())
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        problems = verify(folder)
        seconds.append(time.perf_counter() - started)
        if any(".tar" in problem for problem in problems):
            raise SystemExit(f"the benchmark's own shard is said to be damaged: {problems}")
    return {"verify_mb_per_s": total / 1e6 / min(seconds)}


def index(scratch: Path, *, num_rows: int) -> dict[str, float]:
    """Opening, filtering and planning over so many samples, in a process of its own."""
    folder = scratch / "index"
    folder.mkdir()
    pq.write_table(index_table(num_rows), folder / INDEX, compression="zstd")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.loading.at_size", str(folder)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = {
        name: float(value) for name, value in (line.split() for line in done.stdout.splitlines()[-4:])
    }
    return found


def one_thread() -> None:
    """Let OpenCV use one thread: CPU seconds of threads that wait for each other say nothing."""
    cv2.setNumThreads(1)
