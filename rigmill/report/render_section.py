"""The report's section on rendering: which engine drew what, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rigmill.pipeline.view import View
from rigmill.types import Row


@dataclass(frozen=True, slots=True)
class EngineClips:
    """What one engine drew. Agreement is a similarity (SSIM), None where it was not measured; coverage a share of the
    picture.
    """

    engine: str
    num_clips: int
    num_assets: int
    num_measured: int  # clips whose agreement was measured
    agreement_p10: float | None
    agreement_median: float | None
    coverage_median: float


@dataclass(frozen=True, slots=True)
class RenderSection:
    """Engines by name, and (reason for Cycles, clips), most frequent first."""

    engines: list[EngineClips]
    reasons: list[tuple[str, int]]


def section(view: View) -> RenderSection | None:
    """The numbers of the section; None where nothing was rendered."""
    rows = list(view.products("render"))
    return RenderSection(engines(rows), why(rows)) if rows else None


def engines(rows: Iterable[Row]) -> list[EngineClips]:
    """One row per engine, by name."""
    of_engine: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_engine[row["engine"]].append(row)
    found = []
    for engine, clips in sorted(of_engine.items()):
        agreement = [clip["agreement"] for clip in clips if clip["agreement"] is not None]
        low, middle = map(float, np.percentile(agreement, [10, 50])) if agreement else (None, None)
        found.append(
            EngineClips(
                engine,
                len(clips),
                len({clip["asset_id"] for clip in clips}),
                len(agreement),
                low,
                middle,
                float(np.median([clip["min_coverage"] for clip in clips])),
            )
        )
    return found


def why(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Reasons for an engine and how many clips they have, most frequent first."""
    counted = Counter(row["engine_reason"] for row in rows if row["engine_reason"])
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))
