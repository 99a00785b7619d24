"""Tables that a report reads, made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from rigmill.config.load import load
from rigmill.config.schema import Profile
from rigmill.outcomes import Outcome
from rigmill.storage.columns import outcome_row
from rigmill.types import Row


@dataclass
class Rows:
    """Outcomes and products as a View gives them."""

    profile: Profile = field(default_factory=lambda: load("demo").profile)
    ended: dict[str, list[Row]] = field(default_factory=dict)
    made: dict[str, list[Row]] = field(default_factory=dict)

    def outcomes(self, stage: str) -> list[Row]:
        return self.ended.get(stage, [])

    def products(self, stage: str) -> list[Row]:
        return self.made.get(stage, [])

    def end(self, stage: str, source: str, outcome: Outcome, number: int = 1) -> None:
        rows = self.ended.setdefault(stage, [])
        for _ in range(number):
            name = f"{source}-{len(rows)}" if stage in ("preview", "select", "render") else f"asset-{len(rows)}"
            rows.append(outcome_row(f"{stage}-{name}", name, outcome, "again", source=source))
