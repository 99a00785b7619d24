"""Reading commands: status, show, verify. They change nothing and say why."""

from __future__ import annotations

import importlib
from typing import Any

from rigmill.errors import UserError
from rigmill.files import Store, sha256_file
from rigmill.layout import Layout
from rigmill.registry import STAGES
from rigmill.types import Status, StoredFile
from rigmill.view import Counts, View

EXAMPLES_PER_REASON = 3


def counts_json(counts: dict[str, Counts]) -> dict[str, dict[str, int]]:
    return {name: {"in": count.num_in, "kept": count.kept, "rejected": count.rejected, "failed": count.failed,
                   "pending": count.pending} for name, count in counts.items()}


def failed_rows(view: View, stage: str, *, reason: str | None, rejected: bool, only: frozenset[str]) -> set[str]:
    """Keys of jobs to try again."""
    statuses = {Status.FAILED.value} | ({Status.REJECTED.value} if rejected else set())
    return {
        row["job_key"] for row in view.outcomes(stage)
        if row["status"] in statuses and (reason is None or row["code"] == reason)
        and (not only or row["input_id"] in only)
    }


def status(view: View, stages: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row per stage: counts, and every reason with its number and a few examples."""
    rows = []
    for name in stages:
        counts = view.counts(name)
        reasons: dict[tuple[str, str], dict[str, Any]] = {}
        for outcome in view.outcomes(name):
            if outcome["status"] == Status.KEPT.value:
                continue
            reason = reasons.setdefault((outcome["status"], outcome["code"]), {
                "status": outcome["status"], "code": outcome["code"], "count": 0, "examples": [],
            })
            reason["count"] += 1
            if len(reason["examples"]) < EXAMPLES_PER_REASON:
                reason["examples"].append({column: outcome[column] for column in (
                    "input_id", "message", "measured", "limit", "command")})
        ordered = sorted(reasons.values(), key=lambda reason: (-reason["count"], reason["code"]))
        rows.append({"stage": name, **counts_json({name: counts})[name], "reasons": ordered})
    return rows


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
    ids = {wanted}
    for name in STAGES:
        products = [row for row in view.products(name) if _matches(row, ids)]
        for row in products:
            ids.update(str(row[key]) for key in ("asset_id", "clip_id") if row.get(key) and _matches(row, {wanted}))
        keys = {job.key for job in view.plan(name).values()
                if any(job.input_id.startswith(one) for one in ids) or _matches(job.payload, ids)}
        outcomes = [row for row in view.outcomes(name) if row["job_key"] in keys]
        pending = [job.input_id for job in view.pending(name) if job.key in keys]
        if products or outcomes or pending:
            found[name] = {"outcomes": outcomes, "products": products, "pending": pending}
    if not found:
        raise UserError(f"nothing is known about '{wanted}'", code="E120",
                        fix="ids are listed by 'rigmill status STAGE' and in the report")
    return found


def _matches(row: dict[str, Any], ids: set[str]) -> bool:
    own = [str(row.get(key) or "") for key in ("asset_id", "clip_id", "checkpoint_id")]
    return any(value.startswith(one) for value in own for one in ids)


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


def stored_files(row: Any) -> list[StoredFile]:
    """Every stored file that a product row names, at any depth."""
    if isinstance(row, dict):
        if row.keys() >= {"name", "sha256", "size_bytes"}:
            return [StoredFile.from_row(row)]
        return [stored for value in row.values() for stored in stored_files(value)]
    if isinstance(row, list):
        return [stored for value in row for stored in stored_files(value)]
    return []


def verify(view: View, layout: Layout) -> tuple[list[str], int]:
    """Problems found by reading every file that a row names, and every published shard, and how many were read."""
    files: dict[str, tuple[StoredFile, str]] = {}
    for name in STAGES:
        for row in view.products(name):
            for stored in stored_files(row):
                files.setdefault(stored.sha256 + stored.name, (stored, name))
    problems = []
    for stored, stage in files.values():
        path = layout.store.path(stored)
        if not path.exists():
            problems.append(f"{stage}: {stored.name} is missing: {path}")
        elif sha256_file(path) != stored.sha256:
            problems.append(f"{stage}: {stored.name} has changed since it was written: {path}")
    if layout.dataset.exists():
        problems += importlib.import_module("shards.verify").verify(layout.dataset)
    return problems, len(files)
