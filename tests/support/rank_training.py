"""A small training as one of several ranks, which writes down what it drew; it can be ended at a step."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch

from train.feed import FedBatch
from train.inputs import Sharing, TrainingClip, TrainSettings
from train.loop.fit import train
from train.parallel.group import Ranks, set_up
from train.starting import start_model
from train.weights import save_model


class Watched(lightning.Callback):
    """Every rank's draws, a line a step; one rank is ended at a step of one attempt."""

    def __init__(self, path: Path, end: dict[str, Any] | None) -> None:
        self.path, self.end = path, end

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: FedBatch, batch_idx: int) -> None:
        draws = [[draw.position, clip, *draw.seen.views] for draw, clip in zip(batch.draws, batch.about.clip_ids)]
        with self.path.open("a") as stream:
            stream.write(json.dumps({"step": trainer.global_step, "draws": draws}) + "\n")
        if self.end and (trainer.global_step, trainer.global_rank) == (self.end["step"], self.end["rank"]):
            os.kill(os.getpid(), signal.Signals[self.end["by"]])


def train_as_rank(order: dict[str, Any]) -> None:
    """Rank 0 leaves losses.json and model.safetensors in the order's folder."""
    torch.set_num_threads(1)
    if int(os.environ["WORLD_SIZE"]) > 1:
        set_up(torch.device("cpu"))
    out, settings, rank = Path(order["out"]), TrainSettings(**order["settings"]), int(os.environ["RANK"])
    trained = train(
        start_model(settings, None, {}),
        settings=settings,
        clips=[TrainingClip.from_row(row) for row in order["rows"]],
        store_root=Path(order["store"]),
        folder=out / "work",
        curves=out / "curves",
        callbacks=[Watched(out / f"drawn-{order['attempt']}-{rank}.jsonl", order.get("end"))],
        sharing=Sharing(**order["sharing"]),
    )
    model = save_model(trained.model)
    if Ranks.here().is_first:
        (out / "losses.json").write_text(json.dumps([asdict(loss) for loss in trained.losses]))
        (out / "model.safetensors").write_bytes(model)
