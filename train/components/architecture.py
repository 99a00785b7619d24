"""What a recipe expects of a folder of weights, held against its config.json before any tensor is read. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.recipes import ModelConfig

COMPONENTS = ("transformer", "vae", "text_encoder", "tokenizer")  # the folders of diffusers' Wan layout
_TOKENIZER_FILE = "tokenizer_config.json"
_STEMS = ("diffusion_pytorch_model", "model")


def expected_of(config: ModelConfig) -> dict[str, dict[str, Any]]:
    """By component that is read from a folder: the numbers that its config.json must have."""
    expected: dict[str, dict[str, Any]] = {}
    if config.denoiser.origin == "folder":
        expected["transformer"] = config.denoiser.wan
    if config.codec.kind == "wan":
        expected["vae"] = {
            "z_dim": config.codec.z_dim,
            "scale_factor_spatial": config.codec.spatial_factor,
            "scale_factor_temporal": config.codec.temporal_factor,
        }
    if config.text.origin == "folder":
        text = config.text
        names = ("d_model", "d_kv", "d_ff", "num_heads", "num_layers")
        expected["text_encoder"] = {name: getattr(text, name) for name in names}
        expected["tokenizer"] = {}
    return expected


def why_not(component: str, folder: Path, expected: Mapping[str, Any]) -> str:
    """Why a folder will not do, in a few words; empty where it will."""
    if not folder.is_dir():
        return f"{folder}: no such folder"
    if component == "tokenizer":
        return "" if (folder / _TOKENIZER_FILE).is_file() else f"{folder}: {_TOKENIZER_FILE} missing"
    try:
        config = json.loads((folder / "config.json").read_text())
        if not isinstance(config, dict):
            raise ValueError("no object")
    except FileNotFoundError:
        return f"{folder}: config.json missing"
    except (OSError, ValueError):
        return f"{folder}: config.json cannot be read"
    for key, value in expected.items():
        have = config.get(key, _DEFAULTS.get(key))
        if (tuple(have) if isinstance(have, list) else have) != value:
            return f"{folder}: wrong architecture: expected {key} {value}, found {have}"
    return _why_no_tensors(folder)


# Of older exports, whose config.json does not say what every Wan has.
_DEFAULTS = {"scale_factor_spatial": 8, "scale_factor_temporal": 4, "rope_max_seq_len": 1024}


def _why_no_tensors(folder: Path) -> str:
    """Whether all files of tensors are there."""
    for stem in _STEMS:
        if (folder / f"{stem}.safetensors").is_file():
            return ""
        index = folder / f"{stem}.safetensors.index.json"
        if index.is_file():
            try:
                names = sorted(set(json.loads(index.read_text())["weight_map"].values()))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                return f"{index}: cannot be read"
            absent = [name for name in names if not (folder / str(name)).is_file()]
            return f"{folder}: {absent[0]} missing" if absent else ""
    return f"{folder}: no .safetensors of a model"
