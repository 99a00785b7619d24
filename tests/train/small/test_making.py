"""The small model's training: from shards to a model with a card, resumed with the same bytes."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from rigmill.errors import UserError
from rigmill.storage.files import Store
from train.finished import CONFIG, WEIGHTS
from train.inputs import TrainingClip
from train.recipes import RECIPES, ModelConfig, Precision, mini_joint
from train.small.card import CARD, write_card
from train.small.making import Cached, cached, make_small
from train.small.plan import PlanName, SmallPlan
from train.small.world import WorldClips
from train.weights import load_model

PLAN = SmallPlan(
    name="joint",
    recipe="mini_joint",
    num_steps=10,  # eight of pose maps alone, two of both
    batch_size=1,
    num_frames=5,
    learning_rate=None,
    seed=3,
    checkpoint_interval=2,
)


class Stopped(Exception):
    """Raised by a test inside a run."""


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe with one narrow layer: what is tested does not depend on its size."""

    def tiny(size_px: int) -> ModelConfig:
        config = mini_joint(size_px)
        less = replace(config.denoiser, num_attention_heads=2, attention_head_dim=16, num_layers=1, ffn_dim=32)
        return replace(config, denoiser=less, adapter_rank=4)

    monkeypatch.setitem(RECIPES, "mini_joint", tiny)


@pytest.fixture
def world(clips: list[TrainingClip], store: Store, tmp_path: Path) -> WorldClips:
    """Two clips to train on and one that is held out, in the store of an output folder."""
    output = tmp_path / "world"
    output.mkdir()
    (output / "store").symlink_to(store.root)
    return WorldClips(output, tuple(clips[:2]), tuple(clips[2:]))


@pytest.fixture
def pictures(world: WorldClips, tmp_path: Path) -> Cached:
    return cached(world, tmp_path / "clips", recipe="mini_joint", workers=1, say=lambda text: None)


def made(
    world: WorldClips, pictures: Cached, out: Path, *, plan: SmallPlan = PLAN, stop_at: int | None = None
) -> tuple[Path, list[str]]:
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if stop_at is not None and f"step {stop_at} of" in text:
            raise Stopped

    folder = make_small(plan, world, pictures, out=out, parent=None, look_every=6, say=say)
    return folder, said


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_stopped_training_ends_with_the_bytes_of_an_undisturbed_one(
    world: WorldClips, pictures: Cached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision
) -> None:
    plan = replace(PLAN, precision=precision)
    straight, _ = made(world, pictures, tmp_path / "straight", plan=plan)
    monkeypatch.setattr("train.small.making.SAY_EVERY", 1)
    with pytest.raises(Stopped):
        made(world, pictures, tmp_path / "stopped", plan=plan, stop_at=5)
    resumed, said = made(world, pictures, tmp_path / "stopped", plan=plan)
    assert said[0].startswith("poses: step 5 of 8"), said
    assert (resumed / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()
    assert (resumed / "base.csv").read_bytes() == (straight / "base.csv").read_bytes()
    again, said = made(world, pictures, tmp_path / "stopped", plan=plan)
    assert again == resumed and not any("step" in line for line in said), "what is finished is not trained again"


def test_what_is_left_is_a_model_with_its_drawing_a_card_and_its_curves(
    world: WorldClips, pictures: Cached, tmp_path: Path
) -> None:
    folder, _ = made(world, pictures, tmp_path / "out")
    about = json.loads((folder / CONFIG).read_text())
    config = ModelConfig.from_dict(about["model"])
    load_model((folder / WEIGHTS).read_bytes(), config)
    assert config.pose_map is not None and about["pose_map"]["radius_px"] == config.pose_map.radius_px == 2.0
    assert about["samples_digest"] == world.digest and about["sampling"]["steps"] > 0
    card = write_card(folder, wall_s=1.0)
    assert json.loads((folder / CARD).read_text()) == card
    assert card["num_clips"] == 2 and card["weights_mb"] > 0 and card["plan"]["seed"] == 3
    with (folder / "readability.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [(line["step"], line["clips"]) for line in lines] == [("2", "trained"), ("2", "held out")]
    assert all(0 <= float(line["usable_share"]) <= 1 for line in lines)
    assert {line["clips"] for line in card["readability"]} == {"trained", "held out"}
    assert (folder / "trained-0000002.png").is_file()


def test_a_stage_of_pose_maps_alone_sees_cameras_and_the_next_has_what_it_learned(
    world: WorldClips, pictures: Cached, tmp_path: Path
) -> None:
    made(world, pictures, tmp_path / "out")
    poses, base = (json.loads((tmp_path / "out" / stage / CONFIG).read_text()) for stage in ("poses", "base"))
    models = [ModelConfig.from_dict(about["model"]).denoiser for about in (poses, base)]
    assert [model.modalities for model in models] == [("pose",), ("rgb", "pose")]
    assert [(model.multi_view, model.has_camera) for model in models] == [(False, True), (True, True)]
    assert base["parent"] == poses["checkpoint_id"]


@pytest.mark.parametrize("name", ["paper"])
def test_the_papers_stages_follow_each_other_and_each_names_its_parent(
    world: WorldClips, pictures: Cached, tmp_path: Path, name: PlanName
) -> None:
    plan = replace(PLAN, name=name, num_steps=6, checkpoint_interval=100)
    folder, _ = made(world, pictures, tmp_path / "out", plan=plan)
    abouts = [json.loads((tmp_path / "out" / stage / CONFIG).read_text()) for stage in ("base", "stage1", "stage2")]
    assert folder.name == "stage2" and [about["depth"] for about in abouts] == [0, 1, 2]
    assert [about["parent"] for about in abouts] == [None, *(about["checkpoint_id"] for about in abouts[:2])]
    assert abouts[0]["model"]["denoiser"]["modalities"] == ["rgb"] and abouts[2]["model"]["denoiser"]["multi_view"]


def test_a_finished_model_of_other_settings_is_not_written_over(
    world: WorldClips, pictures: Cached, tmp_path: Path
) -> None:
    folder, _ = made(world, pictures, tmp_path / "out")
    before = (folder / WEIGHTS).read_bytes()
    with pytest.raises(UserError, match="finished model of other settings") as caught:
        made(world, pictures, tmp_path / "out", plan=replace(PLAN, seed=4))
    assert "--out" in caught.value.fix and (folder / WEIGHTS).read_bytes() == before
    other, _ = made(world, pictures, tmp_path / "other", plan=replace(PLAN, seed=4))
    assert (other / WEIGHTS).read_bytes() != before
