"""Every stored file, and what stages published, read again."""

from __future__ import annotations

from rigmill.pipeline.view import View
from rigmill.storage.files import sha256_file
from rigmill.storage.layout import Layout
from rigmill.storage.named_files import files_of
from rigmill.types import StoredFile


def verify(view: View, layout: Layout) -> tuple[list[str], int]:
    """Problems found by reading every file that a row names, and what stages published, and how many were read."""
    problems, seen = [], set()
    for stage in view.registry:
        products = view.products(stage)
        for files in files_of(products.column, products.fields):
            for stored in map(StoredFile.from_row, files.to_pylist()):
                path = layout.store.path(stored)
                if path in seen:
                    continue
                seen.add(path)
                if not path.exists():
                    problems.append(f"{stage}: {stored.name} is missing: {path}")
                elif sha256_file(path) != stored.sha256:
                    problems.append(f"{stage}: {stored.name} has changed since it was written: {path}")
        products.release()
    for stage in view.registry:
        problems += view.stage(stage).verify(layout.root)
    return problems, len(seen)
