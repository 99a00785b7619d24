"""The shape of a profile's training: the model, its weights, its data, and how it is trained and sampled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from rigmill.config.section import Positive, PositiveFloat, Section, Share


def _off(value: Any) -> Any:
    """YAML reads a plain off as false."""
    return "off" if value is False else value


class Weights(Section):
    """Where the weights of recipes on Wan lie (docs/training.md). What is empty here, $RIGMILL_WEIGHTS may say."""

    root: str = Field(
        default="", description="folder in diffusers' layout: transformer, vae, text_encoder and tokenizer in it"
    )
    transformer: str = Field(default="", description="its own folder, before that in the root")
    vae: str = Field(default="", description="the same")
    text_encoder: str = Field(default="", description="the same")
    tokenizer: str = Field(default="", description="the same")
    hub_id: str = Field(
        default="Wan-AI/Wan2.1-T2V-1.3B-Diffusers", description="what is fetched into the root, if that is allowed"
    )
    allow_download: bool = Field(default=False, description="fetch what is missing, 17 GB in all")


class Latents(Section):
    """Whether what training draws is encoded once, before it (docs/loading.md). Encoders, size, window: train's."""

    enabled: bool = Field(default=False, description="encode the clips of the train split once")
    frame_counts: tuple[Positive, ...] = Field(
        default=(),
        description="a clip's windows have the largest of these 4k+1 that it is long enough for; shorter draws take "
        "their beginnings; none: train.num_frames",
    )
    windows: Positive = Field(
        default=1,
        description="of a clip, spread evenly: latents depend on where a window begins, so only these can be drawn",
    )
    conditions: Positive = Field(
        default=4,
        description="frames of a window that can be its image condition, beside the rest pose; the first costs nothing",
    )
    dtype: Literal["float16", "float32"] = Field(
        default="float16", description="of stored numbers; float32 keeps every bit of what a CPU encodes"
    )


class TrainingStage(Section):
    """One stage of a training: what it changes, and what it starts from. It ends with a checkpoint of its own."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    trains: Literal["video", "poses", "all", "adapters", "views"] = Field(
        description="video: all weights, on RGB of one view alone; poses: likewise on pose maps; all: all weights, on "
        "both; adapters: stage 1 of the paper, LoRA and the modality embedding; views: stage 2, camera embedding and "
        "multi-view layers"
    )
    num_views: Positive | None = Field(default=None, description="views of a draw; none: as the recipe says")
    drawn_frames: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="frames of a window that a step sees, wherever they lie in it: cheaper, so more clips; 0: all. For "
        "codecs that keep every frame apart (dct)",
    )
    num_steps: Positive | None = Field(default=None, description="none: train.num_steps")
    learning_rate: PositiveFloat | None = Field(default=None, description="none: train.learning_rate")
    starts_from: str = Field(
        default="",
        description="an earlier stage's name, a checkpoint's id (or how it begins), a checkpoint's folder (with a / in "
        "it), or shipped: the small model of the package; empty: the recipe's own start",
    )


class Train(Section):
    """The model, its data and how it is trained and sampled."""

    recipe: Literal[
        "mini_joint",
        "small_joint",
        "small_joint_pose_only",
        "small_joint_uncorrected",
        "small_joint_unshared",
        "small_joint_unshortened",
        "tiny_joint",
        "tiny_joint_pose_only",
        "tiny_joint_unshared",
        "tiny_wan",
        "wan_joint",
        "wan_joint_pose_only",
        "wan_joint_unshared",
    ] = Field(
        description="the model: a function of train/recipes.py; small_* and mini_* draw their own pose maps; wan_* are "
        "Wan2.1 1.3B with the paper's additions and need weights; _pose_only and _unshared are rows (a) and (b) of the "
        "paper's Table 4"
    )
    num_steps: Positive = Field(description="optimiser steps")
    batch_size: Positive = Field(description="clips per step, of all ranks together")
    learning_rate: PositiveFloat
    num_frames: Annotated[int, Field(gt=0)] = Field(
        description="frames of a training window, 4k+1; small_joint takes every second of a clip"
    )
    size_px: Annotated[int, Field(gt=0, multiple_of=16)] = Field(description="shorter side of training pictures")
    ema: Share = Field(
        default=0.0,
        description="what a step leaves of the running mean of the weights, which is what a checkpoint then holds; "
        "0: the weights themselves",
    )
    mixture: dict[str, PositiveFloat] = Field(description="sampling weight per source; empty: all sources alike")
    may_lack: tuple[str, ...] = Field(
        default=(),
        description="sources of the mixture that may have no clip; what else has a weight and no clip is an error",
    )
    workers: Annotated[int, Field(ge=0)] = Field(
        default=0, description="processes that load clips; 0: a thread of the training's own; changes no byte"
    )
    ranks: Positive = Field(
        default=1,
        description="processes that train together, on a machine with GPUs one each; under torchrun as many as it "
        "starts; what a step draws does not depend on it",
    )
    strategy: Literal["ddp", "fsdp2"] = Field(
        default="ddp", description="of several ranks; ddp: each has all weights; fsdp2: its share of them"
    )
    view_ranks: Positive = Field(
        default=1,
        description="neighbouring ranks that have the views of the same clips between them, in stages whose draws have "
        "several; divides ranks and views",
    )
    accumulate: Positive = Field(
        default=1, description="parts in which a rank's clips of a step pass through the model, one after the other"
    )
    launch: Literal["auto", "here", "ray"] = Field(
        default="auto",
        description="of several ranks; here: on the machine that trains; ray: by Ray Train, wherever the cluster has "
        "room; auto: ray where the run is given a cluster, else here",
    )
    condition_dropout: Share = Field(description="probability that the image condition is left out")
    rest_share: Share = Field(
        default=0.5, description="how often the image condition is the rest pose; else it is a frame of the window"
    )
    caption_dropout: Share = Field(
        default=0.0, description="probability that the caption is left out; text guidance wants some"
    )
    checkpoint_interval: Positive = Field(description="steps between resumable checkpoints")
    sample_interval: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="steps between strips of pictures that the model generates while it trains, sampled as below, in "
        "runs/RUN/train; 0: none",
    )
    sampling_steps: Positive = Field(description="denoising steps when generating")
    guidance: PositiveFloat = Field(description="image guidance scale when generating")
    text_guidance: PositiveFloat = Field(
        default=1.0, description="text guidance scale when generating; 1: none; more wants caption_dropout in training"
    )
    solver: Literal["euler", "unipc"] = Field(default="euler", description="how a step is taken when generating")
    batch_branches: bool = Field(
        default=True, description="the passes of a guided step at once; false: one after the other, in less memory"
    )
    device: Literal["cpu", "gpu"] = Field(
        default="cpu",
        description="cpu: float32, the same bytes every time; gpu: bfloat16 around float32 adapters, activations "
        "computed again in the backward pass",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="of products in training on a CPU; bfloat16 is several times as fast where the processor has units "
        "for it (amx_bf16), and slower where it has none",
    )
    compile: bool = Field(
        default=False, description="compile the model's blocks for training; needs a C++ compiler, and a minute"
    )
    checkpointing: Literal["auto", "none", "attention", "full"] = Field(
        default="auto",
        description="what is computed again in the backward pass and not kept: nothing (none); all but blocks' inputs "
        "and what attention among tokens gave (attention); all but blocks' inputs (full); auto: full on a GPU, none on "
        "a CPU. Changes no byte",
    )
    attention: Literal["auto", "cudnn", "flash", "math"] = Field(
        default="auto",
        description="the kernel of attention on a GPU; auto: by the GPU, FlashAttention-3 or cuDNN on Hopper, "
        "FlashAttention-2 on Ampere; a CPU has its own",
    )
    machine: str = Field(
        default="", description="on which the training is planned, like 16xA100-80; nothing but a plan reads it"
    )
    price_per_gpu_hour: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="what an hour of one of its GPUs costs you, in your currency; none: no cost is said"
    )
    mfu: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="share of the machine's peak that useful operations reach; none: what is realistic for its GPU "
        "(docs/training.md)",
    )
    weights: Weights = Weights()
    validation_interval: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="steps between validations on clips of the val split (of bench where there is no val), with fixed "
        "noise; the best checkpoint is kept apart; 0: none; changes no byte of what is learned",
    )
    validation_clips: Positive = Field(default=16, description="clips of a validation, spread over the split")
    keep_last: Positive = Field(default=2, description="resumable checkpoints that are kept while a stage trains")
    force_resume: bool = Field(
        default=False,
        description="go on from a checkpoint that was made with other settings, clips, weights or versions; else that "
        "is refused, with their names",
    )
    wandb: Annotated[Literal["off", "offline", "online"], BeforeValidator(_off)] = Field(
        default="off",
        description="losses for Weights & Biases too (pip install wandb); offline writes files alone; only online asks "
        "the network, unless $WANDB_MODE forbids it",
    )
    frame_counts: tuple[Positive, ...] = Field(
        default=(),
        description="a step's windows have the largest of these 4k+1 that all its clips are long enough for (the "
        "paper's: 17, 33, 49, 65, 81); none: num_frames",
    )
    stages: tuple[TrainingStage, ...] = Field(
        default=(TrainingStage(name="joint", trains="all"),),
        min_length=1,
        description="what is trained, one checkpoint each",
    )
