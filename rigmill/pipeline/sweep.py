"""Removes stored files that no row names any more."""

from __future__ import annotations

from pathlib import Path

from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from rigmill.storage.named_files import files_of
from rigmill.types import StoredFile


def unnamed_files(view: View, layout: Layout) -> list[Path]:
    """Files in the store that no row names: of dropped rows, and of jobs that were killed before their row was written.

    Every row on disk counts, planned or not.
    """
    store = layout.store
    named: set[Path] = set()
    for name in view.registry:
        snapshot = view.table(name).snapshot("products")
        for files in files_of(snapshot.column, snapshot.schema):
            named.update(store.path(StoredFile.from_row(row)) for row in files.to_pylist())
    return [path for path in sorted(store.root.glob("[0-9a-f][0-9a-f]/*")) if path not in named]


def sweep_store(view: View, layout: Layout) -> int:
    """How many files went that no row names. Only while no worker writes."""
    unnamed = unnamed_files(view, layout)
    for path in unnamed:
        path.unlink()
    for folder in layout.store.root.glob("[0-9a-f][0-9a-f]"):
        if not any(folder.iterdir()):
            folder.rmdir()
    return len(unnamed)
