"""A whole Wan pipeline of tiny random parts, saved in diffusers' layout: the real path, only the sizes differ."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
from transformers import ByT5Tokenizer, UMT5Config, UMT5EncoderModel

from train.recipes import ModelConfig

# One latent cell is 8 x 8 pixels and 4 frames, as of the real one.
LATENTS_MEAN = [0.02 * place - 0.1 for place in range(16)]
LATENTS_STD = [0.5 + 0.03 * place for place in range(16)]


def save_tiny_wan(folder: Path, config: ModelConfig) -> Path:
    """The pipeline that recipe `tiny_wan` expects, with weights that are the same every time."""
    torch.manual_seed(11)
    text, tokenizer = config.text, ByT5Tokenizer()
    encoder = UMT5EncoderModel(
        UMT5Config(
            vocab_size=len(tokenizer),
            d_model=text.d_model,
            d_kv=text.d_kv,
            d_ff=text.d_ff,
            num_heads=text.num_heads,
            num_layers=text.num_layers,
            dropout_rate=0.0,
        )
    )
    vae = AutoencoderKLWan(
        base_dim=8,
        z_dim=16,
        dim_mult=[1, 1, 2, 2],
        num_res_blocks=1,
        latents_mean=LATENTS_MEAN,
        latents_std=LATENTS_STD,
    )
    WanPipeline(
        tokenizer=tokenizer,
        text_encoder=encoder,
        vae=vae,
        transformer=WanTransformer3DModel(**config.denoiser.wan),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
    ).save_pretrained(folder)
    return folder
