"""How fast draws are read of cached latents that lie in the system's page cache, by one thread."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.loading.made import NUM_VIEWS
from rigmill.clips.camera import camera_ring
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, sha256_bytes
from rigmill.types import Row
from shards.loader.latents.cached import CachedLatents, LatentBatch, LatentDraw
from shards.loader.latents.encoding import Encoding, sample_key
from shards.loader.latents.file import SampleLatents, latents_tar

CAPTIONS, TOKENS = 3, 60  # of a clip, and of each; most of the paper's are that long
ROUNDS = 5


@dataclass(frozen=True)
class Cells:
    """Of a clip's latents: frames of its window, rows and columns of a frame, numbers of a token."""

    num_frames: int = 81
    height: int = 60
    width: int = 104
    text_width: int = 4096

    @property
    def encoding(self) -> Encoding:
        return Encoding(
            codec="made",
            text="made",
            size_px=8 * min(self.height, self.width),
            multiple=16,
            pose_map=None,
            frame_counts=(self.num_frames,),
            frame_stride=1,
            windows=1,
            conditions=4,
        )


def made(clip: int, cells: Cells) -> SampleLatents:
    """Random numbers of Wan's shapes: 16 channels, a frame of four but for the first."""
    chance = np.random.default_rng(clip)
    frames, cell = 1 + (cells.num_frames - 1) // 4, (16, 1, cells.height, cells.width)

    def numbers(*shape: int) -> np.ndarray:
        return chance.standard_normal(shape, np.float32).astype(np.float16)

    arrays = {}
    for modality in ("rgb", "pose"):
        arrays[modality] = numbers(1, NUM_VIEWS, 16, frames, cells.height, cells.width)
        arrays[f"{modality}_conditions"] = numbers(1, 3, NUM_VIEWS, *cell)
        arrays[f"{modality}_template"] = numbers(NUM_VIEWS, *cell)
    cameras = camera_ring(
        bounds=np.array([[-1, -1, -1], [1, 1, 1.0]]),
        azimuths_deg=[90.0 * view for view in range(NUM_VIEWS)],
        elevation_deg=0,
        width_px=8 * cells.width,
        height_px=8 * cells.height,
        field_of_view_deg=40,
        margin=0.05,
    )
    tokens = [numbers(count, cells.text_width) for count in (*[TOKENS] * CAPTIONS, 1)]  # at last no words
    return SampleLatents(arrays, tokens, cameras)


def cache(folder: Path, *, num_clips: int, cells: Cells) -> CachedLatents:
    """The cache of so many clips, just written."""
    store, encoding = Store(folder), cells.encoding
    windows, rows = encoding.windows_of(cells.num_frames), list[Row]()
    for clip in range(num_clips):
        name, sha256 = f"clip{clip}", sha256_bytes(f"clip{clip}".encode())
        data = latents_tar(name, sha256, encoding=encoding, windows=windows, made=made(clip, cells))
        rows.append(
            {
                "clip_id": name,
                "sample_sha256": sha256,
                "key": sample_key(encoding.digest, sha256),
                "encoding": encoding.digest,
                "file": store.put_bytes(f"{name}.tar", data).to_row(),
            }
        )
    clips = {row["clip_id"]: row["sample_sha256"] for row in rows}
    return CachedLatents.of_rows(pa.Table.from_pylist(rows, PRODUCTS["latents"]), store, wanted=encoding, clips=clips)


def num_bytes(batch: LatentBatch) -> int:
    """Of everything that a batch holds."""
    parts = [part for pair in (batch.rgb, batch.pose) for part in (pair.video, pair.condition)]
    return sum(part.nbytes for part in (*parts, *batch.text))


def gb_per_s(latents: CachedLatents, batches: Sequence[Sequence[LatentDraw]]) -> float:
    """Gigabytes a second of wall time, the median of rounds over all batches; a first round opens the files."""
    rates = []
    for _ in range(ROUNDS + 1):
        started, total = time.perf_counter(), 0
        for draws in batches:
            total += num_bytes(latents.read(draws))
        rates.append(total / 1e9 / (time.perf_counter() - started))
    return statistics.median(rates[1:])


def latents(scratch: Path, *, tiny: bool) -> dict[str, float]:
    """`latents_gb_per_s` of draws of all views, and of one view with a fifth of the window; in shuffled order."""
    cells = Cells(9, 4, 4, 32) if tiny else Cells()
    opened = cache(scratch / "latents", num_clips=8, cells=cells)
    chance = random.Random(1)

    def batches(num_views: int, num_frames: int) -> list[list[LatentDraw]]:
        draws = [
            LatentDraw(
                clip_id=f"clip{clip}",
                window=0,
                num_frames=num_frames,
                views=tuple(sorted(chance.sample(range(NUM_VIEWS), num_views))),
                condition=chance.choice((None, 0, 1, 2, 3)) if num_frames == cells.num_frames else None,
                sentence=chance.randrange(CAPTIONS),
            )
            for clip in range(8)
            for _ in range(2)
        ]
        chance.shuffle(draws)
        return [draws[at : at + 2] for at in range(0, len(draws), 2)]

    return {
        "latents_gb_per_s": gb_per_s(opened, batches(NUM_VIEWS, cells.num_frames)),
        "latents_one_view_gb_per_s": gb_per_s(opened, batches(1, cells.num_frames)),
        "latents_short_gb_per_s": gb_per_s(opened, batches(1, 1 + (cells.num_frames - 1) // 5 // 4 * 4)),
    }
