"""Where assets come from. Every kind of source is a module with `candidates` (cheap listing) and `fetch`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from curate.sources import folder, mixamo, procedural, vrm, vroid_hub
from rigmill.stage import Answer, Input, Job, Row, Work


@dataclass(frozen=True, slots=True)
class SourceKind:
    """The two things that a kind of source can do.

    `candidates` lists what there is for a source's settings (its section of the profile, the seed and the size
    limit). A candidate's payload carries `kind` and everything that `fetch` reads, so a job's key changes when
    its bytes would; a `sha256` in it lets the stage find duplicates before anything is read twice. `fetch` turns
    jobs into collected rows.
    """

    candidates: Callable[[Row], Iterable[Input]]
    fetch: Callable[[Sequence[Job], Work], Iterator[Answer]]


SOURCES: dict[str, SourceKind] = {
    "procedural": SourceKind(procedural.candidates, procedural.fetch),
    "folder": SourceKind(folder.candidates, folder.fetch),
    "mixamo": SourceKind(mixamo.candidates, mixamo.fetch),
    "vroid": SourceKind(vrm.candidates, vrm.fetch),
    "vroid_hub": SourceKind(vroid_hub.candidates, vroid_hub.fetch),
}
