"""What `rigmill caption ...` asks of this room."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from caption.by_model import open_questions
from caption.client.asker import Asker, NoAnswer
from caption.client.batch_export import Exported, export_batch
from caption.client.batch_import import Imported, import_batch
from caption.clip import clip_facts, stored_file
from caption.model_probe.known import KnownClip, drawn_clips, rendered_clip
from caption.model_probe.probe import ProbeResult
from caption.model_probe.probe import probe as probe_model
from caption.pictures.views import ClipViews
from caption.questions.question import Question
from rigmill.clips.members import GEOMETRY, rgb_video
from rigmill.clips.numbers import ClipGeometry
from rigmill.config.schema import Profile
from rigmill.errors import UserError
from rigmill.pipeline.stage import Job, Stub
from rigmill.pipeline.view import View
from rigmill.storage.files import Store, digest
from rigmill.storage.layout import Layout

ID_LENGTH = 32  # of a question's digest, which names it in a batch
_AT_ONCE = 64  # jobs whose pictures are in memory together


def probe(view: View, layout: Layout, *, max_clips: int) -> ProbeResult:
    """What the profile's model knows of clips whose truth is certain: rendered ones, and drawn ones beside them."""
    clips = [*_rendered(view, layout.store, max_clips), *drawn_clips()]
    caption = view.profile.caption

    async def ask() -> ProbeResult:
        async with Asker.opened(caption.endpoint, output=layout.root) as asker:
            return await probe_model(clips, asker, caption.pictures)

    try:
        return asyncio.run(ask())
    except NoAnswer as error:
        raise UserError(
            f"the model at {caption.endpoint.base_url} did not answer",
            why=str(error),
            fix="look at the server, then run the same command: what was answered is kept",
            code="E407",
        ) from None


def _rendered(view: View, store: Store, most: int) -> Iterator[KnownClip]:
    """Clips of the profile whose joints leave no doubt: at most so many, the same for the same tables."""
    found = 0
    background: tuple[int, int, int] = view.profile.render.background  # type: ignore[assignment]
    for row in sorted(view.products("render"), key=lambda row: digest(row["clip_id"])):
        if found >= most:
            return
        geometry = ClipGeometry.from_bytes(store.read(stored_file(row, GEOMETRY)))
        videos = [store.read(stored_file(row, rgb_video(view))) for view in range(row["num_views"])]
        clip = rendered_clip(row["clip_id"], ClipViews.of(geometry, videos, background), clip_facts(row, geometry))
        if clip is not None:
            found += 1
            yield clip


def export(view: View, layout: Layout, folder: Path, *, max_bytes: int) -> Exported:
    """Write the questions of all open captions and categories as a batch."""
    profile = view.profile
    stages = [name for name in ("category", "caption") if _asks(profile, name)]
    if not stages:
        raise UserError(
            "this profile asks no model",
            why=f"caption.provider is '{profile.caption.provider}', caption.categories '{profile.caption.categories}'",
            fix="add --set caption.provider=model, or write it into the profile",
            code="E408",
        )
    return export_batch(_questions(view, layout, stages), folder, profile.caption.endpoint, max_bytes=max_bytes)


def _asks(profile: Profile, stage: str) -> bool:
    return {"category": profile.caption.categories, "caption": profile.caption.provider}[stage] == "model"


def _questions(view: View, layout: Layout, stages: Sequence[str]) -> Iterator[tuple[str, Question]]:
    for name in stages:
        stage = view.stage(name)
        settings = stage.job_settings(stage.settings(view.profile))
        pending = [stub for stub in view.pending(name) if "own" not in stub.read_payload()]
        for start in range(0, len(pending), _AT_ONCE):
            jobs = _jobs(name, pending[start : start + _AT_ONCE], settings)
            for question in open_questions(name, jobs, layout.store, layout.root):
                yield question.digest[:ID_LENGTH], question


def _jobs(stage: str, stubs: Sequence[Stub], settings: object) -> list[Job]:
    return [stub.job(stage, settings) for stub in stubs]  # type: ignore[arg-type]


def import_answers(view: View, layout: Layout, folder: Path, files: Sequence[Path]) -> Imported:
    """Take a batch's answers into the cache, where the stages find them."""
    return import_batch(files, folder, view.profile.caption.endpoint, output=layout.root)
