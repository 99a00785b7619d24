"""Values that cross a room. World frame: right-handed, +Z up, subject facing -Y. Cameras: OpenCV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Row = Mapping[str, Any]  # of a table, or JSON of a payload; never changed: another row is made


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera, OpenCV axes (+z forward, +y down), pixel centres at .5 from the top-left corner."""

    azimuth_deg: float
    intrinsics: Floats  # (3, 3), pixels
    world_to_view: Floats  # (4, 4), rigid
    width_px: int
    height_px: int

    @property
    def position(self) -> Floats:
        """The camera centre in the world, (3,)."""
        rotation, translation = self.world_to_view[:3, :3], self.world_to_view[:3, 3]
        return -rotation.T @ translation


@dataclass(frozen=True, slots=True)
class Rig:
    """A skeleton at rest. Parents come before children; a root's parent is -1."""

    names: tuple[str, ...]
    parents: Ints  # (J,) int32
    rest_joints: Floats  # (J, 3) world

    @property
    def num_joints(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Motion:
    """Rotations and displacements over time relative to rest, independent of bone axes and rolls.

    `rotations[t, j]` turns joint j relative to its parent and `translations[t, j]` displaces it in its parent's
    turned frame, both written in world axes at rest, so the identity and zero everywhere are the rest pose:
    world turn D_j = D_parent(j) @ R_j and p_j = p_parent + D_parent @ (rest_j - rest_parent + t_j);
    a root, each on its own, is at rest_root + t_root.
    """

    rotations: Floats  # (T, J, 4) unit quaternions, w x y z
    translations: Floats  # (T, J, 3)
    fps: float

    @property
    def root_translation(self) -> Floats:
        """How far joint 0, the first root, is from its place at rest, (T, 3) world."""
        return self.translations[:, 0]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the content-addressed store. `name` says what it is (and carries the suffix)."""

    name: str
    sha256: str
    size_bytes: int

    def to_row(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "size_bytes": self.size_bytes}

    @classmethod
    def from_row(cls, row: Row) -> StoredFile:
        return cls(name=row["name"], sha256=row["sha256"], size_bytes=row["size_bytes"])
