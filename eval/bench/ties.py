"""What ties a clip to the training side: the same asset, motion, look or shape."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rigmill.kinds import Split
from rigmill.pipeline.stage import Rows
from rigmill.types import Floats, Row
from shards.alike import NEAR


class Tie(StrEnum):
    """By what a clip is known in training."""

    CLIP = "clip"
    ASSET = "asset"
    MOTION = "motion"  # the same stored motion, on whatever body
    LOOK = "look"  # other files, and the joints move alike
    GEOMETRY = "geometry"  # the same vertices and faces
    SHAPE = "shape"  # the same surface, of whatever mesh


@dataclass(frozen=True, slots=True)
class Marks:
    """What a clip can be recognised by. Empty: not known."""

    clip_id: str
    asset_id: str
    motion_id: str
    motion_hash: str
    geometry_hash: str
    shape: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """The clips of training and validation, as a clip of the benchmark is held against them."""

    known: dict[Tie, Collection[str]]
    shapes: Floats  # (N, M)

    def ties(self, marks: Marks) -> tuple[Tie, ...]:
        """By what the clip is known in training; empty: by nothing."""
        by_name = {
            Tie.CLIP: marks.clip_id,
            Tie.ASSET: marks.asset_id,
            Tie.MOTION: marks.motion_id,
            Tie.LOOK: marks.motion_hash,
            Tie.GEOMETRY: marks.geometry_hash,
        }
        found = [tie for tie, name in by_name.items() if name and name in self.known[tie]]
        if marks.shape and len(self.shapes) and self.shapes.shape[1] == len(marks.shape):
            far = np.abs(self.shapes - np.array(marks.shape)).max(axis=1)
            found += [Tie.SHAPE] if far.min() <= NEAR else []
        return tuple(found)


def marks_of(tables: Rows) -> dict[str, tuple[str, Marks]]:
    """clip -> the side that it is on, and its marks, of every clip in the shards."""
    rows = tables.products("shards")
    wanted = {row["clip_id"] for row in rows}
    looks = {row["clip_id"]: row["motion_hash"] for row in tables.products("preview") if row["clip_id"] in wanted}
    assets = {row["asset_id"]: row for row in tables.products("probe")}
    return {row["clip_id"]: (row["split"], _marks(row, looks, assets.get(row["asset_id"], {}))) for row in rows}


def _marks(row: Row, looks: dict[str, str], asset: Row) -> Marks:
    return Marks(
        clip_id=row["clip_id"],
        asset_id=row["asset_id"],
        motion_id=row["motion_id"],
        motion_hash=looks.get(row["clip_id"]) or "",
        geometry_hash=asset.get("geometry_hash") or "",
        shape=tuple(asset.get("shape") or ()),
    )


def trained(marks: dict[str, tuple[str, Marks]]) -> Trained:
    """All that is not held out: validation chooses which model is kept, so it counts as training."""
    seen = [own for side, own in marks.values() if side != Split.BENCH]
    known: dict[Tie, Collection[str]] = {
        Tie.CLIP: {own.clip_id for own in seen},
        Tie.ASSET: {own.asset_id for own in seen},
        Tie.MOTION: {own.motion_id for own in seen},
        Tie.LOOK: {own.motion_hash for own in seen},
        Tie.GEOMETRY: {own.geometry_hash for own in seen},
    }
    shapes = sorted({own.shape for own in seen if own.shape})
    return Trained(known, np.array(shapes, dtype=np.float64) if shapes else np.empty((0, 0)))
