"""Evaluated geometry as arrays: against Blender's own vectors, one by one, and against what Cycles shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.blender.calls import call, corpus
from tests.support.paths import ASSETS

OF_FILE = "tests.support.blender.evaluated_truth:of_file"
SQUASH = [1.0, 0.5, 1.7]


def check(frames: list[dict[str, Any]]) -> None:
    for frame in frames:
        assert frame["vertices"] < 1e-6
        assert frame["bounds"] < 1e-6
        assert frame["length"] < 1e-5
        assert frame["normals_deg"][0] < 0.1 and frame["normals_deg"][1] < 1.0, frame
        assert frame["cycles_deg"][0] < 0.1 and frame["cycles_deg"][1] < 1.0, frame
        assert frame["covered"] > 50 and frame["uncovered"] <= 0.01 * frame["covered"]
    assert frames[-1]["moves"] > 0.01


@pytest.mark.blender
def test_a_played_fox_is_where_cycles_shows_it(tmp_path: Path) -> None:
    item = {"path": str(ASSETS / "Fox.glb"), "format": "glb", "frames": [0, 5, 9]}
    upright, squashed, mirrored = call(
        OF_FILE, [item, item | {"squash": SQUASH}, item | {"squash": [-1.0, 1.0, 1.0]}], tmp_path
    )
    for answer in (upright, squashed, mirrored):
        assert len(answer["value"]) == 3 and answer["value"][0]["num_triangles"] == 576
        check(answer["value"])


@pytest.mark.slow
@pytest.mark.blender
@pytest.mark.corpus
@pytest.mark.parametrize(
    "name",
    [
        "kaykit/Knight.glb",
        "sketchfab/bee_minecraft_nodeanim.glb",
        "threejs/RobotExpressive.glb",
        "gdquest/mannequiny-0.3.0.glb",
        "quaternius_fbx/Wolf.fbx",
    ],
)
def test_files_of_the_corpus_are_where_cycles_shows_them(name: str, tmp_path: Path) -> None:
    """Skins, bone parents, shape keys, rigid parts, FBX; as they are, and under an uneven scale."""
    path = corpus(name)
    item = {"path": str(path), "format": path.suffix[1:].lower(), "frames": [0, 7]}
    answers = call(OF_FILE, [item, item | {"squash": SQUASH}], tmp_path)
    for answer in answers:
        check(answer["value"])


@pytest.mark.blender
def test_colours_and_uvs_of_every_kind_are_those_that_cycles_interpolates(tmp_path: Path) -> None:
    (answer,) = call("tests.support.blender.evaluated_truth:colours", [{}], tmp_path)
    assert len(answer["value"]) == 7
    for layer, errors in answer["value"].items():
        assert max(errors) < 1e-3, layer


@pytest.mark.blender
def test_a_modifier_that_makes_other_triangles_is_followed(tmp_path: Path) -> None:
    (answer,) = call("tests.support.blender.evaluated_truth:another_topology", [{}], tmp_path)
    found = answer["value"]
    assert found["first"] == [8, 24, 12] and found["second"] == [26, 96, 48] and not found["kept"]
    assert found["highest"] == [25, 95]
    assert found["nothing"] == [0, 0]
    # Without a material Cycles has a diffuse surface of 0.8, without any gloss.
    assert found["looks"] == [["no material", 0.8, 0.8, 0.8, 0.0]]
