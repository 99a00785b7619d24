"""Captions to text tokens by a frozen UMT5 and the tokenizer beside it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import ByT5Tokenizer, UMT5Config, UMT5EncoderModel

from train.recipes import TextConfig

_KNOWN_CAPTIONS = 4096


class TextEncoder(nn.Module):
    """Frozen. Captions are encoded one at a time, so a caption's tokens do not depend on its neighbours.

    What was encoded is kept without the zeros behind it: padded to 512 tokens a caption of UMT5-XXL is 4 MB in bf16.
    """

    def __init__(self, tokenizer: Any, encoder: UMT5EncoderModel, *, num_tokens: int) -> None:
        super().__init__()
        self.tokenizer, self.encoder, self.num_tokens = tokenizer, encoder, num_tokens
        self.requires_grad_(False).eval()
        self._known: OrderedDict[str, Tensor] = OrderedDict()

    def train(self, mode: bool = True) -> TextEncoder:
        """Stays in evaluation mode, whatever a trainer asks of the module around it."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, captions: Sequence[str]) -> Tensor:
        """(B, X, E), zeros after a caption's end, as Wan pads them."""
        states = [self.unpadded(caption) for caption in captions]
        return torch.stack([nn.functional.pad(one, (0, 0, 0, self.num_tokens - len(one))) for one in states])

    @torch.no_grad()
    def unpadded(self, caption: str) -> Tensor:
        """A caption's own tokens, (at most X, E)."""
        device = self.encoder.device
        if caption not in self._known:
            tokens = self.tokenizer(caption, truncation=True, max_length=self.num_tokens, return_tensors="pt")
            ids, mask = tokens.input_ids.to(device), tokens.attention_mask.to(device)
            self._known[caption] = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state[0]
            if len(self._known) > _KNOWN_CAPTIONS:
                self._known.popitem(last=False)
        self._known.move_to_end(caption)
        return self._known[caption].to(device)


def small_text(config: TextConfig) -> TextEncoder:
    """A small UMT5 that reads bytes: the real encoder's code path, without its 11 GB. Its weights are random."""
    tokenizer = ByT5Tokenizer()
    encoder = UMT5EncoderModel(
        UMT5Config(
            vocab_size=len(tokenizer),
            d_model=config.d_model,
            d_kv=config.d_kv,
            d_ff=config.d_ff,
            num_heads=config.num_heads,
            num_layers=config.num_layers,
            dropout_rate=0.0,
        )
    )
    return TextEncoder(tokenizer, encoder, num_tokens=config.num_tokens)
