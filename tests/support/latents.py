"""Files of latents made of random numbers, and their rows of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rigmill.clips.camera import camera_ring
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, sha256_bytes
from rigmill.types import Camera
from shards.loader.latents.encoding import Encoding, sample_key
from shards.loader.latents.file import SampleLatents, latents_tar

ENCODING = Encoding(
    codec="c0dec",
    text="7ext",
    size_px=32,
    multiple=16,
    pose_map=None,
    frame_counts=(5, 9),
    frame_stride=1,
    windows=3,
    conditions=3,
)


@dataclass(frozen=True)
class Sizes:
    """Of made latents: views, channels, pixels and frames of a cell, width of a token."""

    views: int = 4
    channels: int = 4
    height: int = 2
    width: int = 3
    temporal_factor: int = 4
    tokens: tuple[int, ...] = (5, 0, 7, 1)  # of every caption, at last of no words
    text_width: int = 6


def ring(num_views: int, *, size_px: int = 32) -> tuple[Camera, ...]:
    return camera_ring(
        bounds=np.array([[-1, -1, -1], [1, 1, 1.0]]),
        azimuths_deg=[360 / num_views * view for view in range(num_views)],
        elevation_deg=0,
        width_px=size_px,
        height_px=size_px,
        field_of_view_deg=40,
        margin=0.05,
    )


def made_latents(clip: int, *, clip_frames: int, encoding: Encoding, sizes: Sizes = Sizes()) -> SampleLatents:
    """Random numbers; the first latent frame of a window is its first condition."""
    random, windows = np.random.default_rng(clip), encoding.windows_of(clip_frames)
    cells = (sizes.channels, 1, sizes.height, sizes.width)
    frames = 1 + (windows.num_frames - 1) // sizes.temporal_factor
    num_windows, num_conditions = len(windows.starts), len(windows.condition_frames) - 1

    def numbers(*shape: int) -> np.ndarray:
        return random.standard_normal(shape, np.float32).astype(encoding.dtype)

    arrays = {}
    for modality in ("rgb", "pose"):
        arrays[modality] = numbers(num_windows, sizes.views, sizes.channels, frames, sizes.height, sizes.width)
        arrays[f"{modality}_conditions"] = numbers(num_windows, num_conditions, sizes.views, *cells)
        arrays[f"{modality}_template"] = numbers(sizes.views, *cells)
    tokens = [numbers(num, sizes.text_width) for num in sizes.tokens]
    return SampleLatents(arrays, tokens, ring(sizes.views))


def stored_row(
    store: Store, name: str, made: SampleLatents, *, clip_frames: int, encoding: Encoding, sample: bytes = b"as it was"
) -> dict[str, Any]:
    """The file of a clip's latents in the store, and its row as the stage would write it."""
    sha256, windows = sha256_bytes(name.encode() + sample), encoding.windows_of(clip_frames)
    data = latents_tar(name, sha256, encoding=encoding, windows=windows, made=made)
    return {
        "clip_id": name,
        "source": "procedural",
        "sample_sha256": sha256,
        "key": sample_key(encoding.digest, sha256),
        "encoding": encoding.digest,
        "codec": encoding.codec,
        "text": encoding.text,
        "size_px": encoding.size_px,
        "num_frames": windows.num_frames,
        "num_windows": len(windows.starts),
        "num_conditions": len(windows.condition_frames),
        "num_views": made.arrays["rgb"].shape[1],
        "num_captions": len(made.captions) - 1,
        "file": store.put_bytes(f"{name}.tar", data).to_row(),
    }


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, PRODUCTS["latents"])
