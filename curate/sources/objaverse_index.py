"""What both Objaverse indexes share: fetching their files once, remembering a choice, the seeded sample, the rows.

Planning reads the index again and again, so a choice among its rows is kept beside it, under the digest of everything
that it was made from.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.download.downloader import Downloader, Wanted
from curate.download.limits import DownloadFailed, DownloadLimits
from curate.download.partial_file import PartialFile, disk_trouble
from curate.licences.rights_of import rights_of
from curate.licences.spelling import spdx_of
from curate.sources.asset_row import CollectedAsset
from rigmill.errors import UserError
from rigmill.kinds import SeenIn
from rigmill.licences import policy
from rigmill.outcomes import Refusal
from rigmill.storage.files import digest, fsync_folder, read_sealed, sha256_bytes, write_sealed
from rigmill.types import Row, StoredFile

VERSION = 2  # raise it when the code chooses otherwise from the same index and settings
MAX_INDEX_FILE_BYTES = 16 * 2**30
MAX_TEXT = 300
# What says how, not what: a choice does not depend on it.
_NOT_OF_THE_CHOICE = frozenset({"download", "hosts", "http_hosts", "name", "index", "output"})
_ABOUT_LICENCES = ("curate.licences.rights_of", "curate.licences.spelling", "rigmill.licences.policy")
Say = Callable[[str], None]


def index_folder(settings: Row) -> Path:
    """Where a source's index files lie, with `~` taken as the person's home."""
    return Path(settings["index"]).expanduser()


def download_limits(settings: Row) -> Row:
    """The keys of `DownloadLimits`, from a source's section."""
    return {**settings["download"], "hosts": settings["hosts"]}


def hints(settings: Row) -> Row:
    """What `curate.download.jobs` reads beside the payload."""
    return {"download": download_limits(settings), "disk_budget_bytes": settings["disk_budget_bytes"]}


def fetch_index(settings: Row, files: Sequence[tuple[str, Path]], say: Say) -> None:
    """Download those of the (address, place) pairs whose file is not there."""
    missing = [(url, path) for url, path in files if not path.is_file()]
    if missing:
        say(f"source '{settings['name']}': fetching {len(missing)} index files into {index_folder(settings)}, once")
        asyncio.run(_fetch_all(settings, missing))


async def _fetch_all(settings: Row, files: Sequence[tuple[str, Path]]) -> None:
    limits = DownloadLimits.from_row(download_limits(settings))
    room = asyncio.Semaphore(limits.parallel)
    async with Downloader.opened(limits) as downloader:

        async def one(url: str, path: Path) -> None:
            partial = PartialFile(_own_folder(settings) / "parts", digest(url, length=32))
            async with room:
                try:
                    partial.open()
                    await downloader.get(Wanted(url, MAX_INDEX_FILE_BYTES), partial)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    partial.finish().replace(path)
                    fsync_folder(path.parent)
                    partial.remove()
                except (DownloadFailed, Refusal) as error:
                    raise UserError(
                        f"source '{settings['name']}': its index cannot be fetched",
                        code="E215",
                        why=f"{url}: {error}",
                        fix=f"run again when it can be reached; what is there is kept. Or put the file at {path}",
                    ) from None
                except OSError as error:
                    raise disk_trouble(error, path) from error
                finally:
                    partial.close()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_quiet(one(url, path))) for url, path in files]
    for task in tasks:
        if (error := task.result()) is not None:
            raise error


async def _quiet(coroutine: Any) -> UserError | None:
    """The mistake as a value, so that the other files are still finished."""
    try:
        await coroutine
    except UserError as error:
        return error
    return None


def require(settings: Row, files: Iterable[Path]) -> None:
    """A UserError unless every index file is there.

    No candidates would be the wrong answer: rows of files that nothing lists any more are dropped.
    """
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise UserError(
            f"source '{settings['name']}': its index is not here yet",
            code="E213",
            why=f"missing: {missing[0]}{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}; "
            "nothing but a run of collect uses the network",
            fix="{command} fetches it, once; or copy it there, or correct 'index'",
            command=("run", "collect"),
        )


def remembered(settings: Row, files: Iterable[Path], choose: Callable[[], pa.Table]) -> pa.Table:
    """What `choose` returns for these index files and settings; computed once."""
    stamps = [(path.name, info.st_size, info.st_mtime_ns) for path in files for info in [path.stat()]]
    rules = {key: value for key, value in settings.items() if key not in _NOT_OF_THE_CHOICE}
    code = [sha256_bytes(Path(str(import_module(module).__file__)).read_bytes()) for module in _ABOUT_LICENCES]
    key = digest(VERSION, stamps, rules, code, length=32)
    path = _own_folder(settings) / f"chosen-{key}.parquet"
    table = saved(path)
    if table is None:
        table = choose()
        save(path, table)
    return table


def save(path: Path, table: pa.Table) -> None:
    """Write a table beside the index; without leave to write there it is made again each time."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    with suppress(OSError):
        write_sealed(path, sink.getvalue().to_pybytes())


def saved(path: Path, schema: pa.Schema | None = None) -> pa.Table | None:
    """What `save` wrote; None where it is not there, or not that any more: then it is made again."""
    data = read_sealed(path)
    try:
        return None if data is None else pq.read_table(pa.BufferReader(data), schema=schema)
    except (OSError, pa.ArrowException):  # of another version
        return None


def own_file(settings: Row, name: str) -> Path:
    """A place for what we compute from the index."""
    return _own_folder(settings) / name


def _own_folder(settings: Row) -> Path:
    return index_folder(settings) / "rigmill"


class Funnel:
    """Applies rules to a table one after the other and remembers how many rows each took."""

    def __init__(self, num_rows: int) -> None:
        self.counts: dict[str, int] = {"in the index": num_rows}

    def keep(self, table: pa.Table, mask: Any, why_not: str) -> pa.Table:
        """The rows where the mask is true; null counts as false."""
        kept = table.filter(mask)
        self.drop(table.num_rows - kept.num_rows, why_not)
        return kept

    def drop(self, num_rows: int, why_not: str) -> None:
        self.counts[why_not] = self.counts.get(why_not, 0) + num_rows

    def sealed(self, table: pa.Table) -> pa.Table:
        """The table with the counts in its metadata."""
        counts = self.counts | {"candidates": table.num_rows}
        return table.replace_schema_metadata({"funnel": "; ".join(f"{name} {num}" for name, num in counts.items())})


def funnel_text(table: pa.Table) -> str:
    """The row counts that `Funnel.sealed` noted with the table: found, left out and why, candidates; may be empty."""
    return (table.schema.metadata or {}).get(b"funnel", b"").decode()


def licence_mask(raw: pa.ChunkedArray, settings: Row, *, missing: str = "unknown") -> pa.ChunkedArray:
    """Where the profile's policy lets a licence pass. `missing` is the id of no text at all."""
    values = pc.unique(raw)
    verdicts = [
        asset_allowed(licence_id(text, missing=missing), settings["licence_policy"]) for text in values.to_pylist()
    ]
    allowed = values.filter(pa.array(verdicts, pa.bool_()))
    return pc.is_in(raw, value_set=allowed)


def licence_id(raw: str | None, *, missing: str = "unknown") -> str:
    """The SPDX id of a licence as a stranger wrote it; `missing` where there is no text."""
    return spdx_of(raw) if raw else missing


def asset_allowed(licence_name: str, policy_name: str) -> bool:
    """Whether the policy lets an asset of this licence in."""
    return policy.asset_refusal(rights_of(licence_name), policy_name, licence=licence_name) is None


def sample(table: pa.Table, settings: Row, funnel: Funnel, *, uids: str, sizes: Any) -> pa.Table:
    """At most max_assets rows within the disk budget, chosen by (seed, uid) alone; sorted by uid.

    `sizes` are bytes per row, in the table's order. A smaller budget or sample is part of every larger one.
    """
    order = pc.sort_indices(table, sort_keys=[(uids, "ascending")])
    table, sizes = table.take(order), np.asarray(sizes)[order.to_numpy()]
    limit, budget = settings["max_assets"], settings["disk_budget_bytes"]
    if limit is None and budget is None:
        return table
    by_rank = np.argsort(_ranks(table[uids], settings["seed"]), kind="stable")
    if limit is not None:
        funnel.drop(max(0, len(by_rank) - limit), "not in the sample")
        by_rank = by_rank[:limit]
    if budget is not None:
        num_fitting = int(np.searchsorted(np.cumsum(sizes[by_rank], dtype=np.int64), budget, side="right"))
        funnel.drop(len(by_rank) - num_fitting, "over the disk budget")
        by_rank = by_rank[:num_fitting]
    return table.take(pa.array(np.sort(by_rank)))


def first_ranks(table: pa.Table, settings: Row, funnel: Funnel, *, uids: str, limit: int) -> pa.Table:
    """The rows that a sample of at most `limit` could hold, in their order: what `sample` needs, with less memory."""
    kept = np.sort(np.argsort(_ranks(table[uids], settings["seed"]), kind="stable")[:limit])
    funnel.drop(table.num_rows - len(kept), "not in the sample")
    return table.take(pa.array(kept))


def _ranks(uids: pa.ChunkedArray, seed: int) -> Any:
    """A random number per uid that depends on nothing but it and the seed."""
    start = hashlib.sha256(f"{seed}:".encode())

    def rank(uid: str) -> int:
        state = start.copy()
        state.update(uid.encode())
        return int.from_bytes(state.digest()[:8], "big")

    return np.fromiter((rank(uid.as_py()) for uid in uids), dtype=np.uint64, count=len(uids))


def clean(text: Any) -> str:
    """A stranger's text on one line, valid and of bounded length."""
    if not isinstance(text, str):
        return ""
    valid = text[: 4 * MAX_TEXT].encode("utf-8", "replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in valid).split())[:MAX_TEXT]


def make_row(payload: Row, stored: StoredFile, file_format: str) -> Row:
    """The collected row of a payload that `candidate` made."""
    name = licence_id(payload["licence"], missing=payload["licence_if_none"])
    by = f" by {payload['author']}" if payload["author"] else ""
    return CollectedAsset(
        file=stored,
        source=payload["source"],
        source_uid=payload["uid"],
        origin=payload["origin"],
        title=payload["title"],
        author=payload["author"],
        tags=payload["tags"],
        licence=name,
        licence_raw=payload["licence"],
        licence_seen_in=SeenIn.INDEX if payload["licence"] else None,
        rights=rights_of(name),
        format=file_format,
        attribution=f'"{payload["title"]}"{by} ({payload["origin"]}), {name}',
    ).to_row()
