"""A motion on its asset as files: an animated GLB or FBX, a BVH, and joints as npz or CSV. A clip's, or a new one.

A motion that is stored (a retargeted clip's) goes straight into the asset's canonical GLB, which stays as it is
otherwise. What has to be played first (a clip that the asset's own file animates), is no GLB (FBX) or becomes none goes
through a Blender child, which sees the canonical file and nothing else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from rigmill import skeleton
from rigmill.animate import animated_glb
from rigmill.blender import BlenderClient, Limits
from rigmill.bvh import bvh_text
from rigmill.errors import UserError
from rigmill.files import Store
from rigmill.glb import NotAnimatable
from rigmill.rigfile import motion_from_bytes, rig_from_bytes
from rigmill.rows import true_places
from rigmill.types import Motion, Rig, StoredFile
from rigmill.view import View

PLAY = "render.blender.export:play_clip"
FORMATS = {
    "glb": "the file with the motion as its one animation", "fbx": "the same by Blender's exporter",
    "bvh": "the skeleton and its angles", "npz": "joints, rotations and displacements", "csv": "joints, a row each",
}
_WITH_MESH = ("glb", "fbx")


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


def motion_file(file_format: str, rig: Rig, motion: Motion, more: Mapping[str, Any] | None = None) -> bytes:
    """A motion alone as `bvh`, `npz` or `csv`, in the unit and the world of `rig`; `more` goes into the npz."""
    if file_format == "bvh":
        return bvh_text(rig, motion).encode()
    return _npz(rig, motion, more or {}) if file_format == "npz" else _csv(rig, motion)


def _npz(rig: Rig, motion: Motion, more: Mapping[str, Any]) -> bytes:
    """names (J,), parents (J,), rest_joints (J, 3), joints (T, J, 3), rotations (T, J, 4), translations, fps."""
    buffer = io.BytesIO()
    joints, _ = skeleton.forward(rig, motion)
    np.savez(
        buffer, names=np.array(rig.names, dtype=np.str_), parents=rig.parents.astype(np.int32),
        rest_joints=rig.rest_joints, joints=joints, rotations=motion.rotations, translations=motion.translations,
        fps=np.float64(motion.fps), **more,
    )
    return buffer.getvalue()


def _csv(rig: Rig, motion: Motion) -> bytes:
    """A row per frame and joint: where it is in the world, and its rotation against its parent, w x y z."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "time_s", "joint", "parent", "x", "y", "z", "qw", "qx", "qy", "qz"])
    joints, _ = skeleton.forward(rig, motion)
    above = ["" if parent < 0 else rig.names[parent] for parent in rig.parents]
    for frame, (places, rotations) in enumerate(zip(joints, motion.rotations)):
        for name, parent, place, rotation in zip(rig.names, above, places, rotations):
            numbers = (f"{value:.9g}" for value in (*place, *rotation))
            writer.writerow([frame, f"{frame / motion.fps:.9g}", name, parent, *numbers])
    return text.getvalue().encode()


def moving_glb(sources: Sequence[bytes], rig: Rig, motion: Motion, *, name: str) -> tuple[bytes, int]:
    """The first of `sources` that can be given the motion, with it, and its place; `NotAnimatable` says why none can.

    `rig` and `motion` are as imported from them.
    """
    why = "not a binary glTF file"
    for place, source in enumerate(sources):
        try:
            data = animated_glb(source, rig, motion, scale=1.0, offset=np.zeros(3), name=name)
        except NotAnimatable as error:
            why = str(error)
            continue
        if data is not None:
            return data, place
    raise NotAnimatable(why)


def clip_file(clip: dict[str, Any], file_format: str, *, store: Store, limits: Limits, scratch: Path) -> bytes:
    """A file of a row that `find_clip` gave, of one of FORMATS; a UserError says why there is none."""
    rig = rig_from_bytes(store.read(StoredFile.from_row(clip["rig_file"])))
    file, name = StoredFile.from_row(clip["file"]), clip["motion_name"] or "clip"
    sources = [store.read(file)] if clip["format"] == "glb" else []
    motion = _window(clip, store) if clip["motion_file"] else None
    if motion is not None and file_format not in _WITH_MESH:
        return motion_file(file_format, rig, motion)
    if motion is not None and file_format == "glb":
        try:
            return moving_glb(sources, rig, motion, name=name)[0]
        except NotAnimatable:
            pass  # Blender's own export of the asset may be
    played = _played(clip, store, limits, scratch, file_format)
    if file_format == "fbx":
        return (scratch / played["fbx"]).read_bytes()
    motion = motion_from_bytes((scratch / played["motion"]).read_bytes())
    if file_format != "glb":
        return motion_file(file_format, rig, motion)
    try:
        return moving_glb([*sources, (scratch / played["glb"]).read_bytes()], rig, motion, name=name)[0]
    except NotAnimatable as error:
        raise UserError(f"clip {clip['clip_id']} cannot be written as GLB", why=str(error), code="E122",
                        fix="--out with .fbx, .bvh, .npz or .csv at the end") from None


def _window(clip: dict[str, Any], store: Store) -> Motion:
    """The frames of the clip, of its stored motion."""
    whole = motion_from_bytes(store.read(StoredFile.from_row(clip["motion_file"])))
    frames = slice(round(clip["start_frame"]), round(clip["start_frame"]) + clip["num_frames"])
    return Motion(rotations=whole.rotations[frames], translations=whole.translations[frames], fps=whole.fps)


def _played(
    clip: dict[str, Any], store: Store, limits: Limits, scratch: Path, file_format: str
) -> dict[str, Any]:
    """Names in scratch: the motion of the clip as Blender shows it, and what of Blender's own is needed."""
    stored = clip["motion_file"]
    item = {
        **{key: clip.get(key) for key in ("clip_id", "format", "armature", "action", "slot", "num_frames", "fps")},
        "start_frame": clip["start_frame"], "path": str(store.path(StoredFile.from_row(clip["file"]))),
        "motion_path": str(store.path(StoredFile.from_row(stored))) if stored else None,
        "title": clip["motion_name"], "write": [file_format] if file_format in _WITH_MESH else [],
    }
    client = BlenderClient(limits)
    try:
        (reply,) = client.run(PLAY, [item], scratch=scratch)
    finally:
        client.close()
    if reply.value is None:
        why = reply.outcome.message if reply.outcome is not None else ""
        raise UserError(f"clip {clip['clip_id']} cannot be played", why=why, fix="run: make doctor", code="E122")
    return reply.value
