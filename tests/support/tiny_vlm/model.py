"""The model: the library's own architecture and image processor, small, with random weights and a tokenizer made here.

The chat format is Qwen's, and so is what a picture costs: a token per 28 x 28 pixels of what the processor makes of it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from PIL import Image
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from tests.support.paths import ROOT

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>")
_VOCABULARY = 8192
_MERGED = 2  # patches per side that become one token


@dataclass(frozen=True)
class Message:
    """One message of a chat, in order: words, and pictures as they were sent."""

    role: str
    parts: tuple[str | bytes, ...]


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """Qwen's kind, its merges learned from our own documents, so that common words are one token as in the real one."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    prompts = [path.read_text() for path in sorted((ROOT / "caption").rglob("*.py"))]
    documents = [path.read_text() for path in sorted((ROOT / "docs").rglob("*.md"))]
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY - len(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator([*prompts * 16, *documents], trainer)
    made.add_special_tokens([AddedToken(token, special=True) for token in _SPECIAL])
    return made


def special(token: str) -> int:
    """The number of a special token, such as '<|im_end|>'."""
    number = tokenizer().token_to_id(token)
    assert number is not None
    return number


@lru_cache(maxsize=1)
def model() -> Qwen2_5_VLForConditionalGeneration:
    """About a million parameters. The same in every process."""
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": _VOCABULARY,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "initializer_range": 0.1,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 3, 3]},
            "bos_token_id": special("<|endoftext|>"),
            "eos_token_id": special("<|im_end|>"),
            "pad_token_id": special("<|endoftext|>"),
        },
        vision_config={
            "depth": 2,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_heads": 4,
            "out_hidden_size": 64,
            "fullatt_block_indexes": [1],
            "initializer_range": 0.1,
        },
        image_token_id=special("<|image_pad|>"),
        video_token_id=special("<|endoftext|>"),  # videos are not read
        vision_start_token_id=special("<|vision_start|>"),
        vision_end_token_id=special("<|vision_end|>"),
    )
    before = torch.get_rng_state()
    torch.manual_seed(0)
    made = Qwen2_5_VLForConditionalGeneration(config).eval()
    torch.set_rng_state(before)
    return made


@lru_cache(maxsize=1)
def processor() -> Qwen2VLImageProcessorPil:
    """The library's own, with the released model's bounds."""
    return Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=12_845_056)


class Conversation:
    """A chat that the model has read, and what it would say next. Not for two threads: the model keeps state."""

    @torch.inference_mode()
    def __init__(self, messages: list[Message]) -> None:
        images = [_image(part) for message in messages for part in message.parts if isinstance(part, bytes)]
        seen: dict[str, Any] = dict(processor()(images=images, return_tensors="pt")) if images else {}
        grids = seen["image_grid_thw"].tolist() if images else []
        ids = _as_ids(messages, [t * h * w // _MERGED**2 for t, h, w in grids])
        self.num_prompt_tokens = len(ids)
        self.written: list[int] = []
        read = torch.tensor([ids])
        kinds = (read == special("<|image_pad|>")).int()
        made = model()(input_ids=read, mm_token_type_ids=kinds, use_cache=True, logits_to_keep=1, **seen)
        self._cache, self.scores = made.past_key_values, made.logits[0, -1]

    @torch.inference_mode()
    def write(self, ids: list[int]) -> None:
        """Go on with these tokens, whoever chose them."""
        if not ids:
            return
        made = model()(input_ids=torch.tensor([ids]), past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._cache, self.scores = made.past_key_values, made.logits[0, -1]
        self.written += ids

    def text(self) -> str:
        """What has been written."""
        return tokenizer().decode(self.written, skip_special_tokens=True)


def _image(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def _as_ids(messages: list[Message], num_tokens: list[int]) -> list[int]:
    """Qwen's chat format; a system message is added where there is none, as Qwen's own template does."""
    if messages[0].role != "system":
        messages = [Message("system", ("You are a helpful assistant.",)), *messages]
    left = iter(num_tokens)
    whole = []
    for message in messages:
        inside = "".join(
            part if isinstance(part, str) else f"<|vision_start|>{'<|image_pad|>' * next(left)}<|vision_end|>"
            for part in message.parts
        )
        whole.append(f"<|im_start|>{message.role}\n{inside}<|im_end|>\n")
    return list(tokenizer().encode("".join(whole) + "<|im_start|>assistant\n", add_special_tokens=False).ids)
