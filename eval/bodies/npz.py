"""A motion delivered without its mesh, as `rigmill animate` and `rigmill export` write one, put on the clip's asset."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from eval.bodies.play import MAX_FRAMES
from eval.bodies.unplayable import Unplayable
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.glb_animation import animated_glb
from rigmill.types import Motion, Rig

MAX_BYTES = 1024**3  # that the arrays of a file unfold to
_KEYS = ("names", "parents", "rest_joints", "rotations", "translations", "fps")


def read_motion(data: bytes) -> tuple[Rig, Motion]:
    """The rig and the motion of such an npz, in the asset's unit and world; `Unplayable` says what is wrong."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_BYTES:
                raise Unplayable("it unfolds to more than is read")
        with np.load(io.BytesIO(data), allow_pickle=False) as npz:
            if missing := [key for key in _KEYS if key not in npz]:
                wanted = "joints.npz of an animated mesh, or a clip exported to .npz"
                raise Unplayable(f"it has no '{missing[0]}': a motion is delivered as {wanted}")
            names, parents, rest, rotations, translations, fps = (npz[key] for key in _KEYS)
            rig = Rig(tuple(str(name) for name in names), parents.astype(np.int32), rest.astype(np.float64))
            motion = Motion(rotations.astype(np.float64), translations.astype(np.float64), float(fps))
    except Unplayable:
        raise
    except (ValueError, TypeError, KeyError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unplayable(f"it is no npz of plain arrays ({error!s:.100})") from error
    _check(rig, motion)
    return rig, motion


def _check(rig: Rig, motion: Motion) -> None:
    num, frames = rig.num_joints, len(motion.rotations) if motion.rotations.ndim else 0
    shapes = (rig.parents.shape, rig.rest_joints.shape, motion.rotations.shape, motion.translations.shape)
    if not num or shapes != ((num,), (num, 3), (frames, num, 4), (frames, num, 3)) or not 0 < frames <= MAX_FRAMES:
        raise Unplayable(f"the shapes of its arrays do not fit each other: {shapes}")
    if (rig.parents < -1).any() or (rig.parents >= np.arange(num)).any():
        raise Unplayable("a joint of it comes before its parent")
    if not (np.isfinite(rig.rest_joints).all() and np.isfinite(motion.rotations).all()):
        raise Unplayable("it holds numbers that are not finite")
    if not np.isfinite(motion.translations).all() or not np.isfinite(motion.fps) or motion.fps <= 0:
        raise Unplayable("it holds numbers that are not finite, or a rate that is none")
    if (np.linalg.norm(motion.rotations, axis=-1) < 1e-6).any():
        raise Unplayable("a rotation of it is zero, which turns nowhere")


def on_asset(data: bytes, rest: bytes) -> bytes:
    """The GLB `rest` with the motion of an npz as its animation; `Unplayable` says why they do not belong together."""
    rig, motion = read_motion(data)
    try:
        made = animated_glb(rest, rig, motion, scale=1.0, offset=np.zeros(3), name="delivered")
    except NotAnimatable as error:
        raise Unplayable(f"its motion does not fit the asset: {error}") from None
    if made is None:
        raise Unplayable("the asset is no GLB")
    return made
