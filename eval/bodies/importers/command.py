"""What `rigmill eval import` asks this room for."""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.bench.clips import Bench
from eval.bodies.importers.read import TOOLS, Imported, import_results
from eval.bodies.unplayable import Unplayable
from rigmill.blender.child_files import read_own
from rigmill.blender.client import BlenderClient, Limits
from rigmill.errors import UserError
from rigmill.outcomes import Refusal
from rigmill.pipeline.registry import CANONICAL_FILE, by_name
from rigmill.printable import shown_path
from rigmill.storage.files import write_atomic


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """Results of which system, from where, as which method."""

    tool: str
    folder: Path
    to: Path
    names: Path | None  # a CSV: name, clip


def import_tool(order: ImportOrder, bench: Bench, *, limits: Limits, max_file_bytes: int) -> Imported:
    """Do the order; a UserError says why nothing could be imported."""
    if not order.folder.is_dir():
        raise UserError(f"no such folder: {order.folder}", fix="correct the path", code="E622")
    names = read_names(order.names, bench) if order.names else {}
    with tempfile.TemporaryDirectory() as scratch:
        ask = _Blender(limits, max_file_bytes, Path(scratch))
        try:
            done = import_results(TOOLS[order.tool](order.folder, ask), bench, order.to, names)
        finally:
            ask.close()
    if not done.files and not done.left_out:
        raise UserError(
            f"{shown_path(order.folder)} holds no results of {order.tool}",
            why="what is looked for is in docs/how-to/bring-results-of-other-systems.md",
            fix="name the folder that the system wrote into, and the right --from",
            code="E622",
        )
    return done


def read_names(path: Path, bench: Bench) -> dict[str, str]:
    """Clips by the names of a CSV with the columns name and clip, as spreadsheets write it too."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--map {path} cannot be read", why=str(error), fix="save it as UTF-8", code="E623") from None
    separator = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=separator)
    columns = [name.strip() for name in rows.fieldnames or []]
    rows.fieldnames = columns
    if not {"name", "clip"} <= set(columns):
        raise UserError(
            f"--map {path} has no columns 'name' and 'clip'",
            why=f"its first line is {', '.join(columns)[:60] or 'empty'}",
            fix="first line: name,clip; then a line a result",
            code="E623",
        )
    known, names = {clip.clip_id for clip in bench.clips}, {}
    for row in rows:
        name, clip = (row["name"] or "").strip(), (row["clip"] or "").strip()
        if not name and not clip:
            continue
        if clip not in known or name in names:
            what = f"names '{name}' twice" if name in names else f"'{clip}' is no clip of the benchmark"
            raise UserError(
                f"--map {path}, line {rows.line_num}: {what}", fix="correct it; clip ids are in bench.csv", code="E623"
            )
        names[name] = clip
    return names


class _Blender:
    """Asks a Blender child, started when it is first asked, about canonical copies of files."""

    def __init__(self, limits: Limits, max_file_bytes: int, scratch: Path) -> None:
        self._client, self._max_file_bytes, self._scratch = BlenderClient(limits), max_file_bytes, scratch

    def __call__(self, function: str, path: Path, item: dict[str, Any], file: str) -> tuple[dict[str, Any], bytes]:
        try:
            canonical, file_format, _ = by_name(CANONICAL_FILE)(path, self._max_file_bytes)
        except Refusal as refusal:
            raise Unplayable(f"it is refused: {refusal.to_rejected().message}") from None
        copy = self._scratch / f"asset.{file_format}"
        write_atomic(copy, bytes(canonical), durable=False)
        asked = {"path": str(copy), "format": file_format} | item
        (reply,) = self._client.run(function, [asked], scratch=self._scratch)
        if reply.value is None:
            raise Unplayable(reply.outcome.message if reply.outcome is not None else "Blender gives no answer")
        return reply.value, read_own(self._scratch, str(reply.value[file]))

    def close(self) -> None:
        self._client.close()
