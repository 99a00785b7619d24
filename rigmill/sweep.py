"""Removes stored files that no row names any more."""

from __future__ import annotations

from rigmill.inspect import stored_files
from rigmill.layout import Layout
from rigmill.registry import STAGES
from rigmill.view import View


def sweep_store(view: View, layout: Layout) -> int:
    """How many files went: of dropped rows, and of jobs that were killed before their row was written.

    Every row on disk counts, planned or not. Only while no worker writes.
    """
    store = layout.store
    named = {
        store.path(stored)
        for name in STAGES for row in view.table(name).products().to_pylist() for stored in stored_files(row)
    }
    removed = 0
    for path in sorted(store.root.glob("[0-9a-f][0-9a-f]/*")):
        if path not in named:
            path.unlink()
            removed += 1
    for folder in store.root.glob("[0-9a-f][0-9a-f]"):
        if not any(folder.iterdir()):
            folder.rmdir()
    return removed
