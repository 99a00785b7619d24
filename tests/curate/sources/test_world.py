"""The generated world as a source: clips as asked for, held-out parts in the uid, truth and words in the row."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from curate.stages.collect import CollectStage
from curate.world.acting.truth import Truth
from rigmill.errors import UserError
from rigmill.licences.rights import Rights
from rigmill.outcomes import Kept
from rigmill.storage.columns import PRODUCTS
from tests.support.curation import Tables, demo_profile, plain_work


def planned(**settings: Any) -> list[Any]:
    return list(CollectStage().plan(Tables(), demo_profile(sources=[{"kind": "world", **settings}])))


def test_a_profile_gets_as_many_clips_as_it_asks_for_and_keeps_them_when_it_asks_for_more() -> None:
    few, more = planned(clips=18), planned(clips=60)
    for jobs, clips in ((few, 18), (more, 60)):
        assert sum(job.payload["takes"] for job in jobs) == clips
        assert len({job.payload["uid"] for job in jobs}) == len(jobs)
    kept = {job.key for job in few if job.payload["takes"] == 4}
    assert kept <= {job.key for job in more} and len(kept) == 4


def test_what_is_held_out_is_in_the_uid_and_training_never_has_it() -> None:
    held = {"plans": ["bird"], "pairs": ["dog:run", "adult:wave"], "share": 0.2}
    jobs = planned(clips=800, plans=["adult", "bird", "dog", "robot"], hold_out=held)
    splits = Counter(job.payload["uid"].partition("/")[0] for job in jobs)
    assert set(splits) == {"train", "unseen-rig", "unseen-plan", "unseen-motion"}
    for job in jobs:
        payload, split = job.payload, job.payload["uid"].partition("/")[0]
        assert (payload["plan"] == "bird") == (split == "unseen-plan")
        own = {"dog": "run", "adult": "wave"}.get(payload["plan"])
        if split == "unseen-motion":
            assert payload["motions"] == [own]
        elif own is not None:
            assert own not in payload["motions"]
    assert 0.1 < splits["unseen-rig"] / (len(jobs) - splits["unseen-plan"]) < 0.32


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"plans": ["unicorn"]}, "unicorn"),
        ({"hold_out": {"plans": ["dgo"]}}, "dgo"),
        ({"hold_out": {"pairs": ["dog:yodel"]}}, "yodel"),
    ],
)
def test_a_plan_or_a_motion_that_is_not_there_is_named_with_a_fix(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(UserError, match=word):
        planned(clips=4, **settings)


def test_a_row_has_the_licence_and_of_every_take_its_truth_and_sentences(tmp_path: Path) -> None:
    stage, work = CollectStage(), plain_work(tmp_path)
    jobs = planned(clips=8, plans=["dog", "cabinet"])
    rows = []
    for answer in stage.run(jobs, work):
        assert isinstance(answer.outcome, Kept)
        rows += answer.outcome.rows
    assert len(rows) == 2
    for row in rows:
        assert set(row) | {"job_key"} >= set(PRODUCTS["collect"].names)
        assert row["licence"] == "CC0-1.0" and Rights.from_row(row["rights"]).may_share_renders
        assert len(row["takes"]) == 4 and len({take["motion"] for take in row["takes"]}) == 4
        for take in row["takes"]:
            truth = Truth.from_row(json.loads(take["truth"]))
            assert truth.verb and take["captions"]
            for sentence in take["captions"]:
                assert sentence[0].isupper() and sentence.endswith(".") and "{" not in sentence and "  " not in sentence
    assert rows[0]["title"] != rows[1]["title"]


def test_another_run_of_a_job_gives_the_same_row(tmp_path: Path) -> None:
    stage, jobs = CollectStage(), planned(clips=4, plans=["robot"])
    one, two = ([a.outcome for a in stage.run(jobs, plain_work(tmp_path / name))] for name in ("a", "b"))
    assert one == two
