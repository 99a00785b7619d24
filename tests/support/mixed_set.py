"""A data set of real clips of two lengths, with mixed licences and rights."""

from __future__ import annotations

from pathlib import Path

from rigmill.licences.rights import Rights
from rigmill.storage.files import Store, digest
from rigmill.types import Row
from shards.index import publish
from tests.support.captioned import render_row, standing, walking
from tests.support.shard_sets import PUBLISHED, Tables, clips, make_shards, profile

NUM_CLIPS, NUM_BARE = 9, 6
BARE: Row = {"tags": [], "attribution": None, "title": "", "rights": Rights().to_row(), "licence": "unknown"}
FULL: Row = {
    "tags": ["biped", "walk"],
    "attribution": "By Ada",
    "title": "Ada's walker",
    "rights": Rights(True, True, False, True, True, True, False, False, False).to_row(),
    "licence": "CC-BY-4.0",
}


def mixed_set(folder: Path) -> Path:
    """A published data set of nine clips. The first six in order say nothing of rights, tags or category."""
    store, seed = Store(folder / "store"), profile().seed
    made = [
        complete(render_row(store, "x", *taken, num_frames=len(taken[1].rotations)))
        for taken in (walking(), standing())
    ]
    names = sorted((digest("hub", number) for number in range(NUM_CLIPS)), key=lambda name: digest(seed, name))
    rows: dict[str, list[Row]] = {"render": [], "category": [], "caption": []}
    model = clips(Store(folder / "other"), num_assets=1, clips_per_asset=1)
    for number, name in enumerate(names):
        bare = number < NUM_BARE
        own = {"clip_id": name, "asset_id": f"asset-{number}", "motion_id": name, "job_key": name}
        rows["render"].append({**model.rows["render"][0], **made[number % 2], **own, **(BARE if bare else FULL)})
        rows["caption"].append({**model.rows["caption"][0], "clip_id": name, "captions": ["It walks."] * (number + 1)})
        if not bare:
            rows["category"].append(model.rows["category"][0] | {"asset_id": f"asset-{number}"})
    shards = make_shards(Tables(rows), store, bench_share=0)
    assert [row["clip_id"] for row in shards] == names and len({row["shard"] for row in shards}) > 1
    publish(shards, folder / "out", store, **PUBLISHED)
    return folder / "out"


def complete(row: Row) -> Row:
    """The row with a pose map for every picture; which one does not matter here."""
    files = {file["name"]: file for file in row["files"]}
    return {
        **row,
        "files": [
            *files.values(),
            *({**file, "name": name.replace("rgb", "pose")} for name, file in files.items() if "rgb" in name),
        ],
    }
