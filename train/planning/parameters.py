"""How many numbers a model has, by formula: those that train, and those that do not. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from train.planning.cost import NUM_RAYS
from train.recipes import WHOLE, ModelConfig, Trains

MOMENTS = 384, 16  # numbers of the layer between, and waves, of train/model/embeddings.py


@dataclass(frozen=True, slots=True)
class Counts:
    """Parameters of a denoiser."""

    trained: int
    halved: int  # frozen, in half precision on a GPU
    whole: int  # frozen, in float32 everywhere


def counts_of(config: ModelConfig, trains: Trains) -> Counts:
    """Of what a stage that trains so ends with."""
    own = config.denoiser
    dim, inner, layers, rank = own.width, own.ffn_dim, own.num_layers, own.adapter_rank
    attention = 4 * (dim * dim + dim) + 2 * dim
    tables = layers * 6 * dim + 2 * dim
    norms = layers * 2 * dim
    patch = 4 * own.in_channels
    times = own.freq_dim * dim + dim + dim * dim + dim
    base = layers * (2 * attention + 2 * dim * inner + inner + dim)
    base += patch * dim + dim + dim * patch + patch  # patches in and out
    base += own.text_dim * dim + dim + dim * dim + dim + 6 * (dim * dim + dim)  # captions, modulation
    float32 = tables + norms + times
    adapters = layers * rank * (8 * 2 * dim + 2 * (dim + inner))
    modality = own.modality_freq_dim * dim + dim + dim * dim + dim
    cameras = NUM_RAYS * 4 * dim if own.has_camera else 0
    views = cameras + (layers * attention if own.multi_view else 0)
    shortcuts = 0
    if own.shortcuts:
        hidden, waves = MOMENTS
        shortcuts = patch * dim + own.text_dim + 2 * own.text_dim * dim + own.text_dim * (hidden - dim) + hidden
        shortcuts += 2 * waves * hidden + hidden * hidden + hidden + hidden * dim + dim
    if trains in WHOLE:
        return Counts(base + float32 + adapters + modality + views + shortcuts, 0, 0)
    added = {"adapters": adapters + modality, "views": views}[trains]
    rest = adapters + modality + views + shortcuts - added
    halves = own.origin == "folder"
    return Counts(added, base if halves else 0, float32 + rest + (0 if halves else base))
