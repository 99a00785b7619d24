"""What a sample's members are to a reader of types: the `features` of a data set's card, as `datasets` spells them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa

from rigmill.clips.numbers import ClipGeometry
from rigmill.storage.columns import RIGHTS
from rigmill.types import Camera, Motion, Rig
from shards.sample import GEOMETRY, META, member_names
from shards.writer import META_TYPES

_MEDIA = {".mp4": "video", ".png": "image"}


def features(num_views: int, *, masks: bool) -> list[dict[str, Any]]:
    """One entry a column, in the order of the members; the two of the reader's own first."""
    found: list[dict[str, Any]] = [{"name": name, "dtype": "string"} for name in ("__key__", "__url__")]
    for name in member_names(num_views, masks=masks):
        if name == GEOMETRY:
            found.append({"name": name, "struct": _arrays()})
        elif name == META:
            found.append({"name": name, "struct": [_column(key, META_TYPES[key]) for key in sorted(META_TYPES)]})
        else:
            found.append({"name": name, "dtype": _MEDIA[name[-4:]]})
    return found


def _column(name: str, kind: pa.DataType) -> dict[str, Any]:
    if kind == RIGHTS:  # words, in meta.json
        return {"name": name, "struct": [{"name": right.name, "dtype": "string"} for right in sorted(kind, key=_name)]}
    if pa.types.is_list(kind):
        return {"name": name, "list": str(kind.value_type)}
    return {"name": name, "dtype": _dtype(str(kind))}


def _arrays() -> list[dict[str, Any]]:
    """The arrays of geometry.npz, by those of a clip of one joint."""
    one, camera = np.zeros((1, 1, 1)), Camera(0.0, np.eye(3), np.eye(4), 16, 16)
    geometry = ClipGeometry(
        rig=Rig(("root",), np.array([-1]), np.zeros((1, 3))),
        drawn=np.ones(1, dtype=np.bool_),
        colours=np.zeros((1, 3), dtype=np.uint8),
        motion=Motion(np.zeros((1, 1, 4)), np.zeros((1, 1, 3)), 1.0),
        joints=np.zeros((1, 1, 3)),
        cameras=(camera,),
        joints_px=np.zeros((1, 1, 1, 2)),
        joints_depth=one,
        visible=one > 0,
        rest_joints_px=np.zeros((1, 1, 2)),
        rest_joints_depth=np.zeros((1, 1)),
        scale=1.0,
        offset=np.zeros(3),
    )
    with np.load(io.BytesIO(geometry.to_bytes()), allow_pickle=False) as arrays:
        return [_array(name, arrays[name].dtype, arrays[name].ndim) for name in arrays.files]


def _array(name: str, dtype: np.dtype[Any], num_axes: int) -> dict[str, Any]:
    """An array is a list of lists of its numbers."""
    kind = "string" if dtype.kind == "U" else str(dtype)
    if num_axes == 0:
        return {"name": name, "dtype": kind}
    value: Any = kind
    for _ in range(num_axes - 1):
        value = {"list": value}
    return {"name": name, "list": value}


def _dtype(kind: str) -> str:
    return {"double": "float64"}.get(kind, kind)


def _name(field: pa.Field) -> str:
    return str(field.name)
