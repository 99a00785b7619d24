"""The clips that a benchmark may be chosen from: held out, captioned, and in nothing known to training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from caption.category import MISCELLANEOUS
from eval.bench.choose import Candidate
from eval.bench.groups import group_of, motion_kind
from eval.bench.ties import Marks, Tie, marks_of, trained
from rigmill.errors import UserError
from rigmill.kinds import Split
from rigmill.pipeline.stage import Rows
from rigmill.types import Row

_HOLD_OUT = "hold assets out (shards.bench_share or shards.bench_assets), then"


@dataclass(frozen=True, slots=True)
class Pool:
    """What the rule chooses from."""

    candidates: tuple[Candidate, ...]
    rows: dict[str, Row]  # clip -> its row of `shards`
    marks: dict[str, Marks]
    tied: dict[str, tuple[Tie, ...]] = field(default_factory=dict)  # held-out clips that training knows, and by what
    num_trained: int = 0

    def tied_by(self) -> dict[Tie, int]:
        """How many held-out clips were left out by each tie."""
        counts = Counter(tie for ties in self.tied.values() for tie in ties)
        return {tie: counts[tie] for tie in Tie if counts[tie]}


def read_pool(tables: Rows, *, without: Collection[str] = ()) -> Pool:
    """All held-out clips of a profile's tables, but those named; a UserError where there is none."""
    marks = marks_of(tables)
    known = trained(marks)
    rows = {row["clip_id"]: row for row in tables.products("shards") if row["split"] == Split.BENCH}
    tied = {clip: ties for clip in rows if (ties := known.ties(marks[clip][1]))}
    words = {row["clip_id"]: row for row in tables.products("caption") if row["clip_id"] in rows}
    sizes = {row["clip_id"]: row["flow_px"] for row in tables.products("preview") if row["clip_id"] in rows}
    joints = {row["asset_id"]: row["num_joints"] for row in tables.products("probe")}
    strange = sorted(name for name in without if name not in rows)
    if strange:
        raise UserError(
            f"--without {strange[0]}: no such clip is held out",
            why=f"the shards have {len(rows)} clips in the split 'bench'",
            fix="take the whole id from bench.csv",
            code="E601",
        )
    candidates = tuple(
        _candidate(
            row, words[clip], marks[clip][1], size=sizes.get(clip) or 0.0, num_joints=joints.get(row["asset_id"]) or 0
        )
        for clip, row in sorted(rows.items())
        if clip in words and clip not in tied and clip not in without
    )
    if not candidates:
        raise UserError(
            "there is no clip to make a benchmark of",
            why=_why_none(marks, rows, tied),
            fix=f"{_HOLD_OUT if marks else 'first'}: {{command}}",
            code="E600",
            command=("run", "curate", "render", "category", "caption", "shards"),
        )
    of_training = sum(side != Split.BENCH for side, _ in marks.values())
    return Pool(candidates, rows, {clip: marks[clip][1] for clip in rows}, tied, of_training)


def _candidate(row: Row, facts: Row, marks: Marks, *, size: float, num_joints: int) -> Candidate:
    category = row["category"] or MISCELLANEOUS
    return Candidate(
        clip_id=row["clip_id"],
        asset_id=row["asset_id"],
        body=marks.geometry_hash or row["asset_id"],
        motion_id=row["motion_id"],
        group=group_of(facts["subject_kind"], category, row["secondary"] or ()),
        category=category,
        source=row["source"],
        num_joints=num_joints,
        motion_size=float(size),
        motion=motion_kind(facts),
    )


def _why_none(marks: Collection[str], rows: Collection[str], tied: Collection[str]) -> str:
    if not marks:
        return "no clip is in the shards yet"
    if not rows:
        return f"{len(marks)} clips are in the shards, and none of them is held out"
    if len(tied) == len(rows):
        return f"{len(rows)} clips are held out, and training knows the asset, motion or shape of each"
    return f"{len(rows)} clips are held out, and all are left out or have no caption"
