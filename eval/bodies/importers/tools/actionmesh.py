"""ActionMesh: a folder a result with `mesh_00.glb`, `mesh_01.glb`, ... one a frame, at 8 frames a second.

The GLBs are read, never `deformations_vertices.npy`, whose axes are mirrored. `animated_mesh.glb` counts where there
are none. Scale and order of the vertices are the asset's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from eval.bodies.body import Body
from eval.bodies.importers.found import Asset, Result
from eval.bodies.importers.rewrite import moving_vertices
from eval.bodies.play import play_glb
from eval.bodies.unplayable import Unplayable

FPS = 8.0
_FRAME = re.compile(r"mesh_(\d+)\.glb")
_WHOLE = "animated_mesh.glb"


def results(folder: Path) -> Iterator[Result]:
    """Every folder with frames, named as it is below the given one."""
    for place in sorted({path.parent for path in folder.rglob("*.glb")}):
        frames = sorted((int(found[1]), path) for path in place.iterdir() if (found := _FRAME.fullmatch(path.name)))
        name = place.relative_to(folder).as_posix() if place != folder else place.resolve().name
        names = (name, place.name) if place.name != name else (name,)
        if frames:
            yield Result(names, place, partial(_joined, frames))
        elif (place / _WHOLE).is_file():
            yield Result(names, place, partial(_whole, place / _WHOLE))


def _joined(frames: list[tuple[int, Path]], asset: Asset) -> bytes:
    """All frames as one GLB."""
    numbers = [number for number, _ in frames]
    if numbers != list(range(len(numbers))):
        lost = next(number for number in range(numbers[-1]) if number not in set(numbers))
        raise Unplayable(f"frame mesh_{lost:02d}.glb is missing")
    bodies = [_still(path) for _, path in frames]
    faces = bodies[0].faces
    for body, (_, path) in zip(bodies, frames):
        if body.faces.shape != faces.shape or (body.faces != faces).any() or len(body.rest) != len(bodies[0].rest):
            raise Unplayable(f"the faces of {path.name} are not those of the first frame")
    look = bodies[0].look
    same = faces.shape == asset.body.faces.shape and (faces == asset.body.faces).all()
    if same and look is not None and all(texture is None for texture in look.textures):
        look = asset.body.look  # the system drops pictures
    return moving_vertices(np.stack([body.rest for body in bodies]), faces, look, fps=FPS)


def _whole(path: Path, _asset: Asset) -> bytes:
    return path.read_bytes()


def _still(path: Path) -> Body:
    try:
        return play_glb(path.read_bytes(), fps=1.0, num_frames=1)
    except Unplayable as error:
        raise Unplayable(f"{path.name}: {error}") from None
