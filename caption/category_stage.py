"""Category: which of the 25 an asset is; once per asset, however many clips there are of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from caption.category import category_of
from caption.edits import own_categories
from rigmill.config.schema import Profile
from rigmill.outcomes import Cost, Kept
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.layout import Layout
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Row


class CategoryStage(Stage):
    """`render` rows -> one `category` row per asset. A person's word in categories.csv goes before all others."""

    name = "category"
    version = 1
    upstream = ("render",)
    writes = PRODUCTS["category"]
    batch = 64
    usual_seconds, jobs_per = 0.01, {"render": 0.5}

    def settings(self, profile: Profile) -> Row:
        layout = Layout(Path(profile.output).expanduser())
        return {"categories": profile.caption.categories, "own": own_categories(layout.review)}

    def job_settings(self, settings: Row) -> Row:
        """A person's word is in the payload of the asset that it is about."""
        return only_keys(settings, "categories")

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        own, seen = settings["own"], set()
        for row in tables.products("render"):
            asset_id = row["asset_id"]
            if asset_id in seen:
                continue
            seen.add(asset_id)
            payload = only_keys(row, "asset_id", "source", "title", "tags")
            yield Input(asset_id, with_values(payload, {"own": own[asset_id]}) if asset_id in own else payload)

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            row = own_row(job.payload) if "own" in job.payload else by_metadata(job.payload)
            yield Answer(job.key, Kept([row]), Cost())


def own_row(payload: Row) -> Row:
    """The row of an asset that a person has judged."""
    return _row(payload, "person", **payload["own"])


def by_metadata(payload: Row) -> Row:
    """The row of an asset by its tags and title alone, marked as such."""
    category = category_of(list(payload["tags"] or []), payload["title"] or "")
    return _row(payload, "metadata", category=category, secondary=[])


def _row(payload: Row, provider: str, **said: Any) -> Row:
    empty = {"confidence": None, "evidence": None, "model": None}
    return {"asset_id": payload["asset_id"], "category_provider": provider, **empty, **said}
