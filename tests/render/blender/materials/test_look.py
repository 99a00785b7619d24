"""Looks against Cycles: what a material's sockets emit on a plane is what its Look says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.blender.calls import call, corpus
from tests.support.paths import ASSETS

# Mean difference per claim, in the claim's own units (0..1). A computed picture is interpolated after it is computed.
MEAN, MEAN_COMPUTED = 0.0025, 0.006
# A number of these trees jumps, or what Cycles does to bytes of little alpha loses most of their bits.
LOOSE = {"blend DIVIDE": 0.05, "straight alpha": 0.02, "cut": 0.004}
TEXTURED = [
    "khronos/Fox.glb",
    "kaykit/Knight.glb",
    "gdquest/mannequiny-0.3.0.glb",
    "sketchfab/grandmas_tv.glb",
    "sketchfab/metal_cupboard.glb",
    "sketchfab/door_wood.glb",
    "sketchfab/bee_minecraft_nodeanim.glb",
    "kenney/bat_model.glb",
    "vrm/Godette_vrm_v4.vrm",
    "ufbx/maya_slime_7500_binary.fbx",
    "ufbx/blender_293_barbarian_7400_binary.fbx",
    "raylib/greenman.glb",
]


def claims(comparison: dict[str, Any]) -> dict[str, list[float]]:
    return {name: value for name, value in comparison.items() if isinstance(value, list)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    (answer,) = call("tests.support.looks.trees:compare_all", [{}], tmp_path_factory.mktemp("made"))
    return answer["value"]


@pytest.mark.blender
def test_every_made_up_tree_looks_as_cycles_says(made: dict[str, Any]) -> None:
    assert len(made) > 45
    wrong = [
        (tree, claim, found)
        for tree, comparison in made.items()
        for claim, found in claims(comparison).items()
        if found[0] > LOOSE.get(tree, MEAN_COMPUTED)
    ]
    assert not wrong, wrong
    assert all("reason" not in comparison for comparison in made.values())
    # The comparison could have failed: nearly every tree varies over the plane.
    assert sum(max(found[2] for found in claims(comparison).values()) > 0.3 for comparison in made.values()) > 40


@pytest.mark.blender
def test_how_alpha_is_used_is_told_apart(made: dict[str, Any]) -> None:
    assert made["cut"]["mode"] == "clip"
    assert made["packed alpha"]["mode"] == made["vertex colours"]["mode"] == made["other alpha"]["mode"] == "blend"
    assert made["packed alpha unused"]["mode"] == made["no alpha"]["mode"] == made["jpeg"]["mode"] == "opaque"


@pytest.mark.blender
def test_what_cannot_be_shown_is_refused_with_its_reason(tmp_path: Path) -> None:
    (answer,) = call("tests.support.looks.refusals:all_reasons", [{}], tmp_path)
    (expected,) = call("tests.support.looks.refusals:expected", [{}], tmp_path)
    assert len(answer["value"]) > 20
    for tree, reason in answer["value"].items():
        assert reason is not None and reason.startswith("material made "), tree
        assert expected["value"][tree] in reason, tree


@pytest.mark.blender
def test_the_fox_looks_as_cycles_says(tmp_path: Path) -> None:
    (answer,) = call(
        "tests.support.looks.cycles_truth:of_file", [{"path": str(ASSETS / "Fox.glb"), "format": "glb"}], tmp_path
    )
    (comparison,) = answer["value"].values()
    assert comparison["base"][0] < MEAN and comparison["base"][2] > 0.5


@pytest.mark.blender
@pytest.mark.corpus
def test_textured_files_of_the_corpus_look_as_cycles_says(tmp_path: Path) -> None:
    paths = [corpus(name) for name in TEXTURED]
    items = [{"path": str(path), "format": path.suffix[1:].lower()} for path in paths]
    num = 0
    for name, answer in zip(TEXTURED, call("tests.support.looks.cycles_truth:of_file", items, tmp_path)):
        assert answer["value"], name
        for material, comparison in answer["value"].items():
            assert "reason" not in comparison, (name, material, comparison)
            num += 1
            for claim, found in claims(comparison).items():
                assert found[0] < MEAN, (name, material, claim, found)
    assert num >= 15


@pytest.mark.slow
@pytest.mark.blender
@pytest.mark.corpus
def test_no_file_of_the_corpus_needs_cycles(tmp_path: Path) -> None:
    """`auto` sends a file to Cycles for its materials alone: the list of those that it would send is this one."""
    root = corpus("")
    paths = sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in (".glb", ".vrm", ".fbx") and path.parts[-2] not in ("corrupt", "derived")
    )
    items = [{"path": str(path), "format": path.suffix[1:].lower()} for path in paths]
    found = {
        path.name: answer["value"]
        for path, answer in zip(paths, call("tests.support.looks.cycles_truth:reasons_of_file", items, tmp_path))
    }
    assert len(found) > 45
    assert {name: row["reasons"] for name, row in found.items() if row["reasons"]} == {}
    assert sum(row["num_textured"] > 0 for row in found.values()) >= 20
