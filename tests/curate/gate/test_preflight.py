from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.gate.preflight import check, sniff
from rigmill.outcomes import Refusal, Reject
from tests.support.curation import fbx, glb

INLINE = "data:application/octet-stream;base64," + base64.b64encode(b"bytes").decode()


def refused(data: bytes, file_format: str = "glb") -> Refusal:
    with pytest.raises(Refusal) as caught:
        check(data, file_format)
    return caught.value


def document(**more: Any) -> dict[str, Any]:
    return {"asset": {"version": "2.0"}, **more}


def test_sound_files_of_every_format_pass() -> None:
    check(glb(document(buffers=[{"byteLength": 4}], images=[{"bufferView": 0}]), binary=b"abcd"), "glb")
    check(b'{"asset": {"version": "2.0"}, "buffers": [{"uri": "%s"}]}' % INLINE.encode(), "gltf")
    check(fbx(7400), "fbx")
    check(fbx(7700), "fbx")
    check(b"; FBX 6.1.0 project file\nFBXHeaderExtension: {\n\tFBXVersion: 6100\n}\n", "fbx")


def test_a_binary_file_that_was_saved_as_text_is_called_that() -> None:
    noise = bytes(range(256)) * 64
    whole = glb(document(buffers=[{"byteLength": len(noise)}]), binary=noise)
    check(whole, "glb")
    found = refused(whole.decode("utf-8", "replace").encode())
    assert found.code is Reject.MALFORMED and found.message.startswith("saved as text: ")
    assert found.measured == whole.decode("utf-8", "replace").count("\ufffd")
    assert "saved as text" not in refused(whole[:-1]).message
    mangled = (fbx(7400) + noise).decode("utf-8", "replace").encode()
    assert refused(mangled, "fbx").message.startswith("saved as text: ")


def test_the_content_tells_the_format_whatever_the_name() -> None:
    assert [sniff(data) for data in (glb(), fbx(), b"; FBX 7.3", b'\n {"asset":{}}', b"<!DOCTYPE html>", b"")] == [
        "glb",
        "fbx",
        "fbx",
        "gltf",
        None,
        None,
    ]


def test_every_cut_of_a_glb_is_refused_and_a_cut_after_the_header_is_called_truncated() -> None:
    whole = glb(document(buffers=[{"byteLength": 8}]), binary=b"12345678")
    for length in range(len(whole)):
        code = refused(whole[:length]).code
        if length >= 4:
            assert code is Reject.TRUNCATED, length
    refusal = refused(whole[:40])
    assert (refusal.measured, refusal.limit) == (40.0, float(len(whole)))


@pytest.mark.parametrize("version", [7400, 7500])
def test_every_cut_of_an_fbx_before_its_closing_record_is_refused(version: int) -> None:
    whole = fbx(version)
    for length in range(len(whole) - 25):
        refused(whole[:length], "fbx")


@pytest.mark.parametrize(
    "data",
    [
        glb() + b"\0\0\0\0",
        b"glTX" + glb()[4:],
        struct.pack("<4sII", b"glTF", 1, len(glb())) + glb()[12:],
        glb(b"{'asset'"),
        glb(b"[]"),
        glb(b'{"asset": {"version": "1.0"}}'),
        glb(b'{"asset": []}'),
        glb(b"\xff\xfe{"),
        glb(b'{"asset": {"version": "2.0"}, "scene": NaN}'),
        glb(b'{"asset": {"version": "2.0"}, "scene": %s}' % (b"9" * 5000)),
        glb(b"[" * 200_000),
        glb(document(buffers={})),
        glb(document(buffers=[1])),
        glb(document(images=[{"uri": 1}])),
        struct.pack("<4sII", b"glTF", 2, 24) + struct.pack("<I4s", 4, b"BIN\0") + b"abcd",
        struct.pack("<4sII", b"glTF", 2, 24) + struct.pack("<I4s", 4_000_000_000, b"JSON") + b"{}  ",
    ],
)
def test_broken_containers_are_malformed(data: bytes) -> None:
    assert refused(data).code is Reject.MALFORMED


@pytest.mark.parametrize("kind", ["buffers", "images"])
@pytest.mark.parametrize(
    "uri",
    [
        "scene.bin",
        "../../etc/passwd",
        "/etc/passwd",
        "%2e%2e%2fsecret",
        "http://example.org/a.png",
        "file:///etc/passwd",
        # Blender opens these as paths, although they look like data.
        "data:/../../../etc/passwd",
        "DATA:;base64,AAAA",
        "data:text/plain,hello",
        "",
    ],
)
def test_whatever_points_outside_the_file_is_an_external_reference(kind: str, uri: str) -> None:
    refusal = refused(glb(document(**{kind: [{"uri": INLINE}, {"uri": uri}]})))
    assert refusal.code is Reject.EXTERNAL_REFERENCE
    assert f"{kind}[1]" in refusal.message and ".glb" in refusal.message


def test_an_extension_that_blender_lacks_is_named() -> None:
    refusal = refused(glb(document(extensionsRequired=["KHR_texture_transform", "EXT_meshopt_compression"])))
    assert refusal.code is Reject.UNREADABLE and "EXT_meshopt_compression" in refusal.message


def test_fbx_of_an_unheard_of_version_is_malformed() -> None:
    assert refused(fbx(99), "fbx").code is Reject.MALFORMED
    assert refused(b"; FBX\nnothing", "fbx").code is Reject.MALFORMED


def test_messages_stay_short_and_printable_whatever_a_file_says() -> None:
    message = refused(glb(document(images=[{"uri": "\x1b[31m\n" + "x" * 100_000}]))).message
    assert len(message) < 250 and message.isprintable()


SEEDS = [
    glb(document(buffers=[{"byteLength": 4, "uri": INLINE}], images=[{"uri": INLINE}], extensionsRequired=[])),
    glb(document(buffers=[{"byteLength": 8}]), binary=b"12345678"),
    fbx(7400),
    fbx(7500),
    b"; FBX 7.3.0 project file\nFBXVersion: 7300\n",
]


@settings(max_examples=600, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=0, max_size=6), st.integers(0, 6)), max_size=6),
    file_format=st.sampled_from(["glb", "gltf", "fbx", "obj"]),
)
def test_mutated_files_raise_nothing_but_refusals(
    seed: bytes, edits: list[tuple[int, bytes, int]], file_format: str
) -> None:
    data = seed
    for position, replacement, removed in edits:
        position = min(position, len(data))
        data = data[:position] + replacement + data[position + removed :]
    for chosen in (file_format, sniff(data) or file_format):
        try:
            check(data, chosen)
        except Refusal as refusal:
            assert refusal.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["asset", "version", "buffers", "images", "uri", "extensionsRequired"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["buffers", "images", "extensionsRequired", "asset"]), _JSON).map(
        lambda found: {"asset": {"version": "2.0"}} | found
    )
)
def test_json_of_any_shape_raises_nothing_but_refusals(found: dict[str, Any]) -> None:
    try:
        check(glb(found), "glb")
    except Refusal as refusal:
        assert refusal.message
