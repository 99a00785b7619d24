"""Render: every selected clip becomes RGB videos, pose videos, rest-pose templates and the numbers behind them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from render.jobs import RENDER_CLIP, ClipItem, ClipNumbers, clip_cameras, over_background
from rigmill import members, posemap
from rigmill.camera import project
from rigmill.errors import Refusal, Reject
from rigmill.files import Store
from rigmill.geometry import ClipGeometry
from rigmill.profile import Profile
from rigmill.stage import Answer, Input, Job, Row, Rows, Stage, Work, only_keys
from rigmill.types import Bytes, Camera, Floats, Kept, Outcome, Rejected, StoredFile
from rigmill.video import encode

# What a clip is called and where it comes from; copied into the product row.
CLIP_COLUMNS = (
    "clip_id", "asset_id", "rig_id", "motion_id", "source", "title", "tags", "licence", "attribution", "rights",
    "motion_name", "kind", "num_frames", "fps",
)
OPAQUE = 128  # alpha from which a pixel counts as the subject


class RenderStage(Stage):
    """One job per selected clip; the clips of one asset share a child process."""

    name: ClassVar[str] = "render"
    version: ClassVar[int] = 1
    upstream: ClassVar[tuple[str, ...]] = ("select",)
    batch: ClassVar[int] = 16

    def settings(self, profile: Profile) -> Row:
        return dict(profile.render.model_dump(mode="json"))

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for clip in tables.products("select"):
            payload = only_keys(
                clip, *CLIP_COLUMNS, "file", "format", "armature", "action", "slot", "start_frame", "motion_file"
            )
            yield Input(clip["clip_id"], payload, group=clip["asset_id"])

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        items = [clip_item(job, work.store).to_item() for job in jobs]
        for job, reply in zip(jobs, work.blender.run(RENDER_CLIP, items, scratch=work.scratch)):
            outcome: Outcome | None = reply.outcome
            if reply.value is not None:
                folder = work.scratch / reply.value["folder"]
                try:
                    outcome = Kept([finish_clip(job, answer=reply.value, folder=folder, store=work.store)])
                except Refusal as refusal:
                    outcome = Rejected(refusal.code.value, refusal.message, refusal.measured, refusal.limit)
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
            assert outcome is not None
            yield Answer(job.key, outcome, reply.measured)


def clip_item(job: Job, store: Store) -> ClipItem:
    """The request to Blender."""
    clip = job.payload
    stored = clip["motion_file"]
    return ClipItem(
        clip_id=clip["clip_id"], path=str(store.path(StoredFile.from_row(clip["file"]))), format=clip["format"],
        armature=clip["armature"], action=clip["action"], slot=clip["slot"],
        start_frame=clip["start_frame"] or 0.0, num_frames=clip["num_frames"], fps=clip["fps"],
        motion_path=str(store.path(StoredFile.from_row(stored))) if stored else None, render=job.settings,
    )


def finish_clip(job: Job, *, answer: Row, folder: Path, store: Store) -> Row:
    """The product row of a rendered clip, its files stored; refuses pictures that show too little or too much."""
    clip, render = job.payload, job.settings
    numbers = ClipNumbers.from_bytes((folder / answer["numbers"]).read_bytes())
    cameras = clip_cameras(numbers.view_bounds, render)
    radius_px = posemap.radius_for(render["joint_radius_px"], render["height_px"])
    geometry = build_geometry(numbers, cameras, radius_px=radius_px, max_drawn_joints=render["max_drawn_joints"])
    videos: list[StoredFile] = []
    coverages = []
    for view, names in enumerate(answer["frames"]):
        pictures = np.stack([read_rgba(folder / name) for name in names])
        coverages.append(check_view(pictures, cameras[view], min_coverage=render["min_coverage"]))
        frames = np.stack([over_background(picture, render["background"]) for picture in pictures])
        data = encode(
            frames, fps=clip["fps"], crf=render["rgb_crf"], pixel_format="yuv420p",
            keyframe_interval=render["keyframe_interval"],
        )
        videos.append(store.put_bytes(members.rgb_video(view), data))
    for view, camera in enumerate(cameras):
        maps = [
            pose_map(geometry, camera, geometry.joints_px[view, frame], geometry.joints_depth[view, frame], radius_px)
            for frame in range(len(geometry.joints))
        ]
        data = encode(
            np.stack(maps), fps=clip["fps"], crf=render["pose_crf"], pixel_format="yuv444p",
            keyframe_interval=render["keyframe_interval"],
        )
        videos.append(store.put_bytes(members.pose_video(view), data))
    templates = [
        store.put_bytes(
            members.rgb_template(view), png(over_background(read_rgba(folder / name), render["background"]))
        )
        for view, name in enumerate(answer["rest"])
    ] + [
        store.put_bytes(
            members.pose_template(view),
            png(pose_map(
                geometry, camera, geometry.rest_joints_px[view], geometry.rest_joints_depth[view], radius_px
            )),
        )
        for view, camera in enumerate(cameras)
    ]
    files = [*videos, *templates, store.put_bytes(members.GEOMETRY, geometry.to_bytes())]
    return only_keys(clip, *CLIP_COLUMNS) | {
        "asset_file": clip["file"],
        "width_px": render["width_px"], "height_px": render["height_px"], "num_views": len(cameras),
        "engine": render["engine"], "min_coverage": min(coverages), "num_drawn_joints": int(geometry.drawn.sum()),
        "files": [stored.to_row() for stored in files],
    }


def build_geometry(
    numbers: ClipNumbers, cameras: tuple[Camera, ...], *, radius_px: float, max_drawn_joints: int
) -> ClipGeometry:
    """Everything that is stored beside the videos."""
    projected = [project(camera, numbers.joints) for camera in cameras]
    at_rest = [project(camera, numbers.rig.rest_joints) for camera in cameras]
    joints_px, joints_depth = np.stack([item[0] for item in projected]), np.stack([item[1] for item in projected])
    rest_px, rest_depth = np.stack([item[0] for item in at_rest]), np.stack([item[1] for item in at_rest])
    size = np.array([cameras[0].width_px, cameras[0].height_px])
    drawn = posemap.choose_drawn(numbers.rig, rest_px, radius_px=radius_px, max_joints=max_drawn_joints)
    return ClipGeometry(
        rig=numbers.rig, drawn=drawn, colours=posemap.assign_colours(rest_px, drawn), motion=numbers.motion,
        joints=numbers.joints, cameras=cameras, joints_px=joints_px, joints_depth=joints_depth,
        visible=(joints_depth > 0) & ((joints_px >= 0) & (joints_px < size)).all(axis=-1),
        rest_joints_px=rest_px, rest_joints_depth=rest_depth, scale=numbers.scale, offset=numbers.offset,
    )


def pose_map(geometry: ClipGeometry, camera: Camera, joints_px: Floats, depth: Floats, radius_px: float) -> Bytes:
    """One pose map (H, W, 3) RGB."""
    return posemap.draw(
        joints_px, depth, parents=geometry.rig.parents, drawn=geometry.drawn, colours=geometry.colours,
        width_px=camera.width_px, height_px=camera.height_px, radius_px=radius_px,
    )


def check_view(pictures: Bytes, camera: Camera, *, min_coverage: float) -> float:
    """Mean share of the picture that the subject covers; `pictures` is RGBA (T, H, W, 4). Refuses bad framing."""
    subject = pictures[..., 3] >= OPAQUE
    coverage = float(subject.mean())
    if coverage < min_coverage:
        raise Refusal(
            Reject.EMPTY_PICTURE, f"the subject covers too little of the view at {camera.azimuth_deg:g} degrees",
            measured=coverage, limit=min_coverage,
        )
    edges = [subject[:, 0, :], subject[:, -1, :], subject[:, :, 0], subject[:, :, -1]]
    cut = np.any([edge.any(axis=1) for edge in edges], axis=0)
    if cut.any():
        raise Refusal(
            Reject.OUT_OF_FRAME,
            f"the subject touches the picture's edge in {int(cut.sum())} frames of the view at "
            f"{camera.azimuth_deg:g} degrees",
            measured=float(cut.sum()), limit=0.0,
        )
    return coverage


def read_rgba(path: Path) -> Bytes:
    """A rendered picture, RGBA (H, W, 4)."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        raise ValueError("Blender wrote no RGBA picture")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)


def png(picture: Bytes) -> bytes:
    """The picture (H, W, 3) RGB as PNG."""
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError("the picture cannot be written as PNG")
    return bytes(data.tobytes())
