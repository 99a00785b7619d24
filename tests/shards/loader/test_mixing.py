"""What is asked of a mixture against what there is, and what was drawn of it."""

from __future__ import annotations

from collections import Counter

import pytest

from rigmill.errors import UserError
from shards.loader.mixing import mixture_of, present_weights, realised

WEIGHTS = {"mixamo": 0.25, "vroid": 0.25, "objaverse": 0.5}


def test_a_source_without_clips_is_an_error_unless_it_is_allowed_by_name() -> None:
    sizes = {"mixamo": 0, "vroid": 3, "objaverse": 4}
    with pytest.raises(UserError, match="'mixamo', of which the shards hold no clip"):
        mixture_of(WEIGHTS, sizes, seed=1)
    with pytest.raises(UserError, match="'mixamo'"):
        mixture_of(WEIGHTS, sizes, seed=1, may_lack=["vroid"])
    mixture = mixture_of(WEIGHTS, sizes, seed=1, may_lack=["mixamo"])
    assert mixture.counts == {"vroid": 1, "objaverse": 2}


def test_a_source_without_a_weight_is_an_error() -> None:
    with pytest.raises(UserError, match="no weight for source 'folder'"):
        present_weights(WEIGHTS, {*WEIGHTS, "folder"})
    assert present_weights({}, {"b", "a"}) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize("position", [0, 1, 6, 400, 1003])
def test_what_was_drawn_follows_from_the_position(position: int) -> None:
    mixture = mixture_of(WEIGHTS, {"mixamo": 3, "vroid": 5, "objaverse": 7}, seed=2)
    found = realised(mixture, position)
    counted = Counter(mixture.draw(place).source for place in range(position))
    assert found.draws == {source: counted[source] for source in WEIGHTS}
    assert found.passes["objaverse"] == counted["objaverse"] / 7
    assert found.figures()["mixture/passes/vroid"] == counted["vroid"] / 5
    if position:
        assert found.figures()["mixture/share/mixamo"] == counted["mixamo"] / position
