"""bench.csv: what people say of the clips. One line a clip; written by us once, then theirs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from eval.bench.faults import Fault, Trouble

COLUMNS = ("clip", "category", "annotator", "confidence", "notes")
MAX_BYTES = 16 * 1024 * 1024
MAX_TEXT = 1000  # characters of a cell
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


@dataclass(frozen=True, slots=True)
class Line:
    """What one person says of one clip. `number` is where it stands in the file, from 1; 0: it is in none yet."""

    clip: str
    category: str
    annotator: str = ""
    confidence: float | None = None  # 0 guessed, 1 sure
    notes: str = ""
    number: int = 0


def sheet_bytes(lines: Iterable[Line]) -> bytes:
    """The file: UTF-8, commas; the same lines give the same bytes."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        confidence = "" if line.confidence is None else f"{line.confidence:g}"
        writer.writerow([line.clip, line.category, _cell(line.annotator), confidence, _cell(line.notes)])
    return stream.getvalue().encode()


def read_sheet(data: bytes) -> tuple[list[Line], list[Fault]]:
    """The lines that can be read, and what is wrong with the others.

    Commas, semicolons or tabs; UTF-8 with or without a mark, or the UTF-16 that spreadsheets call Unicode text; 0,8 or
    0.8. A whole file that cannot be read has no lines and one fault.
    """
    try:
        text = _text(data)
    except ValueError as error:
        return [], [Fault(Trouble.ENCODING, f"the file is no UTF-8 text: {error}", "save it as CSV UTF-8")]
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    faults: list[Fault] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing or len(set(header)) < len(header):
            what = f"its first line lacks {', '.join(missing)}" if missing else "a column is there twice"
            return [], [Fault(Trouble.COLUMNS, what, f"write as the first line: {','.join(COLUMNS)}", line=1)]
        end = 1
        for cells in reader:
            number, end = end + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                faults.append(
                    Fault(
                        Trouble.CELLS,
                        f"{len(cells)} cells where {len(header)} belong",
                        'put a cell with a separator in it into quotes: "a, b"',
                        line=number,
                        clip=dict(zip(header, cells)).get("clip", "").strip(),
                    )
                )
                continue
            line, wrong = _line(dict(zip(header, (" ".join(cell.split()) for cell in cells))), number)
            lines.append(line)
            faults += wrong
    except csv.Error as error:
        faults.append(Fault(Trouble.CELLS, f"it cannot be read: {error}", "close every quote", line=reader.line_num))
    return lines, faults


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // 2**20} MiB")
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    if "\0" in text:
        raise ValueError("a zero byte in it")
    return text


def _line(cells: dict[str, str], number: int) -> tuple[Line, list[Fault]]:
    faults = []
    confidence = None
    given = cells["confidence"].replace(",", ".")
    if given:
        try:
            confidence = float(given)
        except ValueError:
            confidence = -1.0
        if not 0 <= confidence <= 1:
            what = f"confidence '{cells['confidence'][:20]}' is no number from 0 to 1"
            faults.append(
                Fault(Trouble.CONFIDENCE, what, "write 0 for guessed to 1 for sure, or leave it empty", line=number)
            )
            confidence = None
    for name in COLUMNS:
        if len(cells[name]) > MAX_TEXT or not cells[name].isprintable():
            what = f"{name} has more than {MAX_TEXT} characters, or some that cannot be printed"
            faults.append(Fault(Trouble.TEXT, what, "shorten it, or type it anew", line=number))
    return (
        Line(
            cells["clip"],
            cells["category"].lower(),
            _bare(cells["annotator"]),
            confidence,
            _bare(cells["notes"]),
            number,
        ),
        faults,
    )


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _bare(text: str) -> str:
    """A cell without the mark that `_cell` gave it."""
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA and text[1:] else text
