"""A view counts, plans and shows what a plain reading of the rows would, however the tables are stored."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigmill.commands.single.show import show
from rigmill.commands.status import status
from rigmill.config import load
from rigmill.config.schema import Profile
from rigmill.invocation import Invocation
from rigmill.outcomes import Failed, FailKind, Kept, Outcome, Reject, Rejected
from rigmill.pipeline import plans
from rigmill.pipeline.registry import Registry
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.pipeline.view import View
from rigmill.storage.columns import PRODUCTS, outcome_row
from rigmill.storage.files import canonical_json
from rigmill.storage.rows import only_keys
from rigmill.storage.segments import StageTable
from rigmill.types import Row

ENDS: dict[str, Outcome | None] = {
    "kept": Kept([]),
    "pending": None,
    "no_rig": Rejected(Reject.NO_RIG, "no", 0.0, 1.0),
    "malformed": Rejected(Reject.MALFORMED, "bad"),
    "crash": Failed(FailKind.CRASH, "C", "m"),
    "interrupted": Failed(FailKind.INTERRUPTED, "W", "gone"),
}
LASTING = {"kept", "no_rig", "crash", "malformed"}


class Files(Stage):
    """One job per number below `seed`."""

    name, version, planned, writes = "collect", 1, 0, PRODUCTS["collect"]

    def settings(self, profile: Profile) -> Row:
        return {"count": profile.seed}

    def job_settings(self, settings: Row) -> Row:
        return {}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for number in range(settings["count"]):
            yield Input(f"in-{number}", {"uid": f"é {number}"})

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        raise NotImplementedError


class Rigs(Files):
    """One job per collected row, whose payload is a part of it."""

    name, upstream, writes = "probe", ("collect",), PRODUCTS["probe"]

    def settings(self, profile: Profile) -> Row:
        return {"fps": profile.probe.fps}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        Rigs.planned += 1
        for row in tables.products("collect"):
            yield Input(row["asset_id"], only_keys(row, "asset_id", "title", "tags", "file") | {"fps": settings["fps"]})


REGISTRY = Registry({"collect": f"{__name__}:Files", "probe": f"{__name__}:Rigs"})


@pytest.fixture(autouse=True)
def small_plans_are_worth_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "WORTH_KEEPING", 1)


def view(folder: Path, count: int, **changes: Any) -> View:
    overrides = tuple(f"{key.replace('__', '.')}={value}" for key, value in changes.items())
    return View(folder / "tables", load.load("demo", overrides=(f"seed={count}", *overrides)).profile, REGISTRY)


def asset(number: int) -> Row:
    return {
        "asset_id": f"asset-{number}",
        "title": f'"{number}" é',
        "tags": ["a"] * (number % 3),
        "file": {"name": "asset.glb", "sha256": f"{number:064d}", "size_bytes": number},
    }


def fill(folder: Path, ends: list[str], *, per_commit: int = 4) -> None:
    """Collect jobs that ended so, in commits of a few jobs."""
    made = view(folder, len(ends))
    jobs = sorted(made.stage("collect").plan(made, made.profile), key=lambda job: int(job.input_id[3:]))
    for start in range(0, len(jobs), per_commit):
        outcomes, products = [], []
        for job, (number, end) in list(zip(jobs, enumerate(ends)))[start : start + per_commit]:
            outcome = ENDS[end]
            if outcome is not None:
                outcomes.append(outcome_row(job.key, job.input_id, outcome, "again"))
            if end == "kept":
                products.append({"job_key": job.key, **asset(number)})
        made.commit("collect", outcomes, products)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ends=st.lists(st.sampled_from(list(ENDS)), max_size=40), dropped=st.integers(0, 5), compact=st.booleans())
def test_counts_and_rows_are_those_of_a_plain_reading(
    tmp_path_factory: pytest.TempPathFactory, ends: list[str], dropped: int, compact: bool
) -> None:
    folder = tmp_path_factory.mktemp("view")
    fill(folder, ends)
    if compact:
        view(folder, len(ends)).compact("collect")
    planned = ends[: max(0, len(ends) - dropped)]  # the last inputs are planned no more, and their rows invisible
    found = view(folder, len(planned))
    counts = found.counts("collect")
    plain = Counter(planned)
    assert counts.num_in == len(planned) and counts.kept == plain["kept"]
    assert counts.rejected == plain["no_rig"] + plain["malformed"]
    assert counts.failed == plain["crash"] + plain["interrupted"] and counts.pending == plain["pending"]
    assert counts.reasons == +Counter({end: plain[end] for end in ENDS if end not in ("kept", "pending")})
    still_open = {f"in-{number}" for number, end in enumerate(planned) if end not in LASTING}
    assert {stub.input_id for stub in found.pending("collect")} == still_open
    assert found.num_open("collect") == len(still_open)
    kept = [asset(number) for number, end in enumerate(planned) if end == "kept"]
    shown = [{name: row[name] for name in kept[0]} for row in found.products("collect")] if kept else []
    assert sorted(shown, key=lambda row: row["asset_id"]) == sorted(kept, key=lambda row: row["asset_id"])
    reasons = {reason["code"]: reason for reason in status(found, ("collect",), Invocation())[0]["reasons"]}
    assert {code: reason["count"] for code, reason in reasons.items()} == counts.reasons
    assert all(len(reason["examples"]) == min(3, reason["count"]) for reason in reasons.values())


def test_a_key_hashes_plain_values_however_they_were_read(tmp_path: Path) -> None:
    fill(tmp_path, ["kept"] * 5)
    found = view(tmp_path, 5)
    expected = {}
    for number in range(5):
        row = asset(number)
        payload = {name: row[name] for name in ("asset_id", "title", "tags", "file")} | {"fps": 16.0}
        text = canonical_json(["probe", 1, {}, row["asset_id"], payload])
        expected[row["asset_id"]] = (hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), payload)
    keys = {stub.input_id: stub.key for stub in found.pending("probe")}
    assert keys == {name: key for name, (key, _) in expected.items()}
    jobs = found.stage("probe").plan(found, found.profile)
    assert {job.input_id: (job.key, job.payload) for job in jobs} == expected


def test_a_remembered_plan_is_used_until_anything_it_follows_from_changes(tmp_path: Path) -> None:
    fill(tmp_path, ["kept"] * 6)
    keys = view(tmp_path, 6).plan("probe").keys
    before = Rigs.planned
    again = view(tmp_path, 6)
    assert again.plan("probe").keys == keys and again.num_open("probe") == 6 and Rigs.planned == before
    assert len(again.pending("probe")) == 6 and Rigs.planned == before + 1  # open jobs need their payloads
    assert view(tmp_path, 6, probe__fps=8).plan("probe").keys != keys and Rigs.planned == before + 2
    assert view(tmp_path, 6).plan("probe").keys == keys  # the file held the other plan
    assert len(view(tmp_path, 4).plan("probe")) == 4  # two assets are collected no more
    fill(tmp_path, ["pending"] * 6 + ["kept"])
    assert len(view(tmp_path, 7).plan("probe")) == 7
    (tmp_path / "plans" / "probe.parquet").write_bytes(b"half a file")
    assert len(view(tmp_path, 7).plan("probe")) == 7


def test_a_stage_plans_from_its_own_upstream_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, ["kept"])
    monkeypatch.setattr(Rigs, "upstream", ())
    with pytest.raises(AssertionError, match="not upstream"):
        view(tmp_path, 1).plan("probe")


def test_show_finds_rows_and_open_jobs_by_the_beginning_of_an_id(tmp_path: Path) -> None:
    fill(tmp_path, ["kept", "kept", "no_rig", "pending"])
    found = show(view(tmp_path, 4), "asset-1")
    assert [row["asset_id"] for row in found["collect"]["products"]] == ["asset-1"]
    assert [row["input_id"] for row in found["collect"]["outcomes"]] == ["in-1"]
    assert found["probe"]["pending"] == ["asset-1"]
    found = show(view(tmp_path, 4), "in-")["collect"]
    assert len(found["outcomes"]) == 3 and found["pending"] == ["in-3"]


def test_many_small_commits_leave_few_segments_and_a_later_outcome_wins(tmp_path: Path) -> None:
    table = StageTable(tmp_path, "collect")
    for number in range(300):
        key = f"{number % 200:016d}"
        gone = Failed(FailKind.INTERRUPTED, "W", "gone")
        outcome = gone if number < 100 else Kept([])
        products = [] if number < 100 else [{"job_key": key, "asset_id": key}]
        table.commit([outcome_row(key, key, outcome, "")], products)
        assert len(table.segments("outcomes")) <= 30
    for now in (table, StageTable(tmp_path, "collect")):
        now.compact()
        assert now.outcomes()["status"].to_pylist() == ["kept"] * 200
        assert now.products()["asset_id"].to_pylist() == [f"{number:016d}" for number in range(200)]


def test_a_reader_keeps_reading_while_a_writer_replaces_the_segments(tmp_path: Path) -> None:
    fill(tmp_path, ["kept"] * 9)
    reader = view(tmp_path, 9)
    rows = reader.products("collect")
    writer = view(tmp_path, 9)
    writer.compact("collect")
    assert len({row["title"] for row in rows}) == 9 and reader.counts("collect").kept == 9
