"""`rigmill show`: everything known about an asset, a clip or an input."""

from __future__ import annotations

import argparse
import json
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.errors import UserError
from rigmill.outcomes import Status
from rigmill.pipeline.view import View
from rigmill.storage.files import Store
from rigmill.storage.rows import StoredRows, true_places
from rigmill.types import StoredFile


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill show`: print all that the tables know about one id; the exit status."""
    resolved, layout = resolve(parsed)
    found = show(View(layout.tables, resolved.profile), parsed.id)
    print(json.dumps(found) if parsed.json else show_text(found, layout.store))
    return exit_status.OK


def show(view: View, wanted: str) -> dict[str, Any]:
    """Outcomes and product rows, stage by stage, of everything whose id begins with `wanted`."""
    found: dict[str, Any] = {}
    ids = [wanted]
    for name in view.registry:
        plan, outcomes, products = view.plan(name), view.outcomes(name), view.products(name)
        kept = _places(products, _ID_COLUMNS, ids)
        rows = products.at(kept)
        ids += sorted(
            {
                str(row[key])
                for row in rows
                if _matches(row, [wanted])
                for key in ("asset_id", "clip_id")
                if row.get(key)
            }
            - set(ids)
        )
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
        raise UserError(
            f"nothing is known about '{wanted}'",
            code="E120",
            fix="ids are in the report and in: {command}",
            command=("status", "STAGE"),
        )
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
    """Stage by stage the outcomes, what is pending and the products of one id; files as paths in the store."""
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
