"""PSNR, SSIM, MS-SSIM and FLIP are those of torchmetrics and of NVIDIA's own; copies, empty and small pictures."""

from __future__ import annotations

import cv2
import flip_evaluator
import numpy as np
import pytest
import torch
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from eval.metrics.flip import flip_errors
from eval.metrics.pictures import MAX_PSNR_DB, PictureScores, picture_scores
from eval.metrics.similarity import LEAST_PX, similarity

CLOSE = 1e-4


def blob(shift_px: int = 0, size_px: int = 176) -> tuple[np.ndarray, np.ndarray]:
    """A coloured, textured body on white, and its mask."""
    rng = np.random.default_rng(2)
    texture = cv2.resize(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), (size_px, size_px))
    mask = np.zeros((size_px, size_px), dtype=np.uint8)
    cv2.ellipse(mask, (size_px // 2 + shift_px, size_px // 2), (size_px // 5, size_px // 3), 20, 0, 360, 1, -1)
    picture = np.where(mask[..., None] > 0, np.roll(texture, shift_px, axis=1), np.uint8(255))
    return picture, mask.astype(np.bool_)


PAIRS = {
    "shifted": (blob()[0], blob(6)[0]),
    "brighter": (blob()[0], np.clip(blob()[0].astype(int) + 20, 0, 255).astype(np.uint8)),
    "blurred": (blob()[0], cv2.GaussianBlur(blob()[0], (0, 0), 3.0)),
    "noise": (blob()[0], np.random.default_rng(1).integers(0, 256, (176, 176, 3), dtype=np.uint8)),
    "at the border": (blob(70)[0], blob(80)[0]),
    "one pixel": (
        blob()[0],
        np.where(np.arange(176 * 176 * 3).reshape(176, 176, 3) < 3, 0, blob()[0]).astype(np.uint8),
    ),
}


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float64) / 255).permute(2, 0, 1)[None]


def scores(one: np.ndarray, other: np.ndarray, *masks: np.ndarray) -> PictureScores:
    full = np.ones(one.shape[:2], dtype=np.bool_)
    first, second = masks or (full, full)
    return picture_scores(
        one[None, None], other[None, None], found_mask=first[None, None], truth_mask=second[None, None]
    )


@pytest.mark.parametrize("name", PAIRS)
def test_they_are_the_libraries_numbers(name: str) -> None:
    one, other = PAIRS[name]
    found, (first, second) = scores(one, other), (tensor(one), tensor(other))
    assert found.psnr == pytest.approx(peak_signal_noise_ratio(first, second, data_range=1.0).item(), abs=CLOSE)
    ssim = structural_similarity_index_measure(first, second, data_range=1.0).item()
    assert found.ssim == pytest.approx(ssim, abs=CLOSE)
    ms_ssim = multiscale_structural_similarity_index_measure(first, second, data_range=1.0).item()
    assert found.ms_ssim == pytest.approx(ms_ssim, abs=CLOSE)
    theirs, mean, _ = flip_evaluator.evaluate(
        other.astype(np.float32) / 255, one.astype(np.float32) / 255, "LDR", applyMagma=False
    )
    assert found.flip == pytest.approx(mean, abs=CLOSE)
    assert np.abs(flip_errors(one, other) - theirs[..., 0]).max() < 2e-3  # theirs rounds powers in another way


def test_flip_at_another_distance_from_the_screen() -> None:
    one, other = PAIRS["shifted"]
    pictures = (picture.astype(np.float32) / 255 for picture in (other, one))
    _, mean, _ = flip_evaluator.evaluate(*pictures, "LDR", applyMagma=False, parameters={"ppd": 30.0})
    assert flip_errors(one, other, pixels_per_degree=30.0).mean() == pytest.approx(mean, abs=CLOSE)
    assert abs(flip_errors(one, other).mean() - mean) > 1e-3


def test_a_copy_is_perfect_to_the_bit() -> None:
    picture, mask = blob()
    assert scores(picture, picture, mask, mask) == PictureScores(
        psnr=MAX_PSNR_DB, psnr_subject=MAX_PSNR_DB, ssim=1, ssim_subject=1, ms_ssim=1, flip=0, flip_subject=0
    )


def test_both_directions_are_the_same() -> None:
    for one, other in PAIRS.values():
        there, back = scores(one, other), scores(other, one)
        assert there.psnr == back.psnr and there.flip == back.flip
        assert there.ssim == pytest.approx(back.ssim, abs=1e-6)


def test_the_subject_is_judged_without_its_background() -> None:
    (one, first), (other, second) = blob(), blob(6)
    found = scores(one, other, first, second)
    covered = first | second
    noise = ((one.astype(float) - other)[covered] ** 2).mean()
    assert found.psnr_subject == pytest.approx(10 * np.log10(255**2 / noise), abs=1e-6)
    assert found.psnr_subject < found.psnr and found.ssim_subject < found.ssim and found.flip_subject > found.flip
    assert found.flip_subject == pytest.approx(flip_errors(one, other)[covered].mean(), abs=1e-6)


def test_a_frame_without_anybody_says_nothing_of_the_subject() -> None:
    (one, first), (other, second) = blob(), blob(6)
    white, nobody = np.full_like(one, 255), np.zeros_like(first)
    alone = picture_scores(
        np.stack([one, white])[None],
        np.stack([other, white])[None],
        found_mask=np.stack([first, nobody])[None],
        truth_mask=np.stack([second, nobody])[None],
    )
    assert alone.ssim_subject == pytest.approx(scores(one, other, first, second).ssim_subject, abs=1e-9)
    nothing = scores(white, white, nobody, nobody)
    assert nothing.psnr_subject is nothing.ssim_subject is nothing.flip_subject is None and nothing.ssim == 1


def test_small_pictures_have_no_ms_ssim_and_tiny_ones_no_ssim() -> None:
    small, mask = blob(size_px=LEAST_PX - 1)
    assert scores(small, small, mask, mask).ms_ssim is None
    least, mask = blob(size_px=LEAST_PX)
    assert scores(least, least, mask, mask).ms_ssim == 1
    with pytest.raises(ValueError, match="too small"):
        similarity(np.zeros((10, 40, 3), np.uint8), np.zeros((10, 40, 3), np.uint8))


def test_pictures_of_other_sizes_are_refused() -> None:
    one, other = np.zeros((40, 40, 3), np.uint8), np.zeros((41, 40, 3), np.uint8)
    for measure in (similarity, flip_errors):
        with pytest.raises(ValueError, match="are held against"):
            measure(one, other)


def test_many_pictures_are_the_mean_of_each() -> None:
    pairs = list(PAIRS.values())[:4]
    found = np.stack([one for one, _ in pairs]).reshape(2, 2, 176, 176, 3)
    truth = np.stack([other for _, other in pairs]).reshape(2, 2, 176, 176, 3)
    mask = np.ones(found.shape[:-1], dtype=np.bool_)
    together = picture_scores(found, truth, found_mask=mask, truth_mask=mask)
    each = [scores(one, other) for one, other in pairs]
    for name in ("ssim", "ms_ssim", "flip", "ssim_subject", "flip_subject"):
        assert getattr(together, name) == pytest.approx(np.mean([getattr(one, name) for one in each]), abs=1e-6)
    noise = np.mean([255**2 / 10 ** (one.psnr / 10) for one in each])
    assert together.psnr == pytest.approx(10 * np.log10(255**2 / noise), abs=1e-5)
