"""What an image's own header says: its format and its size in pixels, read without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NoReturn

from curate.gate.gltf_json import over_budget
from rigmill.outcomes import Refusal, Reject

MAX_PIXELS = 8192 * 8192
MAX_SIDE = 16384
_MAX_JPEG_SEGMENTS = 4096
# Start-of-frame markers; C4, C8 and CC are something else.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Format and size of an image. KTX2 is known, but Blender cannot read it."""

    mime: str
    width_px: int
    height_px: int

    @property
    def pixels(self) -> int:
        return self.width_px * self.height_px


def image_header(data: bytes | memoryview, where: str = "image") -> ImageHeader:
    """The header of a PNG, JPEG, WebP or KTX2 image of sane size; a Refusal for everything else."""
    head = bytes(data[:64])
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            found = _png(head, where)
        elif head.startswith(b"\xff\xd8\xff"):
            found = _jpeg(memoryview(data), where)
        elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            found = _webp(head, where)
        elif head.startswith(b"\xabKTX 20\xbb\r\n\x1a\n"):
            found = ImageHeader("image/ktx2", *struct.unpack_from("<II", head, 20))
        else:
            _bad(f"{where} is no PNG, JPEG or WebP image")
    except struct.error:
        _bad(f"{where} ends within its header")
    if found.width_px < 1 or found.height_px < 1:
        _bad(f"{where} has no pixels")
    if max(found.width_px, found.height_px) > MAX_SIDE:
        over_budget(f"{where}: pixels along a side", measured=max(found.width_px, found.height_px), limit=MAX_SIDE)
    if found.pixels > MAX_PIXELS:
        over_budget(f"{where}: pixels", measured=found.pixels, limit=MAX_PIXELS)
    return found


def _bad(message: str) -> NoReturn:
    raise Refusal(Reject.BAD_IMAGE, message)


def _png(head: bytes, where: str) -> ImageHeader:
    length, kind, width, height = struct.unpack_from(">I4sII", head, 8)
    if (length, kind) != (13, b"IHDR"):
        _bad(f"{where}: a PNG that does not start with its header")
    return ImageHeader("image/png", width, height)


def _jpeg(data: memoryview, where: str) -> ImageHeader:
    offset = 2
    for _ in range(_MAX_JPEG_SEGMENTS):
        marker, kind = struct.unpack_from(">BB", data, offset)
        if marker != 0xFF:
            break
        if kind == 0xFF:  # a fill byte
            offset += 1
        elif kind in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, offset + 5)
            return ImageHeader("image/jpeg", width, height)
        elif 0xD0 <= kind <= 0xD8 or kind == 0x01:  # markers without content
            offset += 2
        elif kind in (0xD9, 0xDA):
            break
        else:
            offset += 2 + max(2, struct.unpack_from(">H", data, offset + 2)[0])
    _bad(f"{where}: a JPEG that does not say its size")


def _webp(head: bytes, where: str) -> ImageHeader:
    kind = head[12:16]
    if kind == b"VP8X":
        width, height = 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    elif kind == b"VP8L":
        signature, packed = struct.unpack_from("<BI", head, 20)
        if signature != 0x2F:
            _bad(f"{where}: a WebP without its signature")
        width, height = 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        start, width, height = struct.unpack_from("<3sHH", head, 23)
        if start != b"\x9d\x01\x2a":
            _bad(f"{where}: a WebP without its signature")
        width, height = width & 0x3FFF, height & 0x3FFF
    else:
        _bad(f"{where}: a WebP of no known kind")
    return ImageHeader("image/webp", width, height)
