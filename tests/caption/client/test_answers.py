from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caption.client.answers import Completion, NoCompletion, read_completion, value_or_problem
from caption.client.schema_check import as_sent, problem_of
from caption.questions.question import Usage
from tests.support.caption_questions import GOOD, SCHEMA

LISTS = {
    "type": "array",
    "items": {"type": "string", "enum": ["a", "b"]},
    "minItems": 1,
    "maxItems": 2,
    "uniqueItems": True,
}
OTHERS: list[dict[str, Any]] = [
    LISTS,
    {"type": "object", "properties": {"list": LISTS, "n": {"type": "integer", "minimum": 0}}, "required": ["list"]},
    {"type": ["string", "null"], "pattern": "^a", "maxLength": 3},
    {"anyOf": [{"type": "number", "maximum": 1}, {"const": "none"}]},
    SCHEMA,
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats(-1, 2) | st.sampled_from(["a", "b", "abcd", "none", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["list", "n", "sentence", "direction", "confidence", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("schema", OTHERS, ids=range(len(OTHERS)))
@given(value=VALUES)
def test_it_judges_as_the_reference_does(schema: dict[str, Any], value: Any) -> None:
    assert (problem_of(value, schema) == "") == jsonschema.Draft202012Validator(schema).is_valid(value)


def test_near_misses_of_a_real_form_are_judged_as_the_reference_does() -> None:
    reference = jsonschema.Draft202012Validator(SCHEMA)
    changes: list[dict[str, Any]] = [{}, {"direction": "up"}, {"direction": None}, {"sentence": "x" * 4}, {"more": 1}]
    changes += [{"confidence": number} for number in (0, 1, 1.01, -0.01, True, "0.5")] + [{"sentence": "y" * 161}]
    judged = [(problem_of(GOOD | change, SCHEMA) == "", reference.is_valid(GOOD | change)) for change in changes]
    assert all(ours == theirs for ours, theirs in judged) and {ours for ours, _ in judged} == {True, False}


def test_a_word_that_is_not_known_never_passes_for_a_check() -> None:
    with pytest.raises(NotImplementedError, match="multipleOf"):
        problem_of(4, {"type": "number", "multipleOf": 3})
    with pytest.raises(NotImplementedError):
        problem_of({}, {"type": "object", "additionalProperties": {"type": "string"}})


def test_lengths_are_not_sent_because_grammars_cut_sentences_off() -> None:
    schema = {"type": "object", "properties": {"pattern": {"type": "string", "maxLength": 9, "description": "d"}}}
    sent = as_sent(schema)
    assert sent["properties"] == {"pattern": {"type": "string", "description": "d"}}
    assert problem_of({"pattern": "x" * 10}, schema)


def completion(text: str, **changes: Any) -> Completion:
    known: dict[str, Any] = {"refusal": "", "finish_reason": "stop", "model": "m", "usage": None}
    return Completion(text=text, **known | changes)


@pytest.mark.parametrize(
    "text",
    [
        '{"sentence": "A dog\\ud83d runs.", "direction": "none", "confidence": 1}',  # half of a pair
        json.dumps(GOOD).replace("0.9", "NaN"),
        json.dumps(GOOD).replace("0.9", "1e999"),
        json.dumps(GOOD).replace("0.9", "9" * 5000),
        json.dumps(GOOD)[:-1] + ', "direction": "backward"}',  # a key twice
        json.dumps(GOOD) + json.dumps(GOOD),
        f"```json\n{json.dumps(GOOD)}\n```\nI hope that helps!",
        f"<think>hm</think>{json.dumps(GOOD)}",
        "[" * 50_000,
        " " * 10 + "x" * 30_000,
        "null",
        "\ufeff" + json.dumps(GOOD),
    ],
    ids=range(12),
)
def test_no_other_text_is_taken_for_an_answer(text: str) -> None:
    value, problem = value_or_problem(completion(text), SCHEMA)
    assert value is None and problem


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}, Usage(10, 2)),
        ({"prompt_tokens": 10}, None),
        ({"prompt_tokens": -1, "completion_tokens": 2}, None),
        ({"prompt_tokens": "10", "completion_tokens": 2}, None),
        (None, None),
    ],
)
def test_usage_is_what_the_server_counted_or_nothing(usage: Any, read: Usage | None) -> None:
    body = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": usage}
    assert read_completion(json.dumps(body)).usage == read


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "1", '"x"', "{}", '{"choices": null}', '{"choices": [1]}', '{"choices": [{"message": "x"}]}'],
)
def test_what_is_no_completion_is_not_the_models_fault(body: str) -> None:
    with pytest.raises(NoCompletion):
        read_completion(body)
