"""The stages without a model: every clip has its sentences and facts, every asset its category, and says from whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caption.category_stage import CategoryStage
from caption.stage import CaptionStage
from caption.words.checks import refusals
from caption.words.claims import contradictions
from rigmill.outcomes import Kept, Outcome, Rejected
from rigmill.pipeline.stage import Stage
from rigmill.storage.columns import PRODUCTS
from rigmill.types import Rig, Row
from tests.support.captioned import render_row, standing, walking
from tests.support.curation import PlainWork, Tables, demo_profile, plain_work


@pytest.fixture
def work(tmp_path: Path) -> PlainWork:
    return plain_work(tmp_path)


def ended(stage: Stage, tables: Tables, work: PlainWork, **caption: Any) -> dict[str, Outcome]:
    jobs = stage.plan(tables, demo_profile(output=str(work.output), caption=caption))  # type: ignore[arg-type]
    ids = {job.key: job.input_id for job in jobs}
    return {ids[answer.key]: answer.outcome for answer in stage.run(jobs, work)}  # type: ignore[arg-type]


def row_of(outcome: Outcome) -> Row:
    assert isinstance(outcome, Kept)
    (row,) = outcome.rows
    return row


def test_sentences_come_from_what_the_joints_do_and_repeat(work: PlainWork) -> None:
    rows = [
        render_row(work.store, "walks", *walking(), title="old_robot_v2 FREE", motion_name="mixamo.com"),
        render_row(work.store, "back", *walking(backwards=True), title="Take 001"),
        render_row(work.store, "still", *standing(), title="Fox", tags=["dog"]),
    ]
    tables = Tables({"render": rows})
    ends = ended(CaptionStage(), tables, work, phrasings=4)
    first = row_of(ends["walks"])
    assert set(first) == set(PRODUCTS["caption"].names)
    assert first["caption"] == "A robot walks forward." and first["provider"] == "facts"
    assert first["travel"] == "forward" and first["subject_kind"] == "humanoid"
    assert "backward" in row_of(ends["back"])["caption"]
    assert "stand" in row_of(ends["still"])["caption"]
    for outcome in ends.values():
        sentences = row_of(outcome)["captions"]
        assert len(set(sentences)) == len(sentences) >= 2
        assert not any(map(refusals, sentences))
    assert ends == ended(CaptionStage(), tables, work, phrasings=4)


def test_a_sources_sentence_of_a_whole_take_is_not_put_under_a_part_of_it(work: PlainWork) -> None:
    rows = [render_row(work.store, name, *walking(), motion_name="walk") for name in ("whole", "first", "later")]
    take = {"motion": "walk", "truth": "", "captions": ["A robot walks and then sits down."]}
    window = {"num_frames": 25, "motion_frames": 30, "first_frame": 0}
    selected = [
        {"clip_id": "whole", **window},
        {"clip_id": "first", **window, "motion_frames": 50},
        {"clip_id": "later", **window, "motion_frames": 50, "first_frame": 25},
    ]
    collected = [{"asset_id": rows[0]["asset_id"], "takes": [take]}]
    tables = Tables({"collect": collected, "select": selected, "render": rows})
    ends = ended(CaptionStage(), tables, work)
    assert {name: row_of(outcome)["provider"] for name, outcome in ends.items()} == {
        "whole": "source",
        "first": "facts",
        "later": "facts",
    }


def test_what_a_file_declares_its_limbs_to_be_is_read(work: PlainWork) -> None:
    rig, motion = walking()
    strange = Rig(tuple(f"joint{number}" for number in range(rig.num_joints)), rig.parents, rig.rest_joints)
    declared = [
        {"bone": bone, "joint": f"joint{rig.names.index(name)}"}
        for bone, name in {"hips": "mixamorig:Hips", "leftUpperArm": "mixamorig:LeftArm"}.items()
    ]
    render = render_row(work.store, "c", strange, motion)
    probe = {"rig_id": "r", "humanoid": declared}
    (job,) = CaptionStage().plan(  # type: ignore[arg-type]
        Tables({"render": [render], "probe": [probe]}), demo_profile(output=str(work.output))
    )
    assert job.payload["humanoid"] == declared


def test_names_alone_are_still_a_provider_and_may_say_nothing(work: PlainWork) -> None:
    rows = [
        render_row(work.store, "named", *standing(), title="fox", motion_name="run"),
        render_row(work.store, "nameless", *standing(), tags=None, motion_name="Scene"),
    ]
    ends = ended(CaptionStage(), Tables({"render": rows}), work, provider="metadata")
    assert row_of(ends["named"])["caption"] == "Fox: run." and row_of(ends["named"])["provider"] == "metadata"
    nameless = ends["nameless"]
    assert isinstance(nameless, Rejected) and nameless.code == "empty_caption"


def test_a_category_is_an_assets_once_and_a_persons_word_goes_first(work: PlainWork) -> None:
    rows = [
        render_row(work.store, name, *standing(), asset_id=asset, title="Fox", tags=["plush toy"])
        for name, asset in {"c1": "a1", "c2": "a1", "c3": "a2"}.items()
    ]
    (work.output / "review").mkdir()
    (work.output / "review" / "categories.csv").write_text("asset_id,your_category,your_secondary\na2,Toy,animal\n")
    ends = ended(CategoryStage(), Tables({"render": rows}), work)
    assert set(ends) == {"a1", "a2"}
    machine, person = row_of(ends["a1"]), row_of(ends["a2"])
    assert set(machine) == set(PRODUCTS["category"].names)
    assert (machine["category"], machine["category_provider"]) == ("animal", "metadata")
    assert (person["category"], person["secondary"], person["category_provider"]) == ("toy", ["animal"], "person")


def test_an_edit_changes_the_job_of_its_clip_alone(work: PlainWork) -> None:
    rows = [render_row(work.store, name, *standing()) for name in ("c1", "c2")]
    tables, asked = Tables({"render": rows}), demo_profile(output=str(work.output))
    before = {job.input_id: job.key for job in CaptionStage().plan(tables, asked)}  # type: ignore[arg-type]
    (work.output / "review").mkdir()
    (work.output / "review" / "captions.csv").write_text("clip_id,your_caption\nc2,Mine.\n")
    after = {job.input_id: job.key for job in CaptionStage().plan(tables, asked)}  # type: ignore[arg-type]
    assert before["c1"] == after["c1"] and before["c2"] != after["c2"]


def test_how_a_model_is_reached_is_in_no_key_and_what_it_is_shown_is(work: PlainWork) -> None:
    tables = Tables({"render": [render_row(work.store, "c1", *standing())]})

    def key(stage: Stage, **caption: Any) -> str:
        known = {"provider": "model", "categories": "model"} | caption
        (job,) = stage.plan(tables, demo_profile(output=str(work.output), caption=known))  # type: ignore[arg-type]
        return job.key

    for stage in (CaptionStage(), CategoryStage()):
        plain = key(stage)
        for same in ({"base_url": "http://127.0.0.1:1/v1"}, {"concurrency": 3}, {"max_usd": 1.0}, {"tries": 1}):
            assert key(stage, endpoint=same) == plain, same
        assert key(stage, endpoint={"model": "other"}) != plain
        assert key(stage, pictures={"side_px": 112}) != plain


def test_a_grammars_own_sentences_hold_against_the_facts(work: PlainWork) -> None:
    from caption.clip import clip_facts
    from rigmill.clips.members import GEOMETRY
    from rigmill.clips.numbers import ClipGeometry
    from rigmill.types import StoredFile

    for made in (walking(), walking(backwards=True), walking(in_place=True), standing()):
        row = render_row(work.store, "c", *made)
        file = next(StoredFile.from_row(one) for one in row["files"] if one["name"] == GEOMETRY)  # type: ignore[attr-defined]
        facts = clip_facts(row, ClipGeometry.from_bytes(work.store.read(file)))
        said = row_of(ended(CaptionStage(), Tables({"render": [row]}), work)["c"])["captions"]
        assert not [problem for sentence in said for problem in contradictions(sentence, facts)]
