"""What a training step costs: operations by part, for a model, the shape of a draw, and what the step trains. No torch.

Operations are those of matrix products, two for a multiplication and an addition, as torch's counter has them. Shape
letters: train/model/joint.py.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

from train.recipes import WHOLE, Checkpointing, ModelConfig, Trains

NUM_RAYS = 6  # channels of the camera embedding


@dataclass(frozen=True, slots=True)
class DrawShape:
    """A step's draws on one device: B clips of V views, F latent frames of h x w latents, X text tokens."""

    num_clips: int
    num_views: int
    num_latent: int
    rows: int
    columns: int
    num_text: int

    @classmethod
    def of(
        cls,
        config: ModelConfig,
        *,
        num_clips: int,
        num_frames: int,
        height_px: int,
        width_px: int,
        num_views: int | None = None,
        num_text: int | None = None,
    ) -> DrawShape:
        """Of draws of so many frames (as the model counts them) and pixels; a caption is as long as it may be."""
        codec = config.codec
        return cls(
            num_clips=num_clips,
            num_views=num_views or config.views_per_clip,
            num_latent=(num_frames - 1) // codec.temporal_factor + 1,
            rows=height_px // codec.spatial_factor,
            columns=width_px // codec.spatial_factor,
            num_text=num_text or config.text.num_tokens,
        )

    def over(self, view_ranks: int) -> DrawShape:
        """A rank's share, where so many have a clip's views among them."""
        return replace(self, num_views=self.num_views // view_ranks)

    def tokens(self, config: ModelConfig) -> int:
        """L, of one view: conditions and frames of all modalities."""
        return self.joint_frames(config) * self.frame_tokens

    def joint_frames(self, config: ModelConfig) -> int:
        """T."""
        return len(config.denoiser.modalities) * (self.num_latent + 1)

    @property
    def frame_tokens(self) -> int:
        """S."""
        return (self.rows // 2) * (self.columns // 2)

    @property
    def sequences(self) -> int:
        """N."""
        return self.num_clips * self.num_views


@dataclass(frozen=True, slots=True)
class Flops:
    """Operations of a step by part."""

    linear: float  # of Wan's blocks, over tokens
    text: float  # keys and values of captions, in every block, and their embedding
    adapters: float
    attention: float  # among the tokens of a view
    caption_attention: float  # from them to the caption
    views_linear: float
    views_attention: float
    ends: float  # patches in and out, cameras, shortcuts, modulation

    @property
    def total(self) -> float:
        return sum((float(part) for part in astuple(self)), 0.0)

    @property
    def in_blocks(self) -> float:
        """What is computed again in the backward pass where activations are not kept."""
        return self.total - self.ends

    @property
    def in_attention(self) -> float:
        return self.among_tokens + self.caption_attention

    @property
    def among_tokens(self) -> float:
        """Of the attention whose outputs can be kept alone (train/model/again.py)."""
        return self.attention + self.views_attention


def forward_flops(config: ModelConfig, shape: DrawShape) -> Flops:
    """Of one forward pass."""
    denoiser, num = config.denoiser, shape.sequences
    dim, inner, layers = denoiser.width, denoiser.ffn_dim, denoiser.num_layers
    tokens, text = shape.tokens(config), shape.num_text
    frames, spatial = shape.joint_frames(config), shape.frame_tokens
    views = layers if denoiser.multi_view else 0
    rank = denoiser.adapter_rank
    patch = 4 * denoiser.in_channels  # numbers of a token's latents
    # Through adapters: down to the rank and up again, under the six square layers over tokens, two over text, two of
    # the feed-forward part.
    adapted = 2 * rank * (tokens * (6 * 2 * dim + 2 * (dim + inner)) + text * 2 * 2 * dim)
    ends = 2 * tokens * dim * patch * 2 + 2 * frames * 6 * dim * dim
    if denoiser.has_camera:
        ends += 2 * spatial * dim * 4 * NUM_RAYS
    if denoiser.shortcuts:
        ends += 2 * len(denoiser.modalities) * spatial * dim * patch
    return Flops(
        linear=num * layers * 2 * tokens * (6 * dim * dim + 2 * dim * inner),
        text=num * layers * 4 * text * dim * dim + shape.num_clips * 2 * text * dim * (denoiser.text_dim + dim),
        adapters=num * layers * adapted,
        attention=num * layers * 4 * tokens**2 * dim,
        caption_attention=num * layers * 4 * tokens * text * dim,
        views_linear=num * views * 8 * tokens * dim * dim,
        views_attention=shape.num_clips * views * 4 * frames * (shape.num_views * spatial) ** 2 * dim,
        ends=num * ends,
    )


@dataclass(frozen=True, slots=True)
class StepFlops:
    """Operations of one training step."""

    forward: Flops
    backward: float
    again: float  # of the forward pass, in the backward pass

    @property
    def useful(self) -> float:
        """By which model-FLOP utilisation is reckoned: what is computed again is no use."""
        return self.forward.total + self.backward

    @property
    def executed(self) -> float:
        """By which hardware-FLOP utilisation is."""
        return self.useful + self.again


def step_flops(
    config: ModelConfig, shape: DrawShape, *, trains: Trains, checkpointing: Checkpointing = "full"
) -> StepFlops:
    """Of forward and backward pass.

    Backward costs a product once for what it was given, and once for its weights where they train; attention has no
    weights and two factors, so twice.
    """
    once = forward_flops(config, shape)
    everything = trains in WHOLE
    linear = 2 if everything else 1
    backward = (
        linear * once.linear
        # Nothing before a caption's keys and values trains but in a whole model; its adapters' weights still do.
        + (2 * once.text if everything else 0)
        + once.adapters * (2 if everything or trains == "adapters" else 1)
        + 2 * once.in_attention
        + (2 if everything or trains == "views" else 1) * once.views_linear
        + (linear * once.ends if everything else once.ends / 2)
    )
    again = {"none": 0.0, "attention": once.in_blocks - once.among_tokens, "full": once.in_blocks}[checkpointing]
    return StepFlops(once, backward, again)
