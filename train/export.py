"""The LoRA of a checkpoint as a file that stock diffusers reads: `WanPipeline.load_lora_weights`.

It is the part of stage 1 that a stock Wan has a place for; modality, camera and multi-view layers are not in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from diffusers import WanPipeline, WanTransformer3DModel
from peft import get_peft_model_state_dict
from torch import Tensor

from rigmill.errors import UserError
from rigmill.storage.files import canonical_json
from rigmill.types import Row
from train.components.places import Places, find
from train.determinism import deterministic_cpu
from train.recipes import ModelConfig
from train.weights import Model, load_model

FILE = "pytorch_lora_weights.safetensors"  # as diffusers looks for it in a folder
_TOLERANCE = 1e-4  # of outputs of about 1: the file must say what the model says


def export_lora(weights: bytes, about: Row, section: Row) -> bytes:
    """Of a checkpoint's model.safetensors and config.json; `section` is a profile's train.weights."""
    config = ModelConfig.from_dict(about["model"])
    folders = find(config, Places.of(section), wanted=about.get("weights") or None)
    told = {name: str(about.get(name) or "") for name in ("checkpoint_id", "stage", "parent", "samples_digest")}
    definition = {name: canonical_json(about.get(name)) for name in ("pose_map", "weights")}
    return lora_file(load_model(weights, config, folders), about={"recipe": config.recipe, **told, **definition})


def lora_file(model: Model, *, about: Mapping[str, str]) -> bytes:
    """The file; `about` goes into its metadata, as text. A UserError where the model has none, or it has no effect.

    Written by diffusers itself, put into a stock transformer, and compared there with our own.
    """
    if not model.config.denoiser.adapter_rank:
        raise UserError(
            "this checkpoint has no LoRA",
            why="no stage of its training has `trains: adapters`",
            fix="name a checkpoint of such a stage, or of one that stands on it",
            code="E524",
        )
    wan = model.denoiser.wan
    with tempfile.TemporaryDirectory() as folder, deterministic_cpu():
        WanPipeline.save_lora_weights(
            folder,
            transformer_lora_layers=get_peft_model_state_dict(wan),
            transformer_lora_adapter_metadata=wan.peft_config["default"].to_dict(),
            weight_name=FILE,
        )
        data = with_metadata(Path(folder) / FILE, about)
        (Path(folder) / FILE).write_bytes(data)
        _prove(wan, Path(folder))
    return data


def with_metadata(path: Path, about: Mapping[str, str]) -> bytes:
    """The file with more entries in its metadata."""
    with safetensors.safe_open(path, framework="pt") as opened:
        known = dict(opened.metadata() or {})
        tensors = {name: opened.get_tensor(name) for name in sorted(opened.keys())}
    data: bytes = safetensors.torch.save(tensors, metadata={**known, **about})
    return data


@torch.no_grad()
def _prove(wan: WanTransformer3DModel, folder: Path) -> None:
    """A stock transformer with the file says what ours says, and without it something else."""
    stock = stock_of(wan)
    before, ours = said(stock), said(wan)
    WanPipeline.load_lora_into_transformer(
        WanPipeline.lora_state_dict(folder, weight_name=FILE), transformer=stock, adapter_name="exported"
    )
    after = said(stock)
    if torch.equal(before, after):
        raise UserError(
            "the LoRA changes nothing",
            why="a stock Wan says the same with it and without it: it was not trained, or its learning rate was zero",
            fix="train the stage for longer",
            code="E524",
        )
    if (after - ours).abs().max() > _TOLERANCE * max(1.0, float(ours.abs().max())):
        raise AssertionError(f"the exported LoRA is off by {float((after - ours).abs().max()):.2g}")


def stock_of(wan: WanTransformer3DModel) -> WanTransformer3DModel:
    """A stock transformer with the base weights of ours, without its adapters."""
    stock = WanTransformer3DModel.from_config(wan.config)
    state = {
        name.replace(".base_layer.", "."): tensor for name, tensor in wan.state_dict().items() if "lora_" not in name
    }
    stock.load_state_dict(state, strict=True, assign=True)
    return stock.eval()


@torch.no_grad()
def said(wan: WanTransformer3DModel) -> Tensor:
    """What a transformer says to a small fixed input."""
    generator = torch.Generator().manual_seed(0)
    config = wan.config
    video = torch.randn(1, config.in_channels, 2, 4, 4, generator=generator)
    text = torch.randn(1, 4, config.text_dim, generator=generator)
    dtype = wan.patch_embedding.weight.dtype
    found: Tensor = wan(
        video.to(dtype), timestep=torch.tensor([500.0]), encoder_hidden_states=text.to(dtype)
    ).sample.float()
    return found
