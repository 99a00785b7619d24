"""Render: every selected clip becomes RGB videos, pose videos, rest-pose templates and the numbers behind them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rigmill.blender.child_files import read_own
from rigmill.blender.render_settings import RenderSettings
from rigmill.blender.requests import OUTPUTS, RENDER_CLIP, ClipItem, RenderAnswer
from rigmill.clips import members
from rigmill.config.schema import Profile
from rigmill.kinds import Output
from rigmill.outcomes import Kept, Outcome
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import CLIP, PLAYED, PRODUCTS
from rigmill.storage.files import Store
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Row, StoredFile


class RenderStage(Stage):
    """One job per selected clip; the clips of one asset share a child process."""

    name: ClassVar[str] = "render"
    version: ClassVar[int] = 6
    upstream: ClassVar[tuple[str, ...]] = ("select",)
    writes = PRODUCTS["render"]
    batch: ClassVar[int] = 16
    usual_seconds = 20.0
    jobs_per = {"select": 1.0}

    def settings(self, profile: Profile) -> Row:
        return dict(profile.render.model_dump(mode="json"))

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for clip in tables.products("select"):
            payload = only_keys(clip, *CLIP, *PLAYED)
            if clip["period_frames"] is not None:  # of others the key says nothing of it: they are not drawn again
                payload = with_values(payload, {"period_frames": clip["period_frames"]})
            yield Input(clip["clip_id"], payload, group=clip["asset_id"])

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        items = [clip_item(job, work.store).to_item() for job in jobs]
        sizes = [job.payload["num_frames"] * len(job.settings["azimuths_deg"]) for job in jobs]  # in view-frames

        def on_progress(index: int, done: int, _total: int) -> None:
            work.report("view-frames", sum(sizes[:index]) + done, sum(sizes))

        replies = work.blender.run(RENDER_CLIP, items, scratch=work.scratch, on_progress=on_progress)
        # The replies first: read to their end they leave the Blender server as it is; dropped before, they end it.
        for reply, job, size in zip(replies, jobs, sizes):
            outcome: Outcome | None = reply.outcome
            measured = reply.measured
            if reply.value is not None:
                outcome = Kept(
                    [
                        product_row(
                            job, answer=RenderAnswer.from_item(reply.value), scratch=work.scratch, store=work.store
                        )
                    ]
                )
                measured = replace(measured, extra=measured.extra | {"view_frames": size})
            shutil.rmtree(work.scratch / job.payload["clip_id"], ignore_errors=True)
            assert outcome is not None
            yield Answer(job.key, outcome, measured)


def clip_item(job: Job, store: Store) -> ClipItem:
    """The request to Blender."""
    clip, render = job.payload, RenderSettings.from_json(job.settings)
    stored = clip["motion_file"]
    return ClipItem(
        clip_id=clip["clip_id"],
        path=str(store.checked_path(StoredFile.from_row(clip["file"]))),
        format=clip["format"],
        armature=clip["armature"],
        action=clip["action"],
        slot=clip["slot"],
        start_frame=clip["start_frame"] or 0.0,
        num_frames=clip["num_frames"],
        fps=clip["fps"],
        front_deg=clip["facing_deg"] or 0.0,
        motion_path=str(store.checked_path(StoredFile.from_row(stored))) if stored else None,
        period_frames=clip.get("period_frames"),
        render=render,
        outputs=(*OUTPUTS, Output.MASK) if render.masks else OUTPUTS,
    )


def product_row(job: Job, *, answer: RenderAnswer, scratch: Path, store: Store) -> Row:
    """The product row of a rendered clip, its files stored."""
    clip, render = job.payload, RenderSettings.from_json(job.settings)
    names = [name for name in members.member_names(render.num_views, masks=render.masks) if name != members.META]
    folder = scratch / clip["clip_id"]
    files = [store.put_bytes(name, read_own(folder, name)) for name in names]
    return {
        **only_keys(clip, *CLIP),
        "asset_file": clip["file"],
        "period_frames": clip.get("period_frames"),
        "width_px": render.width_px,
        "height_px": render.height_px,
        "num_views": render.num_views,
        "has_masks": render.masks,
        "min_coverage": min(answer.coverage),
        "engine": answer.engine,
        "engine_reason": answer.engine_reason,
        "agreement": answer.agreement,
        "samples": answer.samples,
        "num_drawn_joints": answer.num_drawn_joints,
        **answer.round_trip,
        "files": [stored.to_row() for stored in files],
    }
