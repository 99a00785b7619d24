"""A commit is all or nothing, and the same rows give the same bytes however they arrived."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigmill.errors import UserError
from rigmill.outcomes import Failed, FailKind, Kept, Outcome, Reject, Rejected
from rigmill.storage.columns import outcome_row
from rigmill.storage.segments import StageTable

OUTCOMES: tuple[Outcome, ...] = (
    Kept([]),
    Rejected(Reject.NO_RIG, "no", 1.5, 2),
    Failed(FailKind.CRASH, "Crash", "SIGSEGV", "SIGSEGV"),
)


def rows(key: str) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    outcome = OUTCOMES[sum(key.encode()) % 3]
    num_products = 2 if isinstance(outcome, Kept) else 0
    products = [{"job_key": key, "clip_id": f"{key}-{i}", "caption": "x"} for i in range(num_products)]
    return [outcome_row(key, f"input-{key}", outcome, "again")], products


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@settings(max_examples=15, deadline=None)
@given(keys=st.sets(st.text("abcdef0123", min_size=4, max_size=6), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_bytes_do_not_depend_on_the_order_or_grouping_of_commits(
    tmp_path_factory: pytest.TempPathFactory, keys: set[str], seed: int
) -> None:
    folders = [tmp_path_factory.mktemp("table") for _ in range(2)]
    for number, folder in enumerate(folders):
        order = sorted(keys)
        if number:
            random.Random(seed).shuffle(order)
        table = StageTable(folder, "caption")
        size = 1 + number * 3
        for start in range(0, len(order), size):
            outcomes, products = [], []
            for key in order[start : start + size]:
                more_outcomes, more_products = rows(key)
                outcomes += more_outcomes
                products += more_products
            table.commit(outcomes, products)
        StageTable(folder, "caption").compact(keys)
    assert contents(folders[0]) == contents(folders[1])


def test_compaction_keeps_live_rows_and_the_order_within_a_job(tmp_path: Path) -> None:
    table = StageTable(tmp_path, "caption")
    for key in ("ccc", "aaa", "zzz"):
        products = [{"job_key": key, "clip_id": f"{key}{i}"} for i in (2, 1, 3)]
        table.commit([outcome_row(key, key, Kept([]), "")], products)
    table.compact({"ccc", "aaa"})
    assert table.products()["clip_id"].to_pylist() == ["aaa2", "aaa1", "aaa3", "ccc2", "ccc1", "ccc3"]
    assert table.outcomes()["job_key"].to_pylist() == ["aaa", "ccc"]


def test_what_a_killed_commit_leaves_is_invisible_and_swept(tmp_path: Path) -> None:
    table = StageTable(tmp_path, "caption")
    table.commit(*rows("aa"))
    before = table.outcomes()
    orphan = tmp_path / "caption" / "outcomes-0123456789abcdef.parquet"
    orphan.write_bytes(b"half a segment")
    (tmp_path / "caption" / ".tmp-x").write_bytes(b"half")
    again = StageTable(tmp_path, "caption")
    assert again.outcomes() == before
    again.compact({"aa"})
    assert sorted(path.name.split("-")[0] for path in (tmp_path / "caption").iterdir())[-1] != ".tmp"
    assert not orphan.exists() and len(list((tmp_path / "caption").glob(".tmp*"))) == 0


def test_a_damaged_manifest_is_a_message_with_a_way_out(tmp_path: Path) -> None:
    StageTable(tmp_path, "caption").commit(*rows("aa"))
    (tmp_path / "caption" / "manifest.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        StageTable(tmp_path, "caption")


def test_rows_that_do_not_fit_the_schema_are_refused(tmp_path: Path) -> None:
    table = StageTable(tmp_path, "caption")
    with pytest.raises(pa.ArrowInvalid):
        table.commit([{**rows("aa")[0][0], "measured": "much"}], [])
    assert StageTable(tmp_path, "caption").outcomes().num_rows == 0
