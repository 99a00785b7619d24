"""What a method delivers: a folder with METHOD/CLIP.glb, or METHOD/CLIP.npz, for every clip of a benchmark.

Nothing that is in such a folder is trusted, and nothing in it ends a comparison: a clip has a body, or a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from eval.bench.clips import Bench, BenchClip
from eval.bodies.body import Body
from eval.bodies.npz import on_asset, read_motion
from eval.bodies.play import Film
from eval.bodies.unplayable import Unplayable
from rigmill.errors import UserError

SUFFIXES = (".glb", ".npz")  # of two files of one clip the first counts
MAX_FILE_BYTES = 512 * 1024**2
_SAME_RATE = 1e-3
_OFF_GRID = 0.05  # frames that a key may lie beside its frame


class Reason(StrEnum):
    """Why a clip has no body of a method."""

    MISSING = "missing"
    UNPLAYABLE = "unplayable"
    STILL = "no_animation"
    FRAMES = "wrong_num_frames"
    RATE = "wrong_rate"


@dataclass(frozen=True, slots=True)
class Absent:
    """A clip without a body: the reason, and a sentence for a person."""

    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A method's folder. Bodies are read when they are asked for: all at once would not fit into memory."""

    name: str
    folder: Path
    files: dict[str, Path]  # by clip id
    strangers: tuple[str, ...]  # names of files that belong to no clip

    def body(self, clip: BenchClip) -> Body | Absent:
        """The body that the method delivers for a clip, in metres of the clip's asset, frame by frame as the clip."""
        path = self.files.get(clip.clip_id)
        if path is None:
            return Absent(Reason.MISSING, f"{self.name} delivers no {clip.clip_id}.glb or .npz")
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise Unplayable(f"it is larger than {MAX_FILE_BYTES // 1024**2} MB")
            return read_body(path.read_bytes(), path.suffix, clip)
        except Unplayable as error:
            return Absent(Reason.UNPLAYABLE, f"{self.name}/{path.name}: {error}")
        except Unlike as error:
            return Absent(error.reason, f"{self.name}/{path.name}: {error}")


class Unlike(Exception):
    """A file that plays, and not what the clip is: what of it differs."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_method(folder: Path, bench: Bench) -> Delivered:
    """What of a benchmark a method's folder holds; its name is the folder's. A UserError if it holds nothing of it."""
    if not folder.is_dir():
        raise UserError(
            f"no such folder: {folder}",
            why=f"a method is a folder with a file for each clip; looked for it from {Path.cwd()}",
            fix="correct the path",
            code="E620",
        )
    clips = {clip.clip_id for clip in bench.clips}
    files: dict[str, Path] = {}
    strangers = []
    for path in sorted(folder.iterdir(), key=lambda path: (path.suffix != SUFFIXES[0], path.name)):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        if path.stem in clips:
            files.setdefault(path.stem, path)
        else:
            strangers.append(path.name)
    if not files:
        example = bench.clips[0].clip_id if bench.clips else "CLIP"
        raise UserError(
            f"{folder} holds nothing for any clip of the benchmark {bench.name}",
            why=f"files are named after clips: {folder.name}/{example}.glb; found {_some(strangers)}",
            fix="name them so (clip ids are in bench.csv), or let them be renamed: rigmill eval import --help",
            code="E621",
        )
    return Delivered(folder.resolve().name, folder, files, tuple(sorted(strangers)))


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "none"


def read_body(data: bytes, suffix: str, clip: BenchClip) -> Body:
    """A file of a clip as a body; raises `Unplayable`, or `Unlike` where frames or rate are not the clip's.

    The first key is the first frame, whenever it comes: Blender counts frames from 1. Keys that a tool has left out
    because nothing changes may be missing; the first and the last one may not.
    """
    if suffix == ".npz":
        _, motion = read_motion(data)
        _check_rate(motion.fps, clip)
        _check_frames(len(motion.rotations), clip)
        data = on_asset(data, clip.rest.read_bytes())
    film = Film.of(data)
    if not len(film.keys):
        raise Unlike(Reason.STILL, "it has no animation (a body that stands still has one whose keys say so)")
    since = (film.keys - film.keys[0]) * clip.fps
    if len(film.keys) > 2:
        if film.fps is not None:
            _check_rate(film.fps, clip)
        elif np.abs(since - np.rint(since)).max() > _OFF_GRID:
            raise Unlike(Reason.RATE, f"its keys lie beside the clip's frames, {clip.fps:g} a second")
    if abs(since[-1] - round(float(since[-1]))) > _OFF_GRID:
        raise Unlike(Reason.RATE, f"its last key lies beside the clip's frames, {clip.fps:g} a second")
    _check_frames(round(float(since[-1])) + 1, clip)
    return film.body(fps=clip.fps, num_frames=clip.num_frames, start_s=float(film.keys[0]))


def _check_rate(fps: float, clip: BenchClip) -> None:
    if abs(fps / clip.fps - 1) > _SAME_RATE:
        raise Unlike(Reason.RATE, f"it has {fps:.4g} frames a second, and the clip {clip.fps:g}")


def _check_frames(num: int, clip: BenchClip) -> None:
    if num != clip.num_frames:
        raise Unlike(Reason.FRAMES, f"it has {num} frames, and the clip {clip.num_frames}")
