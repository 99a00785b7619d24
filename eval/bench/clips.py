"""The clips of an exported benchmark, as every method and every metric reads them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

BENCH_CSV, BENCH_JSON, CLIPS = "bench.csv", "bench.json", "clips"
REST, TRUTH, GEOMETRY = "rest.glb", "truth.glb", "geometry.npz"  # of a clip, below CLIPS/its id


class Group(StrEnum):
    """The paper's four groups, and what is in none of them."""

    HUMANOID = "humanoid"
    QUADRUPED = "quadruped"
    FLYING = "flying"
    FURNITURE = "furniture"  # articulated furniture
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BenchClip:
    """One clip that methods are compared on.

    Its folder holds REST (the asset, nothing moves), TRUTH (the same with the clip's motion as its one animation),
    GEOMETRY (`ClipGeometry`: rig, motion, cameras), the recorded videos, and the templates of every view under the
    names that shards give them.
    """

    clip_id: str
    asset_id: str
    group: Group
    category: str
    source: str
    title: str
    prompt: str
    num_frames: int
    fps: float
    num_joints: int
    movement_pct: float  # how far joints are from the first frame, on average, per cent of the height
    licence: str
    folder: Path

    @property
    def rest(self) -> Path:
        return self.folder / REST

    @property
    def truth(self) -> Path:
        return self.folder / TRUTH

    @property
    def geometry(self) -> Path:
        return self.folder / GEOMETRY


@dataclass(frozen=True, slots=True)
class Bench:
    """An exported benchmark. `digest` is of its list of clips and their files: results of two digests are unlike."""

    folder: Path
    name: str
    digest: str
    clips: tuple[BenchClip, ...]
