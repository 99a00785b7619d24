"""Holds an answer against a JSON schema: the part of the language that our questions use, and nothing silently."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from operator import ge, le
from typing import Any

from rigmill.types import Row

OUTSIDE = "is none of the allowed values"
# Notes for the model; they limit nothing.
_NOTES = frozenset({"title", "description", "$schema", "default", "examples"})
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
# What a server is not sent: grammars cut a sentence off where `maxLength` says, which then looks like a whole one, and
# OpenAI refuses schemas with these words. They are held against the answer here.
_OURS_ALONE = frozenset({"minLength", "maxLength", "pattern", "uniqueItems", "$schema", "default", "examples"})


def problem_of(value: Any, schema: Row, where: str = "the answer") -> str:
    """What is wrong with the value, first thing first, in words of ours; empty: it satisfies the schema.

    Raises NotImplementedError for a word of the language that is not known here: a check never passes unread.
    """
    for word, limit in schema.items():
        if word in _NOTES:
            continue
        if word == "additionalProperties":
            problem = _additional(value, limit, schema, where)
        elif check := _CHECKS.get(word):
            problem = check(value, limit, where)
        else:
            raise NotImplementedError(f"a schema with '{word}'")
        if problem:
            return problem
    return ""


def as_sent(schema: Any) -> Any:
    """The schema as servers take it; what is left out is still held against the answer."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        kept = {word: as_sent(limit) for word, limit in schema.items() if word not in _OURS_ALONE | {"properties"}}
        if properties is not None:
            kept["properties"] = {name: as_sent(one) for name, one in properties.items()}
        return kept
    return [as_sent(item) for item in schema] if isinstance(schema, (list, tuple)) else schema


def _is_kind(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _KINDS[kind]) and (not isinstance(value, float) or math.isfinite(value))


def _kind(value: Any, wanted: Any, where: str) -> str:
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    return "" if any(_is_kind(value, kind) for kind in kinds) else f"{where} is no {' or '.join(kinds)}"


def _one_of(value: Any, allowed: Any, where: str) -> str:
    found = any(type(value) is type(one) and value == one for one in allowed)
    return "" if found else f"{where} {OUTSIDE}"


def _const(value: Any, wanted: Any, where: str) -> str:
    return _one_of(value, [wanted], where)


def _properties(value: Any, properties: Row, _: str) -> str:
    if isinstance(value, dict):
        for name, inner in properties.items():
            if name in value and (problem := problem_of(value[name], inner, f"'{name}'")):
                return problem
    return ""


def _required(value: Any, names: Any, where: str) -> str:
    missing = [name for name in names if name not in value] if isinstance(value, dict) else []
    return f"{where} has no '{missing[0]}'" if missing else ""


def _additional(value: Any, allowed: Any, schema: Row, where: str) -> str:
    if allowed is True or not isinstance(value, dict):
        return ""
    if allowed is not False:
        raise NotImplementedError("a schema with 'additionalProperties' of its own form")
    return f"{where} has a key that was not asked for" if value.keys() - schema.get("properties", {}).keys() else ""


def _items(value: Any, inner: Any, where: str) -> str:
    for item in value if isinstance(value, list) else ():
        if problem := problem_of(item, inner, f"an item of {where}"):
            return problem
    return ""


def _unique(value: Any, wanted: Any, where: str) -> str:
    if not wanted or not isinstance(value, list):
        return ""
    return f"{where} names the same twice" if any(item in value[:place] for place, item in enumerate(value)) else ""


def _any_of(value: Any, inner: Any, where: str) -> str:
    problems = [problem_of(value, one, where) for one in inner]
    return "" if "" in problems else problems[0]


def _pattern(value: Any, pattern: Any, where: str) -> str:
    fits = not isinstance(value, str) or re.search(pattern, value) is not None
    return "" if fits else f"{where} has not the form that was asked for"


Check = Callable[[Any, Any, str], str]


def _limit(
    kind: type | tuple[type, ...], size: Callable[[Any], float], fits: Callable[[float, float], bool], words: str
) -> Check:
    def check(value: Any, limit: Any, where: str) -> str:
        if not isinstance(value, kind) or isinstance(value, bool) or fits(size(value), limit):
            return ""
        return f"{where} {words.format(limit)}"

    return check


_CHECKS: dict[str, Check] = {
    "type": _kind,
    "enum": _one_of,
    "const": _const,
    "properties": _properties,
    "required": _required,
    "items": _items,
    "uniqueItems": _unique,
    "anyOf": _any_of,
    "pattern": _pattern,
    "minLength": _limit(str, len, ge, "is shorter than {} characters"),
    "maxLength": _limit(str, len, le, "is longer than {} characters"),
    "minItems": _limit(list, len, ge, "has fewer than {} items"),
    "maxItems": _limit(list, len, le, "has more than {} items"),
    "minimum": _limit((int, float), float, ge, "is below {}"),
    "maximum": _limit((int, float), float, le, "is above {}"),
}
