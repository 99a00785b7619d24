"""A clip as one file: its asset with its motion, or its motion alone.

A motion that is stored (a retargeted clip's) goes straight into the asset's canonical GLB, which stays as it is
otherwise. What has to be played first (a clip that the asset's own file animates), is no GLB (FBX) or becomes none goes
through a Blender child, which sees the canonical file and nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from rigmill.blender.child_files import read_own
from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.requests import PLAY_CLIP, PlayAnswer, PlayItem
from rigmill.errors import UserError
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.motion_files import WITH_MESH, motion_file, moving_glb
from rigmill.pipeline.view import View
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.storage.files import Store
from rigmill.storage.rows import true_places
from rigmill.types import Motion, StoredFile


def find_clip(view: View, wanted: str) -> dict[str, Any]:
    """The row of the one clip whose id begins with `wanted`, and its rig's file as `rig_file`.

    `preview` has every clip that could be seen; one that was only retargeted yet is the motion from its first frame on.
    """
    for stage in ("preview", "retarget"):
        rows = view.products(stage)
        found = rows.at(true_places(pc.starts_with(rows.column("clip_id"), wanted)))
        if len(found) > 1:
            some = ", ".join(sorted(row["clip_id"] for row in found)[:5])
            raise UserError(f"{len(found)} clips begin with '{wanted}'", why=some, fix="write more of it", code="E121")
        if found:
            rigs = view.products("probe")
            (rig,) = rigs.at(true_places(pc.equal(rigs.column("asset_id"), found[0]["asset_id"])), ("rig_file",))
            return found[0] | rig
    raise UserError(
        f"no clip '{wanted}'",
        why="only what 'preview' saw or 'retarget' made has a motion to export",
        fix="clip ids are in the report and in: {command}",
        code="E120",
        command=("show", "ASSET"),
    )


def clip_file(
    clip: dict[str, Any],
    file_format: str,
    *,
    store: Store,
    limits: Limits,
    scratch: Path,
    client: BlenderClient | None = None,
) -> bytes:
    """A file of a row that `find_clip` gave, of one of FORMATS; a UserError says why there is none.

    `client` plays it where that is needed; without one, Blender is started for this clip alone.
    """
    rig = rig_from_bytes(store.read(StoredFile.from_row(clip["rig_file"])))
    file, name = StoredFile.from_row(clip["file"]), clip["motion_name"] or "clip"
    sources = [store.read(file)] if clip["format"] == "glb" else []
    motion = _window(clip, store) if clip["motion_file"] else None
    if motion is not None and file_format not in WITH_MESH:
        return motion_file(file_format, rig, motion)
    if motion is not None and file_format == "glb":
        try:
            return moving_glb(sources, rig, motion, name=name)[0]
        except NotAnimatable:
            pass  # Blender's own export of the asset may be
    own = client or BlenderClient(limits)
    try:
        played = _played(clip, store, own, scratch, file_format)
    finally:
        if client is None:
            own.close()
    if file_format == "fbx":
        return read_own(scratch, str(played.fbx))
    motion = motion_from_bytes(read_own(scratch, played.motion))
    if file_format != "glb":
        return motion_file(file_format, rig, motion)
    try:
        return moving_glb([*sources, read_own(scratch, str(played.glb))], rig, motion, name=name)[0]
    except NotAnimatable as error:
        raise UserError(
            f"clip {clip['clip_id']} cannot be written as GLB",
            why=str(error),
            code="E122",
            fix="--out with .fbx, .bvh, .npz or .csv at the end",
        ) from None


def _window(clip: dict[str, Any], store: Store) -> Motion:
    """The frames of the clip, of its stored motion."""
    whole = motion_from_bytes(store.read(StoredFile.from_row(clip["motion_file"])))
    frames = slice(round(clip["start_frame"]), round(clip["start_frame"]) + clip["num_frames"])
    return Motion(rotations=whole.rotations[frames], translations=whole.translations[frames], fps=whole.fps)


def _played(clip: dict[str, Any], store: Store, client: BlenderClient, scratch: Path, file_format: str) -> PlayAnswer:
    """The motion of the clip as Blender shows it, and what of Blender's own is needed."""
    stored = clip["motion_file"]
    wanted = {
        **{key: clip.get(key) for key in ("clip_id", "format", "armature", "action", "slot", "num_frames", "fps")},
        "start_frame": clip["start_frame"],
        "period_frames": clip["period_frames"],
        "path": str(store.checked_path(StoredFile.from_row(clip["file"]))),
        "motion_path": str(store.checked_path(StoredFile.from_row(stored))) if stored else None,
        "title": clip["motion_name"],
        "write": (file_format,) if file_format in WITH_MESH else (),
    }
    item = PlayItem.from_item(wanted)
    (reply,) = client.run(PLAY_CLIP, [item.to_item()], scratch=scratch)
    if reply.value is None:
        why = reply.outcome.message if reply.outcome is not None else ""
        raise UserError(
            f"clip {clip['clip_id']} cannot be played", why=why, fix="{command}", code="E122", command=("doctor",)
        )
    return PlayAnswer.from_item(reply.value)
