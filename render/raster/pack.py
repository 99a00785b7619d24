"""Looks and their textures as flat arrays that compiled code reads."""

from __future__ import annotations

import cv2
import numpy as np

from render.raster.groups import Materials
from render.raster.types import Look, Texture
from rigmill.types import Bytes, Floats, Ints

MAX_TEXTURE_PX = 2048  # larger pictures are halved until they fit: no view shows more of them
MAX_LEVELS = 13
WRAPS = ("repeat", "mirror", "extend", "clip")
MODES = ("opaque", "clip", "blend")
OPAQUE, CLIP, BLEND = range(3)
# Columns of Materials.numbers ...
BASE, ALPHA, CUTOFF, ROUGHNESS, METALLIC, REFLECTANCE, BUMP, EMISSION, NUM_NUMBERS = 0, 3, 4, 5, 6, 7, 8, 9, 12
# ... of Materials.choices ...
(
    BASE_TEXTURE,
    SURFACE_TEXTURE,
    NORMAL_TEXTURE,
    EMISSION_TEXTURE,
    MODE,
    VERTEX_COLOURS,
    UNLIT,
    FRONTS_ONLY,
    IS_SHELL,
    NUM_CHOICES,
) = range(10)
# ... and of Materials.kinds.
UV, WRAP, NEAREST, NUM_LEVELS, NUM_KINDS = range(5)

# Encoded steps of 1/16 byte to linear: what interpolation of bytes gives is looked up, not computed.
DECODE_STEPS = 16


def decode(encoded: Floats) -> Floats:
    """Linear values of encoded ones, both 0..1."""
    linear: Floats = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear


def encode(linear: Floats) -> Floats:
    """Encoded values of linear ones, both 0..1."""
    curved = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    encoded: Floats = np.where(linear <= 0.0031308, linear * 12.92, curved)
    return encoded


DECODED = decode(np.arange(255 * DECODE_STEPS + 2) / (255 * DECODE_STEPS)).astype(np.float32)
ENCODE_STEPS = 8192
ENCODED = np.rint(encode(np.arange(ENCODE_STEPS + 1) / ENCODE_STEPS) * 255).astype(np.uint8)
# Linear of each byte, and of alpha the byte itself: (1, 256, 4).
_TO_LIGHT = np.stack([DECODED[::DECODE_STEPS]] * 3 + [np.arange(256, dtype=np.float32)], axis=-1)[None]


def pack(looks: tuple[Look, ...], num_layers: int) -> Materials:
    """`looks` as arrays; a texture without pixels or without its UV layer counts as none."""
    looks = looks or (Look(name="none"),)
    numbers = np.zeros((len(looks), NUM_NUMBERS), np.float32)
    choices = np.full((len(looks), NUM_CHOICES), -1, np.int32)
    textures: list[tuple[Texture, bool, bool]] = []  # with: is it encoded, does its alpha matter

    def add(texture: Texture | None, encoded: bool, alpha: bool) -> int:
        if texture is None or min(texture.pixels.shape[:2]) == 0 or not 0 <= texture.uv < num_layers:
            return -1
        for index, (other, was_encoded, had_alpha) in enumerate(textures):
            if is_same(other, texture) and (was_encoded, had_alpha) == (encoded, alpha):
                return index
        textures.append((texture, encoded, alpha))
        return len(textures) - 1

    for row, choice, look in zip(numbers, choices, looks):
        row[BASE : BASE + 3], row[EMISSION : EMISSION + 3] = look.base, look.emission
        row[ALPHA], row[CUTOFF], row[ROUGHNESS], row[METALLIC] = look.alpha, look.cutoff, look.roughness, look.metallic
        row[REFLECTANCE], row[BUMP] = 0.08 * look.specular, look.normal_strength
        choice[BASE_TEXTURE] = add(look.base_texture, True, look.alpha_mode != "opaque")
        choice[SURFACE_TEXTURE] = add(look.surface_texture, False, False)
        choice[NORMAL_TEXTURE] = add(look.normal_texture, False, False)
        choice[EMISSION_TEXTURE] = add(look.emission_texture, True, False)
        choice[MODE] = MODES.index(look.alpha_mode)
        choice[VERTEX_COLOURS], choice[UNLIT] = look.vertex_colours, look.unlit
        choice[FRONTS_ONLY], choice[IS_SHELL] = look.fronts_only, look.is_shell
    np.nan_to_num(numbers, copy=False, nan=0.0, posinf=1e4, neginf=0.0)
    return _with_textures(numbers, choices, textures)


def is_same(first: Texture, second: Texture) -> bool:
    """Whether two textures lay one picture in the same way."""
    return first.pixels is second.pixels and (first.uv, first.wrap, first.nearest, first.transform) == (
        second.uv,
        second.wrap,
        second.nearest,
        second.transform,
    )


def _with_textures(numbers: Floats, choices: Ints, textures: list[tuple[Texture, bool, bool]]) -> Materials:
    places = np.ones((max(len(textures), 1), MAX_LEVELS, 3), np.int64)
    kinds = np.zeros((len(places), NUM_KINDS), np.int32)
    turns = np.zeros((len(places), 6), np.float32)
    parts, offset = [], 0
    for index, (texture, encoded, alpha) in enumerate(textures):
        levels = make_levels(texture.pixels, encoded=encoded, alpha=alpha)
        kinds[index] = texture.uv, WRAPS.index(texture.wrap), texture.nearest, len(levels)
        turns[index] = np.array(texture.transform, np.float32).reshape(6)
        for number, level in enumerate(levels):
            places[index, number] = offset, level.shape[1], level.shape[0]
            parts.append(np.ascontiguousarray(level).view(np.uint32).reshape(-1))
            offset += level.shape[0] * level.shape[1]
    texels = np.concatenate(parts) if parts else np.zeros(1, np.uint32)
    return Materials(numbers, choices, texels, places, kinds, turns, DECODED)


def make_levels(pixels: Bytes, *, encoded: bool, alpha: bool) -> list[Bytes]:
    """The picture and its halvings, averaged as light is, weighted by alpha where it matters; (H, W, 4) bytes each."""
    pixels = np.ascontiguousarray(pixels)
    levels = [pixels] if max(pixels.shape[:2]) <= MAX_TEXTURE_PX else []
    light = cv2.LUT(pixels, _TO_LIGHT) if encoded else pixels.astype(np.float32)
    if alpha:
        light[..., :3] *= np.maximum(light[..., 3:], 0.25)
    while max(light.shape[:2]) > 1 and len(levels) < MAX_LEVELS:
        height, width = light.shape[:2]
        light = cv2.resize(light, (max(width // 2, 1), max(height // 2, 1)), interpolation=cv2.INTER_AREA)
        if max(light.shape[:2]) <= MAX_TEXTURE_PX:
            levels.append(_as_bytes(light, encoded=encoded, alpha=alpha))
    return levels


def _as_bytes(light: Floats, *, encoded: bool, alpha: bool) -> Bytes:
    values = light.copy()
    if alpha:
        values[..., :3] /= np.maximum(values[..., 3:], 0.25)
    if encoded:
        steps = np.clip(values[..., :3], 0, 1) * ENCODE_STEPS + 0.5
        values[..., :3] = np.take(ENCODED, steps.astype(np.int32))
    return (np.clip(values, 0, 255) + 0.5).astype(np.uint8)
