"""What a training draws, and its batches as the model is given them: windows, conditions, noise levels, rays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from torch import Tensor

from rigmill.errors import UserError
from rigmill.kinds import Split
from rigmill.storage.files import Store
from shards.loader.catalogue import Catalogue
from shards.loader.latent_loader import LatentLoader
from shards.loader.latents.cached import CachedLatents
from shards.loader.loader import Loads, ShardLoader
from shards.loader.plan import Drawing, Part, Plan
from shards.loader.reading import Reader, Reads
from train.clips import Pictures, look_of, ray_maps
from train.feed import FedBatch, unit
from train.inputs import TrainingClip, TrainSettings
from train.latents.tensors import EncodedBatch
from train.model.joint import MODALITIES, Pair
from train.objective import noise_levels
from train.recipes import ModelConfig


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step trains on. Pictures are float32 in [-1, 1]; encoded ones are what the codec makes of them.

    Of a modality that the model does not have, pictures are zeros.
    """

    step: int
    videos: Pair  # (B, V, 3, F, H, W); encoded (B, V, C, f, h, w)
    conditions: Pair  # (B, V, 3, 1, H, W); encoded (B, V, C, 1, h, w)
    dropped: Tensor  # (B,) bool: the condition is left out
    sigma: Tensor  # (B,)
    rays: Tensor  # (B, V, 6, h, w)
    captions: tuple[str, ...]
    clip_ids: tuple[str, ...]
    places: tuple[int, ...] = ()  # of the B draws in their step
    views: tuple[tuple[int, ...], ...] = ()  # of each draw's clip
    frames: tuple[int, ...] | None = None  # F of them, which of the window's frames these are; None: all
    text: Tensor | None = None  # (B, X, E) the captions, encoded, where pictures are; None: neither is


def drawing_of(settings: TrainSettings, config: ModelConfig) -> Drawing:
    """What decides about the draws of a stage of a training."""
    return Drawing(
        seed=settings.seed,
        draws_per_step=settings.batch_size,
        num_views=config.views_per_clip,
        frame_counts=settings.counts,
        frame_stride=config.frame_stride,
        drawn_frames=settings.drawn_frames,
        condition_dropout=settings.condition_dropout,
        caption_dropout=settings.caption_dropout,
        rest_share=settings.rest_share,
        mixture=settings.mixture,
        may_lack=tuple(settings.may_lack),
    )


def catalogue_of(clips: Sequence[TrainingClip], store: Store) -> Catalogue:
    """Clips as what may be drawn."""
    rows = [
        {
            "clip_id": clip.place.clip_id,
            "source": clip.source,
            "split": Split.TRAIN.value,
            "num_frames": clip.num_frames,
            "num_views": clip.num_views,
            "offset": clip.place.offset,
            "num_bytes": clip.place.num_bytes,
            "sample_sha256": clip.place.sha256,
            "caption": clip.caption,
            "captions": list(clip.captions),
            "shard_file": clip.place.shard_file.to_row(),
        }
        for clip in clips
    ]
    return Catalogue.of_rows(pa.Table.from_pylist(rows), store)


def loader_of(
    clips: Sequence[TrainingClip] | Pictures,
    *,
    config: ModelConfig,
    settings: TrainSettings,
    store_root: Path,
    latents: CachedLatents | None = None,
    part: Part | None = None,
) -> Loads:
    """The loader of a stage. Clips lie in shards of the store, are at the model's size already, or are encoded.

    `part`: which of a draw's views are this rank's; None: all.
    """
    if settings.drawn_frames and config.codec.temporal_factor > 1:
        raise UserError(
            f"train.stages: {settings.stage} has drawn_frames {settings.drawn_frames}",
            why=f"the codec of recipe {settings.recipe} makes one latent frame of "
            f"{config.codec.temporal_factor}, which must follow each other",
            fix="drawn_frames: 0",
            code="E501",
        )
    known = clips if isinstance(clips, Sequence) else clips.clips
    plan = Plan(catalogue_of(known, Store(store_root)), drawing_of(settings, config), part)
    if latents is not None:
        return LatentLoader(plan, latents)
    reader: Reads = Reader(look_of(config)) if isinstance(clips, Sequence) else clips.reader()
    return ShardLoader(plan, reader)


def prepared(fed: FedBatch, *, config: ModelConfig, settings: TrainSettings) -> Batch:
    """A batch of the loader as the model is given it, on the device where it lies."""
    device, step = fed.dropped.device, fed.draws[0].position // settings.batch_size
    places = [draw.position % settings.batch_size for draw in fed.draws]
    rays = [ray_maps(cameras, factor=config.codec.spatial_factor) for cameras in fed.cameras]

    def pair(name: str) -> Pair:
        return Pair(*(pictures(modality, getattr(getattr(fed, modality), name)) for modality in MODALITIES))

    def pictures(modality: str, given: Tensor) -> Tensor:
        if modality in config.denoiser.modalities:
            return unit(given)
        return torch.zeros(()).to(device).expand(given.movedim(-1, -4).shape)

    cached, encoded = fed.about.latents, None
    if cached is not None:
        encoded = EncodedBatch.of(cached, config).to(device)
    return Batch(
        step=step,
        videos=pair("video") if encoded is None else encoded.videos,
        conditions=pair("condition") if encoded is None else encoded.conditions,
        dropped=fed.dropped,
        sigma=noise_levels(settings, config, step=step, places=places).to(device),
        rays=torch.stack(rays).to(device),
        captions=fed.about.captions,
        clip_ids=fed.about.clip_ids,
        places=tuple(places),
        views=tuple(draw.seen.views for draw in fed.draws),
        frames=fed.draws[0].of_window,
        text=None if encoded is None else encoded.text,
    )
