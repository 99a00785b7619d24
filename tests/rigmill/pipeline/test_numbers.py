"""No number is stored that JSON cannot hold, and a stored one stops no plan."""

from __future__ import annotations

from pathlib import Path

from rigmill.outcomes import Reject, Rejected
from rigmill.storage.segments import StageTable
from tests.support.toy_runs import Toys
from tests.support.toy_stages import WITH_NUMBERS, ToyWeigh

toys = Toys(WITH_NUMBERS)


def test_what_is_measured_as_infinite_is_a_row_that_says_so(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep i1=keep n1=keep z1=keep")
    counts = toys.run(tmp_path / "out")
    assert (counts["weigh"].kept, counts["weigh"].rejected, counts["weigh"].failed) == (2, 2, 0)
    assert counts["weigh"].reasons == {"not_finite": 2}
    assert counts["compare"].kept == 2
    messages = {row["input_id"]: row["message"] for row in toys.view(tmp_path / "out").outcomes("weigh")}
    assert messages["i1"] == "what was measured cannot be stored: sizes is inf"
    assert messages["n1"] == "what was measured cannot be stored: sizes is nan"


def test_a_stored_row_with_an_infinite_number_is_named_and_the_others_go_on(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep a3=keep")
    toys.run(tmp_path / "out", stages=("collect", "weigh"))
    table = StageTable(tmp_path / "out" / "tables", "weigh", ToyWeigh.writes)
    rows, ends = table.products().to_pylist(), table.outcomes().to_pylist()
    for row in rows:  # as an earlier version could store it
        if row["asset_id"] == "a2":
            row["sizes"] = [1.0, float("-inf"), None]
    table.compact([])
    table.commit(ends, rows)
    for _ in range(2):
        counts = toys.run(tmp_path / "out")["compare"]
        assert (counts.num_in, counts.kept, counts.reasons, counts.pending) == (3, 2, {"not_finite": 1}, 0)
    named = [row for row in toys.view(tmp_path / "out").outcomes("compare") if row["status"] == "rejected"]
    assert [(row["input_id"], row["source"], row["message"]) for row in named] == [
        ("a2", "toy", "the row that it is made of cannot be used: sizes is -inf")
    ]


def test_a_verdict_holds_no_number_that_has_no_json() -> None:
    assert Rejected(Reject.EXPLODED, "inf times as large", measured=float("inf"), limit=8.0).to_row() == {
        "code": "exploded",
        "message": "inf times as large",
        "measured": None,
        "limit": 8.0,
    }
