"""The videos that scores are of, as files: for people's eyes, for the user study, and for VBench."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.bench.clips import BenchClip
from eval.bodies.draw import Pictures
from rigmill.clips.pictures import image_bytes
from rigmill.clips.video import encode
from rigmill.storage.files import write_atomic
from rigmill.types import Bytes

_CRF, _KEYFRAMES = 12, 12  # hardly any loss: numbers are taken of these


def grid_path(out: Path, method: str, clip_id: str) -> Path:
    """All views of a clip in one video."""
    return out / "videos" / method / f"{clip_id}.mp4"


def view_path(out: Path, method: str, clip_id: str, view: int) -> Path:
    """One view of a clip."""
    return out / "views" / method / f"{clip_id}.{view}.mp4"


def write_videos(out: Path, method: str, clip: BenchClip, pictures: Pictures) -> None:
    """Every view of a clip by itself, and all of them side by side; the grid is the last."""
    for view, frames in enumerate(pictures.rgb):
        _write(view_path(out, method, clip.clip_id, view), frames, clip.fps)
    _write(grid_path(out, method, clip.clip_id), grid(pictures.rgb), clip.fps)


def write_inputs(out: Path, clip: BenchClip, rest: Pictures) -> None:
    """The picture that a method is given of every view, as VBench's I2V Subject asks for it: inputs/CLIP.VIEW.png."""
    for view, frames in enumerate(rest.rgb):
        path = out / "inputs" / f"{clip.clip_id}.{view}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, image_bytes(".png", frames[0]), durable=False)


def write_prompts(out: Path, clips: Sequence[BenchClip]) -> None:
    """What each clip is asked to do, as VBench's Overall Consistency wants it: prompts.csv."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("clip", "prompt"), *((clip.clip_id, clip.prompt) for clip in clips)])
    out.mkdir(parents=True, exist_ok=True)
    write_atomic(out / "prompts.csv", text.getvalue().encode(), durable=False)


def grid(rgb: Bytes) -> Bytes:
    """Views (V, T, H, W, 3) beside each other, four of them in two rows: (T, ., ., 3)."""
    if len(rgb) == 4:
        upper, lower = (np.concatenate(list(rgb[pair : pair + 2]), axis=2) for pair in (0, 2))
        return np.concatenate([upper, lower], axis=1)
    return np.concatenate(list(rgb), axis=2)


def _write(path: Path, frames: Bytes, fps: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames.shape[1:3]
    even = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    data = encode(even, fps=fps, crf=_CRF, pixel_format="yuv444p", keyframe_interval=_KEYFRAMES)
    write_atomic(path, data, durable=False)
