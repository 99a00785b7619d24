"""Batches of a run by the positions of their draws: uint8 in numpy, to be normalised where the model is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from rigmill.types import Bools, Bytes, Camera
from shards.loader.latents.cached import LatentBatch
from shards.loader.plan import Plan, Planned
from shards.loader.reading import Pictures, Read, Reads, Unreadable, Wanted

MAX_SUCCESSORS = 8  # tried for one draw; where so many neighbours cannot be read, it is not the samples


@dataclass(frozen=True, slots=True)
class Replaced:
    """A sample that could not be read, and which was drawn in its place."""

    position: int
    clip_id: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class LoadedBatch:
    """B draws of V views and F frames. A modality that was not asked for is None."""

    draws: tuple[Planned, ...]
    rgb: Pictures | None  # video (B, V, F, H, W, 3), condition (B, V, 1, H, W, 3), uint8
    pose: Pictures | None
    dropped: Bools  # (B,) the image condition is left out
    cameras: tuple[tuple[Camera, ...], ...]  # B of V
    captions: tuple[str, ...]
    clip_ids: tuple[str, ...]
    replaced: tuple[Replaced, ...] = ()
    latents: LatentBatch | None = None  # in place of pictures, where they were encoded before

    @property
    def positions(self) -> tuple[int, ...]:
        return tuple(draw.position for draw in self.draws)


@dataclass(slots=True)
class Unread:
    """What was replaced so far, by clip."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, batch: LoadedBatch) -> None:
        self.counts.update(one.clip_id for one in batch.replaced)

    @property
    def total(self) -> int:
        return self.counts.total()


class Loads(Protocol):
    """What feeds a training. The same positions are the same batch in every process."""

    plan: Plan

    def __getitem__(self, positions: Sequence[int]) -> LoadedBatch: ...


class ShardLoader:
    """Loads batches. `loader[positions]` is the batch of these draws, the same in every process.

    `on_unreadable`: "stop" ends with the name of a sample that cannot be read; "replace" draws its successor in its
    place, the next of its source, and says so in the batch.
    """

    def __init__(self, plan: Plan, reader: Reads, *, on_unreadable: Literal["stop", "replace"] = "stop") -> None:
        self.plan, self.reader, self.on_unreadable = plan, reader, on_unreadable

    def __getitem__(self, positions: Sequence[int]) -> LoadedBatch:
        draws = [self.plan.draw(position) for position in positions]
        counts = {draw.num_frames for draw in draws}
        if len(counts) > 1:
            raise ValueError(f"draws {positions} are of steps with {sorted(counts)} frames: they make no one batch")
        read: list[Read] = []
        rows: list[int] = []
        replaced: list[Replaced] = []
        for draw in draws:
            row, one, instead = self._read(draw)
            rows.append(row)
            read.append(one)
            replaced += instead
        catalogue = self.plan.catalogue
        captions = [catalogue.captions(row) for row in rows]
        return LoadedBatch(
            draws=tuple(draws),
            rgb=self._stack([one.rgb for one in read]),
            pose=self._stack([one.pose for one in read]),
            dropped=np.array([draw.seen.drop_condition for draw in draws], np.bool_),
            cameras=tuple(one.cameras for one in read),
            captions=tuple(
                "" if draw.sentence is None else own[draw.sentence % len(own)] for own, draw in zip(captions, draws)
            ),
            clip_ids=tuple(catalogue.clip_id(row) for row in rows),
            replaced=tuple(replaced),
        )

    def _read(self, draw: Planned) -> tuple[int, Read, list[Replaced]]:
        row, failed = draw.row, list[tuple[str, str]]()
        wanted = Wanted(draw.frames, draw.seen.views, draw.condition_frame)
        while True:
            sample = self.plan.catalogue.sample(row)
            try:
                one = self.reader.read(sample, wanted)
            except Unreadable as error:
                failed.append((sample.clip_id, error.what))
                row = self.plan.successor(row)
                if self.on_unreadable == "stop" or row == draw.row or len(failed) > MAX_SUCCESSORS:
                    raise
                continue
            return row, one, [Replaced(draw.position, clip_id, sample.clip_id, why) for clip_id, why in failed]

    def _stack(self, parts: Sequence[Pictures | None]) -> Pictures | None:
        found = [part for part in parts if part is not None]
        if not found:
            return None
        return Pictures(
            self._stacked([part.video for part in found]), self._stacked([part.condition for part in found])
        )

    def _stacked(self, arrays: Sequence[Bytes]) -> Bytes:
        if len(arrays) == 1:
            return arrays[0][None]
        if len({array.shape for array in arrays}) > 1:
            shapes = sorted({array.shape for array in arrays})
            raise ValueError(f"clips of one step have pictures of several sizes or numbers of views: {shapes}")
        together: Bytes = np.stack(arrays, out=self.reader.buffers.take((len(arrays), *arrays[0].shape)))
        return together
