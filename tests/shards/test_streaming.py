"""Streamed from a server, a data set gives what its files hold: every sample, every byte, in about the mixture."""

from __future__ import annotations

import gc
import os
import random
import weakref
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from torch.utils.data import DataLoader

from rigmill.errors import Damaged, UserError
from rigmill.storage.files import Store
from shards.index import publish
from shards.places import file_system
from shards.sample import read_sample
from shards.streaming import streamed
from tests.support.http_folder import served
from tests.support.shard_sets import PUBLISHED, clips, make_shards

SOURCES = ("objaverse", "procedural", "vroid")
SPLIT_COUNTS = [(1, 0), (1, 2), (2, 0), (3, 1), (2, 2)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 clips; of one source twenty times as many as of another, and all of that one in one tar."""
    place = tmp_path_factory.mktemp("streamed")
    store = Store(place / "store")
    tables = clips(store, num_assets=18)
    rows = tables.rows["render"]
    sources = ["vroid"] * 1 + ["objaverse"] * 11 + ["procedural"] * 24
    tables.rows["render"] = [{**row, "source": source} for row, source in zip(rows, sources)]
    publish(make_shards(tables, store, bench_share=0.2, shard_mb=0.06), place / "out", store, **PUBLISHED)
    return place / "out"


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(folder) as found:
        yield found


def rows_of(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    return [row for row in pq.read_table(folder / "index.parquet").to_pylist() if row["split"] == split]


def kept(folder: Path, split: str = "train") -> dict[str, dict[str, bytes]]:
    """Every sample as this project's own reader cuts it out of the files."""
    found = {}
    for row in rows_of(folder, split):
        data = (folder / f"{row['shard']}.tar").read_bytes()[row["offset"] :][: row["num_bytes"]]
        key, members = read_sample(data)
        found[key] = members
    return found


def members(sample: dict[str, Any]) -> dict[str, bytes]:
    return {name: data for name, data in sample.items() if not name.startswith("__")}


@pytest.mark.parametrize("split", ["train", "bench"])
def test_every_sample_comes_over_http_once_with_every_byte_of_every_member(folder: Path, url: str, split: str) -> None:
    expected = kept(folder, split)
    for place, shuffle in ((url, 0), (f"{url}/", 5), (str(folder), 0), (folder.as_uri(), 0)):
        samples = list(streamed(place, split=split, shuffle=shuffle))
        assert len(samples) == len(expected) > 1
        assert {sample["__key__"]: members(sample) for sample in samples} == expected
    assert [list(members(sample)) for sample in samples] == [list(next(iter(expected.values())))] * len(samples)


def test_another_seed_gives_another_order_and_the_same_one_the_same(url: str) -> None:
    def keys(seed: int, shuffle: int) -> list[str]:
        return [sample["__key__"] for sample in streamed(url, seed=seed, shuffle=shuffle)]

    orders = [keys(seed, shuffle) for seed in (1, 2) for shuffle in (0, 8)]
    assert len({tuple(order) for order in orders}) == 4 and len({frozenset(order) for order in orders}) == 1
    assert orders == [keys(seed, shuffle) for seed in (1, 2) for shuffle in (0, 8)]


@pytest.mark.parametrize(("num_nodes", "num_workers"), SPLIT_COUNTS)
def test_nodes_and_workers_share_a_pass_and_none_takes_what_another_has(
    folder: Path, url: str, num_nodes: int, num_workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", str(num_nodes))
    taken: list[str] = []
    for rank in range(num_nodes):
        monkeypatch.setenv("RANK", str(rank))
        loader = DataLoader(streamed(url), batch_size=None, num_workers=num_workers)  # type: ignore[arg-type]
        own = [sample["__key__"] for sample in loader]
        assert own
        taken += own
    assert Counter(taken) == Counter(row["clip_id"] for row in rows_of(folder))


def test_a_mixture_is_near_its_weights_however_many_clips_a_source_has(folder: Path, url: str) -> None:
    source_of = {row["clip_id"]: row["source"] for row in rows_of(folder)}
    weights = {"vroid": 0.25, "objaverse": 0.25, "procedural": 0.5}
    random.seed(5)
    drawn = [sample["__key__"] for sample in islice(streamed(str(folder), mixture=weights, seed=2), 2000)]
    shares = Counter(source_of[key] for key in drawn)
    for source, weight in weights.items():  # of 2,000 draws, four standard deviations
        assert abs(shares[source] / 2000 - weight) < 4 * (weight * (1 - weight) / 2000) ** 0.5
    assert set(drawn) == set(source_of)  # and no sample is left out for good
    random.seed(5)
    again = islice(streamed(url, mixture=weights, seed=2), 200)
    assert [sample["__key__"] for sample in again] == drawn[:200]


def test_readers_of_a_mixture_draw_each_for_themselves_and_none_goes_without(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest source is one tar, which a split by tars would give to one reader alone."""
    monkeypatch.setenv("WORLD_SIZE", "3")
    firsts = []
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        random.seed(1)
        mixed = streamed(url, mixture={"vroid": 1, "objaverse": 4, "procedural": 4})
        firsts.append([sample["__key__"] for sample in islice(mixed, 60)])
        assert len(set(firsts[-1])) > 12
    assert len({tuple(first) for first in firsts}) == 3


def test_a_source_without_a_weight_or_without_clips_is_an_error(url: str) -> None:
    with pytest.raises(UserError, match="no weight for source 'vroid'"):
        streamed(url, mixture={"objaverse": 1, "procedural": 1})
    with pytest.raises(UserError, match="asks for source 'mixamo'"):
        streamed(url, mixture={"mixamo": 1, **dict.fromkeys(SOURCES, 1)})
    with pytest.raises(UserError, match="no clip of the split 'val'"):
        streamed(url, split="val")
    with pytest.raises(UserError, match="no data set"):
        streamed(f"{url}/elsewhere")
    with pytest.raises(UserError, match="nothing here speaks"):
        streamed("nosuch://bucket/set")


def test_a_tar_that_ends_early_is_an_error_and_not_fewer_samples(folder: Path, tmp_path: Path) -> None:
    last = max(rows_of(folder), key=lambda row: (row["shard"].startswith("train"), row["offset"]))
    data = (folder / f"{last['shard']}.tar").read_bytes()
    assert last["offset"]
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for end in (last["offset"], last["offset"] + 100, last["offset"] + 512, last["offset"] + last["num_bytes"] - 700):
        (tmp_path / f"{last['shard']}.tar").write_bytes(data[:end])
        with served(tmp_path) as url:
            for mixture in (None, dict.fromkeys(SOURCES, 1.0)):
                with pytest.raises(Damaged, match=f"{last['shard']}.tar"):
                    list(islice(streamed(url, mixture=mixture), 2000))


def test_tars_of_several_sources_cannot_be_weighed_and_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    rows = make_shards(clips(store), store, bench_share=0)
    mixed = [{**row, "source": SOURCES[at % 3]} for at, row in enumerate(rows)]
    publish(mixed, tmp_path / "out", store, **PUBLISHED)
    with pytest.raises(UserError, match="holds clips of"):
        streamed(str(tmp_path / "out"))


def test_a_forked_worker_closes_nothing_that_its_parent_has_open(url: str) -> None:
    """What a fork closes of what it inherited is closed for its parent too, which then waits for ever, now and then."""
    files = file_system(url)[0]
    assert files.cat_file(f"{url}/sizes.json")
    alive = weakref.ref(files)
    del files
    child = os.fork()
    if not child:
        file_system(url)[0].cat_file(f"{url}/sizes.json")  # of its own: the inherited ones are forgotten by fsspec
        gc.collect()
        os._exit(alive() is None)
    assert os.waitpid(child, 0)[1] == 0
