"""Periods that lie between two frames are found."""

from __future__ import annotations

import numpy as np
import pytest

from rigmill.facts.rhythm import period


@pytest.mark.parametrize("frames", [4.4, 4.5, 4.53, 5.5, 7.3, 12.0])
@pytest.mark.parametrize("second", [0.0, 0.2])
def test_a_short_period_is_not_taken_for_twice_as_long(frames, second):
    phase = 2 * np.pi * np.arange(33) / frames
    curves = np.stack([np.sin(phase) + second * np.sin(2 * phase + 1), np.cos(phase)], axis=1)
    found = period(curves, least=0.01)
    assert found is not None and found[0] == pytest.approx(frames, rel=0.04)


def test_what_comes_back_only_every_second_time_has_the_longer_period():
    phase = 2 * np.pi * np.arange(33) / 8
    curves = np.stack([np.sin(phase), 0.6 * np.sin(phase / 2)], axis=1)
    found = period(curves, least=0.01)
    assert found is not None and found[0] == pytest.approx(16, rel=0.04)
