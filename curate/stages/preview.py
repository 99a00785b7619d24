"""Preview: every clip is looked at cheaply in Blender, and what was seen is stored; `select` decides by it."""

from __future__ import annotations

import io
import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import cv2
import numpy as np

from curate.filters.checks import checks
from curate.filters.flow import growth, look, motion_hash
from curate.filters.rules import CLIP_RULES, LEAST_FRAMES, RETARGETED_RULES, RIG_RULES, first_refusal
from curate.filters.windows import clip_id, looked_at, num_windows, shown_of, window_length, window_start
from curate.stages.retarget import character_title, motion_name
from rigmill.blender.child_files import own_path, read_own
from rigmill.blender.requests import PREVIEW_CLIP, PreviewAnswer, PreviewItem
from rigmill.clips.pictures import jpeg, over_background
from rigmill.config.schema import Profile
from rigmill.kinds import AssetKind, ClipKind
from rigmill.outcomes import Cost, Kept, Outcome, Refusal, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.storage.columns import CHARACTER, MOTION, PRODUCTS
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Bytes, Row, StoredFile

JOB_SETTINGS = ("preview_px", "preview_frames")
STRIP, STRIP_PX, STRIP_QUALITY = "preview.jpg", 128, 80


class PreviewStage(Stage):
    """`probe` rows with motions of their own and `retarget` rows -> one `preview` row per clip that could be seen.

    The filters that need no picture are decided while planning (curate/filters/rules.py); limits of those that do are
    not read here, so changing one previews nothing again.
    """

    name: ClassVar[str] = "preview"
    version: ClassVar[int] = 5
    upstream: ClassVar[tuple[str, ...]] = ("probe", "retarget")
    writes = PRODUCTS["preview"]
    batch: ClassVar[int] = 16
    usual_seconds = 2.0
    jobs_per = {"probe": 1.2, "retarget": 1.0}

    def settings(self, profile: Profile) -> Row:
        return {**profile.filters.model_dump(mode="json"), "licence_policy": profile.licence_policy}

    def job_settings(self, settings: Row) -> Row:
        return only_keys(settings, *JOB_SETTINGS)

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """Every clip there is: the windows of each motion of a file, and those that `retarget` chose."""
        verdicts: dict[str, Row | None] = {}  # by asset, of the rules about the rig alone
        hashes: dict[str, str | None] = {}
        fronts: dict[str, float | None] = {}
        for rig in tables.products("probe"):
            if rig["kind"] == AssetKind.MOTION:
                continue
            verdicts[rig["asset_id"]] = verdict = first_refusal(rig, RIG_RULES, settings)
            hashes[rig["asset_id"]], fronts[rig["asset_id"]] = rig["geometry_hash"], rig["facing_deg"]
            if rig["kind"] != AssetKind.ANIMATED:
                continue
            common, title = only_keys(rig, *CHARACTER, "geometry_hash", "facing_deg"), character_title(rig)
            if title != rig["title"]:
                common = with_values(common, {"title": title})
            for motion in rig["motions"]:
                # The file plays its own motion: no motion_file.
                own = only_keys(motion, "motion_id", "num_frames", "fps", "action", "slot", "start_frame")
                name = motion_name(motion["name"], rig["title"])
                clip = with_values(common, {**own, "kind": ClipKind.NATIVE, "motion_file": None, "motion_name": name})
                yield from _windows(clip, motion, verdict, settings)
        for row in tables.products("retarget"):
            clip = only_keys(row, *CHARACTER, *MOTION, "start_frame", "motion_file", "period_frames")
            first_frame = round(row["start_frame"])
            more = {
                "action": "",
                "slot": "",
                "geometry_hash": hashes.get(row["asset_id"]),
                "facing_deg": fronts.get(row["asset_id"]),
                "first_frame": first_frame,
                "motion_frames": first_frame + row["num_frames"],
            }
            clip, verdict = with_values(clip, more), verdicts.get(row["asset_id"])
            yield _clip_input(clip, verdict or first_refusal(clip, RETARGETED_RULES, settings), settings)

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        asked = []
        for job in jobs:
            if job.payload["refused"]:
                yield Answer(job.key, Rejected.from_row(job.payload["refused"]), Cost())
            else:
                asked.append(job)
        if not asked:
            return  # Blender is not started for nothing
        items = [_preview_item(job, work) for job in asked]
        # Replies first: they must be read to their end, or the client takes the server for one that is cut off.
        for reply, job in zip(work.blender.run(PREVIEW_CLIP, items, scratch=work.scratch), asked):
            outcome: Outcome | None = reply.outcome
            if reply.value is not None:
                preview = PreviewAnswer.from_item(reply.value)
                try:
                    outcome = Kept([_row(job, preview, work)])
                except Refusal as refusal:
                    outcome = refusal.to_rejected()
                shutil.rmtree(own_path(work.scratch, preview.folder), ignore_errors=True)
            assert outcome is not None
            yield Answer(job.key, outcome, reply.measured)


def _windows(clip: Row, motion: Row, verdict: Row | None, settings: Row) -> Iterator[Input]:
    """The windows of a file's own motion, each to be judged by itself; one input for a motion that is refused whole."""
    shown = shown_of(motion, settings["max_frames"])
    count = num_windows(shown.num_frames, min_frames=settings["min_frames"], max_frames=settings["max_frames"])
    asked = only_keys(motion, "num_own_frames", "own_fps", "extent_ratio")
    if count > 1:  # what is known is of the whole: in some of the windows it may not explode
        asked = with_values(asked, {"extent_ratio": None})
    verdict = verdict or first_refusal(with_values(clip, asked), CLIP_RULES, settings)
    for window in looked_at(count, settings["max_windows"] if verdict is None else 1):
        first_frame = window_start(window, shown.num_frames, settings["max_frames"])
        more = {
            "start_frame": motion["start_frame"] + first_frame,
            "num_frames": shown.num_frames - first_frame,
            "first_frame": first_frame,
            "motion_frames": motion["num_frames"],
            "period_frames": shown.period_frames,
        }
        yield _clip_input(with_values(clip, more), verdict, settings)


def _clip_input(clip: Row, verdict: Row | None, settings: Row) -> Input:
    """The clip, as long as clips are, with its verdict; one that is too short keeps its length."""
    num_frames = clip["num_frames"]
    if num_frames >= LEAST_FRAMES:
        num_frames = window_length(num_frames, settings["max_frames"])
    name = clip_id(
        clip["asset_id"],
        rig_id=clip["rig_id"],
        motion_id=clip["motion_id"],
        start_frame=clip["start_frame"],
        num_frames=num_frames,
    )
    more = {"clip_id": name, "num_frames": num_frames, "refused": verdict}
    return Input(name, with_values(clip, more), group=clip["asset_id"])


def _preview_item(job: Job, work: Work) -> Row:
    clip = job.payload
    stored = clip["motion_file"]
    item = {
        **only_keys(clip, "clip_id", "format", "armature", "action", "slot", "start_frame", "num_frames", "fps"),
        "period_frames": clip["period_frames"],
        "path": str(work.store.checked_path(StoredFile.from_row(clip["file"]))),
        "motion_path": str(work.store.checked_path(StoredFile.from_row(stored))) if stored else None,
        "front_deg": clip["facing_deg"] or 0.0,
        **only_keys(job.settings, *JOB_SETTINGS),
    }
    return PreviewItem.from_item(item).to_item()


def _row(job: Job, preview: PreviewAnswer, work: Work) -> Row:
    """The product row: the clip and what was seen of it."""
    folder = own_path(work.scratch, preview.folder)
    views = [[_rgba(read_own(folder, name)) for name in view] for view in preview.views]
    seen = look(views, frames=preview.frames, starts=preview.starts)
    ratio = growth(preview.extents)
    if not math.isfinite(ratio):
        raise Refusal(Reject.NOT_FINITE, "in one frame the subject is so large that in most others nothing is left")
    clip = {key: value for key, value in job.payload.items() if key != "refused"}
    shown = [_rgba(read_own(folder, name)) for view in preview.shown for name in view]
    rig, motion = rig_from_bytes(read_own(folder, preview.rig)), motion_from_bytes(read_own(folder, preview.motion))
    joints = np.load(io.BytesIO(read_own(folder, preview.joints)), allow_pickle=False)
    return clip | {
        **checks(joints, rig, motion, size=float(np.median(preview.extents))),
        "flow_px_per_frame": seen.flow_px_per_frame,
        "flow_px": seen.flow_px,
        "coverage": seen.coverage,
        "extent_ratio": ratio,
        "motion_hash": motion_hash(joints),
        "files": [work.store.put_bytes(STRIP, strip(shown)).to_row()],
    }


def strip(pictures: Sequence[Bytes]) -> bytes:
    """A JPEG of RGBA pictures side by side over white: what a person sees of a clip that was not kept."""
    columns = []
    for picture in pictures:
        columns.append(
            cv2.resize(over_background(picture, (255, 255, 255)), (STRIP_PX, STRIP_PX), interpolation=cv2.INTER_AREA)
        )
    return jpeg(np.concatenate(columns, axis=1), quality=STRIP_QUALITY)


def _rgba(png: bytes) -> Bytes:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        raise ValueError("a preview picture is not RGBA")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)
