"""An exported benchmark, opened: its files are what they were when it was made, and people's categories are in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.bench.clips import BENCH_CSV, BENCH_JSON, CLIPS, Bench, BenchClip, Group
from eval.bench.sheet import read_sheet
from eval.bench.ties import Marks
from rigmill.errors import UserError
from rigmill.printable import shown_path
from rigmill.storage.files import sha256_file
from shards.index import SUMS, read_sums

FORMAT = "rigmill-bench/1"
_FIELDS = ("clip_id", "asset_id", "category", "source", "title", "prompt", "licence")


@dataclass(frozen=True, slots=True)
class Record:
    """bench.json: how a benchmark was made, its clips, and what each can be recognised by."""

    bench: Bench
    marks: Mapping[str, Marks]  # by clip
    num_wanted: int
    available: Mapping[Group, int]  # clips that were held out, by group


def open_bench(folder: Path) -> Bench:
    """The benchmark in a folder; a UserError says what is missing or changed.

    bench.csv has the last word on categories. Files that the list of digests has are read; others are not looked at.
    """
    record = read_record(folder)
    wrong = damaged(folder)
    if wrong:
        raise UserError(
            f"the benchmark in {shown_path(folder)} is not what it was made as",
            why="; ".join(wrong[:3]) + (f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""),
            fix="copy it again, or make it again: {command}",
            code="E611",
            command=("bench", "make", "--out", str(folder)),
        )
    lines, faults = read_sheet(_sheet_data(folder))
    if faults:
        raise UserError(
            faults[0].text(BENCH_CSV),
            why=f"{len(faults)} faults in {shown_path(folder / BENCH_CSV)}",
            fix="correct it; all that is wrong: {command}",
            code="E612",
            command=("bench", "check", str(folder)),
        )
    said = {line.clip: line.category for line in lines if line.category}
    bench = record.bench
    clips = tuple(replace(clip, category=said.get(clip.clip_id, clip.category)) for clip in bench.clips)
    return Bench(bench.folder, bench.name, bench.digest, clips)


def read_record(folder: Path) -> Record:
    """bench.json of a folder, as it was written: nothing else is looked at."""
    path = folder / BENCH_JSON
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise ValueError(f"its format is '{data['format']}', this version reads '{FORMAT}'")
        clips = tuple(_clip(entry, folder) for entry in data["clips"])
        marks = {entry["clip_id"]: _marks(entry) for entry in data["clips"]}
        bench = Bench(folder, data["name"], data["digest"], clips)
        return Record(
            bench, marks, data["num_wanted"], {Group(name): number for name, number in data["available"].items()}
        )
    except OSError as error:
        raise UserError(
            f"there is no benchmark in {shown_path(folder)}",
            why=f"{BENCH_JSON}: {error.strerror or error}",
            fix="name the folder that was made, or make it: {command}",
            code="E610",
            command=("bench", "make", "--out", str(folder)),
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{shown_path(path)} is no list of a benchmark's clips",
            why=str(error) or type(error).__name__,
            fix="copy the folder again, or make it again: {command}",
            code="E610",
            command=("bench", "make", "--out", str(folder)),
        ) from None


def damaged(folder: Path) -> list[str]:
    """What of the files in SHA256SUMS is gone or changed, and which of the clips' files are in no list."""
    try:
        sums = read_sums((folder / SUMS).read_bytes())
    except OSError:
        sums = None
    if sums is None:
        return [f"{SUMS} is gone or no list of digests"]
    wrong = []
    for name, sha256 in sums.items():
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is gone")
        elif sha256_file(path) != sha256:
            wrong.append(f"{name} has changed")
    found = {path.relative_to(folder).as_posix() for path in (folder / CLIPS).rglob("*") if path.is_file()}
    wrong += [f"{name} was not there when it was made" for name in sorted(found - sums.keys())]
    return wrong


def entry_of(clip: BenchClip, marks: Marks, files: Mapping[str, str]) -> dict[str, Any]:
    """A clip as bench.json has it."""
    return {
        **{name: getattr(clip, name) for name in _FIELDS},
        "group": clip.group.value,
        "num_frames": clip.num_frames,
        "fps": clip.fps,
        "num_joints": clip.num_joints,
        "movement_pct": clip.movement_pct,
        "motion_id": marks.motion_id,
        "motion_hash": marks.motion_hash,
        "geometry_hash": marks.geometry_hash,
        "shape": list(marks.shape),
        "files": dict(sorted(files.items())),
    }


def _clip(entry: Mapping[str, Any], folder: Path) -> BenchClip:
    if not re.fullmatch(r"[\w-]{1,64}", str(entry["clip_id"])):  # it names a folder
        raise ValueError(f"'{entry['clip_id']}' is no clip's id")
    return BenchClip(
        **{name: str(entry[name]) for name in _FIELDS},
        group=Group(entry["group"]),
        num_frames=int(entry["num_frames"]),
        fps=float(entry["fps"]),
        num_joints=int(entry["num_joints"]),
        movement_pct=float(entry["movement_pct"]),
        folder=folder / CLIPS / str(entry["clip_id"]),
    )


def _marks(entry: Mapping[str, Any]) -> Marks:
    texts = ("clip_id", "asset_id", "motion_id", "motion_hash", "geometry_hash")
    return Marks(**{name: str(entry[name]) for name in texts}, shape=tuple(map(float, entry["shape"])))


def _sheet_data(folder: Path) -> bytes:
    try:
        return (folder / BENCH_CSV).read_bytes()
    except OSError as error:
        raise UserError(
            f"{shown_path(folder / BENCH_CSV)} cannot be read",
            why=error.strerror or str(error),
            fix="put it back, or make it again: {command}",
            code="E612",
            command=("bench", "make", "--out", str(folder)),
        ) from None
