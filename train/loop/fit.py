"""Training with Lightning, killable at any moment: the rerun ends with the same bytes.

Nothing in a step depends on what ran before but weights, optimiser and schedule, which a checkpoint holds; the
losses so far travel in it too.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import lightning.pytorch as lightning
import torch
from lightning.pytorch.plugins.environments import LightningEnvironment

from shards.loader.latents.cached import CachedLatents
from shards.loader.mixing import Realised
from shards.loader.plan import Part
from train.clips import Pictures
from train.data import loader_of
from train.determinism import deterministic_cpu
from train.feed import ShardFeed
from train.hardware import hardware_of
from train.inputs import Compute, Sharing, TrainingClip, TrainSettings
from train.loop.best import Best
from train.loop.checkpoints import last_checkpoint
from train.loop.keeping import Keep, Keeping, Recording, Report
from train.loop.module import JointTraining
from train.loop.provenance import provenance_of
from train.parallel.ending import EndTogether
from train.parallel.group import Ranks
from train.parallel.strategy import Started, trainer_options
from train.watching.measured import Curve, StepLoss
from train.watching.mixture import MixtureFile
from train.watching.notes import Notes
from train.watching.speed import SpeedFile
from train.watching.starting_checks import StartingChecks
from train.watching.weights_and_biases import boards_of
from train.weights import Model

_ALONE = Sharing()


@dataclass(frozen=True, slots=True)
class Trained:
    """The end of a training run."""

    model: Model
    curve: Curve
    drawn: Realised  # of every source
    best: Best | None  # None: nothing was validated

    @property
    def losses(self) -> tuple[StepLoss, ...]:
        return tuple(self.curve.losses)


def train(
    model: Model,
    *,
    settings: TrainSettings,
    clips: Sequence[TrainingClip] | Pictures,
    store_root: Path,
    folder: Path,
    report: Report = lambda message, done, total: None,
    curves: Path | None = None,
    callbacks: Sequence[lightning.Callback] = (),
    num_workers: int = 0,
    latents: CachedLatents | None = None,
    sharing: Sharing = _ALONE,
    compute: Compute | None = None,
    keep: Keep = Keep(),  # noqa: B008  # frozen
) -> Trained:
    """The model after `num_steps` more, going on from the last checkpoint in `folder` where there is one.

    Every rank of a training calls it, with the same model; all get the same back, and the first one writes.

    The model is what the stage begins with, and is changed. `curves`: where the CSV of losses grows, what TensorBoard
    shows, and where the batch is put that ended a run; None: in `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    curves = curves or folder
    sharing = sharing.of_stage(settings, world=Ranks.here().world)
    ranks = Ranks.here(view_ranks=sharing.view_ranks)
    hardware = hardware_of(settings.device, settings.precision)
    with deterministic_cpu(settings.threads) if hardware.repeats else nullcontext(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", message="FSDP2-wrapped module")  # nothing of ours changes it in place
        warnings.filterwarnings("ignore", message="Mismatch dtype between input and weight")  # slower, and as good
        loader = loader_of(
            clips,
            config=model.config,
            settings=settings,
            store_root=store_root,
            latents=latents,
            part=Part(ranks.view_rank, ranks.view_ranks),
        )
        whole = settings.num_steps * settings.batch_size  # a stage is one epoch
        feed = ShardFeed(
            loader,
            draws_per_step=settings.batch_size,
            draws_per_epoch=whole,
            num_workers=num_workers,
            view_ranks=ranks.view_ranks,
        )
        training = JointTraining(
            model, settings, folder=curves, ranks=ranks, accumulate=sharing.accumulate, compute=compute
        )
        mixture = MixtureFile(
            curves / f"{settings.stage}.mixture.csv",
            feed=feed,
            interval=settings.checkpoint_interval,
            num_steps=settings.num_steps,
        )
        recording = Recording(
            settings=settings,
            report=report,
            curve=curves / f"{settings.stage}.csv",
            boards=boards_of(curves, settings, wandb=keep.wandb),
        )
        notes = Notes(curves / f"{settings.stage}.log")
        watching = [
            SpeedFile(curves / f"{settings.stage}.speed.csv", settings=settings),
            StartingChecks(curves, settings=settings, notes=notes),
            recording,
            mixture,
        ]
        known = clips if isinstance(clips, Sequence) else clips.clips
        made_with = provenance_of(settings, config=model.config, clips=known, origin=keep.origin)
        progress = curves / f"{settings.stage}.progress.json"
        keeping = Keeping(folder, settings=settings, keep=keep, provenance=made_with, progress=progress)
        trainer = lightning.Trainer(
            accelerator=hardware.accelerator,
            precision=hardware.precision,
            plugins=[LightningEnvironment() if ranks.world == 1 else Started(ranks), keeping.writes],
            max_steps=settings.num_steps,
            max_epochs=1,
            gradient_clip_val=1.0,
            deterministic=hardware.repeats,
            callbacks=[*watching, *callbacks, keeping, *([EndTogether()] if ranks.world > 1 else [])],
            default_root_dir=folder,
            logger=False,
            enable_checkpointing=False,
            use_distributed_sampler=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            **trainer_options(ranks, sharing, hardware.device),
        )
        trainer.fit(
            training, datamodule=feed, ckpt_path=ranks.agreed(lambda: last_checkpoint(folder)[0]), weights_only=True
        )
        drawn = loader.plan.realised(whole)
        best = Best.of(training, callbacks, folder)
    return Trained(model=training.settle().on(torch.device("cpu")), curve=recording.curve.curve, drawn=drawn, best=best)
