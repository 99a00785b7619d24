from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import webdataset

from rigmill.errors import Damaged
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.types import StoredFile
from shards.index import publish
from shards.sample import META, member_names
from shards.stage import ShardsStage
from shards.verify import verify
from tests.support.dataset_faults import Faults
from tests.support.shard_sets import NUM_VIEWS, PUBLISHED, clips, make_shards, profile


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    store = Store(folder / "store")
    publish(make_shards(clips(store), store), folder / "out", store, **PUBLISHED)
    return folder / "out"


@pytest.fixture
def copy(dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dataset, tmp_path / "copy"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_webdataset_reads_every_sample_with_all_members(dataset: Path) -> None:
    tars = sorted(str(path) for path in dataset.glob("*.tar"))
    samples = list(webdataset.WebDataset(tars, shardshuffle=False))
    index = {row["clip_id"]: row for row in pq.read_table(dataset / "index.parquet").to_pylist()}
    assert {sample["__key__"] for sample in samples} == set(index) and len(samples) == 12
    for sample in samples:
        assert {key for key in sample if not key.startswith("__")} == set(member_names(NUM_VIEWS))
        meta = json.loads(sample[META])
        assert meta["caption"] == index[sample["__key__"]]["caption"] and meta["num_frames"] == 17


def test_the_system_tar_format_is_kept_and_offsets_cut_out_the_members(dataset: Path) -> None:
    for row in pq.read_table(dataset / "index.parquet").to_pylist():
        data = (dataset / f"{row['shard']}.tar").read_bytes()
        assert len(data) % tarfile.RECORDSIZE == 0
        records = data[row["offset"] : row["offset"] + row["num_bytes"]]
        with tarfile.open(fileobj=io.BytesIO(records)) as cut, tarfile.open(fileobj=io.BytesIO(data)) as whole:
            assert [member.name.split(".", 1)[1] for member in cut] == list(member_names(NUM_VIEWS))
            first = whole.getmember(cut.getmembers()[0].name)
            assert first.offset == row["offset"] and first.mtime == 0


def test_the_same_clips_give_the_same_bytes_in_any_order_and_store(dataset: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "other")
    tables = clips(store)
    for rows in tables.rows.values():
        rows.reverse()
    publish(make_shards(tables, store)[::-1], tmp_path / "out", store, **PUBLISHED)
    assert contents(tmp_path / "out") == contents(dataset)


def test_sums_sizes_and_index_agree_with_the_files(dataset: Path) -> None:
    for line in (dataset / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((dataset / name).read_bytes()).hexdigest() == digest
    sizes = json.loads((dataset / "sizes.json").read_text())
    assert sum(sizes.values()) == 12 and max(sizes.values()) == 4
    assert set(sizes) == {path.name for path in dataset.glob("*.tar")}
    assert pq.read_schema(dataset / "index.parquet").names == PRODUCTS["shards"].names
    card = (dataset / "README.md").read_text()
    assert card.startswith("---\n") and "| procedural | CC0-1.0 | 12 |" in card


def test_a_whole_dataset_has_no_problems(dataset: Path) -> None:
    assert verify(dataset) == []


def test_of_a_hundred_faults_of_all_kinds_a_hundred_are_found_and_named(dataset: Path, tmp_path: Path) -> None:
    faults = Faults(dataset, seed=2026)
    for number in range(104):
        folder = Path(shutil.copytree(dataset, tmp_path / str(number)))
        assert verify(folder) == []
        fault = faults.inject(folder, number)
        problems = verify(folder)
        for name in ["SHA256SUMS"] if "SHA256SUMS" in fault.files else fault.files:  # without it nothing is known
            assert any(name in problem for problem in problems), (fault, problems)
        for clip_id in fault.samples:
            assert any(f".tar: sample {clip_id} is damaged" in problem for problem in problems), (fault, problems)
        if "SHA256SUMS" not in fault.files:  # and nothing else is accused
            assert all(problem.startswith((*fault.files, "old-")) for problem in problems), (fault, problems)
        shutil.rmtree(folder)


def test_the_list_of_digests_has_one_spelling(copy: Path) -> None:
    """Line ends and spaces too: of some flips a forgiving reader would see nothing."""
    whole = (copy / "SHA256SUMS").read_bytes()
    lines = whole.splitlines(keepends=True)
    ends = [sum(map(len, lines[: number + 1])) - 1 for number in range(len(lines))]
    for position in (0, 64, 65, 66, *ends):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << bit
            (copy / "SHA256SUMS").write_bytes(damaged)
            assert verify(copy) != [], f"bit {bit} of byte {position}"
    for other in (whole[:-1], whole + b"\n", b"".join(lines[::-1]), whole.replace(b"\n", b"\r\n"), whole + lines[0]):
        (copy / "SHA256SUMS").write_bytes(other)
        assert verify(copy) != []


@pytest.mark.parametrize("cut", [1, 512, 10240, 30000])
def test_truncation_is_found(copy: Path, cut: int) -> None:
    path = copy / "train-000000.tar"
    path.write_bytes(path.read_bytes()[:-cut])
    assert any(problem.startswith("train-000000.tar: ") and "bytes instead of" in problem for problem in verify(copy))


def test_missing_swapped_and_foreign_files_are_found(copy: Path) -> None:
    first, second = copy / "train-000000.tar", copy / "train-000001.tar"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    assert sum("is damaged" in problem for problem in verify(copy)) > 0
    first.unlink()
    second.write_bytes(two)
    assert any("train-000000.tar: missing, 4 samples lost" in problem for problem in verify(copy))
    first.write_bytes(one)
    (copy / "train-000009.tar").write_bytes(one)
    assert verify(copy) == ["train-000009.tar: not part of the dataset (SHA256SUMS does not name it)"]
    (copy / "train-000009.tar").unlink()
    (copy / "SHA256SUMS").unlink()
    assert verify(copy) == ["SHA256SUMS: missing or not a list of digests"]
    assert verify(copy / "absent") != []


def test_a_lie_that_fits_the_sums_is_still_found_by_cutting_out_the_samples(copy: Path) -> None:
    table = pq.read_table(copy / "index.parquet")
    rows = table.to_pylist()
    rows[0]["clip_id"], rows[1]["clip_id"] = rows[1]["clip_id"], rows[0]["clip_id"]
    rows[2]["split"] = "bench" if rows[2]["split"] == "train" else "train"
    pq.write_table(type(table).from_pylist(rows, table.schema), copy / "index.parquet")
    sums = (copy / "SHA256SUMS").read_text().splitlines()
    new = hashlib.sha256((copy / "index.parquet").read_bytes()).hexdigest()
    fixed = [f"{new}  index.parquet" if line.endswith("index.parquet") else line for line in sums]
    (copy / "SHA256SUMS").write_text("\n".join(fixed) + "\n")
    problems = verify(copy)
    assert sum(" is called " in problem for problem in problems) == 2
    assert any("in more than one split" in problem for problem in problems)


def test_publishing_again_replaces_the_old_dataset_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    few, many = clips(store, num_assets=2), clips(store)
    (tmp_path / ".out-new-dead").mkdir()
    publish(make_shards(many, store), tmp_path / "out", store, **PUBLISHED)
    publish(make_shards(few, store), tmp_path / "out", store, **PUBLISHED)
    assert verify(tmp_path / "out") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "store"]
    assert json.loads((tmp_path / "out" / "sizes.json").read_text()) == {"train-000000.tar": 4}


def test_finishing_the_stage_publishes_once_and_repairs_what_is_missing(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    tables = clips(layout.store)
    ShardsStage().finish(tables, tmp_path, profile())
    assert not layout.dataset.exists()  # nothing to publish yet
    tables.rows["shards"] = make_shards(tables, layout.store)
    ShardsStage().finish(tables, tmp_path, profile())
    assert verify(layout.dataset) == []
    inode = layout.dataset.stat().st_ino
    ShardsStage().finish(tables, tmp_path, profile())
    assert layout.dataset.stat().st_ino == inode
    (layout.dataset / "bench-000000.tar").unlink()
    ShardsStage().finish(tables, tmp_path, profile())
    assert verify(layout.dataset) == [] and layout.dataset.stat().st_ino != inode


def test_faults_of_all_kinds_are_mended_to_the_same_bytes(tmp_path: Path) -> None:
    """Those of the folder alone; a hundred, and of the stored files too: tests/chaos/test_damage.py."""
    layout = Layout(tmp_path)
    tables = clips(layout.store)
    tables.rows["shards"] = make_shards(tables, layout.store)
    stage = ShardsStage()
    stage.finish(tables, tmp_path, profile())
    whole, faults = contents(layout.dataset), Faults(layout.dataset, seed=7)
    for number in range(2 * len(Faults.KINDS)):
        fault = faults.inject(layout.dataset, number)
        assert stage.verify(tmp_path) != [], fault
        stage.mend(tables, tmp_path, profile())
        assert contents(layout.dataset) == whole, fault
        assert stage.verify(tmp_path) == []


def test_a_damaged_stored_file_never_enters_a_shard(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = clips(store, num_assets=1, clips_per_asset=1)
    files = [StoredFile.from_row(row) for row in tables.rows["render"][0]["files"]]
    stored = max(files, key=lambda file: file.size_bytes)
    store.path(stored).write_bytes(b"x" * stored.size_bytes)
    with pytest.raises(Damaged, match="has changed"):
        make_shards(tables, store)


def test_clips_without_a_caption_are_left_out_and_a_new_caption_redoes_its_shard_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = clips(store)

    def keys() -> dict[str, str]:
        return {job.input_id: job.key for job in ShardsStage().plan(tables, profile())}

    before = keys()
    changed = tables.rows["caption"][5]
    changed["caption"] = "Something else."
    after = keys()
    (touched,) = [name for name in before if before[name] != after[name]]
    assert changed["clip_id"] in {row["clip_id"] for row in make_shards(tables, store) if row["shard"] == touched}
    tables.rows["caption"].remove(changed)
    assert len(make_shards(tables, store)) == 11
