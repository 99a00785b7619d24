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
from rigmill.commands.single.show_text import screen_text, whole_text
from rigmill.errors import UserError
from rigmill.pipeline.names import ids_of_name, names_of
from rigmill.pipeline.view import View
from rigmill.storage.rows import StoredRows, true_places


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill show`: print what the tables know about one id or name; the exit status."""
    resolved, layout = resolve(parsed)
    view = View(layout.tables, resolved.profile)
    found = show(view, parsed.id)
    if parsed.json:
        print(json.dumps(found))
    elif parsed.all:
        print(whole_text(found, layout.store))
    else:
        names = {
            name: text
            for stage, part in found.items()
            for name, text in names_of(view, stage, [row["input_id"] for row in part["outcomes"]]).items()
        }
        more = resolved.invocation.suggest("show", parsed.id, "--all")
        print(screen_text(found, names, layout.store, more=more))
    return exit_status.OK


def show(view: View, wanted: str) -> dict[str, Any]:
    """Outcomes and product rows, stage by stage, of everything whose id begins with `wanted`, or else is called so."""
    found = _of_ids(view, [wanted]) if wanted else {}
    if not found:
        ids = ids_of_name(view, wanted)
        found = _of_ids(view, ids) if ids else {}
    if not found:
        raise UserError(
            f"nothing is known about '{wanted}'",
            why="no id begins so, and no file, title or motion is called so",
            code="E120",
            fix="ids and names are in the report and in: {command}",
            command=("status", "STAGE"),
        )
    return found


def _of_ids(view: View, wanted: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    ids = list(wanted)
    for name in view.registry:
        plan, outcomes, products = view.plan(name), view.outcomes(name), view.products(name)
        kept = _places(products, _ID_COLUMNS, ids)
        rows = products.at(kept)
        # Of an asset all clips are meant, of a clip itself alone.
        ids += sorted({str(row[key]) for row in rows for key in ("clip_id",) if row.get(key)} - set(ids))
        named = pc.or_(_begins(plan.input_ids, ids), _begins(plan.groups, ids))
        keys = pa.concat_arrays([plan.keys.filter(named), products.column("job_key").take(kept).combine_chunks()])
        ended = outcomes.at(true_places(pc.is_in(outcomes.column("job_key"), value_set=keys)))
        waiting = pc.and_(named, pc.invert(pc.is_in(plan.keys, value_set=outcomes.column("job_key").combine_chunks())))
        pending = plan.input_ids.filter(waiting).to_pylist()
        if rows or ended or pending:
            found[name] = {"outcomes": ended, "products": rows, "pending": pending}
        outcomes.release()
        products.release()
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
