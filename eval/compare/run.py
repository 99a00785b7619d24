"""Scoring of methods on all clips, in several processes; what an earlier call has scored is not scored again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench.clips import Bench, BenchClip
from eval.bodies.body import Body
from eval.bodies.deliver import Absent, Delivered
from eval.compare.options import SCORING_VERSION, ScoreOptions
from eval.compare.results import ClipResult, read_result, write_result
from rigmill import __version__
from rigmill.storage.files import digest, sha256_file

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_SOURCE = Path(__file__).resolve().parents[2]
OnDone = Callable[[int, int], None]  # scores that there are, of how many


@dataclass(frozen=True, slots=True)
class Task:
    """One clip, and the methods that are to be scored on it."""

    clip: BenchClip
    methods: tuple[Delivered, ...]
    keys: tuple[str, ...]  # of their results
    options: ScoreOptions
    out: Path
    settings: Mapping[str, Any]
    videos: bool


def score_all(
    bench: Bench,
    methods: Sequence[Delivered],
    options: ScoreOptions,
    out: Path,
    *,
    settings: Mapping[str, Any],
    workers: int,
    videos: bool,
    on_done: OnDone,
) -> dict[tuple[str, str], ClipResult]:
    """The result of every method and clip, by (method, clip). Each is on the disk as soon as it is known."""
    found: dict[tuple[str, str], ClipResult] = {}
    tasks = []
    for clip in bench.clips:
        open_methods, keys = [], []
        for method in methods:
            key = result_key(bench, clip, method, options)
            earlier = read_result(out, method.name, clip.clip_id, key)
            if earlier is not None and not (videos and not _has_videos(out, method.name, clip)):
                found[method.name, clip.clip_id] = earlier
            else:
                open_methods.append(method)
                keys.append(key)
        if open_methods:
            tasks.append(Task(clip, tuple(open_methods), tuple(keys), options, out, settings, videos))
    total = len(bench.clips) * len(methods)
    on_done(len(found), total)
    for results in _scored(tasks, workers):
        found |= {(result.method, result.clip_id): result for result in results}
        on_done(len(found), total)
    return found


def result_key(bench: Bench, clip: BenchClip, method: Delivered, options: ScoreOptions) -> str:
    """Of everything that a score follows from: benchmark, clip, file, options, and the code that measures."""
    path = method.files.get(clip.clip_id)
    file = None if path is None else [path.name, sha256_file(path)]
    return digest(
        bench.digest, clip.clip_id, method.name, file, options.to_row(), SCORING_VERSION, __version__, _code()
    )


@cache
def _code() -> str:
    """Of the source that measures: who changes it gets new scores. Tables are no part of it."""
    rooms = ("eval/bodies/**", "eval/metrics", "eval/compare", "render/raster", "render")
    files = sorted({path for room in rooms for path in _SOURCE.glob(f"{room}/*.py")})
    return digest([[path.relative_to(_SOURCE).as_posix(), sha256_file(path)] for path in files])


def _has_videos(out: Path, method: str, clip: BenchClip) -> bool:
    from eval.compare.videos import grid_path

    return grid_path(out, method, clip.clip_id).is_file()


def _scored(tasks: Sequence[Task], workers: int) -> Iterator[list[ClipResult]]:
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield score_task(task)
        return
    with _one_thread_each(), ProcessPoolExecutor(min(workers, len(tasks)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(score_task, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes share the cores already: what they start has one thread."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def score_task(task: Task) -> list[ClipResult]:
    """Score the methods of a task, one after the other; every result is written as soon as it is known."""
    import cv2

    from eval.compare.scoring import Truth, score_clip
    from rigmill.clips.numbers import ClipGeometry

    cv2.setNumThreads(1)
    started, before_s = time.monotonic(), time.process_time()
    geometry = ClipGeometry.from_bytes(task.clip.geometry.read_bytes())
    truth = Truth(task.clip, geometry, true_body(task.clip), task.options)
    if task.videos:
        from eval.compare.videos import write_inputs

        write_inputs(task.out, task.clip, truth.input)
    results = []
    for method, key in zip(task.methods, task.keys):
        path = method.files.get(task.clip.clip_id)
        result = ClipResult(
            method=method.name,
            clip_id=task.clip.clip_id,
            group=task.clip.group.value,
            key=key,
            file=path.name if path else None,
            file_sha256=sha256_file(path) if path else None,
            num_frames=None,
            fps=None,
            unusable=None,
        )
        body = method.body(task.clip)
        if isinstance(body, Absent):
            result = replace(result, unusable=body.why)
        else:
            try:
                scored = score_clip(truth, body)
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                # A stranger's mesh may be beyond what can be measured: it costs the clip, not the comparison.
                why = f"{method.name}/{result.file}: it cannot be measured ({type(error).__name__}: {error!s:.100})"
                result = replace(result, unusable=why)
            else:
                if task.videos and scored.pictures is not None:
                    from eval.compare.videos import write_videos

                    write_videos(task.out, method.name, task.clip, scored.pictures)
                result = replace(result, num_frames=body.num_frames, fps=body.fps, scores=scored.scores, why=scored.why)
        now, now_s = time.monotonic(), time.process_time()
        result = replace(result, wall_s=now - started, cpu_s=now_s - before_s)
        started, before_s = now, now_s
        write_result(task.out, result, task.settings)
        results.append(result)
    return results


def true_body(clip: BenchClip) -> Body:
    """The truth of a clip, read as a method's file is."""
    from eval.bodies.deliver import read_body

    return read_body(clip.truth.read_bytes(), ".glb", clip)
