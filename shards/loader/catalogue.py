"""What may be drawn: the samples of a dataset as Arrow columns, hundreds of thousands of them, no object per sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rigmill.errors import UserError
from rigmill.kinds import Split
from rigmill.storage.files import Store
from rigmill.types import Ints, StoredFile
from shards.index import INDEX
from shards.loader.sample import Sample

# Of the index. What repeats is stored once and by number.
_COLUMNS = ("clip_id", "source", "split", "num_frames", "num_views", "offset", "num_bytes", "sample_sha256")
_REPEATING = ("source", "split", "shard")


@dataclass(frozen=True, slots=True)
class _InFolder:
    """Where tars lie beside their index."""

    folder: Path

    def __call__(self, row: Mapping[str, Any]) -> Path:
        return self.folder / f"{row['shard']}.tar"


@dataclass(frozen=True, slots=True)
class _InStore:
    """Where tars lie by their digests."""

    store: Store

    def __call__(self, row: Mapping[str, Any]) -> Path:
        return self.store.path(StoredFile.from_row(row["shard_file"]))


class Catalogue:
    """The samples that may be drawn, by clip id; `shard_path` says where a row's tar lies."""

    def __init__(self, table: pa.Table, shard_path: Callable[[Mapping[str, Any]], Path]) -> None:
        self.table, self._shard_path = table.unify_dictionaries().combine_chunks(), shard_path
        self.num_frames: Ints = table["num_frames"].to_numpy()
        self.num_views: Ints = table["num_views"].to_numpy()
        self.num_captions: Ints = _num_captions(table)  # at least one: the caption itself
        self._of_source: dict[str, Ints] = {}

    @classmethod
    def open(cls, folder: Path, *, split: Split = Split.TRAIN, min_frames: int = 1) -> Catalogue:
        """The samples of a dataset folder that are of `split` and have at least `min_frames` frames."""
        path = folder / INDEX
        if not path.is_file():
            raise UserError(
                f"no dataset: {folder}",
                why=f"it has no {INDEX}",
                fix="name the folder that holds it beside the tars",
                code="E501",
            )
        columns = [*_COLUMNS, "shard", "caption", "captions"]
        table = pq.read_table(path, columns=columns, read_dictionary=list(_REPEATING), memory_map=True)
        return cls(_usable(table, split, min_frames), _InFolder(folder))

    @classmethod
    def of_rows(cls, table: pa.Table, store: Store, *, split: Split = Split.TRAIN, min_frames: int = 1) -> Catalogue:
        """Likewise of the `shards` table, whose tars lie in a store."""
        columns = [*_COLUMNS, "caption", "captions", "shard_file"]
        chosen = table.select([name for name in columns if name in table.column_names])
        return cls(_usable(chosen, split, min_frames), _InStore(store))

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def of_source(self) -> dict[str, Ints]:
        """The rows (N,) of every source, by clip id."""
        if not self._of_source:
            column = self.table["source"].cast(pa.string())
            for source in pc.unique(column).to_pylist():
                self._of_source[source] = np.flatnonzero(pc.equal(column, source).to_numpy(zero_copy_only=False))
        return self._of_source

    def sample(self, row: int) -> Sample:
        """Where one sample lies."""
        cells = self._cells(row, [name for name in self.table.column_names if name not in ("caption", "captions")])
        return Sample(
            clip_id=cells["clip_id"],
            path=self._shard_path(cells),
            offset=cells["offset"],
            num_bytes=cells["num_bytes"],
            sha256=cells["sample_sha256"],
        )

    def clip_id(self, row: int) -> str:
        return str(self.table["clip_id"][row].as_py())

    def captions(self, row: int) -> tuple[str, ...]:
        """All sentences that say what a sample shows."""
        cells = self._cells(row, [name for name in ("caption", "captions") if name in self.table.column_names])
        return tuple(cells.get("captions") or ()) or (cells.get("caption") or "",)

    def _cells(self, row: int, names: list[str]) -> dict[str, Any]:
        return {name: self.table[name][row].as_py() for name in names}


def _num_captions(table: pa.Table) -> Ints:
    """How many sentences there are of every sample (N,)."""
    if "captions" not in table.column_names or not pa.types.is_list(table["captions"].type):
        return np.ones(table.num_rows, np.int64)
    lengths: Ints = pc.fill_null(pc.list_value_length(table["captions"]), 0).to_numpy()
    found: Ints = np.maximum(lengths, 1)
    return found


def _usable(table: pa.Table, split: Split, min_frames: int) -> pa.Table:
    """The rows that may be drawn, by clip id."""
    wanted = pc.and_(pc.equal(table["split"], split.value), pc.greater_equal(table["num_frames"], min_frames))
    kept = table.filter(wanted).drop_columns(["split"])
    return kept.take(pc.sort_indices(kept["clip_id"]))
