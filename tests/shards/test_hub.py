"""A data set is read by the tools that people have: all of its samples, whatever their licences and rights are."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest
import yaml

from rigmill.clips.video import decode
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.files import Store
from rigmill.types import Row
from shards.card import Making, StageEnds, card
from shards.sample import META
from shards.writer import META_COLUMNS, meta_json
from tests.support.mixed_set import BARE, FULL, NUM_CLIPS, mixed_set
from tests.support.shard_sets import clips, make_shards


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixed_set(tmp_path_factory.mktemp("mixed"))


def kinds(value: object) -> object:
    """The types of a JSON value; of a list, of all that is in it."""
    if isinstance(value, dict):
        return {key: kinds(one) for key, one in value.items()}
    return {kinds(one) for one in value} if isinstance(value, list) else type(value).__name__


def test_meta_json_has_the_same_keys_and_types_in_every_sample() -> None:
    row: Row = {name: None for name in META_COLUMNS}
    numbers = {"num_frames": 17, "fps": 16, "num_views": 4, "has_masks": False, "width_px": 64, "height_px": 64}
    bare, full = (json.loads(meta_json({**row, **numbers, **more})) for more in (BARE, FULL))
    assert kinds(bare) == kinds(full) and set(bare) == set(META_COLUMNS)
    assert set(bare["rights"].values()) == {"unknown"} and set(full["rights"].values()) == {"yes", "no"}
    assert (bare["tags"], bare["attribution"], bare["category"], bare["fps"]) == ([""], "", "", 16.0)
    with pytest.raises(TypeError, match="no null"):
        meta_json({**row, **numbers, "num_frames": None})


def test_datasets_reads_all_samples_of_mixed_licences_and_rights(mixed: Path, tmp_path: Path) -> None:
    tars = sorted(map(str, mixed.glob("train-*.tar")))
    found = datasets.load_dataset("webdataset", data_files={"train": tars}, cache_dir=tmp_path, split="train")
    assert len(found) == NUM_CLIPS
    videos = [name for name, kind in found.features.items() if isinstance(kind, datasets.Video)]
    for name in videos:
        found = found.cast_column(name, datasets.Video(decode=False))
    rights = set()
    for sample in found:
        meta = sample[META]
        rights.add(meta["rights"]["may_train"])
        assert len(decode(sample["rgb.0.mp4"]["bytes"])) == meta["num_frames"]
        assert sample["template_rgb.0.png"].size == (64, 64)
    assert rights == {"unknown", "yes"} and len(videos) == 8


def test_a_folder_is_read_by_its_card_as_a_hub_does(mixed: Path, tmp_path: Path) -> None:
    """Splits, tars and types as the card's front matter says them; also without a copy of everything."""
    whole = datasets.load_dataset(str(mixed), cache_dir=tmp_path)
    assert {split: len(rows) for split, rows in whole.items()} == {"train": NUM_CLIPS}
    stream = datasets.load_dataset(str(mixed), cache_dir=tmp_path, split="train", streaming=True)
    for name, kind in list(stream.features.items()):
        if isinstance(kind, datasets.Video):
            stream = stream.cast_column(name, datasets.Video(decode=False))
    assert [clip["__key__"] for clip in stream] == whole["train"]["__key__"][:]


def test_the_card_says_the_types_that_datasets_finds_and_where_the_splits_are(mixed: Path, tmp_path: Path) -> None:
    front = yaml.safe_load((mixed / "README.md").read_text().split("---\n")[1])
    told = datasets.Features._from_yaml_list(front["dataset_info"]["features"])
    tars = sorted(map(str, mixed.glob("train-*.tar")))
    found = datasets.load_dataset("webdataset", data_files={"train": tars}, cache_dir=tmp_path, split="train")
    assert told == found.features
    assert front["configs"] == [{"config_name": "default", "data_files": [{"split": "train", "path": "train-*.tar"}]}]
    (split,) = front["dataset_info"]["splits"]
    assert (split["name"], split["num_examples"]) == ("train", NUM_CLIPS)


def test_the_card_says_how_to_read_a_pose_map_and_what_was_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = make_shards(clips(store), store)
    maps = PoseMapDefinition.of_render(height_px=480, joint_radius_px=3, max_joints=64, markers=False)
    ends = StageEnds("preview", 20, 12, 7, 1, (("still", 5), ("far", 2), ("crash", 1)))
    text = card(rows, Making("internal", maps, (("min_flow_px", "0.6"),), (ends,)))
    assert "| preview | 20 | 12 | 7 | 1 | still 5, far 2, crash 1 |" in text and "| min_flow_px | 0.6 |" in text
    for value in (
        maps.palette_rule,
        maps.colour_rule,
        maps.drawn_rule,
        "| disc radius, px | 3 |",
        "| most joints | 64 |",
    ):
        assert value in text
