"""Training the small model from a folder of shards, stage after stage, killable at any moment."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from rigmill.errors import UserError
from rigmill.storage.files import canonical_json, digest, sha256_bytes, write_atomic
from train.clips import Pictures
from train.finished import CONFIG, WEIGHTS, Parent
from train.inputs import TrainingClip
from train.loop.fit import train
from train.recipes import RECIPES, ModelConfig
from train.small.cache import CachedClips, build
from train.small.plan import SIZE_PX, SmallPlan, SmallStage
from train.small.watching import GUIDANCE, STEPS, TEXT_GUIDANCE, Watching
from train.small.world import WorldClips
from train.starting import start_model
from train.watching.readability import room
from train.weights import num_parameters, save_model
from train.words import words_of

Say = Callable[[str], None]
SAY_EVERY = 50  # steps
_SHOWN = 4  # clips of each kind that are sampled to see how far it is


@dataclass(frozen=True, slots=True)
class Cached:
    """The clips of a world at the model's size."""

    train: CachedClips
    held_out: CachedClips | None


def cached(world: WorldClips, folder: Path, *, recipe: str, workers: int, say: Say) -> Cached:
    """Cut the clips out of their shards, decode and draw them, unless that is done."""
    config = RECIPES[recipe](SIZE_PX)

    def of(clips: Sequence[TrainingClip], what: str) -> CachedClips:
        def on_clip(done: int, total: int) -> None:
            if done % 50 == 0 or done == total:
                say(f"{what}: {done} of {total} clips drawn at {SIZE_PX} pixels")

        return build(folder, clips, store_root=world.store_root, config=config, workers=workers, on_clip=on_clip)

    return Cached(of(world.train, "training"), of(world.held_out, "held out") if world.held_out else None)


def make_small(
    plan: SmallPlan, world: WorldClips, pictures: Cached, *, out: Path, parent: Parent | None, look_every: int, say: Say
) -> Path:
    """Train all stages of a plan; the folder of the last stage's model. A finished stage is not trained again."""
    folder = out
    for stage in plan.stages:
        folder = out / stage.name
        parent = _finished(folder, plan, stage, world, parent) or _train_stage(
            plan, stage, world, pictures, folder=folder, parent=parent, look_every=look_every, say=say
        )
        say(f"{stage.name}: {folder / WEIGHTS}")
    return folder


def _key(plan: SmallPlan, stage: SmallStage, world: WorldClips, parent: Parent | None) -> str:
    """What makes a stage's model: its settings, the clips, and what it starts from."""
    started = None if parent is None else sha256_bytes(parent.weights)
    return digest(plan.settings(stage).to_row(), RECIPES[plan.recipe](SIZE_PX).to_dict(), world.digest, started)


def _finished(
    folder: Path, plan: SmallPlan, stage: SmallStage, world: WorldClips, parent: Parent | None
) -> Parent | None:
    """The model of a stage that is there already, made as it would be made now; a UserError where it was made
    otherwise: what is finished is not written over.
    """
    try:
        about = json.loads((folder / CONFIG).read_bytes())
        weights = (folder / WEIGHTS).read_bytes()
    except (OSError, ValueError):
        return None
    if about["sha256"][WEIGHTS] != sha256_bytes(weights):
        return None  # damaged
    if about.get("key") != _key(plan, stage, world, parent):
        raise UserError(
            f"{folder} holds a finished model of other settings, clips or code",
            why="it is not written over",
            fix="give another --out, or remove that folder",
            code="E531",
        )
    return Parent(about["checkpoint_id"], about["depth"], weights, ModelConfig.from_dict(about["model"]), about)


def _train_stage(
    plan: SmallPlan,
    stage: SmallStage,
    world: WorldClips,
    pictures: Cached,
    *,
    folder: Path,
    parent: Parent | None,
    look_every: int,
    say: Say,
) -> Parent:
    settings = plan.settings(stage)
    key = _key(plan, stage, world, parent)
    started = time.monotonic()
    last = [started, 0]

    def report(message: str, done: int, total: int) -> None:
        if done % SAY_EVERY == 0 or done == total:
            now = time.monotonic()
            rate = (done - last[1]) / max(1e-9, now - last[0])
            last[:] = [now, done]
            say(f"{stage.name}: step {done} of {total}, {message}, {rate:.2f} steps/s")

    watching = Watching(
        folder,
        trained=(pictures.train, _spread(pictures.train)),
        held_out=(pictures.held_out, _spread(pictures.held_out)) if pictures.held_out else None,
        num_frames=settings.num_frames,
        interval=look_every,
        num_steps=settings.num_steps,
    )
    trained = train(
        start_model(settings, parent, {}),
        settings=settings,
        clips=pictures.train,
        store_root=world.store_root,
        folder=folder / f"work-{key[:16]}",
        report=report,
        curves=folder,
        callbacks=[watching] if stage.trains != "video" else [],
    )
    weights, config = save_model(trained.model, dtype=torch.float16), trained.model.config  # half the size to ship
    depth = 0 if parent is None else parent.depth + 1
    about: dict[str, Any] = {
        "checkpoint_id": digest("checkpoint", sha256_bytes(weights), config.to_dict()),
        "stage": stage.name,
        "depth": depth,
        "parent": None if parent is None else parent.checkpoint_id,
        "model": config.to_dict(),
        "settings": settings.to_row(),
        "num_clips": len(world.train),
        "samples_digest": world.digest,
        "pose_map": settings.pose_map,
        "weights": {},
        "sampling": {
            "steps": STEPS,
            "guidance": GUIDANCE,
            "text_guidance": TEXT_GUIDANCE,
            "room": room(pictures.train),
            "words": words_of(caption for clip in world.train for caption in (clip.caption, *clip.captions)),
        },
        "plan": asdict(plan),
        "num_parameters": num_parameters(trained.model.denoiser),
        "key": key,
        "sha256": {WEIGHTS: sha256_bytes(weights)},
    }
    write_atomic(folder / WEIGHTS, weights, durable=True)
    write_atomic(folder / CONFIG, (canonical_json(about) + "\n").encode(), durable=True)
    return Parent(about["checkpoint_id"], depth, weights, config, about)


def _spread(pictures: Pictures) -> list[int]:
    """A few clips from all over the list."""
    num = len(pictures.clips)
    return sorted({round(place * (num - 1) / max(1, _SHOWN - 1)) for place in range(_SHOWN)})
