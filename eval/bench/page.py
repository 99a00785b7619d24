"""The annotation page: one HTML file with every clip as a small looping grid of its views. It asks no network.

All of a clip that is not seen in it (its prompt, its title, what the pipeline thinks it is) is shown on demand only:
an annotator says what is seen.
"""

from __future__ import annotations

import base64
import string
from pathlib import Path

import cv2
import numpy as np

from caption.category import CATEGORIES
from eval.bench.clips import Bench, BenchClip
from eval.bench.reading import open_bench
from eval.bench.sheet import COLUMNS
from rigmill.clips.members import rgb_video
from rigmill.clips.video import decode, encode
from rigmill.report.pages import templates_in
from rigmill.storage.files import write_atomic
from rigmill.types import Bytes

_GRID_PX = 480  # the longer side of a grid
_CRF = 26
KEYS = dict(zip(string.ascii_lowercase, CATEGORIES))  # a to y; z takes back


def write_page(folder: Path, target: Path, *, annotator: str = "") -> Path:
    """Write the page of the benchmark in `folder`; returns where."""
    bench = open_bench(folder)
    write_atomic(target, page(bench, annotator=annotator).encode(), durable=False)
    return target


def page(bench: Bench, *, annotator: str = "") -> str:
    """The HTML."""
    data = {
        "bench": bench.digest,
        "annotator": annotator,
        "columns": list(COLUMNS),
        "categories": [{"key": key, "name": name} for key, name in KEYS.items()],
        "clips": [
            {"id": clip.clip_id, "words": f"{clip.title}: {clip.prompt}", "video": _data_url(grid_video(clip))}
            for clip in bench.clips
        ],
    }
    return (
        templates_in(Path(__file__).with_name("templates"))
        .get_template("page.html.j2")
        .render(name=bench.name, data=data)
    )


def grid_video(clip: BenchClip) -> bytes:
    """The views of a clip beside and below each other, two in a row, as a small mp4."""
    views: list[Bytes] = []
    while (path := clip.folder / rgb_video(len(views))).is_file():
        views.append(decode(path.read_bytes()))
    if len(views) % 2 and len(views) > 1:
        views.append(np.full_like(views[0], 255))
    rows = [np.concatenate(views[at : at + 2], axis=2) for at in range(0, len(views), 2)]
    return encode(
        _small(np.concatenate(rows, axis=1)), fps=clip.fps, crf=_CRF, pixel_format="yuv420p", keyframe_interval=250
    )


def _small(frames: Bytes) -> Bytes:
    """Frames (T, H, W, 3) of at most _GRID_PX, both sides even."""
    height, width = frames.shape[1:3]
    scale = min(1.0, _GRID_PX / max(height, width))
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    return np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames])


def _data_url(video: bytes) -> str:
    return "data:video/mp4;base64," + base64.b64encode(video).decode()
