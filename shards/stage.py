"""Shards: rendered and captioned clips, split by asset and packed into tars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from operator import itemgetter
from pathlib import Path

from rigmill.config.schema import Profile
from rigmill.kinds import Split
from rigmill.licences.deny_list import Denied, read_denied
from rigmill.licences.policy import clip_refusal
from rigmill.licences.rights import Rights
from rigmill.outcomes import Cost, Kept, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.pipeline.view import View
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.columns import CAPTION, CATEGORY, CLIP, PRODUCTS
from rigmill.storage.files import digest, sha256_bytes
from rigmill.storage.layout import Layout
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Row
from shards.alike import alike
from shards.card import Making, StageEnds
from shards.credits import Provenance
from shards.index import publish
from shards.packing import MEGABYTE, fill, sample_sizes
from shards.split import HoldOut, split_assets
from shards.verify import verify
from shards.writer import META_COLUMNS, build_shard

_CLIP_COLUMNS = (*CLIP, "num_views", "has_masks", *CAPTION, *CATEGORY, "asset_file")
_ROW_COLUMNS = tuple(dict.fromkeys((*_CLIP_COLUMNS, *META_COLUMNS, "files")))


_UNKNOWN: Row = {"category": None, "secondary": [], "category_provider": None}


class ShardsStage(Stage):
    """`render`, `category` and `caption` rows -> one tar per input, one `shards` row per sample in it.

    A clip that the licence policy or the deny list keeps out is an input of its own, which is rejected with the reason.
    """

    name = "shards"
    version = 8
    upstream = ("probe", "render", "category", "caption")  # probe: where a clip's motion is from, and its shape
    writes = PRODUCTS["shards"]
    barrier = True  # who sits in which shard depends on all clips
    usual_seconds, jobs_per = 0.5, {"render": 0.3}

    def settings(self, profile: Profile) -> Row:
        return {
            "seed": profile.seed,
            "shard_mb": profile.shards.shard_mb,
            "bench_share": profile.shards.bench_share,
            "val_share": profile.shards.val_share,
            "bench_assets": sorted(profile.shards.bench_assets),
            "policy": profile.licence_policy,
            "denied": read_denied(profile.licence.deny_list),
        }

    def job_settings(self, settings: Row) -> Row:
        """All of them only decide who is in a shard: one with the same clips is the same under any."""
        return {}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """One input per shard: 'train-000000', 'bench-000000', ... with the rows of its samples in order."""
        captions = {row["clip_id"]: only_keys(row, *CAPTION) for row in tables.products("caption")}
        categories = {row["asset_id"]: only_keys(row, *CATEGORY) for row in tables.products("category")}
        rendered, sizes = [], {}
        products = tables.products("render")
        for row, size in zip(products, sample_sizes(products)):
            if row["clip_id"] in captions:
                sizes[row["clip_id"]] = size
                words = {**captions[row["clip_id"]], **categories.get(row["asset_id"], _UNKNOWN)}
                rendered.append(only_keys(with_values(row, words), *_ROW_COLUMNS))
        if not rendered:
            return
        provenance, denied = Provenance.of(tables), Denied(settings["denied"])
        rows = []
        for row in rendered:
            refused = _refused(row, settings["policy"], denied, provenance)
            if refused is None:
                rows.append(row)
            else:
                who = only_keys(row, "clip_id", "asset_id", "source")
                yield Input(f"refused-{row['clip_id']}", with_values(who, {"refused": refused.to_short_row()}))
        seed, target = settings["seed"], round(settings["shard_mb"] * MEGABYTE)
        own = sorted({row["asset_id"] for row in rows})
        split = split_assets(
            ((row["asset_id"], row["motion_id"]) for row in rows),
            HoldOut(settings["bench_share"], settings["val_share"], settings["bench_assets"]),
            seed=seed,
            shapes=alike({asset: shape for asset in own if (shape := provenance.assets.get(asset, {}).get("shape"))}),
        )
        for side in Split:
            chosen = [row for row in rows if split[row["asset_id"]] == side]
            chosen.sort(key=lambda row: (row["source"], digest(seed, row["clip_id"])))
            for number, packed in enumerate(_packed(chosen, sizes, target_bytes=target)):
                shard = f"{side}-{number:06d}"
                yield Input(shard, {"shard": shard, "split": side, "rows": packed})

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            refused = job.payload.get("refused")
            outcome = Rejected.from_row(refused) if refused else Kept(_pack(job.payload, work))
            yield Answer(job.key, outcome, Cost())

    def finish(self, tables: Rows, output: Path, profile: Profile) -> None:
        """Publish the dataset folder: tars, index, sizes, attribution, digests and card."""
        self._publish(tables, output, profile, trust=True)

    def mend(self, tables: Rows, output: Path, profile: Profile) -> None:
        """Publish it again, whichever of its files is damaged or gone."""
        self._publish(tables, output, profile, trust=False)

    def _publish(self, tables: Rows, output: Path, profile: Profile, *, trust: bool) -> None:
        layout, rows = Layout(output), tables.products(self.name)
        if rows or layout.dataset.exists():
            publish(
                rows,
                layout.dataset,
                layout.store,
                making=_making(tables, profile),
                provenance=Provenance.of(tables),
                trust=trust,
            )

    def verify(self, output: Path) -> list[str]:
        """Every byte of the dataset folder is read, and every sample cut out."""
        folder = Layout(output).dataset
        return verify(folder) if folder.exists() else []


def _packed(rows: Sequence[Row], sizes: Mapping[str, int], *, target_bytes: int) -> Iterator[Sequence[Row]]:
    """The rows of each tar. One holds clips of one source, so that who streams tars can weigh sources by them."""
    for _, own in groupby(rows, key=itemgetter("source")):
        same = list(own)
        for part in fill([sizes[row["clip_id"]] for row in same], target_bytes=target_bytes):
            yield same[part]


def _making(tables: Rows, profile: Profile) -> Making:
    """What the card says of how its clips were made. How inputs ended is known where whole tables are at hand."""
    render = profile.render
    maps = PoseMapDefinition.of_render(
        height_px=render.height_px,
        joint_radius_px=render.joint_radius_px,
        max_joints=render.max_drawn_joints,
        markers=render.turn_markers,
    )
    filters = tuple((name, str(value)) for name, value in profile.filters.model_dump(mode="json").items())
    funnel = []
    if isinstance(tables, View):
        for name in takewhile(lambda name: name != ShardsStage.name, tables.registry):
            counts = tables.counts(name)
            reasons = tuple(sorted(counts.reasons.items(), key=lambda item: (-item[1], item[0])))
            funnel.append(StageEnds(name, counts.num_in, counts.kept, counts.rejected, counts.failed, reasons))
    return Making(profile.licence_policy, maps, filters, tuple(funnel))


def _refused(row: Row, policy: str, denied: Denied, provenance: Provenance) -> Rejected | None:
    """The verdict, if the clip must not be in the dataset."""
    message = clip_refusal(Rights.from_row(row["rights"]), policy, licence=row["licence"], kind=row["kind"])
    if message is not None:
        return Rejected(Reject.LICENCE, message)
    # Planning has dropped what is denied long before; a clip that slipped through must still not be published.
    for asset_id in dict.fromkeys((row["asset_id"], provenance.of_motion(row))):
        asset = provenance.assets.get(asset_id, {})
        reason = denied.reason(
            source=asset.get("source", ""),
            uid=asset.get("source_uid", ""),
            sha256=asset_id,
            origin=asset.get("origin", ""),
        )
        if reason:
            return Rejected(Reject.DENIED, f"on the deny list: {reason}")
    return None


def _pack(payload: Row, work: Work) -> list[Row]:
    data, placed = build_shard(payload["rows"], work.store)
    stored = work.store.put_bytes(f"{payload['shard']}.tar", data)  # as it lies in the data set
    return [
        {
            **only_keys(row, *_CLIP_COLUMNS),
            "shard": payload["shard"],
            "split": payload["split"],
            "offset": place.offset,
            "num_bytes": place.num_bytes,
            "sample_sha256": place.sha256,
            "shard_sha256": sha256_bytes(data),
            "shard_bytes": len(data),
            "shard_file": stored.to_row(),
        }
        for row, place in zip(payload["rows"], placed)
    ]
