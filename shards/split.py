"""Which clips are held out: by asset, and so that neither an asset nor a motion is on both sides."""

from __future__ import annotations

from collections.abc import Iterable

from rigmill.kinds import Split
from rigmill.storage.files import digest

MIN_ASSETS = 4  # with fewer, nothing is held out unless the share itself asks for a whole asset


def split_assets(clips: Iterable[tuple[str, str]], *, bench_share: float, seed: int) -> dict[str, Split]:
    """asset_id -> the side, from the (asset_id, motion_id) of every clip.

    Assets that share a motion belong together (a retargeted motion ties its characters), so whole groups are held
    out, in a seeded order, as long as they fit into the share. With MIN_ASSETS assets or more at least one group is
    held out: the first smallest, if none fits. The training side is never empty.
    """
    groups = _groups(clips)
    num_assets = sum(len(group) for group in groups)
    split = {asset: Split.TRAIN for group in groups for asset in group}
    if bench_share <= 0 or len(groups) < 2:
        return split
    budget = int(bench_share * num_assets)
    if num_assets >= MIN_ASSETS:
        budget = max(budget, 1)
    ordered = sorted(groups, key=lambda group: digest(seed, "split", group[0]))
    held_out: list[str] = []
    for group in ordered:
        if len(held_out) + len(group) <= min(budget, num_assets - 1):
            held_out += group
    if not held_out and budget:
        smallest = min(ordered, key=len)
        held_out += smallest
    return split | dict.fromkeys(held_out, Split.BENCH)


def _groups(clips: Iterable[tuple[str, str]]) -> list[list[str]]:
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
        assets.add(asset_id)
        first, second = root(f"asset {asset_id}"), root(f"motion {motion_id}")
        parent[second] = first
    found: dict[str, list[str]] = {}
    for asset in sorted(assets):
        found.setdefault(root(f"asset {asset}"), []).append(asset)
    return list(found.values())
