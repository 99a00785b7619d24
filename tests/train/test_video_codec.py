"""The fixed DCT codec, against scipy's transform and on pictures."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft
import torch

from train.clips import from_unit, to_unit
from train.codec import DctCodec, num_latent_frames
from train.recipes import CodecConfig


def smooth_video(frames: int) -> torch.Tensor:
    time = torch.arange(frames)[:, None, None] / frames
    rows, columns = torch.meshgrid(torch.arange(64) / 64, torch.arange(64) / 64, indexing="ij")
    waves = [torch.sin(3 * rows + 2 * time + shift) * torch.cos(4 * columns + shift) for shift in (0.0, 1.0, 2.0)]
    return torch.stack(waves)[None] * 0.9


def test_a_smooth_picture_survives_at_more_than_35_db() -> None:
    codec, video = DctCodec(CodecConfig("dct", 16, 8, 1)), smooth_video(5)
    error = (codec.decode(codec.encode(video)) - video).square().mean() / 4
    assert -10 * torch.log10(error) > 35


def test_all_coefficients_give_the_picture_back() -> None:
    codec, video = DctCodec(CodecConfig("dct", 192, 8, 1)), torch.rand(2, 3, 3, 16, 24) * 2 - 1
    torch.testing.assert_close(codec.decode(codec.encode(video)), video, rtol=0, atol=1e-4)


def test_the_kept_energy_is_scipy_s_lowest_frequencies() -> None:
    codec = DctCodec(CodecConfig("dct", 16, 8, 1))
    block = torch.rand(1, 3, 1, 8, 8) * 2 - 1
    truth = scipy.fft.dctn(block[0, :, 0].double().numpy(), norm="ortho")
    ours = (codec.encode(block)[0, :, 0, 0, 0] / codec.gains[:, 0, 0]).numpy()
    expected = [truth[c, y, x] for c in range(3) for y in range(8) for x in range(8) if y + x + (2 if c else 0) <= 3]
    np.testing.assert_allclose(sorted(ours), sorted(expected), atol=1e-5)


def test_the_first_frame_is_always_a_latent_of_its_own() -> None:
    video = smooth_video(9)
    for factor in (1, 2, 4):
        codec = DctCodec(CodecConfig("dct", 16, 8, factor))
        latents = codec.encode(video)
        assert latents.shape == (1, 16, 1 + 8 // factor, 8, 8)
        assert torch.equal(latents[:, :, :1], codec.encode(video[:, :, :1]))
        assert codec.decode(latents).shape == video.shape


def test_lengths_that_would_lose_frames_are_refused() -> None:
    codec = DctCodec(CodecConfig("dct", 16, 8, 4))
    assert num_latent_frames(codec, 17) == 5
    with pytest.raises(ValueError, match="4k\\+1"):
        num_latent_frames(codec, 16)


def test_bytes_to_unit_range_and_back_loses_nothing() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4, 3), dtype=np.uint8)
    np.testing.assert_array_equal(from_unit(to_unit(pictures)), pictures)


def test_an_even_codec_keeps_the_same_waves_of_every_colour() -> None:
    codec, block = DctCodec(CodecConfig("dct", 48, 8, 1, even=True)), torch.rand(1, 3, 1, 8, 8) * 2 - 1
    truth = scipy.fft.dctn(block[0, :, 0].double().numpy(), axes=(1, 2), norm="ortho")
    ours = codec.encode(block)[0, :, 0, 0, 0].numpy()
    np.testing.assert_allclose(sorted(ours), sorted(truth[:, :4, :4].ravel()), atol=1e-5)
