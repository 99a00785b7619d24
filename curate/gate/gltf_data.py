"""The numbers inside a glTF file: every accessor that is used, proven to lie in its bytes, and counted.

`offset + stride * (count - 1) + size <= view <= buffer` for each; all together stay within a budget, so that a short
file cannot ask for memory that it does not bring.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.gate.draco_header import draco_faces
from curate.gate.gltf_json import malformed, over_budget, truncated
from curate.gate.gltf_pack import decode_data_uri
from curate.gate.gltf_schema import COMPONENT_BYTES, ELEMENTS
from rigmill.outcomes import Refusal, Reject

# What all accessors may decode to: this, and so much for every byte of the file.
BUDGET_BYTES, BUDGET_PER_BYTE = 64 * 1024 * 1024, 4
DRACO_BUDGET_BYTES = 512 * 1024 * 1024
_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}


class Accessors:
    """The used accessors of a cleaned document, by their index in it."""

    def __init__(self, document: dict[str, Any], used: list[int], binary: memoryview | None) -> None:
        self._views, self._buffers = document.get("bufferViews", []), document.get("buffers", [])
        self._binary, self._content = binary, dict[int, memoryview]()
        self._highest: dict[int, int] = {}
        self.entries = {index: document["accessors"][index] for index in used}
        self.vertex_data: set[int] = set()  # what a vertex buffer needs aligned to 4 bytes
        self.weights: set[int] = set()  # of vertices, for their first four joints
        self._compressed: set[int] = set()
        self._check_all()

    def count(self, index: int) -> int:
        return int(self.entries[index]["count"])

    def size(self, index: int) -> int:
        """Bytes of one element."""
        entry = self.entries[index]
        return COMPONENT_BYTES[entry["componentType"]] * ELEMENTS[entry["type"]]

    def expect(
        self,
        index: int,
        where: str,
        types: tuple[str, ...],
        *,
        at_least: int = 0,
        components: tuple[int, ...] | None = None,
        finite: bool = False,
    ) -> None:
        """A Refusal unless the accessor is of one of these types and long enough, and, where asked, of numbers."""
        entry = self.entries[index]
        if entry["type"] not in types:
            malformed(f"{where} is {entry['type']}, not {' or '.join(types)}")
        if components and entry["componentType"] not in components:
            malformed(f"{where} has components of type {entry['componentType']}")
        if entry["count"] < at_least:
            malformed(f"{where} has {entry['count']} of {at_least} values")
        if finite and (broken := int(np.count_nonzero(~np.isfinite(self.values(index))))):
            raise Refusal(
                Reject.MALFORMED, f"{where}: {broken} numbers are not finite", measured=float(broken), limit=0.0
            )

    def view(self, index: int, where: str) -> tuple[memoryview, int]:
        """The bytes of a buffer view, and its stride or 0."""
        view = self._views[index]
        buffer = self._buffer(view["buffer"], where)
        start, length = view.get("byteOffset", 0), view["byteLength"]
        if start + length > len(buffer):
            truncated(f"{where}: its buffer view", has=max(0, len(buffer) - start), needs=length)
        return buffer[start : start + length], view.get("byteStride", 0)

    def place(self, index: int) -> tuple[int, int, int, int, int]:
        """Where the elements of an accessor lie: two with the same place hold the same bytes."""
        entry = self.entries[index]
        stride = self._views[entry["bufferView"]].get("byteStride", 0) or self.size(index)
        return entry["bufferView"], entry.get("byteOffset", 0), entry["count"], self.size(index), stride

    def bytes_of(self, index: int) -> bytes | memoryview | None:
        """The elements one after another; None where there are none but zeros, or they are compressed."""
        entry = self.entries[index]
        if "bufferView" not in entry:
            return None
        return self._elements(entry, entry["bufferView"], entry.get("byteOffset", 0), f"accessors[{index}]")

    def sparse_of(self, index: int) -> tuple[bytes | memoryview, bytes | memoryview]:
        """Indices and values of a sparse accessor, each one after another."""
        entry, where = self.entries[index], f"accessors[{index}].sparse"
        sparse = entry["sparse"]
        places = {"componentType": sparse["indices"]["componentType"], "type": "SCALAR", "count": sparse["count"]}
        values = entry | {"count": sparse["count"]}
        return (
            self._elements(places, sparse["indices"]["bufferView"], sparse["indices"].get("byteOffset", 0), where),
            self._elements(values, sparse["values"]["bufferView"], sparse["values"].get("byteOffset", 0), where),
        )

    def values(self, index: int) -> NDArray[Any]:
        """The components of a dense accessor, in a row; sparse values are added."""
        entry = self.entries[index]
        data, dtype = self.bytes_of(index), _DTYPES[entry["componentType"]]
        found = np.zeros(0, dtype) if data is None else np.frombuffer(data, dtype)
        if "sparse" in entry:
            found = np.concatenate([found, np.frombuffer(self.sparse_of(index)[1], dtype)])
        return found

    def highest(self, index: int) -> int:
        """The largest index in an index accessor; 0 in an empty one."""
        if index not in self._highest:
            self._highest[index] = int(self.values(index).max(initial=0))
        return self._highest[index]

    def check_draco(self, view: int, where: str, accessors: set[int]) -> int:
        """The faces that a compressed view says it holds, once what it decodes to is within its budget."""
        faces = draco_faces(self.view(view, where)[0], where)
        self._compressed |= accessors
        total = sum(self.count(index) * self.size(index) for index in self._compressed)
        # The decoder believes the view, not the accessors: three corners of 32 bytes a face, at most.
        if (total := max(total, faces * 96)) > DRACO_BUDGET_BYTES:
            over_budget(f"{where}: bytes when unpacked", measured=total, limit=DRACO_BUDGET_BYTES)
        return faces

    def _buffer(self, index: int, where: str) -> memoryview:
        if index not in self._content:
            entry = self._buffers[index]
            if "uri" in entry:
                content = memoryview(decode_data_uri(entry["uri"], f"buffers[{index}]") or b"")
            elif index == 0 and self._binary is not None:
                content = self._binary
            else:
                malformed(f"{where}: buffers[{index}] holds nothing")
            if entry["byteLength"] > len(content):
                truncated(f"buffers[{index}]", has=len(content), needs=entry["byteLength"])
            self._content[index] = content
        return self._content[index]

    def _check_all(self) -> None:
        """Bounds and budget of every used accessor."""
        total, given = 0, set[tuple[int, ...]]()
        for index, entry in self.entries.items():
            need = entry["count"] * self.size(index)
            if "bufferView" in entry:
                self._bounds(entry, entry["bufferView"], entry.get("byteOffset", 0), f"accessors[{index}]")
                if (place := self.place(index)) in given:
                    need = 0  # the same numbers under two names
                given.add(place)
            total += need
            if "sparse" in entry:
                total += self._check_sparse(index, entry)
        has = sum(len(content) for content in self._content.values())
        limit = BUDGET_BYTES + BUDGET_PER_BYTE * has
        if total > limit:
            over_budget("bytes of all accessors", measured=total, limit=limit)

    def _check_sparse(self, index: int, entry: dict[str, Any]) -> int:
        where, sparse = f"accessors[{index}].sparse", entry["sparse"]
        if sparse["count"] > entry["count"]:
            malformed(f"{where} replaces {sparse['count']} of {entry['count']} values")
        places = {"componentType": sparse["indices"]["componentType"], "type": "SCALAR", "count": sparse["count"]}
        self._bounds(places, sparse["indices"]["bufferView"], sparse["indices"].get("byteOffset", 0), where)
        self._bounds(
            entry | {"count": sparse["count"]},
            sparse["values"]["bufferView"],
            sparse["values"].get("byteOffset", 0),
            where,
        )
        indices = np.frombuffer(self.sparse_of(index)[0], _DTYPES[places["componentType"]])
        if indices.max(initial=0) >= entry["count"]:
            malformed(f"{where} replaces value {indices.max()} of {entry['count']}")
        return int(sparse["count"] * (4 + self.size(index)))

    def _bounds(self, entry: dict[str, Any], view: int, offset: int, where: str) -> None:
        """A Refusal unless all elements lie in the view."""
        data, stride = self.view(view, where)
        size = COMPONENT_BYTES[entry["componentType"]] * ELEMENTS[entry["type"]]
        if stride and stride != size and (stride % 4 or stride < max(4, size)):
            malformed(f"{where}: a stride of {stride} bytes for elements of {size}")
        stride = stride or size
        needs = offset + stride * (entry["count"] - 1) + size
        if needs > len(data):
            malformed(f"{where} needs {needs} bytes of a buffer view of {len(data)}")

    def _elements(self, entry: dict[str, Any], view: int, offset: int, where: str) -> bytes | memoryview:
        data, stride = self.view(view, where)
        size, count = COMPONENT_BYTES[entry["componentType"]] * ELEMENTS[entry["type"]], entry["count"]
        if stride in (0, size):
            return data[offset : offset + count * size]
        # numpy checks the bounds again.
        return np.ndarray((count, size), np.uint8, data, offset, (stride, 1)).tobytes()
