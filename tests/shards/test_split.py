"""Who is held out: nothing that two sides could have in common is in both."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rigmill.storage.files import Store
from shards.split import HoldOut, split_assets
from tests.support.shard_sets import clips, make_shards

_CLIPS = st.lists(
    st.tuples(st.integers(0, 12).map(lambda n: f"a{n}"), st.integers(0, 30).map(lambda n: f"m{n}")),
    min_size=1,
    max_size=60,
)


@given(_CLIPS, st.floats(0, 1), st.integers(0, 5))
def test_no_asset_and_no_motion_is_ever_on_both_sides(found: list[tuple[str, str]], share: float, seed: int) -> None:
    split = split_assets(found, HoldOut(share), seed=seed)
    assert set(split) == {asset for asset, _ in found}
    sides = {split[asset] for asset, _ in found}
    assert "train" in sides
    for motion in {motion for _, motion in found}:
        assert len({split[asset] for asset, other in found if other == motion}) == 1
    assert split == split_assets(found[::-1], HoldOut(share), seed=seed)
    if share == 0:
        assert sides == {"train"}


@given(st.integers(4, 40), st.floats(0.01, 0.6), st.integers(0, 20))
def test_unconnected_assets_are_held_out_by_their_share_and_at_least_one(number: int, share: float, seed: int) -> None:
    split = split_assets([(f"a{i}", f"m{i}") for i in range(number)], HoldOut(share), seed=seed)
    held_out = sum(side == "bench" for side in split.values())
    assert held_out == max(1, int(share * number))


def test_a_large_group_that_does_not_fit_leaves_the_bench_to_a_small_one() -> None:
    tied = [(f"a{i}", "shared") for i in range(9)]
    for seed in range(10):
        split = split_assets([*tied, ("alone", "own")], HoldOut(0.2), seed=seed)
        assert [asset for asset, side in split.items() if side == "bench"] == ["alone"]
    assert set(split_assets(tied, HoldOut(0.5), seed=0).values()) == {"train"}


_SHAPES = st.dictionaries(st.integers(0, 12).map(lambda n: f"a{n}"), st.sampled_from(["", "s1", "s2", "s3"]))
_LISTED = st.sets(st.integers(0, 12).map(lambda n: f"a{n}"), max_size=3)


@given(_CLIPS, _SHAPES, st.floats(0, 0.6), st.floats(0, 0.6), _LISTED, st.integers(0, 5))
def test_nothing_crosses_three_sides_and_the_benchmarks_list_wins(
    found: list[tuple[str, str]], shapes: dict[str, str], bench: float, val: float, listed: set[str], seed: int
) -> None:
    split = split_assets(found, HoldOut(bench, val, listed), seed=seed, shapes=shapes)
    for motion in {motion for _, motion in found}:
        assert len({split[asset] for asset, other in found if other == motion}) == 1
    for shape in {shape for shape in shapes.values() if shape}:
        assert len({split[asset] for asset in split if shapes.get(asset) == shape}) <= 1
    assert all(split[asset] == "bench" for asset in listed & set(split))
    if listed:  # and what has nothing to do with it stays
        alone = split_assets(found, HoldOut(bench_assets=listed), seed=seed, shapes=shapes)
        assert {one for one in split if split[one] == "bench"} == {one for one in alone if alone[one] == "bench"}
    else:
        assert "train" in split.values()
        without = split_assets(found, HoldOut(bench), seed=seed, shapes=shapes)  # validation takes from training alone
        assert all(split[asset] == side for asset, side in without.items() if side == "bench")
    if val == 0:
        assert "val" not in split.values()


def test_validation_gets_shards_of_its_own_and_assets_of_one_shape_stay_together(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tables = clips(store, num_assets=8)
    tables.rows["probe"] = [
        {"asset_id": f"asset-{number}", "shape": [float(number // 2)] * 17, "motions": []} for number in range(8)
    ]
    rows = make_shards(tables, store, bench_share=0.25, val_share=0.25)
    sides = {row["asset_id"]: row["split"] for row in rows}
    assert sorted(sides.values()) == ["bench"] * 2 + ["train"] * 4 + ["val"] * 2
    assert all(sides[f"asset-{number}"] == sides[f"asset-{number + 1}"] for number in range(0, 8, 2))
    assert all(row["shard"].startswith(row["split"]) for row in rows)
    listed = make_shards(tables, store, bench_share=0.25, bench_assets=["asset-5"])
    assert {row["asset_id"] for row in listed if row["split"] == "bench"} == {"asset-4", "asset-5"}
