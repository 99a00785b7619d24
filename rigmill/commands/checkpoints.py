"""`rigmill checkpoints`: every finished model of an output, of whatever settings; one of them removed, or its LoRA."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.errors import UserError
from rigmill.pipeline.lines.sizes import bytes_text
from rigmill.pipeline.registry import EXPORT_LORA, by_name
from rigmill.pipeline.sweep import sweep_store
from rigmill.pipeline.view import View
from rigmill.storage.files import write_atomic
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from rigmill.types import Row, StoredFile

_COLUMNS = (
    "checkpoint_id",
    "stage",
    "recipe",
    "trains",
    "parent",
    "num_clips",
    "samples_digest",
    "num_steps",
    "first_loss",
    "last_loss",
    "num_parameters",
    "num_trained",
)


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill checkpoints`: list them, remove one, or write its LoRA; the exit status."""
    resolved, layout = resolve(parsed)
    view = View(layout.tables, resolved.profile)
    if parsed.delete is not None:
        with locked(layout):
            gone = _delete(parsed.delete, view, layout)
        again = "; it is planned, so the next run trains it again" if gone["planned"] else ""
        print(f"removed checkpoint {gone['checkpoint_id']} ({bytes_text(gone['size_bytes'])}){again}")
        return exit_status.OK
    if parsed.lora is not None:
        section = resolved.profile.train.weights.model_dump(mode="json")
        print(f"written: {_write_lora(parsed.lora, view, layout, section=section, out=parsed.out)}")
        return exit_status.OK
    found = checkpoints(view)
    print(json.dumps(found) if parsed.json else "\n".join(_lines(found, layout)))
    return exit_status.OK


def checkpoints(view: View) -> list[dict[str, Any]]:
    """Every checkpoint in the table: those that start from nothing first, then what stands on them."""
    planned = set(view.plan("train").keys.to_pylist())
    rows = view.table("train").products().to_pylist()
    rows.sort(key=lambda row: (row["depth"] or 0, row["checkpoint_id"]))
    return [
        {name: row[name] for name in _COLUMNS}
        | {"size_bytes": sum(file["size_bytes"] for file in row["files"]), "planned": row["job_key"] in planned}
        for row in rows
    ]


def named(wanted: str, rows: list[Row]) -> list[Row]:
    """The rows of the one checkpoint whose id begins so; two trainings may have ended in the same one."""
    found = [row for row in rows if row["checkpoint_id"].startswith(wanted)] if wanted else []
    if len({row["checkpoint_id"] for row in found}) != 1:
        raise UserError(
            f"{wanted or 'nothing'}: {len(found) or 'no'} checkpoints begin so",
            why=f"there are {', '.join(sorted({row['checkpoint_id'] for row in rows})) or 'none'}",
            fix="{command} lists them",
            command=("checkpoints",),
            code="E141",
        )
    return found


def _delete(wanted: str, view: View, layout: Layout) -> dict[str, Any]:
    """Remove the checkpoint's rows, notes and files; what was removed. Files that other rows name stay."""
    stored = named(wanted, view.table("train").products().to_pylist())
    gone = next(one for one in checkpoints(view) if one["checkpoint_id"] == stored[0]["checkpoint_id"])
    keys = [row["job_key"] for row in stored]
    outcomes = view.table("train").outcomes().to_pylist()
    view.drop("train", pa.array(keys, pa.string()))
    for row in outcomes:
        if row["job_key"] in keys:
            layout.finished_note(row["input_id"]).unlink(missing_ok=True)
    sweep_store(view, layout)
    return gone


def _write_lora(wanted: str, view: View, layout: Layout, *, section: Row, out: Path | None) -> Path:
    row = named(wanted, view.table("train").products().to_pylist())[0]
    files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
    about = json.loads(layout.store.read(files["config.json"]))
    data = by_name(EXPORT_LORA)(layout.store.read(files["model.safetensors"]), about, section)
    target = Path(f"{row['checkpoint_id']}-lora.safetensors") if out is None else out.expanduser()
    write_atomic(target, data)
    return target


def _lines(found: list[dict[str, Any]], layout: Layout) -> list[str]:
    if not found:
        return [f"no model was trained yet in {layout.root}"]
    lines = [
        f"  {'checkpoint':<18}{'stage':<12}{'recipe':<22}{'starts from':<18}{'clips':>8}  {'data':<10}{'steps':>8}"
        f"{'loss':>16}{'size':>11}"
    ]
    for one in found:
        loss = " -> ".join("?" if one[name] is None else f"{one[name]:.3f}" for name in ("first_loss", "last_loss"))
        lines.append(
            f"{'*' if one['planned'] else ' '} {one['checkpoint_id']:<18}{one['stage'] or '':<12}{one['recipe']:<22}"
            f"{one['parent'] or '-':<18}{one['num_clips'] or 0:>8}  {(one['samples_digest'] or '')[:8]:<10}"
            f"{one['num_steps']:>8}{loss:>16}{bytes_text(one['size_bytes']):>11}"
        )
    return [*lines, "* of the settings that the profile has now; no run removes any of them"]
