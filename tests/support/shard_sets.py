"""Rendered and captioned clips with small files, and the shards made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import yaml

from rigmill.config.schema import Profile
from rigmill.licences.rights import Rights
from rigmill.outcomes import Kept
from rigmill.storage.files import Store, digest
from rigmill.types import Row
from shards.card import Making
from shards.credits import Provenance
from shards.sample import META, member_names
from shards.stage import ShardsStage
from tests.support.paths import ROOT

NUM_VIEWS = 4
PUBLISHED: dict[str, Any] = {"making": Making("internal"), "provenance": Provenance()}


@dataclass
class Tables:
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def products(self, stage: str) -> list[Row]:
        return self.rows.get(stage, [])


@dataclass
class Work:
    store: Store


def profile(**shards: object) -> Profile:
    values = yaml.safe_load((ROOT / "pipelines.yaml").read_text())["demo"]
    values["shards"] |= {"shard_mb": 0.12} | shards  # of the clips below, up to four
    return Profile.model_validate(values)


def clips(store: Store, *, num_assets: int = 6, clips_per_asset: int = 2) -> Tables:
    """One file of random bytes per member; sizes on and beside the tar block."""
    found = [(asset, motion) for asset in range(num_assets) for motion in range(clips_per_asset)]
    assets = range(num_assets if clips_per_asset else 0)
    return Tables(
        {
            "render": [rendered(store, asset, motion) for asset, motion in found],
            "category": sorted((category(asset) for asset in assets), key=lambda row: str(row["asset_id"])),
            "caption": [caption(asset, motion) for asset, motion in found],
        }
    )


def rendered(store: Store, asset: int, motion: int) -> Row:
    """A clip of an asset, with its files."""
    name, random = digest(asset, motion), np.random.default_rng([asset, motion])
    files = [
        store.put_bytes(member, random.bytes(int(random.choice([0, 1, 511, 512, 513, 2000]))))
        for member in member_names(NUM_VIEWS)
        if member != META
    ]
    return {
        "job_key": name,
        "clip_id": name,
        "asset_id": f"asset-{asset}",
        "rig_id": "r",
        "motion_id": f"motion-{asset}-{motion}",
        "source": "procedural",
        "title": "biped",
        "tags": ["biped"],
        "licence": "CC0-1.0",
        "attribution": "",
        "rights": Rights(may_train=True).to_row(),
        "motion_name": "walk",
        "kind": "native",
        "num_frames": 17,
        "fps": 16.0,
        "asset_file": store.put_bytes("asset.glb", b"glTF").to_row(),
        "width_px": 256,
        "height_px": 256,
        "num_views": NUM_VIEWS,
        "has_masks": False,
        "engine": "cycles",
        "engine_reason": "",
        "agreement": None,
        "samples": None,
        "min_coverage": 0.1,
        "num_drawn_joints": 20,
        "files": [stored.to_row() for stored in files],
    }


def caption(asset: int, motion: int) -> Row:
    name, text = digest(asset, motion), f"Biped {asset}: walk."
    return {"job_key": name, "clip_id": name, "caption": text, "captions": [text], "provider": "metadata"}


def category(asset: int) -> Row:
    return {
        "asset_id": f"asset-{asset}",
        "category": "character",
        "secondary": ["toy"],
        "category_provider": "metadata",
    }


def make_shards(tables: Tables, store: Store, **shards: object) -> list[Row]:
    """The product rows, as the driver would keep them."""
    stage = ShardsStage()
    rows: list[Row] = []
    for job in stage.plan(tables, profile(**shards)):
        (answer,) = stage.run([job], Work(store))  # type: ignore[arg-type]
        assert isinstance(answer.outcome, Kept)
        rows += answer.outcome.rows
    return rows
