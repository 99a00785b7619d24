"""Pixels of Blender's pictures, as bytes; each is read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from render.blender.materials.nodes import NotReproduced
from rigmill.types import Bytes, Floats

MAX_PX = 2048  # larger pictures are averaged down: no view shows more
_STRIP_ROWS = 512  # of a large picture that are averaged at once
_ENCODED = ("sRGB",)
_LINEAR = ("Non-Color", "Raw", "Linear Rec.709", "Linear")
_DECODED_BY_US = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")  # PNG, JPEG, WebP: ten times faster than through Blender
_MISSING = np.array([[[255, 0, 255, 255]]], dtype=np.uint8)  # what Cycles shows of a picture that is not there


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture; its first row is at v = 0."""

    pixels: Bytes  # (H, W, 4)
    encoded: bool  # RGB are sRGB bytes; else linear ones

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def linear(self) -> Floats:
        """(H, W, 4) float32: linear RGB, and alpha."""
        values = self.pixels.astype(np.float32) / 255
        if self.encoded:
            values[..., :3] = TO_LINEAR[self.pixels[..., :3]]
        return values


def to_linear(encoded: Floats) -> Floats:
    """sRGB's curve, of values in 0..1."""
    high = np.power((np.maximum(encoded, 0.04045) + 0.055) / 1.055, 2.4)
    result: Floats = np.where(encoded <= 0.04045, encoded / 12.92, high)
    return result


def to_encoded(linear: Floats) -> Floats:
    """The inverse of `to_linear`."""
    high = 1.055 * np.power(np.maximum(linear, 0.0031308), 1 / 2.4) - 0.055
    result: Floats = np.where(linear <= 0.0031308, linear * 12.92, high)
    return result


TO_LINEAR = to_linear(np.arange(256) / 255).astype(np.float32)
_TO_LINEAR_16 = np.rint(to_linear(np.arange(256) / 255) * 65535).astype(np.uint16)
_FROM_LINEAR_16 = np.rint(to_encoded(np.arange(65536) / 65535) * 255).astype(np.uint8)


def as_bytes(values: Floats, *, encode: bool) -> Bytes:
    """Values of 0..1 as bytes, clipped; `encode`: linear ones become sRGB."""
    if encode:
        return _FROM_LINEAR_16[np.rint(np.clip(values, 0, 1) * 65535).astype(np.uint16)]
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


@dataclass
class Pictures:
    """The pictures read so far."""

    _read: dict[str, Bitmap] = field(default_factory=dict)
    _multiplied: dict[str, Bitmap] = field(default_factory=dict)

    def read(self, image: Any, *, alpha_is_used: bool) -> Bitmap:
        """What an Image Texture node of Cycles gets from `image`.

        Cycles multiplies colour by alpha while it loads a picture of straight alpha, and divides it out again only
        where something asks for the alpha.
        """
        if image is not None and image.source not in ("FILE", "GENERATED"):
            kind = {"SEQUENCE": "an image sequence", "MOVIE": "a movie", "TILED": "a tiled picture"}
            raise NotReproduced(f"is textured with {kind.get(image.source, 'a picture that is made elsewhere')}")
        if image is None:
            return Bitmap(_MISSING, True)
        if image.name not in self._read:
            self._read[image.name] = _read(image)
        bitmap = self._read[image.name]
        packed = image.alpha_mode in ("CHANNEL_PACKED", "NONE") or not bitmap.encoded
        if packed or alpha_is_used or (bitmap.pixels[..., 3] == 255).all():
            return bitmap
        if image.name not in self._multiplied:
            pixels = bitmap.pixels.copy()
            pixels[..., :3] = pixels[..., :3].astype(np.uint16) * pixels[..., 3:] // 255
            self._multiplied[image.name] = Bitmap(pixels, True)
        return self._multiplied[image.name]


def _read(image: Any) -> Bitmap:
    space = image.colorspace_settings.name
    if space not in _ENCODED and space not in _LINEAR:
        raise NotReproduced(f"has a picture in the colour space {space}")
    encoded = space in _ENCODED
    pixels = _decode(image)
    if pixels is None:
        if min(image.size) == 0:
            return Bitmap(_MISSING, encoded)
        pixels, encoded = _ask_blender(image, encoded)
    if image.alpha_mode == "NONE":
        pixels[..., 3] = 255
    return Bitmap(_shrink(pixels, encoded), encoded)


def _decode(image: Any) -> Bytes | None:
    """The packed file's pixels; None where it is not a kind that we decode as Blender does."""
    if image.packed_file is None or image.is_dirty or image.source != "FILE":
        return None
    data = image.packed_file.data
    if not data.startswith(_DECODED_BY_US):
        return None
    found = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        return None
    if found.dtype == np.uint16:
        found = ((found.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if found.dtype != np.uint8:
        return None
    if found.ndim == 2:
        found = cv2.cvtColor(found, cv2.COLOR_GRAY2RGBA)
    elif found.shape[2] == 3:
        found = cv2.cvtColor(found, cv2.COLOR_BGR2RGBA)
    elif found.shape[2] == 4:
        found = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA)
    else:
        return None
    return np.ascontiguousarray(found[::-1])


def _ask_blender(image: Any, encoded: bool) -> tuple[Bytes, bool]:
    """Pixels through Blender, and whether they are sRGB."""
    width, height = image.size
    channels = image.channels
    values = np.empty(width * height * channels, dtype=np.float32)
    image.pixels.foreach_get(values)
    shaped = values.reshape(height, width, channels)
    colour = shaped[..., :3] if channels >= 3 else shaped[..., :1].repeat(3, axis=2)
    pixels = np.full((height, width, 4), 255, dtype=np.uint8)
    # Blender keeps pictures of floats linear, whatever their file's space is.
    pixels[..., :3] = as_bytes(colour, encode=encoded and image.is_float)
    if channels in (2, 4):
        pixels[..., 3] = as_bytes(shaped[..., -1], encode=False)
    return pixels, encoded


def _shrink(pixels: Bytes, encoded: bool) -> Bytes:
    """The picture halved until no side is over MAX_PX, colours averaged as light."""
    height, width = pixels.shape[:2]
    times = 1
    while max(height, width) > MAX_PX * times:
        times *= 2
    if times == 1:
        return pixels
    new_width = max(width // times, 1)
    strips = []
    rows = max(_STRIP_ROWS // times, 1) * times
    for top in range(0, height, rows):
        strip = pixels[top : top + rows]
        size = (new_width, max(len(strip) // times, 1))
        alpha = cv2.resize(np.ascontiguousarray(strip[..., 3]), size, interpolation=cv2.INTER_AREA)
        colour = _TO_LINEAR_16[strip[..., :3]] if encoded else np.ascontiguousarray(strip[..., :3])
        colour = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        strips.append(np.dstack([_FROM_LINEAR_16[colour] if encoded else colour, alpha]))
    return np.concatenate(strips)
