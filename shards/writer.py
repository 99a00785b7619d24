"""A shard: samples one after the other in a tar whose bytes depend on the samples alone."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rigmill.licences.rights import Rights
from rigmill.storage.columns import CAPTION, CATEGORY, CLIP, PRODUCTS, RIGHTS
from rigmill.storage.files import Store, canonical_json, sha256_bytes
from rigmill.types import Row, StoredFile
from shards.sample import META, member_names, sample_bytes

_TABLES = ("render", "category", "caption")
# What meta.json says about a clip.
META_COLUMNS = (*CLIP, "num_views", "has_masks", "width_px", "height_px", "engine", *CAPTION, *CATEGORY)
META_TYPES: dict[str, pa.DataType] = {
    name: next(PRODUCTS[table].field(name).type for table in _TABLES if name in PRODUCTS[table].names)
    for name in META_COLUMNS
}
_SPELLED = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a sample lies in its shard."""

    offset: int
    num_bytes: int
    sha256: str


def build_shard(rows: Sequence[Row], store: Store) -> tuple[bytes, list[Placed]]:
    """The tar of the rows' samples, and where each of them lies in it."""
    parts: list[bytes] = []
    placed: list[Placed] = []
    offset = 0
    for row in rows:
        sample = sample_bytes(row["clip_id"], members(row, store))
        placed.append(Placed(offset, len(sample), sha256_bytes(sample)))
        parts.append(sample)
        offset += len(sample)
    parts.append(ending(offset))
    return b"".join(parts), placed


def meta_json(row: Row) -> bytes:
    """meta.json of a clip: the same keys and the same JSON types in every sample of every dataset.

    Readers (`datasets`) take the types from the first samples. So nothing is null: a right is "yes", "no" or "unknown",
    text that there is none of is empty, and a list without an entry holds one empty text.
    """
    values = {name: _of_type(row[name], kind) for name, kind in META_TYPES.items()}
    return (canonical_json(values) + "\n").encode()


def _of_type(value: Any, kind: pa.DataType) -> Any:
    """The value as this type is always written; TypeError where there is no such spelling."""
    if kind == RIGHTS:
        return {name: _SPELLED[right] for name, right in Rights.from_row(value).to_row().items()}
    if pa.types.is_list(kind):
        return [str(one) for one in value or [""]]
    if pa.types.is_string(kind):
        return str(value or "")
    if value is None:
        raise TypeError(f"meta.json holds no null, and a column of {kind} has one")
    return float(value) if pa.types.is_floating(kind) else value


def ending(num_bytes: int) -> bytes:
    """What follows the last sample: two blocks of zeros, then zeros to a whole record, as tar writes it."""
    end = num_bytes + 2 * tarfile.BLOCKSIZE
    return bytes(2 * tarfile.BLOCKSIZE + -end % tarfile.RECORDSIZE)


def members(row: Row, store: Store) -> list[tuple[str, bytes]]:
    """Every member of the row's sample, in the shard's order; meta.json is written here."""
    files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
    found: list[tuple[str, bytes]] = []
    for name in member_names(row["num_views"], masks=row["has_masks"]):
        if name == META:
            found.append((name, meta_json(row)))
            continue
        if name not in files:
            raise ValueError(f"a rendered clip has no {name}")
        found.append((name, store.read(files[name])))
    return found
