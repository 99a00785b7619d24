"""The shape of a profile's training: the model, its data, and how it is trained and sampled."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigmill.config.section import Positive, PositiveFloat, Section, Share


class Train(Section):
    """The model, its data and how it is trained and sampled."""

    recipe: Literal["tiny_joint", "tiny_joint_pose_only", "tiny_joint_unshared"] = Field(
        description="the model: a function of train/recipes.py; with _pose_only and _unshared rows (a) and (b) of the "
        "paper's Table 4"
    )
    num_steps: Positive = Field(description="optimiser steps")
    batch_size: Positive = Field(description="clips per step")
    learning_rate: PositiveFloat
    num_frames: Annotated[int, Field(gt=0)] = Field(description="frames of a training window, 4k+1")
    size_px: Annotated[int, Field(gt=0, multiple_of=16)] = Field(description="training pictures are this size, square")
    mixture: dict[str, PositiveFloat] = Field(description="sampling weight per source; empty: all sources alike")
    condition_dropout: Share = Field(description="probability that the image condition is left out")
    checkpoint_interval: Positive = Field(description="steps between resumable checkpoints")
    sampling_steps: Positive = Field(description="denoising steps when generating")
    guidance: PositiveFloat = Field(description="image guidance scale when generating")
