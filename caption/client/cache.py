"""Answers that were given once, by what was asked of whom: a rerun asks for nothing that is here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caption.questions.question import Question, Usage
from rigmill.config.caption import Endpoint
from rigmill.storage.files import canonical_json, digest, read_sealed, write_sealed
from rigmill.types import Row

_KEY_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Record:
    """An answer, good or not, and all that is needed to know where it came from."""

    key: str
    question: str  # digest
    pictures: tuple[str, ...]  # sha256 of the exact bytes that were sent
    prompt: str
    model_asked: str
    model: str  # as the server called it
    parameters: Row
    text: str  # as it came
    value: Row | None  # satisfies the question's schema; None: `problem` says what is wrong with the text
    problem: str
    finish_reason: str
    usage: Usage
    is_counted: bool  # by the server; else `usage` is our estimate
    num_requests: int  # until it came
    latency_s: float  # of the last of them
    date: str  # UTC, ISO 8601
    source: str  # the server's address, or 'batch'

    def to_bytes(self) -> bytes:
        return canonical_json(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        row: dict[str, Any] = json.loads(data)
        return cls(**row | {"usage": Usage(**row["usage"]), "pictures": tuple(row["pictures"])})


def parameters_of(question: Question, endpoint: Endpoint) -> Row:
    """What is sent beside the question and the model's name, and can change the answer."""
    return {
        "temperature": endpoint.temperature,
        "max_output_tokens": question.max_output_tokens,
        "extra": endpoint.extra,
    }


def key_of(question_digest: str, parameters: Row, model: str) -> str:
    """The name of an answer.

    The server's address is not in it: the same model answers the same behind another port, on another node or in a
    batch, and a paid answer should outlive a moved server. Two models that differ need two names, which every server
    can give them.
    """
    return digest(question_digest, model, parameters, length=_KEY_LENGTH)


class Cache:
    """One file an answer, with its own digest: one that was changed or cut short is not there, and is asked again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> Record | None:
        data = read_sealed(self._path(key))
        if data is None:
            return None
        try:
            record = Record.from_bytes(data)
        except (ValueError, TypeError, KeyError):  # of a version with another form
            return None
        return record if record.key == key else None

    def put(self, record: Record, *, durable: bool = True) -> None:
        """On the disk when this returns: it was paid. Not `durable`: where the same answer can be had again."""
        write_sealed(self._path(record.key), record.to_bytes(), durable=durable)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
