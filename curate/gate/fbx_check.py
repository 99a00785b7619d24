"""The gate for FBX: a walk of the record tree within bounds, and paths that name nothing.

Blender's importer opens whatever a texture's path names, absolute or with `..`, and searches folders for it. So no
string of the file that Blender gets holds a path separator; all else stays byte for byte.
"""

from __future__ import annotations

import re
import struct

from curate.gate.gltf_json import malformed, over_budget, truncated
from curate.gate.image_header import image_header

FBX_MAGIC = b"Kaydara FBX Binary  \x00\x1a\x00"
FBX_VERSIONS = (5000, 8000)
MAX_DEPTH = 64
MAX_RECORDS = 1_000_000
MAX_MODELS = 4_096
MAX_MODEL_DEPTH = 256  # Blender's importer calls itself for each level, and dies of thousands
MAX_TAKES = 500
MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_VERTICES, MAX_INDICES = 5_000_000, 30_000_000
MAX_TOTAL_PIXELS = 512 * 1024 * 1024
_FIXED = {ord("Y"): 2, ord("C"): 1, ord("B"): 1, ord("I"): 4, ord("F"): 4, ord("D"): 8, ord("L"): 8}
_ARRAYS = {ord("f"): 4, ord("d"): 8, ord("l"): 8, ord("i"): 4, ord("b"): 1, ord("c"): 1}
_TEXTS = (ord("S"), ord("R"))
_ZLIB_RATIO = 1040  # the most that deflate can gain, and a little
_OBJECT_TO_OBJECT = b"S\x02\0\0\0OO"
_SEPARATORS = bytes.maketrans(b"/\\", b"__")

Spans = list[tuple[int, int]]  # start and end of strings, in order


def check_fbx(data: bytes) -> Spans:
    """The strings of an FBX file that hold a path separator; a Refusal for a file that is not sound. Nothing else."""
    if data.startswith(b"; FBX"):
        _check_ascii(data)
        return [(0, len(data))]
    if not data.startswith(FBX_MAGIC[: len(data)]):
        malformed("no FBX magic at the start")
    if len(data) < 27:
        truncated("the FBX header", has=len(data), needs=27)
    (version,) = struct.unpack_from("<I", data, 23)
    _check_version(version)
    return _Records(data, wide=version >= 7500).walk()


def without_paths(data: bytes, spans: Spans) -> bytes:
    """The same file with every separator in these strings made an underscore; of the same length, so nothing moves.

    In ASCII the file is one such span: outside of strings there are no separators. Its embedded pictures go, because
    they are strings too and could be neither told from paths nor checked.
    """
    if not spans:
        return data
    if data.startswith(b"; FBX"):
        return data.translate(_SEPARATORS).replace(b"Content", b"Omitted")
    copy = bytearray(data)
    for start, end in spans:
        copy[start:end] = copy[start:end].translate(_SEPARATORS)
    return bytes(copy)


def _check_version(version: int) -> None:
    low, high = FBX_VERSIONS
    if not low <= version <= high:
        malformed(f"FBX version {version} is not between {low} and {high}")


def _check_ascii(data: bytes) -> None:
    match = re.search(rb"FBXVersion:\s*(\d{1,6})\b", data[:65536])
    if not match:
        malformed("an ASCII FBX file without FBXVersion")
    _check_version(int(match[1]))
    if b"\0" in data:
        malformed("an ASCII FBX file that holds zero bytes")
    opened, closed = data.count(b"{"), data.count(b"}")
    if opened > MAX_RECORDS:
        over_budget("records of FBX", measured=opened, limit=MAX_RECORDS)
    if opened == 0 or b"}" not in data[-4096:]:
        truncated("the ASCII FBX file", has=closed, needs=max(1, opened))
    depth = 0
    for brace in re.finditer(rb"[{}]", data):
        depth += 1 if brace[0] == b"{" else -1
        if depth > MAX_DEPTH:
            over_budget("levels of FBX records", measured=depth, limit=MAX_DEPTH)


def _check_levels(models: set[int], above: list[tuple[int, int]]) -> None:
    """A Refusal where models stand on each other too deeply, or in a circle. Each link is followed once."""
    below: dict[int, list[int]] = {}
    num_parents = dict.fromkeys(models, 0)
    for child, parent in above:
        if child in models and parent in models:
            below.setdefault(parent, []).append(child)
            num_parents[child] += 1
    level, seen, depth = [model for model in models if not num_parents[model]], 0, 0
    while level:
        seen, depth, following = seen + len(level), depth + 1, []
        if depth > MAX_MODEL_DEPTH:
            over_budget("levels of models of FBX", measured=depth, limit=MAX_MODEL_DEPTH)
        for model in level:
            for child in below.get(model, ()):
                num_parents[child] -= 1
                if not num_parents[child]:
                    following.append(child)
        level = following
    if seen < len(models):
        malformed("a model of FBX is its own ancestor")


class _Records:
    """One walk over the records of a binary file, with what it has counted so far."""

    def __init__(self, data: bytes, *, wide: bool) -> None:
        self.data, self.spans = data, Spans()
        self.header = struct.Struct("<QQQB" if wide else "<IIIB")
        self.unpacked = self.takes = self.vertices = self.indices = self.pixels = 0
        self.models: set[int] = set()
        self.above: list[tuple[int, int]] = []  # child and parent, of all objects

    def walk(self) -> Spans:
        """Every record lies in its parent and is read once."""
        data, header, size = self.data, self.header, self.header.size
        offset, records, ends = 27, 0, [len(data)]
        while True:
            limit = ends[-1]
            if offset == limit and len(ends) > 1:  # a list without its closing record
                ends.pop()
                continue
            if offset + size > limit:
                truncated("the FBX file", has=len(data), needs=offset + size)
            end, num_properties, length, name_length = header.unpack_from(data, offset)
            if end == 0:  # the closing record of a list
                offset += size
                ends.pop()
                if not ends:
                    _check_levels(self.models, self.above)
                    return self.spans
                if offset != limit:
                    malformed("an FBX list that ends before its record")
                continue
            records += 1
            if records > MAX_RECORDS:
                over_budget("records of FBX", measured=records, limit=MAX_RECORDS)
            if end > limit:
                truncated("the FBX file" if len(ends) == 1 else "an FBX record", has=limit, needs=end)
            start = offset + size + name_length
            inner = start + length
            if end <= offset or inner > end:
                malformed("an FBX record that is shorter than what it holds")
            # Most records hold one number; the rest is looked at closely.
            if num_properties != 1 or length == 0 or _FIXED.get(data[start], length) + 1 != length:
                self._properties(data[offset + size : start], start, inner, num_properties)
            if inner == end:
                offset = end
            else:
                if len(ends) > MAX_DEPTH:
                    over_budget("levels of FBX records", measured=len(ends), limit=MAX_DEPTH)
                ends.append(end)
                offset = inner

    def _properties(self, name: bytes, offset: int, end: int, count: int) -> None:
        data = self.data
        if count == 0 and offset == end:
            return
        if count > end - offset:
            malformed("an FBX record with more properties than bytes")
        if name == b"Model":
            self.models.add(self._whole(offset, end, len(self.models)))
            if len(self.models) > MAX_MODELS:
                over_budget("models of FBX", measured=len(self.models), limit=MAX_MODELS)
        elif name == b"AnimationStack":
            self.takes += 1
            if self.takes > MAX_TAKES:
                over_budget("takes of FBX", measured=self.takes, limit=MAX_TAKES)
        elif name == b"C" and data[offset : offset + 7] == _OBJECT_TO_OBJECT:
            self.above.append((self._whole(offset + 7, end, 0), self._whole(offset + 16, end, 0)))
        for _ in range(count):
            if offset >= end:
                malformed("an FBX record with fewer properties than it says")
            kind = data[offset]
            offset += 1
            if (fixed := _FIXED.get(kind)) is not None:
                offset += fixed
            elif kind in _TEXTS:
                if offset + 4 > end:
                    malformed("an FBX text that is cut short")
                start = offset + 4
                offset = start + int.from_bytes(data[offset:start], "little")
                if offset > end:
                    malformed("an FBX text that is longer than its record")
                self._text(name, start, offset)
            elif kind in _ARRAYS:
                offset = self._array(name, offset, end, _ARRAYS[kind])
            else:
                malformed("an FBX property of no known type")
        if offset != end:
            malformed("FBX properties that do not fill their record")

    def _whole(self, offset: int, end: int, otherwise: int) -> int:
        """The 64-bit number that is the property at `offset`: the id of an object."""
        if offset + 9 > end or self.data[offset] != ord("L"):
            return otherwise
        return int.from_bytes(self.data[offset + 1 : offset + 9], "little", signed=True)

    def _text(self, name: bytes, start: int, end: int) -> None:
        if name == b"Content":
            if end > start:
                self.pixels += image_header(memoryview(self.data)[start:end], "an embedded picture").pixels
                if self.pixels > MAX_TOTAL_PIXELS:
                    over_budget("pixels of all images", measured=self.pixels, limit=MAX_TOTAL_PIXELS)
        elif self.data.find(b"/", start, end) >= 0 or self.data.find(b"\\", start, end) >= 0:
            self.spans.append((start, end))

    def _array(self, name: bytes, offset: int, end: int, size: int) -> int:
        """The end of an array property, once what it unpacks to is within its budget."""
        if offset + 12 > end:
            malformed("an FBX array that is cut short")
        count, encoding, length = struct.unpack_from("<III", self.data, offset)
        needs = count * size
        if encoding not in (0, 1):
            malformed(f"an FBX array packed in way {encoding}")
        # Unpacked arrays are as long as their values, whatever they say of their packed length.
        stored = needs if encoding == 0 else length
        if offset + 12 + stored > end:
            malformed("an FBX array that is longer than its record")
        if encoding == 1 and needs > length * _ZLIB_RATIO + 64:
            malformed(f"an FBX array of {needs} bytes packed into {length}")
        self.unpacked += needs
        if self.unpacked > MAX_UNPACKED_BYTES:
            over_budget("bytes of FBX arrays", measured=self.unpacked, limit=MAX_UNPACKED_BYTES)
        if name == b"Vertices":
            self.vertices += count // 3
            if self.vertices > MAX_VERTICES:
                over_budget("vertices", measured=self.vertices, limit=MAX_VERTICES)
        elif name == b"PolygonVertexIndex":
            self.indices += count
            if self.indices > MAX_INDICES:
                over_budget("indices of faces", measured=self.indices, limit=MAX_INDICES)
        return offset + 12 + stored
