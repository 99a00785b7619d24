"""A sample to latents: its windows, conditions and rest pose by the video codec, its captions by the text encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from rigmill.outcomes import Refusal, Reject
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.types import Bytes, Camera, Ints
from shards.loader.latents.encoding import Encoding, Windows
from shards.loader.latents.file import Numbers, SampleLatents
from shards.loader.reading import Look, Modality, Pictures, Read, Reader, Wanted
from shards.loader.sample import Sample
from train.absent import AbsentText
from train.clips import to_unit
from train.codec import VideoCodec
from train.hardware import Hardware, hardware_of
from train.latents.wanted import EncoderSettings
from train.recipes import ModelConfig
from train.text import TextEncoder
from train.weights import codec_of, new_model, text_of
from train.words import WordEncoder


@dataclass(frozen=True, slots=True)
class Encoders:
    """What encodes, on its device."""

    codec: VideoCodec
    pose_codec: VideoCodec
    text: TextEncoder | WordEncoder | AbsentText
    hardware: Hardware

    @classmethod
    def of(cls, asked: EncoderSettings, folders: Mapping[str, Path]) -> Encoders:
        """Built as a training builds them."""
        config, hardware = asked.config, hardware_of(asked.device)
        if asked.built_with is None:
            text = text_of(config.text, folders, hardware.base_dtype)
        else:
            text = new_model(ModelConfig.from_dict(asked.built_with), seed=asked.seed, folders=folders).text
        codec = codec_of(config.codec, folders).to(hardware.device)
        pose = codec if config.pose_codec is None else codec_of(config.pose_codec, folders).to(hardware.device)
        return cls(codec, pose, text.to(hardware.device).eval(), hardware)

    @torch.no_grad()
    def video(self, pictures: Bytes, modality: Modality) -> Numbers:
        """Latents (C, f, h, w) of pictures (F, H, W, 3), float32. One at a time: the same however many there are."""
        videos = to_unit(pictures)[None].to(self.hardware.device)
        codec = self.pose_codec if modality == "pose" else self.codec
        return codec.encode(videos)[0].float().cpu().numpy()

    @torch.no_grad()
    def tokens(self, caption: str) -> Numbers:
        """Tokens (n, D) of a caption, float32, not padded."""
        return self.text.unpadded(caption).float().cpu().numpy()


_VIEWS_AT = {"": 1, "_conditions": 2, "_template": 0}  # the axis of views: after those of windows and conditions


def encode_sample(
    sample: Sample, num_views: int, captions: tuple[str, ...], *, windows: Windows, encoding: Encoding, by: Encoders
) -> SampleLatents:
    """All latents of a sample. Unreadable where it cannot be decoded; a Refusal where a number fits no type."""
    definition = None if encoding.pose_map is None else PoseMapDefinition.from_row(encoding.pose_map)
    look = Look(size_px=encoding.size_px, multiple=encoding.multiple, definition=definition)
    reader = Reader(look, deadline_s=None)
    steps = encoding.frame_stride * np.arange(windows.num_frames)
    frames = sorted({int(frame) for start in windows.starts for frame in start + steps})
    parts: dict[tuple[str, str], list[Numbers]] = {}
    cameras: list[Camera] = []
    with by.hardware.sampling():
        for view in range(num_views):
            read = reader.read(sample, Wanted(tuple(frames), (view,), condition_frame=None))
            cameras += read.cameras
            for modality, pictures in _parts_of(read):
                places = np.searchsorted(frames, np.array(windows.starts)[:, None] + steps)
                encode = partial(by.video, modality=modality)
                found = _view(pictures.video[0], pictures.condition[0], places, windows, encode)
                for part, array in zip(_VIEWS_AT, found):
                    parts.setdefault((modality, part), []).append(array)
        tokens = [by.tokens(caption) for caption in (*captions, "")]
    arrays = {
        modality + part: _stored(np.stack(views, axis=_VIEWS_AT[part]), encoding)
        for (modality, part), views in parts.items()
    }
    return SampleLatents(arrays, [_stored(one, encoding) for one in tokens], tuple(cameras))


def _parts_of(read: Read) -> list[tuple[Modality, Pictures]]:
    assert read.rgb is not None and read.pose is not None
    return [("rgb", read.rgb), ("pose", read.pose)]


def _view(
    video: Bytes, template: Bytes, places: Ints, windows: Windows, encode: Callable[[Bytes], Numbers]
) -> tuple[Numbers, Numbers, Numbers]:
    """Of one view: windows (W, C, f, h, w), conditions but the first (W, K - 1, C, 1, h, w), rest pose (C, 1, h, w).

    `places` (W, F) are those of the windows' frames in `video`.
    """
    of_windows = np.stack([encode(video[own]) for own in places])
    alone = {
        int(place): encode(video[place][None]) for place in np.unique(places[:, list(windows.condition_frames[1:])])
    }
    _, channels, _, *cells = of_windows.shape
    conditions = np.empty((len(places), len(windows.condition_frames) - 1, channels, 1, *cells), np.float32)
    for window, own in enumerate(places):
        for at, frame in enumerate(windows.condition_frames[1:]):
            conditions[window, at] = alone[int(own[frame])]
    return of_windows, conditions, encode(template)


def _stored(numbers: Numbers, encoding: Encoding) -> Numbers:
    """In the type that is stored."""
    with np.errstate(over="ignore"):
        found = numbers.astype(encoding.dtype)
    if not np.isfinite(found).all():
        worst = float(np.abs(numbers).max())
        raise Refusal(
            Reject.NOT_FINITE,
            f"a latent is {worst:.3g}, which {encoding.dtype} does not hold: latents.dtype=float32 may",
            measured=worst,
            limit=float(np.finfo(encoding.dtype).max),
        )
    return found
