"""A GLB at rest has all that is seen and nothing that moves; read again without our own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rigmill.formats.glb_trim import at_rest, trimmed
from tests.support.files.animated_glbs import parts
from tests.support.paths import ASSETS

_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def values(document: dict[str, Any], binary: bytes, index: int) -> Any:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    dtype, width = np.dtype(_TYPES[accessor["componentType"]]), _SIZES[accessor["type"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride = view.get("byteStride", dtype.itemsize * width)
    rows = [
        np.frombuffer(binary, dtype, width, start + stride * row)  # type: ignore[call-overload]
        for row in range(accessor["count"])
    ]
    return np.array(rows)


def seen(data: bytes) -> list[Any]:
    """Everything that a viewer shows at rest, in order: vertices, weights, binds, pictures, nodes."""
    document, binary = parts(data)
    found: list[Any] = [document["nodes"], document.get("materials"), document["scenes"]]
    for mesh in document["meshes"]:
        for primitive in mesh["primitives"]:
            places = [*sorted(primitive["attributes"].items())]
            places += [("indices", primitive["indices"])] if "indices" in primitive else []
            found += [(name, values(document, binary, index).tolist()) for name, index in places]
    found += [values(document, binary, skin["inverseBindMatrices"]).tolist() for skin in document.get("skins", [])]
    for image in document.get("images", []):
        view = document["bufferViews"][image["bufferView"]]
        found.append(binary[view.get("byteOffset", 0) :][: view["byteLength"]])
    return found


@pytest.mark.parametrize("name", ["Fox.glb", "Quaternius_Lever.glb", "RiggedSimple.glb"])
def test_all_that_is_seen_stays_and_no_key_of_a_motion_does(name: str) -> None:
    data = (ASSETS / name).read_bytes()
    document, binary = parts(data)
    rest = at_rest(data)
    resting, rest_binary = parts(rest)
    assert seen(rest) == seen(data) and "animations" not in resting and document["animations"]
    for animation in document["animations"]:
        for sampler in animation["samplers"]:
            keys = values(document, binary, sampler["output"])
            if np.ptp(keys, axis=0).max() > 1e-3:  # moves: these bytes are this motion's own
                assert keys.tobytes() not in rest_binary
    used = {index for mesh in resting["meshes"] for one in mesh["primitives"] for index in one["attributes"].values()}
    used |= {one["indices"] for mesh in resting["meshes"] for one in mesh["primitives"] if "indices" in one}
    used |= {skin["inverseBindMatrices"] for skin in resting.get("skins", [])}
    assert used == set(range(len(resting["accessors"])))
    assert resting["buffers"] == [{"byteLength": len(rest_binary)}]
    assert at_rest(rest) == rest == trimmed(rest)


def test_a_file_without_waste_keeps_its_motion(tmp_path: Path) -> None:
    data = (ASSETS / "Fox.glb").read_bytes()
    again = trimmed(data)
    assert seen(again) == seen(data)
    (document, binary), (other, other_binary) = parts(data), parts(again)
    for one, two in zip(document["animations"], other["animations"]):
        assert one["channels"] == two["channels"]
        for left, right in zip(one["samplers"], two["samplers"]):
            for end in ("input", "output"):
                np.testing.assert_array_equal(
                    values(document, binary, left[end]), values(other, other_binary, right[end])
                )
