"""What the filters measure: how the stored values lie, and how many would be kept at other limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rigmill.kinds import AssetKind
from rigmill.pipeline.view import View


@dataclass(frozen=True, slots=True)
class Measure:
    """A stored value that a limit of the profile's `filters` section cuts."""

    stage: str
    column: str
    limit: str  # a key of `filters`
    keeps_above: bool
    label: str
    logarithmic: bool = True


MEASURES = (
    Measure("preview", "flow_px", "min_flow_px", True, "how far the part that moves most gets, px at 256 px"),
    Measure("preview", "coverage", "min_coverage", True, "share of the emptiest view that the subject covers"),
    Measure("preview", "extent_ratio", "max_extent_ratio", False, "largest frame's size over the usual one"),
    Measure("probe", "grey_share", "max_grey_share", False, "share of the surface that is one untextured grey", False),
    Measure("probe", "num_vertices", "min_vertices", True, "vertices of a rig's meshes"),
    Measure("probe", "num_vertices", "max_vertices", False, "vertices of a rig's meshes"),
    Measure("preview", "jump", "max_jump", False, "largest step that stands alone, in the subject's size"),
)
_FACTORS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
_SHARES = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


def limit_of(view: View, measure: Measure) -> float:
    """The limit that the profile's filters set for this measure, in its own unit."""
    return float(getattr(view.profile.filters, measure.limit))


def values_of(view: View, measure: Measure) -> list[float]:
    """Every value that was measured, of kept and dropped rows alike. A motion without a mesh has no looks to judge."""
    rows = view.products(measure.stage)
    found = (row[measure.column] for row in rows if measure.stage != "probe" or row["kind"] != AssetKind.MOTION)
    return [float(value) for value in found if value is not None and math.isfinite(value)]


def at_other_limits(values: Sequence[float], measure: Measure, limit: float) -> list[tuple[float, int]]:
    """(limit, how many it keeps), rising; the profile's own limit is among them. This rule alone, nothing else."""
    limits = {limit * factor for factor in _FACTORS} if measure.logarithmic else {limit, *_SHARES}
    return [
        (other, sum(value >= other if measure.keeps_above else value <= other for value in values))
        for other in sorted(limits)
    ]
