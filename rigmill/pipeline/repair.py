"""Mends what `verify` finds: what can be read stays, and what cannot is made again by the jobs that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.config.load import Resolved
from rigmill.pipeline.driver import Driver
from rigmill.pipeline.registry import Registry
from rigmill.pipeline.verify import Findings, verify
from rigmill.pipeline.view import View
from rigmill.storage.damage import mend_table
from rigmill.storage.files import write_atomic
from rigmill.storage.layout import Layout

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

    def mend(self, found: Findings) -> Findings:
        """Mend what was found; what is still wrong afterwards.

        Tables come first: when all rows are there again, it is known which job makes which file.
        """
        if found.tables:
            self._mend_tables(found)
            found = verify(self._view(), self._layout)
        if found.stored:
            self._make_files_again(found.stored)
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

    def _mend_tables(self, found: Findings) -> None:
        for name, state in found.tables.items():
            mend_table(state, name, self._registry.load(name).writes)
            self._say(f"{name}: its table keeps what can be read; inputs whose rows were lost run again")
        self._run(dict.fromkeys(found.tables))

    def _make_files_again(self, damaged: set[str]) -> None:
        """Open again, of the jobs that name a damaged file, one each that made it, and run those."""
        view = self._view()
        again = _makers(view, damaged)
        for name, keys in again.items():
            plan = view.plan(name)
            inputs = plan.input_ids.filter(pc.is_in(plan.keys, value_set=pa.array(sorted(keys)))).to_pylist()
            more = f" and {len(inputs) - 3} more" if len(inputs) > 3 else ""
            self._say(
                f"{name}: {len(keys)} to run again, whose files are damaged or gone: {', '.join(inputs[:3])}{more}"
            )
        for name, keys in again.items():
            view.forget(name, keys)
        self._run({name: frozenset(keys) for name, keys in again.items()})

    def _run(self, keys: Mapping[str, frozenset[str] | None]) -> None:
        """Do these jobs by stage (None: all that are open).

        Stages between them take part without a job: their rows show again when those upstream are done.
        """
        names = list(self._registry)
        places = [names.index(name) for name in keys]
        if places:
            stages = tuple(names[min(places) : max(places) + 1])
            self._make_driver(stages, {name: keys.get(name, frozenset()) for name in stages}).run()


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
