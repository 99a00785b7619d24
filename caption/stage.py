"""Caption: the sentence of every rendered clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from caption.words.metadata import caption
from rigmill.config.schema import Profile
from rigmill.outcomes import Cost, Kept, Outcome, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.rows import only_keys
from rigmill.types import Row


class CaptionStage(Stage):
    """`render` rows -> `caption` rows."""

    name = "caption"
    version = 2
    upstream = ("render",)
    writes = PRODUCTS["caption"]
    batch = 64
    usual_seconds, jobs_per = 0.01, {"render": 1.0}

    def settings(self, profile: Profile) -> Row:
        return {"provider": profile.caption.provider}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for row in tables.products("render"):
            payload = only_keys(row, "clip_id", "title", "tags", "motion_name")
            yield Input(row["clip_id"], payload, group=row["asset_id"])

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            yield Answer(job.key, _outcome(job.payload, job.settings["provider"]), Cost())


def _outcome(payload: Row, provider: str) -> Outcome:
    tags = list(payload["tags"] or [])
    text = caption(payload["title"] or "", tags, payload["motion_name"] or "")
    if not text:
        return Rejected(Reject.EMPTY_CAPTION, "title, tags and motion name hold no words")
    unknown = dict.fromkeys(PRODUCTS["caption"].names)
    return Kept([unknown | {"clip_id": payload["clip_id"], "caption": text, "captions": [text], "provider": provider}])
