"""A sample is cut out of its shard by the index, and is the clip that the index says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rigmill.errors import Damaged
from rigmill.storage.files import Store, sha256_bytes
from shards.sample import SamplePlace, sample_bytes
from tests.support.shard_sets import clips, make_shards


def test_every_row_of_the_index_gives_the_members_of_its_clip(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = clips(store, num_assets=2)
    files = {row["clip_id"]: row["files"] for row in tables.rows["render"]}
    for row in make_shards(tables, store, shard_mb=0.09):
        members = SamplePlace.from_row(row).members(store)
        for file in files[row["clip_id"]]:
            assert len(members[file["name"]]) == file["size_bytes"]


def test_a_place_reads_its_own_bytes_and_refuses_another_clips(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = sample_bytes("aa", [("meta.json", b"1")]), sample_bytes("bb", [("meta.json", b"22")])
    shard = store.put_bytes("shard.tar", first + second + bytes(1024))
    place = SamplePlace("bb", shard, len(first), len(second), sha256_bytes(second))
    assert place.members(store) == {"meta.json": b"22"}
    with pytest.raises(ValueError, match="says clip bb, the shard holds 'aa'"):
        replace(place, offset=0, num_bytes=len(first), sha256=sha256_bytes(first)).members(store)
    with pytest.raises(Damaged, match="sample bb has changed"):
        replace(place, offset=0, num_bytes=len(first)).members(store)
    store.path(shard).unlink()
    with pytest.raises(Damaged, match="gone"):
        place.members(store)
