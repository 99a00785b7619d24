"""What to build: a recipe turns a picture size into one frozen, JSON-able value. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from rigmill.posemaps.definition import PoseMapDefinition

Prediction = Literal["velocity", "clean"]
Trains = Literal["video", "poses", "all", "adapters", "views"]  # what a stage of training changes
WHOLE: tuple[Trains, ...] = ("video", "poses", "all")  # of these, those that change all weights
Modality = Literal["rgb", "pose"]
DeviceName = Literal["cpu", "gpu"]
Precision = Literal["float32", "bfloat16"]
Checkpointing = Literal["none", "attention", "full"]  # kept: everything; attention's outputs; blocks' inputs alone
AttentionKernel = Literal["cudnn", "flash", "math"]
AttentionChoice = Literal["auto", "cudnn", "flash", "math"]
Origin = Literal["inline", "folder"]  # built from its configuration, or read from a folder in diffusers' layout


@dataclass(frozen=True, slots=True)
class DenoiserConfig:
    """The numbers of diffusers' WanTransformer3DModel, under its own names, and of what is added to it."""

    num_attention_heads: int
    attention_head_dim: int
    num_layers: int
    ffn_dim: int
    in_channels: int
    text_dim: int
    freq_dim: int
    rope_max_seq_len: int
    modality_freq_dim: int
    shared_positions: bool = True  # Eq. 4; off is row (b) of Table 4
    multi_view: bool = True
    sees_camera: bool = False  # whether there is a camera embedding where there are no multi-view layers
    modalities: tuple[Modality, ...] = ("rgb", "pose")  # of the joint sequence, in its order; one is row (a)
    # What the network's output is: the velocity n - x0, as Wan's, or the clean latents x0, which small models learn.
    prediction: Prediction = "velocity"
    # Whether the clean latents that are predicted are an estimate from noise level, noisy input and condition, and the
    # network's output what that lacks: a small network then says what moves, not the whole picture.
    corrects_estimate: bool = False
    # Whether the network is given that estimate instead of the noisy latents: where there is much noise it then sees
    # the condition and hardly any noise, which else drowns it.
    sees_estimate: bool = False
    # Whether every frame's tokens have the condition's of their place added, and its timestep what the caption says of
    # that moment. Attention can find both, but a small network takes very long to learn where.
    shortcuts: bool = False
    origin: Origin = "inline"  # of Wan's part; what is added to it is always a checkpoint's own
    adapter_rank: int = 0  # of the LoRA on Wan's linear layers; 0: there is none

    @property
    def width(self) -> int:
        """D, numbers of a token."""
        return self.num_attention_heads * self.attention_head_dim

    @property
    def has_camera(self) -> bool:
        """Whether there is a camera embedding."""
        return self.multi_view or self.sees_camera

    @property
    def wan(self) -> dict[str, Any]:
        """Arguments of WanTransformer3DModel."""
        return {
            "patch_size": (1, 2, 2),
            "num_attention_heads": self.num_attention_heads,
            "attention_head_dim": self.attention_head_dim,
            "num_layers": self.num_layers,
            "ffn_dim": self.ffn_dim,
            "in_channels": self.in_channels,
            "out_channels": self.in_channels,
            "text_dim": self.text_dim,
            "freq_dim": self.freq_dim,
            "rope_max_seq_len": self.rope_max_seq_len,
            "cross_attn_norm": True,
            "qk_norm": "rms_norm_across_heads",
        }


@dataclass(frozen=True, slots=True)
class CodecConfig:
    """A video codec: `z_dim` numbers per spatial_factor x spatial_factor pixels and temporal_factor frames.

    dct: a fixed transform (train/codec.py); wan: AutoencoderKLWan from its folder.
    """

    kind: Literal["dct", "wan"]
    z_dim: int
    spatial_factor: int
    temporal_factor: int
    # dct: what every latent is multiplied by, so that all have about unit size; none: 1. Of Wan its folder says it.
    lift: tuple[float, ...] = ()
    # dct: whether the three colours are kept alike, for pictures whose colours mean three numbers; else luma is first.
    even: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CodecConfig:
        return cls(**{**values, "lift": tuple(values.get("lift", ()))})


@dataclass(frozen=True, slots=True)
class TextConfig:
    """A text encoder; captions are cut or padded to `num_tokens`.

    umt5: from its folder, or inline small, random and reading bytes. words: fixed vectors of words, without weights
    (train/words.py); of the numbers below it has d_model alone.
    """

    d_model: int
    d_kv: int
    d_ff: int
    num_heads: int
    num_layers: int
    num_tokens: int
    origin: Origin = "inline"
    kind: Literal["umt5", "words"] = "umt5"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Everything needed to build a model again: goes into config.json beside the weights."""

    recipe: str
    size_px: int
    denoiser: DenoiserConfig
    codec: CodecConfig
    text: TextConfig
    views_per_clip: int  # views of a clip that one training draw holds
    sigma_shift: float = 3.0  # Wan's flow shift at 480p
    # Of models that predict clean latents: their error counts 1 / sigma^2, with sigma no less than this. 1: as it is.
    least_sigma: float = 0.15
    rgb_share: float = 0.5  # of the loss, where both modalities are learned
    adapter_rank: int = 8  # of the LoRA that a stage which trains adapters adds; its alpha is the same
    # How its pose maps are drawn, for its own size; None: as they were recorded, shrunk.
    pose_map: PoseMapDefinition | None = None
    frame_stride: int = 1  # its frames are every n-th of a clip
    pose_codec: CodecConfig | None = None  # of pose maps, latents of the same shape; None: the same as of videos

    @property
    def cell_px(self) -> int:
        """Pixels of a token's side: both sides of a picture are multiples of it."""
        return 2 * self.codec.spatial_factor

    @property
    def is_small(self) -> bool:
        """Whether a second sample costs little."""
        return self.denoiser.origin == "inline" and self.denoiser.num_layers * self.denoiser.width <= 8 * 512

    def span(self, num_frames: int) -> int:
        """Frames of a clip that so many of the model's reach over."""
        return (num_frames - 1) * self.frame_stride + 1

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        denoiser = {**values["denoiser"]}
        if "modalities" in denoiser:
            denoiser["modalities"] = tuple(denoiser["modalities"])
        pose_map = values.get("pose_map")
        return cls(
            **{
                **values,
                "pose_map": None if pose_map is None else PoseMapDefinition.from_row(pose_map),
                "denoiser": DenoiserConfig(**denoiser),
                "codec": CodecConfig.from_dict(values["codec"]),
                "pose_codec": None if not values.get("pose_codec") else CodecConfig.from_dict(values["pose_codec"]),
                "text": TextConfig(**values["text"]),
            }
        )


def tiny_joint(size_px: int) -> ModelConfig:
    """Every part of the paper's model at a size that one CPU core trains in a minute or two, from random weights."""
    return ModelConfig(
        recipe="tiny_joint",
        size_px=size_px,
        # Wider than the 64 numbers of a patch: a narrower model cannot even hand on the noise that it is asked for.
        denoiser=DenoiserConfig(
            num_attention_heads=3,
            attention_head_dim=32,
            num_layers=2,
            ffn_dim=256,
            in_channels=16,
            text_dim=32,
            freq_dim=64,
            rope_max_seq_len=128,
            modality_freq_dim=64,
        ),
        # One latent frame per frame: a DCT that averages frames blurs exactly what moves.
        codec=CodecConfig(kind="dct", z_dim=16, spatial_factor=8, temporal_factor=1),
        text=TextConfig(d_model=32, d_kv=16, d_ff=64, num_heads=2, num_layers=2, num_tokens=48),
        views_per_clip=2,
    )


# One over the deviation of each latent over the world's videos and pose maps: measured on 330 pictures of each.
_LIFT_48 = (
    2.0, 1.5, 1.6, 1.7, 2.1, 2.1, 2.2, 4.1, 2.0, 2.2, 2.3, 2.5, 2.8, 3.1, 3.6, 3.9,
    3.2, 3.1, 3.0, 3.6, 3.8, 4.1, 3.9, 4.2, 4.7, 4.1, 4.6, 4.6, 4.7, 4.3, 4.6, 5.7,
    5.4, 6.3, 5.3, 4.7, 6.4, 6.9, 5.2, 5.2, 7.0, 5.8, 6.1, 5.9, 6.0, 6.9, 7.8, 6.8,
)  # fmt: skip

_MOST_SHIFT = 0.65  # of the picture's side: of the world's joints and frames one in a thousand is farther from its rest
_SHIFT_LIFT = 8.0  # so that what changes has about the size that `corrected` takes it to have


def small_joint(size_px: int) -> ModelConfig:
    """The small model that is shipped: it learns everything from our own world, and animates on any machine."""
    return ModelConfig(
        recipe="small_joint",
        size_px=size_px,
        denoiser=DenoiserConfig(
            num_attention_heads=6,
            attention_head_dim=32,
            num_layers=5,
            ffn_dim=768,
            in_channels=48,
            text_dim=96,
            freq_dim=64,
            rope_max_seq_len=128,
            modality_freq_dim=64,
            prediction="clean",  # velocity gives coloured noise at this size: docs/small-model.md
            corrects_estimate=True,
            sees_estimate=True,
            shortcuts=True,
        ),
        codec=CodecConfig(kind="dct", z_dim=48, spatial_factor=8, temporal_factor=1, lift=_LIFT_48),
        text=TextConfig(d_model=96, d_kv=0, d_ff=0, num_heads=0, num_layers=0, num_tokens=24, kind="words"),
        views_per_clip=2,
        sigma_shift=12.0,  # what a motion is, is decided where noise is high: docs/small-model.md
        least_sigma=1.0,  # nor is its loss to be that of what nobody can tell from noise
        rgb_share=0.2,  # pictures hold more that changes, and maps are what animates
        adapter_rank=64,
        pose_map=PoseMapDefinition(
            drawn_height_px=size_px,
            radius_px=2.0,
            max_joints=64,
            # Of things with few parts: a door's one joint never moves. Of bodies they only crowd the maps.
            markers=True,
            marker_sizes=(0.2, 0.4),
            marked_joints=12,
            shift_px=_MOST_SHIFT * size_px,
        ),
        frame_stride=2,
        pose_codec=CodecConfig(
            kind="dct", z_dim=48, spatial_factor=8, temporal_factor=1, lift=(_SHIFT_LIFT,) * 48, even=True
        ),
    )


def mini_joint(size_px: int) -> ModelConfig:
    """`small_joint` at a third of its size: for proofs that shall not take an evening."""
    small = small_joint(size_px)
    less = replace(small.denoiser, num_attention_heads=4, num_layers=4, ffn_dim=512)
    return replace(small, recipe="mini_joint", denoiser=less)


def for_stage(recipe: ModelConfig, parent: ModelConfig | None, *, trains: Trains, num_views: int | None) -> ModelConfig:
    """What a stage of training has at its end: the recipe's model as far as the parent has it, and what it adds.

    video: RGB alone and one view, the base of the others where there is no Wan. poses: pose maps alone, one view.
    adapters: LoRA, before there are multi-view layers. views: these. all: the whole recipe at once.
    """
    denoiser = recipe.denoiser
    if parent is not None:
        before = parent.denoiser
        denoiser = replace(denoiser, adapter_rank=before.adapter_rank, origin=before.origin)
    multi_view = parent is not None and parent.denoiser.multi_view
    if trains == "video":
        denoiser = replace(denoiser, modalities=("rgb",), multi_view=multi_view)
    elif trains == "poses":
        # By discs alone a back cannot be told from a front.
        denoiser = replace(denoiser, modalities=("pose",), multi_view=multi_view, sees_camera=True)
    elif trains == "adapters":
        denoiser = replace(denoiser, adapter_rank=denoiser.adapter_rank or recipe.adapter_rank, multi_view=multi_view)
    elif trains == "views":
        denoiser = replace(denoiser, multi_view=True)
    if trains in WHOLE:
        denoiser = replace(denoiser, origin="inline")  # Wan's part is changed: it is the checkpoint's own now
    return replace(recipe, denoiser=denoiser, views_per_clip=num_views or recipe.views_per_clip)


def differs(recipe: ModelConfig, parent: ModelConfig) -> str:
    """The first field in which a parent is no earlier stage of the recipe; empty where there is none."""
    growing = ("multi_view", "sees_camera", "adapter_rank", "origin", "modalities", "shared_positions")
    ours, theirs = (
        {
            **{name: value for name, value in asdict(config.denoiser).items() if name not in growing},
            **{
                name: getattr(config, name)
                for name in ("codec", "pose_codec", "text", "size_px", "pose_map", "frame_stride")
            },
        }
        for config in (recipe, parent)
    )
    return next((f"{name} {theirs[name]} instead of {ours[name]}" for name in ours if ours[name] != theirs[name]), "")


def pose_only(config: ModelConfig) -> ModelConfig:
    """Row (a) of Table 4: pose maps alone are generated, without a video beside them."""
    return _ablated(config, "pose_only", replace(config.denoiser, modalities=("pose",)))


def unshared(config: ModelConfig) -> ModelConfig:
    """Row (b) of Table 4: the two modalities have positions of their own."""
    return _ablated(config, "unshared", replace(config.denoiser, shared_positions=False))


def uncorrected(config: ModelConfig) -> ModelConfig:
    """Clean latents come out of the network alone, without an estimate that it corrects."""
    return _ablated(config, "uncorrected", replace(config.denoiser, corrects_estimate=False, sees_estimate=False))


def unshortened(config: ModelConfig) -> ModelConfig:
    """Condition and caption are found by attention alone."""
    return _ablated(config, "unshortened", replace(config.denoiser, shortcuts=False))


def _ablated(config: ModelConfig, name: str, denoiser: DenoiserConfig) -> ModelConfig:
    return replace(config, recipe=f"{config.recipe}_{name}", denoiser=denoiser)


def wan_joint(size_px: int) -> ModelConfig:
    """The paper's model: Wan2.1 T2V 1.3B with its codec and text encoder, from folders of weights."""
    return ModelConfig(
        recipe="wan_joint",
        size_px=size_px,
        denoiser=DenoiserConfig(
            num_attention_heads=12,
            attention_head_dim=128,
            num_layers=30,
            ffn_dim=8960,
            in_channels=16,
            text_dim=4096,
            freq_dim=256,
            rope_max_seq_len=1024,
            modality_freq_dim=256,
            origin="folder",
        ),
        codec=CodecConfig(kind="wan", z_dim=16, spatial_factor=8, temporal_factor=4),
        text=TextConfig(
            d_model=4096, d_kv=64, d_ff=10240, num_heads=64, num_layers=24, num_tokens=512, origin="folder"
        ),
        views_per_clip=4,
        adapter_rank=64,
    )


def tiny_wan(size_px: int) -> ModelConfig:
    """What `wan_joint` does, on a folder of tiny parts: for trying that path without Wan's weights, as the tests do."""
    tiny, wan = tiny_joint(size_px), wan_joint(size_px)
    return replace(
        tiny,
        recipe="tiny_wan",
        denoiser=replace(tiny.denoiser, origin="folder"),
        codec=wan.codec,
        text=replace(tiny.text, origin="folder"),
    )


RECIPES: dict[str, Callable[[int], ModelConfig]] = {
    "mini_joint": mini_joint,
    "small_joint": small_joint,
    "small_joint_pose_only": lambda size_px: pose_only(small_joint(size_px)),
    "small_joint_uncorrected": lambda size_px: uncorrected(small_joint(size_px)),
    "small_joint_unshared": lambda size_px: unshared(small_joint(size_px)),
    "small_joint_unshortened": lambda size_px: unshortened(small_joint(size_px)),
    "tiny_joint": tiny_joint,
    "tiny_joint_pose_only": lambda size_px: pose_only(tiny_joint(size_px)),
    "tiny_joint_unshared": lambda size_px: unshared(tiny_joint(size_px)),
    "tiny_wan": tiny_wan,
    "wan_joint": wan_joint,
    "wan_joint_pose_only": lambda size_px: pose_only(wan_joint(size_px)),
    "wan_joint_unshared": lambda size_px: unshared(wan_joint(size_px)),
}
