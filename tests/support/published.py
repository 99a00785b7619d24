"""A published data set that may be given away."""

from __future__ import annotations

from pathlib import Path

from rigmill.licences.rights import Rights
from rigmill.storage.files import Store
from shards.card import Making
from shards.credits import Provenance
from shards.index import publish
from tests.support.shard_sets import clips, make_shards

FREE = Rights(may_train=True, may_share_renders=True, may_share_motion=True, non_commercial=False).to_row()


def free_set(folder: Path, *, policy: str = "publish", num_assets: int = 6) -> Path:
    store = Store(folder / "store")
    tables = clips(store, num_assets=num_assets)
    tables.rows["render"] = [{**row, "rights": FREE} for row in tables.rows["render"]]
    publish(make_shards(tables, store), folder / "out", store, making=Making(policy), provenance=Provenance())
    return folder / "out"
