"""Select: which previewed clips are worth rendering. Table work alone: a changed limit costs seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from curate.filters.rules import SEEN_RULES, first_refusal
from rigmill.config.schema import Profile
from rigmill.outcomes import Cost, Kept, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS, SELECTED
from rigmill.storage.rows import job_keys, only_keys, value_json, with_values
from rigmill.types import Row


class SelectStage(Stage):
    """`preview` rows -> one `select` row per clip that passed every filter; what the others measured stays in preview.

    A barrier: which of several equal clips is the first is known only when all were seen.
    """

    name: ClassVar[str] = "select"
    version: ClassVar[int] = 4
    upstream: ClassVar[tuple[str, ...]] = ("preview",)
    writes = PRODUCTS["select"]
    barrier: ClassVar[bool] = True
    inline: ClassVar[bool] = True
    batch: ClassVar[int] = 8192
    usual_seconds = 0.001
    jobs_per = {"preview": 1.0}

    def settings(self, profile: Profile) -> Row:
        names = list(dict.fromkeys(source.name for source in profile.sources))
        return {**profile.filters.model_dump(mode="json"), "sources": names}

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
                message = f"the same geometry and motion as clip {first[_same(row)][-1]}"
                refused = Rejected(Reject.DUPLICATE_CLIP, message).to_row()
            yield Input(
                row["clip_id"],
                with_values(only_keys(row, *SELECTED), {"refused": refused}),
                stands_for=f'["{key}",{value_json(refused)}]' if key else "",
            )

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        cost = Cost()
        for job in jobs:
            refused = job.payload["refused"]
            outcome = Rejected.from_row(refused) if refused else Kept([only_keys(job.payload, *SELECTED)])
            yield Answer(job.key, outcome, cost)


def _same(row: Row) -> tuple[str, str]:
    """What equal clips share. Without a hash of the geometry, clips of one file can still be told to be the same."""
    return row["geometry_hash"] or row["asset_id"], row["motion_hash"]
