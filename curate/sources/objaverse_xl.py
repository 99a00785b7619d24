"""Objaverse-XL: the files of its index that can be had alone, by their address; never a clone, never an archive.

The package reads an index of ten million rows into pandas as a whole, and gets GitHub's files by cloning repositories;
so its tables are read here with Arrow, in pieces, and a GitHub file is asked for by its address at the pinned commit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.download.jobs import fetch_files
from curate.sources import objaverse
from curate.sources import objaverse_index as shared
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.storage.files import digest
from rigmill.types import Row

WITH_ALIGNMENT = ("github", "sketchfab")
_TABLE = pa.schema(
    [
        ("part", pa.string()),
        ("uid", pa.string()),
        ("licence", pa.string()),
        ("sha256", pa.string()),
        ("metadata", pa.string()),
    ]
)
_WORDS = pa.schema(
    [
        ("url", pa.string()),
        ("problem", pa.string()),
        ("title", pa.string()),
        ("author", pa.string()),
        ("tags", pa.list_(pa.string())),
    ]
)
_COLUMNS = ("fileIdentifier", "license", "fileType", "sha256", "metadata")
_GITHUB = re.compile(r"https://github\.com/([\w.-]{1,100})/([\w.-]{1,100})/blob/([0-9a-f]{40})/(.{1,1000})", re.ASCII)
_THING = re.compile(r"https://www\.thingiverse\.com/.*fileId=(\d{1,12})")
_BATCH_ROWS = 100_000
_SPARE_ROWS = 200_000  # read beyond what the sample needs before it is thinned out


def prepare(settings: Row, say: shared.Say) -> None:
    """Fetch the index, once, and make the choice among its objects."""
    shared.fetch_index(settings, _files(settings), say)
    say(f"source '{settings['name']}': {shared.funnel_text(_chosen(settings))}")


def candidates(settings: Row) -> Iterator[Input]:
    """One input per file that the source's section lets pass; of one without an address, the job says why."""
    hints, name = shared.hints(settings), settings["name"]
    for row in _chosen(settings).to_pylist():
        part, uid = row["part"], row["uid"]
        payload = {
            "kind": "objaverse_xl",
            "source": name,
            "uid": uid,
            "url": row["url"],
            "problem": row["problem"],
            # What has no address must not stand in for another copy of the same bytes.
            "sha256": "" if row["problem"] else row["sha256"] or "",
            "origin": uid,
            "title": row["title"],
            "author": row["author"],
            "tags": row["tags"],
            "licence": row["licence"] or "",
            # A repository without a licence gives none; the other parts may have lost theirs on the way.
            "licence_if_none": "LicenseRef-None" if part == "github" else "unknown",
        }
        yield Input(f"{name}-{part}-{digest(uid)}", payload, group=name, hints=hints)


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each object's file in the store and its row."""
    return fetch_files(jobs, work, shared.make_row)


def _files(settings: Row) -> list[tuple[str, Path]]:
    """Address and place (the package's own) of every index file that is read."""
    root = shared.index_folder(settings)
    files = []
    for part in _parts(settings):
        name = f"{part}/{'alignment' if settings['alignment_only'] else part}.parquet"
        files.append((f"{settings['address']}/{name}", root / name))
    if "sketchfab" in _parts(settings):
        paths = root / objaverse.PACKAGE_FOLDER / objaverse.PATHS_FILE
        files.append((f"{settings['objects']}/{objaverse.PATHS_FILE}", paths))
    return files


def _parts(settings: Row) -> list[str]:
    return [part for part in sorted(set(settings["parts"])) if not settings["alignment_only"] or part in WITH_ALIGNMENT]


def _chosen(settings: Row) -> pa.Table:
    files = [path for _, path in _files(settings)]
    shared.require(settings, files)
    return shared.remembered(settings, files, lambda: _choose(settings))


def _choose(settings: Row) -> pa.Table:
    funnel = shared.Funnel(0)
    limits = [settings["max_assets"], (settings["disk_budget_bytes"] or 0) // settings["assumed_file_bytes"] or None]
    limit = min((number for number in limits if number is not None), default=None)
    pieces, num_rows = [_TABLE.empty_table()], 0
    for part in _parts(settings):
        for piece in _read(part, settings, funnel):
            pieces.append(piece)
            num_rows += piece.num_rows
            if limit is not None and num_rows > 2 * limit + _SPARE_ROWS:
                table = _first_of_each(pa.concat_tables(pieces), funnel)
                pieces = [shared.first_ranks(table, settings, funnel, uids="uid", limit=limit)]
                num_rows = pieces[0].num_rows
    table = _first_of_each(pa.concat_tables(pieces), funnel)
    sizes = np.full(table.num_rows, settings["assumed_file_bytes"], dtype=np.int64)
    return _described(funnel.sealed(shared.sample(table, settings, funnel, uids="uid", sizes=sizes)), settings)


def _first_of_each(table: pa.Table, funnel: shared.Funnel) -> pa.Table:
    """Every uid once, in the order in which they came."""
    rows = pa.table({"uid": table["uid"], "row": pa.array(np.arange(table.num_rows))})
    first = np.sort(rows.group_by(["uid"]).aggregate([("row", "min")])["row_min"].to_numpy())
    funnel.drop(table.num_rows - len(first), "named twice")
    return table.take(pa.array(first))


def _described(table: pa.Table, settings: Row) -> pa.Table:
    """With address and words worked out here, once, and not whenever somebody lists."""
    parts = table["part"].to_pylist()
    paths = objaverse.object_paths(shared.index_folder(settings)) if "sketchfab" in parts else {}
    rows = []
    for part, uid, metadata in zip(parts, table["uid"].to_pylist(), table["metadata"].to_pylist()):
        url, problem = _address(part, uid, settings, paths)
        rows.append({"url": url, "problem": problem, **_words(part, uid, metadata)})
    words = pa.Table.from_pylist(rows, _WORDS)
    for name in _WORDS.names:
        table = table.append_column(name, words[name])
    return table.drop_columns(["metadata"])


def _read(part: str, settings: Row, funnel: shared.Funnel) -> Iterator[pa.Table]:
    """The rows of a part that pass, a piece at a time; only what passes is ever in memory."""
    name = "alignment" if settings["alignment_only"] else part
    path = shared.index_folder(settings) / part / f"{name}.parquet"
    formats = pa.array(settings["formats"])
    missing = "LicenseRef-None" if part == "github" else "unknown"
    with objaverse.reading(path), pq.ParquetFile(path) as file:
        columns = [column for column in _COLUMNS if column in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            table = pa.Table.from_batches([batch])
            table.validate(full=True)  # Arrow does not check what it reads
            if "metadata" not in columns:
                table = table.append_column("metadata", pa.nulls(table.num_rows, pa.string()))
            funnel.drop(table.num_rows, "in the index")
            types = pc.utf8_lower(table["fileType"].cast(pa.string()))
            table = funnel.keep(table, pc.is_in(types, value_set=formats), "of another file type")
            table = funnel.keep(
                table,
                pc.less(pc.binary_length(table["fileIdentifier"].cast(pa.string())), 2000),
                "without an identifier",
            )
            table = funnel.keep(
                table,
                shared.licence_mask(table["license"].cast(pa.string()), settings, missing=missing),
                "not allowed by the licence policy",
            )
            lower = pc.utf8_lower(table["sha256"].cast(pa.string()))
            sha256 = pc.if_else(pc.match_substring_regex(lower, "^[0-9a-f]{64}$"), lower, pa.scalar(None, pa.string()))
            yield pa.table(
                {
                    "part": pa.array([part] * table.num_rows, pa.string()),
                    "uid": table["fileIdentifier"].cast(pa.string()),
                    "licence": table["license"].cast(pa.string()),
                    "sha256": sha256,
                    "metadata": table["metadata"].cast(pa.string()),
                },
                schema=_TABLE,
            )


def _address(part: str, uid: str, settings: Row, paths: dict[str, str]) -> tuple[str, str]:
    """Where the file alone can be had, or (empty and) why it cannot. Whether it may be asked is the downloader's."""
    if part == "github":
        match = _GITHUB.fullmatch(uid)
        if match is None or any(name in ("", ".", "..") for name in (match[1], match[2], *match[4].split("/"))):
            return "", "no file of a GitHub repository at a commit; a whole repository is never cloned"
        # This address leads to the file itself, also where the repository keeps it in Git LFS.
        path = quote(match[4], safe="/")
        return f"{settings['github']}/{match[1]}/{match[2]}/raw/{match[3]}/{path}", ""
    if part == "sketchfab":
        path = paths.get(uid.rsplit("/", 1)[-1], "")
        return (f"{settings['objects']}/{path}", "") if path else ("", "Objaverse 1.0 has no file for this object")
    if part == "thingiverse":
        match = _THING.fullmatch(uid)
        return (f"https://www.thingiverse.com/download:{match[1]}", "") if match else ("", "no Thingiverse file number")
    return uid, ""


def _words(part: str, uid: str, metadata: str | None) -> Row:
    """Title, author and tags, from the metadata column; title and tags else from the address.

    An author nobody names stays unknown: the account in an address is who put the file there, not who made it.
    """
    try:
        about = json.loads(metadata or "{}")
    except (ValueError, RecursionError):
        about = {}
    about = about if isinstance(about, dict) else {}
    try:
        path = PurePosixPath(uid.split("/blob/", 1)[-1] if part == "github" else unquote(urlsplit(uid).path))
    except ValueError:
        path = PurePosixPath(uid)
    folders = path.parts[1:-1] if part == "github" else ()
    title = next((text for key in ("title", "name") if (text := shared.clean(about.get(key)))), "")
    author = next((text for key in ("author", "creator") if (text := shared.clean(about.get(key)))), "")
    return {
        "title": title or _spaced(path.stem) or "untitled",
        "author": author,
        "tags": list(dict.fromkeys(word for name in folders for word in _spaced(name).lower().split()))[:50],
    }


def _spaced(name: str) -> str:
    """A file name as words: separators become spaces and camel case is split."""
    return shared.clean(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[\W_]+", " ", name)))
