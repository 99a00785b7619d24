"""Clips cut out of shards by offset, decoded, at training size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from rigmill.clips.camera import plucker_rays
from rigmill.clips.fitting import Fit
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import picture
from rigmill.clips.redraw import rest_map, view_maps
from rigmill.clips.video import decode
from rigmill.storage.files import Store
from rigmill.types import Bytes, Camera, Floats
from shards.loader.reading import Look, Reader, Reads
from shards.sample import GEOMETRY, pose_template, pose_video, rgb_template, rgb_video
from train.inputs import TrainingClip
from train.recipes import ModelConfig

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ViewFrames:
    """One view of a clip at a model's size: T frames and the rest pose, uint8."""

    rgb: Bytes  # (T, H, W, 3)
    pose: Bytes  # (T, H, W, 3)
    template_rgb: Bytes  # (H, W, 3)
    template_pose: Bytes  # (H, W, 3)


def as_model_sees(geometry: ClipGeometry, config: ModelConfig) -> ClipGeometry:
    """A clip's numbers in pictures of a model's size; where it draws maps of its own, with their joints and colours."""
    return look_of(config).geometry(geometry)


def look_of(config: ModelConfig) -> Look:
    """How a model sees clips, as the shard loader is told."""
    return Look(size_px=config.size_px, multiple=config.cell_px, definition=config.pose_map)


def fit_of(pictures: Bytes, config: ModelConfig) -> Fit:
    """How pictures (..., H, W, 3) lie in a model's."""
    height_px, width_px = pictures.shape[-3:-1]
    return Fit.of(width_px, height_px, size_px=config.size_px, multiple=config.cell_px)


def fitted_pictures(pictures: Bytes, config: ModelConfig) -> Bytes:
    """Pictures (T, H, W, 3) at a model's size, by area, their aspect kept."""
    return fit_of(pictures, config).pictures(pictures)


def to_unit(pictures: Bytes) -> Tensor:
    """Pictures (..., T, H, W, 3) uint8 to (..., 3, T, H, W) in [-1, 1]."""
    return torch.from_numpy(np.array(pictures, order="C")).movedim(-1, -4).float() / 127.5 - 1


def from_unit(videos: Tensor) -> Bytes:
    """The reverse of `to_unit`, rounded."""
    return ((videos.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).movedim(-4, -1).contiguous().numpy()


def ray_maps(cameras: Sequence[Camera], *, factor: int) -> Tensor:
    """Plücker rays (V, 6, h, w) of cameras at a model's size, a cell for `factor` pixels each way."""
    maps: list[Floats] = [
        plucker_rays(camera, rows=camera.height_px // factor, columns=camera.width_px // factor) for camera in cameras
    ]
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


class Pictures(Protocol):
    """What training draws from: clips at a model's size."""

    @property
    def clips(self) -> Sequence[TrainingClip]: ...

    def cameras(self, index: int) -> tuple[Camera, ...]: ...

    def geometry(self, index: int) -> ClipGeometry: ...

    def view(self, index: int, view: int) -> ViewFrames: ...

    def reader(self) -> Reads: ...


class Clips:
    """Clips at a model's size. Only what a draw needs is decoded, and the latest is kept."""

    def __init__(
        self, clips: Sequence[TrainingClip], *, store: Store, config: ModelConfig, keep_views: int = 256
    ) -> None:
        self.clips, self.store, self.config = clips, store, config
        self._views: _Recent[tuple[int, int], ViewFrames] = _Recent(keep_views)
        self._geometries: _Recent[int, ClipGeometry] = _Recent(4 * keep_views)

    def cameras(self, index: int) -> tuple[Camera, ...]:
        """The cameras of a clip, one per view."""
        return self.geometry(index).cameras

    def geometry(self, index: int) -> ClipGeometry:
        """The numbers of a clip, as the model sees it."""

        def read() -> ClipGeometry:
            stored = self.clips[index].place.members(self.store)[GEOMETRY]
            return as_model_sees(ClipGeometry.from_bytes(stored), self.config)

        return self._geometries.get(index, read)

    def view(self, index: int, view: int) -> ViewFrames:
        """One view of a clip."""
        return self._views.get((index, view), lambda: self._read_view(index, view))

    def reader(self) -> Reader:
        """What reads draws of them: no more than is wanted, and nothing is kept."""
        return Reader(look_of(self.config))

    def _read_view(self, index: int, view: int) -> ViewFrames:
        members, drawing = self.clips[index].place.members(self.store), self.config.pose_map
        if drawing is None:
            pose = fitted_pictures(decode(members[pose_video(view)]), self.config)
            template_pose = fitted_pictures(picture(members[pose_template(view)])[None], self.config)[0]
        else:
            geometry = self.geometry(index)
            pose = view_maps(geometry, view, drawing.radius_px, shifts=drawing.shifts)
            template_pose = rest_map(geometry, view, drawing.radius_px, shifts=drawing.shifts)
        return ViewFrames(
            rgb=fitted_pictures(decode(members[rgb_video(view)]), self.config),
            pose=pose,
            template_rgb=fitted_pictures(picture(members[rgb_template(view)])[None], self.config)[0],
            template_pose=template_pose,
        )
