"""A GLB with a fault plays or says why, and nothing else happens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.bodies.play import play_glb
from eval.bodies.unplayable import Unplayable
from tests.support.files.crafted_glb import CraftedGlb
from tests.support.files.tiny_glb import pack, unpack
from tests.support.paths import ASSETS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda doc: doc.update(extensionsRequired=["KHR_draco_mesh_compression"]), "KHR_draco_mesh_compression"),
        (lambda doc: doc["meshes"][0]["primitives"][0].update(indices=99), r"accessors\[99\]"),
        (lambda doc: doc["nodes"][0].update(mesh=-1), r"meshes\[-1\]"),
        (lambda doc: doc["nodes"][0].update(children=[0]), "circle"),
        (lambda doc: doc["bufferViews"][0].update(byteLength=10**9), "cut off"),
        (lambda doc: doc["accessors"][0].update(count=10**9), "more numbers"),
        (lambda doc: doc["accessors"].__setitem__(0, {"componentType": 5126, "count": 10**8, "type": "VEC3"}), "more"),
        (lambda doc: doc["nodes"][0].update(translation="left"), "malformed"),
        (lambda doc: doc["nodes"][0].update(scale=[1, float("nan"), 1]), "not finite"),
        (lambda doc: doc["nodes"][0].pop("mesh"), "no triangles"),
        (lambda doc: doc.update(scene=3), r"scenes\[3\]"),
        (lambda doc: doc["meshes"][0]["primitives"][0].update(material=4), r"materials\[4\]"),
    ],
)
def test_what_cannot_be_played_says_why(change, says):
    made = CraftedGlb()
    made.node(mesh=made.mesh(made.triangle()))
    change(made.document)
    with pytest.raises(Unplayable, match=says):
        play_glb(made.to_bytes())


def test_a_picture_that_would_unfold_to_gigabytes_is_refused_before_it_does():
    import struct
    import zlib

    made = CraftedGlb()
    head = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 6, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    made.document["images"] = [{"bufferView": made.view(png + bytes(100))}]
    made.document["textures"] = [{"source": 0}]
    made.document["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    made.node(mesh=made.mesh(made.triangle() | {"material": 0}))
    with pytest.raises(Unplayable, match="no picture"):
        play_glb(made.to_bytes())


def test_one_accessor_named_a_thousand_times_is_refused(monkeypatch):
    monkeypatch.setattr("eval.bodies.gltf.document._MAX_TOTAL", 5_000_000)
    made = CraftedGlb()
    made.document["accessors"].append({"componentType": 5126, "count": 10**4, "type": "VEC3"})
    target = {"POSITION": 0}
    made.node(mesh=made.mesh({"attributes": {"POSITION": 0}, "targets": [target] * 1000}))
    with pytest.raises(Unplayable, match="unfolds to more"):
        play_glb(made.to_bytes())


@pytest.mark.parametrize("data", [b"", b"glTF", b"glTF" + bytes(40), b"{}" * 30])
def test_no_glb_at_all_is_unplayable(data):
    with pytest.raises(Unplayable):
        play_glb(data)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_file_plays_or_says_why_and_nothing_else(data):
    document, binary = unpack((ASSETS / "RiggedSimple.glb").read_bytes())
    entries = [document[kind] for kind in ("nodes", "meshes", "accessors", "bufferViews", "skins", "animations")]
    entry = data.draw(st.sampled_from([item for items in entries for item in items]))
    while isinstance(entry, (dict, list)) and entry:
        keys = sorted(entry) if isinstance(entry, dict) else range(len(entry))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(entry[key], (dict, list)) or data.draw(st.booleans()):
            entry[key] = data.draw(
                st.one_of(st.none(), st.integers(-2, 10**6), st.floats(), st.text(max_size=3), st.just([]), st.just({}))
            )
            break
        entry = entry[key]
    try:
        body = play_glb(pack(document, binary), fps=4, num_frames=2)
    except Unplayable as error:
        assert str(error)
        return
    assert np.isfinite(body.vertices).all() and len(body.faces) and body.faces.max() < len(body.rest)
