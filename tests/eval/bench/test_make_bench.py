"""From generated assets to a benchmark that the validator passes, by the commands of `make bench`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eval.bench.clips import Group
from eval.bench.reading import open_bench
from rigmill.clips.numbers import ClipGeometry
from tests.support.blender.calls import blender, clip_item, probe
from tests.support.small_runs import finish, rigmill

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]

SETTINGS = (
    "sources=[{kind: world, clips: 8, takes: 2, num_frames: 17, plans: [child, horse, dragonfly, cabinet]}] "
    "shards.bench_share=0.75 render.width_px=128 render.height_px=128 render.max_round_trip_px=5 output=out"
)


def test_generated_assets_become_a_benchmark_twice_the_same(tmp_path: Path) -> None:
    def ask(*words: str) -> str:
        return finish(rigmill(*words, "--profile", "demo", "--set", SETTINGS, cwd=tmp_path))

    ask("run", "curate", "render", "category", "caption", "shards", "--workers", "2")
    ask("bench", "make", "--clips", "5")
    folder = tmp_path / "out" / "bench"
    made = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ask("bench", "make", "--clips", "5")  # Blender plays the clips again
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == made
    checked = json.loads(ask("bench", "check", "--json"))
    assert checked == {"clips": 5, "held_against": 2, "faults": []}

    bench = open_bench(folder)
    assert len({clip.asset_id for clip in bench.clips}) == 3
    assert {clip.group for clip in bench.clips} <= {Group.HUMANOID, Group.QUADRUPED, Group.FLYING, Group.FURNITURE}
    clip = bench.clips[0]
    geometry = ClipGeometry.from_bytes(clip.geometry.read_bytes())
    found = probe(clip.truth, tmp_path)
    (motion,) = found["motions"]
    assert motion["num_frames"] == clip.num_frames
    answer = blender("joints_and_pixels", {"item": clip_item(clip.truth, found, "")})
    seen = {key: np.array(value) for key, value in answer.items()}
    places = seen["heads"] / float(seen["scale"]) + seen["offset"]
    truth = dict(zip(geometry.rig.names, np.moveaxis(geometry.joints / geometry.scale + geometry.offset, 1, 0)))
    size = np.ptp(geometry.rig.rest_joints, axis=0).max() / geometry.scale
    for joint, name in enumerate(seen["names"].tolist()):
        np.testing.assert_allclose(places[:, joint], truth[name], atol=1e-4 * size)
    resting = probe(clip.rest, tmp_path)
    assert resting["motions"] == [] and resting["num_vertices"] == found["num_vertices"]
