"""Draws out of cached latents: windows, conditions and text of clips, read straight into the memory of a batch."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rigmill.errors import Damaged, UserError
from rigmill.storage.files import Store
from rigmill.types import Camera, StoredFile
from shards.loader.buffers import Buffers
from shards.loader.choices import Seen
from shards.loader.latents.encoding import Encoding, Windows, sample_key
from shards.loader.latents.file import Header, Numbers, read_header

_COLUMNS = ("clip_id", "sample_sha256", "encoding", "file")
_OPEN_FILES = 128  # kept open, each with its header
_AGAIN = ("run", "latents")


@dataclass(frozen=True, slots=True)
class LatentDraw:
    """What is read of a clip."""

    clip_id: str
    window: int  # which of its windows
    num_frames: int  # of that, from its first on, as the model counts them
    views: tuple[int, ...]
    condition: int | None  # which condition frame of the window; None: the rest pose
    sentence: int | None  # which of the clip's captions; None: no words


@dataclass(frozen=True, slots=True)
class Latents:
    """One modality of B draws of V views, in the type in which they are stored."""

    video: Numbers  # (B, V, C, f, h, w)
    condition: Numbers  # (B, V, C, 1, h, w)


@dataclass(frozen=True, slots=True)
class LatentBatch:
    """B draws of V views."""

    rgb: Latents
    pose: Latents
    text: tuple[Numbers, ...]  # B of (tokens, D), not padded
    cameras: tuple[tuple[Camera, ...], ...]  # B of V, for the model's pictures
    clip_ids: tuple[str, ...]


class CachedLatents:
    """The latents of some clips. Reading is safe from several threads; a copy in another process opens its own files.

    Whether the bytes of a file are still right is a question for `verify`; `check_digests` asks it of every file that
    is opened.
    """

    def __init__(self, table: pa.Table, store: Store, wanted: Encoding, *, check_digests: bool = False) -> None:
        self.table, self.store, self.wanted, self.check_digests = table, store, wanted, check_digests
        self.buffers = Buffers()
        self._row = {clip_id: row for row, clip_id in enumerate(table["clip_id"].to_pylist())}
        self._opened: OrderedDict[str, _File] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def of_rows(
        cls, table: pa.Table, store: Store, *, wanted: Encoding, clips: Mapping[str, str], check_digests: bool = False
    ) -> CachedLatents:
        """The latents of `clips` (digest of the sample by clip id) out of the `latents` table.

        A UserError names a clip that has none, or whose latents are of another content or otherwise encoded than
        `wanted`: a cache that does not fit is never used.
        """
        cached = cls(table.select(list(_COLUMNS)).combine_chunks(), store, wanted, check_digests=check_digests)
        cached._refuse_stale(clips)
        return cached

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("table", "store", "wanted", "check_digests")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # files and memory stay with their process

    def __len__(self) -> int:
        return len(self._row)

    def windows(self, clip_id: str) -> Windows:
        """Which windows of a clip there are, and which of their frames can be conditions."""
        return self._file(clip_id).header.windows

    def choose(
        self, clip_id: str, seen: Seen, *, clip_frames: int, num_frames: int, sentence: int | None
    ) -> LatentDraw:
        """What stands for a draw of any window and condition frame of a clip, in one of those that are cached.

        Where `seen` takes all windows alike, so does this.
        """
        windows = self.windows(clip_id)
        last = clip_frames - self.wanted.span(num_frames)
        condition = None if seen.from_template else windows.of_condition(seen.condition_frame, num_frames)
        return LatentDraw(clip_id, windows.of_start(seen.start, last), num_frames, seen.views, condition, sentence)

    def read(self, draws: Sequence[LatentDraw]) -> LatentBatch:
        """The latents of draws that have one number of views and of frames; memory is used again once it is free."""
        files = [self._file(draw.clip_id) for draw in draws]
        return LatentBatch(
            rgb=self._latents("rgb", draws, files),
            pose=self._latents("pose", draws, files),
            text=tuple(file.text(draw.sentence) for draw, file in zip(draws, files)),
            cameras=tuple(tuple(file.header.cameras[view] for view in draw.views) for draw, file in zip(draws, files)),
            clip_ids=tuple(draw.clip_id for draw in draws),
        )

    def _latents(self, modality: str, draws: Sequence[LatentDraw], files: Sequence[_File]) -> Latents:
        shapes = {file.shape(modality, draw) for draw, file in zip(draws, files)}
        if len(shapes) > 1:
            raise ValueError(f"draws of latents {sorted(shapes)} make no one batch")
        views, channels, frames, *cells = shapes.pop()
        video = self._empty((len(draws), views, channels, frames, *cells))
        condition = self._empty((len(draws), views, channels, 1, *cells))
        for place, (draw, file) in enumerate(zip(draws, files)):
            for at, view in enumerate(draw.views):
                file.read(modality, (draw.window, view), video[place, at])
                if draw.condition is None:
                    file.read(f"{modality}_template", (view,), condition[place, at])
                elif draw.condition == 0:  # a window's first frame is encoded by itself
                    condition[place, at] = video[place, at, :, :1]
                else:
                    index = (draw.window, draw.condition - 1, view)
                    file.read(f"{modality}_conditions", index, condition[place, at])
        return Latents(video, condition)

    def _empty(self, shape: tuple[int, ...]) -> Numbers:
        dtype = np.dtype(self.wanted.dtype)
        return self.buffers.take((prod(shape) * dtype.itemsize,)).view(dtype).reshape(shape)

    def _file(self, clip_id: str) -> _File:
        with self._lock:
            if clip_id not in self._opened:
                self._opened[clip_id] = self._open(clip_id)
                if len(self._opened) > _OPEN_FILES:
                    self._opened.popitem(last=False)
            self._opened.move_to_end(clip_id)
            return self._opened[clip_id]

    def _open(self, clip_id: str) -> _File:
        row = self._cells(clip_id)
        stored = StoredFile.from_row(row["file"])
        if self.check_digests:
            self.store.checked_path(stored)
        file = _File.open(self.store, stored)
        if file.header.key != sample_key(row["encoding"], row["sample_sha256"]) or file.header.clip_id != clip_id:
            raise Damaged(f"the stored {stored.name} holds other latents than the table says")
        return file

    def _cells(self, clip_id: str) -> dict[str, Any]:
        if clip_id not in self._row:
            raise _missing(clip_id, "nobody has encoded it")
        found: dict[str, Any] = self.table.slice(self._row[clip_id], 1).to_pylist()[0]
        return found

    def _refuse_stale(self, clips: Mapping[str, str]) -> None:
        ids = pa.array(list(clips), pa.string())
        places = pc.index_in(ids, value_set=self.table["clip_id"].combine_chunks())
        if places.null_count:
            clip_id = ids[pc.index(pc.is_null(places), True).as_py()].as_py()
            raise _missing(
                clip_id,
                f"of {len(ids)} clips {places.null_count} have none: shards changed, or the pass could not read",
            )
        rows = self.table.take(places)
        changed = pc.not_equal(rows["sample_sha256"], pa.array(list(clips.values()), pa.string()))
        otherwise = pc.not_equal(rows["encoding"], self.wanted.digest)
        stale = pc.or_(changed, otherwise)
        num_stale = pc.sum(stale).as_py() or 0
        if num_stale:
            first = pc.index(stale, True).as_py()
            clip_id = ids[first].as_py()
            why = "the clip's sample has changed since" if changed[first].as_py() else self._difference(clip_id)
            raise UserError(
                f"the cached latents of clip {clip_id} do not fit: {self._cells(clip_id)['file']['name']}",
                why=f"{why}; so are those of {num_stale} of {len(ids)} clips",
                fix="{command}",
                code="E525",
                command=_AGAIN,
            )

    def _difference(self, clip_id: str) -> str:
        """In what a clip's latents are encoded otherwise, as far as their file says it."""
        try:
            header = self._open(clip_id).header
        except Damaged:
            return "they were encoded otherwise"
        return f"{self.wanted.difference(header.encoding.to_row())} is another one"


def _missing(clip_id: str, why: str) -> UserError:
    return UserError(f"clip {clip_id} has no cached latents", why=why, fix="{command}", code="E525", command=_AGAIN)


@dataclass(slots=True)
class _File:
    """One open file of latents."""

    name: str
    header: Header
    dtype: np.dtype[Any]
    _start: int  # from where places count
    _handle: _Handle = field(repr=False)

    @classmethod
    def open(cls, store: Store, stored: StoredFile) -> _File:
        try:
            number = os.open(store.path(stored), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Damaged(f"the stored {stored.name} is gone") from None
        handle = _Handle(number)
        size = os.fstat(number).st_size
        if size != stored.size_bytes:
            raise Damaged(f"the stored {stored.name} has {size} bytes instead of {stored.size_bytes}")
        header, start = read_header(lambda size, at: os.pread(number, size, at), size)
        return cls(stored.name, header, np.dtype(header.encoding.dtype), start, handle)

    def shape(self, modality: str, draw: LatentDraw) -> tuple[int, ...]:
        """Of one draw's video: (V, C, f, h, w)."""
        channels, frames, *cells = self.header.places[modality].shape[2:]
        longest = self.header.windows.num_frames
        taken, rest = divmod((draw.num_frames - 1) * (frames - 1), max(1, longest - 1))
        if rest or not 1 <= draw.num_frames <= longest:
            raise ValueError(f"{draw.num_frames} frames of {self.name}, whose windows have {longest}")
        return len(draw.views), channels, 1 + taken, *cells

    def text(self, sentence: int | None) -> Numbers:
        """Tokens (n, D) of a caption, or of no words."""
        header, place = self.header, self.header.places["text"]
        at = header.num_captions if sentence is None else range(header.num_captions)[sentence]
        start, end = (0, *header.text_ends)[at], header.text_ends[at]
        found = np.empty((end - start, *place.shape[1:]), self.dtype)
        if found.size:
            self._read_at(place.at + start * found.itemsize * prod(place.shape[1:]), found)
        return found

    def read(self, name: str, index: tuple[int, ...], target: Numbers) -> None:
        """Fill `target` (C, n, h, w), in one piece of memory, with the first n frames of array[index] (C, f, h, w)."""
        place = self.header.places[name]
        first = int(np.ravel_multi_index(index, place.shape[: len(index)]))
        inner = place.shape[len(index) :]
        at = place.at + first * prod(inner) * self.dtype.itemsize
        if target.shape == inner:
            self._read_at(at, target)
            return
        step = prod(inner[1:]) * self.dtype.itemsize
        for channel in range(inner[0]):
            self._read_at(at + channel * step, target[channel])

    def _read_at(self, at: int, target: Numbers) -> None:
        left = target.data.cast("B")
        at += self._start
        while left:
            num_read = os.preadv(self._handle.number, [left], at)
            if not num_read:
                raise Damaged(f"the stored {self.name} ends inside its latents")
            left, at = left[num_read:], at + num_read


class _Handle:
    """A file's number, closed when nobody reads from it any more, in whichever thread that is."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)
