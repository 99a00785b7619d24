"""Rigs and motions as npz files: the same numbers give the same bytes."""

from __future__ import annotations

import io

import numpy as np

from rigmill.types import Motion, Rig


def rig_to_bytes(rig: Rig) -> bytes:
    """The rig as npz: names (J,), parents (J,), rest_joints (J, 3)."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        names=np.array(rig.names, dtype=np.str_),
        parents=rig.parents.astype(np.int32),
        rest_joints=rig.rest_joints.astype(np.float64),
    )
    return buffer.getvalue()


def rig_from_bytes(data: bytes) -> Rig:
    """The rig that `rig_to_bytes` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as npz:
        return Rig(
            names=tuple(str(name) for name in npz["names"]), parents=npz["parents"], rest_joints=npz["rest_joints"]
        )


def motion_to_bytes(motion: Motion) -> bytes:
    """The motion as npz: rotations (T, J, 4), translations (T, J, 3), fps."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        rotations=motion.rotations.astype(np.float64),
        translations=motion.translations.astype(np.float64),
        fps=np.float64(motion.fps),
    )
    return buffer.getvalue()


def motion_from_bytes(data: bytes) -> Motion:
    """The motion that `motion_to_bytes` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as npz:
        return Motion(rotations=npz["rotations"], translations=npz["translations"], fps=float(npz["fps"]))
