"""Which sample is drawn when."""

from __future__ import annotations

from collections import Counter

import pytest

from shards.mixture import Mixture, block_counts

PAPER = {"mixamo": 0.25, "vroid": 0.25, "objaverse": 0.5}


def paper_mixture(seed: int = 1) -> Mixture:
    return Mixture({"mixamo": 7, "vroid": 5, "objaverse": 11}, weights=PAPER, seed=seed)


def test_every_block_holds_the_paper_s_proportions_exactly() -> None:
    draws = [paper_mixture().draw(position).source for position in range(400)]
    for start in range(0, 400, 4):
        assert Counter(draws[start : start + 4]) == {"mixamo": 1, "vroid": 1, "objaverse": 2}


def test_every_item_of_a_source_is_drawn_once_before_any_is_drawn_again() -> None:
    items = [draw.item for draw in map(paper_mixture().draw, range(4 * 70)) if draw.source == "mixamo"]
    passes = [items[start : start + 7] for start in range(0, 70, 7)]
    assert all(sorted(one) == list(range(7)) for one in passes)
    assert len({tuple(one) for one in passes}) > 5, "passes repeat their order"


def test_a_draw_needs_no_draw_before_it() -> None:
    forwards = [paper_mixture().draw(position) for position in range(50)]
    backwards = [paper_mixture().draw(position) for position in reversed(range(50))]
    assert forwards == backwards[::-1]


def test_seeds_give_different_orders() -> None:
    assert [paper_mixture(1).draw(t) for t in range(40)] != [paper_mixture(2).draw(t) for t in range(40)]


def test_the_sequence_is_frozen() -> None:
    """A changed number here changes what every run so far has been trained on."""
    draws = [paper_mixture(7).draw(position) for position in range(8)]
    assert [(draw.source[0], draw.item) for draw in draws] == [
        ("v", 4),
        ("m", 2),
        ("o", 7),
        ("o", 8),
        ("o", 0),
        ("m", 3),
        ("o", 6),
        ("v", 1),
    ]


@pytest.mark.parametrize(
    ("weights", "counts"),
    [
        (PAPER, {"mixamo": 1, "vroid": 1, "objaverse": 2}),
        ({"a": 3.0}, {"a": 1}),
        ({"a": 0.1, "b": 0.9}, {"a": 1, "b": 9}),
        ({"a": 2.0, "b": 1.0}, {"a": 2, "b": 1}),
    ],
)
def test_a_block_is_the_smallest_with_the_proportions(weights: dict[str, float], counts: dict[str, int]) -> None:
    assert block_counts(weights) == counts


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": -1.0, "b": 2.0}, {"a": float("nan")}, {"a": float("inf")}])
def test_weights_that_are_no_proportions_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        block_counts(weights)


def test_a_source_without_items_is_refused() -> None:
    with pytest.raises(ValueError):
        Mixture({"a": 0, "b": 3}, weights={"a": 1.0, "b": 1.0}, seed=0)
