"""Objaverse 1.0: objects chosen by their annotations, then downloaded one file each.

The `objaverse` package knows where the index files lie and how to read them; it has no timeouts and no retries, so
every byte comes through curate.download.downloader, into the places where the package looks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.download.jobs import fetch_files
from curate.sources import objaverse_index as shared
from rigmill.errors import UserError
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.storage.files import canonical_json, digest, read_sealed, write_sealed
from rigmill.types import Row

PACKAGE_FOLDER = "hf-objaverse-v1"
PATHS_FILE = "object-paths.json.gz"
PAGE = "https://sketchfab.com/3d-models/"
_OBJECT_PATH = re.compile(r"glbs/(\d{3}-\d{3})/([A-Za-z0-9_-]{1,64})\.glb")
NO_AI_TAGS = frozenset({"noai", "no-ai", "no ai", "notai"})
_COMPACT = pa.schema(
    [
        ("uid", pa.string()),
        ("path", pa.string()),
        ("title", pa.string()),
        ("author", pa.string()),
        ("page", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("licence", pa.string()),
        ("animations", pa.int64()),
        ("faces", pa.int64()),
        ("size_bytes", pa.int64()),
        ("no_ai", pa.bool_()),
    ]
)


def prepare(settings: Row, say: shared.Say) -> None:
    """Fetch the index, once, and make the choice among its objects."""
    root, address = _root(settings), settings["address"]
    shared.fetch_index(settings, [(f"{address}/{PATHS_FILE}", root / PATHS_FILE)], say)
    wanted = [(f"{address}/metadata/{part}.json.gz", _metadata(root, part)) for part in _parts(settings)]
    if settings["hashes"]:
        wanted.append((settings["hashes"], _hashes(settings)))
    shared.fetch_index(settings, wanted, say)
    say(f"source '{settings['name']}': {shared.funnel_text(_chosen(settings))}")


def candidates(settings: Row) -> Iterator[Input]:
    """One input per object that the source's section lets pass."""
    hints, name = shared.hints(settings), settings["name"]
    for row in _chosen(settings).to_pylist():
        payload = {
            "kind": "objaverse",
            "source": name,
            "uid": row["uid"],
            "url": f"{settings['address']}/{row['path']}",
            "problem": "",
            "sha256": row["sha256"] or "",
            "origin": row["page"],
            "title": row["title"],
            "author": row["author"],
            "tags": row["tags"],
            "licence": row["licence"],
            "licence_if_none": "unknown",
        }
        yield Input(f"{name}-{row['uid']}", payload, group=name, hints=hints)


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each object's file in the store and its row."""
    return fetch_files(jobs, work, shared.make_row)


def _root(settings: Row) -> Path:
    return shared.index_folder(settings) / PACKAGE_FOLDER


def _metadata(root: Path, part: str) -> Path:
    return root / "metadata" / f"{part}.json.gz"


def _hashes(settings: Row) -> Path:
    """Where the package keeps XL's table of the same objects."""
    return shared.index_folder(settings) / "sketchfab" / "sketchfab.parquet"


def _chosen(settings: Row) -> pa.Table:
    shared.require(settings, [_root(settings) / PATHS_FILE])
    metadata = [_metadata(_root(settings), part) for part in _parts(settings)]
    hashes = [_hashes(settings)] if settings["hashes"] else []
    files = [_root(settings) / PATHS_FILE, *metadata, *hashes]
    shared.require(settings, files)
    return shared.remembered(settings, files, lambda: _choose(settings))


def _choose(settings: Row) -> pa.Table:
    table = _annotations(settings)
    funnel = shared.Funnel(table.num_rows)
    table = funnel.keep(
        table,
        pc.greater_equal(pc.fill_null(table["animations"], 0), settings["min_animations"]),
        f"with fewer than {settings['min_animations']} animations",
    )
    faces = pc.fill_null(table["faces"], settings["min_faces"])  # not stated: the probe will count them
    table = funnel.keep(
        table,
        pc.and_(pc.greater_equal(faces, settings["min_faces"]), pc.less_equal(faces, settings["max_faces"])),
        "with too few or many faces",
    )
    table = funnel.keep(
        table,
        pc.less_equal(pc.fill_null(table["size_bytes"], 0), settings["max_file_bytes"]),
        "larger than max_file_bytes",
    )
    if settings["tags"]:
        table = funnel.keep(table, _has_tag(table["tags"], settings["tags"]), "without one of the tags")
    table = funnel.keep(table, pc.invert(table["no_ai"]), "tagged against generative AI")
    table = funnel.keep(table, shared.licence_mask(table["licence"], settings), "not allowed by the licence policy")
    sizes = pc.fill_null(table["size_bytes"], settings["max_file_bytes"]).to_numpy()
    table = shared.sample(table, settings, funnel, uids="uid", sizes=sizes)
    return funnel.sealed(table.append_column("sha256", _sha256_of(settings, table["uid"])))


def _has_tag(tags: pa.ChunkedArray, wanted: Sequence[str]) -> pa.Array:
    flat = pc.is_in(pc.utf8_lower(pc.list_flatten(tags)), value_set=pa.array([tag.lower() for tag in wanted]))
    rows = pc.unique(pc.list_parent_indices(tags).filter(flat))
    return pc.is_in(pa.array(range(len(tags)), pa.int64()), value_set=rows.cast(pa.int64()))


def _sha256_of(settings: Row, uids: pa.ChunkedArray) -> pa.Array:
    """XL's digest of each object; null where it has none."""
    if not settings["hashes"] or not len(uids):
        return pa.nulls(len(uids), pa.string())
    wanted = pc.binary_join_element_wise(pa.scalar(PAGE), uids.combine_chunks(), "")
    known: dict[str, str] = {}
    with reading(_hashes(settings)), pq.ParquetFile(_hashes(settings)) as file:
        for batch in file.iter_batches(batch_size=100_000, columns=["fileIdentifier", "sha256"]):
            batch.validate(full=True)
            found = batch.filter(pc.is_in(batch["fileIdentifier"], value_set=wanted))
            known.update(zip(found["fileIdentifier"].to_pylist(), found["sha256"].to_pylist()))
    return pa.array([sha256_or_none(known.get(name)) for name in wanted.to_pylist()], pa.string())


def sha256_or_none(text: Any) -> str | None:
    """The digest in lower case, or None for what is not 64 hexadecimal digits."""
    return text.lower() if isinstance(text, str) and re.fullmatch(r"[0-9a-fA-F]{64}", text) else None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """An index file that cannot be read is a UserError that names it."""
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        raise UserError(
            f"the index file cannot be read: {path}",
            why=" ".join(str(error).split())[:200],
            code="E216",
            fix="remove it, then {command} fetches it again",
            command=("run", "collect"),
        ) from error


def object_paths(index: Path) -> dict[str, str]:
    """Path of every object's file below the dataset's address, by uid; as the package reads it, checked by us."""
    with _package(index / PACKAGE_FOLDER) as package, reading(index / PACKAGE_FOLDER / PATHS_FILE):
        return {
            uid: path
            for uid, path in package._load_object_paths().items()
            if (match := _OBJECT_PATH.fullmatch(path)) and match[2] == uid
        }


def _parts(settings: Row) -> list[str]:
    """The parts into which the annotations are cut, as the object paths (800,000) name them; remembered."""
    source = _root(settings) / PATHS_FILE
    if not source.is_file():
        return []
    info = source.stat()
    memory = shared.own_file(settings, f"parts-{digest(info.st_size, info.st_mtime_ns)}.json")
    try:
        return list(json.loads(read_sealed(memory) or b""))
    except (ValueError, TypeError):
        parts = sorted(_paths_by_part(settings))
    with suppress(OSError):
        write_sealed(memory, canonical_json(parts).encode())
    return parts


def _paths_by_part(settings: Row) -> dict[str, dict[str, str]]:
    grouped: dict[str, dict[str, str]] = {}
    for uid, path in object_paths(shared.index_folder(settings)).items():
        grouped.setdefault(path.split("/")[1], {})[uid] = path
    return grouped


def _annotations(settings: Row) -> pa.Table:
    """The few annotations that are asked for, of every object. Each part is remembered by what its file looks like."""
    grouped: dict[str, dict[str, str]] | None = None
    tables = [_COMPACT.empty_table()]
    for part in _parts(settings):
        info = _metadata(_root(settings), part).stat()
        memory = shared.own_file(
            settings, f"v1-{part}-{digest(shared.VERSION, info.st_size, info.st_mtime_ns)}.parquet"
        )
        table = shared.saved(memory, _COMPACT)
        if table is None:
            grouped = grouped if grouped is not None else _paths_by_part(settings)
            table = _compact(settings, part, grouped.get(part, {}))
            shared.save(memory, table)
        tables.append(table)
    return pa.concat_tables(tables)


def _compact(settings: Row, part: str, paths: dict[str, str]) -> pa.Table:
    with _package(_root(settings)) as package, reading(_metadata(_root(settings), part)):
        about = package.load_annotations(sorted(paths))  # opens the one file that holds these
        return pa.Table.from_pylist([_compact_row(uid, paths[uid], about[uid]) for uid in sorted(about)], _COMPACT)


@contextmanager
def _package(folder: Path) -> Iterator[Any]:
    """The objaverse package, reading from `folder`. All files are there, so it asks no network."""
    import objaverse

    before = objaverse._VERSIONED_PATH
    objaverse._VERSIONED_PATH = str(folder)
    try:
        yield objaverse
    finally:
        objaverse._VERSIONED_PATH = before


def _compact_row(uid: str, path: str, annotation: Any) -> Row:
    """Strangers wrote this: whatever has not the expected type counts as not stated."""
    about = _object(annotation)
    user, glb, named = _object(about.get("user")), _object(_object(about.get("archives")).get("glb")), about.get("tags")
    tags = [shared.clean(_object(tag).get("name")) for tag in (named if isinstance(named, list) else ())]
    page = about.get("viewerUrl")
    page_is_known = isinstance(page, str) and page.startswith("https://sketchfab.com/") and page == shared.clean(page)
    faces = _whole(about.get("faceCount"))
    return {
        "uid": uid,
        "path": path,
        "title": shared.clean(about.get("name")) or uid,
        "author": shared.clean(user.get("displayName")) or shared.clean(user.get("username")),
        "page": page if page_is_known else PAGE + uid,
        "tags": [tag for tag in tags if tag][:50],
        "licence": shared.clean(about.get("license")),
        "animations": _whole(about.get("animationCount")),
        "faces": faces if faces is not None else _whole(glb.get("faceCount")),
        "size_bytes": _whole(glb.get("size")),
        "no_ai": any(tag.lower() in NO_AI_TAGS for tag in tags),
    }


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else None
