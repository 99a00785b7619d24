"""Category: which of the 25 an asset is; once per asset, however many clips there are of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from caption.category import categories_of
from caption.clip import category_row
from caption.edits import own_categories
from rigmill.config.schema import Profile
from rigmill.outcomes import Cost, Kept
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Spend, Stage, Work
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
        """`hints` is how a model is asked, which changes no answer."""
        asked, layout = profile.caption, Layout(Path(profile.output).expanduser())
        settings: dict[str, Any] = {"categories": asked.categories, "own": own_categories(layout.review), "hints": None}
        if asked.categories == "model":
            from caption.by_model import category_settings, model_hints

            settings |= {**category_settings(profile), "hints": model_hints(asked.endpoint)}
        return settings

    def job_settings(self, settings: Row) -> Row:
        """A person's word is in the payload of the asset that it is about."""
        return {key: value for key, value in settings.items() if key not in ("own", "hints")}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """One per asset. A model sees the rest pose of the asset's first clip: another clip has another scale."""
        own, is_seen = settings["own"], settings["categories"] == "model"
        first: dict[str, Row] = {}
        for row in tables.products("render"):
            known = first.setdefault(row["asset_id"], row)
            if row["clip_id"] < known["clip_id"]:
                first[row["asset_id"]] = row
        for asset_id, row in first.items():
            payload = only_keys(row, "asset_id", "source", "title", "tags", *(("files",) if is_seen else ()))
            if asset_id in own:
                payload = with_values(payload, {"own": own[asset_id]})
            yield Input(asset_id, payload, hints=settings["hints"])

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        asked = []
        for job in jobs:
            if "own" in job.payload:
                row = category_row(job.payload["asset_id"], "person", **job.payload["own"])
            elif job.settings["categories"] == "model":
                asked.append(job)
                continue
            else:
                row = by_metadata(job.payload)
            yield Answer(job.key, Kept([row]), Cost())
        if asked:
            from caption.by_model import categories_by_model

            yield from categories_by_model(asked, work)

    def spend(self, num_jobs: int, profile: Profile) -> Spend | None:
        if profile.caption.categories != "model":
            return None
        from caption.forecast import category_spend

        return category_spend(num_jobs, profile)


def by_metadata(payload: Row) -> Row:
    """The row of an asset by its tags and title alone, marked as such."""
    primary, secondary = categories_of(list(payload["tags"] or []), payload["title"] or "")
    return category_row(payload["asset_id"], "metadata", category=primary, secondary=list(secondary))
