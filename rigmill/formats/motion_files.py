"""A motion as a file: moving GLB, BVH, joints as npz or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rigmill.formats.bvh import bvh_text
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.glb_animation import animated_glb
from rigmill.rigs import skeleton
from rigmill.types import Motion, Rig

FORMATS = {
    "glb": "the file with the motion as its one animation",
    "fbx": "the same by Blender's exporter",
    "bvh": "the skeleton and its angles",
    "npz": "joints, rotations and displacements",
    "csv": "joints, a row each",
}
WITH_MESH = ("glb", "fbx")


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
        buffer,
        names=np.array(rig.names, dtype=np.str_),
        parents=rig.parents.astype(np.int32),
        rest_joints=rig.rest_joints,
        joints=joints,
        rotations=motion.rotations,
        translations=motion.translations,
        fps=np.float64(motion.fps),
        **more,
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
