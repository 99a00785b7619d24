"""What the extensions and modes of glTF become: the fox with other materials."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.blender.calls import call
from tests.support.files.tiny_glb import pack, unpack
from tests.support.paths import ASSETS

BASE = {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.6}
MOVED = {"offset": [0.25, 0.5], "rotation": 0.3, "scale": [2.0, 3.0]}


def extended(name: str, **values: Any) -> dict[str, Any]:
    return {"pbrMetallicRoughness": BASE, "extensions": {f"KHR_{name}": values}}


MATERIALS: dict[str, dict[str, Any]] = {
    "blend": {"pbrMetallicRoughness": BASE | {"baseColorFactor": [1, 0.5, 0.2, 0.6]}, "alphaMode": "BLEND"},
    "mask": {
        "pbrMetallicRoughness": BASE | {"baseColorFactor": [1, 1, 1, 0.3]},
        "alphaMode": "MASK",
        "alphaCutoff": 0.4,
    },
    "mask that keeps all": {"pbrMetallicRoughness": BASE, "alphaMode": "MASK", "alphaCutoff": 0.4},
    "opaque for all its alpha": {"pbrMetallicRoughness": BASE | {"baseColorFactor": [1, 1, 1, 0.1]}},
    "unlit": extended("materials_unlit") | {"pbrMetallicRoughness": BASE | {"baseColorFactor": [0.5, 1, 1, 1]}},
    "unlit blend": extended("materials_unlit")
    | {"pbrMetallicRoughness": BASE | {"baseColorFactor": [1, 1, 1, 0.25]}, "alphaMode": "BLEND"},
    "emissive": extended("materials_emissive_strength", emissiveStrength=4.0)
    | {"emissiveTexture": {"index": 0}, "emissiveFactor": [0.5, 0.25, 1.0]},
    "specular": extended("materials_specular", specularFactor=0.3, specularColorFactor=[0.5, 0.5, 0.5]),
    "dense": extended("materials_ior", ior=1.8),
    "transformed": {
        "pbrMetallicRoughness": BASE
        | {"baseColorTexture": {"index": 0, "extensions": {"KHR_texture_transform": MOVED}}}
    },
    "mixed wraps": {"pbrMetallicRoughness": BASE | {"baseColorTexture": {"index": 1}}},
    "occlusion": {"pbrMetallicRoughness": BASE, "occlusionTexture": {"index": 0}},
    "no coat": extended("materials_clearcoat", clearcoatFactor=0.0),
}
REFUSED = {
    "clear coat": extended("materials_clearcoat", clearcoatFactor=1.0),
    "lets light through": extended("materials_transmission", transmissionFactor=0.8),
    "has a volume": extended("materials_volume", thicknessFactor=1.0, attenuationDistance=1.0),
    "has a sheen": extended("materials_sheen", sheenColorFactor=[1, 1, 1]),
    "anisotropy": extended("materials_anisotropy", anisotropyStrength=0.8),
}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("gltf")
    document, binary = unpack((ASSETS / "Fox.glb").read_bytes())
    items, names = [], [*MATERIALS, *REFUSED]
    for number, material in enumerate([*MATERIALS.values(), *REFUSED.values()]):
        changed = document | {
            "materials": [material],
            "extensionsUsed": list(material.get("extensions", {})) + ["KHR_texture_transform"],
            "samplers": [{}, {"wrapS": 10497, "wrapT": 33071}],
            "textures": [{"source": 0, "sampler": 0}, {"source": 0, "sampler": 1}],
        }
        path = folder / f"{number}.glb"
        path.write_bytes(pack(changed, binary))
        items.append({"path": str(path), "format": "glb"})
    answers = call("tests.support.looks.cycles_truth:numbers_of_file", items, folder)
    return {name: answer["value"] for name, answer in zip(names, answers)}


@pytest.mark.blender
def test_materials_of_gltf_become_looks(read: dict[str, Any]) -> None:
    assert {name: read[name]["reasons"] for name in MATERIALS if read[name]["reasons"]} == {}
    modes = {name: read[name]["mode"] for name in MATERIALS}
    assert {name for name in modes if modes[name] != "opaque"} == {"blend", "mask", "unlit blend"}
    assert modes["mask"] == "clip" and read["mask"]["cutoff"] == pytest.approx(0.4)
    assert read["mask"]["alpha"] == pytest.approx(0.3) and read["unlit blend"]["alpha"] == pytest.approx(0.25)
    assert read["blend"]["base"] == pytest.approx([1, 0.5, 0.2]) and read["blend"]["alpha"] == pytest.approx(0.6)
    assert {name for name in MATERIALS if read[name]["unlit"]} == {"unlit", "unlit blend"}
    assert read["unlit"]["base"] == pytest.approx([0.5, 1, 1])
    assert read["emissive"]["emission"] == pytest.approx([2, 1, 4]) and read["emissive"]["emits_picture"]
    assert read["occlusion"]["specular"] == pytest.approx(0.5) and read["occlusion"]["roughness"] == pytest.approx(0.6)
    assert read["specular"]["specular"] == pytest.approx(0.5 * 0.3 * 0.5)
    assert read["dense"]["specular"] == pytest.approx((0.8 / 2.8) ** 2 / 0.08)


@pytest.mark.blender
def test_what_gltf_has_and_the_rasteriser_lacks_is_a_reason(read: dict[str, Any]) -> None:
    for words in REFUSED:
        (reason,) = read[words]["reasons"]
        assert words in reason


@pytest.mark.blender
def test_a_texture_is_moved_as_the_extension_says(read: dict[str, Any]) -> None:
    """The extension counts v downwards: offset, then rotation, then scale, written as its specification does."""
    sine, cosine = np.sin(MOVED["rotation"]), np.cos(MOVED["rotation"])
    turned = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    moved = np.array([[1, 0, MOVED["offset"][0]], [0, 1, MOVED["offset"][1]], [0, 0, 1]])  # type: ignore[index]
    flipped = np.array([[1, 0, 0], [0, -1, 1], [0, 0, 1]])
    expected = flipped @ moved @ turned @ np.diag([*MOVED["scale"], 1]) @ flipped  # type: ignore[misc]
    assert np.allclose(read["transformed"]["transform"], expected[:2], atol=1e-5)


@pytest.mark.blender
def test_a_wrap_for_each_direction_is_one_where_no_coordinate_leaves_the_picture(read: dict[str, Any]) -> None:
    assert read["mixed wraps"]["wrap"] in ("repeat", "extend")
