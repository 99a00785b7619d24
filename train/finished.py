"""Finished stages of a training: where a later stage finds what it starts from, and a rerun what it need not repeat.

A row of the table is lasting; before the driver has written it, a sealed note in the folder of work in progress says
the same. No torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigmill.errors import UserError
from rigmill.storage.files import Store, canonical_json, read_sealed, sha256_bytes, sha256_file, write_sealed
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from rigmill.types import Row, StoredFile
from train.recipes import ModelConfig

WEIGHTS, CONFIG, LOSSES = "model.safetensors", "config.json", "losses.csv"
SHIPPED_NAME = "shipped"  # what a stage says that starts from the small model of the package
SHIPPED = Path(__file__).parent / "small" / SHIPPED_NAME


@dataclass(frozen=True, slots=True)
class Parent:
    """The checkpoint that a stage starts from."""

    checkpoint_id: str
    depth: int  # how many stages came before it
    weights: bytes
    config: ModelConfig
    about: Mapping[str, Any]  # all of its config.json


def note_finished(layout: Layout, input_id: str, row: Row) -> None:
    """Remember a finished stage until its row is in the table, and after."""
    write_sealed(layout.finished_note(input_id), canonical_json(row).encode(), durable=True)


def finished_row(layout: Layout, input_id: str) -> Row | None:
    """The product row of a finished stage whose files are all there; None: there is none."""
    data = read_sealed(layout.finished_note(input_id))
    rows = [json.loads(data)] if data is not None else []
    rows += [row for known_as, row in _stored(layout) if known_as == input_id]
    return next((row for row in rows if _is_whole(layout.store, row)), None)


def damaged_notes(layout: Layout) -> list[Path]:
    """Notes that are not what was written; nothing believes them."""
    notes = layout.finished_note("").parent
    return [path for path in sorted(notes.glob("*.json")) if read_sealed(path) is None]


def _stored(layout: Layout) -> list[tuple[str, Row]]:
    """Input id and product row of every finished training in the table, of whatever settings."""
    table = StageTable(layout.tables, "train")
    ids = {row["job_key"]: row["input_id"] for row in table.outcomes().to_pylist()}
    return [(ids.get(row["job_key"], ""), row) for row in table.products().to_pylist()]


def _is_whole(store: Store, row: Row) -> bool:
    files = [StoredFile.from_row(file) for file in row["files"]]
    return all(store.path(file).is_file() and sha256_file(store.path(file)) == file.sha256 for file in files)


def parent_of(start: Mapping[str, Any], layout: Layout, *, folder: str = "") -> Parent | None:
    """The checkpoint that a job's payload names; None where it starts from nothing."""
    if not start:
        return None
    if "folder" in start:
        return read_folder(Path(folder).expanduser())
    if "input_id" in start:
        row = finished_row(layout, start["input_id"])
        if row is None:
            raise UserError(
                f"train: stage '{start['stage']}' has no checkpoint to start from",
                why="it failed, or its files are gone",
                fix="{command}",
                command=("retry", "train"),
                code="E523",
            )
    else:
        wanted = start["checkpoint"]
        found = {row["checkpoint_id"]: row for _, row in _stored(layout) if row["checkpoint_id"].startswith(wanted)}
        if len(found) != 1:
            raise UserError(
                f"train.stages: starts_from {wanted}: {len(found) or 'no'} checkpoints begin so",
                why="it is neither an earlier stage nor one checkpoint of this output",
                fix="name one that is listed by {command}, or a folder",
                command=("checkpoints",),
                code="E523",
            )
        row = next(iter(found.values()))
    files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
    about = json.loads(layout.store.read(files[CONFIG]))
    config = ModelConfig.from_dict(about["model"])
    return Parent(row["checkpoint_id"], row["depth"], layout.store.read(files[WEIGHTS]), config, about)


def read_folder(folder: Path) -> Parent:
    """The checkpoint whose files lie in a folder."""
    try:
        about = json.loads((folder / CONFIG).read_bytes())
        weights = (folder / WEIGHTS).read_bytes()
        config = ModelConfig.from_dict(about["model"])
        if sha256_bytes(weights) != about.get("sha256", {}).get(WEIGHTS, sha256_bytes(weights)):
            raise ValueError(f"{WEIGHTS} has changed since it was written: its digest is in {CONFIG}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"train.stages: starts_from {folder}: no checkpoint there",
            why=" ".join(str(error).split())[:200],
            fix=f"name a folder that holds {WEIGHTS} and {CONFIG}",
            code="E523",
        ) from None
    return Parent(str(about.get("checkpoint_id") or folder.name), int(about.get("depth", 0)), weights, config, about)
