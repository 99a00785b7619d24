"""Who sees what: all places are used equally, nothing says whose video is whose, and the seed decides."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from eval.study.plan import Asked, Kind, Study, plan
from tests.support.studies import CLIPS, METHODS

CONTENTS = {(method, clip): f"{method} {clip}" for method in METHODS for clip in CLIPS}
ASKED = Asked("s", Kind.FIRST, METHODS, CLIPS, seed=7, num_sittings=6)
PAIRS = replace(ASKED, kind=Kind.PAIRS)


def real(study: Study) -> list[tuple[str, tuple[str, ...]]]:
    """(clip, methods from left to right) of all trials that are no checks."""
    return [
        (trial.clip, tuple(study.files[file][0] for file in trial.shown))
        for trials in study.sittings
        for trial in trials
        if trial.check is None
    ]


def test_first_choice_shows_all_methods_each_in_each_place_equally_often() -> None:
    study = plan(ASKED, CONTENTS)
    assert all({study.files[file][1] for file in trial.shown} == {trial.clip} for t in study.sittings for trial in t)
    for clip in CLIPS:
        places = Counter((at, method) for one, shown in real(study) if one == clip for at, method in enumerate(shown))
        assert places == {(at, method): 2 for at in range(3) for method in METHODS}  # of six people


@pytest.mark.parametrize(("all_pairs", "pairs"), [(False, 2), (True, 3)])
def test_pairs_are_of_the_first_method_or_of_all_and_sides_alternate(all_pairs: bool, pairs: int) -> None:
    study = plan(replace(PAIRS, all_pairs=all_pairs), CONTENTS)
    counts = Counter(real(study))
    assert len({(clip, frozenset(shown)) for clip, shown in counts}) == pairs * len(CLIPS)
    assert set(counts.values()) == {3}  # six people: each side three times
    assert all_pairs or all(METHODS[0] in shown for _, shown in counts)


def test_with_a_limit_people_share_all_questions_equally() -> None:
    study = plan(replace(PAIRS, num_trials=4, num_sittings=10), CONTENTS)
    assert {len(trials) for trials in study.sittings} == {6}  # and two checks
    asked = Counter((clip, frozenset(shown)) for clip, shown in real(study))
    assert len(asked) == 10 and set(asked.values()) == {4}
    assert set(Counter(real(study)).values()) == {2}  # each of them on both sides


def test_checks_come_in_between_and_are_told_somewhere() -> None:
    study = plan(replace(ASKED, num_checks=3), CONTENTS)
    for trials in study.sittings:
        at = [place for place, trial in enumerate(trials) if trial.check is not None]
        assert len(at) == 3 and at[0] > 0
        assert all(0 <= (trials[place].check or 0) < len(trials[place].shown) for place in at)
    assert len({trial.check for trials in study.sittings for trial in trials}) > 2  # not always the same side


def test_the_seed_and_the_videos_decide_and_names_say_nothing() -> None:
    study = plan(ASKED, CONTENTS)
    assert plan(ASKED, CONTENTS) == study
    assert Study.from_json(json.loads(json.dumps(study.to_json()))) == study
    other = plan(replace(ASKED, seed=8), CONTENTS)
    assert other.digest != study.digest and not set(other.files) & set(study.files)
    changed = plan(ASKED, {**CONTENTS, ("ours", CLIPS[0]): "rendered again"})
    assert changed.digest != study.digest
    assert not any(name in file for file in study.files for name in (*METHODS, *CLIPS))
    assert len({tuple(trials) for trials in study.sittings}) == len(study.sittings)
