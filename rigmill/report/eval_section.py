"""The report's section on evaluation: what reconstruction makes of recorded maps, and of those that the model drew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rigmill.kinds import Maps
from rigmill.report import html
from rigmill.types import Row

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
_CLIP = {"maps": "maps", "clip_id": "clip", "num_frames": "frames", "num_drawn_joints": "joints"}
_INTRO = (
    "<p>Recorded maps measure reconstruction alone; generated ones come from the model and have no truth to compare "
    "with, only their own consistency: a usable share under 0.04 is chance. Joints off: mean distance of drawn joints "
    "in per cent of the rig's size at rest, and the per cent of joint-frames off by more than 2 % of it. Usable: share "
    "of joint-frames that two views agree on; the others are missing, or swapped: views agree on a place where the "
    "joint cannot be. Both are filled from the frames around. Discs right: share of those in the picture that are "
    "found within half a radius of the truth. Views agree: distance between usable joints and their discs. Bones off: "
    "from their length at "
    "rest. Rotations by class of joint; twist along a limb cannot be seen from joints.</p>"
)


def tables(rows: Sequence[Row]) -> str:
    """Medians of recorded beside generated maps, and a row per clip."""
    shown = _CLIP | NUMBERS
    ordered = sorted(rows, key=lambda row: (row["maps"], row["clip_id"]))
    clips = html.table(tuple(shown.values()), [tuple(row[name] for name in shown) for row in ordered])
    medians = html.table(("", "clips", *NUMBERS.values()), summary(rows))
    return f"{_INTRO}<h3>Medians over clips</h3>{medians}<h3>Clips</h3>{clips}"


def summary(rows: Sequence[Row]) -> list[tuple[str | int | float | None, ...]]:
    """One row per kind of maps that there are: how many clips, and the median of each of NUMBERS that is known."""
    found: list[tuple[str | int | float | None, ...]] = []
    for kind, words in KINDS.items():
        clips = [row for row in rows if row["maps"] == kind]
        if clips:
            known = {name: [row[name] for row in clips if row[name] is not None] for name in NUMBERS}
            found.append(
                (words, len(clips), *(float(np.median(known[name])) if known[name] else None for name in NUMBERS))
            )
    return found
