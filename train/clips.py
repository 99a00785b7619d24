"""Clips cut out of shards by offset, decoded, at training size."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from rigmill.clips.camera import plucker_rays
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import decode
from rigmill.storage.files import Store
from rigmill.types import Bytes, Camera, Floats, StoredFile
from shards.sample import GEOMETRY, pose_template, pose_video, read_sample, rgb_template, rgb_video

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ViewFrames:
    """One view of a clip at training size: T frames and the rest pose, uint8."""

    rgb: Bytes  # (T, s, s, 3)
    pose: Bytes  # (T, s, s, 3)
    template_rgb: Bytes  # (s, s, 3)
    template_pose: Bytes  # (s, s, 3)


def square(pictures: Bytes, size_px: int) -> Bytes:
    """Pictures (T, H, W, 3) resized to squares by area. The aspect is not kept: rays are stretched the same way."""
    if pictures.shape[1:3] == (size_px, size_px):
        return pictures
    return np.stack([cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA) for picture in pictures])


def to_unit(pictures: Bytes) -> Tensor:
    """Pictures (..., T, s, s, 3) uint8 to (..., 3, T, s, s) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).movedim(-1, -4).float() / 127.5 - 1


def from_unit(videos: Tensor) -> Bytes:
    """The reverse of `to_unit`, rounded."""
    return ((videos.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).movedim(-4, -1).contiguous().numpy()


def ray_maps(cameras: Sequence[Camera], *, cells: int) -> Tensor:
    """Plücker rays of every camera on the latent grid, (V, 6, cells, cells)."""
    maps: list[Floats] = [plucker_rays(camera, rows=cells, columns=cells) for camera in cameras]
    return torch.from_numpy(np.stack(maps)).float()


class _Recent:
    """The most recently used values, at most `capacity` of them."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.values: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any, make: Callable[[], Value]) -> Value:
        if key not in self.values:
            self.values[key] = make()
            if len(self.values) > self.capacity:
                self.values.popitem(last=False)
        self.values.move_to_end(key)
        return self.values[key]


class Clips:
    """The clips of the index at training size. Only what a draw needs is decoded, and the latest is kept."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, store: Store, size_px: int, keep_views: int = 256) -> None:
        self.rows, self.store, self.size_px = rows, store, size_px
        self._views, self._cameras = _Recent(keep_views), _Recent(4 * keep_views)

    def cameras(self, index: int) -> tuple[Camera, ...]:
        """The cameras of a clip, one per view."""

        def read() -> tuple[Camera, ...]:
            return ClipGeometry.from_bytes(self._members(index)[GEOMETRY]).cameras

        return self._cameras.get(index, read)

    def view(self, index: int, view: int) -> ViewFrames:
        """One view of a clip."""
        return self._views.get((index, view), lambda: self._read_view(index, view))

    def _read_view(self, index: int, view: int) -> ViewFrames:
        members = self._members(index)

        def video(name: str) -> Bytes:
            return square(decode(members[name]), self.size_px)

        def picture(name: str) -> Bytes:
            bgr = cv2.imdecode(np.frombuffer(members[name], np.uint8), cv2.IMREAD_COLOR)
            return square(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)[None], self.size_px)[0]

        return ViewFrames(
            rgb=video(rgb_video(view)),
            pose=video(pose_video(view)),
            template_rgb=picture(rgb_template(view)),
            template_pose=picture(pose_template(view)),
        )

    def _members(self, index: int) -> dict[str, bytes]:
        row = self.rows[index]
        handle = os.open(self.store.path(StoredFile.from_row(row["shard_file"])), os.O_RDONLY)
        try:
            records = os.pread(handle, row["num_bytes"], row["offset"])
        finally:
            os.close(handle)
        key, members = read_sample(records)
        if key != row["clip_id"]:
            raise ValueError(f"the index says clip {row['clip_id']}, the shard holds {key!r} there")
        return members
