"""The gate for glTF on documents made by hand: what is kept of them, and where a refusal says that a value stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from curate.gate.gltf_check import MAX_DEPTH, check_gltf
from rigmill.outcomes import Refusal

POINTS = bytes(36)  # three places


def document(**more: Any) -> dict[str, Any]:
    """One triangle under a node."""
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36}],
    } | more


def kept(given: dict[str, Any]) -> dict[str, Any]:
    return check_gltf(json.dumps(given).encode(), memoryview(POINTS)).document


def refusal(given: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        kept(given)
    return caught.value.code.value, caught.value.message


def test_only_known_keys_are_kept() -> None:
    given = document(
        cameras=[{"type": "perspective"}],
        extras={"script": "import os"},
        extensions={"KHR_lights_punctual": {"lights": []}},
        extensionsUsed=["KHR_lights_punctual", "EXT_unheard_of"],
    )
    given["nodes"][0] |= {"camera": 0, "extras": {"a": 1}, "extensions": {"EXT_unheard_of": {}}}
    assert kept(given) == kept(document())


def test_of_the_files_author_and_licence_a_line_each_is_kept_and_nothing_else() -> None:
    said = {
        "author": "Ann (https://a.example/ann)",
        "license": "CC-BY-4.0",
        "source": "https://a.example/1",
        "title": "Fox",
    }
    asset = {"version": "2.0", "generator": "tool", "copyright": "2024\nAnn\x00" + "n" * 400}
    more = {"script": "import os", "licence": ["no text"], "author": said["author"] + "\u202e\t "}
    kept_asset = kept(document(asset=asset | {"extras": said | more}))["asset"]
    assert kept_asset["extras"] == said
    assert kept_asset["copyright"].startswith("2024 Ann n") and len(kept_asset["copyright"]) == 300
    assert kept_asset.keys() == {"version", "copyright", "extras"}
    again = kept(document(asset=kept_asset))["asset"]
    assert again == kept_asset  # a canonical file's canonical file is itself
    assert kept(document(asset={"version": "2.0", "extras": ["a"], "copyright": 7}))["asset"] == {"version": "2.0"}


def test_what_nothing_refers_to_is_emptied_and_indices_stay() -> None:
    given = document()
    given["meshes"].insert(0, {"primitives": [{"attributes": {"POSITION": "no index"}}]})
    given["nodes"][0]["mesh"] = 1
    meshes = kept(given)["meshes"]
    assert meshes[0] == {"primitives": []} and meshes[1]["primitives"][0]["attributes"] == {"POSITION": 0}


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"nodes": [{"mesh": 1}]}, "malformed", "nodes[0].mesh: 1 is none of its 1 meshes"),
        ({"nodes": [{"mesh": True}]}, "malformed", "nodes[0].mesh: True is none of its 1 meshes"),
        ({"nodes": [{"mesh": 0, "scale": [1, 1]}]}, "malformed", "nodes[0].scale: not a list of 3 numbers"),
        ({"nodes": [{"mesh": 0, "name": 5}]}, "malformed", "nodes[0].name: 5 is not a text"),
        ({"meshes": [{"primitives": [{}]}]}, "malformed", "meshes[0].primitives: has no attributes"),
        ({"scene": 1}, "malformed", "scene 1 does not exist"),
        ({"scenes": [{"nodes": [0, 0]}]}, "malformed", "scenes[0] names a node that is no root, or one twice"),
        ({"skins": [{"joints": []}]}, "malformed", "skins[0] has no joints"),
        ({"extensionsRequired": ["EXT_unheard_of"]}, "unreadable", "'EXT_unheard_of', which Blender lacks"),
        ({"buffers": [{"byteLength": 36, "uri": "/etc/passwd"}]}, "external_reference", "buffers[0]"),
        ({"bufferViews": [{"buffer": 0, "byteLength": 37}]}, "truncated", "accessors[0]: its buffer view"),
    ],
)
def test_a_refusal_says_where_the_value_stands(change: dict[str, Any], code: str, message: str) -> None:
    found = refusal(document(**change))
    assert found[0] == code and message in found[1]


def test_nodes_are_a_forest_of_bounded_depth() -> None:
    assert "two parents" in refusal(document(nodes=[{"children": [2]}, {"children": [2]}, {"mesh": 0}]))[1]
    circle = document(scenes=[], scene=None, nodes=[{"children": [1]}, {"children": [0]}])
    assert "its own ancestor" in refusal(circle)[1]
    chain = [{"children": [index + 1]} for index in range(MAX_DEPTH)]
    assert refusal(document(nodes=[*chain, {"mesh": 0}]))[0] == "over_budget"
    assert len(kept(document(nodes=[*chain[: MAX_DEPTH - 1], {"mesh": 0}]))["nodes"]) == MAX_DEPTH


@pytest.mark.parametrize(
    ("blocks", "is_vrm0"), [((), False), (("VRM",), True), (("VRMC_vrm",), False), (("VRM", "VRMC_vrm"), False)]
)
def test_a_vrm_0_file_is_known_by_its_block(blocks: tuple[str, ...], is_vrm0: bool) -> None:
    given = document(extensions={name: {} for name in blocks}, extensionsRequired=list(blocks))
    checked = check_gltf(json.dumps(given).encode(), memoryview(POINTS))
    assert checked.vrm0 is is_vrm0 and "extensions" not in checked.document
