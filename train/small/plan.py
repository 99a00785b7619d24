"""How the small model is trained: stages, each from the one before it. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from train.inputs import TrainSettings
from train.recipes import RECIPES, Precision, Trains

PlanName = Literal["joint", "paper"]
SIZE_PX = 64


@dataclass(frozen=True, slots=True)
class SmallStage:
    """One stage: what it changes, on how much, and how long in shares of the whole."""

    name: str
    trains: Trains
    num_views: int
    share: float  # of all steps
    learning_rate: float
    drawn_frames: int = 0  # of a window, so many are looked at; 0: all
    batch_scale: int = 1  # times as many clips a step


PLANS: Mapping[PlanName, tuple[SmallStage, ...]] = {
    # First what moves how when, by pose maps alone, from many clips of which a step sees four frames and one view each.
    # Then pictures too, and views that agree.
    "joint": (
        SmallStage("poses", "poses", 1, 0.75, 1.2e-3, drawn_frames=4, batch_scale=16),
        SmallStage("base", "all", 2, 0.25, 1e-3, drawn_frames=4, batch_scale=4),
    ),
    # As the paper has it, where there is no Wan: videos, then adapters and modalities, then cameras and views.
    "paper": (
        SmallStage("base", "video", 1, 0.4, 2e-3),
        SmallStage("stage1", "adapters", 1, 0.35, 2e-3),
        SmallStage("stage2", "views", 4, 0.25, 1e-3),
    ),
}


@dataclass(frozen=True, slots=True)
class SmallPlan:
    """All that decides what comes out, beside the clips."""

    name: PlanName
    recipe: str
    num_steps: int
    batch_size: int
    num_frames: int  # the model's, see ModelConfig.span
    learning_rate: float | None  # None: each stage's own
    seed: int
    checkpoint_interval: int
    precision: Precision = "float32"
    compile: bool = False
    threads: int = 1
    only: tuple[str, ...] = ()  # stages of the plan, which take all steps; none named: all

    @property
    def stages(self) -> tuple[SmallStage, ...]:
        chosen = [stage for stage in PLANS[self.name] if not self.only or stage.name in self.only]
        whole = sum(stage.share for stage in chosen)
        return tuple(replace(stage, share=stage.share / whole) for stage in chosen)

    def settings(self, stage: SmallStage) -> TrainSettings:
        """Of one stage."""
        pose_map = RECIPES[self.recipe](SIZE_PX).pose_map
        return TrainSettings(
            recipe=self.recipe,
            num_steps=max(1, round(self.num_steps * stage.share)),
            batch_size=self.batch_size * stage.batch_scale,
            learning_rate=self.learning_rate or stage.learning_rate,
            num_frames=self.num_frames,
            drawn_frames=stage.drawn_frames,
            size_px=SIZE_PX,
            mixture={},
            condition_dropout=0.05,  # more is learning to draw bodies out of nothing, which nobody asks for
            caption_dropout=0.1,
            rest_share=0.9,  # what a mesh is animated from; the others are for `--then`
            checkpoint_interval=self.checkpoint_interval,
            seed=self.seed,
            stage=stage.name,
            trains=stage.trains,
            precision=self.precision,
            compile=self.compile,
            threads=self.threads,
            num_views=stage.num_views,
            ema=0.998,
            pose_map=None if pose_map is None else pose_map.to_row(),
        )

    def with_steps(self, num_steps: int) -> SmallPlan:
        """The same for another number of steps."""
        return replace(self, num_steps=num_steps)
