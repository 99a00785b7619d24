"""A clip of a benchmark that is made here: an asset, its true motion, and the numbers of its cameras."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from eval.bench.clips import Bench, BenchClip, Group
from eval.bodies.play import Film
from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.rigs import skeleton
from rigmill.types import Motion, Rig
from tests.support.files.tiny_glb import door, pack, turn, unpack

FPS, FRAMES = 16.0, 9
SCALE, OFFSET = 0.25, np.array([0.1, -0.2, 0.3])


def moving_door(angles_deg: np.ndarray, *, fps: float = FPS, start_s: float = 0.0) -> bytes:
    """The door of `tiny_glb`, turned by an angle in every frame."""
    made = door()
    made.animations.clear()
    times = start_s + np.arange(len(angles_deg)) / fps
    made.animate("open", 3, "rotation", times, [turn(1, float(angle)) for angle in angles_deg])
    with tempfile.TemporaryDirectory() as scratch:
        return made.write(Path(scratch) / "made.glb").read_bytes()


def without_animation(data: bytes) -> bytes:
    document, binary = unpack(data)
    document.pop("animations", None)
    return pack(document, binary)


def geometry_of(data: bytes, *, fps: float = FPS, frames: int = FRAMES, size_px: int = 64) -> ClipGeometry:
    """Numbers of a clip as the renderer stores them, of what a file shows, normalised by SCALE and OFFSET."""
    body = Film.of(data).body(fps=fps, num_frames=frames)
    assert body.bones is not None
    bones, vertices = body.bones, (body.vertices - OFFSET) * SCALE
    rig = Rig(bones.names, bones.parents, (bones.rest - OFFSET) * SCALE)
    joints = (bones.joints - OFFSET) * SCALE
    motion = Motion(
        skeleton.local_from_world(bones.parents, bones.turns), skeleton.local_from_places(rig, joints, bones.turns), fps
    )
    cameras = camera_ring(
        bounds=np.stack([vertices.min(axis=(0, 1)), vertices.max(axis=(0, 1))]),
        azimuths_deg=(0, 90, 180, 270),
        elevation_deg=0,
        width_px=size_px,
        height_px=size_px,
        field_of_view_deg=40,
        margin=0.08,
    )
    seen, rest = [project(camera, joints) for camera in cameras], [project(c, rig.rest_joints) for c in cameras]
    num = rig.num_joints
    return ClipGeometry(
        rig=rig,
        drawn=np.ones(num, bool),
        colours=np.zeros((num, 3), np.uint8),
        motion=motion,
        joints=joints,
        cameras=cameras,
        joints_px=np.stack([item[0] for item in seen]),
        joints_depth=np.stack([item[1] for item in seen]),
        visible=np.ones((len(cameras), frames, num), bool),
        rest_joints_px=np.stack([item[0] for item in rest]),
        rest_joints_depth=np.stack([item[1] for item in rest]),
        scale=SCALE,
        offset=OFFSET,
    )


def bench_clip(folder: Path, *, num_joints: int = 1, num_frames: int = FRAMES, fps: float = FPS) -> BenchClip:
    """A clip whose files are, or will be, in a folder of its name."""
    return BenchClip(
        clip_id=folder.name,
        asset_id=f"asset of {folder.name}",
        group=Group.FURNITURE,
        category="furniture",
        source="made",
        title="door",
        prompt="The door opens.",
        num_frames=num_frames,
        fps=fps,
        num_joints=num_joints,
        movement_pct=10.0,
        licence="CC0-1.0",
        folder=folder,
    )


def bench_of_asset(folder: Path, data: bytes, *, num_frames: int = FRAMES, fps: float = FPS) -> Bench:
    """A benchmark with one clip, `thing`, of which only the asset is there."""
    place = folder / "clips" / "thing"
    place.mkdir(parents=True)
    clip = bench_clip(place, num_frames=num_frames, fps=fps)
    clip.rest.write_bytes(without_animation(data))
    return Bench(folder, "one", "0" * 64, (clip,))


def door_bench(folder: Path, *, clips: int = 2) -> Bench:
    """A benchmark of doors that open by different angles."""
    made = []
    for number in range(clips):
        truth = moving_door(np.linspace(0, 60 + 20 * number, FRAMES))
        place = folder / "clips" / f"door{number}"
        place.mkdir(parents=True)
        geometry = geometry_of(truth)
        clip = bench_clip(place, num_joints=geometry.rig.num_joints)
        clip.truth.write_bytes(truth)
        clip.rest.write_bytes(without_animation(truth))
        clip.geometry.write_bytes(geometry.to_bytes())
        made.append(clip)
    return Bench(folder, "doors", "0" * 64, tuple(made))
