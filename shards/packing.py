"""Which samples share a tar: as many as its target size holds, in the order they are given."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow.compute as pc

from rigmill.storage.rows import StoredRows
from rigmill.types import Ints, Row

MEGABYTE = 1_000_000
# For meta.json, whose text is known only when it is written: its header, and as much as most need.
_META_BYTES = 4 * tarfile.BLOCKSIZE


def sample_sizes(rows: Sequence[Row]) -> list[int]:
    """How many bytes each row's sample takes in a tar, by the sizes of its stored `files`.

    Of a stored table the column is added up as it lies; no row is decoded.
    """
    if isinstance(rows, StoredRows):
        files = rows.column("files").combine_chunks()
        sizes = np.asarray(pc.struct_field(files.flatten(), "size_bytes"), dtype=np.int64)
        counts = np.asarray(files.value_lengths(), dtype=np.int64)
    else:
        sizes = np.array([file["size_bytes"] for row in rows for file in row["files"]], dtype=np.int64)
        counts = np.array([len(row["files"]) for row in rows], dtype=np.int64)
    ends = np.cumsum(counts)
    sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(_in_tar(sizes))])
    return [int(size) for size in sums[ends] - sums[ends - counts] + _META_BYTES]


def _in_tar(sizes: Ints) -> Ints:
    """A header and the data, in whole blocks."""
    block = tarfile.BLOCKSIZE
    padded: Ints = block + (sizes + block - 1) // block * block
    return padded


def fill(sizes: Sequence[int], *, target_bytes: int) -> Iterator[slice]:
    """The samples of each tar: one at least, and no more than fit into the target. The same sizes, the same tars."""
    starts, filled = [0], 0
    for place, size in enumerate(sizes):
        if place > starts[-1] and filled + size > target_bytes:
            starts.append(place)
            filled = 0
        filled += size
    if sizes:
        yield from (slice(start, end) for start, end in pairwise([*starts, len(sizes)]))
