from __future__ import annotations

import numpy as np
import pytest

from rigmill.formats.glb import Glb, NotAnimatable, join_glb, top_down


def test_a_glb_that_is_joined_is_read_back_whole() -> None:
    document = {"asset": {"version": "2.0"}, "nodes": [{"name": "é"}], "buffers": [{"byteLength": 5}]}
    data = join_glb(document, b"abcde")
    assert len(data) % 4 == 0 and int.from_bytes(data[8:12], "little") == len(data)
    found = Glb.from_bytes(data)
    assert found.document == document and bytes(found.binary) == b"abcde\0\0\0"
    assert join_glb(document, b"abcde") == data


def test_without_a_buffer_there_is_no_chunk_for_it() -> None:
    data = join_glb({"asset": {}}, b"")
    assert b"BIN\0" not in data and int.from_bytes(data[8:12], "little") == len(data)
    assert not Glb.from_bytes(data).binary


def test_floats_are_appended_where_their_accessor_says() -> None:
    glb = Glb.from_bytes(join_glb({"asset": {}, "buffers": [{"byteLength": 2}]}, b"xy"))
    values = np.array([[1.5, -2.0, 0.25], [0.0, 8.0, 0.5]])
    index = glb.add_floats(values)
    accessor = glb.document["accessors"][index]
    view = glb.document["bufferViews"][accessor["bufferView"]]
    assert view["byteOffset"] % 4 == 0 and (accessor["type"], accessor["count"]) == ("VEC3", 2)
    assert (accessor["min"], accessor["max"]) == ([0.0, -2.0, 0.25], [1.5, 8.0, 0.5])
    stored = glb.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    assert np.array_equal(np.frombuffer(stored, "<f4").reshape(2, 3), values)


def test_parents_come_before_children_and_circles_are_refused() -> None:
    assert top_down([2, 0, -1]) == [2, 0, 1]
    with pytest.raises(NotAnimatable, match="circle"):
        top_down([1, 0, -1])
