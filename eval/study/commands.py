"""What `rigmill study` wants of this room, by name (rigmill.pipeline.registry)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.bench.reading import open_bench
from eval.study.page import read_study, videos_of, write_study
from eval.study.plan import Asked, Kind, Study
from eval.study.results import read_results
from eval.study.summary import Summary, summarise
from rigmill.errors import UserError
from rigmill.printable import shown_path


def make(folders: Sequence[Path], folder: Path, asked: Asked, *, bench: Path | None, common: bool) -> Study:
    """Write a study of METHOD/CLIP.mp4; `asked` without its methods and clips. Sentences are from a benchmark."""
    clips, videos = videos_of(folders, common=common)
    words = {clip.clip_id: clip.prompt for clip in open_bench(bench).clips} if bench is not None else {}
    strange = [clip for clip in clips if clip not in words]
    if strange and (bench is not None or asked.kind is Kind.FIRST):
        raise UserError(
            f"clip {strange[0]} has no sentence",
            why="people are asked which motion fits it best"
            if asked.kind is Kind.FIRST
            else f"it is not in {shown_path(bench) if bench is not None else ''}",
            fix="name the benchmark that the videos are of: --bench FOLDER",
            code="E635",
        )
    methods = tuple(path.resolve().name for path in folders)
    return write_study(replace(asked, methods=methods, clips=clips), videos, words, folder)


def summary(folder: Path, files: Sequence[Path], *, max_missed: int) -> Summary:
    """What people said in the results of a study; folders among `files` are searched for .json."""
    study = read_study(folder)
    found = [inner for path in files for inner in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    people, left = read_results(study, found, max_missed=max_missed)
    if not people:
        raise UserError(
            "nobody's answers count",
            why=f"{left[0].file}: {left[0].why}" if left else "no file was named",
            fix="name the files that the page saved, or a folder with them",
            code="E636",
        )
    return summarise(study, people, left)
