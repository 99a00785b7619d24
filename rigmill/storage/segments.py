"""Every table: its columns, and how it is read, appended to and compacted. The driver is the only writer.

A stage has two tables that change together: `outcomes` (one row per finished job) and `products` (the rows that
kept jobs gave). Each is a list of immutable Parquet segments; `manifest.json` names the live ones and is
replaced atomically, so a commit is all or nothing; now and then small segments are merged, so that there are few of
them. When a stage is finished its segments are compacted into ones sorted by job key: the same rows then give the
same bytes, however often the run was killed.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rigmill.errors import UserError
from rigmill.storage.columns import OUTCOMES, PRODUCTS, TEXT
from rigmill.storage.files import canonical_json, digest, name_by_digest, write_atomic
from rigmill.storage.rows import table_of
from rigmill.types import Row


def _read(file: pa.NativeFile, schema: pa.Schema) -> pa.Table:
    """Some columns of a segment; one that is younger than the segment is empty."""
    segment = pq.ParquetFile(file)
    there = [name for name in schema.names if name in segment.schema_arrow.names]
    table = segment.read(columns=there)
    columns = [table[field.name] if field.name in there else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, names=schema.names).cast(schema)


KINDS, MANIFEST = ("outcomes", "products"), "manifest.json"


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """manifest.json: the names of the live segments, and a digest of all that it says."""
    return (canonical_json({**manifest, "digest": digest(manifest)}) + "\n").encode()


def manifest_of(data: bytes) -> dict[str, Any]:
    """What `manifest_bytes` wrote; a ValueError where it is not that any more. Older ones have no digest."""
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("it is no manifest")
    said = found.pop("digest", None)
    if sorted(found) != ["compact", "outcomes", "products"] or (said is not None and said != digest(found)):
        raise ValueError("it has changed since it was written")
    return found


def holds_what_its_name_says(file: pa.NativeFile, name: str) -> bool:
    """Whether an open segment has the digest of its name."""
    found = sha256()
    file.seek(0)
    while piece := file.read_buffer(1 << 20):
        found.update(piece)
    file.seek(0)
    return found.hexdigest().startswith(Path(name).stem.rpartition("-")[2])


class Snapshot:
    """One table of a stage as a manifest named it, read column by column. Its files stay open, so a writer that
    replaces them meanwhile takes nothing away. `files` hold what their names say.
    """

    def __init__(self, files: Sequence[pa.NativeFile], schema: pa.Schema) -> None:
        self._files, self.schema = tuple(files), schema

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows, in the order in which they were written."""
        if not self._files:
            table = self.schema.empty_table()
            return table if columns is None else table.select(columns)
        schema = self.schema if columns is None else pa.schema([self.schema.field(name) for name in columns])
        return pa.concat_tables([_read(file, schema) for file in self._files])

    def column(self, name: str) -> pa.ChunkedArray:
        return self.read([name])[name]


def sorted_live_indices(keys: pa.ChunkedArray, live: pa.Array | None, *, last: bool) -> pa.Array | None:
    """Where the rows of the `live` keys (None: all) are, sorted by key; None: they are all the rows, sorted already.

    Rows of one key stay in their order; with `last`, only the latest of them counts.
    """
    indices = None
    if live is not None:
        mask = pc.is_in(keys, value_set=live)
        if not pc.all(mask, min_count=0).as_py():
            indices = pc.indices_nonzero(mask)
            keys = keys.take(indices)
    keys = keys.combine_chunks()
    before = pc.less if last else pc.less_equal
    if not pc.all(before(keys[:-1], keys[1:]), min_count=0).as_py():
        order = pc.sort_indices(keys)
        indices = order if indices is None else indices.take(order)
        if last:
            keys = keys.take(order)
            indices = indices.filter(pa.concat_arrays([pc.not_equal(keys[:-1], keys[1:]), pa.array([True])]))
    return indices


def _with_plan(outcomes: Snapshot, held: pa.Array, plan: str) -> pa.ChunkedArray | None:
    """The column `plan` with the rows of the keys in `held` saying `plan`; None where they say so already."""
    rows = outcomes.read(["job_key", "plan"])
    is_held = pc.is_in(rows["job_key"], value_set=held)
    if pc.all(pc.equal(rows["plan"].filter(is_held), plan).fill_null(False), min_count=0).as_py():
        return None
    return pc.if_else(is_held, pa.scalar(plan, TEXT), rows["plan"])


class StageTable:
    """The two tables of one stage, on disk. One writer; any number of readers."""

    ROWS_PER_SEGMENT = 50_000
    FAN = 8  # this many segments of about the same size become one

    def __init__(
        self, folder: Path, stage: str, products: pa.Schema | None = None, *, manifest: dict[str, Any] | None = None
    ) -> None:
        """`products`: the columns of the stage's rows; None: those of the shipped stage of this name. `manifest`: what
        counts in the place of the manifest on disk, until the next commit replaces that.
        """
        self.folder = folder / stage
        self.stage = stage
        products = PRODUCTS[stage] if products is None else products
        self.schemas = {"outcomes": OUTCOMES, "products": products.insert(0, pa.field("job_key", TEXT))}
        self._files: dict[str, pa.NativeFile] = {}
        self._checked: set[str] = set()  # of the files, those that hold what their names say
        self._manifest = self._read_manifest() if manifest is None else manifest
        self._open(self._manifest)

    def _read_manifest(self) -> dict[str, Any]:
        path = self.folder / MANIFEST
        for attempt in range(10):
            try:
                manifest = manifest_of(path.read_bytes())
                self._open(manifest)
                return manifest
            except FileNotFoundError as error:
                if not path.exists():
                    if any(self.folder.glob("*.parquet")):  # a manifest is there before the first segment is
                        raise self._unreadable(error) from error
                    break
                if attempt == 9:
                    raise self._unreadable(error) from error
                # A writer replaced the segments between our reading the manifest and opening them.
            except ValueError as error:
                raise self._unreadable(error) from error
        return {"outcomes": [], "products": [], "compact": True}

    def _unreadable(self, error: Exception) -> UserError:
        return UserError(
            f"table of stage '{self.stage}' cannot be read: {self.folder / MANIFEST}",
            why=str(error),
            code="E310",
            fix="{command}",
            command=("verify", "--repair"),
        )

    def _open(self, manifest: dict[str, Any]) -> None:
        names = [*manifest["outcomes"], *manifest["products"]]
        self._files = {name: self._files.get(name) or pa.OSFile(str(self.folder / name)) for name in names}

    def segments(self, kind: str) -> list[str]:
        """Names of the files; the same names hold the same rows."""
        return list(self._manifest[kind])

    def snapshot(self, kind: str) -> Snapshot:
        """`outcomes` or `products` as they are now."""
        return Snapshot([self._file(name) for name in self._manifest[kind]], self.schemas[kind])

    def outcomes(self) -> pa.Table:
        return self.snapshot("outcomes").read()

    def products(self) -> pa.Table:
        return self.snapshot("products").read()

    def commit(self, outcomes: Sequence[Row], products: Sequence[Row]) -> None:
        """Add rows of finished jobs. Every product row carries the job_key of a kept outcome in the same commit.

        A second outcome of a key takes the first one's place; only jobs without products are ever done again so.
        """
        if not outcomes:
            return
        first = not self._manifest["outcomes"]
        if not (self.folder / MANIFEST).exists():
            self._publish(self._manifest)  # so that segments without a manifest are always damage
        manifest = {**self._manifest, "compact": first}
        for kind, rows in (("outcomes", outcomes), ("products", products)):
            if rows and first:
                table = table_of(rows, self.schemas[kind])
                place = sorted_live_indices(table["job_key"], None, last=kind == "outcomes")
                manifest[kind] = self._write_sorted(kind, table, place)
            elif rows:
                added = self._write_segment(kind, table_of(rows, self.schemas[kind]))
                manifest[kind] = self._merged(kind, [*self._manifest[kind], added])
        self._publish(manifest)

    def _merged(self, kind: str, names: list[str]) -> list[str]:
        """The last segments as one where FAN of them are of its size: few segments, and each row rewritten seldom."""
        sizes = [self._num_rows(name).bit_length() // 3 for name in names]  # in steps of FAN
        run = len(list(takewhile(lambda size: size <= sizes[-1], reversed(sizes))))
        if run < self.FAN:
            return names
        rows = Snapshot([self._file(name) for name in names[-run:]], self.schemas[kind]).read()
        return self._merged(kind, [*names[:-run], self._write_segment(kind, rows)])

    def _file(self, name: str) -> pa.NativeFile:
        """A segment, opened; compared with the digest in its name before it is read for the first time."""
        file = self._files.get(name) or pa.OSFile(str(self.folder / name))
        if name not in self._checked:
            if not holds_what_its_name_says(file, name):
                raise UserError(
                    f"table of stage '{self.stage}' is damaged: {self.folder / name}",
                    why="its bytes are not those that were written: they do not have the digest of its name",
                    code="E311",
                    fix="{command}",
                    command=("verify", "--repair"),
                )
            self._checked.add(name)
        return file

    def _num_rows(self, name: str) -> int:
        return int(pq.read_metadata(self._file(name)).num_rows)

    def write(self, kind: str, rows: Sequence[Row]) -> str:
        """A segment of these rows, whose name is in no manifest yet."""
        return self._write_segment(kind, table_of(rows, self.schemas[kind]))

    def compact(
        self, live_keys: Iterable[str] | pa.Array | None = None, *, held: pa.Array | None = None, plan: str = ""
    ) -> None:
        """Rewrite both tables as sorted segments holding the rows of `live_keys` alone (None: of all keys).

        Outcomes of the keys in `held` say from then on that `plan` holds them.
        """
        live = live_keys if live_keys is None or isinstance(live_keys, pa.Array) else pa.array(list(live_keys), TEXT)
        manifest: dict[str, Any] = {"outcomes": [], "products": [], "compact": True}
        for kind in KINDS:
            snapshot = self.snapshot(kind)
            # The order of a job's product rows stays as the job gave them.
            place = sorted_live_indices(snapshot.column("job_key"), live, last=kind == "outcomes")
            plans = _with_plan(snapshot, held, plan) if kind == "outcomes" and held is not None else None
            if place is None and plans is None and self._manifest["compact"]:
                manifest[kind] = self._manifest[kind]
                continue
            table = snapshot.read()
            if plans is not None:
                table = table.set_column(table.column_names.index("plan"), self.schemas[kind].field("plan"), plans)
            manifest[kind] = self._write_sorted(kind, table, place)
        if manifest != self._manifest or not (self.folder / MANIFEST).exists():
            self._publish(manifest)
        self.sweep()

    def sweep(self) -> None:
        """Remove segments that no manifest names: what a killed commit left behind."""
        live = {*self._manifest["outcomes"], *self._manifest["products"], MANIFEST}
        if self.folder.exists():
            for path in self.folder.iterdir():
                if path.name not in live:
                    path.unlink()

    def _write_sorted(self, kind: str, table: pa.Table, place: pa.Array | None) -> list[str]:
        """The rows at `place` (None: all), in segments."""
        names = []
        for start in range(0, len(table if place is None else place), self.ROWS_PER_SEGMENT):
            part = (
                table.slice(start, self.ROWS_PER_SEGMENT)
                if place is None
                else table.take(place.slice(start, self.ROWS_PER_SEGMENT))
            )
            names.append(self._write_segment(kind, part.combine_chunks()))
        return names

    def _write_segment(self, kind: str, table: pa.Table) -> str:
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd", store_schema=True)
        data = buffer.getvalue()
        name = name_by_digest(kind, data, ".parquet")
        write_atomic(self.folder / name, data)
        self._checked.add(name)
        return name

    def _publish(self, manifest: dict[str, Any]) -> None:
        write_atomic(self.folder / MANIFEST, manifest_bytes(manifest))
        self._manifest = manifest
        self._open(manifest)
