"""Batches of the shard loader for a trainer: Lightning's data module, for any number of ranks and workers.

Its state is one integer, the position of the next draw. It is what the trainer has *trained on*, said by `trained`
from within `training_step`: loaders run ahead, and a checkpoint callback runs before a module's own end-of-batch hook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rigmill.types import Camera
from shards.loader.ahead import ahead
from shards.loader.latents.cached import LatentBatch, Latents
from shards.loader.loader import LoadedBatch, Loads, Unread
from shards.loader.order import Share, Steps
from shards.loader.plan import Planned
from shards.loader.waiting import Waiting


@dataclass(frozen=True, slots=True)
class FedPictures:
    """One modality of a batch, bytes."""

    video: Tensor  # (B, V, F, H, W, 3) uint8
    condition: Tensor  # (B, V, 1, H, W, 3) uint8


@dataclass(frozen=True, slots=True)
class FedBatch:
    """`LoadedBatch` with tensors, and where the run is when it has been trained on."""

    draws: tuple[Planned, ...]
    next_position: int
    rgb: FedPictures | None
    pose: FedPictures | None
    dropped: Tensor  # (B,) bool
    cameras: tuple[tuple[Camera, ...], ...]
    loaded: LoadedBatch | None  # without its pictures: captions, clip ids, what was replaced, cached latents

    @property
    def about(self) -> LoadedBatch:
        """All but the pictures."""
        assert self.loaded is not None
        return self.loaded

    def parts(self, number: int) -> list[FedBatch]:
        """The batch in so many equal parts, over the same memory."""
        size = len(self.draws) // number
        return [self._part(slice(at * size, (at + 1) * size)) for at in range(number)] if number > 1 else [self]

    def _part(self, own: slice) -> FedBatch:
        def taken(pictures: FedPictures | None) -> FedPictures | None:
            return None if pictures is None else FedPictures(pictures.video[own], pictures.condition[own])

        about = self.about
        return replace(
            self,
            draws=self.draws[own],
            rgb=taken(self.rgb),
            pose=taken(self.pose),
            dropped=self.dropped[own],
            cameras=self.cameras[own],
            loaded=replace(
                about,
                draws=about.draws[own],
                dropped=about.dropped[own],
                cameras=about.cameras[own],
                captions=about.captions[own],
                clip_ids=about.clip_ids[own],
                latents=None if about.latents is None else _some(about.latents, own),
            ),
        )

    def to(self, device: torch.device, **options: Any) -> FedBatch:
        """The batch on another device, still bytes: a quarter of what floats would have to carry."""

        def moved(pictures: FedPictures | None) -> FedPictures | None:
            if pictures is None:
                return None
            return FedPictures(pictures.video.to(device, **options), pictures.condition.to(device, **options))

        return replace(self, rgb=moved(self.rgb), pose=moved(self.pose), dropped=self.dropped.to(device, **options))


def _some(latents: LatentBatch, own: slice) -> LatentBatch:
    rgb, pose = (Latents(one.video[own], one.condition[own]) for one in (latents.rgb, latents.pose))
    return LatentBatch(rgb, pose, latents.text[own], latents.cameras[own], latents.clip_ids[own])


def unit(pictures: Tensor) -> Tensor:
    """Pictures (..., F, H, W, 3) uint8 to (..., 3, F, H, W) float32 in [-1, 1], on their device."""
    return pictures.movedim(-1, -4).float() / 127.5 - 1


def fed(batch: LoadedBatch, share: Share) -> FedBatch:
    """A loaded batch as tensors over the same memory."""

    def tensors(pictures: Any) -> FedPictures | None:
        if pictures is None:
            return None
        return FedPictures(torch.from_numpy(pictures.video), torch.from_numpy(pictures.condition))

    return FedBatch(
        draws=batch.draws,
        next_position=share.next_position(batch.draws[0].position),
        rgb=tensors(batch.rgb),
        pose=tensors(batch.pose),
        dropped=torch.from_numpy(batch.dropped),
        cameras=batch.cameras,
        loaded=replace(batch, rgb=None, pose=None),
    )


class _Batches(Dataset[FedBatch]):
    """What a worker is asked for: the batch of some positions."""

    def __init__(self, loader: Loads, share: Share) -> None:
        self.loader, self.share = loader, share

    def __getitems__(self, positions: list[int]) -> FedBatch:
        return fed(self.loader[positions], self.share)


def _as_it_is(batch: FedBatch) -> FedBatch:
    return batch


class FeedLoader:
    """The batches of one rank. An iteration is the rest of the epoch in which `feed.position` lies."""

    def __init__(self, feed: ShardFeed, share: Share) -> None:
        self.feed, self.steps = feed, Steps(share, draws_per_epoch=feed.draws_per_epoch)
        self._batches = _Batches(feed.loader, share)
        self._workers: DataLoader[FedBatch] | None = None
        if feed.num_workers:
            self._workers = DataLoader(
                self._batches,
                batch_sampler=self.steps,
                num_workers=feed.num_workers,
                collate_fn=_as_it_is,  # type: ignore[arg-type]  # of a dataset that makes batches itself
                persistent_workers=True,
                prefetch_factor=feed.depth,
                # A copy of this process would hold every lock that another of its threads held just then, and wait for
                # it for ever; what a fork server starts would not notice that this process was killed.
                multiprocessing_context="spawn",
            )

    def __iter__(self) -> Iterator[FedBatch]:
        self.steps.position = self.feed.position
        if self._workers is not None:
            return self.feed.waiting.over(self._workers)
        return self.feed.waiting.over(ahead(self._batches.__getitems__, self.steps, depth=self.feed.depth))

    def state_dict(self) -> dict[str, int]:
        """Lightning asks loaders for it, so that it knows that they can go on within an epoch."""
        return self.feed.state_dict()

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        self.feed.load_state_dict(state_dict)


class ShardFeed(lightning.LightningDataModule):
    """Draws of a shard loader for Lightning, under any strategy. The trainer needs use_distributed_sampler=False.

    A module's `training_step` calls `trained(batch)`.
    """

    def __init__(
        self,
        loader: Loads,
        *,
        draws_per_step: int,
        draws_per_epoch: int | None = None,
        num_workers: int = 0,
        depth: int = 2,
        position: int = 0,
        view_ranks: int = 1,
    ) -> None:
        """`draws_per_step`: of all ranks together. `draws_per_epoch`: None: as many as there are clips.

        `num_workers`: processes that load; 0: a thread of this one. `depth`: batches that each has ready. `view_ranks`:
        so many neighbouring ranks take the same draws.
        """
        super().__init__()
        self.loader, self.draws_per_step, self.num_workers, self.depth = loader, draws_per_step, num_workers, depth
        self.draws_per_epoch = draws_per_epoch or len(loader.plan.catalogue)
        self.position, self.view_ranks = position, view_ranks
        self.waiting, self.unread = Waiting(), Unread()

    def train_dataloader(self) -> FeedLoader:
        world, rank = (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)
        world, rank = world // self.view_ranks, rank // self.view_ranks
        if self.draws_per_step % world:
            raise ValueError(f"{world} ranks cannot share {self.draws_per_step} draws a step evenly")
        return FeedLoader(self, Share(self.draws_per_step // world, rank, world))

    def trained(self, batch: FedBatch) -> None:
        """Say that this batch is being trained on: a checkpoint from here on goes on after it."""
        self.position = batch.next_position
        self.unread.add(batch.about)

    @property
    def figures(self) -> dict[str, float]:
        """For the trainer's log: the mixture as it was drawn, what was replaced here, how long was waited for data."""
        return self.loader.plan.realised(self.position).figures() | {
            "data/unread": float(self.unread.total),
            "data/data_wait_share": self.waiting.share,
        }

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        self.position = int(state_dict["position"])
