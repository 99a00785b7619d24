"""Whether a published dataset is whole: every byte is read once and every sample looked at."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import sha256_file
from rigmill.types import Row
from shards.credits import ATTRIBUTION, credited
from shards.index import CARD, INDEX, SIZES, SUMS, read_sums, sums_text
from shards.sample import member_names
from shards.writer import ending

MAX_THREADS = 8  # each holds a sample in memory
_CHUNK_BYTES = 2**20
_COLUMNS = (
    *("clip_id", "asset_id", "motion_id", "shard", "split", "num_views", "has_masks"),
    *("offset", "num_bytes", "sample_sha256", "shard_sha256", "shard_bytes"),
)


def verify(folder: Path) -> list[str]:
    """What is wrong with the dataset, one sentence each, sorted by file; empty when it is whole.

    A tar is read once, for its own digest and for those of its samples; several tars at a time.
    """
    if not folder.is_dir():
        return [f"{folder}: no such folder"]
    sums, problems = _read_sums(folder)
    if sums is None:
        return problems
    whole_index = (folder / INDEX).is_file() and sha256_file(folder / INDEX) == sums.get(INDEX)
    rows = _read_index(folder) if whole_index else []  # a damaged one may say anything, and do anything to its reader
    if rows is None:
        problems.append(f"{INDEX}: cannot be read as the index of a dataset")
        rows, whole_index = [], False
    shards: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        shards[f"{row['shard']}.tar"].append(row)
    problems += [f"{name}: {SUMS} does not name it" for name in sorted(set(shards) - set(sums))]
    names = sorted({*sums, *shards})
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as threads:  # hashing lets other threads run
        seen = threads.map(lambda name: _look_at(folder / name, shards.get(name, [])), names)
        for name, look in zip(names, seen):
            problems += look.problems
            if name in sums and look.sha256 not in (None, sums[name]):
                told = shards[name][0]["shard_sha256"] if name in shards else ""
                blame = f"{SUMS}: does not have the digest of {name} that the index has"
                problems.append(
                    blame if look.sha256 == told else f"{name}: does not have the digest that {SUMS} gives it"
                )
    if whole_index:
        problems += _check_index(folder, rows, shards)
        problems += _check_credits(folder, rows)
    return sorted(problems)


def _read_sums(folder: Path) -> tuple[dict[str, str] | None, list[str]]:
    """The digest of every file by name, and what is wrong with the list and with the names in the folder."""
    try:
        data = (folder / SUMS).read_bytes()
    except OSError:
        data = b"missing\n"
    sums = read_sums(data)
    if sums is None:
        return None, [f"{SUMS}: missing or not a list of digests"]
    present = {path.name for path in folder.iterdir()} - {SUMS}
    problems = [f"{name}: not part of the dataset ({SUMS} does not name it)" for name in sorted(present - set(sums))]
    problems += [f"{name}: {SUMS} does not name it" for name in sorted({INDEX, SIZES, CARD, ATTRIBUTION} - set(sums))]
    if data != sums_text(sums):
        problems.append(f"{SUMS}: is not as it was written")
    strange = sorted(name for name in sums if name != Path(name).name)
    problems += [f"{SUMS}: names {name!r}, which is no file of the folder" for name in strange]
    return {name: sums[name] for name in sums if name not in strange}, problems


def _read_index(folder: Path) -> list[Row] | None:
    try:
        table = pq.read_table(folder / INDEX)
        table.validate(full=True)
        rows: list[Row] = table.cast(PRODUCTS["shards"]).select(_COLUMNS).to_pylist()
        return rows
    except (OSError, pa.ArrowException, ValueError, KeyError):
        return None


@dataclass(slots=True)
class _Look:
    """What reading a file showed."""

    sha256: str | None = None  # None: it could not be read
    problems: list[str] = field(default_factory=list)


def _look_at(path: Path, samples: list[Row]) -> _Look:
    """Read a file from its first byte to its last, and its samples, if it is a tar that the index knows."""
    look = _Look()
    lost = f", {len(samples)} samples lost" if samples else ""
    if not path.is_file():
        look.problems.append(f"{path.name}: missing{lost}")
        return look
    try:
        with path.open("rb", buffering=0) as stream:
            if samples:
                _read_shard(stream, path.name, samples, look)
            else:
                look.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        look.sha256 = None
        look.problems.append(f"{path.name}: cannot be read ({error.strerror}){lost}")
    return look


def _read_shard(stream: BinaryIO, name: str, samples: list[Row], look: _Look) -> None:
    """One tar against its rows of the index."""
    first, shard, position = samples[0], hashlib.sha256(), 0
    for row in sorted(samples, key=lambda row: row["offset"]):
        place = f"{name}: sample {row['clip_id']}"
        if row["offset"] != position:
            look.problems.append(f"{place} starts at {row['offset']} instead of {position}")
        # A sample starts where the one before it ends, or the digests below say that it does not.
        records = _read(stream, row["num_bytes"])
        shard.update(records)
        position += row["num_bytes"]
        key, names = _what_lies_in(records)
        if hashlib.sha256(records).hexdigest() != row["sample_sha256"]:
            other = f" (the shard holds {key} there)" if key not in ("", row["clip_id"]) else ""
            look.problems.append(f"{place} is damaged{other}")
        elif key != row["clip_id"]:
            look.problems.append(f"{place} is called {key}")
        elif names != member_names(row["num_views"], masks=row["has_masks"]):
            look.problems.append(f"{place} does not have the members of a sample, in their order")
    rest = _read(stream, len(ending(position)) + 1)
    if rest != ending(position):
        look.problems.append(f"{name}: does not end as a tar after its last sample")
    shard.update(rest)
    while more := stream.read(_CHUNK_BYTES):
        shard.update(more)
    look.sha256 = shard.hexdigest()
    num_bytes = stream.tell()
    if num_bytes != first["shard_bytes"]:
        look.problems.append(f"{name}: {num_bytes} bytes instead of {first['shard_bytes']}")
    if look.sha256 != first["shard_sha256"]:
        look.problems.append(f"{name}: does not have the digest that the index gives it")


def _read(stream: BinaryIO, num_bytes: int) -> bytes:
    """So many bytes, or all that are left; a wrong number costs no more memory than the file is long."""
    left = max(0, min(num_bytes, os.fstat(stream.fileno()).st_size - stream.tell()))
    parts = []
    while left and (part := stream.read(left)):  # one read gives 2 GB at most
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _what_lies_in(records: bytes) -> tuple[str, tuple[str, ...]]:
    """The key of a sample's records and the names of its members, by their headers; '' where these cannot be read.

    Two keys are no sample: the key is then both, and no clip is called that.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(records), mode="r:") as archive:
            names = [info.name.partition(".") for info in archive]
    except Exception:  # whatever wrong bytes do to the reader, it is a finding
        return "", ()
    return " and ".join(dict.fromkeys(key for key, _, _ in names)), tuple(extension for _, _, extension in names)


def _check_index(folder: Path, rows: list[Row], shards: Mapping[str, list[Row]]) -> Iterator[str]:
    """What the index says about itself: unique clips, no leak between the splits, and the right counts."""
    seen: set[str] = set()
    for row in rows:
        if row["clip_id"] in seen:
            yield f"{INDEX}: clip {row['clip_id']} twice"
        seen.add(row["clip_id"])
    for column in ("asset_id", "motion_id"):
        sides: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            sides[row[column]].add(row["split"])
        for value, splits in sorted(sides.items()):
            if len(splits) > 1:
                yield f"{INDEX}: {column} {value} is in more than one split"
    try:
        sizes = json.loads((folder / SIZES).read_text("utf-8"))
    except (OSError, ValueError):
        yield f"{SIZES}: missing or not JSON"
        return
    if sizes != {name: len(samples) for name, samples in shards.items()}:
        yield f"{SIZES}: does not have the counts of the index"


def _check_credits(folder: Path, rows: list[Row]) -> Iterator[str]:
    """Every asset of the index has its line in the attribution file."""
    try:
        named = credited((folder / ATTRIBUTION).read_bytes())
    except (OSError, ValueError, csv.Error):
        yield f"{ATTRIBUTION}: missing or not an attribution file"
        return
    for asset_id in sorted({row["asset_id"] for row in rows} - named):
        yield f"{ATTRIBUTION}: asset {asset_id} has no line"
