"""Everything that a profile's output folder holds and that is read again, compared with the digests it was given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from rigmill.pipeline.plans import PlanFiles
from rigmill.pipeline.view import View
from rigmill.storage.damage import TableState, look_at
from rigmill.storage.files import canonical_json, digest, sha256_file
from rigmill.storage.layout import Layout
from rigmill.storage.named_files import files_of
from rigmill.types import StoredFile


@dataclass(slots=True)
class Findings:
    """What is wrong, one sentence each, and where, for those who mend it."""

    problems: list[str] = field(default_factory=list)
    num_files: int = 0
    tables: dict[str, TableState] = field(default_factory=dict)  # by stage: those that are damaged
    stored: set[str] = field(default_factory=set)  # digests of stored files that are damaged or gone
    plans: list[Path] = field(default_factory=list)


def verify(view: View, layout: Layout) -> Findings:
    """Read every table, every file that a row names (planned or not), what stages publish and keep, plans, profile."""
    with suppress(FileNotFoundError):  # a file in a folder's place, or a folder closed to us, is no damage: it raises
        next(layout.tables.iterdir(), None)
    found = Findings()
    seen: dict[Path, str] = {}
    for stage in view.registry:
        state = look_at(layout.tables / stage)
        if state is None:
            continue
        found.num_files += state.num_files
        if state.wrong:
            found.tables[stage] = state
            found.problems += [f"{stage}: {why}: {state.folder / name}" for name, why in state.wrong]
        for stored in _stored_files(view, stage, state):
            path = layout.store.path(stored)
            if path in seen:
                continue
            seen[path] = wrong = _wrong_with(path, stored.sha256)
            if wrong:
                found.stored.add(stored.sha256)
                found.problems.append(f"{stage}: {stored.name} {wrong}: {path}")
    found.num_files += len(seen)
    for stage in view.registry:
        found.problems += view.stage(stage).verify(layout.root)
    found.plans = PlanFiles(layout.plans).damaged()
    found.problems += [f"plan damaged (it is not used): {path}" for path in found.plans]
    if wrong := _wrong_with_profile(layout.profile_json):
        found.problems.append(f"profile.json {wrong}: {layout.profile_json}")
    return found


def _stored_files(view: View, stage: str, state: TableState) -> Iterator[StoredFile]:
    """Every file that a product row of the stage names, each once a column."""
    schema = view.stage(stage).writes
    for field_ in schema:
        if "sha256" in str(field_.type):
            table = state.read("products", [field_.name])
            if field_.name in table.column_names:
                for files in files_of(table.column, pa.schema([field_])):
                    yield from map(StoredFile.from_row, files.to_pylist())


def _wrong_with(path: Path, sha256: str) -> str:
    try:
        return "" if sha256_file(path) == sha256 else "has changed since it was written"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _wrong_with_profile(path: Path) -> str:
    """profile.json is written with the first run; it holds a digest of itself."""
    try:
        text = path.read_text("ascii")
        said: dict[str, Any] = json.loads(text)
        told = (digest(said["name"], said["profile"]), digest(said["profile"]))  # older ones left the name out
        whole = said["digest"] in told and text == canonical_json(said) + "\n"
        return "" if whole else "has changed since it was written"
    except FileNotFoundError:
        return "is missing" if (path.parent / "tables").exists() else ""
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except (ValueError, KeyError, TypeError):
        return "has changed since it was written"
