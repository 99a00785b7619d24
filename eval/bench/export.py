"""A benchmark as a folder: the chosen clips' files, what people need to use them, and the digests of all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench.card import CARD, LICENCES, Choice, card, licences_csv
from eval.bench.choose import RULE, Candidate, choose
from eval.bench.clips import BENCH_CSV, BENCH_JSON, CLIPS, GEOMETRY, REST, TRUTH, Bench, BenchClip, Group
from eval.bench.pool import Pool, read_pool
from eval.bench.reading import FORMAT, entry_of, read_record
from eval.bench.said import LEFT_OVER, NOBODY, said_before
from eval.bench.sheet import Line, sheet_bytes
from rigmill import __version__
from rigmill.blender.client import BlenderClient, Limits
from rigmill.clip_file import clip_file, find_clip
from rigmill.clips.members import GEOMETRY as GEOMETRY_MEMBER
from rigmill.clips.members import META
from rigmill.clips.numbers import ClipGeometry
from rigmill.errors import UserError
from rigmill.formats.glb_trim import at_rest, trimmed
from rigmill.pipeline.view import View
from rigmill.reconstruct.metrics import height
from rigmill.storage.files import (
    digest,
    fsync_folder,
    scratch_folder,
    sha256_bytes,
    sha256_file,
    swap_folder,
    write_atomic,
)
from rigmill.storage.layout import Layout
from rigmill.types import Row
from shards.credits import Provenance
from shards.index import SUMS, sums_text
from shards.sample import SamplePlace


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for."""

    name: str
    folder: Path
    num_clips: int
    seed: int
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of it."""

    bench: Bench
    choice: Choice
    num_kept_lines: int  # of bench.csv that people had written and that hold again
    num_left_lines: int  # and that went into LEFT_OVER
    kept_as: Path | None  # the benchmark of other clips or files that was there; None: there was none


@dataclass(frozen=True, slots=True)
class _Written:
    """One clip in the unfinished folder."""

    clip: BenchClip
    sums: Mapping[str, str]  # its files: name -> digest


def make_bench(view: View, layout: Layout, order: Order, *, limits: Limits) -> Made:
    """Choose the clips and write the folder; the same tables give the same bytes.

    What people wrote into the bench.csv that lies there already is kept, and so is a benchmark of other clips or files.
    """
    said = said_before(order.folder)
    pool = read_pool(view, without=order.without)
    order.folder.parent.mkdir(parents=True, exist_ok=True)
    for left_over in order.folder.parent.glob(f".{order.folder.name}-[no][el][wd]-*"):  # of a killed run
        shutil.rmtree(left_over, ignore_errors=True)
    new = Path(tempfile.mkdtemp(dir=order.folder.parent, prefix=f".{order.folder.name}-new-"))
    try:
        new.chmod(0o755)
        chosen, written, unwritable = _write_clips(pool, view, layout, order, new=new, limits=limits)
        able = [one for one in pool.candidates if one.clip_id not in unwritable]
        available = {group: sum(one.group is group for one in able) for group in Group}
        choice = Choice(
            order.name,
            order.seed,
            order.num_clips,
            available,
            pool.tied_by(),
            pool.num_trained,
            order.without,
            unwritable,
        )
        clips = (replace(written[one.clip_id].clip, folder=order.folder / CLIPS / one.clip_id) for one in chosen)
        bench = Bench(order.folder, order.name, _digest(written), tuple(clips))
        _write_texts(new, bench, written, chosen, pool=pool, choice=choice, provenance=Provenance.of(view))
        kept, left = _write_sheet(new, bench, pool, said)
        fsync_folder(new)
        kept_as = _kept_as(order.folder, bench)
        swap_folder(new, order.folder, keep_as=kept_as)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Made(bench, choice, kept, left, kept_as)


def _kept_as(folder: Path, bench: Bench) -> Path | None:
    """Where the benchmark in the folder goes, which methods may have been compared on: its name with its digest.

    None where it is the same one, or lies there already.
    """
    if not (folder / BENCH_JSON).is_file():
        return None
    before = read_record(folder).bench.digest
    beside = folder.with_name(f"{folder.name}-{before}")
    return None if before == bench.digest or beside.exists() else beside


def _write_clips(
    pool: Pool, view: View, layout: Layout, order: Order, *, new: Path, limits: Limits
) -> tuple[list[Candidate], dict[str, _Written], dict[str, str]]:
    """The clips that the rule chooses of those that can be written; why others of its choice cannot."""
    written: dict[str, _Written] = {}
    unwritable: dict[str, str] = {}
    client = BlenderClient(limits)
    try:
        with scratch_folder(layout.scratch) as scratch:
            while True:
                able = [one for one in pool.candidates if one.clip_id not in unwritable]
                chosen = choose(able, order.num_clips, seed=order.seed)
                missing = [one for one in chosen if one.clip_id not in written]
                for one in missing:
                    try:
                        written[one.clip_id] = _write_clip(
                            one, pool.rows[one.clip_id], view, layout, new=new, client=client, scratch=scratch
                        )
                    except UserError as error:
                        if error.code != "E122":  # not of this clip: a file that has changed, a full disk
                            raise
                        unwritable[one.clip_id] = error.why or error.what
                if not any(one.clip_id in unwritable for one in missing):
                    break
    finally:
        client.close()
    for clip_id in written.keys() - {one.clip_id for one in chosen}:
        shutil.rmtree(new / CLIPS / clip_id)
        del written[clip_id]
    if not chosen:
        raise UserError(
            "none of the held-out clips can be written as GLB",
            why=next(iter(unwritable.values())),
            fix="hold other assets out: shards.bench_share or shards.bench_assets",
            code="E600",
        )
    return chosen, written, unwritable


def _write_clip(
    one: Candidate, row: Row, view: View, layout: Layout, *, new: Path, client: BlenderClient, scratch: Path
) -> _Written:
    members = SamplePlace.from_row(row).members(layout.store)
    geometry = ClipGeometry.from_bytes(members[GEOMETRY_MEMBER])
    found = find_clip(view, one.clip_id)
    truth = clip_file(found, "glb", store=layout.store, limits=client.limits, scratch=scratch, client=client)
    files = {name: data for name, data in members.items() if name not in (META, GEOMETRY_MEMBER)}
    files |= {REST: at_rest(truth), TRUTH: trimmed(truth), GEOMETRY: members[GEOMETRY_MEMBER]}
    for name, data in files.items():
        write_atomic(new / CLIPS / one.clip_id / name, data, durable=False)
    own = geometry.rig.num_joints - geometry.num_markers
    clip = BenchClip(
        clip_id=one.clip_id,
        asset_id=one.asset_id,
        group=one.group,
        category=one.category,
        source=one.source,
        title=row["title"] or "",
        prompt=row["caption"] or "",
        num_frames=row["num_frames"],
        fps=row["fps"],
        num_joints=own,
        movement_pct=round(_movement_pct(geometry, own), 3),
        licence=row["licence"] or "",
        folder=new / CLIPS / one.clip_id,
    )
    return _Written(clip, {name: sha256_bytes(data) for name, data in files.items()})


def _movement_pct(geometry: ClipGeometry, num_joints: int) -> float:
    joints = np.asarray(geometry.joints[:, :num_joints], dtype=np.float64)
    return float(100 * np.linalg.norm(joints - joints[:1], axis=-1).mean() / max(height(geometry.rig), 1e-9))


def _digest(written: Mapping[str, _Written]) -> str:
    """Of everything that decides a method's numbers: the clips, what is asked of them, and their files."""
    return digest(
        [
            [clip_id, one.clip.prompt, one.clip.num_frames, one.clip.fps, sorted(one.sums.items())]
            for clip_id, one in sorted(written.items())
        ]
    )


def _write_texts(
    new: Path,
    bench: Bench,
    written: Mapping[str, _Written],
    chosen: Sequence[Candidate],
    *,
    pool: Pool,
    choice: Choice,
    provenance: Provenance,
) -> None:
    record: dict[str, Any] = {
        "format": FORMAT,
        "rigmill": __version__,
        "name": bench.name,
        "digest": bench.digest,
        "rule": RULE,
        "seed": choice.seed,
        "num_wanted": choice.num_wanted,
        "available": {group.value: number for group, number in choice.available.items()},
        "without": list(choice.without),
        "clips": [entry_of(clip, pool.marks[clip.clip_id], written[clip.clip_id].sums) for clip in bench.clips],
    }
    by_id = {one.clip_id: one for one in chosen}
    texts = {
        BENCH_JSON: (json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
        CARD: card(bench.clips, by_id, pool.rows, choice).encode(),
        LICENCES: licences_csv([pool.rows[clip.clip_id] for clip in bench.clips], provenance),
    }
    for name, data in texts.items():
        write_atomic(new / name, data, durable=False)
    sums = {path.relative_to(new).as_posix(): sha256_file(path) for path in new.rglob("*") if path.is_file()}
    write_atomic(new / SUMS, sums_text(sums), durable=False)


def _write_sheet(new: Path, bench: Bench, pool: Pool, said: Collection[Line]) -> tuple[int, int]:
    """bench.csv, with people's own lines where they are of a clip in it; how many those are, and how many are not."""
    theirs = {line.clip: line for line in said}
    ours = {
        clip.clip_id: Line(clip.clip_id, clip.category, pool.rows[clip.clip_id]["category_provider"] or NOBODY)
        for clip in bench.clips
    }
    lines = [theirs.pop(clip_id, line) for clip_id, line in ours.items()]
    write_atomic(new / BENCH_CSV, sheet_bytes(lines), durable=False)
    if theirs:
        write_atomic(new / LEFT_OVER, sheet_bytes(theirs.values()), durable=False)
    return len(said) - len(theirs), len(theirs)
