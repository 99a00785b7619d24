"""A small benchmark of the generated world's bodies, written without Blender: what methods and metrics read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from curate.world.looks.naming import written
from curate.world.make import Made, make
from curate.world.mesh import mesh_of
from curate.world.take import Take
from eval.bench.clips import BENCH_CSV, BENCH_JSON, CLIPS, GEOMETRY, REST, TRUTH, Bench, BenchClip, Group
from eval.bench.reading import FORMAT, entry_of
from eval.bench.sheet import Line, sheet_bytes
from eval.bench.ties import Marks
from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.formats.glb import Glb
from rigmill.formats.motion_files import moving_glb
from rigmill.rigs import quaternions, skeleton
from rigmill.storage.files import digest, sha256_file
from rigmill.types import Motion, Rig
from shards.index import SUMS, sums_text

GROUPS = {"child": Group.HUMANOID, "adult": Group.HUMANOID, "horse": Group.QUADRUPED, "cabinet": Group.FURNITURE}


def rig_of(made: Made) -> Rig:
    """The joints under the names that the file has them by."""
    bones = made.body.skeleton
    names = written(bones.names, made.body.style, is_person=made.body.is_person)
    heads = np.array([bone.head for bone in bones.bones])
    return Rig(names, np.array(bones.parents, dtype=np.int32), heads)


def motion_of(made: Made, take: Take) -> Motion:
    """The take as a motion of `rig_of`."""
    names, length = made.body.skeleton.names, take.num_frames
    turns = [np.broadcast_to(take.turns.get(name, np.eye(3)), (length, 3, 3)) for name in names]
    shifts = [np.broadcast_to(take.shifts.get(name, np.zeros(3)), (length, 3)) for name in names]
    return Motion(quaternions.from_matrix(np.stack(turns, axis=1)), np.stack(shifts, axis=1), take.fps)


def geometry_of(made: Made, motion: Motion, *, size_px: int = 64) -> ClipGeometry:
    """The clip's numbers, normalised over the mesh at rest and the joints in motion."""
    rig = rig_of(made)
    joints, _ = skeleton.forward(rig, motion)
    rest = mesh_of(made.body, paint=False).vertices
    points = np.concatenate([rest, joints.reshape(-1, 3)])
    low, high = points.min(axis=0), points.max(axis=0)
    scale, offset = 1 / float((high - low).max()), (low + high) / 2
    normal = Rig(rig.names, rig.parents, (rig.rest_joints - offset) * scale)
    moved = Motion(motion.rotations, motion.translations * scale, motion.fps)
    places = (joints - offset) * scale
    cameras = camera_ring(
        bounds=(np.stack([low, high]) - offset) * scale,
        azimuths_deg=(0, 90, 180, 270),
        elevation_deg=0,
        width_px=size_px,
        height_px=size_px,
        field_of_view_deg=40,
        margin=0.08,
    )
    pixels, depths = (np.stack(parts) for parts in zip(*(project(camera, places) for camera in cameras)))
    rest_px, rest_depth = (np.stack(part) for part in zip(*(project(camera, normal.rest_joints) for camera in cameras)))
    drawn = np.ones(rig.num_joints, dtype=np.bool_)
    return ClipGeometry(
        rig=normal,
        drawn=drawn,
        colours=np.full((rig.num_joints, 3), 90, dtype=np.uint8),
        motion=moved,
        joints=places,
        cameras=cameras,
        joints_px=pixels,
        joints_depth=depths,
        visible=np.ones(depths.shape, dtype=bool),
        rest_joints_px=rest_px,
        rest_joints_depth=rest_depth,
        scale=scale,
        offset=offset,
    )


def still_glb(made: Made) -> bytes:
    """The asset without a motion."""
    glb = Glb.from_bytes(made.to_glb())
    del glb.document["animations"]
    return glb.to_bytes()


def write_clip(folder: Path, made: Made, number: int, clip_id: str, *, plan: str) -> BenchClip:
    """One take as a clip of a benchmark."""
    take, rest = made.takes[number], still_glb(made)
    motion, own = motion_of(made, take), folder / CLIPS / clip_id
    own.mkdir(parents=True)
    (own / REST).write_bytes(rest)
    (own / TRUTH).write_bytes(moving_glb([rest], rig_of(made), motion, name="truth")[0])
    geometry = geometry_of(made, motion)
    (own / GEOMETRY).write_bytes(geometry.to_bytes())
    moved = np.linalg.norm(geometry.joints - geometry.joints[:1], axis=-1).mean()
    return BenchClip(
        clip_id=clip_id,
        asset_id=f"asset-{plan}",
        group=GROUPS.get(plan, Group.OTHER),
        category="character" if plan in ("child", "adult") else "animal",
        source="world",
        title=made.title,
        prompt=made.captions[number][0],
        num_frames=take.num_frames,
        fps=take.fps,
        num_joints=geometry.rig.num_joints,
        movement_pct=float(100 * moved),
        licence="CC0-1.0",
        folder=own,
    )


def write_bench(
    folder: Path, plans: Sequence[str] = ("horse", "cabinet"), *, takes: int = 1, num_frames: int = 7, seed: int = 3
) -> Bench:
    """A benchmark of one body a plan, so many takes of each."""
    clips = []
    for plan in plans:
        made = make(plan, 0, seed, takes=takes, num_frames=num_frames)
        for number in range(len(made.takes)):
            clips.append(write_clip(folder, made, number, f"{plan}{number}", plan=plan))
    return Bench(folder, "world", digest([clip.clip_id for clip in clips], num_frames, seed), tuple(clips))


def seal(bench: Bench) -> Bench:
    """Write what makes the folder a benchmark that can be opened: its list, its sheet and its digests."""
    folder = bench.folder
    entries = []
    for number, clip in enumerate(bench.clips):
        own = {name: sha256_file(clip.folder / name) for name in (REST, TRUTH, GEOMETRY)}
        shape = np.random.default_rng(number).normal(size=17).tolist()
        marks = Marks(clip.clip_id, clip.asset_id, f"m{number}", f"h{number}", f"g{number}", tuple(shape))
        entries.append(entry_of(clip, marks, own))
    record = {
        "format": FORMAT,
        "name": bench.name,
        "digest": bench.digest,
        "num_wanted": len(entries),
        "available": {group.value: sum(clip.group is group for clip in bench.clips) for group in Group},
        "clips": entries,
    }
    (folder / BENCH_JSON).write_text(json.dumps(record))
    (folder / BENCH_CSV).write_bytes(sheet_bytes([Line(clip.clip_id, clip.category) for clip in bench.clips]))
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != BENCH_CSV]
    (folder / SUMS).write_bytes(sums_text({path.relative_to(folder).as_posix(): sha256_file(path) for path in files}))
    return bench
