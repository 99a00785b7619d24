"""Colours are told by the contrast between parts: an animal of several greys is not bare clay."""

from __future__ import annotations

from typing import Any

import pytest

from curate.filters.rules import RIG_RULES, first_refusal
from rigmill.blender.requests import PROBE_ASSET
from tests.support.blender.calls import call, probe_item
from tests.support.curation import demo_profile
from tests.support.files.grey_animals import write_animal

ANIMALS: dict[str, dict[str, Any]] = {
    "four greys": {"body": 0.10, "belly": 0.45, "hooves": 0.02, "eyes": 0.9},
    "two greys": {"body": 0.5, "hooves": 0.05},
    "black and white": {"body": 0.9, "belly": 0.0, "eyes": 0.0},
    "one grey": {"body": 0.2},
    "greys that hardly differ": {"body": 0.20, "belly": 0.23, "hooves": 0.18, "eyes": 0.22},
    "what exporters write": {"body": 0.8, "belly": 1.0, "hooves": None},
    "one grey with eyes": {"body": 0.2, "eyes": 0.0},
    "coloured hooves": {"body": 0.2, "hooves": (0.5, 0.1, 0.0)},
    "brown with eyes": {"body": (0.3, 0.15, 0.05), "eyes": 0.0},
}
KEPT = {"four greys", "two greys", "black and white", "coloured hooves", "brown with eyes"}


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("animals")
    items = [probe_item(write_animal(folder / f"{name}.glb", **colours)) for name, colours in ANIMALS.items()]
    return {name: answer["value"] for name, answer in zip(ANIMALS, call(PROBE_ASSET, items, folder))}


@pytest.mark.blender
def test_an_animal_of_several_greys_is_kept_and_one_of_hardly_different_greys_is_not(probed: dict[str, Any]) -> None:
    limits = demo_profile().filters.model_dump()
    refused = {name: first_refusal(row, RIG_RULES, limits) for name, row in probed.items()}
    assert {name for name, verdict in refused.items() if verdict is None} == KEPT
    assert {verdict["code"] for verdict in refused.values() if verdict} == {"untextured"}


@pytest.mark.blender
def test_the_grey_share_is_of_the_grey_that_most_of_the_surface_has(probed: dict[str, Any]) -> None:
    share = {name: row["grey_share"] for name, row in probed.items()}
    assert share["four greys"] == pytest.approx(0.76, abs=0.02)  # the body
    assert share["two greys"] == pytest.approx(0.91, abs=0.02)  # all but the hooves
    assert share["black and white"] == pytest.approx(0.85, abs=0.02)  # all but the belly and the eyes
    assert share["one grey"] == share["greys that hardly differ"] == share["what exporters write"] == 1
    assert share["one grey with eyes"] == pytest.approx(0.99, abs=0.01)
    assert share["brown with eyes"] < 0.02 and share["coloured hooves"] == share["two greys"]
