"""Tables of a small data set, half of it held out, from which a benchmark is made without Blender."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from eval.bench.export import Made, Order, make_bench
from rigmill.blender.client import Limits
from rigmill.clips import members
from rigmill.facts.facts import SubjectKind
from rigmill.pipeline.view import View
from rigmill.rigs.npz import motion_to_bytes, rig_to_bytes
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.storage.rows import StoredRows
from rigmill.types import Motion, Row
from tests.support import shard_sets
from tests.support.captioned import render_row
from tests.support.files.animated_glbs import TINY, tiny_glb

NO_BLENDER = Limits(wall_s=1, cpu_s=1, memory_bytes=1, file_bytes=1, network="none")
NUM_FRAMES, FPS = 5, 8.0
CLIPS_PER_ASSET = 2


@dataclass(frozen=True)
class Thing:
    """An asset and whether it is held out."""

    name: str
    category: str
    kind: SubjectKind
    held_out: bool = True
    source: str = "made"


THINGS = (
    Thing("anna", "character", SubjectKind.HUMANOID),
    Thing("bert", "anthropomorphic", SubjectKind.HUMANOID, source="other"),
    Thing("horse", "animal", SubjectKind.QUADRUPED),
    Thing("gull", "animal", SubjectKind.WINGED),
    Thing("door", "architecture", SubjectKind.ARTICULATED),
    Thing("drawer", "furniture", SubjectKind.ARTICULATED),
    Thing("fish", "animal", SubjectKind.OTHER),
    Thing("carl", "character", SubjectKind.HUMANOID, held_out=False),
    Thing("dog", "animal", SubjectKind.QUADRUPED, held_out=False),
    Thing("chest", "furniture", SubjectKind.ARTICULATED, held_out=False),
)


@dataclass
class Tables:
    """Products as a View gives them."""

    rows: dict[str, list[Row]]

    def products(self, stage: str) -> StoredRows:
        schema = PRODUCTS[stage]
        whole = [{name: row.get(name) for name in schema.names} for row in self.rows.get(stage, [])]
        table = pa.Table.from_pylist(whole, schema)
        return StoredRows(table.column, table.schema, len(table))

    def view(self) -> View:
        return cast(View, self)


def tables(folder: Path, things: tuple[Thing, ...] = THINGS) -> tuple[Tables, Layout]:
    """The tables of these assets, two clips each, and the output folder with their files."""
    layout = Layout(folder)
    store = layout.store
    rows: dict[str, list[Row]] = {name: [] for name in ("probe", "preview", "render", "category", "caption")}
    for number, thing in enumerate(things):
        _add(rows, store, number, thing)
    made = shard_sets.Tables(rows)
    held_out = tuple(thing.name for thing in things if thing.held_out)
    rows["shards"] = shard_sets.make_shards(made, store, bench_assets=held_out)
    return Tables(rows), layout


def _add(rows: dict[str, list[Row]], store: Store, number: int, thing: Thing) -> None:
    rights = dict.fromkeys(
        ("may_train", "may_modify", "may_share_asset", "may_share_motion", "may_share_renders"), True
    )
    asset: dict[str, Any] = {
        "asset_id": thing.name,
        "source": thing.source,
        "source_uid": thing.name,
        "origin": f"{thing.source}:{thing.name}",
        "title": thing.name.title(),
        "author": "=cmd|somebody",
        "licence": "CC0-1.0",
        "licence_url": "",
        "attribution": "",
        "rights": rights,
    }
    shape = np.random.default_rng(number).normal(size=17).tolist()
    glb, rig = (
        store.put_bytes("asset.glb", tiny_glb()).to_row(),
        store.put_bytes("rig.npz", rig_to_bytes(TINY)).to_row(),
    )
    motions = [f"m-{thing.name}-{take}" for take in range(CLIPS_PER_ASSET)]
    found = {"num_joints": 2, "geometry_hash": f"g-{thing.name}", "shape": shape, "rig_file": rig, "file": glb}
    rows["probe"].append(asset | found | {"motions": [{"motion_id": motion} for motion in motions]})
    rows["category"].append(
        {"asset_id": thing.name, "category": thing.category, "secondary": [], "category_provider": "metadata"}
    )
    for take, motion_id in enumerate(motions):
        moved = np.zeros((NUM_FRAMES, 2, 3))
        moved[:, 0, 2] = np.linspace(0, 0.2 + take + 0.05 * number, NUM_FRAMES)
        motion = Motion(np.tile([1.0, 0, 0, 0], (NUM_FRAMES, 2, 1)), moved, FPS)
        row = _rendered(store, f"{number:02d}{take}" + "c" * 13, motion)
        row |= asset | {"motion_id": motion_id, "motion_name": f"rise {take}", "kind": "native", "asset_file": glb}
        row |= {"num_frames": NUM_FRAMES, "fps": FPS, "has_masks": False, "width_px": 64, "height_px": 64}
        rows["render"].append(row | {"engine": "raster", "rig_id": f"rig-{number}", "tags": []})
        played = {"file": glb, "format": "glb", "start_frame": 0.0}
        played["motion_file"] = store.put_bytes("motion.npz", motion_to_bytes(motion)).to_row()
        rows["preview"].append(
            row | played | {"motion_hash": f"h-{motion_id}", "geometry_hash": f"g-{thing.name}", "flow_px": 10.0 * take}
        )
        words = f"{thing.name.title()} rises {'slowly' if take else 'fast'}."
        rows["caption"].append(
            {
                **{"clip_id": row["clip_id"], "caption": words, "captions": [words], "provider": "facts"},
                **{"subject_kind": thing.kind, "idle": False, "travel": "none", "gait": "none", "num_jumps": take},
            }
        )


def _rendered(store: Store, clip_id: str, motion: Motion) -> dict[str, Any]:
    row = dict(render_row(store, clip_id, TINY, motion, size_px=(64, 64)))
    files = {file["name"]: file for file in cast(list[dict[str, Any]], row["files"])}
    for view in range(cast(int, row["num_views"])):  # all that a sample has
        files[members.pose_video(view)] = files[members.rgb_video(view)] | {"name": members.pose_video(view)}
        files[members.pose_template(view)] = files[members.rgb_template(view)] | {"name": members.pose_template(view)}
    return row | {"files": list(files.values())}


def bench(
    folder: Path, made_of: tuple[Tables, Layout] | None = None, *, num_clips: int = 35, without: tuple[str, ...] = ()
) -> tuple[Made, Tables]:
    """A benchmark of these assets, or of tables that are there already, in `folder`/bench."""
    own, layout = made_of or tables(folder / "out")
    order = Order("small", folder / "bench", num_clips, seed=7, without=without)
    return make_bench(own.view(), layout, order, limits=NO_BLENDER), own
