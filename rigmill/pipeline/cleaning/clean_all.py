"""Removes a profile's whole output, and nothing that is not ours."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from rigmill.config.load import Resolved
from rigmill.errors import UserError
from rigmill.pipeline.cleaning.unplanned import size_bytes
from rigmill.storage.layout import Layout

# What runs and reports make in an output folder, in the order in which it goes: once the tables are gone there are no
# results, and `profile.json` goes last, so that a removal that was cut short can be repeated.
OURS = ("tables", "shards", "store", "report", "work", "plans", "answers", "scratch", "runs")
LEFT_OVERS = (".shards-new-*", ".shards-old-*", ".tmp-*")


@dataclass(frozen=True, slots=True)
class WholeOutput:
    """What goes, with the bytes of each part, and what is not ours and stays."""

    parts: tuple[tuple[Path, int], ...]
    others: tuple[Path, ...]


def whole_output(layout: Layout, resolved: Resolved) -> WholeOutput:
    """What the output folder of the profile holds; a UserError where the folder is not one, or another profile's."""
    owner = _owner(layout)
    if owner is None and not any(layout.tables.glob("*/manifest.json")):
        raise UserError(
            f"{layout.root} is no output folder of rigmill",
            why="it holds neither profile.json nor tables",
            fix=f"correct 'output' of profile '{resolved.name}', or remove the folder yourself",
            code="E151",
        )
    if owner not in (None, resolved.name):
        raise UserError(
            f"{layout.root} holds results of profile '{owner}'",
            why=f"profile '{resolved.name}' has the same 'output', and the last run there was not its own",
            fix=f"clean it as its own: --profile {owner}; or give '{resolved.name}' an 'output' of its own",
            code="E152",
        )
    left_overs = sorted(path for pattern in LEFT_OVERS for path in layout.root.glob(pattern))
    ours = [*(layout.root / name for name in OURS), *left_overs, layout.profile_json, layout.lock]
    parts = tuple((path, size_bytes(path)) for path in ours if path.is_symlink() or path.exists())
    return WholeOutput(parts, tuple(sorted(set(layout.root.iterdir()) - {path for path, _ in parts})))


def _owner(layout: Layout) -> str | None:
    """The profile of the last run; None where no run wrote that down, or it cannot be read."""
    try:
        written = json.loads(layout.profile_json.read_text())
        return str(written["name"]) if written["digest"] and written["profile"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove(output: WholeOutput, layout: Layout) -> None:
    """Remove it, and the folder too where nothing else is in it. Of a link the link goes, not what it points to."""
    for path, _ in output.parts:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not any(layout.root.iterdir()):
        layout.root.rmdir()
