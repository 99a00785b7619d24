"""The index as columns: what may be drawn, found fast, and cut out of the tars member by member."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rigmill.errors import Damaged, UserError
from rigmill.kinds import Split
from rigmill.storage.files import Store
from rigmill.types import Row
from shards.index import publish
from shards.loader.catalogue import Catalogue
from shards.sample import SamplePlace
from tests.support.shard_sets import PUBLISHED, clips, make_shards


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], Store, Path]:
    root = tmp_path_factory.mktemp("dataset")
    store = Store(root / "store")
    rows = make_shards(clips(store, num_assets=8), store)
    publish(rows, root / "shards", store, **PUBLISHED)
    return rows, store, root / "shards"


def test_a_folder_and_a_table_give_the_samples_of_a_split_by_clip_id(made: tuple[list[Row], Store, Path]) -> None:
    import pyarrow as pa

    rows, store, folder = made
    wanted = sorted(row["clip_id"] for row in rows if row["split"] == Split.TRAIN)
    assert wanted
    for catalogue in (Catalogue.open(folder), Catalogue.of_rows(pa.Table.from_pylist(rows), store)):
        assert [catalogue.clip_id(row) for row in range(len(catalogue))] == wanted
        assert {source: list(found) for source, found in catalogue.of_source().items()} == {
            "procedural": list(range(len(wanted)))
        }
        by_id = {row["clip_id"]: row for row in rows}
        for row, clip_id in enumerate(wanted):
            assert catalogue.captions(row) == tuple(by_id[clip_id]["captions"])
            expected = SamplePlace.from_row(by_id[clip_id]).members(store)
            with catalogue.sample(row).open(check=True) as members:
                assert {name: members.read(name) for name in members.sizes} == expected
    assert len(Catalogue.open(folder, min_frames=18)) == 0 and Catalogue.open(folder, min_frames=18).of_source() == {}


def test_a_folder_that_is_no_dataset_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no dataset"):
        Catalogue.open(tmp_path)


def test_a_sample_that_is_not_what_the_index_says_is_damaged(made: tuple[list[Row], Store, Path]) -> None:
    catalogue = Catalogue.open(made[2])
    sample = catalogue.sample(0)
    moved = (
        replace(sample, offset=sample.offset + 512),
        replace(sample, num_bytes=sample.num_bytes - 512),
        replace(sample, clip_id="another"),
        replace(sample, path=sample.path.with_name("gone.tar")),
    )
    for wrong in moved:
        with pytest.raises(Damaged):
            wrong.open()
    with pytest.raises(Damaged, match="has changed"):
        replace(sample, sha256="0" * 64).open(check=True)
    with sample.open() as members, pytest.raises(Damaged, match=r"has no rgb\.9\.mp4"):
        members.read("rgb.9.mp4")
