"""Every stored file and shard read again."""

from __future__ import annotations

import importlib

from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.view import View
from rigmill.storage.files import sha256_file
from rigmill.storage.layout import Layout
from rigmill.storage.named_files import files_of
from rigmill.types import StoredFile


def verify(view: View, layout: Layout) -> tuple[list[str], int]:
    """Problems found by reading every file that a row names, and every published shard, and how many were read."""
    problems, seen = [], set()
    for stage in STAGES:
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
    if layout.dataset.exists():
        problems += importlib.import_module("shards.verify").verify(layout.dataset)
    return problems, len(seen)
