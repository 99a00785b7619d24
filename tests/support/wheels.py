"""Small shards of moving coloured discs, built the way the pipeline builds its own."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import encode
from rigmill.storage.files import Store, sha256_bytes
from rigmill.types import Motion, Rig
from shards.sample import member_names, sample_bytes

COLOURS = np.array([[230, 40, 40], [40, 200, 60], [60, 80, 240]], dtype=np.uint8)


def synthetic_members(clip: int, *, num_frames: int, size_px: int, num_views: int) -> dict[str, bytes]:
    """One clip's members: three joints on a wheel that turns, at a speed and height that depend on the clip."""
    time = np.arange(num_frames + 1)[:, None] / 8 * (1 + clip % 3) * 0.5  # index 0 is the rest pose
    phase = np.arange(3)[None] * 2 * math.pi / 3 + time
    joints = np.stack([np.cos(phase), np.sin(phase), np.sin(phase * (1 + clip % 2)) * 0.5], axis=-1) * 0.8
    cameras = camera_ring(
        bounds=np.array([[-1, -1, -1], [1, 1, 1.0]]),
        azimuths_deg=[360 / num_views * view for view in range(num_views)],
        elevation_deg=0,
        width_px=size_px,
        height_px=size_px,
        field_of_view_deg=40,
        margin=0.05,
    )
    projected = [project(camera, joints) for camera in cameras]
    pixels = np.stack([item[0] for item in projected])
    depth = np.stack([item[1] for item in projected])

    def picture(view: int, frame: int, *, pose: bool) -> np.ndarray:
        canvas = np.full((size_px, size_px, 3), 0 if pose else 255, dtype=np.uint8)
        for joint in np.argsort(-depth[view, frame]):
            centre = tuple(int(value) for value in pixels[view, frame, joint].round())
            colour = tuple(int(value) for value in COLOURS[joint] // (1 if pose else 2))
            cv2.circle(canvas, centre, size_px // (20 if pose else 9), colour, -1, cv2.LINE_AA)
        return canvas

    def png(canvas: np.ndarray) -> bytes:
        return cv2.imencode(".png", canvas[:, :, ::-1])[1].tobytes()

    members = {}
    for view in range(num_views):
        for pose, name in ((False, "rgb"), (True, "pose")):
            frames = np.stack([picture(view, frame, pose=pose) for frame in range(1, num_frames + 1)])
            members[f"{name}.{view}.mp4"] = encode(
                frames, fps=16, crf=12, pixel_format="yuv444p" if pose else "yuv420p", keyframe_interval=8
            )
            members[f"template_{name}.{view}.png"] = png(picture(view, 0, pose=pose))
    quaternions = np.zeros((num_frames, 3, 4), np.float32)
    quaternions[..., 0] = 1
    members["geometry.npz"] = ClipGeometry(
        rig=Rig(names=("a", "b", "c"), parents=np.array([-1, 0, 1]), rest_joints=joints[0]),
        drawn=np.ones(3, bool),
        colours=COLOURS,
        motion=Motion(quaternions, np.zeros((num_frames, 3, 3)), 16.0),
        joints=joints[1:],
        cameras=cameras,
        joints_px=pixels[:, 1:],
        joints_depth=depth[:, 1:],
        visible=np.ones(depth[:, 1:].shape, bool),
        rest_joints_px=pixels[:, 0],
        rest_joints_depth=depth[:, 0],
        scale=1.0,
        offset=np.zeros(3),
    ).to_bytes()
    members["meta.json"] = json.dumps({"clip": clip}).encode()
    return members


def build_shard(
    store: Store, *, num_clips: int, num_frames: int | Sequence[int] = 17, size_px: int = 64, num_views: int = 4
) -> list[dict[str, Any]]:
    """Index rows of one shard put into `store`. `num_frames`: of every clip, or of each by turns."""
    rows, parts, offset = [], [], 0
    for clip in range(num_clips):
        length = num_frames if isinstance(num_frames, int) else num_frames[clip % len(num_frames)]
        members = synthetic_members(clip, num_frames=length, size_px=size_px, num_views=num_views)
        records = sample_bytes(f"clip{clip}", [(name, members[name]) for name in member_names(num_views)])
        rows.append(
            {
                "clip_id": f"clip{clip}",
                "source": "procedural" if clip % 2 else "folder",
                "split": "train",
                "caption": f"a wheel of {clip} turns",
                "num_frames": length,
                "num_views": num_views,
                "offset": offset,
                "num_bytes": len(records),
                "sample_sha256": sha256_bytes(records),
            }
        )
        parts.append(records)
        offset += len(records)
    stored = store.put_bytes("shard-000000.tar", b"".join(parts) + b"\0" * 1024)
    return [{**row, "shard_file": stored.to_row()} for row in rows]
