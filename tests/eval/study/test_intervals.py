"""Intervals and tests against scipy's, and drawing anew against what theory says of simple cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from eval.study.intervals import binomial_p, drawn_anew, wilson


@pytest.mark.parametrize(("wins", "number"), [(0, 1), (1, 1), (0, 30), (30, 30), (13, 30), (829, 1000), (2, 3000)])
def test_wilson_and_the_exact_test_are_scipys(wins: int, number: int) -> None:
    theirs = binomtest(wins, number)
    expected = theirs.proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(wins, number), (expected.low, expected.high), atol=1e-9)
    np.testing.assert_allclose(binomial_p(wins, number), theirs.pvalue, rtol=1e-9, atol=1e-300)


def test_of_no_answers_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0) and binomial_p(0, 0) == 1.0


def test_independent_answers_are_drawn_as_wide_as_wilson_says() -> None:
    rng = np.random.default_rng(0)
    chosen = (rng.random((60, 60)) < 0.7).astype(float)
    low, high = drawn_anew(chosen, np.ones_like(chosen), seed=1) or (0, 0)
    between = wilson(int(chosen.sum()), chosen.size)
    # Drawing both people and clips doubles the variance of independent answers, and never makes it less.
    assert between[1] - between[0] < high - low < 2.2 * (between[1] - between[0])
    assert low < chosen.mean() < high


def test_people_of_one_mind_each_make_the_interval_wide() -> None:
    """Half the people always say yes: 900 answers, and no more is known than from 30."""
    chosen = np.repeat((np.arange(30) % 2)[:, None], 30, axis=1).astype(float)
    low, high = drawn_anew(chosen, np.ones_like(chosen), seed=1) or (0, 0)
    few, many = wilson(15, 30), wilson(450, 900)
    assert abs((high - low) - (few[1] - few[0])) < 0.05 and high - low > 3 * (many[1] - many[0])


def test_one_person_or_one_clip_cannot_be_drawn_and_the_seed_repeats() -> None:
    ones = np.ones((5, 1))
    assert drawn_anew(ones, ones, seed=1) is None and drawn_anew(ones.T, ones.T, seed=1) is None
    chosen = np.eye(5)
    assert drawn_anew(chosen, np.ones((5, 5)), seed=1) == drawn_anew(chosen, np.ones((5, 5)), seed=1)
