"""Compiling Python functions over arrays to machine code, once per machine."""

from __future__ import annotations

import hashlib
import re
import typing
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

_P = ParamSpec("_P")
_R = TypeVar("_R")
# `contract` lets a * b + c be one instruction, `arcp` a / b be a * (1 / b). The same machine code gives the same bytes.
# No check for division by zero: it gives inf or nan, as in numpy.
_OPTIONS: dict[str, Any] = {"nopython": True, "error_model": "numpy", "fastmath": {"contract", "arcp"}}
# Arrays are the caller's, who keeps them while a function runs. Counting who refers to them, over and over in the
# innermost loops, would cost up to a third of the time.
_BORROWING = {"_nrt": False}
_GROUP = re.compile(r"\b[A-Z]\w*")  # in a signature: numba's own types are in small letters


@lru_cache
def _digest(folder: Path) -> str:
    """Of everything that compiled code in a folder may come from; numba looks at a function's own file alone."""
    files = [Path(__file__), *sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _type_of(text: str, known: dict[str, Any]) -> Any:
    """The numba type or signature that `text` writes, with the groups that are `known` to its module."""
    groups = {name: _group_type(known[name]) for name in _GROUP.findall(text)}
    return eval(text, {**vars(numba.types), **groups})  # noqa: S307  # numba itself reads signatures so


@lru_cache
def _group_type(group: type[tuple[Any, ...]]) -> Any:
    """The numba type of a NamedTuple whose arrays are `Annotated[..., "numba type"]`; it may hold others."""
    fields = []
    for hint in typing.get_type_hints(group, include_extras=True).values():
        written = getattr(hint, "__metadata__", None)
        if written is not None:
            fields.append(_type_of(written[0], {}))
        else:
            fields.append({int: numba.int64, float: numba.float64, bool: numba.boolean}.get(hint) or _group_type(hint))
    return numba.types.BaseTuple.from_types(fields, group)


class _CacheFile(IndexDataCacheFile):  # type: ignore[misc]  # numba has no types
    """What was compiled; nothing where that is of a group that is gone, which numba fails to read."""

    def _load_index(self) -> Any:
        try:
            return super()._load_index()
        except (AttributeError, ImportError):
            return {}


def compiled(
    signature: str, *, nogil: bool = False, allocates: bool = False, exact: bool = False
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Compile for one signature now, or load what an earlier process compiled; children inherit it by forking.

    A signature is numba's; NamedTuples that the module knows stand in it by their names. They are written in the
    function's own folder, and so are the `inlined` functions that it may call. Numbers in them are not converted: an
    int is no float there. With `nogil` other threads run beside it. Without `allocates` it makes no arrays of its own.
    `exact`: every operation rounds by itself, as numpy's do.
    """

    def compile_now(function: Callable[_P, _R]) -> Callable[_P, _R]:
        memory = {} if allocates else _BORROWING
        options = _OPTIONS | {"fastmath": False} if exact else _OPTIONS
        dispatcher = numba.jit(**options, **memory, nogil=nogil)(function)
        try:
            cache = FunctionCache(function)
            cache._cache_file = _CacheFile(
                cache_path=cache.cache_path,
                filename_base=cache._impl.filename_base,
                source_stamp=_digest(Path(function.__code__.co_filename).parent),
            )
            dispatcher._cache = cache
        except RuntimeError:  # no folder to keep it in: every process compiles
            pass
        dispatcher.compile(_type_of(signature, function.__globals__))
        dispatcher.disable_compile()
        ready: Callable[_P, _R] = dispatcher
        return ready

    return compile_now


def inlined(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A part of compiled functions, which makes no arrays; it is compiled into each of them."""
    part: Callable[_P, _R] = numba.jit(forceinline=True, **_OPTIONS, **_BORROWING)(function)
    return part
