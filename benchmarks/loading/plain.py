"""The loader that everybody writes: webdataset and PyAV; a sample is decoded, cut to its window, brought to size."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import webdataset

from benchmarks.loading.made import NUM_VIEWS
from rigmill.types import Bytes


def video(data: bytes) -> Bytes:
    """All frames, RGB (T, H, W, 3)."""
    with av.open(io.BytesIO(data)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


class Window:
    """A sample as webdataset gives it, decoded: some views, a random window."""

    def __init__(self, *, num_frames: int, num_views: int, size: tuple[int, int]) -> None:
        """`size`: width and height that the model wants."""
        self.num_frames, self.num_views, self.size = num_frames, num_views, size
        self.chance = np.random.default_rng(1)

    def __call__(self, sample: dict[str, Any]) -> dict[str, Bytes]:
        decoded = {name: [video(sample[f"{name}.{view}.mp4"]) for view in range(NUM_VIEWS)] for name in ("rgb", "pose")}
        start = int(self.chance.integers(len(decoded["rgb"][0]) - self.num_frames + 1))
        views = self.chance.permutation(NUM_VIEWS)[: self.num_views]
        return {
            name: np.stack([self._scaled(videos[view][start : start + self.num_frames]) for view in views])
            for name, videos in decoded.items()
        }

    def _scaled(self, frames: Bytes) -> Bytes:
        if frames.shape[2:0:-1] == self.size:
            return frames
        return np.stack([cv2.resize(frame, self.size, interpolation=cv2.INTER_AREA) for frame in frames])


def samples(tar: Path, window: Window) -> Iterator[dict[str, Bytes]]:
    """The samples of a tar, over and over."""
    return iter(webdataset.WebDataset(str(tar), shardshuffle=False).repeat().map(window))
