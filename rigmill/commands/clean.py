"""`rigmill clean`: removes what a person names: results that are not planned now, or a profile's whole output."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.config.load import Resolved
from rigmill.errors import UserError
from rigmill.pipeline.cleaning.clean import StageCleaning, choose, clean
from rigmill.pipeline.cleaning.clean_all import remove, whole_output
from rigmill.pipeline.cleaning.unplanned import size_bytes
from rigmill.pipeline.lines.sizes import age_text, bytes_text
from rigmill.pipeline.sweep import unnamed_files
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked

DRY_RUN = "dry run: nothing was removed"


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill clean`: print what goes and remove it; with --dry-run print alone. The exit status."""
    if parsed.unplanned == parsed.all:
        raise UserError(
            "say what is to go: --unplanned or --all" if not parsed.all else "--unplanned and --all: which of the two?",
            why="--unplanned: results of other settings and inputs; --all: everything that the profile has made",
            command=("clean", "--unplanned", "--dry-run"),
            fix="{command}",
            code="E153",
        )
    if parsed.all and (parsed.older_than is not None or parsed.checkpoints):
        raise UserError(
            "--older-than and --checkpoints go with --unplanned; --all takes everything",
            command=("clean", "--all", "--dry-run"),
            fix="{command}",
            code="E153",
        )
    resolved, layout = resolve(parsed)
    if not layout.root.is_dir() or (parsed.unplanned and not any(layout.tables.glob("*/manifest.json"))):
        print(f"nothing to clean: there are no results in {layout.root}")
        return exit_status.OK
    if parsed.all:
        whole_output(layout, resolved)  # refused before anything is written, the lock too
    with nullcontext() if parsed.dry_run else locked(layout):
        if parsed.all:
            _clean_all(parsed, resolved, layout)
        else:
            _clean_unplanned(parsed, resolved, layout)
    return exit_status.OK


def _clean_all(parsed: argparse.Namespace, resolved: Resolved, layout: Layout) -> None:
    output = whole_output(layout, resolved)
    models = layout.tables / "train" / "manifest.json"
    print(f"everything of profile '{resolved.name}' in {layout.root}{', its models too' if models.exists() else ''}:")
    for path, size in output.parts:
        print(f"  {path.name:<14}{bytes_text(size):>10}{' (a link; what it points to stays)' * path.is_symlink()}")
    for path in output.others:
        name = path.name if path.name.isprintable() else ascii(path.name)  # a stranger's, and this is a terminal
        print(f"  {name:<14}{bytes_text(size_bytes(path)):>10} stays: it is not ours")
    if parsed.dry_run:
        print(DRY_RUN)
    else:
        remove(output, layout)
        print("removed")


def _clean_unplanned(parsed: argparse.Namespace, resolved: Resolved, layout: Layout) -> None:
    view = View(layout.tables, resolved.profile)
    chosen = choose(view, older_than=parsed.older_than, checkpoints=parsed.checkpoints)
    print(f"not planned with the settings of profile '{resolved.name}' ({resolved.digest}), in {layout.root}:")
    lines, unnamed = [line for part in chosen for line in _lines(part)], unnamed_files(view, layout)
    if unnamed:
        size = bytes_text(sum(size_bytes(path) for path in unnamed))
        lines.append(f"  {'store':<9}{len(unnamed):>22} files {size:>10}  that no row names, of runs that were killed")
    print("\n".join(lines) or "  nothing")
    if parsed.dry_run:
        print(DRY_RUN)
        return
    if unnamed or any(len(part.keys) or part.folders for part in chosen):
        clean(view, chosen)
        print("removed")


def _lines(part: StageCleaning) -> list[str]:
    lines = []
    if len(part.keys) or part.folders:
        unfinished = f", {len(part.folders)} unfinished" if part.folders else ""
        lines.append(
            f"  {part.stage:<9}{len(part.keys):>8} rows {part.num_files:>8} files{unfinished} "
            f"{bytes_text(part.num_bytes):>10}  {_age(part)}".rstrip()
        )
    if part.num_kept:
        lines.append(f"  {part.stage:<9}{part.num_kept:>8} stay: {part.why_kept}")
    return lines


def _age(part: StageCleaning) -> str:
    """When a run planned these rows last."""
    if not len(part.keys):
        return ""
    if part.ages is None:
        return "last planned: not known"
    least, most = map(age_text, part.ages)
    return f"last planned {least} ago" if least == most else f"last planned {least} to {most} ago"
