"""A .gltf with its files becomes one GLB; whatever lies outside its folder is not opened."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from curate.gate.gltf_json import split_glb
from curate.gate.gltf_pack import pack_gltf, referenced_files
from rigmill.outcomes import Refusal, Reject

SECRET = b"CANARY-SECRET-" + bytes(range(20))
LIMIT = 1 << 20


def document(**more: Any) -> bytes:
    return json.dumps({"asset": {"version": "2.0"}, **more}).encode()


def refusal(text: bytes, folder: Path, *, max_bytes: int = LIMIT) -> Refusal:
    with pytest.raises(Refusal) as caught:
        pack_gltf(text, folder, max_bytes=max_bytes)
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "model"
    (inside / "textures").mkdir(parents=True)
    (tmp_path / "secret.bin").write_bytes(SECRET)
    (inside / "scene.bin").write_bytes(b"01234567ABC")
    (inside / "textures" / "a b.png").write_bytes(b"picture")
    return inside


def test_buffers_and_images_of_the_folder_end_up_in_one_chunk(folder: Path) -> None:
    text = document(
        buffers=[{"uri": "scene.bin", "byteLength": 11}, {"uri": "data:;base64,WFla", "byteLength": 3}],
        bufferViews=[{"buffer": 0, "byteOffset": 8, "byteLength": 3}, {"buffer": 1, "byteLength": 3}],
        images=[{"uri": "textures/a%20b.png"}, {"bufferView": 1}, {"uri": "./textures\\a b.png"}],
    )
    packed, binary = split_glb(pack_gltf(text, folder, max_bytes=LIMIT))
    found = json.loads(packed)
    assert binary is not None and "uri" not in packed.decode()

    def view(index: int) -> bytes:
        entry = found["bufferViews"][index]
        return bytes(binary[entry["byteOffset"] : entry["byteOffset"] + entry["byteLength"]])

    assert [view(0), view(1)] == [b"ABC", b"XYZ"]
    assert [view(image["bufferView"]) for image in found["images"]] == [b"picture", b"XYZ", b"picture"]
    assert len(found["buffers"]) == 1
    assert pack_gltf(text, folder, max_bytes=LIMIT) == pack_gltf(text, folder, max_bytes=LIMIT)
    assert referenced_files(text, folder) == [folder / "scene.bin", folder / "textures" / "a b.png"]


@pytest.mark.parametrize("kind", ["buffers", "images"])
@pytest.mark.parametrize(
    "uri",
    [
        "../secret.bin",
        "%2e%2e/secret.bin",
        "..%2fsecret.bin",
        "%2e%2e%2Fsecret.bin",
        "..\\secret.bin",
        "..%5Csecret.bin",
        "textures/../../secret.bin",
        "{secret}",
        "file://{secret}",
        "http://localhost/secret.bin",
        "//host/secret.bin",
        "",
        ".",
        "C:\\secret.bin",
        "data:{secret}",
        "DATA:;base64,AAAA",
        "a\0b",
        "link.bin",
        "linked/secret.bin",
        "pipe",
        "/dev/zero",
        "textures",
        "not-there.bin",
        "%252e%252e%252fsecret.bin",
        "%ff%fe",
        "x" * 5000,
        "\ud800",
    ],
)
def test_nothing_outside_the_folder_is_read(folder: Path, kind: str, uri: str) -> None:
    (folder / "link.bin").symlink_to(folder.parent / "secret.bin")
    (folder / "linked").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    uri = uri.replace("{secret}", str(folder.parent / "secret.bin"))
    found = refusal(document(**{kind: [{"uri": uri, "byteLength": 1}]}), folder)
    assert found.code is Reject.EXTERNAL_REFERENCE
    assert len(found.message) < 250 and found.message.isprintable()


@pytest.mark.parametrize(
    "parts",
    [
        {"buffers": [{"uri": 1}]},
        {"buffers": [1]},
        {"buffers": {}},
        {"buffers": [{"uri": "data:;base64,@@@"}]},
        {"bufferViews": [{"buffer": 0}]},
        {"buffers": [{"byteLength": 1}], "bufferViews": [{"buffer": 1}]},
        {"buffers": [{"byteLength": 1}], "bufferViews": [{"buffer": 0, "byteOffset": -1}]},
        {"images": "x"},
    ],
)
def test_wrong_types_are_malformed(folder: Path, parts: dict[str, Any]) -> None:
    assert refusal(document(**parts), folder).code is Reject.MALFORMED


def test_the_sum_of_all_files_has_a_limit(folder: Path) -> None:
    text = document(images=[{"uri": "scene.bin"}] * 100)
    assert refusal(text, folder, max_bytes=len(text) + 800).code is Reject.TOO_LARGE
    pack_gltf(text, folder, max_bytes=len(text) + 1600)


def test_a_number_beyond_all_floats_is_refused_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(12))
    text = b'{"asset":{"version":"2.0","extras":{"x":1e999}},"buffers":[{"uri":"a.bin","byteLength":12}]}'
    with pytest.raises(Refusal) as caught:
        pack_gltf(text, tmp_path, max_bytes=1000)
    assert caught.value.code is Reject.MALFORMED
