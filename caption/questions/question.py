"""A question to a vision-language model, and the reply: what all rooms of `caption` hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caption.pictures.parts import Part, Picture, Text, Video
from rigmill.storage.files import canonical_json, digest, sha256_bytes
from rigmill.types import Row


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said after the question: the model's own first answer, and our correction."""

    role: Literal["assistant", "user"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One request, apart from who is asked and how. `schema` is a JSON schema that the answer must satisfy."""

    prompt: str  # name and version of the prompt, e.g. 'motion-1'
    instructions: str
    parts: tuple[Part, ...]
    schema: Row
    max_output_tokens: int
    turns: tuple[Turn, ...] = ()

    @property
    def picture_digests(self) -> tuple[str, ...]:
        """sha256 of every picture and video, in order."""
        return tuple(sha256_bytes(_bytes(part)) for part in self.parts if not isinstance(part, Text))

    @property
    def digest(self) -> str:
        """Of all that the model gets to see, and of the form that its answer must have."""
        said = [part.text if isinstance(part, Text) else sha256_bytes(_bytes(part)) for part in self.parts]
        turns = [(turn.role, turn.text) for turn in self.turns]
        whole = [self.prompt, self.instructions, said, self.schema, self.max_output_tokens, turns]
        return digest(canonical_json(whole), length=64)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the form that was asked for."""

    value: Row  # satisfies the question's schema
    text: str  # as it came
    model: str  # as the server calls it
    usage: Usage
    cached: bool  # read from the cache: nothing was spent
    num_requests: int  # that were sent for it, all tries; 0 from the cache


def _bytes(part: Picture | Video) -> bytes:
    return part.jpeg if isinstance(part, Picture) else part.mp4
