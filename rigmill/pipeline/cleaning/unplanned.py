"""What the tables hold beside what is planned now: results of other settings and inputs, their files, their models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.pipeline.view import View
from rigmill.storage.named_files import files_of

_JOB_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Of one stage: how many outcomes no plan holds now, and the stored files that they alone name.

    `settled` is False while something upstream is open: then some of these may be planned again.
    """

    num_outcomes: int = 0
    num_files: int = 0
    num_bytes: int = 0
    settled: bool = True
    unfinished: tuple[Path, ...] = ()  # folders of work in progress, such as checkpoints of a training
    unfinished_bytes: int = 0

    def to_json(self) -> dict[str, int | bool]:
        return {
            "outcomes": self.num_outcomes,
            "files": self.num_files,
            "bytes": self.num_bytes,
            "settled": self.settled,
            "unfinished": len(self.unfinished),
            "unfinished_bytes": self.unfinished_bytes,
        }

    def __bool__(self) -> bool:
        return bool(self.num_outcomes or self.unfinished)


def unplanned(view: View, stages: Iterable[str]) -> dict[str, Unplanned]:
    """What these stages hold beside their plans. Reads names and sizes from the tables, and no file."""
    keys = {name: view.unplanned(name)["job_key"].combine_chunks() for name in view.registry}
    files = files_of_these_alone(view, keys)
    found = {}
    for name in stages:
        folders = unfinished(view, name)
        found[name] = Unplanned(
            num_outcomes=len(keys[name]),
            num_files=len(files[name]),
            num_bytes=total_bytes(files[name]),
            settled=view.is_settled(name),
            unfinished=folders,
            unfinished_bytes=sum(size_bytes(path) for path in folders),
        )
    return found


def files_of_these_alone(view: View, keys: Mapping[str, pa.Array]) -> dict[str, pa.Table]:
    """The stored files that jobs of these keys name and no other job does: sha256 and size_bytes, by stage.

    A file that several stages name is the first one's.
    """
    found = {name: _NO_FILES for name in view.registry}
    if not any(len(some) for some in keys.values()):
        return found
    taken, others = _NO_FILES, []
    for name in view.registry:
        named, named_by_others = _named(view, name, keys.get(name, pa.array([], pa.string())))
        found[name] = _without(named, taken)
        taken = pa.concat_tables([taken, found[name]])
        others.append(named_by_others)
    alone = _without(taken, pa.concat_tables(others))
    return {name: files.filter(pc.is_in(files["sha256"], value_set=alone["sha256"])) for name, files in found.items()}


_NO_FILES = pa.table({"sha256": pa.array([], pa.string()), "size_bytes": pa.array([], pa.int64())})


def _named(view: View, name: str, keys: pa.Array) -> tuple[pa.Table, pa.Table]:
    """The stage's files that product rows of these keys name, each once, and those that its other rows name."""
    snapshot = view.table(name).snapshot("products")
    mask = pc.is_in(snapshot.column("job_key"), value_set=keys)
    read = cache(snapshot.column)  # once for both

    def files(rows: pa.ChunkedArray) -> pa.Table:
        found = files_of(lambda column: read(column).filter(rows), snapshot.schema)
        return pa.concat_tables([_NO_FILES, *(some.select(_NO_FILES.column_names) for some in found)])

    named = files(mask)
    return named.group_by(named.column_names, use_threads=False).aggregate([]), files(pc.invert(mask))


def _without(files: pa.Table, others: pa.Table) -> pa.Table:
    return files.filter(pc.invert(pc.is_in(files["sha256"], value_set=others["sha256"])))


def total_bytes(files: pa.Table) -> int:
    """Of files as `files_of_these_alone` gives them."""
    return int(pc.sum(files["size_bytes"], min_count=0).as_py())


def unfinished(view: View, name: str) -> tuple[Path, ...]:
    """Folders of work in progress of a stage that makes models, of jobs that its plan does not hold now."""
    folders = [path for path in _folders(view.layout.work) if _JOB_KEY.fullmatch(path.name)]
    if not folders or not view.stage(name).makes_models:
        return ()
    planned = set(view.plan(name).keys.to_pylist())
    return tuple(path for path in folders if path.name not in planned)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def size_bytes(path: Path) -> int:
    """Bytes of all files at and below a path; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(size_bytes(inner) for inner in path.iterdir())
