"""The rule: places of groups, what it spreads over, and that it repeats."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.bench.choose import Candidate, choose, places_of
from eval.bench.clips import Group
from eval.bench.groups import STRATA, MotionKind, group_of, motion_kind

PLENTY = {group: 100 for group in Group}


def candidate(number: int, group: Group = Group.HUMANOID, **more: object) -> Candidate:
    plain = {
        "clip_id": f"clip-{number}",
        "asset_id": f"asset-{number}",
        "body": f"body-{number}",
        "motion_id": f"motion-{number}",
        "group": group,
        "category": "animal",
        "source": "made",
        "num_joints": 20,
        "motion_size": float(number),
        "motion": MotionKind.ACTS,
    }
    return Candidate(**plain | more)  # type: ignore[arg-type]


def test_the_papers_35_places_are_shared_equally_and_others_only_fill() -> None:
    assert places_of(PLENTY, 35) == {
        **{Group.HUMANOID: 9, Group.QUADRUPED: 9, Group.FLYING: 9, Group.FURNITURE: 8},
        Group.OTHER: 0,
    }
    few = {**PLENTY, Group.FLYING: 2}
    assert places_of(few, 35) == {
        **{Group.HUMANOID: 11, Group.QUADRUPED: 11, Group.FLYING: 2, Group.FURNITURE: 11},
        Group.OTHER: 0,
    }
    assert places_of({Group.HUMANOID: 3, Group.OTHER: 100}, 35)[Group.OTHER] == 32


@given(st.dictionaries(st.sampled_from(list(Group)), st.integers(0, 50)), st.integers(0, 120))
def test_places_are_all_used_where_there_are_clips_and_never_differ_without_need(
    available: dict[Group, int], wanted: int
) -> None:
    places = places_of(available, wanted)
    assert sum(places.values()) == min(wanted, sum(available.values()))
    assert all(places[group] <= available.get(group, 0) for group in Group)
    full = [places[group] for group in STRATA if places[group] < available.get(group, 0)]
    assert not full or max(places[group] for group in STRATA) - min(full) <= 1


def many() -> list[Candidate]:
    """Per group 5 categories x 3 sources x 4 kinds of motion x 3 sizes of rig, each an asset of its own."""
    categories = ("character", "animal", "toy", "furniture", "sculpture")
    combinations = list(product(STRATA, categories, ("a", "b", "c"), MotionKind, (5, 20, 50)))
    return [
        candidate(number, group, category=category, source=source, motion=motion, num_joints=joints)
        for number, (group, category, source, motion, joints) in enumerate(combinations)
    ]


def test_in_each_group_every_category_source_kind_and_size_appears() -> None:
    chosen = choose(many(), 35, seed=7)
    assert len({one.asset_id for one in chosen}) == 35
    for group in STRATA:
        own = [one for one in chosen if one.group is group]
        for values, most in (
            (Counter(one.category for one in own), 2),
            (Counter(one.source for one in own), 4),
            (Counter(one.motion for one in own), 4),
            (Counter(one.num_joints for one in own), 4),
        ):
            assert max(values.values()) <= most and len(values) >= 3
        assert {one.category for one in own} == {"character", "animal", "toy", "furniture", "sculpture"}


def test_spread_is_better_than_chance() -> None:
    """The same number of clips drawn at random leaves more pairs of facets out, in every one of 20 draws."""

    def seen(clips: list[Candidate]) -> int:
        return len({(one.group, facet) for one in clips for facet in (one.category, one.source, one.motion)})

    pool = many()
    ours = seen(choose(pool, 35, seed=7))
    assert all(seen(random.Random(draw).sample(pool, 35)) < ours for draw in range(20))


def test_the_seed_decides_and_the_order_of_the_rows_does_not() -> None:
    pool = many()
    first = choose(pool, 35, seed=7)
    shuffled = random.Random(1).sample(pool, len(pool))
    assert choose(shuffled, 35, seed=7) == first
    assert choose(pool, 35, seed=8) != first


def test_bodies_come_before_second_clips_of_one_and_motions_before_repeats() -> None:
    twice = [candidate(number, asset_id=f"asset-{number % 10}", body=f"body-{number % 5}") for number in range(20)]
    assert Counter(one.body for one in choose(twice, 10, seed=1)) == dict.fromkeys([f"body-{n}" for n in range(5)], 2)
    walks = [candidate(number, motion_id=f"motion-{number % 4}") for number in range(20)]
    assert Counter(one.motion_id for one in choose(walks, 4, seed=1)).most_common(1)[0][1] == 1


@settings(max_examples=30)
@given(st.integers(0, 12), st.integers(1, 20))
def test_with_few_clips_all_are_taken_once(num: int, wanted: int) -> None:
    pool = [candidate(number, list(Group)[number % 5]) for number in range(num)]
    chosen = choose(pool, wanted, seed=3)
    assert len(chosen) == min(num, wanted) == len({one.clip_id for one in chosen})


@pytest.mark.parametrize(
    ("kind", "category", "secondary", "group"),
    [
        ("humanoid", "anthropomorphic", (), Group.HUMANOID),
        ("quadruped", "toy", (), Group.QUADRUPED),
        ("winged", "animal", (), Group.FLYING),
        ("winged", "mythical creature", (), Group.FLYING),
        ("winged", "vehicle", (), Group.OTHER),
        ("articulated", "furniture", (), Group.FURNITURE),
        ("articulated", "architecture", (), Group.FURNITURE),
        ("articulated", "miscellaneous", ("furniture",), Group.FURNITURE),
        ("articulated", "vehicle", ("household item",), Group.OTHER),
        ("other", "animal", (), Group.OTHER),
        (None, None, (), Group.OTHER),
    ],
)
def test_groups_follow_from_the_rig_and_the_category(
    kind: str | None, category: str | None, secondary: tuple[str, ...], group: Group
) -> None:
    assert group_of(kind, category, secondary) is group


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"idle": True, "gait": "walk"}, MotionKind.RESTS),
        ({"num_jumps": 2, "travel": "forward"}, MotionKind.LEAPS),
        ({"flip_deg": -360.0}, MotionKind.LEAPS),
        ({"gait": "run"}, MotionKind.GOES),
        ({"travel": "left"}, MotionKind.GOES),
        ({}, MotionKind.ACTS),
    ],
)
def test_kinds_of_motion(more: dict[str, object], kind: MotionKind) -> None:
    plain = {"idle": False, "num_jumps": None, "flip_deg": None, "roll_deg": None, "travel": "none", "gait": None}
    assert motion_kind(plain | more) is kind
