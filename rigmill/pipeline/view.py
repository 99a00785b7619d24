"""The tables as they stand for one profile: plans, outcomes and live product rows of every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.config.schema import Profile
from rigmill.outcomes import OWN_BUDGET, TRY_AGAIN, Status
from rigmill.pipeline.plans import Plan, PlanFiles, code_digest
from rigmill.pipeline.registry import STAGES, Registry
from rigmill.pipeline.stage import Stage, Stub
from rigmill.storage.files import digest
from rigmill.storage.layout import Layout
from rigmill.storage.rows import StoredRows
from rigmill.storage.segments import StageTable, sorted_live_indices
from rigmill.types import Row


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

    @property
    def broken(self) -> int:
        """The failed that did not just run out of their own time or memory."""
        return self.failed - sum(self.reasons[kind.value] for kind in OWN_BUDGET)

    def __post_init__(self) -> None:
        if self.pending < 0:
            raise AssertionError(f"more outcomes than inputs: {self}")

    def to_json(self) -> dict[str, int]:
        return {
            "in": self.num_in,
            "kept": self.kept,
            "rejected": self.rejected,
            "failed": self.failed,
            "pending": self.pending,
        }


@dataclass(frozen=True, slots=True)
class _Upstream:
    """What a stage may read while it plans: its own upstream, so that a plan follows from that and nothing else."""

    view: View
    stage: Stage

    def products(self, stage: str) -> StoredRows:
        if stage not in self.stage.upstream:
            raise AssertionError(f"stage {self.stage.name} reads {stage}, which is not upstream of it")
        return self.view.products(stage)

    @property
    def output(self) -> Path:
        return self.view.output


class View:
    """Reads tables; rows whose job is no longer planned (changed input or settings) are invisible.

    Tables are Arrow columns throughout: rows become Python objects where a stage or a person looks at them.
    """

    def __init__(self, tables: Path, profile: Profile, registry: Registry = STAGES) -> None:
        self.profile, self.registry = profile, registry
        self._folder, self.layout = tables, Layout(tables.parent)
        self.output = self.layout.root
        self._stages: dict[str, Stage] = {}
        self._tables: dict[str, StageTable] = {}
        self._files = PlanFiles(self.layout.plans)
        self._plans: dict[str, Plan] = {}
        self._open: dict[str, dict[str, Stub]] = {}
        self._num_open: dict[str, int] = {}
        self._rows: dict[tuple[str, str], StoredRows] = {}
        self._made_of: dict[str, dict[str, Row]] = {}

    def stage(self, name: str) -> Stage:
        if name not in self._stages:
            self._stages[name] = self.registry.load(name)
        return self._stages[name]

    def table(self, name: str) -> StageTable:
        if name not in self._tables:
            self._tables[name] = StageTable(self._folder, name, self.stage(name).writes)
        return self._tables[name]

    def plan(self, name: str) -> Plan:
        """All jobs of the stage, given what its upstream stages have kept so far."""
        if name not in self._plans and not self._remembered(name):
            self._make_plan(name, keep_open=False)
        return self._plans[name]

    def _remembered(self, name: str) -> bool:
        """Take the plan that an earlier command made, if it would be the same today."""
        follows_from = self._follows_from(name)
        plan = self._files.read(name, follows_from) if follows_from else None
        if plan is not None:
            self._plans[name] = plan
        return plan is not None

    def pending(self, name: str) -> list[Stub]:
        """Planned jobs without a lasting outcome, in the order of their input ids."""
        if name not in self._open:
            known = name in self._plans or self._remembered(name)
            if known and not self.num_open(name):
                return []
            self._make_plan(name, keep_open=True)
        return list(self._open[name].values())

    def num_open(self, name: str) -> int:
        """How many planned jobs have no lasting outcome."""
        if name not in self._num_open:
            self._num_open[name] = len(self.open_ids(name))
        return self._num_open[name]

    def open_ids(self, name: str) -> pa.Array:
        """Input ids of the planned jobs without a lasting outcome."""
        plan = self.plan(name)
        return plan.input_ids.filter(pc.invert(pc.is_in(plan.keys, value_set=self._closed(name))))

    def _make_plan(self, name: str, *, keep_open: bool) -> None:
        """Ask the stage for its inputs; with `keep_open`, keep the open jobs, folded up, by key."""
        closed = set(self._closed(name).to_pylist()) if keep_open else set()
        keys, input_ids, groups, open_jobs = [], [], [], []
        stage = self.stage(name)
        for stub in stage.stubs(_Upstream(self, stage), self.profile):
            keys.append(stub.key)
            input_ids.append(stub.input_id)
            groups.append(stub.group)
            if keep_open and stub.key not in closed:
                open_jobs.append(stub)
        plan = Plan(*(pa.array(column, pa.string()) for column in (keys, input_ids, groups)))
        if pc.count_distinct(plan.input_ids).as_py() != len(plan):
            raise AssertionError(f"stage {name} planned an input id twice")
        self._plans[name] = plan
        if keep_open:
            open_jobs.sort(key=attrgetter("input_id"))
            self._open[name] = {stub.key: stub for stub in open_jobs}
        # What an inline stage read for its plan it reads again when it runs, which is at once.
        for rows in self._rows.values():
            rows.release(columns=not (keep_open and stage.inline))
        follows_from = self._follows_from(name)
        if follows_from:
            self._files.write(name, follows_from, plan)

    def _follows_from(self, name: str) -> str:
        """A digest of all that the stage's plan depends on; empty where that is more than tables and settings."""
        stage = self.stage(name)
        if not stage.upstream:
            return ""  # its inputs come from outside
        rows = [(other, self.plan(other).digest, self.table(other).segments("products")) for other in stage.upstream]
        settings = stage.settings(self.profile)
        code = code_digest(self.registry.rooms, type(stage).__module__)
        return digest(code, name, stage.version, settings, rows, length=64)

    def _closed(self, name: str) -> pa.Array:
        """Keys with a lasting outcome. An interruption is not one: it says nothing about the input."""
        ends = self.table(name).snapshot("outcomes").read(["job_key", "fail_kind"])
        latest = sorted_live_indices(ends["job_key"], None, last=True)
        if latest is not None:
            ends = ends.take(latest)
        passing = pc.is_in(ends["fail_kind"], value_set=pa.array([kind.value for kind in TRY_AGAIN]))
        return ends["job_key"].filter(pc.invert(passing)).combine_chunks()

    def forget_plan(self, name: str) -> None:
        """Plan again at the next question, with everything downstream."""
        forgotten = {name}
        for other in self.registry:  # in flow order
            if other in self._plans and forgotten & set(self.stage(other).upstream):
                forgotten.add(other)
        for other in forgotten:
            self._plans.pop(other, None)
            self._open.pop(other, None)
            self._forget_rows(other)

    def _forget_rows(self, name: str) -> None:
        for kind in ("outcomes", "products"):
            self._rows.pop((name, kind), None)
        self._num_open.pop(name, None)

    def outcomes(self, name: str) -> StoredRows:
        """Outcome rows of planned jobs, sorted by job key."""
        return self._visible(name, "outcomes")

    def products(self, stage: str) -> StoredRows:
        """Product rows of the stage's planned and kept jobs, sorted by job key. `column("job_key")` is theirs too."""
        return self._visible(stage, "products")

    def _visible(self, name: str, kind: str) -> StoredRows:
        if (name, kind) not in self._rows:
            snapshot = self.table(name).snapshot(kind)
            keys = snapshot.column("job_key")
            place = sorted_live_indices(keys, self.plan(name).keys, last=kind == "outcomes")

            def read(column: str) -> pa.ChunkedArray:
                found = snapshot.column(column)
                return found if place is None else found.take(place)

            fields = [field for field in snapshot.schema if kind == "outcomes" or field.name != "job_key"]
            self._rows[name, kind] = StoredRows(read, pa.schema(fields), len(keys if place is None else place))
        return self._rows[name, kind]

    def counts(self, name: str) -> Counts:
        by_status: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for end in self.ends(name):
            by_status[end["status"]] += end["count"]
            if end["status"] != Status.KEPT.value:
                reasons[end["code"]] += end["count"]
        return Counts(
            num_in=len(self.plan(name)),
            kept=by_status[Status.KEPT.value],
            rejected=by_status[Status.REJECTED.value],
            failed=by_status[Status.FAILED.value],
            reasons=reasons,
        )

    def ends(self, name: str) -> list[Row]:
        """How the stage's planned jobs ended: status, code, count; the earliest in `outcomes` first."""
        rows = self.outcomes(name)
        table = pa.table({column: rows.column(column) for column in ("status", "code")})
        groups = table.group_by(["status", "code"], use_threads=False).aggregate([([], "count_all")])
        return [
            {"status": group["status"], "code": group["code"], "count": group["count_all"]}
            for group in groups.to_pylist()
        ]

    def made_of(self, name: str) -> dict[str, Row]:
        """Version and settings of the stage and of all upstream of it: what a plan follows from, beside files."""
        if name not in self._made_of:
            stage = self.stage(name)
            found = {key: value for other in stage.upstream for key, value in self.made_of(other).items()}
            self._made_of[name] = {
                **found,
                name: {"version": stage.version, "settings": dict(stage.settings(self.profile))},
            }
        return self._made_of[name]

    def plan_name(self, name: str, *, whole: bool = True) -> str:
        """A name for the plan as it is now; the same settings and the same jobs have the same.

        Not `whole`: a name for all plans that these settings make while something upstream is still running.
        """
        made_of = digest(self.made_of(name))
        return digest(made_of, self.plan(name).content) if whole else f"open-{made_of}"

    def unplanned(self, name: str) -> pa.Table:
        """Outcomes that the plan does not hold, the last of each job: job_key, input_id, plan."""
        snapshot = self.table(name).snapshot("outcomes")
        other = pc.invert(pc.is_in(snapshot.column("job_key"), value_set=self.plan(name).keys))
        if not pc.any(other, min_count=0).as_py():
            return snapshot.schema.empty_table().select(["job_key", "input_id", "plan"])
        rows = snapshot.read(["job_key", "input_id", "plan"]).filter(other)
        place = sorted_live_indices(rows["job_key"], None, last=True)
        return rows if place is None else rows.take(place)

    def is_settled(self, name: str) -> bool:
        """Whether nothing upstream is pending, so that this plan is the whole plan."""
        return all(self.is_settled(other) and not self.num_open(other) for other in self.stage(name).upstream)

    def commit(self, name: str, outcomes: Sequence[Row], products: Sequence[Row], *, whole: bool = True) -> None:
        """Write finished jobs and see them at once. `whole`: nothing that the plan follows from is still running."""
        plan = self.plan_name(name, whole=whole)
        self.table(name).commit([{**row, "plan": plan} for row in outcomes], products)
        self._forget_rows(name)
        if name in self._open:
            for row in outcomes:
                if row["fail_kind"] not in TRY_AGAIN:
                    self._open[name].pop(row["job_key"], None)

    def forget(self, name: str, keys: Iterable[str]) -> None:
        """Remove the rows of some jobs, so that they are pending again."""
        if self.drop(name, pa.array(list(keys), pa.string())):
            self.forget_plan(name)

    def drop(self, name: str, keys: pa.Array) -> bool:
        """Remove the rows of some jobs that no plan holds now, so plans stay as they are; whether there were any."""
        stored = self.table(name).snapshot("outcomes").column("job_key")
        gone = pc.is_in(stored, value_set=keys)
        if not pc.any(gone, min_count=0).as_py():
            return False
        self.table(name).compact(stored.filter(pc.invert(gone)).combine_chunks())
        self._forget_rows(name)
        return True

    def compact(self, name: str) -> None:
        """One sorted table each, with rows of other settings and inputs. Called when a whole plan is as far as it gets.

        What goes is what these settings planned for a moment, while upstream was running, and then planned otherwise:
        whether such a row exists is a matter of timing.
        """
        plan, plan_name = self.plan(name), self.plan_name(name)
        rows = self.table(name).snapshot("outcomes").read(["job_key", "input_id", "plan"])
        passing = pc.and_(
            pc.is_in(rows["plan"], value_set=pa.array([plan_name, self.plan_name(name, whole=False)])),
            pc.and_(
                pc.is_in(rows["input_id"], value_set=plan.input_ids),
                pc.invert(pc.is_in(rows["job_key"], value_set=plan.keys)),
            ),
        )
        live = None
        if pc.any(passing, min_count=0).as_py():
            live = rows["job_key"].filter(pc.invert(passing)).combine_chunks()
        self.table(name).compact(live, held=plan.keys, plan=plan_name)
        self._forget_rows(name)
