"""Select: the filters that decide which clips are worth rendering, cheapest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2

from curate.clips import clip_id, window_length
from curate.motion import flow_px_per_frame
from curate.pairing import motion_name
from rigmill.errors import Reject
from rigmill.profile import Profile
from rigmill.stage import Answer, Input, Job, Row, Rows, Stage, Work, only_keys
from rigmill.types import Bytes, Kept, Measured, Outcome, Rejected, StoredFile

PREVIEW = "render.blender.preview:preview_clip"

_FROM_RIG = (
    "asset_id", "rig_id", "source", "title", "tags", "licence", "attribution", "rights", "file", "format", "armature",
)


class SelectStage(Stage):
    """`probe` rows with motions of their own and `retarget` rows -> one `select` row per clip that passes."""

    name = "select"
    version = 1
    upstream = ("probe", "retarget")
    batch = 16

    def settings(self, profile: Profile) -> Row:
        return {
            "min_frames": profile.filters.min_frames, "max_frames": profile.filters.max_frames,
            "min_flow_px": profile.filters.min_flow_px, "preview_px": profile.filters.preview_px,
            "preview_frames": profile.filters.preview_frames,
        }

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """Every clip there is: (character, motion, first window)."""
        for rig in tables.products("probe"):
            if rig["kind"] != "animated":
                continue
            for motion in rig["motions"]:
                # The file plays its own motion: no motion_file.
                clip = only_keys(rig, *_FROM_RIG) | only_keys(
                    motion, "motion_id", "num_frames", "fps", "action", "slot", "start_frame"
                )
                name = motion_name(motion["name"], rig["title"])
                yield _clip_input(clip | {"kind": "native", "motion_file": None, "motion_name": name}, settings)
        for row in tables.products("retarget"):
            clip = only_keys(
                row, *_FROM_RIG, "motion_id", "motion_name", "kind", "num_frames", "fps", "motion_file"
            )
            yield _clip_input(clip | {"action": "", "slot": "", "start_frame": 0.0}, settings)

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        long_enough = []
        for job in jobs:
            found, limit = job.payload["num_frames"], job.settings["min_frames"]
            if found > limit:
                long_enough.append(job)
                continue
            message = f"{found} frames at {job.payload['fps']:g} fps; more than {limit} are needed"
            yield Answer(
                job.key, Rejected(Reject.TOO_FEW_FRAMES.value, message, float(found), float(limit)), Measured()
            )
        if not long_enough:
            return  # Blender is not started for nothing
        items = [_preview_item(job, work) for job in long_enough]
        for job, reply in zip(long_enough, work.blender.run(PREVIEW, items, scratch=work.scratch)):
            outcome: Outcome | None = reply.outcome
            if outcome is None:
                outcome = _judge(job, read_pairs(reply.value or {}, work.scratch))
            yield Answer(job.key, outcome, reply.measured)


def _clip_input(clip: Row, settings: Row) -> Input:
    """The clip with its window; a clip that is too short keeps its length, so that the filter can say so."""
    found = clip["num_frames"]
    if found > settings["min_frames"]:
        clip = clip | {"num_frames": window_length(found, settings["max_frames"])}
    name = clip_id(
        clip["asset_id"], rig_id=clip["rig_id"], motion_id=clip["motion_id"], start_frame=clip["start_frame"],
        num_frames=clip["num_frames"],
    )
    return Input(name, clip | {"clip_id": name}, group=clip["asset_id"])


def _preview_item(job: Job, work: Work) -> Row:
    clip = job.payload
    stored = clip["motion_file"]
    return only_keys(
        clip, "clip_id", "format", "armature", "action", "slot", "start_frame", "num_frames", "fps"
    ) | {
        "path": str(work.store.path(StoredFile.from_row(clip["file"]))),
        "motion_path": str(work.store.path(StoredFile.from_row(stored))) if stored else None,
        "preview_px": job.settings["preview_px"], "preview_frames": job.settings["preview_frames"],
    }


def read_pairs(preview: Row, scratch: Path) -> list[tuple[Bytes, Bytes]]:
    """The picture pairs of all views, RGBA (H, W, 4)."""
    folder = scratch / preview["folder"]
    return [
        (_read_rgba(folder / first), _read_rgba(folder / second))
        for view in preview["views"] for first, second in view
    ]


def _read_rgba(path: Path) -> Bytes:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        raise ValueError("a preview picture is not RGBA")
    return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)


def _judge(job: Job, pairs: Sequence[tuple[Bytes, Bytes]]) -> Outcome:
    limit = job.settings["min_flow_px"]
    flow = flow_px_per_frame(pairs)
    if flow <= limit:
        message = f"mean optical flow {flow:.3f} px per frame; more than {limit:g} is needed"
        return Rejected(Reject.LITTLE_MOTION.value, message, flow, limit)
    return Kept([job.payload | {"flow_px_per_frame": flow}])
