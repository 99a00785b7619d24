"""What motions there are in a profile's probe table: how nearly they end as they began, and at which rate they count.

    python -m benchmarks.motion_filter.loops --profile NAME [--config FILE] [--json]

Run the profile's `probe` before. The figures of docs/filters.md are of a folder source of the corpus.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from curate.filters.rules import short
from rigmill.config.load import load
from rigmill.pipeline.view import View
from rigmill.rigs.loops import MAX_GAP
from rigmill.storage.layout import Layout
from rigmill.types import Row

GAPS = (0.001, 0.01, MAX_GAP, 0.1, 0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    profile = load(arguments.profile, file=arguments.config).profile
    folder = arguments.config.parent if arguments.config else Path()
    view = View(Layout(folder / profile.output).tables, profile)
    motions = [motion for rig in view.products("probe") for motion in rig["motions"]]
    found = figures(motions, profile.filters.model_dump())
    print(json.dumps(found) if arguments.json else "\n".join(f"{key}: {value}" for key, value in found.items()))


def figures(motions: Sequence[Row], limits: Row) -> dict[str, int]:
    """Numbers of motions: all, those that end within a gap of their beginning, and short ones that count after all."""
    few = [motion for motion in motions if motion["num_frames"] <= limits["min_frames"]]
    saved = [motion for motion in few if short(motion, limits) is None]
    return {
        "motions": len(motions),
        **{f"gap <= {gap:g}": sum(motion["loop_gap"] <= gap for motion in motions) for gap in GAPS},
        "too few frames at the profile's rate": len(few),
        "of these enough at their own": len(saved),
        "of these loops": sum(motion["period_frames"] is not None for motion in saved),
    }


if __name__ == "__main__":
    main()
