"""Rendered clips whose motion is known, drawn as sticks: rows of the render stage with their files in a store."""

from __future__ import annotations

import cv2
import numpy as np

from rigmill.clips import members
from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import encode
from rigmill.rigs.skeleton import forward
from rigmill.storage.files import Store
from rigmill.types import Bytes, Camera, Floats, Motion, Rig
from tests.support.curation import body
from tests.support.plain_bodies import still
from tests.support.walking import walk

SIZE_PX, AZIMUTHS_DEG = 64, (0.0, 90.0, 180.0, 270.0)


def walking(*, backwards: bool = False, in_place: bool = False) -> tuple[Rig, Motion]:
    """A humanoid with Mixamo's names that walks the way it faces for 27 frames, or the same in reverse."""
    rig = body()
    motion, _ = walk(rig, fps=9.0, in_place=in_place)
    way = slice(None, None, -1) if backwards else slice(None)
    return rig, Motion(motion.rotations[way][:27], motion.translations[way][:27], motion.fps)


def standing() -> tuple[Rig, Motion]:
    """The same body at rest."""
    rig = body()
    return rig, still(rig, 17)


def render_row(
    store: Store,
    clip_id: str,
    rig: Rig,
    motion: Motion,
    *,
    size_px: tuple[int, int] = (SIZE_PX, SIZE_PX),
    **known: object,
) -> dict[str, object]:
    """The row of a clip of this motion, all of its files stored. `size_px`: width and height."""
    joints, _ = forward(rig, motion)
    bounds = np.stack([joints.min(axis=(0, 1)), joints.max(axis=(0, 1))])
    cameras = camera_ring(
        bounds=bounds,
        azimuths_deg=list(AZIMUTHS_DEG),
        elevation_deg=0,
        width_px=size_px[0],
        height_px=size_px[1],
        field_of_view_deg=40,
        margin=0.08,
    )
    seen = [project(camera, joints) for camera in cameras]
    rest = [project(camera, rig.rest_joints) for camera in cameras]
    whole = np.ones(rig.num_joints, bool)
    geometry = ClipGeometry(
        rig=rig,
        drawn=whole,
        colours=np.full((rig.num_joints, 3), 255, np.uint8),
        motion=motion,
        joints=joints,
        cameras=tuple(cameras),
        joints_px=np.stack([places for places, _ in seen]),
        joints_depth=np.stack([depth for _, depth in seen]),
        visible=np.ones((len(cameras), *joints.shape[:2]), bool),
        rest_joints_px=np.stack([places for places, _ in rest]),
        rest_joints_depth=np.stack([depth for _, depth in rest]),
        scale=1.0,
        offset=np.zeros(3),
    )
    data = {members.GEOMETRY: geometry.to_bytes()}
    for view, camera in enumerate(cameras):
        frames = np.stack([_sticks(rig, places, camera) for places in seen[view][0]])
        data[members.rgb_video(view)] = encode(
            frames, fps=motion.fps, crf=18, pixel_format="yuv420p", keyframe_interval=12
        )
        picture = cv2.cvtColor(_sticks(rig, rest[view][0], camera), cv2.COLOR_RGB2BGR)
        data[members.rgb_template(view)] = cv2.imencode(".png", picture)[1].tobytes()
    row = {"clip_id": clip_id, "asset_id": f"asset-{clip_id}", "rig_id": "r", "source": "made", "title": "", "tags": []}
    row |= {"motion_name": "", "num_views": len(cameras)}
    return row | {"files": [store.put_bytes(name, part).to_row() for name, part in data.items()]} | known


def _sticks(rig: Rig, places: Floats, camera: Camera) -> Bytes:
    picture = np.full((camera.height_px, camera.width_px, 3), 255, np.uint8)
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            ends = [tuple(int(value) for value in np.rint(places[one])) for one in (joint, parent)]
            cv2.line(picture, ends[0], ends[1], (180, 60, 40), 3)
    return picture
