"""An asker that sends nothing: what the cache holds is answered, and what it lacks is handed to the caller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from caption.client.asker import Asker, Effort, NoAnswer
from caption.client.cache import Cache, Record, key_of, parameters_of
from caption.questions.question import Question
from rigmill.config.caption import Endpoint
from rigmill.storage.layout import Layout


class CollectingAsker(Asker):
    """Finds out which questions are still to be asked, those that follow from an answer among them."""

    def __init__(self, endpoint: Endpoint, *, output: Path, collect: Callable[[Question], None]) -> None:
        self._endpoint, self._collect = endpoint, collect
        self._cache = Cache(Layout(output).answers)

    async def _answer(self, question: Question, effort: Effort) -> Record:
        known = self._cache.find(key_of(question.digest, parameters_of(question, self._endpoint), self._endpoint.model))
        if known is None:
            self._collect(question)
            raise NoAnswer("not asked yet")
        return known
