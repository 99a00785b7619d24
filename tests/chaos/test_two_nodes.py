"""Four workers on a cluster of two nodes give the same bytes as one worker on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigmill.config.load import load
from rigmill.pipeline.view import View
from tests.support.small_runs import differences, finish, results, run_all

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]


def test_four_workers_on_two_nodes_give_the_bytes_of_one_worker(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.cluster_utils import Cluster

    finish(run_all(small, "one", "--workers", "1"))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    node = {"num_cpus": 2, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        cluster.add_node(**node)
        cluster.wait_for_nodes()
        text = finish(run_all(small, "four", "--workers", "4", "--ray-address", cluster.address))
    finally:
        cluster.shutdown()
    assert len(results(small.parent / "one")) > 80
    assert differences(small.parent / "one", small.parent / "four") == []
    assert "failed 0" in text
    view = View(small.parent / "one" / "out" / "tables", load("small", file=small).profile)
    assert {row["engine"] for row in view.products("render")} == {"raster"}  # what the demo's `auto` takes for these
