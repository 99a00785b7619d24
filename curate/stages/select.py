"""Select: which previewed clips are worth rendering. Table work alone: a changed limit costs seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from curate.filters.rules import SEEN_RULES, first_refusal, rejected
from rigmill.config.schema import Profile
from rigmill.outcomes import Kept, Measured, Reject
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work, only_keys
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.rows import job_keys, value_json
from rigmill.types import Row

CLIP_COLUMNS = (
    "clip_id",
    "asset_id",
    "rig_id",
    "motion_id",
    "source",
    "title",
    "tags",
    "licence",
    "attribution",
    "rights",
    "motion_name",
    "kind",
    "num_frames",
    "fps",
    "file",
    "format",
    "armature",
    "action",
    "slot",
    "start_frame",
    "motion_file",
    "flow_px_per_frame",
    "flow_px",
)


class SelectStage(Stage):
    """`preview` rows -> one `select` row per clip that passed every filter; what the others measured stays in preview.

    A barrier: which of several equal clips is the first is known only when all were seen.
    """

    name: ClassVar[str] = "select"
    version: ClassVar[int] = 3
    upstream: ClassVar[tuple[str, ...]] = ("preview",)
    writes = PRODUCTS["select"]
    barrier: ClassVar[bool] = True
    inline: ClassVar[bool] = True
    batch: ClassVar[int] = 8192
    usual_seconds = 0.001
    jobs_per = {"preview": 1.0}

    def settings(self, profile: Profile) -> Row:
        names = list(dict.fromkeys(source.name for source in profile.sources))
        return dict(profile.filters.model_dump(mode="json")) | {"sources": names}

    def job_settings(self, settings: Row) -> Row:
        """Nothing: the verdict in the payload says all, so that another limit redoes what it changes and no more."""
        return {}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        place = {name: index for index, name in enumerate(settings["sources"])}
        rows = tables.products("preview")
        refusals: list[Row | None] = []
        first: dict[tuple[str, str], tuple[int, str, str, str]] = {}
        for row in rows:  # twice in the table's order, which is far quicker than once in another
            refused = first_refusal(row, SEEN_RULES, settings)
            refusals.append(refused)
            if refused is None:
                rank = (place.get(row["source"], len(place)), row["asset_id"], row["motion_name"], row["clip_id"])
                if rank < first.setdefault(_same(row), rank):
                    first[_same(row)] = rank
        originals = {rank[-1] for rank in first.values()}
        # The row follows from the preview's job, so that job's key and the verdict say all that the row would.
        for row, refused, key in zip(rows, refusals, job_keys(rows)):
            if refused is None and row["clip_id"] not in originals:
                refused = {
                    "code": Reject.DUPLICATE_CLIP.value,
                    "measured": None,
                    "limit": None,
                    "message": f"the same geometry and motion as clip {first[_same(row)][-1]}",
                }
            yield Input(
                row["clip_id"],
                only_keys(row, *CLIP_COLUMNS) | {"refused": refused},
                stands_for=f'["{key}",{value_json(refused)}]' if key else "",
            )

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        cost = Measured()
        for job in jobs:
            refused = job.payload["refused"]
            outcome = rejected(refused) if refused else Kept([only_keys(job.payload, *CLIP_COLUMNS)])
            yield Answer(job.key, outcome, cost)


def _same(row: Row) -> tuple[str, str]:
    """What equal clips share. Without a hash of the geometry, clips of one file can still be told to be the same."""
    return row["geometry_hash"] or row["asset_id"], row["motion_hash"]
