"""AnimateAnyMesh: `{name}.fbx`, with a shape key `Frame_k` a frame, of `--export_format fbx`.

Z is up, and the mesh, which is the first frame, was centred in its box and divided by its largest coordinate: the box
of the asset brings it back. Files say 24 frames a second and mean 10: only the shapes are read. Blender reads them, in
its closed child and after the gate. Alembic is not read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from eval.bodies.importers.found import AskBlender, Asset, Result
from eval.bodies.importers.rewrite import moving_vertices
from eval.bodies.unplayable import Unplayable
from rigmill.blender.requests import READ_SHAPES, ShapesAnswer
from rigmill.types import Floats

FPS = 10.0
_PREFIX = "Frame_"


def results(folder: Path, ask: AskBlender) -> Iterator[Result]:
    """Every file of the folder and below it; an Alembic file only to say that it is not read."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".fbx":
            yield Result((path.stem,), path, partial(_joined, path, ask))
        elif path.suffix == ".abc" and not path.with_suffix(".fbx").exists():
            yield Result((path.stem,), path, _refused)


def _refused(_asset: Asset) -> bytes:
    raise Unplayable("Alembic is not read: write it with --export_format fbx")


def _joined(path: Path, ask: AskBlender, asset: Asset) -> bytes:
    answer, data = ask(READ_SHAPES, path, {"prefix": _PREFIX}, "file")
    with np.load(io.BytesIO(data), allow_pickle=False) as npz:
        vertices, faces = npz["vertices"], npz["faces"]
    assert ShapesAnswer.from_item(answer).num_frames == len(vertices)
    if not np.isfinite(vertices).all():
        raise Unplayable("it holds numbers that are not finite")
    (low, high), (own_low, own_high) = _box(asset.body.rest), _box(vertices[0])
    extent = float((own_high - own_low).max())
    if extent <= 0:
        raise Unplayable("its first frame has no size")
    vertices = (vertices - (own_low + own_high) / 2) * (float((high - low).max()) / extent) + (low + high) / 2
    same = faces.shape == asset.body.faces.shape and (faces == asset.body.faces).all()
    return moving_vertices(vertices, faces, asset.body.look if same else None, fps=FPS)


def _box(points: Floats) -> tuple[Floats, Floats]:
    return points.min(axis=0), points.max(axis=0)
