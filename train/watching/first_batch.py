"""The first batch of a training as a picture: what the model is really given, before hours are spent on it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import cv2
import numpy as np
import torch

from rigmill.clips.pictures import image_bytes
from rigmill.types import Bytes
from train.absent import AbsentCodec
from train.clips import from_unit
from train.data import Batch
from train.weights import Model

MOST_CLIPS, MOST_VIEWS, NUM_FRAMES = 4, 2, 4
_TILE_PX = 160  # of a tile's shorter side, at least: whole times the model's pixels
_LINE_PX, _LETTER_PX, _SCALE = 18, 7.6, 0.42
_PAPER, _INK = 255, (20, 20, 20)


def first_batch_png(model: Model, batch: Batch) -> bytes | None:
    """A block a clip and view: RGB above, its pose map below, the condition at the left, and what is said of it.

    None where the batch is of cached latents and nothing here can decode them.
    """
    shown = _pictures(model, batch)
    if shown is None:
        return None
    blocks = []
    for clip in range(min(MOST_CLIPS, len(batch.captions))):
        for view in range(min(MOST_VIEWS, batch.rays.shape[1])):
            rows = [_row(condition[clip, view], video[clip, view]) for condition, video in shown]
            pictures = np.concatenate(rows)
            blocks.append(np.concatenate([pictures, _words(_about(batch, clip, view), pictures.shape[1])]))
    width = max(block.shape[1] for block in blocks)
    padded = [np.pad(one, ((0, 0), (0, width - one.shape[1]), (0, 0)), constant_values=_PAPER) for one in blocks]
    data: bytes = image_bytes(".png", np.concatenate(padded))
    return data


def _pictures(model: Model, batch: Batch) -> list[tuple[Bytes, Bytes]] | None:
    """Conditions and videos (B, V, F, H, W, 3) of the modalities that the model has."""
    names = model.config.denoiser.modalities
    parts = [(getattr(batch.conditions, name), getattr(batch.videos, name)) for name in names]
    if batch.text is not None:
        codec = model.codec
        if isinstance(codec, AbsentCodec):
            return None
        with torch.no_grad():
            some = [tuple(part[:MOST_CLIPS, :MOST_VIEWS] for part in pair) for pair in parts]
            codecs = [model.pose_codec if name == "pose" else codec for name in names]
            parts = [
                tuple(own.decode(part.flatten(0, 1)).unflatten(0, part.shape[:2]) for part in pair)
                for own, pair in zip(codecs, some)
            ]
    return [(from_unit(condition.float().cpu()), from_unit(video.float().cpu())) for condition, video in parts]


def _row(condition: Bytes, video: Bytes) -> Bytes:
    """The condition, a line, and some frames."""
    chosen = np.linspace(0, len(video) - 1, min(NUM_FRAMES, len(video))).round().astype(int)
    tiles = [_larger(condition[0]), *(_larger(video[frame]) for frame in chosen)]
    line = np.full((tiles[0].shape[0], 6, 3), _PAPER, np.uint8)
    return np.concatenate([tiles[0], line, *tiles[1:]], axis=1)


def _larger(picture: Bytes) -> Bytes:
    times = max(1, -(-_TILE_PX // min(picture.shape[:2])))
    return np.asarray(np.repeat(np.repeat(picture, times, axis=0), times, axis=1), dtype=np.uint8)


def _about(batch: Batch, clip: int, view: int) -> list[str]:
    dropped = ", condition left out" if bool(batch.dropped[clip]) else ""
    frames = batch.videos.rgb.shape[3]
    kind = "latent frames" if batch.text is not None else "frames"
    level = f"noise level {float(batch.sigma[clip]):.3f}"
    return [
        f"clip {batch.clip_ids[clip]}, view {view}: {frames} {kind}, {level}{dropped}",
        f"caption: {batch.captions[clip] or '(left out)'}",
    ]


def _words(lines: Sequence[str], width: int) -> Bytes:
    """Sentences on paper as wide as the pictures; letters that the font lacks are question marks."""
    fitted = [part for line in lines for part in wrap(line, max(20, int(width / _LETTER_PX)))]
    paper = np.full((_LINE_PX * len(fitted) + 12, width, 3), _PAPER, np.uint8)
    for place, line in enumerate(fitted):
        at = (4, _LINE_PX * (place + 1) - 4)
        text = line.encode("ascii", "replace").decode()
        cv2.putText(paper, text, at, cv2.FONT_HERSHEY_SIMPLEX, _SCALE, _INK, 1, cv2.LINE_AA)
    return paper
