"""A material to build nodes in, and pictures in many formats. Inside Blender."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np


class Tree:
    """A material with a Principled shader, and pictures to link to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.material = bpy.data.materials.new("made")
        self.material.use_nodes = True
        self.nodes, self.links = self.material.node_tree.nodes, self.material.node_tree.links
        self.shader = next(node for node in self.nodes if node.type == "BSDF_PRINCIPLED")
        self.output = next(node for node in self.nodes if node.type == "OUTPUT_MATERIAL")

    def node(self, kind: str, **settings: Any) -> Any:
        """A new node; settings are its properties, or values of inputs by place (i0, i1...)."""
        node = self.nodes.new("ShaderNode" + kind)
        for name, value in settings.items():
            if name[0] == "i" and name[1:].isdigit():
                node.inputs[int(name[1:])].default_value = value
            else:
                setattr(node, name, value)
        return node

    def link(self, output: Any, to: Any) -> None:
        self.links.new(to if not isinstance(to, str) else self.shader.inputs[to], output)

    def texture(
        self,
        seed: int = 0,
        *,
        data: bool = False,
        alpha: bool = False,
        size: tuple[int, int] = (96, 64),
        **settings: Any,
    ) -> Any:
        """An Image Texture node with a packed PNG of soft blobs."""
        pixels = blobs(seed, size)
        if not alpha:
            pixels[..., 3] = 255
        return self.picture(
            f"blobs{seed}{data}{alpha}.png", cv2.imencode(".png", pixels)[1].tobytes(), data=data, **settings
        )

    def picture(
        self, name: str, content: bytes, *, data: bool = False, alpha_mode: str = "CHANNEL_PACKED", **settings: Any
    ) -> Any:
        path = self.folder / name
        path.write_bytes(content)
        image = bpy.data.images.load(str(path))
        image.pack()
        image.colorspace_settings.name = "Non-Color" if data else "sRGB"
        image.alpha_mode = alpha_mode
        return self.node("TexImage", image=image, **settings)

    def mix(self, kind: str, factor: float, **settings: Any) -> Any:
        node = self.node("Mix", data_type="RGBA", blend_type=kind, **settings)
        node.inputs["Factor"].default_value = factor
        return node


def blobs(seed: int, size: tuple[int, int]) -> Any:
    """Smooth noise that repeats, BGRA bytes (H, W, 4): what is computed from it per texel varies little between
    texels."""
    width, height = size
    random = np.random.default_rng(seed)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    layers = [
        0.5 + 0.45 * np.sin(2 * np.pi * (random.integers(1, 3) * x + random.integers(-2, 3) * y + random.random()))
        for _ in range(4)
    ]
    return np.rint(np.stack(layers, axis=-1) * 255).astype(np.uint8)


def encoded(suffix: str, channels: int, kind: Any = np.uint8) -> Callable[[], bytes]:
    def make() -> bytes:
        pixels = blobs(17, (96, 64))[..., :channels].astype(kind)
        pixels = pixels * 257 + 31 if kind is np.uint16 else pixels / np.float32(255) if kind is np.float32 else pixels
        return bytes(cv2.imencode(suffix, np.squeeze(pixels), [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())

    return make


def palette() -> bytes:
    """A PNG of 16 colours, some of them half clear."""
    index = (blobs(18, (64, 64))[..., 0] // 16).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in index)
    colours = np.random.default_rng(0).integers(0, 256, (16, 3)).astype(np.uint8).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", colours)
        + chunk(b"tRNS", bytes(range(100, 116)))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
