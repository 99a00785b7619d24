"""What a stored file says about itself, read by a limited child: licence, names, and the terms of a VRM block."""

from __future__ import annotations

from dataclasses import dataclass

from curate.licences.embedded import Embedded
from curate.vrm.licence import Terms
from rigmill.blender.client import ChildFailed
from rigmill.blender.requests import SAID_INSIDE, SaidAnswer, SaidItem
from rigmill.outcomes import Failed, Rejected
from rigmill.pipeline.stage import Work
from rigmill.types import StoredFile


@dataclass(frozen=True, slots=True)
class Inside:
    """A file's own words. `refused`: why its VRM block, if it has one, cannot be read."""

    embedded: Embedded
    terms: Terms | None
    refused: Rejected | None


_last: dict[str, Inside] = {}  # one file: its source and the stage ask one after the other


def look_inside(stored: StoredFile, work: Work) -> Inside:
    """What the file says; a ChildFailed where the child did not come to its end."""
    if stored.sha256 not in _last:
        item = SaidItem(path=str(work.store.path(stored)))
        (reply,) = work.reader.run(SAID_INSIDE, [item.to_item()], scratch=work.scratch)
        if isinstance(reply.outcome, Failed):
            raise ChildFailed(reply.outcome)
        if reply.value is None:
            raise AssertionError("nothing inside a file is refused as a whole")
        said = SaidAnswer.from_item(reply.value)
        _last.clear()
        _last[stored.sha256] = Inside(
            Embedded(**said.embedded),
            None if said.terms is None else Terms.from_row(said.terms),
            None if said.refused is None else Rejected.from_row(said.refused),
        )
    return _last[stored.sha256]
