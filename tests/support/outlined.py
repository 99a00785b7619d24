"""A coloured ball in a black outline: a shell around it whose faces look inwards, shown from their fronts alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rigmill.formats.glb import join_glb
from rigmill.types import Floats, Ints

RED, BLACK = [0.9, 0.05, 0.05, 1.0], [0.0, 0.0, 0.0, 1.0]
_ACROSS, _DOWN = 32, 16


def ball(radius: float) -> tuple[Floats, Ints]:
    """Vertices and triangles of a ball about the origin, seen from outside counter-clockwise."""
    round_it, down = np.meshgrid(np.arange(_ACROSS) * 2 * np.pi / _ACROSS, np.linspace(0, np.pi, _DOWN + 1))
    points = np.stack([np.sin(down) * np.cos(round_it), np.cos(down), np.sin(down) * np.sin(round_it)], axis=-1)
    at = np.arange((_DOWN + 1) * _ACROSS).reshape(_DOWN + 1, _ACROSS)
    upper, lower = at[:-1], at[1:]
    after = np.roll(upper, -1, axis=1), np.roll(lower, -1, axis=1)
    first, second = np.stack([upper, after[0], lower], -1), np.stack([after[0], after[1], lower], -1)
    return radius * points.reshape(-1, 3), np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])


def write_outlined(path: Path, *, mirrored: bool = False, double_sided: bool = False) -> Path:
    """A GLB of it that turns about; `mirrored`: by a node of negative scale. Beside the ball a nose tells its sides."""
    inner, faces = ball(1.0)
    nose = inner * 0.3 + np.array([0.9, 0.0, 0.6])
    body = np.concatenate([inner, nose]), np.concatenate([faces, faces + len(inner)])
    shell = ball(1.06)[0], faces[:, ::-1]
    parts: list[bytes] = []
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def add(values: np.ndarray, component: int, kind: str) -> int:
        data = np.ascontiguousarray(values).tobytes()
        data += b"\0" * (-len(data) % 4)
        views.append({"buffer": 0, "byteOffset": sum(map(len, parts)), "byteLength": len(data)})
        parts.append(data)
        limits = {"min": values.min(0).reshape(-1).tolist(), "max": values.max(0).reshape(-1).tolist()}
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": component, "count": len(values), "type": kind} | limits
        )
        return len(accessors) - 1

    meshes = [
        {
            "primitives": [
                {
                    "attributes": {"POSITION": add(points.astype(np.float32), 5126, "VEC3")},
                    "indices": add(triangles.reshape(-1, 1).astype(np.uint16), 5123, "SCALAR"),
                    "material": material,
                }
            ]
        }
        for material, (points, triangles) in enumerate((body, shell))
    ]
    times = add(np.linspace(0, 1, 17).astype(np.float32).reshape(-1, 1), 5126, "SCALAR")
    half = np.linspace(0, np.pi / 6, 17)
    turns = add(np.stack([0 * half, np.sin(half), 0 * half, np.cos(half)], -1).astype(np.float32), 5126, "VEC4")
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "whole", "children": [1], **({"scale": [-1, 1, 1]} if mirrored else {})},
            {"name": "turned", "children": [2, 3]},
            {"name": "ball", "mesh": 0},
            {"name": "shell", "mesh": 1},
        ],
        "meshes": meshes,
        "materials": [
            {
                "name": name,
                "doubleSided": double_sided,
                "pbrMetallicRoughness": {"baseColorFactor": colour, "metallicFactor": 0.0, "roughnessFactor": 1.0},
            }
            for name, colour in (("body", RED), ("outline", BLACK))
        ],
        "animations": [
            {
                "name": "turn",
                "channels": [{"sampler": 0, "target": {"node": 1, "path": "rotation"}}],
                "samplers": [{"input": times, "output": turns}],
            }
        ],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": sum(map(len, parts))}],
    }
    path.write_bytes(join_glb(document, b"".join(parts)))
    return path
