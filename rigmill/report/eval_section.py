"""The report's section on evaluation: what reconstruction makes of recorded maps, and of those that the model drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from rigmill.clips.members import pose_video, rgb_video
from rigmill.clips.pictures import jpeg
from rigmill.clips.sheets import stack, tile
from rigmill.clips.video import decode
from rigmill.kinds import Maps
from rigmill.pipeline.view import View
from rigmill.report.folder import ReportFolder
from rigmill.storage.files import Store, digest
from rigmill.types import Row, StoredFile

NUM_FRAMES_SHOWN = 3
GENERATED = "generated"
# What the eval stage calls where a row's maps came from, and what that means here.
KINDS = {Maps.RECORDED: "recorded maps: the upper bound", Maps.GENERATED: "generated maps"}
# Column of the table, and its heading.
NUMBERS = {
    "mpjpe_pct": "joints off, %",
    "over_2pct": "over 2 %, %",
    "usable_share": "usable",
    "missing_share": "missing",
    "swapped_share": "swapped",
    "pck_2d": "discs right",
    "reprojection_px": "views agree, px",
    "bone_drift_pct": "bones off, %",
    "branch_rotation_deg": "branch, deg",
    "chain_rotation_deg": "chain, deg",
    "leaf_rotation_deg": "leaf, deg",
}


@dataclass(frozen=True, slots=True)
class KindMedians:
    """The median of each of NUMBERS, by column, over clips with maps of one kind; None where it is not known."""

    kind: str
    num_clips: int
    medians: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class EvaluatedClip:
    """One clip and each of NUMBERS, by column."""

    maps: str
    clip_id: str
    num_frames: int
    num_drawn_joints: int
    numbers: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Generated:
    """What a model drew for a held-out clip; `picture` is a file of the report."""

    picture: str
    checkpoint_id: str
    clip_id: str


@dataclass(frozen=True, slots=True)
class EvalSection:
    """Medians and clips under the headings of NUMBERS, and what the model drew."""

    headings: list[str]
    kinds: list[KindMedians]
    clips: list[EvaluatedClip]
    generated: list[Generated]


def section(view: View, *, store: Store, folder: ReportFolder) -> EvalSection | None:
    """The numbers and pictures of the section, its pictures put into the report; None where nothing was evaluated."""
    rows = sorted(view.products("eval"), key=lambda row: (row["maps"], row["clip_id"]))
    if not rows:
        return None
    drawn = [(_generated(row, store=store, folder=folder), row) for row in rows if row["maps"] == GENERATED]
    return EvalSection(
        list(NUMBERS.values()),
        summary(rows),
        [
            EvaluatedClip(
                row["maps"],
                row["clip_id"],
                row["num_frames"],
                row["num_drawn_joints"],
                {name: row[name] for name in NUMBERS},
            )
            for row in rows
        ],
        [Generated(picture, row["checkpoint_id"], row["clip_id"]) for picture, row in drawn if picture],
    )


def summary(rows: Sequence[Row]) -> list[KindMedians]:
    """One row per kind of maps that there are."""
    found = []
    for kind, words in KINDS.items():
        clips = [row for row in rows if row["maps"] == kind]
        if clips:
            known = {name: [row[name] for row in clips if row[name] is not None] for name in NUMBERS}
            medians = {name: float(np.median(values)) if values else None for name, values in known.items()}
            found.append(KindMedians(words, len(clips), medians))
    return found


def _generated(row: Row, *, store: Store, folder: ReportFolder) -> str | None:
    """A picture of some frames of every view, put into the report; None where the clip's videos were not kept."""
    files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
    if rgb_video(0) not in files:
        return None
    name = f"generated-{row['clip_id']}-{digest(row['files'], length=8)}.jpg"
    if folder.holds(name):
        return name
    sheets = []
    for view in range(sum(1 for file in files if file.startswith("rgb."))):
        rgb, pose = (decode(store.read(files[video(view)])) for video in (rgb_video, pose_video))
        frames = np.linspace(0, len(rgb) - 1, NUM_FRAMES_SHOWN).round().astype(int)
        pictures = [
            cv2.resize(part[frame], None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
            for part in (rgb, pose)
            for frame in frames
        ]
        labels = [f"view {view} {kind} {frame}" for kind in ("rgb", "pose") for frame in frames]
        sheets.append(tile(pictures, labels))
    folder.put(name, jpeg(stack(sheets)))
    return name
