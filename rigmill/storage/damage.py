"""What of a stage's table can still be read, and the table made of that. Names of segments say what they must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rigmill.outcomes import Status
from rigmill.storage.columns import TEXT
from rigmill.storage.files import has_its_digest
from rigmill.storage.segments import KINDS, MANIFEST, StageTable, manifest_of
from rigmill.types import Row


@dataclass(frozen=True, slots=True)
class TableState:
    """A stage's table as it lies on disk: its intact segments by kind, and what is wrong with the rest."""

    folder: Path
    intact: dict[str, list[str]]
    manifest_is_whole: bool
    num_files: int
    lost: dict[str, list[int]] = field(default_factory=dict)  # by kind, places in the list of segments
    wrong: tuple[tuple[str, str], ...] = ()  # names of files, and what is wrong with them

    def read(self, kind: str, columns: list[str]) -> pa.Table:
        """These columns of the intact segments; one that a segment is too old to have is left out of it."""
        tables = []
        for name in self.intact[kind]:
            segment = pq.ParquetFile(str(self.folder / name))
            tables.append(segment.read([column for column in columns if column in segment.schema_arrow.names]))
        return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})


def look_at(folder: Path) -> TableState | None:
    """The state of a stage's table, every byte read; None where there is no table."""
    state = None
    for _ in range(10):
        before = _manifest_bytes(folder)
        state = _look_at(folder)
        if state is None or not state.wrong or before == _manifest_bytes(folder):
            break  # else a run has replaced segments meanwhile
    return state


def _manifest_bytes(folder: Path) -> bytes | None:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError:
        return None


def _look_at(folder: Path) -> TableState | None:
    segments = sorted(path.name for path in folder.glob("*.parquet"))
    try:
        manifest = manifest_of((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        if not segments:
            return None
        return _without_manifest(folder, segments, "missing")
    except (OSError, ValueError):
        return _without_manifest(folder, segments, "damaged")
    intact, lost, wrong = {}, {}, []
    for kind in KINDS:
        faults = [(name, _fault(folder / name)) for name in manifest[kind]]
        intact[kind] = [name for name, fault in faults if not fault]
        lost[kind] = [place for place, (_, fault) in enumerate(faults) if fault]
        wrong += [(name, fault) for name, fault in faults if fault]
    num_files = 1 + sum(len(manifest[kind]) for kind in KINDS)
    return TableState(folder, intact, True, num_files, lost if wrong else {}, tuple(wrong))


def _without_manifest(folder: Path, segments: list[str], why: str) -> TableState:
    """Segments that a merge has left behind hold nothing that a larger one does not: they do not count."""
    sound = [name for name in segments if not _fault(folder / name)]
    intact: dict[str, list[str]] = {}
    for kind in KINDS:
        known: set[str] = set()
        intact[kind] = []
        keys = {name: _keys(folder / name) for name in sound if name.startswith(f"{kind}-")}
        for name in sorted(keys, key=lambda name: (-len(keys[name]), keys[name])):
            if not known.issuperset(keys[name]):
                known.update(keys[name])
                intact[kind].append(name)
    wrong = [(MANIFEST, why), *((name, "damaged") for name in segments if name not in sound)]
    return TableState(folder, intact, False, 1 + len(segments), {}, tuple(wrong))


def _keys(segment: Path) -> list[str]:
    return list(pq.read_table(segment, columns=["job_key"])["job_key"].to_pylist())


def _fault(path: Path) -> str:
    try:
        return "" if has_its_digest(path) else "damaged"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"unreadable ({error.strerror})"


def kept_without_outcome(state: TableState) -> set[str]:
    """Jobs whose products are all there, and of whose outcome nothing is lost but the row."""
    if not state.manifest_is_whole or state.lost["products"]:
        return set()
    keys = {name: {key for part in state.intact[name] for key in _keys(state.folder / part)} for name in KINDS}
    return keys["products"] - keys["outcomes"]


def mend_table(state: TableState, stage: str, products: pa.Schema, *, outcomes: Sequence[Row] = ()) -> None:
    """Publish the table of what can be read. A job of which something is lost has no row any more, so it is open again.

    `outcomes`: those that are known from elsewhere. Replaced at once: killed at any moment, the damaged table is still
    there, or the mended one.
    """
    manifest: dict[str, Any] = {**state.intact, "compact": False}
    if outcomes:
        added = StageTable(state.folder.parent, stage, products, manifest=manifest).write("outcomes", outcomes)
        manifest["outcomes"] = [*manifest["outcomes"], added]
    table = StageTable(state.folder.parent, stage, products, manifest=manifest)
    ends = table.snapshot("outcomes").read(["job_key", "status"])
    live = ends["job_key"].combine_chunks()
    if not state.manifest_is_whole or state.lost["products"]:
        with_rows = pc.is_in(live, value_set=table.snapshot("products").column("job_key").combine_chunks())
        needs_none = pc.not_equal(ends["status"].combine_chunks(), Status.KEPT.value)
        live = live.filter(pc.or_(with_rows, needs_none))
    cut = pa.array(sorted(_beside_the_lost(state)), TEXT)
    table.compact(live.filter(pc.invert(pc.is_in(live, value_set=cut))))


def _beside_the_lost(state: TableState) -> set[str]:
    """Jobs of which a part may be lost: compaction cuts a table by its rows, so that two segments may share a job."""
    if not state.manifest_is_whole:  # which segments there were is not known: only a full one can end within a job
        names = [state.folder / name for name in state.intact["products"]]
        if any(name.startswith("products-") for name, _ in state.wrong):
            return {key for name in names for key in _ends(name)}
        return {_ends(name)[1] for name in names if pq.read_metadata(name).num_rows >= StageTable.ROWS_PER_SEGMENT}
    lost, found, places = set(state.lost["products"]), set[str](), []
    intact = iter(state.intact["products"])
    for place in range(len(lost) + len(state.intact["products"])):
        places.append(None if place in lost else next(intact))
    for place, name in enumerate(places):
        if name is not None and {place - 1, place + 1} & lost:
            first, last = _ends(state.folder / name)
            found |= ({first} if place - 1 in lost else set()) | ({last} if place + 1 in lost else set())
    return found


def _ends(segment: Path) -> tuple[str, str]:
    """The job keys of the first and the last row."""
    keys = _keys(segment)
    return keys[0], keys[-1]
