"""What the surfaces of a file look like, by base colours and their pictures alone."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from curate.gate.image_header import image_header
from eval.bodies.body import Look
from eval.bodies.gltf.document import Document
from eval.bodies.gltf.meshes import Meshes
from eval.bodies.unplayable import Unplayable
from rigmill.outcomes import Refusal
from rigmill.types import Bytes, Floats

MAX_TEXTURE_PX = 1024  # larger ones are halved: pictures that are compared are small
_OLD = "KHR_materials_pbrSpecularGlossiness"


def read_look(document: Document, meshes: Meshes) -> Look:
    """The looks of all faces; the last material is that of faces which name none."""
    faces = np.concatenate(meshes.materials)
    count = document.count("materials")
    if int(faces.max(initial=-1)) >= count:
        raise Unplayable(f"it is malformed: materials[{int(faces.max())}] is not there")
    entries = [document.entry("materials", index) for index in range(count)] + [{}]
    both = np.array([bool(entry.get("doubleSided", False)) for entry in entries])
    used = set(np.where(faces < 0, count, faces).tolist())
    bases = [_base(entry) for entry in entries]
    textures = tuple(_texture(document, texture) if index in used else None for index, (_, texture) in enumerate(bases))
    return Look(
        material=np.where(faces < 0, count, faces).astype(np.int32),
        colours=np.array([colour for colour, _ in bases], dtype=np.float64),
        corner_uv=_corner_uv(meshes, [texture for _, texture in bases]),
        textures=textures,
        cutoffs=tuple(_cutoff(entry) for entry in entries),
        finish=np.array([_finish(entry) for entry in entries]),
        corner_colours=_corner_colours(meshes),
        fronts=np.where(both[faces], 0, meshes.way_round),
    )


def _base(material: dict[str, Any]) -> tuple[list[float], dict[str, Any] | None]:
    """Base colour and the reference to its picture."""
    old = material.get("extensions", {}).get(_OLD)
    if old is not None:
        colour, texture = old.get("diffuseFactor", (1.0,) * 4), old.get("diffuseTexture")
    else:
        surface = material.get("pbrMetallicRoughness", {})
        colour, texture = surface.get("baseColorFactor", (1.0,) * 4), surface.get("baseColorTexture")
    values = [float(value) for value in colour]
    if len(values) != 4 or not all(math.isfinite(value) for value in values):
        raise Unplayable("it is malformed: a base colour is not four numbers")
    values[3] = values[3] if material.get("alphaMode", "OPAQUE") != "OPAQUE" else 1.0
    return values, None if texture is None else {**texture, "opaque": material.get("alphaMode", "OPAQUE") == "OPAQUE"}


def _cutoff(material: dict[str, Any]) -> float | None:
    """Of alpha. What is opaque has none that counts."""
    return float(material.get("alphaCutoff", 0.5)) if material.get("alphaMode", "OPAQUE") == "MASK" else None


def _finish(material: dict[str, Any]) -> tuple[float, float]:
    """Roughness and metal. Where pictures say them, which are not read, a surface is dull."""
    surface = material.get("pbrMetallicRoughness", {})
    if "metallicRoughnessTexture" in surface or "KHR_materials_unlit" in material.get("extensions", {}):
        return 1.0, 0.0
    if _OLD in material.get("extensions", {}):
        return 1.0 - float(material["extensions"][_OLD].get("glossinessFactor", 1.0)), 0.0
    rough, metal = (float(surface.get(name, 1.0)) for name in ("roughnessFactor", "metallicFactor"))
    return min(max(rough, 0.0), 1.0), min(max(metal, 0.0), 1.0)


def _texture(document: Document, reference: dict[str, Any] | None) -> Bytes | None:
    """The picture (H, W, 4) sRGB of a reference; None: there is none, or none that is read."""
    if reference is None:
        return None
    texture = document.entry("textures", reference["index"])
    source = texture.get("extensions", {}).get("EXT_texture_webp", {}).get("source", texture.get("source"))
    if source is None:
        return None
    image = document.entry("images", source)
    if "bufferView" not in image:
        raise Unplayable("it keeps its pictures outside: save it with them inside")
    data = document.view(image["bufferView"])[0]
    try:
        image_header(data)  # before anything is decoded: a few bytes may ask for gigabytes
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, Refusal):
        pixels = None
    if pixels is None:
        raise Unplayable(f"images[{source}] is no picture that can be read")
    if pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    rgba = _rgba(pixels)
    if reference["opaque"]:
        rgba[..., 3] = 255
    while max(rgba.shape[:2]) > MAX_TEXTURE_PX:
        rgba = cv2.resize(rgba, (max(rgba.shape[1] // 2, 1), max(rgba.shape[0] // 2, 1)), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(rgba)


def _rgba(pixels: Bytes) -> Bytes:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    how = {1: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    if channels == 2:  # grey and alpha
        return np.ascontiguousarray(pixels[..., [0, 0, 0, 1]])
    return np.asarray(cv2.cvtColor(pixels, how[channels]))


def _corner_uv(meshes: Meshes, references: list[dict[str, Any] | None]) -> Floats | None:
    """Where every corner lies in its material's picture, (F, 3, 2); None: nothing has a picture and a place in it."""
    found, any_uv = [], False
    for (sets, corners), material in zip(meshes.uvs, meshes.materials):
        reference = references[int(material[0])] if len(material) and material[0] >= 0 else None
        change = (reference or {}).get("extensions", {}).get("KHR_texture_transform", {})
        which = change.get("texCoord", (reference or {}).get("texCoord", 0))
        if reference is None or which not in sets:
            found.append(np.zeros((len(corners), 3, 2)))
            continue
        any_uv = True
        found.append(_changed(sets[which][corners], change))
    return np.concatenate(found) if any_uv else None


def _changed(uv: Floats, change: dict[str, Any]) -> Floats:
    """UVs after KHR_texture_transform: scaled, turned, shifted."""
    angle = float(change.get("rotation", 0.0))
    across, down = np.moveaxis(uv * np.array(change.get("scale", (1.0, 1.0))), -1, 0)
    turned = np.stack(
        [math.cos(angle) * across + math.sin(angle) * down, math.cos(angle) * down - math.sin(angle) * across], axis=-1
    )
    return turned + np.array(change.get("offset", (0.0, 0.0)))


def _corner_colours(meshes: Meshes) -> Floats | None:
    if all(colours is None for colours in meshes.colours):
        return None
    return np.concatenate(
        [
            np.ones((len(faces), 3, 4)) if colours is None else colours
            for colours, faces in zip(meshes.colours, meshes.faces)
        ]
    )
