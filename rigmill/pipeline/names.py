"""What people call inputs: the file and the motion, where tables have ids; and the way back, from a name to ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rigmill.pipeline.stage import Input
from rigmill.pipeline.view import View
from rigmill.storage.rows import StoredRows, true_places
from rigmill.types import Row


def names_of(view: View, stage: str, input_ids: Iterable[str]) -> dict[str, str]:
    """By id what an input of the stage is called, for those that have a name: "some/Fox.glb, motion 'Run'"."""
    wanted = sorted(set(input_ids))
    if not wanted:
        return {}
    known: dict[str, Row] = {name: {} for name in wanted}
    for item in _inputs(view, stage, set(wanted)):
        known[item.input_id] = {"asset_id": item.group, **item.payload}
    known |= _by_their_ids(view, [name for name in wanted if not known[name]])
    files = _files(view, {str(row.get("asset_id") or name) for name, row in known.items()})
    said = {}
    for name, row in known.items():
        file = _file(row) or files.get(str(row.get("asset_id") or name)) or str(row.get("uid") or "")
        own = f"motion '{row['motion_name']}'" if row.get("motion_name") else ""
        said[name] = ", ".join(part for part in (file, own) if part)
    return {name: text for name, text in said.items() if text}


def _by_their_ids(view: View, input_ids: list[str]) -> dict[str, Row]:
    """What ids say themselves: one is that of an asset, a clip or a motion, or begins so; a pair's has its motion's."""
    if not input_ids:
        return {}
    parts = {name: name.split("-") for name in input_ids}
    every = {part for each in parts.values() for part in each}
    clips = _by_column(view, "preview", "clip_id", every, ("asset_id", "motion_name"))
    motions = _motions(view, lambda columns: _is_one_of(columns["motion_id"], every))
    known: dict[str, Row] = {}
    for name, each in parts.items():
        row = clips.get(each[0], {"asset_id": each[0]})
        motion = next((motions[part] for part in each if part in motions), None)
        if motion is not None:
            owner = motion["asset_id"] if each[0] in motions else each[0]  # of a pair it is the character
            row = {"asset_id": owner, "motion_name": motion["name"]}
        known[name] = row
    return known


def ids_of_name(view: View, wanted: str) -> list[str]:
    """Ids of the inputs and assets that a person may mean by a file's name or path, a title or a motion's name."""
    folded = wanted.casefold()

    def meant(*names: Any) -> bool:
        return any(str(name or "").casefold() == folded for name in names)

    rows = view.products("collect")
    columns = (rows.column(name).to_pylist() for name in ("asset_id", "source_uid", "title"))
    ids = [asset for asset, uid, title in zip(*columns) if meant(uid, PurePosixPath(uid or "").name, title)]
    ids += [
        item.input_id
        for item in _inputs(view, "collect", None)
        if meant(item.payload.get("uid"), PurePosixPath(str(item.payload.get("uid") or "")).name)
    ]
    motions = _motions(view, lambda row: pc.equal(pc.utf8_lower(row["name"]), folded))
    owners = {str(motion["asset_id"]) for motion in motions.values()}
    clips = _by_column(view, "retarget", "motion_id", set(motions), ("asset_id", "clip_id", "motion_id"))
    owners |= {str(clip["asset_id"]) for clip in clips.values()}
    for item in _inputs_around(view, "preview", owners):
        if meant(item.payload.get("motion_name")) or item.payload.get("motion_id") in motions:
            ids.append(item.input_id)
    if motions and not ids:
        ids += [f"{motion}-short" for motion in motions]
    return list(dict.fromkeys(ids))


@dataclass(frozen=True, slots=True)
class _Around:
    """The tables with the rows of some assets alone, so that a stage names its inputs without reading all."""

    view: View
    assets: frozenset[str]

    @property
    def output(self) -> Path:
        return self.view.output

    def products(self, stage: str) -> StoredRows:
        rows = self.view.products(stage)
        if "asset_id" not in rows.names:
            return rows
        column = rows.column("asset_id")
        places = true_places(_is_one_of(column, self.assets))
        return StoredRows(lambda name: rows.column(name).take(places), rows.fields, len(places))


def _inputs(view: View, name: str, wanted: set[str] | None) -> Iterator[Input]:
    """The stage's inputs of these ids (None: all). A stage that reads no table lists its inputs anew."""
    stage = view.stage(name)
    if not stage.upstream:
        left = None if wanted is None else set(wanted)
        for item in stage.inputs(view, stage.settings(view.profile)):
            if left is None or item.input_id in left:
                yield item
                if left is not None:
                    left.discard(item.input_id)
                    if not left:
                        return
        return
    plan = view.plan(name)
    groups = plan.groups.filter(_is_one_of(plan.input_ids, wanted or ()))
    yield from (item for item in _inputs_around(view, name, set(groups.to_pylist())) if item.input_id in (wanted or ()))


def _inputs_around(view: View, name: str, assets: set[str]) -> Iterator[Input]:
    """The stage's inputs that follow from these assets; of a barrier none, because it looks at all together."""
    stage = view.stage(name)
    if assets and not stage.barrier:
        yield from stage.inputs(_Around(view, frozenset(assets)), stage.settings(view.profile))


def _by_column(view: View, stage: str, column: str, values: set[str], names: tuple[str, ...]) -> dict[str, Row]:
    if stage not in view.registry:
        return {}
    rows = view.products(stage)
    places = true_places(_is_one_of(rows.column(column), values))
    return {str(row[column]): row for row in rows.at(places, tuple(dict.fromkeys((column, *names))))}


def _motions(view: View, chosen: Any) -> dict[str, Row]:
    """Motions of files by their id: name, asset_id; those that `chosen` says of columns motion_id and name."""
    if "probe" not in view.registry:
        return {}
    rows = view.products("probe")
    lists = rows.column("motions")
    found: dict[str, Row] = {}
    owners = rows.column("asset_id")
    start = 0
    for chunk in lists.chunks:
        motions = chunk.flatten()
        columns = {name: pc.struct_field(motions, name) for name in ("motion_id", "name")}
        parents = pc.list_parent_indices(chunk)
        places = true_places(chosen(columns))
        taken = zip(*(column.take(places).to_pylist() for column in (columns["motion_id"], columns["name"], parents)))
        for motion_id, name, parent in taken:
            found[motion_id] = {"name": name, "asset_id": owners[start + parent].as_py()}
        start += len(chunk)
    return found


def _is_one_of(column: Any, values: Iterable[str]) -> Any:
    return pc.is_in(column, value_set=pa.array(sorted(values), pa.string()))


def _files(view: View, assets: set[str]) -> dict[str, str]:
    """A file's path below its source, or its title where the source has no paths, by asset id."""
    found = _by_column(view, "collect", "asset_id", assets, ("source_uid", "title"))
    return {asset: _file(row) for asset, row in found.items()}


def _file(row: Row) -> str:
    uid = str(row.get("source_uid") or "")
    if not uid:
        return ""
    return uid if PurePosixPath(uid).suffix else str(row.get("title") or uid)
