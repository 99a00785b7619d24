"""Captions to tokens without weights: every word is a fixed vector, made of its letters.

A small model learns what words mean in its own text layers, from captions of a few hundred different words. What it
needs of an encoder is that words differ, that 'walk' is near 'walks', and that 'left arm' differs from 'right arm'.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from os.path import commonprefix

import numpy as np
import torch
from torch import Tensor, nn

from rigmill.types import Floats
from shards.mixture import keyed_generator
from train.recipes import TextConfig

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_LETTERS = (3, 4, 5)  # of the pieces that a word's neighbours share with it
_STEM, _ENDING = 3, 2  # letters that forms of a word begin with alike, at least; and that the shorter one ends with
_OF_PIECES, _OF_BEFORE = 1.3, 0.5  # weights beside the word's own vector, which has 1


def words_of(captions: Iterable[str]) -> list[str]:
    """The different words of captions, in order."""
    return sorted({word for caption in captions for word in _WORD.findall(caption.lower())})


def heard(sentence: str, words: Collection[str]) -> tuple[str, list[str]]:
    """A sentence without the words that are none of `words` nor a form of one, and those; the whole, where nothing
    would be left.

    What a model never heard in training is a vector like no other to it, and what the known words ask for is drowned.
    Forms of a word are near each other.
    """
    said = _WORD.findall(sentence.lower())
    known = {word for word in said if word in words or any(_are_forms(word, other) for other in words)}
    if not known:
        return sentence, []
    return " ".join(word for word in said if word in known), [word for word in said if word not in known]


def _are_forms(one: str, other: str) -> bool:
    """Whether two words look like forms of one: 'walk' and 'walks', 'waving' and 'waves', and not 'fox' and 'foot'."""
    return len(commonprefix([one, other])) >= max(_STEM, min(len(one), len(other)) - _ENDING)


class WordEncoder(nn.Module):
    """Captions to (B, X, E): a token a word, zeros after a caption's end."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.num_tokens, self.width = config.num_tokens, config.d_model
        self.register_buffer("place", torch.zeros(()), persistent=False)  # where tokens are wanted
        self._known: dict[str, Floats] = {}

    def forward(self, captions: Sequence[str]) -> Tensor:
        """(B, X, E), of unit size."""
        states = [self.unpadded(caption) for caption in captions]
        return torch.stack([nn.functional.pad(one, (0, 0, 0, self.num_tokens - len(one))) for one in states])

    def unpadded(self, caption: str) -> Tensor:
        """A caption's own tokens, (at most X, E)."""
        words = _WORD.findall(caption.lower())[: self.num_tokens]
        tokens = np.zeros((len(words), self.width), dtype=np.float32)
        for at, (before, word) in enumerate(zip(["", *words], words)):
            tokens[at] = self._token(before, word)
        place = self.place
        assert isinstance(place, Tensor)
        return torch.from_numpy(tokens).to(place.device)

    def _token(self, before: str, word: str) -> Floats:
        whole = f"<{word}>"
        pieces = [whole[at : at + size] for size in _LETTERS for at in range(len(whole) - size + 1)]
        shared = sum(self._vector("piece", piece) for piece in pieces) / np.sqrt(max(1, len(pieces)))
        found = self._vector("word", word) + _OF_PIECES * shared + _OF_BEFORE * self._vector("before", before)
        return np.asarray(found / np.sqrt(np.mean(found**2)))

    def _vector(self, kind: str, text: str) -> Floats:
        key = f"{kind} {text}"
        if key not in self._known:
            self._known[key] = keyed_generator(0, "text", kind, text).standard_normal(self.width)
        return self._known[key]
