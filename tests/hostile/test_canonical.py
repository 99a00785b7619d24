"""The canonical file: known keys alone, one chunk, and in Blender the same asset as the original."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.gate.canonical import canonical
from curate.gate.gltf_json import split_glb
from curate.gate.gltf_write import FACING_NODE
from curate.gate.preflight import check, identify
from rigmill.blender.client import BlenderClient, Limits
from rigmill.outcomes import Refusal, Reject
from tests.support.hostile.fbx_maker import fbx_file, triangle
from tests.support.hostile.gltf_maker import data_uri, instanced, png, rigged, vrm
from tests.support.paths import ASSETS, ROOT

CORPUS = os.environ.get("RIGMILL_CORPUS") or None
needs_corpus = [pytest.mark.corpus, pytest.mark.skipif(CORPUS is None, reason="RIGMILL_CORPUS is not set")]
# Of the corpus, what the gate refuses. Blender refuses these as well, but for those marked.
REPAIRED = {"quaternius_glb/Quaternius_Wasp.glb"}
REFUSED = {
    "babylon/vintageFan/vintageFan_animated.gltf": "external_reference",  # as bytes alone: the folder source packs it
    "corrupt/Fox_meshopt_webp.glb": "unreadable",
    "corrupt/RobotExpressive_meshopt.glb": "unreadable",
    "corrupt/RobotExpressive_utf8mangled.glb": "malformed",
    "corrupt/badArray.gltf": "external_reference",
    "corrupt/missing_bin/BoxTextured_missing_bin.gltf": "external_reference",
    "corrupt/popsicle_bad_json.gltf": "malformed",
    "derived/Fox_http_texture.glb": "external_reference",  # Blender: a white fox
    "derived/Fox_nan_vertex.glb": "malformed",  # Blender: the vertex at the origin
    "derived/Fox_node_cycle.glb": "malformed",
    "derived/Fox_path_traversal_texture.glb": "external_reference",  # Blender: reads the file
    "derived/Knight_truncated_60pct.glb": "truncated",
    "derived/Velociraptor_truncated_50pct.fbx": "truncated",
    "derived/Velociraptor_truncated_99pct.fbx": "truncated",
    "derived/zero_bytes.glb": "empty_file",
    "kenney/character.glb": "external_reference",  # Blender: without the texture, which lies in a file of its own
}


def made(data: bytes, file_format: str = "glb") -> dict[str, Any]:
    """The document of the canonical file."""
    found, made_format = canonical(data, file_format)
    assert made_format == "glb"
    document = json.loads(split_glb(found)[0])
    assert isinstance(document, dict)
    return document


def test_only_what_is_used_and_known_is_kept() -> None:
    asset = rigged()
    asset.document |= {
        "cameras": [{"type": "perspective"}],
        "extras": {"x": 1},
        "extensions": {"EVIL": {"uri": "x"}},
        "extensionsUsed": ["EVIL", "KHR_texture_transform"],
        "unknown": {"uri": "../x"},
    }
    asset.document["nodes"][0] |= {"camera": 0, "extras": {"y": 1}, "extensions": {"EVIL": 1}, "uri": "file:///x"}
    asset.view(b"nobody refers to this")
    asset.accessor("SCALAR", [1, 2, 3], 5125)
    asset.document["images"].append({"uri": data_uri(png()), "name": "unused"})
    document, binary = made(asset.glb()), split_glb(canonical(asset.glb(), "glb")[0])[1]
    text = json.dumps(document)
    assert not any(word in text for word in ("camera", "EVIL", "uri", 'extras": {"y', "unknown", "unused"))
    assert binary is not None and b"nobody" not in bytes(binary)
    assert document["extensionsUsed"] == ["KHR_texture_transform"]
    assert len(document["accessors"]) == 11 and len(document["images"]) == 1
    assert [node.get("name") for node in document["nodes"]] == ["root", "bone", "bone2", "body"]
    assert document["meshes"][0]["extras"] == {"targetNames": ["wide"]}


def test_a_gltf_and_a_glb_of_the_same_asset_become_the_same_bytes() -> None:
    assert canonical(rigged().gltf(), "gltf")[0] == canonical(rigged().glb(), "glb")[0]


def test_interleaved_numbers_come_out_as_they_were() -> None:
    asset = rigged()
    points = np.arange(9, dtype="<f4").reshape(3, 3)
    rows = b"".join(row.tobytes() + b"junk" * 5 for row in points)
    view = asset.view(rows, byteStride=32)
    asset.document["accessors"][0] |= {"bufferView": view, "byteOffset": 0}
    document, binary = made(asset.glb()), split_glb(canonical(asset.glb(), "glb")[0])[1]
    place = document["accessors"][0]
    start = document["bufferViews"][place["bufferView"]]["byteOffset"] + place["byteOffset"]
    assert binary is not None
    assert np.array_equal(np.frombuffer(binary[start : start + 36], "<f4").reshape(3, 3), points)
    assert b"junk" not in bytes(binary)


def test_compressed_faces_and_rarer_extensions_survive() -> None:
    document = made(instanced().glb())
    primitive = document["meshes"][1]["primitives"][0]
    draco = primitive["extensions"]["KHR_draco_mesh_compression"]
    binary = split_glb(canonical(instanced().glb(), "glb")[0])[1]
    start = document["bufferViews"][draco["bufferView"]]["byteOffset"]
    assert binary is not None and bytes(binary[start : start + 5]) == b"DRACO"
    assert draco["attributes"] == {"POSITION": 0, "TEXCOORD_0": 1}
    assert {image["mimeType"] for image in document["images"]} == {"image/jpeg", "image/webp"}
    # An animated pointer to a node is an animated node; the extension is not needed for it.
    assert document["animations"][0]["channels"][-1]["target"] == {"node": 2, "path": "rotation"}
    assert "KHR_animation_pointer" not in document["extensionsUsed"]


@pytest.mark.parametrize("version", [0, 1])
def test_vrm_extensions_go_and_only_a_vrm_0_is_turned(version: int) -> None:
    document = made(vrm(version).glb(), "vrm")
    assert "VRM" not in json.dumps(document) and "extensionsRequired" not in document
    top = document["nodes"][document["scenes"][document["scene"]]["nodes"][0]]
    assert (top.get("name") == FACING_NODE) == (version == 0)
    if version == 0:
        assert top["rotation"] == [0, 1, 0, 0] and top["children"] == [0]
        assert document["nodes"][:4] == made(vrm(1).glb())["nodes"]


def test_names_are_bounded_and_printable_and_of_a_key_twice_the_last_counts() -> None:
    asset = rigged(name="a\0b\x1b\ud800" + "x" * 10_000)
    name = made(asset.glb())["nodes"][1]["name"]
    assert len(name.encode()) == 63 and name.startswith("a\ufffdb\ufffd\ufffdx")
    text = json.dumps(rigged().document).replace('"name": "bone2"', '"name": "first", "name": "second"')
    assert made(rigged().glb(text=text.encode()))["nodes"][2]["name"] == "second"


def test_no_string_of_a_canonical_fbx_holds_a_separator_and_pictures_inside_stay() -> None:
    picture = png(9, 7)
    data = fbx_file(triangle(texture="C:\\art\\a.png", relative="../../a.png", content=picture))
    found, file_format = canonical(data, "fbx")
    assert file_format == "fbx" and len(found) == len(data)
    assert b"C:_art_a.png" in found and b".._.._a.png" in found and picture in found
    text = b'; FBX 7.3.0 project file\n; don"t\nFBXVersion: 7300\nA: {\nFileName: "/etc/passwd"\nContent: , "abc/"\n}\n'
    found, _ = canonical(text, "fbx")
    assert b"/" not in found and b"Content" not in found and len(found) == len(text)


@pytest.mark.parametrize("sibling", [data_uri(b"x" * 30), None])
def test_a_buffer_or_image_without_its_bytes_is_refused(sibling: str | None) -> None:
    asset = rigged()
    asset.document["buffers"].append({"byteLength": 3000} | ({"uri": sibling} if sibling else {}))
    asset.document["bufferViews"][0] |= {"buffer": 1, "byteOffset": 0}
    with pytest.raises(Refusal) as caught:
        check(asset.glb(), "glb")
    assert caught.value.code is (Reject.TRUNCATED if sibling else Reject.MALFORMED)


def corpus_files() -> Iterator[tuple[str, bytes, str]]:
    root = Path(CORPUS or "/nonexistent")
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in (".glb", ".gltf", ".vrm", ".vrma", ".fbx"):
            name, data = path.relative_to(root).as_posix(), path.read_bytes()
            yield name, data, identify(data) if data else "glb"


class TestCorpus:
    pytestmark = needs_corpus

    def test_of_the_corpus_only_broken_and_dangerous_files_are_refused(self) -> None:
        refused = {}
        for name, data, file_format in corpus_files():
            try:
                found = canonical(data, file_format)
                assert canonical(*found) == found, name
            except Refusal as refusal:
                refused[name] = refusal.code.value
        assert refused == REFUSED

    @pytest.mark.blender
    def test_a_vrm_0_faces_as_a_vrm_1_does(self, client: BlenderClient, tmp_path: Path) -> None:
        for name, data, file_format in corpus_files():
            if name not in ("vrm/Godette_vrm_v4.vrm", "vrm/cool_loops.vrm", "vrm/basic_armature_vrm1.vrm"):
                continue
            extensions = json.loads(split_glb(data)[0])["extensions"]
            bones = (
                extensions["VRM"]["humanoid"]["humanBones"]
                if "VRM" in extensions
                else [
                    {"bone": bone, "node": found["node"]}
                    for bone, found in extensions["VRMC_vrm"]["humanoid"]["humanBones"].items()
                ]
            )
            nodes = json.loads(split_glb(data)[0])["nodes"]
            name_of = {entry["bone"]: nodes[entry["node"]]["name"] for entry in bones}
            seen = look(client, tmp_path, *canonical(data, file_format))
            joints = {joint[0]: joint[2:] for rig in seen["joints"].values() for joint in rig}
            left, right = joints[name_of["leftHand"]], joints[name_of["rightHand"]]
            assert left[0] > right[0] + 0.1, name

    @pytest.mark.slow
    @pytest.mark.blender
    def test_blender_sees_the_same_in_the_canonical_file(self, client: BlenderClient, tmp_path: Path) -> None:
        compared = 0
        for name, data, file_format in corpus_files():
            if name in REFUSED or "VRM" in json.loads(text_of(data)).get("extensions", {}):
                continue  # a VRM 0.x is turned
            try:
                original = look(client, tmp_path, data, file_format)
            except AssertionError:
                continue  # Blender refuses the original: required VRM extensions
            again = look(client, tmp_path, *canonical(data, file_format))
            if file_format == "fbx":  # paths become names
                original.pop("images"), again.pop("images")
            if name in REPAIRED:  # weights that are no numbers: Blender leaves those vertices at the origin, a spike
                assert again.pop("bounds") != original.pop("bounds"), name
            assert again == original, name
            compared += 1
        assert compared >= 70


def text_of(data: bytes) -> bytes:
    return split_glb(data)[0] if data[:4] == b"glTF" else data if data.lstrip()[:1] == b"{" else b"{}"


@pytest.fixture(scope="module")
def client() -> Iterator[BlenderClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        client = BlenderClient(
            Limits(wall_s=120, cpu_s=120, memory_bytes=4 * 2**30, file_bytes=2**28, network="best_effort")
        )
        yield client
        client.close()


def look(client: BlenderClient, folder: Path, data: bytes, file_format: str) -> dict[str, Any]:
    path = folder / f"file.{file_format}"
    path.write_bytes(data)
    (reply,) = client.run(
        "tests.support.hostile.blender_look:look", [{"path": str(path), "format": file_format}], scratch=folder
    )
    assert reply.value is not None, reply.outcome
    return reply.value


@pytest.mark.blender
def test_a_rigged_file_imports_alike_before_and_after(client: BlenderClient, tmp_path: Path) -> None:
    for data in (rigged().glb(), rigged(name="").glb()):
        before, after = look(client, tmp_path, data, "glb"), look(client, tmp_path, *canonical(data, "glb"))
        assert before == after
        assert after["keys"] and after["actions"] and after["images"] and len(next(iter(after["joints"].values()))) == 2


def test_faces_binds_and_other_numbers_have_buffer_views_of_their_own() -> None:
    """glTF wants one use per view: a validator calls anything else an error."""
    fox = (ASSETS / "RiggedSimple.glb").read_bytes()
    text, _ = split_glb(canonical(fox, "glb")[0])
    document = json.loads(text)

    def views(accessors: set[int]) -> set[int]:
        return {document["accessors"][index]["bufferView"] for index in accessors}

    primitives = [primitive for mesh in document["meshes"] for primitive in mesh["primitives"]]
    uses = [
        views({primitive["indices"] for primitive in primitives}),
        views({skin["inverseBindMatrices"] for skin in document["skins"]}),
        views({index for primitive in primitives for index in primitive["attributes"].values()}),
        views(
            {
                sampler[end]
                for animation in document["animations"]
                for sampler in animation["samplers"]
                for end in ("input", "output")
            }
        ),
    ]
    assert all(uses) and sum(map(len, uses)) == len(set().union(*uses))
