"""Answers of a batch, in any order and over any files, into the cache: the next run finds them and asks for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from caption.client.answers import Completion, NoCompletion, completion_of, value_or_problem
from caption.client.batch_export import Asked, read_asked
from caption.client.budget import Ledger
from caption.client.cache import Cache, Record
from caption.client.prices import cost_usd
from caption.client.sending import message_in
from caption.questions.question import Usage
from rigmill.config.caption import Endpoint
from rigmill.printable import shortened
from rigmill.storage.layout import Layout
from rigmill.types import Row

_WORDS_OF_SERVER = 300  # characters


@dataclass(slots=True)
class Imported:
    """What became of a batch. Ids are those of the export; lines count from 1."""

    good: int = 0  # answers that are in the cache now
    bad: int = 0  # answers of another form than was asked for: in the cache too, so the next run tries once more
    known: int = 0  # that were in the cache before
    unanswered: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)  # of those unanswered: what the provider says
    duplicates: list[str] = field(default_factory=list)  # ids that were answered more than once; the first one holds
    foreign: list[str] = field(default_factory=list)  # ids that were never asked
    damaged: list[tuple[str, int]] = field(default_factory=list)  # file name and line


def import_batch(paths: Iterable[Path], folder: Path, endpoint: Endpoint, *, output: Path) -> Imported:
    """Read files of results and of errors; `folder` is the one that was exported into, `output` the profile's.

    Answers are joined by their id alone. What the provider counted is added to what the output has spent, at the
    profile's price: a batch may have cost less. Importing again adds nothing.
    """
    importing = _Importing(folder, endpoint, output)
    for path in sorted(paths):  # so that the order in which they are named changes nothing
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    importing.take(line, path.name, number)
    return importing.finish()


class _Importing:
    """One import of one export."""

    def __init__(self, folder: Path, endpoint: Endpoint, output: Path) -> None:
        self._asked, self._forms = read_asked(folder)
        answers = Layout(output).answers
        self._cache, self._ledger, self._endpoint = Cache(answers), Ledger(answers / "spent.jsonl"), endpoint
        self._found = Imported()
        self._answered: set[str] = set()

    def take(self, line: bytes, name: str, number: int) -> None:
        found = self._found
        try:
            row = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
            custom_id, response = str(row["custom_id"]), row.get("response") or {}
            status, body = response.get("status_code"), response.get("body")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            found.damaged.append((name, number))
            return
        asked = self._asked.get(custom_id)
        if asked is None:
            found.foreign.append(custom_id)
            return
        try:
            if status != 200:
                raise NoCompletion(_words(row, status))
            completion = completion_of(body)
        except NoCompletion as error:
            found.refused[custom_id] = str(error)
            return
        if custom_id in self._answered:
            found.duplicates.append(custom_id)
            return
        self._answered.add(custom_id)
        self._keep(self._record(asked, completion))

    def finish(self) -> Imported:
        found = self._found
        found.unanswered = [
            custom_id
            for custom_id, asked in self._asked.items()
            if custom_id not in self._answered and self._cache.find(asked.key) is None
        ]
        without = set(found.unanswered)
        found.refused = {custom_id: words for custom_id, words in found.refused.items() if custom_id in without}
        return found

    def _keep(self, record: Record) -> None:
        before = self._cache.find(record.key)
        if before is not None and (before.value is not None or before.text == record.text):
            self._found.known += 1
            return
        self._cache.put(record, durable=False)  # the provider's file is still there
        usage = record.usage
        self._ledger.add(usage.input_tokens + usage.output_tokens, cost_usd(usage, self._endpoint), 1)
        if record.value is None:
            self._found.bad += 1
        else:
            self._found.good += 1

    def _record(self, asked: Asked, completion: Completion) -> Record:
        value, problem = value_or_problem(completion, self._forms[asked.form])
        return Record(
            key=asked.key,
            question=asked.question,
            pictures=asked.pictures,
            prompt=asked.prompt,
            model_asked=asked.model,
            model=completion.model or asked.model,
            parameters=asked.parameters,
            text=completion.text or completion.refusal,
            value=value,
            problem=problem,
            finish_reason=completion.finish_reason,
            usage=completion.usage or Usage(*asked.estimated),
            is_counted=completion.usage is not None,
            num_requests=1,
            latency_s=0.0,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            source="batch",
        )


def _words(row: Row, status: Any) -> str:
    """Why there is no answer, as the provider says it: in the line's own error, or in the body of the response."""
    response = row.get("response") or {}
    said = message_in(row.get("error")) or message_in(response.get("body"))
    start = f"status {status}" if isinstance(status, int) else "no answer"
    return f"{start}: {shortened(' '.join(said.split()), _WORDS_OF_SERVER)}" if said else start
