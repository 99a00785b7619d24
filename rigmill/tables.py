"""Every table: its columns, and how it is read, appended to and compacted. The driver is the only writer.

A stage has two tables that change together: `outcomes` (one row per finished job) and `products` (the rows that
kept jobs gave). Each is a list of immutable Parquet segments; `manifest.json` names the live ones and is
replaced atomically, so a commit is all or nothing; now and then small segments are merged, so that there are few of
them. When a stage is finished its segments are compacted into ones sorted by job key: the same rows then give the
same bytes, however often the run was killed.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rigmill.errors import UserError
from rigmill.files import canonical_json, sha256_bytes, write_atomic
from rigmill.rights import Rights
from rigmill.rows import table_of
from rigmill.types import Failed, Kept, Outcome, Rejected, Status

_text, _count, _number = pa.string(), pa.int64(), pa.float64()
FILE = pa.struct([("name", _text), ("sha256", _text), ("size_bytes", _count)])  # a types.StoredFile
_file, _files = FILE, pa.list_(FILE)

OUTCOMES = pa.schema(
    [
        ("job_key", _text), ("input_id", _text), ("source", _text), ("status", _text), ("code", _text),
        ("message", _text), ("measured", _number), ("limit", _number), ("fail_kind", _text), ("error_type", _text),
        ("signal", _text), ("command", _text),
    ]
)

_flag = pa.bool_()
_rights = pa.struct([(field.name, _flag) for field in dataclasses.fields(Rights)])
_ASSET = [
    ("asset_id", _text), ("source", _text), ("source_uid", _text), ("origin", _text), ("title", _text),
    ("author", _text), ("tags", pa.list_(_text)),
    # `licence` is an SPDX id, LicenseRef-... or unknown; `licence_seen_in` is index, file, page or profile
    ("licence", _text), ("licence_raw", _text), ("licence_url", _text), ("licence_seen_in", _text),
    ("attribution", _text), ("rights", _rights), ("format", _text),
]
_CLIP = [
    ("clip_id", _text), ("asset_id", _text), ("rig_id", _text), ("motion_id", _text), ("source", _text),
    ("title", _text), ("tags", pa.list_(_text)), ("licence", _text), ("attribution", _text), ("rights", _rights),
    ("motion_name", _text), ("kind", _text), ("num_frames", _count), ("fps", _number),
]

PRODUCTS: dict[str, pa.Schema] = {
    # one row per file of a source
    "collect": pa.schema([*_ASSET, ("file", _file)]),
    # One row per rig. `file` is the canonical file that Blender reads from here on (the original is collect's);
    # `kind` is animated, static or motion (no mesh); `rig_kind` is skin, rigid (joints are animated nodes) or both;
    # `unweighted_share`: of the vertices of skinned meshes, those that no bone moves;
    # motions that are left out are counted: still ones, broken ones (a key is no number), repeats of another;
    # `humanoid` is the declared map of a VRM, empty elsewhere; `spring_joints` are its joints that physics would turn:
    # `end` is where what hangs on the joint is, at rest and from it, `gravity` a force, both x, y, z in our world;
    # `motions` are the actions found in the file.
    "probe": pa.schema(
        [
            *_ASSET, ("file", _file), ("rig_id", _text), ("kind", _text), ("rig_kind", _text), ("armature", _text),
            ("num_joints", _count), ("num_armatures", _count), ("num_vertices", _count), ("num_faces", _count),
            ("num_skinned_meshes", _count), ("num_rigid_meshes", _count), ("unweighted_share", _number),
            ("num_materials", _count),
            ("num_textures", _count), ("texture_px", _count), ("num_base_colours", _count), ("grey_share", _number),
            ("extent", _number), ("geometry_hash", _text), ("num_still_motions", _count),
            ("num_broken_motions", _count), ("num_repeated_motions", _count),
            ("rig_file", _file), ("joint_names", pa.list_(_text)),
            ("humanoid", pa.list_(pa.struct([("bone", _text), ("joint", _text)]))),
            ("spring_joints", pa.list_(pa.struct([
                ("joint", _text), ("end", pa.list_(_number)), ("stiffness", _number), ("drag", _number),
                ("gravity", pa.list_(_number)),
            ]))),
            ("motions", pa.list_(pa.struct([
                ("motion_id", _text), ("name", _text), ("action", _text), ("slot", _text), ("num_frames", _count),
                ("fps", _number), ("start_frame", _number), ("num_moving_joints", _count),
                ("extent_ratio", _number), ("motion_file", _file),
            ]))),
        ]
    ),
    # One row per chosen (character, motion, window): the whole motion rewritten for the character's rig. `num_frames`
    # counts from `start_frame` to the motion's end. `contact_share` is of foot-frames in which a foot stands, and
    # `slide_*_pct` how far such feet move on the ground from frame to frame, the 95th percentile over the motion in
    # percent of a leg, before and after their correction; empty where no foot stands.
    "retarget": pa.schema([*_CLIP, ("file", _file), ("format", _text), ("armature", _text), ("motion_file", _file),
                           ("start_frame", _number), ("num_matched_joints", _count), ("contact_share", _number),
                           ("slide_before_pct", _number), ("slide_after_pct", _number)]),
    # One row per clip that could be seen, kept or not. `flow_px_per_frame` is the mean over the subject, `flow_px` how
    # far the part that moves most gets, both at 256 px on its bounding square; `coverage` is of the view that shows
    # least; `extent_ratio` is the largest frame's size over the usual one; `files` holds a strip to look at.
    "preview": pa.schema([*_CLIP, ("file", _file), ("format", _text), ("armature", _text), ("action", _text),
                          ("slot", _text), ("start_frame", _number), ("motion_file", _file),
                          ("flow_px_per_frame", _number), ("flow_px", _number), ("coverage", _number),
                          ("extent_ratio", _number), ("geometry_hash", _text), ("motion_hash", _text),
                          ("files", _files)]),
    # one row per clip that passed every filter
    "select": pa.schema([*_CLIP, ("file", _file), ("format", _text), ("armature", _text), ("action", _text),
                         ("slot", _text), ("start_frame", _number), ("motion_file", _file),
                         ("flow_px_per_frame", _number), ("flow_px", _number)]),
    # One row per rendered clip. `engine` drew it, `engine_reason` says why where `auto` chose, and `agreement` is its
    # similarity (SSIM) to Cycles where that was measured; `min_coverage` is of the view that the subject covers least.
    # `round_trip_px`: how far discs read back from the pose videos are from the stored joints, 90th percentile of the
    # worst view, `round_trip_worst` its worst joint; `round_trip_mpjpe_pct` and `round_trip_usable_share` say what
    # reconstruction makes of joints that two views show. Empty where it was not asked for or nothing can be judged.
    "render": pa.schema([*_CLIP, ("asset_file", _file), ("width_px", _count), ("height_px", _count),
                         ("num_views", _count), ("has_masks", _flag), ("engine", _text), ("engine_reason", _text),
                         ("agreement", _number), ("min_coverage", _number), ("num_drawn_joints", _count),
                         ("round_trip_px", _number), ("round_trip_worst", _text), ("round_trip_mpjpe_pct", _number),
                         ("round_trip_usable_share", _number), ("files", _files)]),
    "caption": pa.schema([("clip_id", _text), ("caption", _text), ("category", _text), ("provider", _text)]),
    # one row per sample inside a shard: `offset` and `num_bytes` cut it out without reading the rest
    "shards": pa.schema([*_CLIP, ("shard", _text), ("split", _text), ("offset", _count), ("num_bytes", _count),
                         ("sample_sha256", _text), ("shard_sha256", _text), ("shard_bytes", _count),
                         ("num_views", _count), ("has_masks", _flag), ("caption", _text), ("category", _text),
                         ("provider", _text), ("asset_file", _file), ("shard_file", _file)]),
    "train": pa.schema([("checkpoint_id", _text), ("recipe", _text), ("num_steps", _count), ("first_loss", _number),
                        ("last_loss", _number), ("num_parameters", _count), ("files", _files)]),
    # one row per (clip, where its pose maps came from)
    "eval": pa.schema([("clip_id", _text), ("maps", _text), ("num_frames", _count), ("num_drawn_joints", _count),
                       ("mpjpe_pct", _number), ("mpjpe_all_pct", _number), ("over_2pct", _number),
                       ("usable_share", _number), ("branch_rotation_deg", _number), ("chain_rotation_deg", _number),
                       ("leaf_rotation_deg", _number), ("reprojection_px", _number),
                       ("bone_drift_pct", _number), ("pck_2d", _number),
                       ("missing_share", _number), ("swapped_share", _number),
                       ("checkpoint_id", _text), ("files", _files)]),
}


_NO_OUTCOME: dict[str, Any] = dict.fromkeys(OUTCOMES.names)
_KEPT = Status.KEPT.value


def outcome_row(key: str, input_id: str, outcome: Outcome, command: str, *, source: str = "") -> dict[str, Any]:
    """An outcome as a row of OUTCOMES. `source` is the one that the input is from; empty where it is from several."""
    row = dict(_NO_OUTCOME)
    row["job_key"], row["input_id"], row["source"], row["command"] = key, input_id, source, command
    if isinstance(outcome, Kept):
        row["status"] = _KEPT
    elif isinstance(outcome, Rejected):
        row.update(status=Status.REJECTED.value, code=outcome.code, message=outcome.message,
                   measured=outcome.measured, limit=outcome.limit)
    elif isinstance(outcome, Failed):
        row.update(status=Status.FAILED.value, code=outcome.kind.value, message=outcome.message,
                   fail_kind=outcome.kind.value, error_type=outcome.error_type, signal=outcome.signal)
    return row


def _read(file: pa.NativeFile, schema: pa.Schema) -> pa.Table:
    """Some columns of a segment; one that is younger than the segment is empty."""
    segment = pq.ParquetFile(file)
    there = [name for name in schema.names if name in segment.schema_arrow.names]
    table = segment.read(columns=there)
    columns = [table[field.name] if field.name in there else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, names=schema.names).cast(schema)


class Snapshot:
    """One table of a stage as a manifest named it, read column by column. Its files stay open, so a writer that
    replaces them meanwhile takes nothing away."""

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


def place_of(keys: pa.ChunkedArray, live: pa.Array | None, *, last: bool) -> pa.Array | None:
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


class StageTable:
    """The two tables of one stage, on disk. One writer; any number of readers."""

    ROWS_PER_SEGMENT = 50_000
    FAN = 8  # this many segments of about the same size become one

    def __init__(self, folder: Path, stage: str) -> None:
        self.folder = folder / stage
        self.stage = stage
        self.schemas = {"outcomes": OUTCOMES, "products": PRODUCTS[stage].insert(0, pa.field("job_key", _text))}
        self._files: dict[str, pa.NativeFile] = {}
        self._manifest = self._read_manifest()

    def _read_manifest(self) -> dict[str, Any]:
        path = self.folder / "manifest.json"
        for attempt in range(10):
            try:
                manifest = json.loads(path.read_text())
                manifest = {"outcomes": list(manifest["outcomes"]), "products": list(manifest["products"]),
                            "compact": bool(manifest.get("compact"))}
                self._open(manifest)
                return manifest
            except FileNotFoundError as error:
                if not path.exists():
                    break
                if attempt == 9:
                    raise self._unreadable(error) from error
                # A writer replaced the segments between our reading the manifest and opening them.
            except (ValueError, KeyError, TypeError) as error:
                raise self._unreadable(error) from error
        return {"outcomes": [], "products": [], "compact": True}

    def _unreadable(self, error: Exception) -> UserError:
        return UserError(
            f"table of stage '{self.stage}' cannot be read: {self.folder / 'manifest.json'}", why=str(error),
            code="E310", fix=f"remove {self.folder} and run the stage again; finished files are reused",
        )

    def _open(self, manifest: dict[str, Any]) -> None:
        names = [*manifest["outcomes"], *manifest["products"]]
        self._files = {name: self._files.get(name) or pa.OSFile(str(self.folder / name)) for name in names}

    def segments(self, kind: str) -> list[str]:
        """Names of the files; the same names hold the same rows."""
        return list(self._manifest[kind])

    def snapshot(self, kind: str) -> Snapshot:
        """`outcomes` or `products` as they are now."""
        return Snapshot([self._files[name] for name in self._manifest[kind]], self.schemas[kind])

    def outcomes(self) -> pa.Table:
        return self.snapshot("outcomes").read()

    def products(self) -> pa.Table:
        return self.snapshot("products").read()

    def commit(self, outcomes: Sequence[dict[str, Any]], products: Sequence[dict[str, Any]]) -> None:
        """Add rows of finished jobs. Every product row carries the job_key of a kept outcome in the same commit.

        A second outcome of a key takes the first one's place; only jobs without products are ever done again so.
        """
        if not outcomes:
            return
        first = not self._manifest["outcomes"]
        manifest = {**self._manifest, "compact": first}
        for kind, rows in (("outcomes", outcomes), ("products", products)):
            if rows and first:
                table = table_of(rows, self.schemas[kind])
                place = place_of(table["job_key"], None, last=kind == "outcomes")
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
        return self._files.get(name) or pa.OSFile(str(self.folder / name))

    def _num_rows(self, name: str) -> int:
        return int(pq.read_metadata(self._file(name)).num_rows)

    def compact(self, live_keys: Iterable[str] | pa.Array | None = None) -> None:
        """Rewrite both tables as sorted segments holding the rows of `live_keys` alone (None: of all keys)."""
        live = live_keys if live_keys is None or isinstance(live_keys, pa.Array) else pa.array(list(live_keys), _text)
        manifest: dict[str, Any] = {"outcomes": [], "products": [], "compact": True}
        for kind in ("outcomes", "products"):
            snapshot = self.snapshot(kind)
            # The order of a job's product rows stays as the job gave them.
            place = place_of(snapshot.column("job_key"), live, last=kind == "outcomes")
            if place is None and self._manifest["compact"]:
                manifest[kind] = self._manifest[kind]
                continue
            manifest[kind] = self._write_sorted(kind, snapshot.read(), place)
        if manifest != self._manifest or not (self.folder / "manifest.json").exists():
            self._publish(manifest)
        self.sweep()

    def sweep(self) -> None:
        """Remove segments that no manifest names: what a killed commit left behind."""
        live = {*self._manifest["outcomes"], *self._manifest["products"], "manifest.json"}
        if self.folder.exists():
            for path in self.folder.iterdir():
                if path.name not in live:
                    path.unlink()

    def _write_sorted(self, kind: str, table: pa.Table, place: pa.Array | None) -> list[str]:
        """The rows at `place` (None: all), in segments."""
        names = []
        for start in range(0, len(table if place is None else place), self.ROWS_PER_SEGMENT):
            part = (table.slice(start, self.ROWS_PER_SEGMENT) if place is None
                    else table.take(place.slice(start, self.ROWS_PER_SEGMENT)))
            names.append(self._write_segment(kind, part.combine_chunks()))
        return names

    def _write_segment(self, kind: str, table: pa.Table) -> str:
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd", store_schema=True)
        data = buffer.getvalue()
        name = f"{kind}-{sha256_bytes(data)[:16]}.parquet"
        write_atomic(self.folder / name, data)
        return name

    def _publish(self, manifest: dict[str, Any]) -> None:
        write_atomic(self.folder / "manifest.json", (canonical_json(manifest) + "\n").encode())
        self._manifest = manifest
        self._open(manifest)
