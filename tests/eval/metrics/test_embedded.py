"""Weight-free counterparts see what they are for: stillness, a body that vanishes, jitter, flicker, blur, noise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from eval.metrics import embedded as measure

FRAMES, SIDE = 17, 128


def drawn(places: np.ndarray, gone: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """One view of a textured disc on white, whose middle is at (T, 2) pixels; it is not there in frames `gone`."""
    rng = np.random.default_rng(4)
    texture = cv2.GaussianBlur(cv2.resize(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8), (240, 240)), (0, 0), 1)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    frames, masks = [], []
    for frame, (across, down) in enumerate(places):
        mask = (np.hypot(x - across, y - down) < 24) & (frame not in gone)
        moved = cv2.remap(texture, x - np.float32(across - 120), y - np.float32(down - 120), cv2.INTER_LINEAR)
        frames.append(np.where(mask[..., None], moved, np.uint8(255)))
        masks.append(mask)
    return np.array(frames)[None], np.array(masks)[None]


def path(step_px: float, shaken_px: float = 0.0) -> np.ndarray:
    """To the right, up and down, perhaps trembling."""
    time = np.arange(FRAMES)
    smooth = np.stack([40 + step_px * time, 64 + 2 * step_px * np.sin(time / 3)], axis=-1)
    return smooth + np.random.default_rng(0).normal(scale=shaken_px, size=smooth.shape) if shaken_px else smooth


SMOOTH = drawn(path(2.5))
STILL = drawn(path(0.0))


def subject(pictures: np.ndarray, masks: np.ndarray) -> float:
    found = measure.i2v_subject_hist(pictures, masks, pictures[:, 0], masks[:, 0])
    assert found is not None
    return found


def smoothness(pictures: np.ndarray, masks: np.ndarray) -> tuple[float, float]:
    whole, body = measure.motion_smoothness_dis(pictures, masks)
    assert whole is not None and body is not None
    return whole, body


def test_a_body_that_stands_still_is_as_smooth_and_alike_as_can_be_and_not_dynamic() -> None:
    pictures, masks = STILL
    assert subject(pictures, masks) == pytest.approx(1) and smoothness(pictures, masks) == (1, 1)
    assert measure.dynamic_degree_dis(pictures, fps=16) == 0 and measure.temporal_flickering(pictures) == 1


def test_a_body_that_vanishes_is_unlike_itself() -> None:
    seen, gone = subject(*SMOOTH), subject(*drawn(path(2.5), gone=tuple(range(9, 17))))
    assert seen > 0.9 and gone < 0.75  # the least from frame to frame is nothing, a third of them are nothing
    assert smoothness(*drawn(path(2.5), gone=(9,)))[1] < smoothness(*SMOOTH)[1] - 0.02


def test_a_body_that_was_never_there_is_like_nothing() -> None:
    pictures, masks = drawn(path(2.5), gone=tuple(range(17)))
    assert measure.i2v_subject_hist(pictures, masks, SMOOTH[0][:, 0], SMOOTH[1][:, 0]) == 0
    assert measure.motion_smoothness_dis(pictures, masks) == (1.0, None)
    assert measure.imaging_quality_proxy(pictures, masks) is None


def test_what_moves_is_dynamic_by_vbenchs_limit() -> None:
    # The limit is 6 px of 256 from one sampled frame to the next, at 8 of 16 frames a second: 1.5 px a frame here.
    assert measure.dynamic_degree_dis(SMOOTH[0], fps=16) == 1
    assert measure.dynamic_degree_dis(drawn(path(0.6))[0], fps=16) == 0
    assert measure.dynamic_degree_dis(np.concatenate([SMOOTH[0], STILL[0]]), fps=16) == 0.5
    # One quarter of the sampled frames: two steps of eight are enough, one is not.
    places = path(0.0)
    places[7:, 0] += 8
    assert measure.dynamic_degree_dis(drawn(places)[0], fps=16) == 0
    places[11:, 0] += 8
    assert measure.dynamic_degree_dis(drawn(places)[0], fps=16) == 1


def test_trembling_is_not_smooth_and_the_background_hides_most_of_it() -> None:
    calm, shaken = smoothness(*SMOOTH), smoothness(*drawn(path(2.5, shaken_px=3.0)))
    assert calm[1] > shaken[1] + 0.03
    assert 0 < calm[0] - shaken[0] < (calm[1] - shaken[1]) / 2


def test_flicker_is_the_mean_step_in_brightness() -> None:
    pictures, masks = STILL
    dark = pictures.copy()
    dark[:, 1::2] = np.clip(dark[:, 1::2].astype(int) - 51, 0, 255)
    steps = np.abs(np.diff(dark.astype(float), axis=1)).mean()
    assert measure.temporal_flickering(dark) == pytest.approx(1 - steps / 255, abs=1e-9)
    assert measure.i2v_subject_hist(dark[:, :1], masks[:, :1], dark[:, 0], masks[:, 0]) is None
    assert measure.dynamic_degree_dis(dark[:, :1], fps=16) == 0
    assert measure.temporal_flickering(dark[:, :1]) is None and measure.motion_smoothness_dis(
        dark[:, :2], masks[:, :2]
    ) == (None, None)


def test_blur_and_noise_are_not_clear() -> None:
    pictures, masks = SMOOTH
    blurred = np.array([cv2.GaussianBlur(frame, (0, 0), 3) for frame in pictures[0]])[None]
    noise = np.random.default_rng(0).normal(scale=25, size=pictures.shape)
    noisy = np.clip(pictures + noise, 0, 255).astype(np.uint8)
    clear, dull, rough = (measure.imaging_quality_proxy(each, masks) for each in (pictures, blurred, noisy))
    assert clear is not None and dull is not None and rough is not None
    assert clear > 1.3 * dull and clear > 1.3 * rough


def test_vbenchs_rules_by_hand() -> None:
    from eval.metrics.consistency import cosines, i2v_subject, subject_consistency

    assert i2v_subject(np.array([0.5, 0.9, -1]), np.array([0.8, -0.4])) == pytest.approx(0.36 + 0.12)
    assert subject_consistency(np.array([1.0, 0.5]), np.array([0.5, -2])) == pytest.approx(0.5)
    assert cosines(np.array([[3.0, 4], [0, 0]]), np.array([[4.0, 3], [1, 1]])) == pytest.approx([0.96, 0])
