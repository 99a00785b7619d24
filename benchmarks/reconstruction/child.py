"""What the part corpus asks of Blender children, by the dotted names of these functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from render.blender.subject.player import Player, loaded_subject, make_player, measure
from render.numbers import build_geometry, framing_cameras
from rigmill.blender.requests import ClipItem
from rigmill.types import Floats

_MOST_VERTICES = 20_000


def play(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """In scratch: geometry.npz, what the render stage stores; vertices.npy (F, M, 3), evaluated in frames `frames`."""
    clip = ClipItem.from_item(item)
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    numbers = measure(player)
    geometry = build_geometry(numbers, framing_cameras(numbers, clip.render), clip.render)
    (scratch / "geometry.npz").write_bytes(geometry.to_bytes())
    _write_vertices(player, item["frames"], offset=numbers.offset, scale=numbers.scale, scratch=scratch)
    return {}


def play_again(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """In scratch: vertices.npy of a stored motion, in the normalised world of `offset` and `scale`."""
    clip = ClipItem.from_item(item)
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    _write_vertices(player, item["frames"], offset=np.array(item["offset"]), scale=item["scale"], scratch=scratch)
    return {}


def _write_vertices(player: Player, frames: list[int], *, offset: Floats, scale: float, scratch: Path) -> None:
    player.subject.normalise(offset, scale)
    player.start(scale)
    found = []
    for frame in frames:
        player.show(frame)
        found.append(_vertices(player.subject.meshes))
    player.subject.reset()
    player.subject.normalise(np.zeros(3), 1.0)
    vertices = np.stack(found)
    np.save(scratch / "vertices.npy", vertices[:, :: max(1, vertices.shape[1] // _MOST_VERTICES)])


def _vertices(meshes: list[Any]) -> Floats:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = []
    for mesh in meshes:
        evaluated = mesh.evaluated_get(depsgraph)
        points = np.empty(len(evaluated.data.vertices) * 3, dtype=np.float32)
        evaluated.data.vertices.foreach_get("co", points)
        to_world = np.array(evaluated.matrix_world)
        parts.append(points.reshape(-1, 3).astype(np.float64) @ to_world[:3, :3].T + to_world[:3, 3])
    return np.concatenate(parts)
