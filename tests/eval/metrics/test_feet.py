"""Feet that slide are measured where the true ones stand, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from eval.metrics import feet as measure

FPS = 10.0


@pytest.fixture
def stepping() -> np.ndarray:
    """One foot: it stands for ten frames, swings through the air for ten, stands again."""
    foot = np.zeros((30, 1, 3))
    swing = np.linspace(0, 1, 11)
    foot[9:20, 0, 1] = -swing
    foot[9:20, 0, 2] = 0.4 * np.sin(np.pi * swing)
    foot[20:, 0, 1] = -1
    return foot


def test_standing_is_before_and_after_the_swing(stepping: np.ndarray) -> None:
    stands = measure.standing(stepping, fps=FPS, height=2.0)[:, 0]
    assert stands[:9].all() and not stands[9:19].any() and stands[19:].all()


def test_a_foot_that_hangs_in_the_air_does_not_stand(stepping: np.ndarray) -> None:
    stepping[12:18] = stepping[14]  # half a swing high, and still
    stands = measure.standing(stepping, fps=FPS, height=2.0)[:, 0]
    assert not stands[9:19].any() and stands[:9].all()


def test_a_foot_that_drifts_at_a_known_speed_slides_at_it(stepping: np.ndarray) -> None:
    drift = stepping.copy()
    drift[..., 0] += 0.02 * np.arange(30)[:, None]  # 0.2 m/s, 10 % of the height
    assert measure.foot_slide_pct_s(drift, stepping, fps=FPS, height=2.0) == pytest.approx(10)
    assert measure.foot_slide_pct_s(stepping, stepping, fps=FPS, height=2.0) == 0


def test_who_never_stands_has_no_slide(stepping: np.ndarray) -> None:
    stepping[:, 0, 0] = np.arange(30)
    assert measure.foot_slide_pct_s(stepping, stepping, fps=FPS, height=2.0) is None


def test_unimates_shares_count_long_steps_near_the_ground() -> None:
    feet = np.zeros((5, 2, 3))
    feet[:, 0, 0] = [0, 0.03, 0.03, 0.06, 0.06]  # two of four steps are longer than 0.025
    feet[:, 1, 2] = 0.5  # high up: counts nowhere
    assert measure.skate_share_unimate(feet, ground=0.0, root_height=1.0) == pytest.approx(0.5)
    assert measure.slide_pct_unimate(feet, ground=0.0, root_height=1.0) == pytest.approx(1.5)
    half = feet + [0, 0, 0.025]  # halfway to the limit: 2 - sqrt(2) of the weight
    assert measure.slide_pct_unimate(half, ground=0.0, root_height=1.0) == pytest.approx(1.5 * (2 - np.sqrt(2)))
    assert measure.skate_share_unimate(feet[:, 1:], ground=0.0, root_height=1.0) is None
    assert measure.slide_pct_unimate(feet[:, 1:], ground=0.0, root_height=1.0) is None
