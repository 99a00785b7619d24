"""The tables as they stand for one profile: plans, outcomes and live product rows of every stage."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigmill.profile import Profile
from rigmill.registry import STAGES, load_stage
from rigmill.stage import Job, Row, Stage
from rigmill.tables import StageTable
from rigmill.types import TRY_AGAIN, Status


@dataclass(frozen=True, slots=True)
class Counts:
    """How a stage's inputs ended. `in = kept + rejected + failed + pending`, always."""

    num_in: int
    kept: int
    rejected: int
    failed: int
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def pending(self) -> int:
        return self.num_in - self.kept - self.rejected - self.failed

    def __post_init__(self) -> None:
        if self.pending < 0:
            raise AssertionError(f"more outcomes than inputs: {self}")


class View:
    """Reads tables; rows whose job is no longer planned (changed input or settings) are invisible."""

    def __init__(self, tables: Path, profile: Profile) -> None:
        self.profile = profile
        self._folder = tables
        self._stages: dict[str, Stage] = {}
        self._tables: dict[str, StageTable] = {}
        self._outcomes: dict[str, dict[str, Row]] = {}
        self._products: dict[str, dict[str, list[Row]]] = {}
        self._plans: dict[str, dict[str, Job]] = {}

    def stage(self, name: str) -> Stage:
        if name not in self._stages:
            self._stages[name] = load_stage(name)
        return self._stages[name]

    def table(self, name: str) -> StageTable:
        if name not in self._tables:
            self._tables[name] = StageTable(self._folder, name)
        return self._tables[name]

    def stored_outcomes(self, name: str) -> dict[str, Row]:
        """Every outcome row on disk by job key, planned or not."""
        if name not in self._outcomes:
            self._outcomes[name] = {row["job_key"]: row for row in self.table(name).outcomes().to_pylist()}
        return self._outcomes[name]

    def _stored_products(self, name: str) -> dict[str, list[Row]]:
        if name not in self._products:
            rows: dict[str, list[Row]] = {}
            for row in self.table(name).products().to_pylist():
                rows.setdefault(row.pop("job_key"), []).append(row)
            self._products[name] = rows
        return self._products[name]

    def plan(self, name: str) -> dict[str, Job]:
        """All jobs of the stage by key, given what its upstream stages have kept so far."""
        if name not in self._plans:
            self._plans[name] = {job.key: job for job in self.stage(name).plan(self, self.profile)}
        return self._plans[name]

    def forget_plan(self, name: str) -> None:
        """Plan again at the next question, with everything downstream."""
        forgotten = {name}
        for other in [other for other in STAGES if other in self._plans]:  # in flow order
            if forgotten & set(self.stage(other).upstream):
                forgotten.add(other)
        for other in forgotten:
            self._plans.pop(other, None)

    def outcomes(self, name: str) -> list[Row]:
        """Outcome rows of planned jobs, sorted by job key."""
        stored = self.stored_outcomes(name)
        return [stored[key] for key in sorted(self.plan(name)) if key in stored]

    def products(self, stage: str) -> list[Row]:
        """Product rows of the stage's planned and kept jobs, sorted by job key."""
        stored = self._stored_products(stage)
        return [row for key in sorted(self.plan(stage)) for row in stored.get(key, ())]

    def pending(self, name: str) -> list[Job]:
        """Planned jobs without a lasting outcome. An interruption is not one: it says nothing about the input."""
        stored = self.stored_outcomes(name)
        return [
            job for key, job in self.plan(name).items()
            if key not in stored or stored[key]["fail_kind"] in TRY_AGAIN
        ]

    def counts(self, name: str) -> Counts:
        by_status: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for row in self.outcomes(name):
            by_status[row["status"]] += 1
            if row["status"] != Status.KEPT.value:
                reasons[row["code"]] += 1
        return Counts(
            num_in=len(self.plan(name)), kept=by_status[Status.KEPT.value], rejected=by_status[Status.REJECTED.value],
            failed=by_status[Status.FAILED.value], reasons=reasons,
        )

    def is_settled(self, name: str) -> bool:
        """Whether nothing upstream is pending, so that this plan is the whole plan."""
        return all(self.is_settled(other) and not self.pending(other) for other in self.stage(name).upstream)

    def commit(self, name: str, outcomes: list[Row], products: list[Row]) -> None:
        """Write finished jobs and see them at once."""
        ended, stored = self.stored_outcomes(name), self._stored_products(name)  # as on disk before this commit
        replaced = {row["job_key"] for row in outcomes} & ended.keys()
        if replaced:
            self.forget(name, replaced)
        self.table(name).commit(outcomes, products)
        for row in outcomes:
            ended[row["job_key"]] = row
        for row in products:
            shown = {column: row.get(column) for column in self.table(name).products_schema.names}
            key: Any = shown.pop("job_key")
            stored.setdefault(key, []).append(shown)

    def forget(self, name: str, keys: set[str]) -> None:
        """Remove the rows of some jobs, so that they are pending again."""
        stored, products = self.stored_outcomes(name), self._stored_products(name)
        for key in keys:
            stored.pop(key, None)
            products.pop(key, None)
        self.table(name).compact(stored.keys())
        self.forget_plan(name)

    def compact(self, name: str) -> None:
        """One sorted segment per table. Rows that nothing plans any more go, once upstream is finished."""
        stored = self.stored_outcomes(name)
        keys = set(stored) & set(self.plan(name)) if self.is_settled(name) else set(stored)
        self.table(name).compact(keys)
