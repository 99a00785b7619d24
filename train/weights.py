"""A model as files: safetensors for numbers, JSON for everything else. The same model gives the same bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import safetensors.torch
import torch
from torch import Tensor, nn

from shards.mixture import keyed_generator
from train.absent import AbsentCodec, AbsentText
from train.codec import DctCodec, VideoCodec
from train.components.loading import load_codec, load_text_encoder, load_tokenizer, load_transformer
from train.model.joint import JointVideoPose
from train.recipes import CodecConfig, ModelConfig, TextConfig
from train.text import TextEncoder, small_text
from train.words import WordEncoder

ADAPTER = "lora_"  # in the name of every tensor of an adapter


class Model(nn.Module):
    """Denoiser and text encoder, and the codec, which is no part of the saved state."""

    def __init__(
        self,
        config: ModelConfig,
        *,
        denoiser: JointVideoPose,
        text: TextEncoder | WordEncoder | AbsentText,
        codec: VideoCodec,
    ) -> None:
        super().__init__()
        self.config, self.denoiser, self.text, self.codec = config, denoiser, text, codec
        self.pose_codec = codec if config.pose_codec is None else codec_of(config.pose_codec, {})

    def on(self, device: torch.device) -> Model:
        """The model on a device, its codec too. Where it is there already nothing is touched: weights that ranks share
        between them cannot be moved.
        """
        self.codec.to(device)
        self.pose_codec.to(device)
        there = all(
            weight.device.type == device.type and device.index in (None, weight.device.index)
            for weight in self.parameters()
        )
        return self if there else self.to(device)


def new_model(
    config: ModelConfig,
    *,
    seed: int,
    folders: Mapping[str, Path] = MappingProxyType({}),
    dtype: torch.dtype = torch.float32,
) -> Model:
    """A model before any training: its own parts random, a function of (config, seed), the others as they are.

    `folders` by component, as `train.components.places.find` gives them: encoders that it was not asked for are absent.
    `dtype` is that of what they hold. The global random state is left alone.
    """
    wan = load_transformer(folders["transformer"], dtype=dtype) if config.denoiser.origin == "folder" else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(keyed_generator(seed, "weights").integers(2**63)))
        denoiser = JointVideoPose(config.denoiser, wan)
        text = text_of(config.text, folders, dtype)
        if wan is None and config.denoiser.prediction == "velocity":
            denoiser.open_path()
        if wan is None and config.denoiser.corrects_estimate:
            denoiser.start_silent()
    return Model(config, denoiser=denoiser, text=text, codec=codec_of(config.codec, folders))


def grown(model: Model, config: ModelConfig, *, seed: int) -> Model:
    """The model with what `config` has beyond its own: adapters, multi-view layers. It still says exactly the same.

    What is new is a function of (config, seed). The model itself is changed.
    """
    denoiser, wanted = model.denoiser, config.denoiser
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(keyed_generator(seed, "grown").integers(2**63)))
        if wanted.adapter_rank and not denoiser.config.adapter_rank:
            denoiser.add_adapters(wanted.adapter_rank)
        if wanted.has_camera and denoiser.camera is None:
            denoiser.add_camera()
        if wanted.multi_view and denoiser.views is None:
            denoiser.add_views()
    model.config, denoiser.config = config, wanted
    return model


def codec_of(config: CodecConfig, folders: Mapping[str, Path]) -> VideoCodec:
    """The video codec: fixed, or read of its folder; absent without one."""
    if config.kind == "dct":
        return DctCodec(config)
    return load_codec(folders["vae"], config) if "vae" in folders else AbsentCodec(config)


def text_of(
    config: TextConfig, folders: Mapping[str, Path], dtype: torch.dtype
) -> TextEncoder | WordEncoder | AbsentText:
    """The text encoder: fixed, read of its folder, or random by the global random state; absent without its folder."""
    if config.kind == "words":
        return WordEncoder(config)
    if config.origin == "inline":
        return small_text(config)
    if "text_encoder" not in folders or "tokenizer" not in folders:
        return AbsentText(config)
    tokenizer, encoder = load_tokenizer(folders["tokenizer"]), load_text_encoder(folders["text_encoder"], dtype=dtype)
    return TextEncoder(tokenizer, encoder, num_tokens=config.num_tokens)


def own_names(model: Model) -> list[str]:
    """The tensors that belong to a model itself: all but those that its folders hold."""
    config = model.config
    others: tuple[str, ...] = ("text.",) if config.text.origin == "folder" else ()
    others += ("denoiser.wan.",) if config.denoiser.origin == "folder" else ()
    return [name for name in model.state_dict() if not name.startswith(others) or ADAPTER in name]


def save_model(model: Model, *, dtype: torch.dtype = torch.float32) -> bytes:
    """The model's own tensors as safetensors, rounded to a type; loading makes them float32 again.

    No metadata: its order is not fixed. Tied tensors are written once each, because safetensors holds no ties.
    """
    state = model.state_dict()
    tensors = {name: _rounded(state[name], dtype) for name in sorted(own_names(model))}
    data: bytes = safetensors.torch.save(tensors)
    return data


def _rounded(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    own = tensor.detach().cpu()
    return (own.to(dtype) if own.dtype == torch.float32 else own).contiguous().clone()


# What weights of before it lack; as a new model has it, it changes nothing.
_LATER = {"denoiser.shortcuts.heed.weight"}


def load_model(
    weights: bytes,
    config: ModelConfig,
    folders: Mapping[str, Path] = MappingProxyType({}),
    *,
    dtype: torch.dtype = torch.float32,
) -> Model:
    """The model of a checkpoint's model.safetensors, ready to sample; a ValueError where they do not fit together."""
    model = new_model(config, seed=0, folders=folders, dtype=dtype)
    tensors = safetensors.torch.load(weights)
    odd = sorted((set(own_names(model)) ^ set(tensors)) - (_LATER - set(tensors)))
    if odd:
        raise ValueError(f"{len(odd)} tensors too many or too few, the first is {odd[0]}")
    model.load_state_dict(tensors, strict=False)
    return model.eval()


def num_parameters(module: nn.Module, keep: Callable[[Tensor], bool] = lambda tensor: True) -> int:
    """How many numbers a module holds, over the parameters that `keep` accepts."""
    return sum(math.prod(tensor.shape) for tensor in module.parameters() if keep(tensor))
