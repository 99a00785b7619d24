"""Where assets come from. Every kind of source is a module with `candidates` (cheap listing) and `fetch`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from curate.sources import folder, mixamo, objaverse, objaverse_xl, procedural, vrm, vroid_hub
from rigmill.stage import Answer, Input, Job, Row, Work


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


SOURCES: dict[str, SourceKind] = {
    "procedural": SourceKind(procedural.candidates, procedural.fetch),
    "folder": SourceKind(folder.candidates, folder.fetch),
    "mixamo": SourceKind(mixamo.candidates, mixamo.fetch),
    "vroid": SourceKind(vrm.candidates, vrm.fetch),
    "vroid_hub": SourceKind(vroid_hub.candidates, vroid_hub.fetch),
    "objaverse": SourceKind(objaverse.candidates, objaverse.fetch, objaverse.prepare),
    "objaverse_xl": SourceKind(objaverse_xl.candidates, objaverse_xl.fetch, objaverse_xl.prepare),
}
