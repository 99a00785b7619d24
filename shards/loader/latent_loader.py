"""Batches of cached latents by the positions of their draws: no video is decoded, nothing is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shards.loader.latents.cached import CachedLatents, LatentDraw, Latents
from shards.loader.loader import LoadedBatch
from shards.loader.plan import Plan, Planned


class LatentLoader:
    """Loads batches of a plan whose clips have cached latents. `loader[positions]` is the same in every process.

    A draw has the clip, views, condition and caption of the plan. Where the cache does not have its window or condition
    frame, it has the one that stands for it.
    """

    def __init__(self, plan: Plan, cached: CachedLatents) -> None:
        self.plan, self.cached = plan, cached

    def __getitem__(self, positions: Sequence[int]) -> LoadedBatch:
        draws = [self.plan.draw(position) for position in positions]
        captions = [self.plan.catalogue.captions(draw.row) for draw in draws]
        batch = self.cached.read([self._chosen(draw) for draw in draws])
        of_window = draws[0].of_window
        if of_window is not None:
            batch = replace(batch, rgb=_frames(batch.rgb, of_window), pose=_frames(batch.pose, of_window))
        return LoadedBatch(
            draws=tuple(draws),
            rgb=None,
            pose=None,
            dropped=np.array([draw.seen.drop_condition for draw in draws], np.bool_),
            cameras=batch.cameras,
            captions=tuple("" if draw.sentence is None else own[draw.sentence] for own, draw in zip(captions, draws)),
            clip_ids=batch.clip_ids,
            latents=batch,
        )

    def _chosen(self, draw: Planned) -> LatentDraw:
        catalogue = self.plan.catalogue
        return self.cached.choose(
            catalogue.clip_id(draw.row),
            draw.seen,
            clip_frames=int(catalogue.num_frames[draw.row]),
            num_frames=draw.num_frames,
            sentence=draw.sentence,
        )


def _frames(latents: Latents, chosen: tuple[int, ...]) -> Latents:
    """Some of a window's frames, of a codec that keeps every frame apart."""
    return replace(latents, video=np.ascontiguousarray(latents.video[:, :, :, list(chosen)]))
