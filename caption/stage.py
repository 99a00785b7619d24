"""Caption: the sentences of every rendered clip, and what its joints do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from caption.category import category_of
from caption.clip import clip_facts, product_row, stored_file
from caption.edits import own_captions
from caption.words.grammar import captions
from caption.words.metadata import caption as metadata_caption
from caption.words.subject import Subject
from rigmill.clips.members import GEOMETRY
from rigmill.clips.numbers import ClipGeometry
from rigmill.config.schema import Profile
from rigmill.outcomes import Cost, Kept, Outcome, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Spend, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Row


class CaptionStage(Stage):
    """`render` rows -> `caption` rows. A person's word in captions.csv goes before all others."""

    name = "caption"
    version = 2
    # collect: sentences that a source knows; probe: what a file declares its limbs to be
    upstream = ("collect", "probe", "select", "render")
    writes = PRODUCTS["caption"]
    batch = 64
    usual_seconds, jobs_per = 0.02, {"render": 1.0}

    def settings(self, profile: Profile) -> Row:
        """`hints` is how a model is asked, which changes no answer."""
        asked, layout = profile.caption, Layout(Path(profile.output).expanduser())
        settings: dict[str, Any] = {"provider": asked.provider, "own": own_captions(layout.review), "hints": None}
        if asked.provider == "facts":
            settings |= {"seed": profile.seed, "phrasings": asked.phrasings}
        elif asked.provider == "model":
            from caption.by_model import model_hints, motion_settings

            settings |= {**motion_settings(profile), "hints": model_hints(asked.endpoint)}
        return settings

    def job_settings(self, settings: Row) -> Row:
        """A person's word is in the payload of the clip that it is about."""
        return {key: value for key, value in settings.items() if key not in ("own", "hints")}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        own, hints = settings["own"], settings["hints"]
        declared = {row["rig_id"]: row["humanoid"] for row in tables.products("probe") if row["humanoid"]}
        known = {
            (row["asset_id"], take["motion"]): take["captions"]
            for row in tables.products("collect")
            for take in row["takes"] or ()
        }
        parts = {row["clip_id"] for row in tables.products("select") if _is_part(row)} if known else set()
        for row in tables.products("render"):
            payload = only_keys(row, "clip_id", "source", "title", "tags", "motion_name", "files")
            more = {"humanoid": declared[row["rig_id"]]} if row["rig_id"] in declared else {}
            said = known.get((row["asset_id"], row["motion_name"])) if settings["provider"] == "facts" else None
            if said and row["clip_id"] not in parts:
                more["said"] = said
            if row["clip_id"] in own:
                more["own"] = own[row["clip_id"]]
            if more:
                payload = with_values(payload, more)
            yield Input(row["clip_id"], payload, group=row["asset_id"], hints=hints)

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        asked = [job for job in jobs if job.settings["provider"] == "model" and "own" not in job.payload]
        for job in jobs:
            if job not in asked:
                yield Answer(job.key, _outcome(job, work.store), Cost())
        if asked:
            from caption.by_model import captions_by_model

            yield from captions_by_model(asked, work)

    def spend(self, num_jobs: int, profile: Profile) -> Spend | None:
        if profile.caption.provider != "model":
            return None
        from caption.forecast import motion_spend

        return motion_spend(num_jobs, profile)


def _is_part(clip: Row) -> bool:
    """A window of a longer motion: what a source says of the whole may be true of the others."""
    first, count, whole = clip["first_frame"] or 0, clip["num_frames"], clip["motion_frames"]
    return first > 0 or (whole is not None and whole - count > count / 2)


def _outcome(job: Job, store: Store) -> Outcome:
    payload, settings = job.payload, job.settings
    facts = clip_facts(payload, ClipGeometry.from_bytes(store.read(stored_file(payload, GEOMETRY))))
    title, tags, motion_name = payload["title"] or "", list(payload["tags"] or []), payload["motion_name"] or ""
    if "own" in payload:
        return Kept([product_row(payload, facts, [payload["own"]], "person")])
    if "said" in payload:
        return Kept([product_row(payload, facts, payload["said"], "source")])
    if settings["provider"] == "metadata":
        text = metadata_caption(title, tags, motion_name)
        if not text:
            return Rejected(Reject.EMPTY_CAPTION, "title, tags and motion name hold no words")
        return Kept([product_row(payload, facts, [text], "metadata")])
    said = captions(
        facts,
        Subject(title, tuple(tags), category_of(tags, title)),
        motion_name,
        num=settings["phrasings"],
        seed=settings["seed"],
        clip_id=payload["clip_id"],
    )
    return Kept([product_row(payload, facts, said, "facts")])
