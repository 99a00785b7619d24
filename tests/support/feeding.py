"""A small training by Lightning that writes down what it draws. Arguments: a folder of shards' rows, and how to run.

python -m tests.support.feeding FOLDER --devices 2 --workers 2 --steps 60 [--kill-at 27]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import warnings
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pyarrow as pa
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import DDPStrategy

from rigmill.storage.files import Store
from shards.loader.catalogue import Catalogue
from shards.loader.loader import ShardLoader
from shards.loader.plan import Drawing, Plan
from shards.loader.reading import Look, Reader
from train.feed import FedBatch, ShardFeed, unit

DRAWS_PER_STEP, DRAWS_PER_EPOCH = 4, 44


def loader_of(folder: Path) -> ShardLoader:
    """Of the rows and the store in a folder."""
    rows = json.loads((folder / "rows.json").read_text())
    drawing = Drawing(
        seed=11,
        draws_per_step=DRAWS_PER_STEP,
        num_views=2,
        frame_counts=(5, 9),
        mixture={"procedural": 0.25, "folder": 0.75},
    )
    catalogue = Catalogue.of_rows(pa.Table.from_pylist(rows), Store(folder / "store"))
    return ShardLoader(Plan(catalogue, drawing), Reader(Look(size_px=32, multiple=16)))


def line_of(batch: FedBatch) -> list[dict[str, Any]]:
    """What a batch shows, draw by draw."""
    assert batch.rgb is not None
    return [
        {
            "position": draw.position,
            "clip": batch.about.clip_ids[at],
            "views": list(draw.seen.views),
            "frames": list(draw.frames),
            "sum": int(batch.rgb.video[at].long().sum()),
        }
        for at, draw in enumerate(batch.draws)
    ]


class Watched(lightning.LightningModule):
    """One weight, and a line in a file for every step."""

    def __init__(self, folder: Path, kill_at: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.folder, self.kill_at = folder, kill_at

    def training_step(self, batch: FedBatch, _: int) -> torch.Tensor:
        if self.global_step == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.trainer.datamodule.trained(batch)
        with (self.folder / f"drawn-{os.getpid()}.jsonl").open("a") as stream:
            stream.write(json.dumps({"step": self.global_step, "draws": line_of(batch)}) + "\n")
        assert batch.rgb is not None
        return (self.weight - unit(batch.rgb.video).mean()) ** 2

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--kill-at", type=int, default=-1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    feed = ShardFeed(
        loader_of(arguments.folder),
        draws_per_step=DRAWS_PER_STEP,
        draws_per_epoch=DRAWS_PER_EPOCH,
        num_workers=arguments.workers,
    )
    kept = arguments.folder / "checkpoints"
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=arguments.devices,
        strategy=DDPStrategy(process_group_backend="gloo") if arguments.devices > 1 else "auto",
        max_steps=arguments.steps,
        use_distributed_sampler=False,
        callbacks=[ModelCheckpoint(kept, every_n_train_steps=5, save_top_k=-1, filename="{step}")],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    last = max(kept.glob("*.ckpt"), key=lambda path: int(path.stem.split("=")[1]), default=None)
    trainer.fit(Watched(arguments.folder, arguments.kill_at), datamodule=feed, ckpt_path=last, weights_only=True)
    if trainer.global_rank == 0:
        (arguments.folder / "end.json").write_text(json.dumps({"position": feed.position, "figures": feed.figures}))


if __name__ == "__main__":
    main()
