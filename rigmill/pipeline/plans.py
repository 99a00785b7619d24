"""Plans of large stages, remembered between commands for as long as nothing that they follow from has changed."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rigmill.storage.files import read_sealed, sha256_bytes, write_sealed

WORTH_KEEPING = 5_000  # jobs; fewer are planned again in no time


@dataclass
class Plan:
    """All jobs of a stage, done or not, as columns."""

    keys: pa.Array
    input_ids: pa.Array
    groups: pa.Array

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def digest(self) -> str:
        return sha256_bytes("".join(self.keys.to_pylist()).encode())

    @cached_property
    def content(self) -> str:
        """A digest of the keys, in whatever order they were planned."""
        return sha256_bytes("".join(sorted(self.keys.to_pylist())).encode())


class PlanFiles:
    """One file per stage, sealed by a digest. `follows_from` says what the plan was made of; a file that says otherwise
    is no plan, nor is one that has changed since it was written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, stage: str, follows_from: str) -> Plan | None:
        data = read_sealed(self._path(stage))
        if data is None:
            return None
        try:
            table = pq.ParquetFile(pa.BufferReader(data)).read()
            if (table.schema.metadata or {}).get(b"follows_from") != follows_from.encode():
                return None
            return Plan(*(table[name].combine_chunks() for name in ("keys", "input_ids", "groups")))
        except (OSError, pa.ArrowException, KeyError):  # of another version
            return None

    def write(self, stage: str, follows_from: str, plan: Plan) -> None:
        if len(plan) < WORTH_KEEPING:
            return
        table = pa.table({"keys": plan.keys, "input_ids": plan.input_ids, "groups": plan.groups})
        buffer = io.BytesIO()
        pq.write_table(table.replace_schema_metadata({"follows_from": follows_from}), buffer, compression="zstd")
        with suppress(OSError):  # a full or read-only disk costs time, not answers
            write_sealed(self._path(stage), buffer.getvalue())

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}.plan"

    def damaged(self) -> list[Path]:
        """Plans that are not what was written; nothing believes them."""
        return [path for path in sorted(self.folder.glob("*.plan")) if read_sealed(path) is None]


@cache
def code_digest(rooms: tuple[str, ...], module: str) -> str:
    """Of everything that may take part in planning: source and data of the hallway and the rooms, and the module."""
    root = Path(__file__).resolve().parents[2]
    files = [
        path
        for room in ("rigmill", *rooms)
        for path in sorted((root / room).rglob("*"))
        if path.suffix in (".py", ".yaml")
    ]
    own = getattr(sys.modules.get(module), "__file__", None)
    digest = sha256()
    for path in (*files, *([Path(own)] if own else [])):
        digest.update(path.read_bytes())
    return digest.hexdigest()
