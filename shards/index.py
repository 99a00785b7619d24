"""The dataset folder that people open: tars, one index, sizes, digests and a card."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, fsync_folder, sha256_bytes, sha256_file, swap_folder
from rigmill.types import Row, StoredFile
from shards.card import Making, card
from shards.credits import ATTRIBUTION, Provenance, attribution_csv, of_authors

INDEX, SIZES, SUMS, CARD = "index.parquet", "sizes.json", "SHA256SUMS", "README.md"


def publish(
    rows: Sequence[Row], folder: Path, store: Store, *, making: Making, provenance: Provenance, trust: bool = True
) -> None:
    """Replace `folder` by the dataset that the `shards` rows describe; the same rows give the same bytes.

    `making` is for the card: under which licence policy, and so whether the dataset may be given away.

    Everything is written beside it first, so a reader finds the old dataset or the new one (or, for the moment
    between two renames, none). Tars are hard links into the store where the file system allows it. A dataset that
    is there already is left alone; whether its bytes are still right is a question for `verify`, or, without `trust`,
    is asked here.
    """
    ordered = sorted(rows, key=lambda row: (row["shard"], row["offset"]))
    tars = {f"{row['shard']}.tar": row for row in ordered}
    texts = _texts(ordered, tars, making=making, provenance=provenance)
    sizes = {name: row["shard_bytes"] for name, row in tars.items()}
    if _is_there(folder, texts, sizes | {name: len(data) for name, data in texts.items()}) and (
        trust or all(sha256_file(folder / name) == row["shard_sha256"] for name, row in tars.items())
    ):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left_over in folder.parent.glob(f".{folder.name}-[no][el][wd]-*"):  # of a killed run
        shutil.rmtree(left_over, ignore_errors=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-new-"))
    try:
        new.chmod(0o755)
        for name, row in tars.items():
            _link(store.path(StoredFile.from_row(row["shard_file"])), new / name)
        for name, data in texts.items():
            _write(new / name, data)
        fsync_folder(new)
        swap_folder(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _texts(rows: Sequence[Row], tars: dict[str, Row], *, making: Making, provenance: Provenance) -> dict[str, bytes]:
    """Every file of the dataset but the tars."""
    counts = Counter(f"{row['shard']}.tar" for row in rows)
    texts = {
        INDEX: index_bytes(rows),
        SIZES: (json.dumps(counts, indent=2, sort_keys=True) + "\n").encode(),
        ATTRIBUTION: attribution_csv(rows, provenance),
        CARD: card(rows, making, num_of_authors=of_authors(rows, provenance)).encode(),
    }
    sums = {name: row["shard_sha256"] for name, row in tars.items()}
    sums |= {name: sha256_bytes(data) for name, data in texts.items()}
    return texts | {SUMS: sums_text(sums)}


def sums_text(sums: Mapping[str, str]) -> bytes:
    """The list of digests by file name, as `sha256sum -c` reads it: it has one spelling."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()


def read_sums(data: bytes) -> dict[str, str] | None:
    """The digest of every file by name; None where the data is no list of digests."""
    try:
        lines = data.decode("utf-8").split("\n")[:-1]
        return {name: sha256 for sha256, name in (line.split("  ", 1) for line in lines)}
    except ValueError:
        return None


def _is_there(folder: Path, texts: dict[str, bytes], sizes: dict[str, int]) -> bool:
    """Whether the folder has exactly these files, by name, size and list of digests."""
    if not folder.is_dir() or {path.name: path.stat().st_size for path in folder.iterdir()} != sizes:
        return False
    return all((folder / name).read_bytes() == data for name, data in texts.items())


def index_bytes(rows: Sequence[Row]) -> bytes:
    """index.parquet: one row per sample, columns as in the `shards` table."""
    schema = PRODUCTS["shards"]
    table = pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o644)
