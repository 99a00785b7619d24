"""The report's section on clips: each with its videos, its caption and where it is from; and clips by category."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from rigmill.clips.members import GEOMETRY, pose_template, pose_video, rgb_template, rgb_video
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import jpeg, picture
from rigmill.clips.sheets import mosaic_video, overlay, stack, tile, with_ground
from rigmill.clips.video import decode
from rigmill.kinds import ClipKind
from rigmill.pipeline.view import View
from rigmill.report.folder import ReportFolder
from rigmill.storage.files import Store, digest
from rigmill.types import Row, StoredFile

MAX_CLIPS = 200
VIDEO_HEIGHT_PX = 160


@dataclass(frozen=True, slots=True)
class Clip:
    """One rendered clip in words; `poster` and `video` are files of the report."""

    clip_id: str
    poster: str
    video: str
    caption: str | None
    tags: list[str]
    num_frames: int
    fps: float
    num_drawn_joints: int
    flow_px: float | None  # per frame
    min_coverage: float | None  # share of the picture
    title: str
    motion_name: str
    attribution: str


@dataclass(frozen=True, slots=True)
class ClipsSection:
    """The first clips by source, title and motion, and (category, clips), most frequent first."""

    total: int
    clips: list[Clip]
    categories: list[tuple[str, int]]


def section(view: View, *, store: Store, folder: ReportFolder) -> ClipsSection:
    """The clips of the section, their posters and videos put into the report."""
    captions = {row["clip_id"]: row["caption"] for row in view.products("caption")}
    categories = {row["asset_id"]: row["category"] for row in view.products("category")}
    splits = {row["clip_id"]: row["split"] for row in view.products("shards")}
    flows = {row["clip_id"]: row["flow_px_per_frame"] for row in view.products("select")}
    renders = sorted(
        view.products("render"), key=lambda row: (row["source"], row["title"], row["motion_name"], row["clip_id"])
    )
    clips = []
    for row in renders[:MAX_CLIPS]:
        clip_id = row["clip_id"]
        poster, video = _pictures(row, store=store, folder=folder)
        tags = [categories.get(row["asset_id"]), row["kind"], row["licence"], splits.get(clip_id)]
        clips.append(
            Clip(
                clip_id,
                poster,
                video,
                captions.get(clip_id),
                [tag for tag in tags if tag],
                row["num_frames"],
                row["fps"],
                row["num_drawn_joints"],
                flows.get(clip_id),
                row["min_coverage"],
                row["title"],
                row["motion_name"],
                row["attribution"],
            )
        )
    numbers = Counter(categories.get(row["asset_id"]) or "unknown" for row in renders)
    return ClipsSection(len(renders), clips, sorted(numbers.items(), key=lambda item: (-item[1], item[0])))


def _pictures(row: Row, *, store: Store, folder: ReportFolder) -> tuple[str, str]:
    """The names of a clip's poster and video, which are put into the report where they are not there yet."""
    version = digest(row["files"], length=8)  # another rendering of the clip gets other pictures
    poster, video = f"{row['clip_id']}-{version}.jpg", f"{row['clip_id']}-{version}.mp4"
    if folder.holds(poster, video):
        return poster, video
    files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
    geometry = ClipGeometry.from_bytes(store.read(files[GEOMETRY]))
    views = range(row["num_views"])
    rgb = np.stack([decode(store.read(files[rgb_video(view)])) for view in views])
    pose = np.stack([decode(store.read(files[pose_video(view)])) for view in views])
    labels = [f"azimuth {camera.azimuth_deg:g}" for camera in geometry.cameras]
    middle = rgb.shape[1] // 2
    seen = list(overlay(rgb[:, middle], pose[:, middle]))
    rest = [
        overlay(*(picture(store.read(files[name(view)])) for name in (rgb_template, pose_template))) for view in views
    ]
    words = ""
    if row["kind"] == ClipKind.RETARGETED:  # the ground of a motion is that of its character's rest pose
        seen = [with_ground(one, geometry, view, middle) for view, one in enumerate(seen)]
        rest, words = [with_ground(one, geometry, view) for view, one in enumerate(rest)], ", ground"
    sheet = stack(
        [
            tile(list(rgb[:, middle]), [f"{label}, frame {middle}" for label in labels]),
            tile(seen, [f"pose over rgb{words}"] * len(labels)),
            tile(rest, [f"rest pose{words}"] * len(labels)),
        ]
    )
    folder.put(poster, jpeg(sheet))
    folder.put(video, mosaic_video(rgb, pose, fps=row["fps"], height_px=VIDEO_HEIGHT_PX))
    return poster, video
