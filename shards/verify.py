"""Whether a published dataset is whole: every byte is read and every sample cut out."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import sha256_bytes, sha256_file
from rigmill.types import Row
from shards.credits import ATTRIBUTION, credited
from shards.index import CARD, INDEX, SIZES, SUMS
from shards.sample import member_names, read_sample
from shards.writer import ending


def verify(folder: Path) -> list[str]:
    """What is wrong with the dataset, one sentence each, sorted by file; empty when it is whole."""
    if not folder.is_dir():
        return [f"{folder}: no such folder"]
    problems = list(_check_sums(folder))
    if any(problem.startswith((f"{INDEX}: does not", f"{INDEX}: missing")) for problem in problems):
        return sorted(problems)  # a damaged index may say anything, and do anything to its reader
    rows = _read_index(folder)
    if rows is None:
        return sorted([*problems, f"{INDEX}: cannot be read as the index of a dataset"])
    shards: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        shards[row["shard"]].append(row)
    for shard, samples in shards.items():
        problems += _check_shard(folder / f"{shard}.tar", samples)
    problems += _check_index(folder, rows, shards)
    problems += _check_credits(folder, rows)
    return sorted(problems)


def _check_sums(folder: Path) -> Iterator[str]:
    """Every file against SHA256SUMS, and no file beside those."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
        sums = {name: sha256 for sha256, name in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError):
        yield f"{SUMS}: missing or not a list of digests"
        return
    present = {path.name for path in folder.iterdir()} - {SUMS}
    for name in sorted(present - set(sums)):
        yield f"{name}: not part of the dataset ({SUMS} does not name it)"
    for name in sorted({INDEX, SIZES, CARD, ATTRIBUTION} - set(sums)):
        yield f"{name}: {SUMS} does not name it"
    for name, sha256 in sorted(sums.items()):
        if name not in present or not (folder / name).is_file():
            yield f"{name}: missing"
        elif sha256_file(folder / name) != sha256:
            yield f"{name}: does not have the digest that {SUMS} gives it"


def _read_index(folder: Path) -> list[Row] | None:
    try:
        table = pq.read_table(folder / INDEX)
        table.validate(full=True)
        rows: list[Row] = table.select(PRODUCTS["shards"].names).cast(PRODUCTS["shards"]).to_pylist()
        return rows
    except (OSError, pa.ArrowException, ValueError, KeyError):
        return None


def _check_shard(path: Path, samples: list[Row]) -> Iterator[str]:
    """One tar against its rows of the index."""
    name = path.name
    try:
        data = path.read_bytes()
    except OSError:
        yield f"{name}: missing, {len(samples)} samples lost"
        return
    first = samples[0]
    if len(data) != first["shard_bytes"]:
        yield f"{name}: {len(data)} bytes instead of {first['shard_bytes']}"
    if sha256_bytes(data) != first["shard_sha256"]:
        yield f"{name}: does not have the digest that the index gives it"
    position = 0
    for row in sorted(samples, key=lambda row: row["offset"]):
        place = f"{name}: sample {row['clip_id']}"
        if row["offset"] != position:
            yield f"{place} starts at {row['offset']} instead of {position}"
        position = row["offset"] + row["num_bytes"]
        records = data[row["offset"] : position]
        if sha256_bytes(records) != row["sample_sha256"]:
            yield f"{place} is damaged"
            continue
        try:
            key, members = read_sample(records)
        except Exception as error:  # whatever a wrong sample does to the reader, it is a finding
            yield f"{place} cannot be read ({type(error).__name__})"
            continue
        if key != row["clip_id"]:
            yield f"{place} is called {key}"
        if tuple(members) != member_names(row["num_views"], masks=row["has_masks"]):
            yield f"{place} does not have the members of a sample, in their order"
    if data[position:] != ending(position):
        yield f"{name}: does not end as a tar after its last sample"


def _check_index(folder: Path, rows: list[Row], shards: dict[str, list[Row]]) -> Iterator[str]:
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
    if sizes != {f"{shard}.tar": len(samples) for shard, samples in shards.items()}:
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
