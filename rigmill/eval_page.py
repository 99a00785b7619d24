"""The report's section on evaluation: what reconstruction makes of recorded maps, and of those that the model drew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rigmill import html
from rigmill.stage import Row

# What the eval stage calls where a row's maps came from, and what that means here.
KINDS = {"ground_truth": "recorded maps: the upper bound", "generated": "generated maps"}
SUMMARY = ("mpjpe_pct", "over_2pct", "usable_share", "pck_2d", "reprojection_px", "bone_drift_pct",
           "branch_rotation_deg")
_CLIP = ("maps", "clip_id", "num_frames", "num_drawn_joints", "mpjpe_pct", "over_2pct", "usable_share", "pck_2d",
         "branch_rotation_deg", "chain_rotation_deg", "leaf_rotation_deg", "reprojection_px", "bone_drift_pct")
_INTRO = (
    "<p>Recorded maps ('ground_truth') measure reconstruction alone; 'generated' ones come from the model and have no "
    "truth to compare with, only their own consistency: a usable share under 0.04 is chance. mpjpe_pct: mean distance "
    "of drawn joints in per cent of the subject's size; over_2pct: per cent of joint-frames off by more than 2 %; "
    "pck_2d: share of discs found within half a radius of the truth; reprojection_px: how well views agree; "
    "bone_drift_pct: how far bones are from their length at rest; rotations in degrees (twist along a limb cannot be "
    "seen from joints).</p>"
)


def tables(rows: Sequence[Row]) -> str:
    """Medians of recorded beside generated maps, and a row per clip."""
    ordered = sorted(rows, key=lambda row: (row["maps"], row["clip_id"]))
    return (_INTRO + "<h3>Medians over clips</h3>" + html.table(("", "clips", *SUMMARY), summary(rows))
            + "<h3>Clips</h3>" + html.table(_CLIP, [tuple(row[name] for name in _CLIP) for row in ordered]))


def summary(rows: Sequence[Row]) -> list[tuple[str | int | float | None, ...]]:
    """One row per kind of maps that there are: how many clips, and the median of each of SUMMARY that is known."""
    found: list[tuple[str | int | float | None, ...]] = []
    for kind, words in KINDS.items():
        clips = [row for row in rows if row["maps"] == kind]
        if clips:
            known = {name: [row[name] for row in clips if row[name] is not None] for name in SUMMARY}
            found.append((words, len(clips), *(float(np.median(known[name])) if known[name] else None
                                               for name in SUMMARY)))
    return found
