"""A dataset as the pipeline would leave it, of clips that are drawn here: limbs that swing, and their pose maps.

Videos are encoded by the pipeline's encoder with the settings of the profile `paper`; pictures are not Blender's, but
move and have edges and texture.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import image_bytes
from rigmill.clips.redraw import rest_map, view_maps
from rigmill.clips.video import encode
from rigmill.config.load import load
from rigmill.licences.rights import Rights
from rigmill.posemaps.posemap import assign_colours, choose_drawn, radius_for
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, sha256_bytes
from rigmill.types import Bytes, Floats, Motion, Rig, Row
from shards.card import Making
from shards.credits import Provenance
from shards.index import publish
from shards.sample import member_names, sample_bytes
from shards.writer import ending

NUM_VIEWS = 4
FPS = 16.0


@dataclass(frozen=True)
class Size:
    """Of the videos."""

    width_px: int = 832
    height_px: int = 480


def _body(num_frames: int, chance: np.random.Generator) -> tuple[Rig, Floats]:
    """A trunk with six limbs of eight joints, 54 in all, and where they are (T + 1, J, 3), at rest first."""
    parents, rest = [-1], [np.zeros(3)]
    for limb in range(6):
        along = np.array([np.cos(limb), np.sin(limb), 0.7 * (-1) ** limb])
        for joint in range(8):
            parents.append(0 if joint == 0 else len(parents) - 1)
            rest.append(rest[parents[-1]] + along * 0.1)
    for joint in range(5):
        parents.append(0 if joint == 0 else len(parents) - 1)
        rest.append(rest[parents[-1]] + np.array([0, 0, 0.12]))
    places = np.array(rest)
    time = np.arange(num_frames + 1)[:, None, None] / FPS
    swing = 0.18 * np.sin(2.5 * time + chance.uniform(0, 6, places.shape)) * np.abs(places).sum(axis=1)[:, None]
    joints = places + swing * (time > 0)
    return Rig(tuple(map(str, range(len(parents)))), np.array(parents, np.int32), places), joints


def _rgb(places: Floats, parents: Any, texture: Bytes, size: Size) -> Bytes:
    """Thick textured limbs over a flat ground."""
    shape = np.zeros((size.height_px, size.width_px), np.uint8)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            ends = [tuple(int(value) for value in places[one].round()) for one in (parent, joint)]
            cv2.line(shape, ends[0], ends[1], 255, max(2, size.height_px // 24), cv2.LINE_AA)
    move = np.float32([[1, 0, places[0][0] / 4], [0, 1, places[8][1] / 4]])
    moved = cv2.warpAffine(texture, move, (size.width_px, size.height_px), borderMode=cv2.BORDER_WRAP)
    share = (shape / 255.0)[..., None]
    return np.rint(moved * share + np.array([233, 235, 238]) * (1 - share)).astype(np.uint8)


def members(clip: int, num_frames: int, size: Size) -> dict[str, bytes]:
    """Every member of a clip's sample."""
    render = load("paper").profile.render
    chance = np.random.default_rng(clip)
    rig, joints = _body(num_frames, chance)
    cameras = camera_ring(
        bounds=np.array([[-1, -1, -1], [1, 1, 1.0]]),
        azimuths_deg=[90.0 * view for view in range(NUM_VIEWS)],
        elevation_deg=0,
        width_px=size.width_px,
        height_px=size.height_px,
        field_of_view_deg=40,
        margin=0.05,
    )
    seen = [project(camera, joints) for camera in cameras]
    pixels, depth = np.stack([one for one, _ in seen]), np.stack([far for _, far in seen])
    radius_px = radius_for(render.joint_radius_px, size.height_px)
    drawn = choose_drawn(rig, pixels[:, 0], radius_px=radius_px, max_joints=render.max_drawn_joints)
    turns = np.zeros((num_frames, rig.num_joints, 4), np.float32)
    turns[..., 0] = 1
    geometry = ClipGeometry(
        rig=rig,
        drawn=drawn,
        colours=assign_colours(pixels[:, 0], drawn),
        motion=Motion(turns, np.zeros((num_frames, rig.num_joints, 3)), FPS),
        joints=joints[1:],
        cameras=cameras,
        joints_px=pixels[:, 1:],
        joints_depth=depth[:, 1:],
        visible=np.ones(depth[:, 1:].shape, np.bool_),
        rest_joints_px=pixels[:, 0],
        rest_joints_depth=depth[:, 0],
        scale=1.0,
        offset=np.zeros(3),
    )
    coarse = chance.integers(20, 236, (size.height_px // 12, size.width_px // 12, 3)).astype(np.uint8)
    texture = cv2.resize(coarse, (size.width_px, size.height_px), interpolation=cv2.INTER_CUBIC)
    found: dict[str, bytes] = {}
    for view in range(NUM_VIEWS):
        pictures = [_rgb(places, rig.parents, texture, size) for places in pixels[view]]
        shared: dict[str, Any] = {"fps": FPS, "keyframe_interval": render.keyframe_interval}
        rgb, maps = np.stack(pictures[1:]), view_maps(geometry, view, radius_px)
        found[f"rgb.{view}.mp4"] = encode(rgb, crf=render.rgb_crf, pixel_format="yuv420p", **shared)
        found[f"pose.{view}.mp4"] = encode(maps, crf=render.pose_crf, pixel_format="yuv444p", **shared)
        found[f"template_rgb.{view}.png"] = image_bytes(".png", pictures[0])
        found[f"template_pose.{view}.png"] = image_bytes(".png", rest_map(geometry, view, radius_px))
    found["geometry.npz"] = geometry.to_bytes()
    found["meta.json"] = b"{}\n"
    return found


def dataset(folder: Path, *, num_frames: int, num_clips: int, size: Size) -> tuple[Path, Path]:
    """A published folder of clips of one length, and its tar."""
    store = Store(folder / "store")
    rows: list[Row] = []
    parts: list[bytes] = []
    offset = 0
    for clip in range(num_clips):
        name = hashlib.sha256(f"{num_frames}-{clip}".encode()).hexdigest()[:32]
        made = members(clip, num_frames, size)
        records = sample_bytes(name, [(member, made[member]) for member in member_names(NUM_VIEWS)])
        rows.append(_row(name) | {"num_frames": num_frames, "offset": offset, "num_bytes": len(records)})
        rows[-1] = dict(rows[-1]) | {"sample_sha256": sha256_bytes(records)}
        parts.append(records)
        offset += len(records)
    data = b"".join([*parts, ending(offset)])
    stored = store.put_bytes("shard.tar", data)
    whole = {"shard": "shard-000000", "shard_sha256": stored.sha256, "shard_bytes": len(data)}
    rows = [dict(row) | whole | {"shard_file": stored.to_row()} for row in rows]
    publish(rows, folder / "shards", store, making=Making("internal"), provenance=Provenance())
    return folder / "shards", folder / "shards" / "shard-000000.tar"


def _row(name: str, source: str = "procedural") -> dict[str, Any]:
    """The columns of the index that nothing here depends on."""
    rights = Rights(may_train=True).to_row()
    filled: dict[str, Any] = {field.name: _nothing(field.type) for field in PRODUCTS["shards"]}
    return filled | {
        "clip_id": name,
        "asset_id": name,
        "source": source,
        "split": "train",
        "fps": FPS,
        "num_views": NUM_VIEWS,
        "rights": rights,
        "caption": "A thing with six limbs swings them.",
        "captions": ["A thing with six limbs swings them.", "Six limbs swing to and fro."],
    }


def _nothing(kind: pa.DataType) -> Any:
    if pa.types.is_struct(kind):
        return None
    if pa.types.is_list(kind):
        return []
    return "" if pa.types.is_string(kind) else False if pa.types.is_boolean(kind) else 0


def index_table(num_rows: int) -> pa.Table:
    """An index of so many samples of the paper's three sources, lengths as they come."""
    names = [hashlib.sha256(str(row).encode()).hexdigest()[:32] for row in range(num_rows)]
    shares = np.array([0.124, 0.068, 0.808])
    sources = np.repeat(
        ["mixamo", "vroid", "objaverse"], np.diff(np.r_[0, (shares.cumsum() * num_rows).round()]).astype(int)
    )
    blank = _row("")
    columns: dict[str, Any] = {
        field.name: pa.repeat(pa.scalar(blank[field.name], field.type), num_rows) for field in PRODUCTS["shards"]
    }
    columns |= {
        "clip_id": names,
        "source": sources.tolist(),
        "split": ["bench" if row % 50 == 0 else "train" for row in range(num_rows)],
        "num_frames": [(17, 33, 49, 65, 81)[row % 5] for row in range(num_rows)],
        "offset": [row % 256 * 2_000_000 for row in range(num_rows)],
        "num_bytes": [2_000_000] * num_rows,
        "sample_sha256": [name * 2 for name in names],
        "shard": [f"shard-{row // 256:06d}" for row in range(num_rows)],
        "caption": [f"A low-poly knight, number {row}, walks and turns around." for row in range(num_rows)],
        "captions": [[f"Knight {row} walks.", f"A knight, number {row}, turns around."] for row in range(num_rows)],
        "shard_file": [
            {"name": "shard.tar", "sha256": names[row // 256] * 2, "size_bytes": 512_000_000} for row in range(num_rows)
        ],
    }
    return pa.table({name: columns[name] for name in PRODUCTS["shards"].names}, PRODUCTS["shards"])
