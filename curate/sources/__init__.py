"""Where assets come from. Every kind of source is a module with `candidates` (cheap listing) and `fetch`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.types import Row


def _nothing(settings: Row, say: Callable[[str], None]) -> None:
    """Most sources can be listed as they are."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """The things that a kind of source can do.

    `candidates` lists what there is for a source's settings (its section of the profile, the seed and the size
    limit). A candidate's payload carries `kind` and everything that `fetch` reads, so a job's key changes when
    its bytes would; a `sha256` in it lets the stage find duplicates before anything is read twice. `fetch` turns
    jobs into collected rows. `prepare`, called by a run before it lists, fetches an index that `candidates` reads;
    listing itself never uses a network.
    """

    candidates: Callable[[Row], Iterable[Input]]
    fetch: Callable[[Sequence[Job], Work], Iterator[Answer]]
    prepare: Callable[[Row, Callable[[str], None]], None] = _nothing


def _later(module: str, function: str) -> Callable[..., Any]:
    """The function of a module that is imported when it is called: `status` waits for nobody's HTTP client."""

    def call(*arguments: Any) -> Any:
        return getattr(importlib.import_module(f"curate.sources.{module}"), function)(*arguments)

    return call


def _kind(module: str, *, prepares: bool = False) -> SourceKind:
    return SourceKind(
        _later(module, "candidates"), _later(module, "fetch"), _later(module, "prepare") if prepares else _nothing
    )


SOURCES: dict[str, SourceKind] = {
    "procedural": _kind("procedural"),
    "world": _kind("world"),
    "folder": _kind("folder"),
    "mixamo": _kind("mixamo"),
    "vroid": _kind("vrm"),
    "vroid_hub": _kind("vroid_hub"),
    "objaverse": _kind("objaverse", prepares=True),
    "objaverse_xl": _kind("objaverse_xl", prepares=True),
}
