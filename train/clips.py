"""Clips cut out of shards by offset, decoded, at training size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from rigmill.clips.camera import plucker_rays
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import picture
from rigmill.clips.video import decode
from rigmill.storage.files import Store
from rigmill.types import Bytes, Camera, Floats
from shards.sample import GEOMETRY, pose_template, pose_video, rgb_template, rgb_video
from train.inputs import TrainingClip

Key = TypeVar("Key")
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


class _Recent(Generic[Key, Value]):
    """The most recently used values, at most `capacity` of them."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        if key not in self.values:
            self.values[key] = make()
            if len(self.values) > self.capacity:
                self.values.popitem(last=False)
        self.values.move_to_end(key)
        return self.values[key]


class Clips:
    """Clips at training size. Only what a draw needs is decoded, and the latest is kept."""

    def __init__(self, clips: Sequence[TrainingClip], *, store: Store, size_px: int, keep_views: int = 256) -> None:
        self.clips, self.store, self.size_px = clips, store, size_px
        self._views: _Recent[tuple[int, int], ViewFrames] = _Recent(keep_views)
        self._cameras: _Recent[int, tuple[Camera, ...]] = _Recent(4 * keep_views)

    def cameras(self, index: int) -> tuple[Camera, ...]:
        """The cameras of a clip, one per view."""

        def read() -> tuple[Camera, ...]:
            return ClipGeometry.from_bytes(self.clips[index].place.members(self.store)[GEOMETRY]).cameras

        return self._cameras.get(index, read)

    def view(self, index: int, view: int) -> ViewFrames:
        """One view of a clip."""
        return self._views.get((index, view), lambda: self._read_view(index, view))

    def _read_view(self, index: int, view: int) -> ViewFrames:
        members = self.clips[index].place.members(self.store)
        rgb, pose = (square(decode(members[name(view)]), self.size_px) for name in (rgb_video, pose_video))
        template_rgb, template_pose = (
            square(picture(members[name(view)])[None], self.size_px)[0] for name in (rgb_template, pose_template)
        )
        return ViewFrames(rgb=rgb, pose=pose, template_rgb=template_rgb, template_pose=template_pose)
