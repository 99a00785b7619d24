"""Mends what `verify` finds: what can be read stays, and what cannot is made again by the jobs that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.config.load import Resolved
from rigmill.outcomes import Kept
from rigmill.pipeline.driver import Driver
from rigmill.pipeline.registry import Registry
from rigmill.pipeline.stage import source_of
from rigmill.pipeline.stage_run import retry_command
from rigmill.pipeline.verify import Findings, verify
from rigmill.pipeline.view import View
from rigmill.storage.columns import outcome_row
from rigmill.storage.damage import TableState, kept_without_outcome, mend_table
from rigmill.storage.files import write_atomic
from rigmill.storage.layout import Layout
from rigmill.types import Row

# A run of some stages, and of which of their jobs (None: all that are open).
MakeDriver = Callable[[tuple[str, ...], Mapping[str, frozenset[str] | None]], Driver]


class Repair:
    """One repair of one output folder. The caller holds the lock."""

    def __init__(
        self,
        resolved: Resolved,
        layout: Layout,
        registry: Registry,
        *,
        make_driver: MakeDriver,
        say: Callable[[str], None],
    ) -> None:
        self._resolved, self._layout, self._registry = resolved, layout, registry
        self._make_driver, self._say = make_driver, say
        self._again: dict[str, frozenset[str] | None] = {}  # keys of jobs by stage; None: all that are open

    def mend(self, found: Findings) -> Findings:
        """Mend what was found; what is still wrong afterwards."""
        before: object = None
        while (found.tables or found.stored or self._num_open()) and before != (found.problems, self._num_open()):
            before = (found.problems, self._num_open())
            self._once(found)
            found = verify(self._view(), self._layout)
        for path in found.plans:
            path.unlink(missing_ok=True)
        view = self._view()
        for name in self._registry:
            view.plan(name)  # one that was worth keeping is kept again
            if view.stage(name).verify(self._layout.root):
                view.stage(name).mend(view, self._layout.root, self._resolved.profile)
        write_atomic(self._layout.profile_json, self._resolved.file_bytes())
        return verify(view, self._layout)

    def _view(self) -> View:
        return View(self._layout.tables, self._resolved.profile, self._registry)

    def _num_open(self) -> int:
        """How many jobs of this repair have still to be done: what they need may have been damaged, too."""
        view = self._view() if self._again else None
        return sum(
            sum(keys is None or stub.key in keys for stub in view.pending(name))
            for name, keys in self._again.items()
            if view is not None
        )

    def _once(self, found: Findings) -> None:
        """Keep of the tables what can be read, open again jobs that make damaged files, and run what is open.

        A job can be named only when all rows that it follows from are there, so it may take a few turns.
        """
        for name, state in found.tables.items():
            mend_table(state, name, self._registry.load(name).writes, outcomes=self._outcomes_of(name, state))
            self._again[name] = None
            self._say(f"{name}: its table keeps what can be read; inputs whose rows were lost run again")
        view = self._view()
        makers = _makers(view, found.stored)
        for name, keys in makers.items():
            plan = view.plan(name)
            inputs = plan.input_ids.filter(pc.is_in(plan.keys, value_set=pa.array(sorted(keys)))).to_pylist()
            more = f" and {len(inputs) - 3} more" if len(inputs) > 3 else ""
            self._say(f"{name}: files are damaged or gone; made again for {', '.join(inputs[:3])}{more}")
            known = self._again.setdefault(name, frozenset())
            self._again[name] = None if known is None else known | keys
        for name, keys in makers.items():
            view.forget(name, keys)
        names = list(self._registry)
        places = [names.index(name) for name in self._again]
        if places:  # stages between them take part without a job: their rows show again when those upstream are done
            stages = tuple(names[min(places) : max(places) + 1])
            self._make_driver(stages, {name: self._again.get(name, frozenset()) for name in stages}).run()

    def _outcomes_of(self, name: str, state: TableState) -> list[Row]:
        """Outcomes of kept jobs whose products are all there, as far as they are planned: those need not run again."""
        keys = kept_without_outcome(state)
        if not keys:
            return []
        view = self._view()
        profile = self._resolved.name
        return [
            outcome_row(
                stub.key,
                stub.input_id,
                Kept([]),
                retry_command(name, stub.input_id, profile=profile),
                source=source_of(stub.read_payload()),
            )
            for stub in view.stage(name).stubs(view, self._resolved.profile)
            if stub.key in keys
        ]


def _makers(view: View, damaged: set[str]) -> dict[str, set[str]]:
    """Keys of planned jobs by stage, in flow order, that make these files (by digest) again when they are done again.

    A file goes downstream with the rows, so the first stage whose rows name it has made it.
    """
    left, found = set(damaged), dict[str, set[str]]()
    for name in view.registry:
        products = view.products(name)
        naming = [field.name for field in products.fields if "sha256" in str(field.type)]
        if not left or not naming:
            continue
        keys = products.column("job_key").to_pylist()
        for column in naming:
            for key, cell in zip(keys, products.column(column).to_pylist()):
                if hits := left.intersection(_digests(cell)):
                    found.setdefault(name, set()).add(key)
                    left -= hits
        products.release()
    return found


def _digests(cell: Any) -> Iterator[str]:
    """The digests of the files in a cell, at any depth."""
    if isinstance(cell, Mapping):
        if isinstance(cell.get("sha256"), str):
            yield cell["sha256"]
        for value in cell.values():
            yield from _digests(value)
    elif isinstance(cell, list):
        for value in cell:
            yield from _digests(value)
