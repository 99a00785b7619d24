from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from eval.stage import EvalStage
from rigmill.clips import video
from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.config import load
from rigmill.kinds import Maps
from rigmill.outcomes import Kept
from rigmill.pipeline.stage import Job
from rigmill.posemaps import posemap
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, sha256_bytes
from rigmill.types import Bytes
from shards.sample import member_names, sample_bytes
from tests.support.pose_scenes import Scene, pose_maps, scene

FRAMES = 9


@dataclass
class FakeRows:
    tables: dict[str, list[dict[str, Any]]]

    def products(self, stage: str) -> list[dict[str, Any]]:
        return self.tables.get(stage, [])


@dataclass
class Lent:
    store: Store
    output: Path
    scratch: Path
    blender: Any = None

    def report(self, message: str, done: int, total: int) -> None:
        pass


def png(picture: Bytes) -> bytes:
    return bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes())


def members(made: Scene) -> dict[str, bytes]:
    pixels, depths = (np.stack(parts) for parts in zip(*(project(c, made.joints) for c in made.cameras)))
    rest_px, rest_depth = (np.stack(parts) for parts in zip(*(project(c, made.rig.rest_joints) for c in made.cameras)))
    geometry = ClipGeometry(
        rig=made.rig,
        drawn=made.drawn,
        colours=made.colours,
        motion=made.motion,
        joints=made.joints,
        cameras=made.cameras,
        joints_px=pixels,
        joints_depth=depths,
        visible=np.ones(depths.shape, dtype=bool),
        rest_joints_px=rest_px,
        rest_joints_depth=rest_depth,
        scale=1.0,
        offset=np.zeros(3),
    )
    found: dict[str, bytes] = {"geometry.npz": geometry.to_bytes(), "meta.json": b"{}"}
    for view, maps in enumerate(pose_maps(made)):
        for kind in ("rgb", "pose"):
            found[f"{kind}.{view}.mp4"] = video.encode(
                maps, fps=16.0, crf=18, pixel_format="yuv444p", keyframe_interval=12
            )
            found[f"template_{kind}.{view}.png"] = png(maps[0])
    return found


def shards_row(store: Store, clip_id: str, split: str, made: Scene) -> dict[str, Any]:
    parts = members(made)
    records = sample_bytes(clip_id, [(name, parts[name]) for name in member_names(4)])
    before = b"x" * 1536  # other samples: only this one may be read
    row: dict[str, Any] = dict.fromkeys(PRODUCTS["shards"].names)
    row.update(
        clip_id=clip_id,
        asset_id=clip_id,
        caption="a body moves",
        split=split,
        num_frames=FRAMES,
        fps=16.0,
        offset=len(before),
        num_bytes=len(records),
        sample_sha256=sha256_bytes(records),
        source="procedural",
        num_views=4,
        shard_file=store.put_bytes("shard.tar", before + records + b"y" * 512).to_row(),
        asset_file=store.put_bytes("body.fbx", b"Kaydara FBX Binary  \0").to_row(),
    )
    return row


@pytest.fixture(scope="module")
def made() -> Scene:
    return scene(FRAMES, width_px=256, height_px=256, radius_px=posemap.radius_for(5, 256))


@pytest.fixture
def plan(tmp_path: Path, made: Scene) -> Callable[..., tuple[list[Job], Lent]]:
    def planned(train: list[dict[str, Any]] | None = None) -> tuple[list[Job], Lent]:
        lent = Lent(Store(tmp_path / "files"), tmp_path, tmp_path)
        rows = [
            shards_row(lent.store, clip, split, made)
            for clip, split in (("cc", "bench"), ("aa", "train"), ("dd", "bench"), ("bb", "bench"))
        ]
        tables = FakeRows({"shards": rows, "train": train or []})
        return EvalStage().plan(tables, load.load("demo").profile), lent

    return planned


def outcome_row(job: Job, lent: Lent) -> dict[str, Any]:
    (answer,) = EvalStage().run([job], lent)
    assert isinstance(answer.outcome, Kept)
    (row,) = answer.outcome.rows
    return row


def test_every_clip_is_read_and_the_first_held_out_ones_are_generated(plan: Any) -> None:
    checkpoint = {"checkpoint_id": "c0", "files": [], "recipe": "tiny_joint"}
    jobs, _ = plan([checkpoint])
    assert [job.input_id for job in jobs] == ["aa-gt", "bb-generated", "bb-gt", "cc-generated", "cc-gt", "dd-gt"]
    without, _ = plan()
    assert [job.input_id for job in without] == ["aa-gt", "bb-gt", "cc-gt", "dd-gt"]


def test_recorded_maps_give_an_accurate_row_with_exactly_the_tables_columns(plan: Any) -> None:
    jobs, lent = plan()
    row = outcome_row(jobs[0], lent)
    assert set(row) == set(PRODUCTS["eval"].names)
    assert (row["clip_id"], row["maps"], row["num_frames"], row["num_drawn_joints"]) == (
        "aa",
        Maps.RECORDED,
        FRAMES,
        25,
    )
    assert row["mpjpe_pct"] < 0.3 and row["over_2pct"] == 0 and row["usable_share"] > 0.95
    assert row["checkpoint_id"] is None
    # The asset is no GLB, so there is nothing to animate.
    assert [file["name"] for file in row["files"]] == ["reconstruction.npz"]


def test_the_same_job_gives_the_same_row(plan: Any) -> None:
    jobs, lent = plan()
    assert outcome_row(jobs[0], lent) == outcome_row(jobs[0], lent)


@pytest.mark.slow
def test_generated_maps_have_no_truth_to_be_scored_against(plan: Any) -> None:
    weights = pytest.importorskip("train.weights")
    from rigmill.storage.files import canonical_json
    from train.recipes import RECIPES

    lent_store = plan()[1].store
    settings = {**load.load("demo").profile.train.model_dump(mode="json"), "seed": 7}
    model_config = RECIPES["tiny_joint"](settings["size_px"])
    model = weights.new_model(model_config, seed=0)
    files = [
        lent_store.put_bytes("model.safetensors", weights.save_model(model)).to_row(),
        lent_store.put_bytes(
            "config.json", canonical_json({"model": model_config.to_dict(), "settings": settings}).encode()
        ).to_row(),
    ]
    jobs, lent = plan([{"checkpoint_id": "c0", "files": files, "recipe": "tiny_joint"}])
    job = next(job for job in jobs if job.input_id == "bb-generated")
    row = outcome_row(job, lent)
    assert set(row) == set(PRODUCTS["eval"].names)
    assert (row["maps"], row["checkpoint_id"], row["num_frames"]) == (Maps.GENERATED, "c0", settings["num_frames"])
    rotations = ("branch_rotation_deg", "chain_rotation_deg", "leaf_rotation_deg")
    assert all(row[name] is None for name in ("mpjpe_pct", "mpjpe_all_pct", "over_2pct", *rotations))
    # An untrained model draws nothing that a skeleton could be.
    assert row["usable_share"] < 0.08
    names = [file["name"] for file in row["files"]]
    assert names == ["reconstruction.npz", *(f"{kind}.{view}.mp4" for kind in ("rgb", "pose") for view in range(4))]
    assert outcome_row(job, lent) == row


def test_an_index_that_points_to_another_clip_is_an_error(plan: Any) -> None:
    jobs, lent = plan()
    job = jobs[0]
    wrong = Job(
        stage=job.stage,
        key=job.key,
        input_id=job.input_id,
        group=job.group,
        settings=job.settings,
        payload={**job.payload, "clip": {**job.payload["clip"], "clip_id": "zz"}},
    )
    with pytest.raises(ValueError, match="zz"):
        next(EvalStage().run([wrong], lent))


def test_the_stored_reconstruction_can_be_read_without_pickle(plan: Any, made: Scene) -> None:
    jobs, lent = plan()
    row = outcome_row(jobs[0], lent)
    from rigmill.types import StoredFile

    data = lent.store.read(StoredFile.from_row(row["files"][0]))
    with np.load(io.BytesIO(data), allow_pickle=False) as npz:
        assert npz["joints"].shape == (FRAMES, 25, 3)
        assert np.linalg.norm(npz["triangulated"] - made.joints, axis=-1).mean() < 0.003
