"""The stored files that rows of a table name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from rigmill.storage.columns import FILE


def files_of(read: Callable[[str], pa.ChunkedArray], schema: pa.Schema) -> Iterator[pa.Table]:
    """The stored files that rows name, at any depth: tables of name, sha256 and size_bytes."""
    for field in schema:
        if "sha256" in str(field.type):
            for chunk in read(field.name).chunks:
                for files in _files(chunk):
                    yield files.group_by(files.column_names, use_threads=False).aggregate([])


def _files(array: pa.Array) -> Iterator[pa.Table]:
    if pa.types.is_list(array.type):
        yield from _files(array.flatten())
    elif array.type.equals(FILE):
        yield pa.table(array.filter(array.is_valid()).flatten(), names=[field.name for field in FILE])
    elif pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from _files(child)
