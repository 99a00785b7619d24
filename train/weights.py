"""A model as files: safetensors for numbers, JSON for everything else. The same model gives the same bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch
from diffusers import WanTransformer3DModel
from torch import Tensor, nn

from rigmill.errors import UserError
from shards.mixture import keyed_generator
from train.codec import VideoCodec, build_codec
from train.model.joint import JointVideoPose
from train.recipes import ModelConfig
from train.text import TextEncoder


class Model(nn.Module):
    """Denoiser and text encoder, which are saved, and the codec, which has nothing to save."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.denoiser = JointVideoPose(config.denoiser)
        self.text = TextEncoder(config.text)
        self.codec: VideoCodec = build_codec(config.codec)


def new_model(config: ModelConfig, *, seed: int) -> Model:
    """A model with random weights, a function of (config, seed); the global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(keyed_generator(seed, "weights").integers(2**63)))
        model = Model(config)
        if config.denoiser.prediction == "velocity":
            model.denoiser.open_path()
    return model


def save_model(model: Model) -> bytes:
    """The model's tensors as safetensors.

    No metadata: its order is not fixed. Tied tensors are written once each, because safetensors holds no ties.
    """
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.state_dict().items()}
    data: bytes = safetensors.torch.save(dict(sorted(tensors.items())))
    return data


def load_model(weights: bytes, config: ModelConfig) -> Model:
    """The model of a checkpoint's model.safetensors, ready to sample."""
    model = new_model(config, seed=0)
    model.load_state_dict(safetensors.torch.load(weights), strict=True)
    return model.eval()


def load_wan_base(denoiser: JointVideoPose, folder: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Put a local Wan transformer (a diffusers folder with config.json) under the added parts.

    The network is never asked. Multi-view layers start from the loaded self-attention.
    """
    if not (folder / "config.json").is_file():
        raise UserError(
            f"no Wan transformer in {folder}",
            why="config.json is missing there",
            code="E520",
            fix="point it to the 'transformer' folder of Wan2.1-T2V-1.3B-Diffusers, downloaded beforehand",
        )
    found = WanTransformer3DModel.load_config(folder, local_files_only=True)
    expected = denoiser.config.wan
    for key, value in expected.items():
        have = tuple(found[key]) if isinstance(value, tuple) else found.get(key)
        if have != value:
            raise UserError(
                f"the Wan transformer in {folder} has another architecture",
                code="E521",
                why=f"{key} is {have}, the recipe needs {value}",
                fix="use the weights that the recipe names",
            )
    denoiser.wan = WanTransformer3DModel.from_pretrained(folder, local_files_only=True, torch_dtype=dtype)
    denoiser.copy_attention_to_views()


def num_parameters(module: nn.Module, keep: Callable[[Tensor], bool] = lambda tensor: True) -> int:
    """How many numbers a module holds, over the parameters that `keep` accepts."""
    return sum(math.prod(tensor.shape) for tensor in module.parameters() if keep(tensor))
