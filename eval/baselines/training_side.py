"""The clips that training sees, for the nearest neighbour: rows of the data set and of the captions."""

from __future__ import annotations

from eval.baselines.nearest import Known
from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.facts import SubjectKind
from rigmill.kinds import Split
from rigmill.pipeline.view import View
from rigmill.storage.files import Store
from rigmill.types import Row
from shards.sample import GEOMETRY, SamplePlace

_COLUMNS = ("clip_id", "caption", "category", "offset", "num_bytes", "sample_sha256", "shard_file")


def training_clips(view: View, store: Store) -> list[Known]:
    """Every clip of the training side whose subject's kind is known, sorted by id."""
    kinds = {row["clip_id"]: row["subject_kind"] for row in view.products("caption")}
    found = [
        _known({name: row[name] for name in _COLUMNS}, kinds[row["clip_id"]], store)
        for row in view.products("shards")
        if row["split"] == Split.TRAIN and kinds.get(row["clip_id"])
    ]
    return sorted(found, key=lambda known: known.clip_id)


def _known(row: Row, kind: str, store: Store) -> Known:
    place = SamplePlace.from_row(row)
    return Known(
        clip_id=row["clip_id"],
        kind=SubjectKind(kind),
        category=row["category"] or "",
        caption=row["caption"] or "",
        geometry=lambda: ClipGeometry.from_bytes(place.members(store)[GEOMETRY]),
    )
