"""Rows of a stored table that are decoded only where somebody looks.

A plan reads a few cells of every row and hashes the rest. So a row here is a place in an Arrow table: a cell becomes a
Python value when it is asked for, and the canonical JSON of whole columns is written by Arrow, a span of rows at a
time. `canonical_json(dict(row)) == row.to_json()`, always: what a job's key says does not depend on how it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from json.encoder import encode_basestring_ascii
from math import isfinite
from numbers import Real
from typing import Any, cast, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rigmill.storage.files import canonical_json
from rigmill.types import Row

SPAN = 8192  # rows that are decoded together
_Piece = list[str] | tuple[str, str]


def true_places(mask: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Where `mask` is true. Arrow's own function crashes on a column without chunks, as an empty table has."""
    return pc.indices_nonzero(mask) if len(mask) else pa.array([], pa.uint64())


class StoredRows(Sequence[Any]):
    """Rows with lazily read columns. `read` gives one column by name, every row of it, in the order of the rows."""

    def __init__(self, read: Callable[[str], pa.ChunkedArray], fields: pa.Schema, num_rows: int) -> None:
        self._read, self.fields, self.names, self._num_rows = read, fields, tuple(fields.names), num_rows
        self._columns: dict[str, pa.ChunkedArray] = {}
        self._spans: dict[int, _Span] = {}

    def column(self, name: str) -> pa.ChunkedArray:
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def at(self, places: pa.Array, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Some of the rows as plain dicts."""
        taken = {name: self.column(name).take(places) for name in names or self.names}
        return list(pa.table(taken).to_pylist())

    def release(self, *, columns: bool = True) -> None:
        """Free what was decoded, and with `columns` what was read; it is read again where it is needed."""
        if columns:
            self._columns.clear()
        for span in self._spans.values():
            span.forget()

    def __len__(self) -> int:
        return self._num_rows

    def __iter__(self) -> Iterator[Any]:
        """All rows in order. What a span decoded is freed behind the reader, and kept if it is asked for again."""
        for start in range(0, self._num_rows, SPAN):
            span = self._span(start)
            for index in range(span.num_rows):
                yield StoredRow(span, index)
            span.forget()

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(self._num_rows))]
        place = range(self._num_rows)[index]
        return StoredRow(self._span(place - place % SPAN), place % SPAN)

    def _span(self, start: int) -> _Span:
        if start not in self._spans:
            self._spans[start] = _Span(self, start)
        return self._spans[start]


class _Span(dict[str, list[Any]]):
    """The decoded cells of up to SPAN rows by column, filled when they are asked for, and the rows' JSON."""

    def __init__(self, rows: StoredRows, start: int) -> None:
        self.rows, self.start = rows, start
        self.num_rows = min(SPAN, len(rows) - start)
        self.columns = _columns(rows.names)
        self._texts: dict[Any, list[_Piece]] = {}

    def __missing__(self, name: str) -> list[Any]:
        if name not in self.columns:
            raise KeyError(name)
        cells = self[name] = self._column(name).to_pylist()
        return cells

    def forget(self) -> None:
        self.clear()
        self._texts = {}

    def texts(self, columns: _Columns, more: tuple[str, ...]) -> list[_Piece]:
        """The rows' JSON in the order of the keys: neighbouring columns as one text per row, keys of `more` as they
        begin.
        """
        pieces = self._texts.get((columns, more))
        if pieces is None:
            pieces = self._texts[columns, more] = []
            for is_column, keys in groupby(sorted((*columns.names, *more)), key=lambda key: key not in more):
                if is_column:
                    members = _members({key: self._column(key) for key in keys})
                    pieces.append(_joined(members, self.num_rows).to_pylist())
                else:
                    pieces += [(f"{encode_basestring_ascii(key)}:", key) for key in keys]
        return pieces

    def _column(self, name: str) -> pa.Array:
        return self.rows.column(name).slice(self.start, SPAN).combine_chunks()


class _Columns(frozenset[str]):
    """Some columns of a table. One object per choice, so that rows compare them by identity."""

    names: tuple[str, ...]
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


@cache
def _columns(names: tuple[str, ...]) -> _Columns:
    columns = _Columns(names)
    columns.names = names
    return columns


class StoredRow(Mapping[str, Any]):
    """A row that reads like a dict. `only_keys` and `with_values` make a part of it, with values put over it."""

    __slots__ = ("_index", "_span")

    def __init__(self, span: _Span, index: int) -> None:
        self._span, self._index = span, index

    def __getitem__(self, name: str) -> Any:
        return self._span[name][self._index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._span.columns.names)

    def __len__(self) -> int:
        return len(self._span.columns)

    def __or__(self, other: Mapping[str, Any]) -> StoredPart:
        return StoredPart(self._span, self._index, self._span.columns, {}) | other

    def __repr__(self) -> str:
        return repr(dict(self))

    def only(self, names: tuple[str, ...]) -> StoredPart:
        """The row with these columns alone."""
        return StoredPart(self._span, self._index, _columns(names), {})

    def to_json(self) -> str:
        """`canonical_json` of the row as a dict."""
        return self.only(self._span.columns.names).to_json()


class StoredPart(StoredRow):
    """Some columns of a row with values put over them."""

    __slots__ = ("_columns", "_more")

    def __init__(self, span: _Span, index: int, columns: _Columns, more: dict[str, Any]) -> None:
        self._span, self._index, self._columns, self._more = span, index, columns, more

    def __getitem__(self, name: str) -> Any:
        if name in self._more:
            return self._more[name]
        if name in self._columns:
            return self._span[name][self._index]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter((*self._columns.names, *self._more))

    def __len__(self) -> int:
        return len(self._columns) + len(self._more)

    def __or__(self, other: Mapping[str, Any]) -> StoredPart:
        columns = self._columns
        if not columns.isdisjoint(other):
            columns = _columns(tuple(name for name in columns.names if name not in other))
        return StoredPart(self._span, self._index, columns, {**self._more, **other})

    @property
    def place(self) -> int:
        """Which row of its table this is."""
        return self._span.start + self._index

    def column(self, name: str) -> pa.ChunkedArray | None:
        """The table's column, where this part shows it as it is."""
        return self._span.rows.column(name) if name in self._columns else None

    def is_like(self, other: StoredPart) -> bool:
        """Whether both show the same columns of the same table."""
        return self._columns is other._columns and self._span.rows is other._span.rows

    def only(self, names: tuple[str, ...]) -> StoredPart:
        more = {name: self._more[name] for name in names if name in self._more}
        rest = tuple(name for name in names if name not in more) if more else names
        return StoredPart(self._span, self._index, _columns(rest), more)

    def own_values(self) -> Row:
        """What was put over the stored columns."""
        return self._more

    def to_json(self) -> str:
        more, index = self._more, self._index
        parts = []
        for piece in self._span.texts(self._columns, tuple(more)):
            if type(piece) is list:
                parts.append(piece[index])
            else:
                start, key = piece
                parts.append(start + value_json(more[key]))
        text = "{" + ",".join(parts) + "}"
        if _NO_JSON in text:
            raise ValueError("a stored number is not JSON compliant")
        return text


def only_keys(row: Row, *keys: str) -> Row:
    """The part of a row that a job reads; leaving the rest out keeps its key free of what does not matter."""
    kind = type(row)  # isinstance is slow on an ABC, and this is called for every row
    if kind is StoredRow or kind is StoredPart:
        return cast(StoredRow, row).only(keys)
    return {key: row[key] for key in keys}


def with_values(row: Row, values: Row) -> Row:
    """The row with values put over it; of a stored one nothing is decoded."""
    kind = type(row)
    if kind is StoredRow or kind is StoredPart:
        return cast(StoredRow, row) | values
    return {**row, **values}


def job_keys(rows: Sequence[Any]) -> list[str]:
    """The key of the job that each product row is from; empty where rows are no stored ones."""
    return list(rows.column("job_key").to_pylist()) if isinstance(rows, StoredRows) else [""] * len(rows)


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table. Parts of one stored table are taken from its columns and never become Python values."""
    first = rows[0]
    if type(first) is not StoredPart or not all(type(row) is StoredPart and row.is_like(first) for row in rows):
        return pa.Table.from_pylist(rows, schema)
    parts = cast("Sequence[StoredPart]", rows)
    places = pa.array([part.place for part in parts], pa.int64())
    columns = []
    for field in schema:
        stored = first.column(field.name)
        if stored is None:
            columns.append(pa.array([part.get(field.name) for part in parts], field.type))
        else:
            columns.append(stored.take(places).cast(field.type))
    return pa.table(columns, schema)


def not_finite(value: Any, name: str = "", *, stored: bool = False) -> str:
    """Where in a row the first number is that JSON cannot hold, as "motions.extent_ratio is inf"; empty: nowhere.

    Of a part of a stored row what was put over it is looked at, and with `stored` the rest too.
    """
    if isinstance(value, StoredPart) and not stored:
        value = value.own_values()
    if isinstance(value, Mapping):
        within = ((inner, f"{name}.{key}" if name else str(key)) for key, inner in value.items())
    elif isinstance(value, list | tuple):
        within = ((inner, name) for inner in value)
    else:
        is_broken = isinstance(value, Real) and not isinstance(value, int) and not isfinite(value)
        return f"{name} is {float(value)}" if is_broken else ""
    return next(filter(None, (not_finite(inner, path, stored=stored) for inner, path in within)), "")


def value_json(value: Any) -> str:
    """`canonical_json`, with a short way for what payloads are made of."""
    kind = type(value)
    if isinstance(value, str):  # a StrEnum is its value
        return encode_basestring_ascii(value)
    if kind is StoredPart or kind is StoredRow:
        return str(value.to_json())
    if value is None:
        return "null"
    if kind is int:
        return int.__repr__(value)
    if kind is float and isfinite(value):
        return float.__repr__(value)
    if kind is dict and value:
        members = [f"{encode_basestring_ascii(key)}:{value_json(value[key])}" for key in sorted(value)]
        return "{" + ",".join(members) + "}"
    return canonical_json(value)


def _members(columns: Mapping[str, pa.Array]) -> list[Any]:
    """What '"a":1,"b":null' of every row is joined from; `columns` in the order of their names."""
    parts: list[Any] = []
    for key, column in columns.items():
        parts += [f"{',' if parts else ''}{encode_basestring_ascii(key)}:", *_parts(column)]
    return parts


def _joined(parts: Sequence[Any], num_rows: int) -> pa.Array:
    """One text per row from constants and columns."""
    merged: list[Any] = [""]
    for part in parts:
        if isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    if len(merged) == 1:
        return pa.repeat(merged[0], num_rows)
    return pc.binary_join_element_wise(*merged, "")


def _parts(array: pa.Array) -> list[Any]:
    """What the canonical JSON of every value is joined from: texts for all rows, and columns of texts, without nulls.

    Few parts per column and one join per row is what makes this fast.
    """
    kind, num_null = array.type, array.null_count
    if num_null == len(array):
        return ["null"]
    if pa.types.is_struct(kind) and not num_null:
        children = {field.name: child for field, child in zip(kind, array.flatten())}
        return ["{", *_members(dict(sorted(children.items()))), "}"]
    if pa.types.is_string(kind) and not num_null and _is_plain(array):
        return ['"', array, '"']
    if pa.types.is_list(kind) and not num_null:
        ends = pc.cumulative_sum(pc.list_value_length(array))
        offsets = pa.concat_arrays([pa.array([0], ends.type), ends])
        values = array.flatten()
        inner = _joined(_parts(values), len(values))
        return ["[", pc.binary_join(pa.ListArray.from_arrays(offsets, inner), ","), "]"]
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return [array.cast(pa.string()).fill_null("null")]
    write: Callable[[Any], str] = encode_basestring_ascii if pa.types.is_string(kind) else _value_or_mark
    if pa.types.is_float64(kind) and pc.all(pc.is_finite(array), min_count=0).as_py():
        write = float.__repr__
    values = array.to_pylist()
    texts = map(write, values) if not num_null else ("null" if one is None else write(one) for one in values)
    return [pa.array(list(texts), pa.string())]


_NO_JSON = "\0"  # stands in a row's text where a number has no JSON, so that it spoils its own row and no other


def _value_or_mark(value: Any) -> str:
    try:
        return value_json(value)
    except ValueError:
        return _NO_JSON


_PLAIN = np.array([32 <= code < 127 and chr(code) not in '"\\' for code in range(256)])


def _is_plain(array: pa.Array) -> bool:
    """Whether JSON writes every text as it is."""
    _, offsets, data = array.buffers()
    if data is None:
        return True
    ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return bool(_PLAIN[np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]].all())
