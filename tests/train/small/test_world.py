"""Which clips the small model learns: those that the world's last run published."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigmill.errors import UserError
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from rigmill.types import Row
from shards.index import INDEX, index_bytes
from train.inputs import TrainingClip
from train.small.world import read_world


def _row(clip: TrainingClip, *, split: str = "train") -> Row:
    place = clip.place
    return {
        **dict.fromkeys(PRODUCTS["shards"].names),
        "clip_id": place.clip_id,
        "asset_id": "an asset",
        "source": clip.source,
        "split": split,
        "motion_name": "Walk",
        "num_frames": clip.num_frames,
        "num_views": clip.num_views,
        "offset": place.offset,
        "num_bytes": place.num_bytes,
        "sample_sha256": place.sha256,
        "caption": clip.caption,
        "captions": list(clip.captions),
        "shard_file": place.shard_file.to_row(),
    }


def _kept(job_key: str) -> Row:
    return {"job_key": job_key, "input_id": "x", "status": "kept"}


@pytest.fixture
def output(clips: list[TrainingClip], tmp_path: Path) -> Path:
    """A world that has grown: its tables still hold what was published before, of two clips."""
    layout = Layout(tmp_path)
    asset = {"job_key": "a", "asset_id": "an asset", "source_uid": "train/0/man", "takes": []}
    StageTable(layout.tables, "collect").commit([_kept("a")], [asset])
    before = [{**_row(clip), "job_key": "before"} for clip in clips[:2]]
    now = [{**_row(clip), "job_key": "now"} for clip in clips]
    StageTable(layout.tables, "shards").commit([_kept("before"), _kept("now")], [*before, *now])
    layout.dataset.mkdir()
    (layout.dataset / INDEX).write_bytes(index_bytes([_row(clip) for clip in clips]))
    return tmp_path


def test_a_clip_of_a_world_that_has_grown_is_there_once(output: Path, clips: list[TrainingClip]) -> None:
    world = read_world(output, num_frames=1)
    assert sorted(clip.place.clip_id for clip in world.train) == sorted(clip.place.clip_id for clip in clips)


def test_a_folder_without_published_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no training clips"):
        read_world(tmp_path, num_frames=1)
