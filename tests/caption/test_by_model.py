"""Stages that ask a model: each answer ends as a row, and none passes that the joints deny."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caption.category_stage import CategoryStage
from caption.stage import CaptionStage
from rigmill.errors import UserError
from rigmill.outcomes import Failed, Kept, Outcome, Rejected
from rigmill.pipeline.stage import Stage
from rigmill.storage.columns import PRODUCTS
from tests.support.caption_server import Answer, Answering, CaptionServer, Script, served
from tests.support.captioned import render_row, standing, walking
from tests.support.curation import PlainWork, Tables, demo_profile, plain_work


@pytest.fixture
def work(tmp_path: Path) -> PlainWork:
    return plain_work(tmp_path)


def profile(work: PlainWork, server: CaptionServer, **endpoint: Any) -> Any:
    known = {"base_url": server.url, "model": "m", "tries": 2, "deadline_s": 20} | endpoint
    return demo_profile(
        output=str(work.output), caption={"provider": "model", "categories": "model", "endpoint": known}
    )


def ended(stage: Stage, tables: Tables, work: PlainWork, asked: Any) -> dict[str, Outcome]:
    jobs = stage.plan(tables, asked)  # type: ignore[arg-type]
    ids = {job.key: job.input_id for job in jobs}
    return {ids[answer.key]: answer.outcome for answer in stage.run(jobs, work)}  # type: ignore[arg-type]


def said(sentence: str) -> dict[str, Any]:
    return {"sentence": sentence, "subject": "person", "verb": "walks", "confidence": 0.75}


def answers(*sentences: str) -> Answering:
    """The first sentence first, then, told what is wrong with it, the next."""
    return lambda request, _: said(sentences[sum(message["role"] == "assistant" for message in request["messages"])])


@pytest.fixture
def clips(work: PlainWork) -> Tables:
    rows = [
        render_row(work.store, "walks", *walking(), title="Old man", motion_name="Take 001"),
        render_row(work.store, "stands", *standing()),
    ]
    return Tables({"render": rows})


def test_a_caption_that_agrees_with_the_joints_is_kept_with_what_the_model_said(work: PlainWork, clips: Tables) -> None:
    clips.rows["render"] = clips.rows["render"][:1]
    with served(answering=answers("A person walks forward.")) as server:
        outcome = ended(CaptionStage(), clips, work, profile(work, server))["walks"]
        body = server.bodies[0]
    assert isinstance(outcome, Kept)
    (row,) = outcome.rows
    assert set(row) == set(PRODUCTS["caption"].names)
    assert (row["caption"], row["provider"], row["model"]) == ("A person walks forward.", "model", "scripted-1")
    assert (row["subject"], row["verb"], row["confidence"], row["travel"]) == ("person", "walks", 0.75, "forward")
    shown = [part["type"] for part in body["messages"][-1]["content"]]
    assert shown.count("image_url") == 16  # four views at four times


def test_a_caption_that_the_joints_deny_is_sent_back_once_and_then_rejected_with_the_answer(
    work: PlainWork, clips: Tables
) -> None:
    with served(answering=answers("A person walks forward.", "A person walks forward again.")) as server:
        ends = ended(CaptionStage(), clips, work, profile(work, server))
        assert len(server.log) == 3  # one for the walk, two for the one that stands
        correction = next(body for body in server.bodies if len(body["messages"]) > 2)["messages"][-1]["content"]
    assert isinstance(ends["walks"], Kept)
    rejected = ends["stands"]
    assert isinstance(rejected, Rejected) and rejected.code == "contradicts_facts"
    assert "A person walks forward again." in rejected.message
    assert "walks forward" in str(correction)  # what is wrong was said


def test_a_corrected_caption_is_kept(work: PlainWork, clips: Tables) -> None:
    with served(answering=answers("A person walks backward.", "A person walks forward.")) as server:
        outcome = ended(CaptionStage(), clips, work, profile(work, server))["walks"]
    assert isinstance(outcome, Kept) and outcome.rows[0]["caption"] == "A person walks forward."


def test_words_of_the_viewer_are_sent_back_and_then_rejected(work: PlainWork, clips: Tables) -> None:
    with served(answering=answers("The camera shows a rendered person.", "See https://example.com for it.")) as server:
        ends = ended(CaptionStage(), clips, work, profile(work, server))
    assert {outcome.code for outcome in ends.values() if isinstance(outcome, Rejected)} == {"bad_caption"}
    assert len(ends) == 2


def test_a_person_is_not_asked_for_twice(work: PlainWork, clips: Tables) -> None:
    (work.output / "review").mkdir()
    sheet = work.output / "review" / "captions.csv"
    sheet.write_text("clip_id,your_caption\nwalks,An old man goes home.\n")
    with served(answering=answers("A person stands still.")) as server:
        ends = ended(CaptionStage(), clips, work, profile(work, server))
        assert len(server.log) == 1
    outcome = ends["walks"]
    assert isinstance(outcome, Kept)
    assert (outcome.rows[0]["caption"], outcome.rows[0]["provider"]) == ("An old man goes home.", "person")


def test_a_second_run_asks_nothing(work: PlainWork, clips: Tables) -> None:
    with served(answering=answers("A person walks forward.", "A person stands still.")) as server:
        first = ended(CaptionStage(), clips, work, profile(work, server))
        asked = len(server.log)
        assert ended(CaptionStage(), clips, work, profile(work, server)) == first and len(server.log) == asked


def test_a_wrong_key_stops_the_stage_and_a_dead_server_fails_the_row(work: PlainWork, clips: Tables) -> None:
    with (
        served(answering=lambda *_: Answer(401, body='{"error": {"message": "no"}}')) as server,
        pytest.raises(UserError, match="401"),
    ):
        ended(CaptionStage(), clips, work, profile(work, server))
    with served(Script(shares={"status_500": 1.0})) as server:
        ends = ended(CaptionStage(), clips, work, profile(work, server))
    assert all(isinstance(outcome, Failed) and outcome.kind == "network" for outcome in ends.values())


def seen(primary: str, *secondary: str) -> dict[str, Any]:
    return {"evidence": "a red stick figure", "primary": primary, "secondary": list(secondary), "confidence": 0.9}


def test_two_votes_that_agree_are_a_category_and_others_are_not(work: PlainWork, clips: Tables) -> None:
    def vote(request: dict[str, Any], _: int) -> dict[str, Any]:
        return seen("character", "toy")

    with served(answering=vote) as server:
        asked = profile(work, server).model_copy(update={})
        asked = asked.model_copy(update={"caption": asked.caption.model_copy(update={"votes": 2})})
        ends = ended(CategoryStage(), clips, work, asked)
        assert len(server.log) == 4
    outcome = ends["asset-walks"]
    assert isinstance(outcome, Kept)
    (row,) = outcome.rows
    assert set(row) == set(PRODUCTS["category"].names)
    assert (row["category"], row["secondary"], row["category_provider"]) == ("character", ["toy"], "model")


def test_a_category_outside_of_the_set_is_refused_and_not_coerced(work: PlainWork, clips: Tables) -> None:
    with served(answering=lambda *_: seen("Character.")) as server:
        ends = ended(CategoryStage(), clips, work, profile(work, server))
        assert len(server.log) == 4  # each was told once that there is no such category
    for outcome in ends.values():
        assert isinstance(outcome, Rejected) and outcome.code == "unknown_category" and "Character" in outcome.message
