"""Batches and the probe, as a person asks for them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from caption import commands
from caption.category_stage import CategoryStage
from caption.stage import CaptionStage
from rigmill.errors import UserError
from rigmill.outcomes import Kept
from rigmill.pipeline.stage import Stage, Stub
from rigmill.storage.layout import Layout
from tests.support.caption_server import Answer, served
from tests.support.captioned import render_row, standing, walking
from tests.support.curation import PlainWork, Tables, demo_profile, plain_work

ALWAYS = {"direction": "travels forward", "side": "left", "verb": "walks or runs"}
STAGES: dict[str, Stage] = {"caption": CaptionStage(), "category": CategoryStage()}


@dataclass
class Seen:
    """A View of tables made by hand, in which nothing is done yet."""

    profile: Any
    tables: Tables
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        self.layout = Layout(Path(self.profile.output))

    def products(self, stage: str) -> Any:
        return self.tables.products(stage)

    def stage(self, name: str) -> Stage:
        return STAGES[name]

    def pending(self, name: str) -> list[Stub]:
        return list(STAGES[name].stubs(self.tables, self.profile))


@pytest.fixture
def work(tmp_path: Path) -> PlainWork:
    return plain_work(tmp_path / "out")


def view(work: PlainWork, base_url: str = "http://127.0.0.1:9/v1", **caption: Any) -> Any:
    rows = [render_row(work.store, "walks", *walking()), render_row(work.store, "stands", *standing())]
    known = {"provider": "model", "categories": "model"} | caption
    known["endpoint"] = {"base_url": base_url, "model": "m", "tries": 1, "deadline_s": 5} | known.get("endpoint", {})
    return Seen(demo_profile(output=str(work.output), caption=known), Tables({"render": rows}))


def answered(line: str, sentence: str) -> str:
    """One line of a batch as a service answers it."""
    asked = json.loads(line)
    said: dict[str, Any] = {"sentence": sentence, "subject": "person", "verb": "walks", "confidence": 0.5}
    if "primary" in json.dumps(asked["body"]):
        said = {"evidence": "sticks", "primary": "character", "secondary": [], "confidence": 0.5}
    completion = {
        "model": "m-2026",
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(said)}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 20},
    }
    return json.dumps({"custom_id": asked["custom_id"], "response": {"status_code": 200, "body": completion}})


def test_a_batch_goes_out_and_comes_back_and_the_stage_asks_nobody(work: PlainWork, tmp_path: Path) -> None:
    seen, folder = view(work), tmp_path / "batch"
    made = commands.export(seen, seen.layout, folder, max_bytes=10**8)
    assert made.num_requests == 4  # a caption a clip, a category an asset
    lines = [line for file in made.files for line in file.read_text().splitlines()]
    results = tmp_path / "results.jsonl"
    results.write_text("\n".join(answered(line, "A person walks forward.") for line in reversed(lines)))
    found = commands.import_answers(seen, seen.layout, folder, [results])
    assert (found.good, found.bad, found.unanswered) == (4, 0, [])

    # What the joints deny needs a second question, which the next batch holds.
    again = commands.export(seen, seen.layout, tmp_path / "second", max_bytes=10**8)
    assert again.num_requests == 1
    correction = json.loads(again.files[0].read_text())
    assert [message["role"] for message in correction["body"]["messages"]] == ["system", "user", "assistant", "user"]
    results.write_text(answered(json.dumps(correction), "A person stands still."))
    commands.import_answers(seen, seen.layout, tmp_path / "second", [results])
    assert commands.export(seen, seen.layout, tmp_path / "third", max_bytes=10**8).num_requests == 0

    captions = {}  # with no server at the address
    for name in ("caption", "category"):
        jobs = STAGES[name].plan(seen.tables, seen.profile)  # type: ignore[arg-type]
        for answer in STAGES[name].run(jobs, work):  # type: ignore[arg-type]
            assert isinstance(answer.outcome, Kept), answer.outcome
            (row,) = answer.outcome.rows
            captions[row.get("clip_id") or row["asset_id"]] = row.get("caption") or row["category"]
    assert captions == {
        "walks": "A person walks forward.",
        "stands": "A person stands still.",
        "asset-walks": "character",
        "asset-stands": "character",
    }


def test_what_a_person_has_written_is_not_exported_and_a_profile_without_a_model_says_so(
    work: PlainWork, tmp_path: Path
) -> None:
    seen = view(work, categories="metadata")
    seen.layout.review.mkdir(parents=True)
    (seen.layout.review / "captions.csv").write_text("clip_id,your_caption\nwalks,Mine.\n")
    assert commands.export(seen, seen.layout, tmp_path / "batch", max_bytes=10**8).num_requests == 1
    with pytest.raises(UserError, match="asks no model"):
        plain = view(work, provider="facts", categories="metadata")
        commands.export(plain, plain.layout, tmp_path / "other", max_bytes=10**8)


@pytest.mark.slow  # over 10 s
def test_a_model_that_always_says_the_same_knows_nothing(work: PlainWork) -> None:
    with served(answering=lambda *_: ALWAYS) as server:
        seen = view(work, server.url)
        result = commands.probe(seen, seen.layout, max_clips=5)
        again = commands.probe(seen, seen.layout, max_clips=5)
        assert len(server.log) == result.num_clips  # the second time nothing is asked
    assert result == again
    assert result.num_unanswered == 0 and result.scores["direction"].share < 0.9
    assert any("backwards" in warning for warning in result.warnings())


def test_a_server_that_is_not_there_is_said_in_one_message(work: PlainWork) -> None:
    with served(answering=lambda *_: Answer(503)) as server, pytest.raises(UserError):
        seen = view(work, server.url)
        commands.probe(seen, seen.layout, max_clips=0)
