"""Tars are filled to a size: the same rows, the same tars, whoever packs them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from rigmill.storage.rows import StoredRows
from shards.packing import MEGABYTE, fill, sample_sizes
from tests.support.shard_sets import clips, make_shards


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 500))
def test_a_tar_holds_one_sample_at_least_and_as_many_in_order_as_fit(sizes: list[int], target: int) -> None:
    parts = list(fill(sizes, target_bytes=target))
    assert [size for part in parts for size in sizes[part]] == sizes
    for part, following in zip(parts, [*parts[1:], None]):
        held = sum(sizes[part])
        assert sizes[part] and (held <= target or len(sizes[part]) == 1)
        if following is not None:
            assert held + sizes[following.start] > target


def test_sizes_by_the_stored_files_are_those_in_the_tar_but_for_the_text_of_meta_json(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = clips(store)
    rows = tables.rows["render"]
    expected = dict(zip((row["clip_id"] for row in rows), sample_sizes(rows)))
    for row in make_shards(tables, store):
        assert abs(expected[row["clip_id"]] - row["num_bytes"]) <= 1024
    rows = [{**row, "files": row["files"][: number % 5]} for number, row in enumerate(rows)]  # none, too
    table = pa.Table.from_pylist(
        [{"files": row["files"]} for row in rows], pa.schema([PRODUCTS["render"].field("files")])
    )
    for stored in (table, pa.concat_tables([table.slice(0, 5), table.slice(5)]), table.slice(0, 0)):
        column = StoredRows(stored.column, stored.schema, len(stored))
        assert sample_sizes(column) == sample_sizes(rows[: len(stored)])


def test_shards_are_as_large_as_asked_for(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = clips(store)
    for target_mb in (0.001, 0.06, 0.12, 10.0):
        rows = make_shards(tables, store, shard_mb=target_mb, bench_share=0)
        sizes: dict[str, list[int]] = {}
        for row in rows:
            sizes.setdefault(row["shard"], []).append(row["num_bytes"])
        assert sum(map(len, sizes.values())) == 12
        assert all(sum(found) <= target_mb * MEGABYTE or len(found) == 1 for found in sizes.values())
        assert len(sizes) == {0.001: 12, 10.0: 1}.get(target_mb, len(sizes))


def test_a_shard_holds_clips_of_one_source(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = clips(store)
    names = ("vroid", "procedural", "objaverse")
    tables.rows["render"] = [{**row, "source": names[at % 3]} for at, row in enumerate(tables.rows["render"])]
    rows = make_shards(tables, store, shard_mb=0.06, bench_share=0.4)
    held: dict[str, set[str]] = {}
    for row in rows:
        held.setdefault(row["shard"], set()).add(row["source"])
    assert len(rows) == 12 and len(held) > 6 and all(len(sources) == 1 for sources in held.values())
    for side in ("train", "bench"):
        own = sorted(name for name in held if name.startswith(side))
        assert own == [f"{side}-{number:06d}" for number in range(len(own))]
