"""Captions to text tokens by a small UMT5 that reads bytes: the real encoder's code path, without its 11 GB.

Its weights are random, drawn once when a model is made, frozen, and saved in the checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import ByT5Tokenizer, UMT5Config, UMT5EncoderModel

from train.recipes import TextConfig


class TextEncoder(nn.Module):
    """Frozen. Captions are encoded one at a time, so a caption's tokens do not depend on its neighbours."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.num_tokens = config.num_tokens
        self.tokenizer = ByT5Tokenizer()
        self.encoder = UMT5EncoderModel(
            UMT5Config(
                vocab_size=len(self.tokenizer),
                d_model=config.d_model,
                d_kv=config.d_kv,
                d_ff=config.d_ff,
                num_heads=config.num_heads,
                num_layers=config.num_layers,
                dropout_rate=0.0,
            )
        )
        self.requires_grad_(False).eval()
        self._known: dict[str, Tensor] = {}

    def train(self, mode: bool = True) -> TextEncoder:
        """Stays in evaluation mode, whatever a trainer asks of the module around it."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, captions: Sequence[str]) -> Tensor:
        """(B, X, E), zeros after a caption's end, as Wan pads them."""
        return torch.stack([self._encode(caption) for caption in captions])

    def _encode(self, caption: str) -> Tensor:
        if caption not in self._known:
            tokens = self.tokenizer(caption, truncation=True, max_length=self.num_tokens, return_tensors="pt")
            tokens = tokens.to(self.encoder.device)
            states = self.encoder(input_ids=tokens.input_ids).last_hidden_state[0]
            self._known[caption] = nn.functional.pad(states, (0, 0, 0, self.num_tokens - len(states)))
        return self._known[caption]
