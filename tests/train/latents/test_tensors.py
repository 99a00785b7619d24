"""A batch of cached latents is what the trainer makes of a batch of pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from rigmill.storage.files import Store
from shards.loader.latents.cached import LatentDraw
from shards.loader.reading import Reader, Wanted
from tests.support.latent_jobs import kept_rows, opened, profile_with, run, sample_of
from tests.support.training import Index
from train.clips import look_of, ray_maps, to_unit
from train.inputs import TrainSettings
from train.latents.tensors import EncodedBatch
from train.latents.wanted import encoding_of
from train.starting import start_model


def test_a_batch_has_the_latents_text_and_rays_of_its_draws(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, num_frames=5)
    profile = profile_with(settings)
    latents = opened(kept_rows(run(rows, profile, store, tmp_path)), rows, store, encoding_of(profile))
    model = start_model(settings, None, {})
    config, reader = model.config, Reader(look_of(model.config))
    draws = [
        LatentDraw("clip0", window=0, num_frames=5, views=(0, 1), condition=1, sentence=0),
        LatentDraw("clip2", window=1, num_frames=5, views=(1, 3), condition=None, sentence=None),
    ]
    stored = EncodedBatch.of(latents.read(draws), config)
    batch = stored.to(torch.device("cpu"))
    assert stored.videos.rgb.data_ptr() == batch.videos.rgb.data_ptr(), "float32 is not copied"
    reads = [
        reader.read(sample_of(rows[0], store), Wanted(tuple(range(5)), (0, 1), 2)),
        reader.read(sample_of(rows[2], store), Wanted(tuple(range(6, 11)), (1, 3), None)),
    ]
    with torch.no_grad():
        for ours, pictures in (
            (batch.videos.rgb, [read.rgb.video for read in reads if read.rgb]),
            (batch.videos.pose, [read.pose.video for read in reads if read.pose]),
            (batch.conditions.rgb, [read.rgb.condition for read in reads if read.rgb]),
            (batch.conditions.pose, [read.pose.condition for read in reads if read.pose]),
        ):
            encoded = model.codec.encode(to_unit(np.stack(pictures)).flatten(0, 1)).unflatten(0, (2, 2))
            torch.testing.assert_close(ours, encoded, rtol=0, atol=2e-6)
        assert torch.equal(batch.text, model.text([rows[0]["caption"], ""]))
    assert torch.equal(batch.rays[1], ray_maps(reads[1].cameras, factor=8)) and batch.rays.shape == (2, 2, 6, 4, 4)


def test_half_precision_becomes_float32_on_the_device(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    profile = profile_with(replace(settings, recipe="mini_joint", num_frames=5), {"enabled": True})
    latents = opened(kept_rows(run(rows[:1], profile, store, tmp_path)), rows[:1], store, encoding_of(profile))
    draw = LatentDraw("clip0", window=0, num_frames=5, views=(0,), condition=None, sentence=None)
    stored = EncodedBatch.of(latents.read([draw]), start_model(replace(settings, recipe="mini_joint"), None, {}).config)
    assert stored.videos.pose.dtype == torch.float16 and not stored.text.any(), "no words"
    batch = stored.to(torch.device("cpu"))
    kinds = {part.dtype for part in (batch.videos.rgb, batch.videos.pose, batch.conditions.rgb, batch.text, batch.rays)}
    assert kinds == {torch.float32}
