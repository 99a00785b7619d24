"""The stage: what it plans, and that what is read of its files is what training would have encoded itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from rigmill.config.load import load
from rigmill.config.schema import Profile
from rigmill.errors import Damaged
from rigmill.outcomes import Refusal, Reject, Rejected
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, sha256_bytes
from rigmill.storage.rows import only_keys
from rigmill.types import StoredFile
from shards.loader.latents.cached import LatentDraw
from shards.loader.reading import Reader, Wanted
from shards.sample import SamplePlace, member_names, sample_bytes
from tests.support.latent_jobs import CACHED, jobs_of, kept_rows, opened, profile_with, run, sample_of
from tests.support.paths import ROOT
from tests.support.training import Index, Tables, profile_of
from train.clips import look_of, to_unit
from train.codec import VideoCodec
from train.components.architecture import expected_of
from train.inputs import TrainSettings
from train.latents.encoding import _stored
from train.latents.stage import LatentsStage
from train.latents.wanted import encoding_of
from train.starting import start_model


@pytest.mark.parametrize(("recipe", "num_frames"), [("tiny_joint", 5), ("mini_joint", 5)])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_what_is_read_is_what_training_would_have_encoded(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path, recipe: str, num_frames: int, dtype: str
) -> None:
    """Every view, window, condition and caption, bit for bit at the stored type."""
    settings = replace(settings, recipe=recipe, num_frames=num_frames)
    profile = profile_with(settings, {**CACHED, "dtype": dtype})
    made = kept_rows(run(rows, profile, store, tmp_path))
    assert pa.Table.from_pylist(made, PRODUCTS["latents"]).to_pylist() == made
    latents = opened(made, rows, store, encoding_of(profile))
    model = start_model(settings, None, {})
    stride, reader = model.config.frame_stride, Reader(look_of(model.config))

    def encoded(pictures: np.ndarray, codec: VideoCodec) -> np.ndarray:
        with torch.no_grad():
            return codec.encode(to_unit(pictures)[None])[0].numpy().astype(dtype)

    row = rows[1]
    windows = latents.windows(row["clip_id"])
    assert windows.starts == (0, 11 - 1 - stride * (num_frames - 1)) and windows.condition_frames == (0, 2, 4)
    for window, start in enumerate(windows.starts):
        frames = tuple(start + stride * at for at in range(num_frames))
        for condition in (0, 1, 2, None):
            at = None if condition is None else frames[windows.condition_frames[condition]]
            read = reader.read(sample_of(row, store), Wanted(frames, (0, 2, 3), at))
            draw = LatentDraw(row["clip_id"], window, num_frames, (0, 2, 3), condition, 0)
            batch = latents.read([draw])
            for ours, theirs, codec in ((batch.rgb, read.rgb, model.codec), (batch.pose, read.pose, model.pose_codec)):
                assert theirs is not None
                for view in range(3):
                    np.testing.assert_array_equal(ours.video[0, view], encoded(theirs.video[view], codec))
                    np.testing.assert_array_equal(ours.condition[0, view], encoded(theirs.condition[view], codec))
            for ours, theirs in zip(batch.cameras[0], read.cameras, strict=True):
                np.testing.assert_array_equal(ours.intrinsics, theirs.intrinsics)
                np.testing.assert_array_equal(ours.world_to_view, theirs.world_to_view)
    for sentence, caption in ((0, row["caption"]), (None, "")):
        (text,) = latents.read([LatentDraw(row["clip_id"], 0, num_frames, (0,), None, sentence)]).text
        padded = model.text([caption])[0].numpy().astype(dtype)
        np.testing.assert_array_equal(padded[: len(text)], text)
        assert not padded[len(text) :].any() and len(text) < len(padded) and (sentence is None or len(text) > 3)


def test_every_sentence_of_a_clip_is_kept_without_padding(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    said = ["a wheel turns", "it turns around and around", "round"]
    one = [{**rows[0], "captions": said}]
    profile = profile_with(replace(settings, recipe="mini_joint", num_frames=5))
    (row,) = kept_rows(run(one, profile, store, tmp_path))
    latents = opened([row], one, store, encoding_of(profile))
    lengths = [
        len(latents.read([LatentDraw(row["clip_id"], 0, 5, (0,), None, sentence)]).text[0])
        for sentence in (0, 1, 2, None)
    ]
    assert lengths == [3, 5, 1, 0] and row["num_captions"] == 3


def test_the_same_clips_give_the_same_files_whoever_encodes_them(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    profile = profile_with(replace(settings, num_frames=5))
    together = kept_rows(run(rows, profile, store, tmp_path))
    alone = [row for one in rows for row in kept_rows(run([one], profile, store, tmp_path))]
    assert together == alone


def test_only_what_changes_a_clips_latents_encodes_it_again(rows: Index, settings: TrainSettings) -> None:
    def keys(rows: Index, profile: Profile) -> dict[str, str]:
        return {job.input_id: job.key for job in jobs_of(rows, profile)}

    rows = [{**row, "num_frames": 33} for row in rows]  # long enough for all of these
    base_profile = profile_with(settings)
    base = keys(rows, base_profile)
    packed_anew = [{**row, "offset": 99, "shard_file": {**row["shard_file"], "sha256": "f" * 64}} for row in rows]
    assert keys(packed_anew, base_profile) == base, "where a sample lies is not what it shows"
    assert keys(rows, profile_with(settings, guidance=9.0, learning_rate=0.3, num_steps=9, batch_size=1)) == base
    changed = keys([{**rows[0], "sample_sha256": "0" * 64}, *rows[1:]], base_profile)
    assert {name for name in base if changed[name] != base[name]} == {rows[0]["clip_id"]}
    others = {
        "recipe": profile_with(replace(settings, recipe="mini_joint")),
        "size": profile_with(replace(settings, size_px=48)),
        "frames": profile_with(replace(settings, num_frames=5)),
        "seed of random weights": profile_with(replace(settings, seed=8)),
        "windows": profile_with(settings, {**CACHED, "windows": 1}),
        "conditions": profile_with(settings, {**CACHED, "conditions": 1}),
        "dtype": profile_with(settings, {**CACHED, "dtype": "float16"}),
        "frame_counts": profile_with(settings, {**CACHED, "frame_counts": [5, 9]}),
    }
    seen = set(base.values())
    for name, profile in others.items():
        now = set(keys(rows, profile).values())
        assert len(now) == len(rows) and not now & seen, name
        seen |= now


def test_ablations_and_seeds_share_the_encoders_that_have_weights_of_their_own(
    rows: Index, settings: TrainSettings
) -> None:
    rows = [{**row, "num_frames": 33} for row in rows]

    def keys(**changes: Any) -> list[str]:
        return [job.key for job in jobs_of(rows, profile_with(replace(settings, size_px=64, **changes)))]

    found = keys(recipe="small_joint")
    assert len(found) == len(rows) and keys(recipe="small_joint_pose_only", seed=99) == found


def test_nobody_who_did_not_ask_has_latents(rows: Index, settings: TrainSettings) -> None:
    profile = profile_of(settings)
    stage = LatentsStage()
    assert jobs_of(rows, profile) == [] and stage.settings(profile) == {"enabled": False}
    assert (
        stage.guess_jobs({"render": 9}, profile) == 0 and stage.guess_jobs({"render": 9}, profile_with(settings)) == 9
    )
    assert stage.why_empty(Tables(rows), profile) == "latents.enabled is false, so training encodes what it draws"
    stage.prepare(stage.settings(load("paper").profile), print)


def test_short_clips_and_held_out_ones_have_none(rows: Index, settings: TrainSettings) -> None:
    held_out = [{**rows[0], "clip_id": "other", "split": "bench"}, {**rows[0], "clip_id": "short", "num_frames": 8}]
    assert {job.input_id for job in jobs_of([*rows, *held_out], profile_with(settings))} == {
        row["clip_id"] for row in rows
    }
    why = LatentsStage().why_empty(Tables(rows), profile_with(replace(settings, num_frames=17)))
    assert why == "none of the 3 clips of the train split has 17 frames; the longest has 11"


def with_member(row: dict[str, Any], store: Store, name: str, data: bytes) -> dict[str, Any]:
    """The clip in a shard of its own, with another member; its digests are right."""
    members = {**SamplePlace.from_row(row).members(store), name: data}
    records = sample_bytes(row["clip_id"], [(member, members[member]) for member in member_names(row["num_views"])])
    stored = store.put_bytes("shard-000001.tar", records + b"\0" * 1024)
    place = {"offset": 0, "num_bytes": len(records), "sample_sha256": sha256_bytes(records)}
    return {**row, **place, "shard_file": stored.to_row()}


@pytest.mark.parametrize("name", ["rgb.1.mp4", "template_pose.0.png", "geometry.npz"])
def test_a_clip_that_cannot_be_decoded_says_why_and_the_others_go_on(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path, name: str
) -> None:
    bad = with_member(rows[1], store, name, b"this is none")
    found = run([rows[0], bad, rows[2]], profile_with(replace(settings, num_frames=5)), store, tmp_path)
    outcome = found.pop(bad["clip_id"])
    assert isinstance(outcome, Rejected) and outcome.code is Reject.UNDECODABLE
    assert bad["clip_id"] in outcome.message and "cannot be read" in outcome.message
    assert len(kept_rows(found)) == 2


def test_a_damaged_shard_is_no_bad_clip(rows: Index, store: Store, settings: TrainSettings, tmp_path: Path) -> None:
    """The machine failed: the next run tries again."""
    kept = Store(tmp_path)
    stored = StoredFile.from_row(rows[0]["shard_file"])
    kept.put_bytes(stored.name, store.read(stored))
    path = kept.path(stored)
    data = bytearray(path.read_bytes())
    data[rows[0]["offset"] + 5000] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match=rows[0]["clip_id"]):
        run(rows[:1], profile_with(settings), kept, tmp_path)


def test_a_number_that_half_precision_cannot_hold_is_refused_with_what_to_do() -> None:
    encoding = replace(encoding_of(load("demo").profile), dtype="float16")
    with pytest.raises(
        Refusal, match="a latent is 7e\\+04, which float16 does not hold: latents.dtype=float32"
    ) as caught:
        _stored(np.array([1.0, -7e4], np.float32), encoding)
    assert caught.value.code is Reject.NOT_FINITE
    assert _stored(np.array([-7e4], np.float32), replace(encoding, dtype="float32"))[0] == -7e4


def test_planning_needs_no_torch() -> None:
    code = (
        "import sys, train.latents.stage as stage; from rigmill.config.load import load;"
        "stage.LatentsStage().settings(load('demo', overrides=('latents.enabled=true',)).profile);"
        "sys.exit(bool({'torch', 'lightning', 'diffusers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.fixture
def _unset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("RIGMILL_WEIGHTS", raising=False)
    yield


def test_frame_counts_are_what_video_codecs_pack() -> None:
    with pytest.raises(Exception, match="latents.frame_counts.*must be 4k\\+1"):
        load("demo", overrides=("latents.frame_counts=[5,8]",))


def test_missing_weights_are_said_before_anything_is_spent(_unset: None) -> None:
    profile = load("paper", overrides=("latents.enabled=true",)).profile
    stage = LatentsStage()
    with pytest.raises(Exception, match="recipe wan_joint needs weights") as caught:
        stage.prepare(stage.settings(profile), print)
    assert "vae" in str(caught.value) and "transformer" not in str(caught.value), "which a pass does not use"
    assert "transformer" in expected_of(start_config(profile))
    assert only_keys(stage.settings(profile), "device") == {"device": "gpu"}


def start_config(profile: Profile) -> Any:
    from train.latents.wanted import encoders_of

    return encoders_of(profile).config
