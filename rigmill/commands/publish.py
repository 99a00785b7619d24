"""`rigmill publish`: a data set copied to a hub or a bucket, if its terms let it be given away."""

from __future__ import annotations

import argparse
import json

from rigmill.commands import exit_status
from rigmill.pipeline.registry import PREPARE_PUSH, PUSH, PUSH_NO_ACCESS, by_name
from rigmill.printable import wrapped

SHOWN_FILES = 20


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill publish`: check the folder, then copy it, or say what would be copied; the exit status."""
    publication = by_name(PREPARE_PUSH)(parsed.folder.expanduser().resolve(), parsed.to)
    why = "asked for with --dry-run" if parsed.dry_run else ""
    where = None
    if not parsed.dry_run:
        try:
            where = by_name(PUSH)(publication, _say_nothing if parsed.json else print)
        except by_name(PUSH_NO_ACCESS) as error:
            why = str(error)
    files = [{"name": name, "bytes": size} for name, size in publication.files]
    if parsed.json:
        print(json.dumps({"to": parsed.to, "pushed": where is not None, "why_not": why, "files": files}))
    else:
        print("\n".join(_text(publication, where, why)))
    return exit_status.OK if where is not None or parsed.dry_run else exit_status.NOT_PUSHED


def _text(publication: object, where: str | None, why: str) -> list[str]:
    files: tuple[tuple[str, int], ...] = publication.files  # type: ignore[attr-defined]
    size = f"{len(files)} files, {sum(size for _, size in files) / 1e6:.1f} MB"
    if where is not None:
        return wrapped(f"published: {size}, at {where}", rest="  ")
    lines = [f"{size:>12}  {name}" for name, size in files[:SHOWN_FILES]]
    if len(files) > SHOWN_FILES:
        lines.append(f"{'':>12}  and {len(files) - SHOWN_FILES} more")
    to = publication.target  # type: ignore[attr-defined]
    return [*lines, *wrapped(f"nothing was copied ({why}); it would be {size}, to {to}", rest="  ")]


def _say_nothing(_: str) -> None:
    pass
