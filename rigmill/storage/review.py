"""Sheets in which a person has the last word: CSV files beside the output, read before planning, written by reports.

A sheet has a line per clip or asset with what stands now, and columns of the person's own that begin with `your_`.
What is written there wins, survives every run and every new sheet, and is never removed by us.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rigmill.errors import UserError
from rigmill.storage.files import write_atomic

MAX_BYTES = 256 * 1024 * 1024
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet compute a cell that a stranger wrote


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of sheet: its file, its column of ids, what it shows, and what a person may fill in."""

    file: str
    id_column: str
    shown: tuple[str, ...]
    yours: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.id_column, *self.shown, *self.yours)


CAPTIONS = Sheet("captions.csv", "clip_id", ("caption", "provider", "title", "motion", "picture"), ("your_caption",))
CATEGORIES = Sheet(
    "categories.csv",
    "asset_id",
    ("category", "secondary", "provider", "title", "picture"),
    ("your_category", "your_secondary"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person wrote for one id, stripped; `line` is where it stands in the file."""

    values: Mapping[str, str]
    line: int


def read_entries(folder: Path, sheet: Sheet) -> dict[str, Entry]:
    """Every id for which a person filled in something; none where there is no sheet.

    Spreadsheets save with commas, semicolons or tabs, with or without a byte order mark: all are read. A sheet that
    cannot be understood is a UserError: a person's word must not be missed in silence.
    """
    path = folder / sheet.file
    if not path.exists():
        return {}
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES // 2**20} MiB")
        text = data.decode("utf-8-sig")
        header = text.partition("\n")[0]
        delimiter = max(",;\t", key=header.count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        missing = [name for name in (sheet.id_column, *sheet.yours) if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"its first line lacks {', '.join(missing)}")
        found: dict[str, Entry] = {}
        for row in reader:
            values = {name: " ".join((row[name] or "").split()) for name in sheet.yours}
            name = (row[sheet.id_column] or "").strip()
            if not any(values.values()):
                continue
            if not name:
                raise ValueError(f"line {reader.line_num} has no {sheet.id_column}")
            entry = Entry(values, reader.line_num)
            if name in found and found[name].values != values:
                raise ValueError(f"lines {found[name].line} and {entry.line} say different things about {name}")
            found.setdefault(name, entry)
    except OSError as error:
        raise _mistake(path, error.strerror or type(error).__name__) from error
    except (ValueError, csv.Error) as error:
        raise _mistake(path, str(error)) from error
    return found


def write_sheet(folder: Path, sheet: Sheet, rows: Iterable[Mapping[str, str]]) -> int:
    """Write a sheet with a line per row, and what a person filled in before; how many lines are theirs.

    Lines of a person about what is no longer there stay, at the end. The same rows give the same bytes.
    """
    theirs = read_entries(folder, sheet)
    left = dict(theirs)
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, sheet.columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        entry = left.pop(row[sheet.id_column], None)
        writer.writerow({name: _cell(row[name]) for name in (sheet.id_column, *sheet.shown)} | _values(entry))
    for name, entry in sorted(left.items()):
        writer.writerow({sheet.id_column: name} | _values(entry))
    data = buffer.getvalue().encode()
    path = folder / sheet.file
    if not (path.exists() and path.read_bytes() == data):
        write_atomic(path, data, durable=True)
    return len(theirs)


def _values(entry: Entry | None) -> dict[str, str]:
    return dict(entry.values) if entry else {}


def _cell(text: str) -> str:
    """A stranger's text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _mistake(path: Path, why: str) -> UserError:
    return UserError(
        f"{path.name} of the review cannot be read",
        why=why,
        fix=f"correct {path}, or move it away: a new one is written with the next report",
        code="E118",
    )
