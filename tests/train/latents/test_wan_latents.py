"""The real path, AutoencoderKLWan and UMT5 out of folders, at tiny sizes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from rigmill.config.schema import Profile
from rigmill.errors import UserError
from rigmill.storage.files import Store
from shards.loader.latents.cached import CachedLatents, LatentDraw
from shards.loader.reading import Reader, Wanted
from tests.support.latent_jobs import jobs_of, kept_rows, opened, profile_with, run, sample_of
from tests.support.tiny_wan import save_tiny_wan
from tests.support.training import Index, Lent, lent, run_jobs
from tests.train.latents.test_training_from_latents import planned
from train.clips import look_of, to_unit
from train.components.loading import load_codec, load_text_encoder, load_tokenizer
from train.inputs import TrainSettings
from train.latents.stage import LatentsStage
from train.latents.wanted import encoding_of
from train.recipes import tiny_wan
from train.text import TextEncoder

CONFIG = tiny_wan(32)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_wan(tmp_path_factory.mktemp("weights") / "wan", CONFIG)


@pytest.fixture(scope="module")
def profile(settings: TrainSettings, root: Path) -> Profile:
    wan = replace(settings, recipe="tiny_wan", num_frames=9)
    cached = {"enabled": True, "conditions": 3, "frame_counts": [5, 9], "dtype": "float32"}
    return profile_with(wan, cached, weights={"root": str(root)})


@pytest.fixture(scope="module")
def one(rows: Index) -> Index:
    return rows[:1]


@pytest.fixture(scope="module")
def made(one: Index, store: Store, profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Index:
    return kept_rows(run(one, profile, store, tmp_path_factory.mktemp("out")))


@pytest.fixture(scope="module")
def latents(made: Index, one: Index, store: Store, profile: Profile) -> CachedLatents:
    return opened(made, one, store, encoding_of(profile))


@pytest.mark.parametrize("num_frames", [9, 5])
def test_windows_and_conditions_are_what_the_codec_makes_of_them(
    latents: CachedLatents, one: Index, store: Store, root: Path, num_frames: int
) -> None:
    """Of a shorter draw as well: what a causal codec makes of a beginning does not depend on what follows."""
    (row,) = one
    codec = load_codec(root / "vae", CONFIG.codec)
    windows = latents.windows(row["clip_id"])
    assert windows.starts == (1,) and windows.condition_frames == (0, 4, 8)
    frames = tuple(range(1, 1 + num_frames))

    def encoded(pictures: np.ndarray) -> np.ndarray:
        return codec.encode(to_unit(pictures)[None])[0].numpy()

    for condition in range(sum(at < num_frames for at in windows.condition_frames)):
        at = frames[windows.condition_frames[condition]]
        read = Reader(look_of(CONFIG)).read(sample_of(row, store), Wanted(frames, (3,), at))
        batch = latents.read([LatentDraw(row["clip_id"], 0, num_frames, (3,), condition, 0)])
        for ours, theirs in ((batch.rgb, read.rgb), (batch.pose, read.pose)):
            assert theirs is not None and ours.video.shape == (1, 1, 16, 1 + (num_frames - 1) // 4, 4, 4)
            np.testing.assert_array_equal(ours.video[0, 0], encoded(theirs.video[0]))
            np.testing.assert_array_equal(ours.condition[0, 0], encoded(theirs.condition[0]))


def test_text_is_what_the_encoder_says_cut_where_its_padding_begins(
    latents: CachedLatents, one: Index, root: Path
) -> None:
    text = CONFIG.text
    encoder = TextEncoder(
        load_tokenizer(root / "tokenizer"), load_text_encoder(root / "text_encoder"), num_tokens=text.num_tokens
    )
    for sentence, caption in ((0, one[0]["caption"]), (None, "")):
        (tokens,) = latents.read([LatentDraw(one[0]["clip_id"], 0, 9, (0,), None, sentence)]).text
        with torch.no_grad():
            padded = encoder([caption])[0].numpy()
        assert len(tokens) == len(caption) + 1  # bytes, and the end
        np.testing.assert_array_equal(padded[: len(tokens)], tokens)
        assert not padded[len(tokens) :].any()


def with_other(root: Path, component: str, folder: Path) -> dict[str, Any]:
    """Places of the same weights, but of one component trained further."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (file,) = (folder / component).glob("*.safetensors")
    tensors = load_file(file)
    name = sorted(name for name, tensor in tensors.items() if tensor.is_floating_point())[0]
    save_file({**tensors, name: tensors[name] + 1}, file)
    return {"root": str(folder)}


@pytest.mark.parametrize(
    ("component", "said"), [("vae", "the video codec"), ("text_encoder", "the text encoder"), ("transformer", "")]
)
def test_other_weights_of_an_encoder_are_another_cache_and_another_place_for_the_same_is_not(
    made: Index,
    one: Index,
    store: Store,
    profile: Profile,
    root: Path,
    settings: TrainSettings,
    tmp_path: Path,
    component: str,
    said: str,
) -> None:
    (job,) = jobs_of(one, profile)
    wan, cached = replace(settings, recipe="tiny_wan", num_frames=9), profile.latents.model_dump(mode="json")
    other = profile_with(wan, cached, weights=with_other(root, component, tmp_path / "other"))
    (again,) = jobs_of(one, other)
    if not said:  # what does not encode
        assert again.key == job.key
        assert len(opened(made, one, store, encoding_of(other))) == 1
        return
    assert again.key != job.key
    with pytest.raises(UserError, match="the cached latents of clip clip0 do not fit") as caught:
        opened(made, one, store, encoding_of(other))
    assert caught.value.why.startswith(f"{said} (")
    gone = profile_with(wan, cached, weights={"root": str(tmp_path / "none")})
    assert jobs_of(one, gone)[0].key not in (job.key, again.key)


def test_a_worker_whose_weights_are_not_those_of_the_plan_encodes_nothing(
    one: Index, store: Store, profile: Profile, root: Path, tmp_path: Path
) -> None:
    """Another machine may have others at the same place: they would lie under the wrong key."""
    (job,) = jobs_of(one, profile)
    job.hints = {**job.hints, "weights": {**job.hints["weights"], **with_other(root, "vae", tmp_path / "other")}}
    with pytest.raises(UserError, match="needs weights that are not here: vae") as caught:
        next(LatentsStage().run([job], Lent(store=store, output=tmp_path, scratch=tmp_path)))
    assert "other weights than the checkpoint or the plan was made with" in caught.value.why


@pytest.mark.parametrize("encodes", [False, True])
def test_a_training_on_cached_latents_needs_no_encoder_where_it_runs(
    made: Index, one: Index, store: Store, settings: TrainSettings, root: Path, tmp_path: Path, encodes: bool
) -> None:
    """The plan knows encoders by their fingerprints; the machine that trains has the transformer alone."""
    folder = tmp_path / "weights"
    shutil.copytree(root, folder)
    wan = replace(settings, recipe="tiny_wan", num_frames=9, num_steps=2, checkpoint_interval=2, mixture={})
    cached = {"enabled": not encodes, "conditions": 3, "frame_counts": [5, 9], "dtype": "float32"}
    job = planned(one, made, profile_with(wan, cached, weights={"root": str(folder)}))
    for component in ("vae", "text_encoder", "tokenizer"):
        shutil.rmtree(folder / component)
    if encodes:
        with pytest.raises(UserError, match="needs weights that are not here: vae"):
            run_jobs([job], lent(tmp_path / "out", store))
        return
    (row,) = run_jobs([job], lent(tmp_path / "out", store))
    assert row["num_steps"] == 2 and 0 < row["last_loss"] < 10
    shown = planned(one, made, profile_with(wan, cached, weights={"root": str(root)}, sample_interval=1))
    shown.hints["weights"] = job.hints["weights"]
    with pytest.raises(UserError, match="needs weights that are not here: vae"):  # samples are decoded
        run_jobs([shown], lent(tmp_path / "strips", store))
