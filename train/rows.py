"""Which rows of the shard index training reads. No torch here: planning a run needs none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rigmill.errors import UserError
from rigmill.kinds import Split

COLUMNS = (
    "clip_id",
    "source",
    "caption",
    "num_frames",
    "num_views",
    "offset",
    "num_bytes",
    "sample_sha256",
    "shard_file",
)


def usable_rows(rows: Sequence[Mapping[str, Any]], *, num_frames: int) -> list[dict[str, Any]]:
    """The rows that training may draw: of the train split and long enough for a window, by clip id."""
    kept = [
        {column: row[column] for column in COLUMNS}
        for row in rows
        if row["split"] == Split.TRAIN and row["num_frames"] >= num_frames
    ]
    return sorted(kept, key=lambda row: row["clip_id"])


def present_weights(weights: Mapping[str, float], sources: set[str]) -> dict[str, float]:
    """The mixture over the sources that are there; their weights keep their proportions. No weights: all the same."""
    if not weights:
        return dict.fromkeys(sorted(sources), 1.0)
    unlisted = sorted(sources - set(weights))
    if unlisted:
        raise UserError(
            f"train.mixture has no weight for source {', '.join(map(repr, unlisted))}",
            code="E501",
            why=f"the shards hold it, and the weights name {', '.join(sorted(weights))}",
            fix=f"add a weight under train.mixture, for example {unlisted[0]}: 1.0",
        )
    return {source: weights[source] for source in sorted(sources)}
