"""The clips that the small model learns and is measured on: the shards of a run on our own world."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from rigmill.errors import UserError
from rigmill.kinds import Split
from rigmill.storage.files import digest
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from shards.index import INDEX
from train.inputs import TrainingClip

TRAINED = "train"  # the first part of a world asset's uid, of those that training may see


@dataclass(frozen=True, slots=True)
class WorldClips:
    """Clips by what may be done with them, in the order of their ids, and what is known of them."""

    output: Path
    train: tuple[TrainingClip, ...]
    held_out: tuple[TrainingClip, ...]
    truths: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by clip id: a world's Truth, as JSON
    groups: Mapping[str, str] = field(default_factory=dict)  # by clip id: why it is held out, or 'train'

    @property
    def store_root(self) -> Path:
        return Layout(self.output).store.root

    @property
    def digest(self) -> str:
        """Of the training clips' bytes."""
        return digest([clip.place.sha256 for clip in self.train])


def read_world(output: Path, *, num_frames: int, any_split: bool = False) -> WorldClips:
    """The clips of a run's output folder that have at least so many frames.

    Held out is what the shards hold out, and what the world does: assets of its own, whole plans, motions of a plan.
    With `any_split` all are: of a world of which nothing was ever trained on.
    """
    layout = Layout(output)
    # What the last run published. The table also holds what earlier runs did, of a smaller world the same clips again.
    index = layout.dataset / INDEX
    rows = pq.read_table(index).to_pylist() if index.is_file() else []
    if not rows:
        raise UserError(
            f"no training clips in {output}",
            why=f"{index} is empty or not there",
            code="E530",
            fix="'make world' first, and give its output folder",
        )
    assets = {row["asset_id"]: row for row in StageTable(layout.tables, "collect").products().to_pylist()}
    kept: dict[bool, list[TrainingClip]] = {True: [], False: []}
    truths, groups = {}, {}
    for row in sorted(rows, key=lambda row: row["clip_id"]):
        if row["num_frames"] < num_frames:
            continue
        asset = assets[row["asset_id"]]
        own = str(asset["source_uid"]).partition("/")[0]
        seen = row["split"] == Split.TRAIN and own in (TRAINED, str(asset["source_uid"]))
        kept[seen and not any_split].append(TrainingClip.from_row(row))
        groups[row["clip_id"]] = "another seed" if any_split else TRAINED if seen else _why_held_out(own)
        takes = {take["motion"]: take for take in asset["takes"] or ()}
        if row["motion_name"] in takes:
            truths[row["clip_id"]] = json.loads(takes[row["motion_name"]]["truth"])
    if not kept[True] and not any_split:
        raise UserError(
            f"no clip of {output} may be trained on",
            why=f"all {len(rows)} are held out, or shorter than {num_frames} frames",
            fix="make a larger world",
            code="E530",
        )
    return WorldClips(output, tuple(kept[True]), tuple(kept[False]), truths, groups)


def _why_held_out(own: str) -> str:
    return own if own.startswith("unseen-") else "unseen-rig"  # the shards hold whole assets out
