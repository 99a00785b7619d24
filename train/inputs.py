"""What a training run is given: its settings, and the clips that it may draw. No torch: planning a run needs none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rigmill.kinds import Split
from rigmill.types import Row
from shards.sample import SamplePlace

if TYPE_CHECKING:
    from rigmill.config.schema import Profile

_SAMPLING_ONLY = {"sampling_steps", "guidance"}  # read by eval: changing them must not train again
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


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """A profile's train section, without what only sampling reads, and its seed. As JSON it is part of a job's key."""

    recipe: str
    num_steps: int
    batch_size: int
    learning_rate: float
    num_frames: int
    size_px: int
    mixture: Mapping[str, float]  # weight per source; empty: all sources alike
    condition_dropout: float
    checkpoint_interval: int
    seed: int

    @classmethod
    def of(cls, profile: Profile) -> TrainSettings:
        return cls(**profile.train.model_dump(mode="json", exclude=_SAMPLING_ONLY), seed=profile.seed)

    def to_row(self) -> Row:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TrainingClip:
    """A clip that training may draw: where its sample lies, and what a draw has to know of it."""

    place: SamplePlace
    source: str
    caption: str
    num_frames: int
    num_views: int

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> TrainingClip:
        return cls(
            place=SamplePlace.from_row(row),
            source=row["source"],
            caption=row["caption"],
            num_frames=row["num_frames"],
            num_views=row["num_views"],
        )


def usable_rows(rows: Iterable[Mapping[str, Any]], *, num_frames: int) -> list[Row]:
    """The rows that training may draw: of the train split and long enough for a window, by clip id."""
    kept = [
        {column: row[column] for column in COLUMNS}
        for row in rows
        if row["split"] == Split.TRAIN and row["num_frames"] >= num_frames
    ]
    return sorted(kept, key=lambda row: row["clip_id"])
