"""A verdict has one form as a row, and comes back from it as it was."""

from __future__ import annotations

import json

import pytest

from rigmill.outcomes import Refusal, Reject, Rejected
from rigmill.storage.columns import outcome_row
from rigmill.storage.files import canonical_json
from rigmill.storage.rows import value_json

MEASURED = Rejected(Reject.TOO_FEW_FRAMES, "3 frames", 3.0, 16.0)
UNMEASURED = Rejected(Reject.DENIED, "on the deny list: asked for")


@pytest.mark.parametrize("verdict", [MEASURED, UNMEASURED])
def test_a_verdict_comes_back_from_its_row_and_from_an_exception(verdict: Rejected) -> None:
    assert Rejected.from_row(json.loads(canonical_json(verdict.to_row()))) == verdict
    with pytest.raises(Refusal, match=verdict.message) as caught:
        raise verdict.to_refusal()
    assert caught.value.to_rejected() == verdict


def test_a_verdict_that_measures_nothing_has_a_row_of_code_and_sentence() -> None:
    assert UNMEASURED.to_short_row() == {"code": "denied", "message": "on the deny list: asked for"}
    assert Rejected.from_row(UNMEASURED.to_short_row()) == UNMEASURED


def test_a_verdict_is_plain_text_and_numbers_in_payloads_and_in_the_table() -> None:
    row = MEASURED.to_row()
    text = '{"code":"too_few_frames","limit":16.0,"measured":3.0,"message":"3 frames"}'
    assert value_json(row) == canonical_json(row) == text and type(row["code"]) is str
    outcome = outcome_row("key", "input", MEASURED, "again")
    assert {name: outcome[name] for name in row} == row and outcome["status"] == "rejected"


def test_a_code_that_no_rule_has_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="made_up"):
        Rejected.from_row({"code": "made_up", "message": ""})
