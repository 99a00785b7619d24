"""A clip as a file of its own: its asset as a GLB, with the clip's motion as the one animation.

A motion that is stored (a retargeted clip's) goes straight into the asset's canonical GLB, which stays as it is
otherwise. What has to be played first (a clip that the asset's own file animates) or is no GLB (FBX) goes through a
Blender child, which sees the canonical file and nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from rigmill.animate import animated_glb
from rigmill.blender import BlenderClient, Limits
from rigmill.errors import UserError
from rigmill.files import Store
from rigmill.glb import NotAnimatable
from rigmill.rigfile import motion_from_bytes, rig_from_bytes
from rigmill.rows import true_places
from rigmill.types import Motion, Rig, StoredFile
from rigmill.view import View

PLAY = "render.blender.export:play_clip"


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
    raise UserError(f"no clip '{wanted}'", why="only what 'preview' saw or 'retarget' made has a motion to export",
                    fix="clip ids are in the report and in 'rigmill show ASSET'", code="E120")


def clip_glb(clip: dict[str, Any], *, store: Store, limits: Limits, scratch: Path) -> bytes:
    """The GLB of a row that `find_clip` gave; a UserError says why there is none."""
    rig = rig_from_bytes(store.read(StoredFile.from_row(clip["rig_file"])))
    file = StoredFile.from_row(clip["file"])
    sources = [store.read(file)] if clip["format"] == "glb" else []
    why = ""
    if clip["motion_file"] and sources:
        try:
            return _animated(sources[0], rig, _window(clip, store), clip)
        except NotAnimatable as error:
            why = str(error)
    motion, rest = _played(clip, store, limits, scratch)
    for source in (*sources, rest):
        try:
            return _animated(source, rig, motion, clip)
        except NotAnimatable as error:
            why = str(error)
    raise UserError(f"clip {clip['clip_id']} cannot be written as GLB", why=why, code="E122",
                    fix="its joints as recorded are in the shards, and in 'geometry.npz' of 'rigmill show'")


def _animated(source: bytes, rig: Rig, motion: Motion, clip: dict[str, Any]) -> bytes:
    name = clip["motion_name"] or "clip"
    data = animated_glb(source, rig, motion, scale=1.0, offset=np.zeros(3), name=name)
    if data is None:
        raise NotAnimatable("not a binary glTF file")
    return data


def _window(clip: dict[str, Any], store: Store) -> Motion:
    """The frames of the clip, of its stored motion."""
    whole = motion_from_bytes(store.read(StoredFile.from_row(clip["motion_file"])))
    frames = slice(round(clip["start_frame"]), round(clip["start_frame"]) + clip["num_frames"])
    return Motion(rotations=whole.rotations[frames], translations=whole.translations[frames], fps=whole.fps)


def _played(clip: dict[str, Any], store: Store, limits: Limits, scratch: Path) -> tuple[Motion, bytes]:
    """The motion of the clip as Blender shows it, and the asset at rest as a GLB."""
    stored = clip["motion_file"]
    item = {
        **{key: clip.get(key) for key in ("clip_id", "format", "armature", "action", "slot", "num_frames", "fps")},
        "start_frame": clip["start_frame"], "path": str(store.path(StoredFile.from_row(clip["file"]))),
        "motion_path": str(store.path(StoredFile.from_row(stored))) if stored else None,
    }
    client = BlenderClient(limits)
    try:
        (reply,) = client.run(PLAY, [item], scratch=scratch)
    finally:
        client.close()
    if reply.value is None:
        why = reply.outcome.message if reply.outcome is not None else ""
        raise UserError(f"clip {clip['clip_id']} cannot be played", why=why, fix="run: make doctor", code="E122")
    motion = motion_from_bytes((scratch / reply.value["motion"]).read_bytes())
    return motion, (scratch / reply.value["glb"]).read_bytes()
