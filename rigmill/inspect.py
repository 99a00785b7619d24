"""Reading commands: status, show, verify. They change nothing and say why."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.errors import UserError
from rigmill.files import Store, sha256_file
from rigmill.layout import Layout
from rigmill.registry import STAGES
from rigmill.rows import StoredRows, true_places
from rigmill.tables import FILE
from rigmill.types import Status, StoredFile
from rigmill.view import Counts, View

EXAMPLES_PER_REASON = 3


def counts_json(counts: dict[str, Counts]) -> dict[str, dict[str, int]]:
    return {name: {"in": count.num_in, "kept": count.kept, "rejected": count.rejected, "failed": count.failed,
                   "pending": count.pending} for name, count in counts.items()}


def failed_rows(view: View, stage: str, *, reason: str | None, rejected: bool, only: frozenset[str]) -> set[str]:
    """Keys of jobs to try again."""
    statuses = {Status.FAILED.value} | ({Status.REJECTED.value} if rejected else set())
    columns = (view.outcomes(stage).column(name).to_pylist() for name in ("job_key", "status", "code", "input_id"))
    return {
        key for key, status, code, input_id in zip(*columns)
        if status in statuses and (reason is None or code == reason) and (not only or input_id in only)
    }


def status(view: View, stages: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row per stage: counts, and every reason with its number and a few examples."""
    rows = []
    for name in stages:
        outcomes = view.outcomes(name)
        ends = [end for end in view.ends(name) if end["status"] != Status.KEPT.value]
        reasons = [end | {"examples": _examples(outcomes, end)} for end in ends]
        reasons.sort(key=lambda reason: (-reason["count"], reason["code"]))
        rows.append({"stage": name, **counts_json({name: view.counts(name)})[name], "reasons": reasons})
        outcomes.release()
    return rows


def _examples(outcomes: StoredRows, end: dict[str, Any]) -> list[dict[str, Any]]:
    """The first few outcomes of one kind, by job key."""
    alike = pc.and_(pc.equal(outcomes.column("status"), end["status"]), pc.equal(outcomes.column("code"), end["code"]))
    places = true_places(alike)[:EXAMPLES_PER_REASON]
    return outcomes.at(places, ("input_id", "message", "measured", "limit", "command"))


def status_text(rows: list[dict[str, Any]], *, detailed: bool) -> str:
    lines = [f"{'stage':<9}{'in':>8}{'kept':>8}{'rejected':>10}{'failed':>8}{'pending':>9}"]
    for row in rows:
        lines.append(f"{row['stage']:<9}{row['in']:>8}{row['kept']:>8}{row['rejected']:>10}{row['failed']:>8}"
                     f"{row['pending']:>9}")
    for row in rows:
        for reason in row["reasons"]:
            lines.append(f"\n{row['stage']}: {reason['count']} {reason['status']}, {reason['code']}")
            for example in reason["examples"] if detailed else reason["examples"][:1]:
                measured = "" if example["measured"] is None else (
                    f" (measured {example['measured']:.4g}, limit {example['limit']:.4g})")
                lines.append(f"  {example['input_id']}: {example['message']}{measured}")
                if detailed:
                    lines.append(f"    again: {example['command']}")
    return "\n".join(lines)


def show(view: View, wanted: str) -> dict[str, Any]:
    """Outcomes and product rows, stage by stage, of everything whose id begins with `wanted`."""
    found: dict[str, Any] = {}
    ids = [wanted]
    for name in STAGES:
        plan, outcomes, products = view.plan(name), view.outcomes(name), view.products(name)
        kept = _places(products, _ID_COLUMNS, ids)
        rows = products.at(kept)
        ids += sorted({str(row[key]) for row in rows if _matches(row, [wanted])
                       for key in ("asset_id", "clip_id") if row.get(key)} - set(ids))
        named = pc.or_(_begins(plan.input_ids, ids), _begins(plan.groups, ids))
        keys = pa.concat_arrays([plan.keys.filter(named), products.column("job_key").take(kept).combine_chunks()])
        ended = outcomes.at(true_places(pc.is_in(outcomes.column("job_key"), value_set=keys)))
        waiting = pc.and_(named, pc.invert(pc.is_in(plan.keys, value_set=outcomes.column("job_key").combine_chunks())))
        pending = plan.input_ids.filter(waiting).to_pylist()
        if rows or ended or pending:
            found[name] = {"outcomes": ended, "products": rows, "pending": pending}
        outcomes.release()
        products.release()
    if not found:
        raise UserError(f"nothing is known about '{wanted}'", code="E120",
                        fix="ids are listed by 'rigmill status STAGE' and in the report")
    return found


_ID_COLUMNS = ("asset_id", "clip_id", "checkpoint_id")


def _begins(column: pa.Array | pa.ChunkedArray, ids: list[str]) -> pa.Array | pa.ChunkedArray:
    """Where a text begins with one of the ids."""
    pattern = "^(?:" + "|".join(re.escape(one) for one in ids) + ")"
    return pc.match_substring_regex(column, pattern).fill_null(False)


def _places(rows: StoredRows, columns: tuple[str, ...], ids: list[str]) -> pa.Array:
    """Where one of the columns begins with one of the ids."""
    found: set[int] = set()
    for column in set(columns) & set(rows.names):
        found.update(true_places(_begins(rows.column(column), ids)).to_pylist())
    return pa.array(sorted(found), pa.int64())


def _matches(row: dict[str, Any], ids: list[str]) -> bool:
    return any(str(row.get(key) or "").startswith(one) for key in _ID_COLUMNS for one in ids)


def show_text(found: dict[str, Any], store: Store) -> str:
    lines = []
    for stage, part in found.items():
        lines.append(f"== {stage}")
        for row in part["outcomes"]:
            tail = "" if row["status"] == Status.KEPT.value else f": {row['code']}: {row['message']}"
            lines.append(f"   {row['input_id']}: {row['status']}{tail}")
            if row["measured"] is not None:
                lines.append(f"      measured {row['measured']:.4g}, limit {row['limit']:.4g}")
        lines += [f"   {input_id}: pending" for input_id in part["pending"]]
        for row in part["products"]:
            for column, value in row.items():
                if value is not None and value != []:
                    lines += _column(column, value, store)
    return "\n".join(lines)


def _column(column: str, value: Any, store: Store) -> list[str]:
    if isinstance(value, dict) and "sha256" in value:
        return [f"      {column}: {store.path(StoredFile.from_row(value))} ({value['size_bytes']} bytes)"]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        lines = [f"      {column}:"]
        for item in value:
            inner = _column(str(item["name"]), item, store) if "sha256" in item else [f"      {item}"]
            lines += [f"  {line}" for line in inner]
        return lines
    return [f"      {column}: {value}"]


def files_of(read: Callable[[str], pa.ChunkedArray], schema: pa.Schema) -> Iterator[pa.Table]:
    """The stored files that rows name, at any depth: tables of name, sha256 and size_bytes."""
    for field in schema:
        if "sha256" in str(field.type):
            for chunk in read(field.name).chunks:
                for files in _files(chunk):
                    yield files.group_by(files.column_names, use_threads=False).aggregate([])


def _files(array: pa.Array) -> Iterator[pa.Table]:
    if pa.types.is_list(array.type):
        yield from _files(array.flatten())
    elif array.type.equals(FILE):
        yield pa.table(array.filter(array.is_valid()).flatten(), names=[field.name for field in FILE])
    elif pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from _files(child)


def verify(view: View, layout: Layout) -> tuple[list[str], int]:
    """Problems found by reading every file that a row names, and every published shard, and how many were read."""
    problems, seen = [], set()
    for stage in STAGES:
        products = view.products(stage)
        for files in files_of(products.column, products.fields):
            for stored in map(StoredFile.from_row, files.to_pylist()):
                path = layout.store.path(stored)
                if path in seen:
                    continue
                seen.add(path)
                if not path.exists():
                    problems.append(f"{stage}: {stored.name} is missing: {path}")
                elif sha256_file(path) != stored.sha256:
                    problems.append(f"{stage}: {stored.name} has changed since it was written: {path}")
        products.release()
    if layout.dataset.exists():
        problems += importlib.import_module("shards.verify").verify(layout.dataset)
    return problems, len(seen)
