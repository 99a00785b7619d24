from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from curate.filters.windows import num_windows, window_start
from curate.retarget.choice import choose, nearest_pairs, num_choices
from curate.stages.retarget import RetargetStage
from rigmill.config.load import load
from rigmill.outcomes import Kept, Outcome, Rejected
from tests.support.curation import Tables, body, demo_profile, plain_work
from tests.support.retargeting import probe_row, run

SIZES = list(product(range(1, 8), range(1, 8)))


def spread(counts: Counter[str], names: list[str]) -> int:
    used = [counts[name] for name in names]
    return max(used) - min(used)


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_any_number_of_pairs_uses_every_row_and_column_alike_and_more_pairs_keep_the_earlier(
    rows: int, columns: int
) -> None:
    earlier: set[tuple[int, int]] = set()
    by_distance = sorted(
        ((column * rows - row * columns) % (rows * columns), row, column)
        for row in range(rows)
        for column in range(columns)
    )
    for count in range(rows * columns + 1):
        pairs = list(nearest_pairs(rows, columns, count))
        assert len(pairs) == len(set(pairs)) == count
        assert set(pairs) == {(row, column) for _, row, column in by_distance[:count]}
        for side, size in ((0, rows), (1, columns)):
            used = Counter(pair[side] for pair in pairs)
            assert max(used[place] for place in range(size)) - min(used[place] for place in range(size)) <= 1
        assert earlier <= set(pairs)
        earlier = set(pairs)


MOTIONS = {f"m{number}": 1 + number % 3 for number in range(10)}  # of one, two and three windows
CHARACTERS = [f"c{number}" for number in range(7)]


@pytest.mark.parametrize("wanted", [0, 1, 10, 33, 70, 71, 100, 129, 150, 999])
def test_clips_are_spread_evenly_until_the_cap_says_no(wanted: int) -> None:
    cap = 2
    chosen = list(choose(MOTIONS, characters=CHARACTERS, wanted=wanted, cap=cap, seed=1))
    most = 7 * sum(min(cap, windows) for windows in MOTIONS.values())
    assert num_choices(MOTIONS, num_characters=7, cap=cap) == most == 112
    assert len(chosen) == len(set(chosen)) == min(wanted, most)
    assert spread(Counter(character for _, character, _ in chosen), CHARACTERS) <= 1
    assert all(0 <= window < MOTIONS[motion] for motion, _, window in chosen)
    assert max(Counter(pair[:2] for pair in chosen).values(), default=0) <= cap
    # A motion has fewer than another only where it has no more to give.
    used = Counter(motion for motion, _, _ in chosen)
    top = max(used.values(), default=0)
    assert all(used[motion] >= min(top - 1, 7 * min(cap, windows)) for motion, windows in MOTIONS.items())
    # Every pair once before any twice.
    assert len({pair[:2] for pair in chosen}) == min(wanted, 70)


def test_every_window_of_a_long_motion_is_shown_by_some_characters() -> None:
    many = [f"c{number}" for number in range(300)]
    used = Counter(window for _, _, window in choose({"long": 3}, characters=many, wanted=300, cap=1, seed=1))
    assert set(used) == {0, 1, 2} and min(used.values()) > 70


def test_the_choice_follows_from_the_seed_and_the_ids_alone() -> None:
    first = list(choose(MOTIONS, characters=CHARACTERS, wanted=80, cap=2, seed=1))
    turned = dict(reversed(MOTIONS.items()))
    assert list(choose(turned, characters=CHARACTERS[::-1], wanted=80, cap=2, seed=1)) == first
    assert list(choose(MOTIONS, characters=CHARACTERS, wanted=80, cap=2, seed=2)) != first
    assert set(first) < set(choose(MOTIONS, characters=CHARACTERS, wanted=90, cap=2, seed=1))
    assert list(choose(MOTIONS, characters=[], wanted=9, cap=2, seed=1)) == []
    assert list(choose({}, characters=CHARACTERS, wanted=9, cap=2, seed=1)) == []


def test_one_more_motion_or_character_leaves_nearly_all_pairs_as_they_are() -> None:
    motions = dict.fromkeys((f"m{number}" for number in range(240)), 1)
    characters = [f"c{number}" for number in range(100)]

    def chosen(more_motions: int, more_characters: int) -> set[tuple[str, str, int]]:
        return set(
            choose(
                motions | dict.fromkeys((f"new{number}" for number in range(more_motions)), 1),
                characters=characters + [f"new{number}" for number in range(more_characters)],
                wanted=5500,
                cap=1,
                seed=7,
            )
        )

    before = chosen(0, 0)
    assert len(before & chosen(1, 0)) > 0.95 * 5500
    assert len(before & chosen(0, 1)) > 0.95 * 5500


@pytest.mark.parametrize(("frames", "expected"), [(1, 1), (17, 1), (97, 1), (98, 2), (178, 2), (179, 3), (2751, 34)])
def test_a_motion_falls_into_windows_of_the_longest_length_and_a_short_rest_is_none(frames: int, expected: int) -> None:
    assert num_windows(frames, min_frames=16, max_frames=81) == expected
    starts = [window_start(window, frames, 81) for window in range(expected)]
    assert starts[:-1] == [81 * window for window in range(expected - 1)]
    left = frames - (starts[-1] + 81)  # after the last one, which ends with the motion where it has frames of its own
    assert left <= 0 or left <= 16
    assert expected == 1 or left == 0 or starts[-1] == 81 * (expected - 1)
    assert window_start(1, 60, 27) == 25 and window_start(2, 70, 27) == 45  # 25 frames each: 4k + 1


def targets(tmp_path: Path, **changes: Any) -> dict[str, Outcome]:
    """Six motions, four characters of `mixamo`, two of `vroid`, five of `folder`."""
    work = plain_work(tmp_path)
    rows = [probe_row(work, f"d{number}", body(), kind="motion", motions=2, source="mixamo") for number in range(3)]
    rows += [probe_row(work, f"x{number}", body(), kind="static", source="mixamo") for number in range(4)]
    rows += [probe_row(work, f"v{number}", body(), kind="static", source="vroid") for number in range(2)]
    rows += [probe_row(work, f"f{number}", body(), kind="static") for number in range(5)]
    return run(rows, work, **changes)


def test_every_source_gets_its_target_and_the_others_share_the_pairs_per_motion(tmp_path: Path) -> None:
    outcomes = targets(tmp_path, clips={"mixamo": 9, "vroid": 11}, pairs_per_motion=1)
    made = [outcome.rows[0] for outcome in outcomes.values() if isinstance(outcome, Kept)]
    assert len(made) == len(outcomes)
    assert Counter(row["source"] for row in made) == {"mixamo": 9, "vroid": 11, "folder": 6}
    for source, most in (("mixamo", 3), ("vroid", 6), ("folder", 2)):
        assert max(Counter(row["asset_id"] for row in made if row["source"] == source).values()) == most


def test_a_target_out_of_reach_is_a_row_that_says_how_many_there_are_and_why(tmp_path: Path) -> None:
    outcomes = targets(tmp_path, clips={"mixamo": 999, "vroid": 12, "nowhere": 5}, max_clips_per_pair=3)
    rejected = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert set(rejected) == {"mixamo-target", "nowhere-target"}
    outcome = rejected["mixamo-target"]
    assert (outcome.code, outcome.measured, outcome.limit) == ("too_few_pairs", 24.0, 999.0)
    assert outcome.message == (
        "999 clips are wanted for 'mixamo' and 24 planned: 4 characters, 6 motions, at most 3 clips of a pair"
    )
    assert sum(isinstance(outcome, Kept) for outcome in outcomes.values()) == 24 + 12 + 6


def test_windows_are_clips_of_their_own_and_share_the_stored_motion(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rows = [
        probe_row(work, "dance", body(), kind="motion", motions=1),
        probe_row(work, "knight", body(scale=0.5), kind="static"),
    ]
    # 21 frames in windows of 9 with a rest of more than 2: from 0 and 9, and the last one ends where the motion ends.
    profile = demo_profile(
        retarget={"clips": {"folder": 3}, "max_clips_per_pair": 3}, filters={"min_frames": 2, "max_frames": 10}
    )
    jobs = RetargetStage().plan(Tables({"probe": rows}), profile)
    outcomes = [answer.outcome for job in jobs for answer in RetargetStage().run([job], work)]
    made = [outcome.rows[0] for outcome in outcomes if isinstance(outcome, Kept)]
    assert sorted((row["start_frame"], row["num_frames"]) for row in made) == [(0.0, 21), (9.0, 12), (12.0, 9)]
    assert len({row["clip_id"] for row in made}) == 3
    assert len({row["motion_file"]["sha256"] for row in made}) == 1


def test_a_motion_that_is_too_short_is_said_once_and_put_on_nobody(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rows = [probe_row(work, "dance", body(), kind="motion", motions=2)]
    rows[0]["motions"][0]["num_frames"] = rows[0]["motions"][0]["num_own_frames"] = 16
    rows += [probe_row(work, f"c{number}", body(), kind="static") for number in range(3)]
    outcomes = run(rows, work, pairs_per_motion=3)
    (short,) = [outcome for outcome in outcomes.values() if isinstance(outcome, Rejected)]
    assert (short.code, short.measured, short.limit) == ("too_few_frames", 16.0, 16.0)
    assert sum(isinstance(outcome, Kept) for outcome in outcomes.values()) == 3


def test_the_paper_profile_wants_the_papers_clips() -> None:
    paper = load("paper").profile.retarget
    assert paper.clips == {"mixamo": 55_222, "vroid": 57_781}
    # Its sources' names are what the targets go by.
    assert set(paper.clips) <= {source.name for source in load("paper").profile.sources}
