"""A shard: samples one after the other in a tar whose bytes depend on the samples alone."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from dataclasses import dataclass

from rigmill.storage.columns import CAPTION, CATEGORY, CLIP
from rigmill.storage.files import Store, canonical_json, sha256_bytes
from rigmill.types import Row, StoredFile
from shards.sample import META, member_names, sample_bytes

# What meta.json says about a clip.
META_COLUMNS = (*CLIP, "num_views", "has_masks", "width_px", "height_px", "engine", *CAPTION, *CATEGORY)


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
            found.append((name, (canonical_json({key: row[key] for key in META_COLUMNS}) + "\n").encode()))
            continue
        if name not in files:
            raise ValueError(f"a rendered clip has no {name}")
        found.append((name, store.read(files[name])))
    return found
