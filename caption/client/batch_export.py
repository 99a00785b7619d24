"""Questions as files that OpenAI's batch service and `vllm run-batch` read, and what is needed to read the answers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from caption.client.cache import key_of, parameters_of
from caption.client.request_body import check_extra, request_body
from caption.client.tokens import estimate
from caption.questions.question import Question, Usage
from rigmill.config.caption import Endpoint
from rigmill.errors import UserError
from rigmill.storage.files import canonical_json, digest, fsync_folder
from rigmill.types import Row

ASKED = "asked.jsonl"  # beside the batches: what each id stands for
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Exported:
    """Files in the order in which they were filled. `estimated` is what the provider is going to count, about."""

    files: tuple[Path, ...]
    num_requests: int
    num_bytes: int
    num_duplicates: int  # questions that were there already, and are asked once
    estimated: Usage


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer is read with: the question without its pictures."""

    custom_id: str
    key: str  # in the cache
    question: str  # digest
    pictures: tuple[str, ...]
    prompt: str
    model: str
    parameters: Row
    form: str  # names the schema
    estimated: tuple[int, int]  # tokens, input and output


def export_batch(
    questions: Iterable[tuple[str, Question]],
    folder: Path,
    endpoint: Endpoint,
    *,
    max_bytes: int = 190_000_000,
    max_requests: int = 50_000,
) -> Exported:
    """Write batch-0001.jsonl and so on, none larger than the limits, and ASKED. One id stands for one question.

    The folder appears whole: what was cut short is written again. Questions are taken one by one, none is kept. A
    UserError where the folder holds a batch already, or where one question alone is larger than a file may be.
    """
    check_extra(endpoint)
    if any(folder.glob("batch-*.jsonl")):
        raise UserError(
            f"there is a batch in {folder} already",
            why="its answers could no longer be told from those of a new one",
            fix="give another folder, or remove that one",
            code="E404",
        )
    unfinished = folder / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    seen: set[str] = set()
    forms: set[str] = set()
    num_bytes = num_duplicates = input_tokens = output_tokens = 0
    files = _Files(unfinished, max_bytes, max_requests)
    with (unfinished / ASKED).open("wb") as asked:
        for custom_id, question in questions:
            if custom_id in seen:
                num_duplicates += 1
                continue
            seen.add(custom_id)
            line = _line(custom_id, request_body(question, endpoint))
            files.write(line, custom_id)
            entry = _asked(custom_id, question, endpoint)
            if entry.form not in forms:
                forms.add(entry.form)
                asked.write(_json({"form": entry.form, "schema": question.schema}))
            asked.write(_json({name: getattr(entry, name) for name in Asked.__slots__}))
            num_bytes += len(line)
            input_tokens += entry.estimated[0]
            output_tokens += entry.estimated[1]
        _sync(asked)
    names = files.close()
    for name in (ASKED, *names):  # first what reads the answers
        (unfinished / name).replace(folder / name)
    unfinished.rmdir()
    fsync_folder(folder)
    paths = tuple(folder / name for name in names)
    return Exported(paths, len(seen), num_bytes, num_duplicates, Usage(input_tokens, output_tokens))


def read_asked(folder: Path) -> tuple[dict[str, Asked], dict[str, Row]]:
    """What `export_batch` left: questions by id, schemas by form. A UserError where it is gone or damaged."""
    asked: dict[str, Asked] = {}
    forms: dict[str, Row] = {}
    try:
        for row in _rows(folder / ASKED):
            if "schema" in row:
                forms[row["form"]] = row["schema"]
            else:
                row |= {"pictures": tuple(row["pictures"]), "estimated": tuple(row["estimated"])}
                asked[row["custom_id"]] = Asked(**row)
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = "it is not there" if isinstance(error, FileNotFoundError) else "it cannot be read"
        raise UserError(
            f"{folder / ASKED} does not say what was asked",
            why=why,
            fix="give the folder into which the batch was exported, as it was then",
            code="E404",
        ) from None
    return asked, forms


class _Files:
    """Batch files that are filled one after the other."""

    def __init__(self, folder: Path, max_bytes: int, max_requests: int) -> None:
        self._folder, self._max_bytes, self._max_requests = folder, max_bytes, max_requests
        self._names: list[str] = []
        self._file: BinaryIO | None = None
        self._num_bytes = self._num_requests = 0

    def write(self, line: bytes, custom_id: str) -> None:
        if len(line) > self._max_bytes:
            raise UserError(
                f"one question takes {len(line)} bytes, and a file of a batch may have {self._max_bytes}",
                why=f"it is the question with id {custom_id}",
                fix="show the model fewer or smaller pictures (caption.pictures)",
                code="E404",
            )
        full = self._num_bytes + len(line) > self._max_bytes or self._num_requests >= self._max_requests
        if self._file is None or full:
            self.close()
            self._names.append(f"batch-{len(self._names) + 1:04d}.jsonl")
            self._file = (self._folder / self._names[-1]).open("wb")
            self._num_bytes = self._num_requests = 0
        self._file.write(line)
        self._num_bytes += len(line)
        self._num_requests += 1

    def close(self) -> list[str]:
        if self._file is not None:
            _sync(self._file)
            self._file.close()
            self._file = None
        return self._names


def _asked(custom_id: str, question: Question, endpoint: Endpoint) -> Asked:
    question_digest, parameters = question.digest, parameters_of(question, endpoint)
    usage = estimate(question, endpoint)
    return Asked(
        custom_id=custom_id,
        key=key_of(question_digest, parameters, endpoint.model),
        question=question_digest,
        pictures=question.picture_digests,
        prompt=question.prompt,
        model=endpoint.model,
        parameters=parameters,
        form=digest(question.schema),
        estimated=(usage.input_tokens, usage.output_tokens),
    )


def _line(custom_id: str, body: bytes) -> bytes:
    head = json.dumps({"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions"})[:-1]
    return b"".join([head.encode(), b', "body": ', body, b"}\n"])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        for line in stream:
            yield json.loads(line)


def _json(row: Row) -> bytes:
    return canonical_json(row).encode() + b"\n"


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
