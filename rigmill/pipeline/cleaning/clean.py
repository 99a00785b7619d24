"""Removes what no plan holds now, when a person asks for it by name."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.errors import UserError
from rigmill.pipeline.cleaning.unplanned import files_of_these_alone, size_bytes, total_bytes, unfinished
from rigmill.pipeline.plan_history import PlanHistory
from rigmill.pipeline.sweep import sweep_store
from rigmill.pipeline.view import View

OPEN_UPSTREAM = "inputs of earlier stages are open, so it is not known yet what is planned: run those first"
MODELS = "a model goes with --checkpoints alone"


@dataclass(frozen=True, slots=True)
class StageCleaning:
    """Of one stage what goes, and what stays although it is not planned, with the reason."""

    stage: str
    keys: pa.Array  # of the jobs whose rows go
    folders: tuple[Path, ...]  # work in progress that goes
    num_files: int
    num_bytes: int  # of these files and folders
    ages: (
        tuple[timedelta, timedelta] | None
    )  # since a run last planned one of these rows, least and most; None: unknown
    num_kept: int  # rows and folders
    why_kept: str


def choose(view: View, *, older_than: timedelta | None, checkpoints: bool) -> list[StageCleaning]:
    """What would go from every stage, in flow order; stages without unplanned results are left out.

    `older_than`: only what no run has planned for so long; of what that is not known, nothing.
    """
    if not any(len(view.plan(name)) for name in view.registry if not view.stage(name).upstream):
        raise UserError(
            "nothing is planned at all, so everything would go",
            why="the sources offer no files now",
            fix="correct 'sources' or bring their folders back, then repeat this; to remove everything: {command}",
            command=("clean", "--all"),
            code="E150",
        )
    chosen = [_choose(view, name, older_than, checkpoints=checkpoints) for name in view.registry]
    files = files_of_these_alone(view, {part.stage: part.keys for part in chosen})
    return [_with_files(part, files[part.stage]) for part in chosen if len(part.keys) or part.folders or part.num_kept]


def _with_files(part: StageCleaning, files: pa.Table) -> StageCleaning:
    size = total_bytes(files) + sum(size_bytes(path) for path in part.folders)
    return StageCleaning(part.stage, part.keys, part.folders, len(files), size, part.ages, part.num_kept, part.why_kept)


def _choose(view: View, name: str, older_than: timedelta | None, *, checkpoints: bool) -> StageCleaning:
    rows, folders = view.unplanned(name), unfinished(view, name)
    num_found = len(rows) + len(folders)
    why = ""
    if not view.is_settled(name):
        why = OPEN_UPSTREAM
    elif view.stage(name).makes_models and not checkpoints:
        why = MODELS
    if why:
        return StageCleaning(name, _NO_KEYS, (), 0, 0, None, num_found, why if num_found else "")
    ages = _ages(view, name, rows)
    if older_than is not None:
        old = [age is not None and age >= older_than for age in ages]
        rows, ages = rows.filter(pa.array(old, pa.bool_())), [age for age, is_old in zip(ages, old) if is_old]
        folders = tuple(path for path in folders if _idle(path) >= older_than)
    num_kept = num_found - len(rows) - len(folders)
    known = [age for age in ages if age is not None]
    span = (min(known), max(known)) if known and len(known) == len(ages) else None
    why = "planned later than that, or it is not known when" if num_kept else ""
    return StageCleaning(name, rows["job_key"].combine_chunks(), folders, 0, 0, span, num_kept, why)


_NO_KEYS = pa.array([], pa.string())


def _ages(view: View, name: str, rows: pa.Table) -> list[timedelta | None]:
    """How long ago a run last planned each row."""
    history, now = PlanHistory(view.layout), datetime.now(UTC)
    by_plan: dict[str | None, timedelta | None] = {}
    for plan in pc.unique(rows["plan"]).to_pylist():
        record = history.read(name, plan)
        by_plan[plan] = None if record is None else max(timedelta(0), now - record.last_held)
    return [by_plan[plan] for plan in rows["plan"].to_pylist()]


def _idle(folder: Path) -> timedelta:
    """How long nothing was written into a folder of work in progress."""
    latest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    return datetime.now(UTC) - datetime.fromtimestamp(latest, UTC)


def clean(view: View, chosen: Sequence[StageCleaning]) -> None:
    """Remove it: rows first, then the files that no row names any more. The caller holds the lock.

    Killed in the middle it leaves files without rows, which the next cleaning or run takes away.
    """
    history = PlanHistory(view.layout)
    for part in chosen:
        view.drop(part.stage, part.keys)
        for folder in part.folders:
            shutil.rmtree(folder)
    for name in view.registry:
        view.table(name).sweep()
        history.forget_others(view, name)
    view.layout.store.sweep()
    sweep_store(view, view.layout)
