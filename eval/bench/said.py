"""What people have written into the bench.csv of a folder that is about to be made again."""

from __future__ import annotations

from pathlib import Path

from eval.bench.clips import BENCH_CSV, BENCH_JSON
from eval.bench.reading import read_record
from eval.bench.sheet import Line, read_sheet
from rigmill.errors import UserError
from rigmill.printable import shown_path

LEFT_OVER = "bench.left-out.csv"  # what people said of clips that are no longer in it
NOBODY = "nobody"
# Who says what a category is before a person does: providers of the caption table.
_PIPELINE = frozenset({"facts", "metadata", "model", "person", "source", NOBODY})


def said_before(folder: Path) -> list[Line]:
    """The lines that people wrote or changed, one a clip; those of clips that had left it before come last.

    A UserError where the folder is no benchmark, or what is in it cannot be read: no word of a person is lost.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    if not (folder / BENCH_JSON).is_file():
        raise UserError(
            f"--out {shown_path(folder)}: something else is there",
            why=f"only a folder with a {BENCH_JSON} is replaced",
            fix="give another folder",
            code="E602",
        )
    ours = {clip.clip_id: clip.category for clip in read_record(folder).bench.clips}
    found: dict[str, Line] = {}
    for name in (BENCH_CSV, LEFT_OVER):
        path = folder / name
        lines, faults = read_sheet(path.read_bytes()) if path.is_file() else ([], [])
        if faults:
            raise UserError(
                f"what people wrote into {shown_path(path)} cannot be kept",
                why=faults[0].text(name),
                fix="correct it, or move it away",
                code="E603",
            )
        for line in lines:
            if _is_theirs(line, ours.get(line.clip)):
                found.setdefault(line.clip, line)
    return list(found.values())


def _is_theirs(line: Line, category: str | None) -> bool:
    said = line.notes or line.confidence is not None
    return bool(said or line.annotator not in _PIPELINE or line.category != category)
