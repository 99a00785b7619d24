"""Clips at a model's size in memory-mapped files: cut out of shards, decoded and drawn once for all trainings.

A folder holds `rgb.bytes` and `pose.bytes`, uint8 (frames, H, W, 3): of every clip and view its rest pose and then its
frames; `done.bytes`, a byte per clip that is 1 once the clip is there; `geometry/<clip id>.npz`, its numbers as the
model sees them; and `about.json`, what it was made from. A build that was interrupted goes on with the clips that are
not done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from rigmill.clips.numbers import ClipGeometry
from rigmill.storage.files import Store, canonical_json, digest, write_atomic
from rigmill.types import Bytes, Camera
from shards.loader.buffers import Buffers
from shards.loader.reading import Pictures, Read, Reads, Wanted
from shards.loader.sample import Sample
from train.clips import Clips, ViewFrames
from train.inputs import TrainingClip
from train.recipes import ModelConfig

OnClip = Callable[[int, int], None]  # clips done, of how many
_ABOUT, _RGB, _POSE, _DONE = "about.json", "rgb.bytes", "pose.bytes", "done.bytes"


@dataclass(frozen=True)
class CachedClips:
    """Clips that `build` put into a folder: what `train.clips.Clips` gives, without decoding."""

    folder: Path
    clips: Sequence[TrainingClip]
    size_px: tuple[int, int]  # height and width

    def cameras(self, index: int) -> tuple[Camera, ...]:
        """The cameras of a clip, one per view."""
        return self.geometry(index).cameras

    def geometry(self, index: int) -> ClipGeometry:
        """The numbers of a clip, as the model sees it."""
        return _geometry(self.folder / "geometry" / f"{self.clips[index].place.clip_id}.npz")

    def view(self, index: int, view: int) -> ViewFrames:
        """One view of a clip."""
        clip = self.clips[index]
        first = self._starts[index] + view * (clip.num_frames + 1)
        rgb, pose = (mapped[first : first + clip.num_frames + 1] for mapped in self._maps)
        return ViewFrames(rgb=rgb[1:], pose=pose[1:], template_rgb=rgb[0], template_pose=pose[0])

    def reader(self) -> Reads:
        """What reads draws of them."""
        return CachedReader(self)

    @property
    def _starts(self) -> Sequence[int]:
        return _starts(self.clips)

    @property
    def _maps(self) -> tuple[Bytes, Bytes]:
        shape = (_starts(self.clips)[-1], *self.size_px, 3)
        return _mapped(self.folder / _RGB, shape), _mapped(self.folder / _POSE, shape)


class CachedReader:
    """Draws of cached clips: nothing is decoded."""

    def __init__(self, cached: CachedClips) -> None:
        self.cached, self.buffers = cached, Buffers()
        self._indices = {clip.place.clip_id: index for index, clip in enumerate(cached.clips)}

    def __reduce__(self) -> tuple[type[CachedReader], tuple[CachedClips]]:
        return CachedReader, (self.cached,)  # memory stays with its process

    def read(self, sample: Sample, wanted: Wanted) -> Read:
        """The draw's pictures."""
        index = self._indices[sample.clip_id]
        views, frames = [self.cached.view(index, view) for view in wanted.views], list(wanted.frames)
        at, cameras = wanted.condition_frame, self.cached.cameras(index)
        rgb = [view.template_rgb if at is None else view.rgb[at] for view in views]
        pose = [view.template_pose if at is None else view.pose[at] for view in views]
        return Read(
            rgb=Pictures(np.stack([view.rgb[frames] for view in views]), np.stack(rgb)[:, None]),
            pose=Pictures(np.stack([view.pose[frames] for view in views]), np.stack(pose)[:, None]),
            cameras=tuple(cameras[view] for view in wanted.views),
        )


@lru_cache(maxsize=8192)
def _geometry(path: Path) -> ClipGeometry:
    return ClipGeometry.from_bytes(path.read_bytes())


@lru_cache(maxsize=8)
def _mapped(path: Path, shape: tuple[int, ...], mode: str = "r") -> Bytes:
    return np.memmap(path, dtype=np.uint8, mode=mode, shape=shape)  # type: ignore[call-overload, no-any-return]


def _starts(clips: Sequence[TrainingClip]) -> Sequence[int]:
    """The first picture of every clip, and how many there are."""
    return _starts_of(tuple((clip.num_frames + 1) * clip.num_views for clip in clips))


@lru_cache(maxsize=8)
def _starts_of(lengths: tuple[int, ...]) -> tuple[int, ...]:
    return (0, *accumulate(lengths))


def build(
    folder: Path,
    clips: Sequence[TrainingClip],
    *,
    store_root: Path,
    config: ModelConfig,
    workers: int = 1,
    on_clip: OnClip = lambda done, total: None,
) -> CachedClips:
    """The clips in a folder of their own below `folder`, named by what they are and how they are drawn."""
    drawn = {"size_px": config.size_px, "pose_map": None if config.pose_map is None else config.pose_map.to_row()} | {
        "cell_px": config.cell_px
    }
    about = {"samples": [clip.place.sha256 for clip in clips], "drawn": drawn}
    own = folder / f"clips-{digest(about)[:16]}"
    (own / "geometry").mkdir(parents=True, exist_ok=True)
    first = Clips(list(clips[:1]), store=Store(store_root), config=config).cameras(0)[0]
    cached = CachedClips(own, clips, (first.height_px, first.width_px))
    size = _starts(clips)[-1] * first.height_px * first.width_px * 3
    for name, num_bytes in ((_RGB, size), (_POSE, size), (_DONE, len(clips))):
        with (own / name).open("ab") as stream:
            stream.truncate(num_bytes)  # as zeros, where it is longer than before
    done = np.memmap(own / _DONE, dtype=np.uint8, mode="r+")
    left = [index for index in range(len(clips)) if not done[index]]
    work = [(cached, store_root, config, index) for index in left]
    on_clip(len(clips) - len(left), len(clips))
    if workers > 1 and len(left) > 1:
        # Spawned: a forked child of a process that has threads may wait for one that is not there.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for number, index in enumerate(pool.map(_put, work, chunksize=4)):
                done[index] = 1
                on_clip(len(clips) - len(left) + number + 1, len(clips))
    else:
        for number, order in enumerate(work):
            done[_put(order)] = 1
            on_clip(len(clips) - len(left) + number + 1, len(clips))
    write_atomic(own / _ABOUT, (canonical_json(about) + "\n").encode(), durable=False)
    return cached


def _put(order: tuple[CachedClips, Path, ModelConfig, int]) -> int:
    """One clip into the files; its index."""
    cached, store_root, config, index = order
    clip = cached.clips[index]
    source = Clips([clip], store=Store(store_root), config=config, keep_views=1)
    shape = (_starts(cached.clips)[-1], *cached.size_px, 3)
    rgb, pose = (_mapped(cached.folder / name, shape, "r+") for name in (_RGB, _POSE))
    at = _starts(cached.clips)[index]
    for view in range(clip.num_views):
        seen = source.view(0, view)
        end = at + clip.num_frames + 1
        rgb[at], rgb[at + 1 : end] = seen.template_rgb, seen.rgb
        pose[at], pose[at + 1 : end] = seen.template_pose, seen.pose
        at = end
    path = cached.folder / "geometry" / f"{clip.place.clip_id}.npz"
    write_atomic(path, source.geometry(0).to_bytes(), durable=False)
    return index


def workers_here() -> int:
    """How many processes a build may use."""
    return len(os.sched_getaffinity(0))
