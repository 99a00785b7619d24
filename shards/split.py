"""Which clips are held out: by asset, and so that no asset, motion or geometry is on two sides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rigmill.kinds import Split
from rigmill.storage.files import digest

MIN_ASSETS = 4  # with fewer, nothing is held out unless the share itself asks for a whole asset


@dataclass(frozen=True, slots=True)
class HoldOut:
    """What is held out: shares of the assets; `bench_assets`, where it names any, instead of the benchmark's share."""

    bench_share: float = 0.0
    val_share: float = 0.0
    bench_assets: Collection[str] = ()


def split_assets(
    clips: Iterable[tuple[str, str]], hold_out: HoldOut, *, seed: int, shapes: Mapping[str, str] | None = None
) -> dict[str, Split]:
    """asset_id -> the side, from the (asset_id, motion_id) of every clip.

    Assets that share a motion belong together (a retargeted motion ties its characters), and so do assets of one
    shape (asset_id -> what those have in common that are alike; empty: not known). Whole groups are held out, in a
    seeded order, as long as they fit into the share: for the benchmark first, then, of what is left, for validation.
    With MIN_ASSETS assets or more at least one group is held out for each share that is not 0: the first smallest, if
    none fits. The training side is never empty, unless the benchmark's list names all.
    """
    groups = _groups(clips, shapes or {})
    split = {asset: Split.TRAIN for group in groups for asset in group}
    left = sorted(groups, key=lambda group: digest(seed, "split", group[0]))
    listed = [group for group in left if not set(hold_out.bench_assets).isdisjoint(group)]
    bench = listed if hold_out.bench_assets else _chosen(left, hold_out.bench_share, num_assets=len(split))
    left = [group for group in left if group not in bench]
    val = _chosen(left, hold_out.val_share, num_assets=len(split))
    for side, chosen in ((Split.BENCH, bench), (Split.VAL, val)):
        split |= {asset: side for group in chosen for asset in group}
    return split


def _chosen(groups: Sequence[list[str]], share: float, *, num_assets: int) -> list[list[str]]:
    """Of the groups that are left, the first that fit into a share of all assets; never all of them."""
    if share <= 0 or len(groups) < 2:
        return []
    budget = int(share * num_assets)
    if num_assets >= MIN_ASSETS:
        budget = max(budget, 1)
    most, held_out = min(budget, sum(map(len, groups)) - 1), list[list[str]]()
    for group in groups:
        if sum(map(len, held_out)) + len(group) <= most:
            held_out.append(group)
    if not held_out and budget:
        held_out.append(min(groups, key=len))
    return held_out


def _groups(clips: Iterable[tuple[str, str]], shapes: Mapping[str, str]) -> list[list[str]]:
    """The assets of each connected component, sorted; components in the order of their first asset."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    assets: set[str] = set()
    for asset_id, motion_id in clips:
        ties = [f"motion {motion_id}"]
        if asset_id not in assets and shapes.get(asset_id):
            ties.append(f"shape {shapes[asset_id]}")
        assets.add(asset_id)
        for tie in ties:
            parent[root(tie)] = root(f"asset {asset_id}")
    found: dict[str, list[str]] = {}
    for asset in sorted(assets):
        found.setdefault(root(f"asset {asset}"), []).append(asset)
    return list(found.values())
