"""Answers that satisfy a JSON schema, token by token: where several tokens are allowed the model's scores decide."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import torch

from tests.support.tiny_vlm.model import Conversation, tokenizer

_MOST_WORDS, _LEAST_WORDS = 9, 3


class Writer:
    """Writes into a conversation. `temperature` 0: always the best allowed token; else drawn by the seed."""

    def __init__(self, conversation: Conversation, temperature: float, seed: int) -> None:
        self._conversation, self._temperature = conversation, temperature
        self._random = torch.Generator().manual_seed(seed)

    def answer(self, schema: dict[str, Any]) -> None:
        """A value of the schema, as JSON."""
        if "enum" in schema:
            self._choose([json.dumps(choice) for choice in schema["enum"]])
        else:
            self._kinds()[schema["type"]](schema)

    def words(self, fewest: int = _LEAST_WORDS) -> None:
        """A few words, none twice: what a model of random numbers calls a sentence."""
        spoken: list[int] = []
        for _ in range(_MOST_WORDS):
            ends = len(spoken) >= fewest
            allowed = [token for token in _word_tokens() if token not in spoken] + _ids(".") * ends
            token = self._best(allowed)
            self._conversation.write([token])
            if token in _ids("."):
                return
            spoken.append(token)

    def _kinds(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": lambda schema: self._string(),
            "number": self._number,
            "integer": self._number,
            "boolean": lambda schema: self._choose(["true", "false"]),
        }

    def _object(self, schema: dict[str, Any]) -> None:
        for place, name in enumerate(schema["properties"]):
            self._say(f"{'{' if place == 0 else ', '}{json.dumps(name)}: ")
            self.answer(schema["properties"][name])
        self._say("}")

    def _array(self, schema: dict[str, Any]) -> None:
        most, used = schema.get("maxItems", 3), 0
        while used < most:
            self._choose(["]", ", "] if used else ["[]", "["])
            if self._conversation.text().endswith("]"):
                return
            self.answer(schema["items"])
            used += 1
        self._say("]")

    def _string(self) -> None:
        self._say('"')
        self.words()
        self._say('"')

    def _number(self, schema: dict[str, Any]) -> None:
        """One of eleven between the bounds."""
        least, most = schema.get("minimum", 0), schema.get("maximum", 1)
        whole = schema["type"] == "integer"
        steps = [least + (most - least) * step / 10 for step in range(11)]
        self._choose([str(round(step)) if whole else f"{step:g}" for step in steps])

    def _say(self, text: str) -> None:
        self._conversation.write(_ids(text))

    def _choose(self, choices: Sequence[str]) -> None:
        """One of the texts: at each token, among the texts that are still possible."""
        open_ = [_ids(choice) for choice in dict.fromkeys(choices)]
        place = 0
        while not (len(open_) == 1 and place == len(open_[0])):
            token = self._best(sorted({ids[place] for ids in open_ if len(ids) > place}))
            if all(len(ids) > place for ids in open_) and len({ids[place] for ids in open_}) == 1:
                token = open_[0][place]
            self._conversation.write([token])
            open_ = [ids for ids in open_ if len(ids) > place and ids[place] == token]
            place += 1

    def _best(self, allowed: list[int]) -> int:
        scores = self._conversation.scores[allowed]
        if self._temperature <= 0:
            return allowed[int(scores.argmax())]
        shares = torch.softmax(scores.float() / self._temperature, dim=0)
        return allowed[int(torch.multinomial(shares, 1, generator=self._random))]


def _ids(text: str) -> list[int]:
    return list(tokenizer().encode(text, add_special_tokens=False).ids)


@lru_cache(maxsize=1)
def _word_tokens() -> list[int]:
    """Tokens that are a blank and a word in small letters."""
    found = []
    for number in range(tokenizer().get_vocab_size()):
        text = tokenizer().decode([number])
        if text[:1] == " " and len(text) > 2 and text[1:].isascii() and text[1:].isalpha() and text[1:].islower():
            found.append(number)
    return found
