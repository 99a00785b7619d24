"""A GLB taken apart: its entries by kind and index, and the arrays that its accessors hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.bodies.unplayable import Unplayable
from rigmill.formats.glb import Glb, NotAnimatable

# What a file may require and still be shown in full: geometry as it is, and surfaces whose base colour we read.
_READABLE = frozenset(
    {"KHR_mesh_quantization", "KHR_texture_transform", "EXT_texture_webp", "KHR_materials_pbrSpecularGlossiness"}
)
_SURFACES = "KHR_materials_"
_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_MAX_NUMBERS = 60_000_000  # of one accessor, which may be all zeros and take no bytes of the file
_MAX_TOTAL = 100_000_000  # of all that is read: an accessor may be named a thousand times
_MAX_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Document:
    """The JSON of a GLB and its buffer. Indices are checked: what is not there is `Unplayable`, never a neighbour."""

    json: dict[str, Any]
    binary: bytes
    _read: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def from_bytes(cls, data: bytes) -> Document:
        """The file; `Unplayable` if it is no GLB, keeps its bytes elsewhere, or requires what is not read here."""
        try:
            glb = Glb.from_bytes(data)
        except NotAnimatable as error:
            raise Unplayable(f"it is unreadable: {error}") from None
        for name in glb.document.get("extensionsRequired", ()):
            if name not in _READABLE and not str(name).startswith((_SURFACES, "VRM")):
                raise Unplayable(f"it requires the glTF extension {name!s:.60}, which is not read: save it without")
        if len(glb.document.get("nodes", ())) > _MAX_NODES:
            raise Unplayable(f"it has more than {_MAX_NODES} nodes")
        return cls(glb.document, bytes(glb.binary))

    def count(self, kind: str) -> int:
        """How many entries of a kind there are."""
        return len(self.json.get(kind, ()))

    def entry(self, kind: str, index: Any) -> dict[str, Any]:
        """One entry: of nodes, meshes, accessors, ..."""
        entries = self.json.get(kind, [])
        if not isinstance(index, int) or not 0 <= index < len(entries) or not isinstance(entries[index], dict):
            raise Unplayable(f"it is malformed: {kind}[{index!s:.20}] is not there")
        found: dict[str, Any] = entries[index]
        return found

    def view(self, index: Any) -> tuple[bytes, int]:
        """The bytes of a buffer view and its stride, 0 where it has none."""
        view = self.entry("bufferViews", index)
        if view.get("buffer", 0) != 0:
            raise Unplayable("it keeps bytes outside its own buffer")
        if any(name.endswith("meshopt_compression") for name in view.get("extensions", {})):
            raise Unplayable("its buffers are packed by meshopt, which is not read: save it without")
        start, length = int(view.get("byteOffset", 0)), int(view["byteLength"])
        if start < 0 or length < 0 or start + length > len(self.binary):
            raise Unplayable(f"it is cut off: bufferViews[{index}] reaches beyond its end")
        return self.binary[start : start + length], int(view.get("byteStride", 0))

    def array(self, index: Any) -> NDArray[Any]:
        """An accessor's values (count, width): floats where it is normalised, else as they are stored."""
        accessor = self.entry("accessors", index)
        dtype, width = np.dtype(_DTYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]]
        count = int(accessor["count"])
        if count < 0 or count * width > _MAX_NUMBERS:
            raise Unplayable(f"accessors[{index}] holds more numbers than are read: {count}")
        self._read[0] += count * width
        if self._read[0] > _MAX_TOTAL:
            raise Unplayable("it unfolds to more numbers than are read")
        if "bufferView" in accessor:
            values = self._rows(accessor["bufferView"], accessor.get("byteOffset", 0), dtype, count, width)
        else:
            values = np.zeros((count, width), dtype)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            num, where = int(sparse["count"]), sparse["indices"]
            places = self._rows(
                where["bufferView"], where.get("byteOffset", 0), np.dtype(_DTYPES[where["componentType"]]), num, 1
            )[:, 0]
            if num and int(places.max()) >= count:
                raise Unplayable(f"it is malformed: accessors[{index}].sparse replaces what is not there")
            values = values.copy()
            values[places] = self._rows(
                sparse["values"]["bufferView"], sparse["values"].get("byteOffset", 0), dtype, num, width
            )
        if accessor.get("normalized") and dtype.kind in "iu":
            return np.maximum(values / np.float64(np.iinfo(dtype).max), -1.0)
        return values

    def _rows(self, view: Any, offset: Any, dtype: np.dtype[Any], count: int, width: int) -> NDArray[Any]:
        data, stride = self.view(view)
        size, offset = dtype.itemsize * width, int(offset)
        stride = stride or size
        if offset < 0 or stride < size or (count and offset + stride * (count - 1) + size > len(data)):
            raise Unplayable(f"it is cut off: an accessor reaches beyond bufferViews[{view}]")
        return np.ndarray((count, width), dtype, data, offset, (stride, dtype.itemsize))

    def floats(self, index: Any, width: int) -> NDArray[np.float64]:
        """An accessor's values as finite numbers (count, width)."""
        values = self.array(index).astype(np.float64)
        if values.shape[1] != width:
            raise Unplayable(f"it is malformed: accessors[{index}] has {values.shape[1]} numbers each, not {width}")
        if not np.isfinite(values).all():
            raise Unplayable(f"it holds numbers that are not finite (accessors[{index}])")
        return values
