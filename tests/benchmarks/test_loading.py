"""The benchmark of loading runs, and its plain pipeline shows the pictures of the loader that it is held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.loading.__main__ import measured
from benchmarks.loading.made import Size, dataset
from benchmarks.loading.parts import ours
from benchmarks.loading.plain import Window, samples

NAMES = (
    "loader_vs_plain clips_per_s latents_gb_per_s draw_us first_batch_s verify_mb_per_s index_s "
    + "index_mb redraw_ms decode_ms"
)


def test_a_tiny_run_gives_every_figure() -> None:
    found = measured(tiny=True)
    assert set(NAMES.split()) <= set(found) and found["latents_gb_per_s"] > 0
    assert all(value > 0 for value in found["loader_vs_plain"].values())
    assert {"5", "9", "5_of_9_one_view", "9_at_32"} <= set(found["loader_vs_plain"])
    assert found["two_processes"]["5_of_9_one_view"]["ratio"] > 0
    assert 0 < found["draw_us"] and 0 < found["index_s"]


def test_both_loaders_show_the_same_pictures(tmp_path: Path) -> None:
    folder, tar = dataset(tmp_path, num_frames=6, num_clips=1, size=Size(96, 64))
    plain = next(samples(tar, Window(num_frames=6, num_views=4, size=(96, 64))))
    order = np.random.default_rng(1)
    order.integers(1)
    views = np.argsort(order.permutation(4))
    batch = ours(folder, num_frames=6, num_views=4, size_px=64)[[0]]
    assert batch.rgb is not None and batch.pose is not None
    for name, own in (("rgb", batch.rgb), ("pose", batch.pose)):
        shown = plain[name][views].astype(int)
        assert shown.shape == own.video[0].shape
        assert np.abs(shown - own.video[0]).mean() < 6, name
