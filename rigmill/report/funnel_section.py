"""The report's section on how far inputs got: by stage, and by source beside the paper's numbers."""

from __future__ import annotations

from dataclasses import dataclass

from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.view import View
from rigmill.report.funnel import STEPS, Ends, SourceFunnel, funnel


@dataclass(frozen=True, slots=True)
class StageCounts:
    """How a stage's inputs ended."""

    name: str
    num_in: int
    kept: int
    rejected: int
    failed: int
    pending: int

    @property
    def kept_share(self) -> float:
        return self.kept / self.num_in if self.num_in else 0.0


@dataclass(frozen=True, slots=True)
class FunnelSection:
    """The funnel by stage and by source; `total` adds the sources up."""

    stages: list[StageCounts]
    steps: list[str]
    sources: list[SourceFunnel]
    total: SourceFunnel


def section(view: View, ends: Ends) -> FunnelSection:
    """The numbers of the section."""
    stages = []
    for name in STAGES:
        counts = view.counts(name)
        stages.append(StageCounts(name, counts.num_in, counts.kept, counts.rejected, counts.failed, counts.pending))
    sources = funnel(view, ends)
    total = SourceFunnel(
        "all",
        tuple(sum(numbers) for numbers in zip(*(row.numbers for row in sources))),
        sum(row.paper or 0 for row in sources),
    )
    return FunnelSection(stages, list(STEPS), sources, total)
