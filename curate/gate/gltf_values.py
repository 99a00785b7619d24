"""How one value of a stranger's glTF document is read: a reader a type, each a value that is kept or InvalidValue."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from curate.gate.gltf_json import name, short

_ATTRIBUTE = re.compile(r"POSITION|NORMAL|TANGENT|(TEXCOORD|COLOR|JOINTS|WEIGHTS)_[0-7]")


@dataclass
class Cleanup:
    """Where a clean-up of one document stands: how long its lists are, and what was referred to so far."""

    counts: dict[str, int]
    used: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    extensions: set[str] = field(default_factory=set)


Reader = Callable[[Any, Cleanup], Any]  # a stranger's value -> the value that is kept; None leaves it out


class InvalidValue(Exception):
    """A value that is not what its key needs. Where it stands is added on the way up, so that it costs nothing."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what, self.keys = what, list[str]()

    def render(self, where: str) -> str:
        return f"{'.'.join([where, *reversed(self.keys)])}: {self.what}"


def index_into(kind: str) -> Reader:
    """An index into one of the document's lists."""

    def read(value: Any, cleanup: Cleanup) -> int:
        if type(value) is not int or not 0 <= value < cleanup.counts[kind]:
            raise InvalidValue(f"{short(value)} is none of its {cleanup.counts[kind]} {kind}")
        cleanup.used[kind].add(value)
        return value

    return read


def whole(low: int = 0, high: int = 2**40) -> Reader:
    """A whole number within `low` and `high`."""

    def read(value: Any, _cleanup: Cleanup) -> int:
        if type(value) is not int or not low <= value <= high:
            raise InvalidValue(f"{short(value)} is not a whole number within {low} and {high}")
        return value

    return read


def list_of(of: Reader, high: int) -> Reader:
    """A list of up to `high` values of one kind."""

    def read(value: Any, cleanup: Cleanup) -> list[Any]:
        if not isinstance(value, list) or len(value) > high:
            raise InvalidValue(f"not a list of at most {high}")
        return [of(entry, cleanup) for entry in value]

    return read


def numbers(size: int) -> Reader:
    """A list of `size` numbers."""

    def read(value: Any, cleanup: Cleanup) -> list[Any]:
        if not isinstance(value, list) or len(value) != size:
            raise InvalidValue(f"not a list of {size} numbers")
        return [number(entry, cleanup) for entry in value]

    return read


def one_of(*allowed: Any) -> Reader:
    """One of these, or left out: the default stands in for a value that does not exist."""
    return lambda value, cleanup: value if isinstance(value, int | str) and value in allowed else None


def must_be(*allowed: Any) -> Reader:
    """One of these, or the file is refused."""

    def read(value: Any, _cleanup: Cleanup) -> Any:
        if not isinstance(value, int | str) or isinstance(value, bool) or value not in allowed:
            raise InvalidValue(f"none of {', '.join(map(str, allowed))}")
        return value

    return read


def object_of(*, needs: tuple[str, ...] = (), extensions: dict[str, Reader] | None = None, **keys: Reader) -> Reader:
    """An object with these keys and extensions; null is the same as no value."""

    def read(value: Any, cleanup: Cleanup) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidValue("not an object")
        kept, key = {}, ""
        try:
            for key, given in value.items():
                if given is None or (reader := keys.get(key)) is None:
                    continue
                if (found := reader(given, cleanup)) is not None:
                    kept[key] = found
            if extensions and (given := value.get("extensions")) is not None:
                key = "extensions"
                if found := _extensions(given, extensions, cleanup):
                    kept[key] = found
        except InvalidValue as invalid:
            invalid.keys.append(key)
            raise
        for key in needs:
            if key not in kept:
                raise InvalidValue(f"has no {key}")
        return kept

    return read


def _extensions(value: Any, known: dict[str, Reader], cleanup: Cleanup) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue("not an object")
    kept = {}
    for key, reader in known.items():
        if value.get(key) is not None:
            try:
                kept[key] = reader(value[key], cleanup)
            except InvalidValue as invalid:
                invalid.keys.append(key)
                raise
            cleanup.extensions.add(key)
    return kept


def number(value: Any, _cleanup: Cleanup) -> float:
    """A number that fits a 32-bit float."""
    if type(value) not in (float, int) or not -3e38 < value < 3e38:
        raise InvalidValue(f"{short(value)} is not a number of ordinary size")
    return value  # type: ignore[no-any-return]


def text(value: Any, _cleanup: Cleanup) -> str:
    """A name as Blender may see it."""
    if not isinstance(value, str):
        raise InvalidValue(f"{short(value)} is not a text")
    return name(value)


def flag(value: Any, _cleanup: Cleanup) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidValue("neither true nor false")
    return value


def by_attribute(of: Reader) -> Reader:
    """An object whose keys are the attributes that are kept."""

    def read(value: Any, cleanup: Cleanup) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidValue("not an object")
        return {key: of(entry, cleanup) for key, entry in value.items() if _ATTRIBUTE.fullmatch(key)}

    return read
