"""Results of other systems as bodies' files of a benchmark's clips: named, placed, and at the clip's rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.bench.clips import Bench, BenchClip
from eval.bodies.body import Body
from eval.bodies.importers.align import NEAR, onto_asset, shared_points
from eval.bodies.importers.found import AskBlender, Asset, Result
from eval.bodies.importers.rewrite import placed, retimed
from eval.bodies.importers.tools import actionmesh, animateanymesh, puppeteer, unimate
from eval.bodies.play import Film
from eval.bodies.unplayable import Unplayable
from rigmill.storage.files import write_atomic
from rigmill.types import Floats

_BOX = 0.5  # of the asset's size
Results = Callable[[Path, AskBlender], Iterator[Result]]
TOOLS: Mapping[str, Results] = {
    "unimate": lambda folder, ask: unimate.results(folder),
    "puppeteer": lambda folder, ask: puppeteer.results(folder),
    "actionmesh": lambda folder, ask: actionmesh.results(folder),
    "animateanymesh": animateanymesh.results,
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of each result: files by clip, and why others are left out, by their names."""

    files: dict[str, Path]
    left_out: dict[str, str]


def import_results(results: Iterable[Result], bench: Bench, to: Path, names: Mapping[str, str]) -> Imported:
    """Write `to`/CLIP.glb of every result that is a clip's. `names`: clips by a system's names, before its own."""
    done = Imported({}, {})
    clips = {clip.clip_id: clip for clip in bench.clips}
    for result in results:
        clip = clip_of(result, clips, names)
        shown = result.names[0]
        if clip is None:
            done.left_out[shown] = "it is named after no clip: say in --map names.csv which one it is"
            continue
        if clip.clip_id in done.files:
            done.left_out[shown] = f"another one of {clip.clip_id} came before it"
            continue
        try:
            data = ready(result, clip)
        except Unplayable as error:
            done.left_out[shown] = str(error)
            continue
        except OSError as error:
            done.left_out[shown] = f"it cannot be read: {error.strerror or error}"
            continue
        path = to / f"{clip.clip_id}.glb"
        to.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
        done.files[clip.clip_id] = path
    return done


def clip_of(result: Result, clips: Mapping[str, BenchClip], names: Mapping[str, str]) -> BenchClip | None:
    """The clip that a result is of: as the map says, or its name is the clip's."""
    for name in result.names:
        if name in names:
            return clips.get(names[name])
    return next((clips[name] for name in result.names if name in clips), None)


def ready(result: Result, clip: BenchClip) -> bytes:
    """The result as a file of the clip's frames and rate, where the clip's asset is; `Unplayable` says why not."""
    rest = clip.rest.read_bytes()
    asset = Asset(rest, Film.of(rest).body(fps=1.0, num_frames=1))
    data = result.read(asset)
    film = Film.of(data)
    shown = film.body(fps=1.0, num_frames=1, start_s=float(film.keys[0]) if len(film.keys) else 0.0)
    if result.is_elsewhere:
        data = _fitted(data, shown, asset.body)
    elif not _boxes_meet(shown.vertices[0], asset.body.rest):
        raise Unplayable("its first frame lies elsewhere than the clip's asset, or is of another size")
    return retimed(data, fps=clip.fps, num_frames=clip.num_frames)


def _fitted(data: bytes, shown: Body, asset: Body) -> bytes:
    """The file where the asset is, by what the two have in common at rest."""
    both = shared_points(shown, asset)
    if both is None:
        raise Unplayable("it shares neither faces nor three joints with the clip's asset: nothing tells its frame")
    change, apart = onto_asset(*both)
    if apart > NEAR:
        raise Unplayable(f"at rest it is not the clip's asset: {100 * apart:.0f} % of its size apart")
    return data if change is None else placed(data, change)


def _boxes_meet(points: Floats, asset: Floats) -> bool:
    """Whether two boxes are of about one place and size: no side is farther away than half the asset's largest."""
    edges = [np.stack([part.min(axis=0), part.max(axis=0)]) for part in (points, asset)]
    return bool(np.abs(edges[0] - edges[1]).max() <= _BOX * np.ptp(edges[1], axis=0).max())
