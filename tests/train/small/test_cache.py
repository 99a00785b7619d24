"""Clips in memory-mapped files are the clips of the shards, byte for byte."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from rigmill.storage.files import Store
from shards.loader.reading import Wanted
from train.clips import Clips
from train.data import catalogue_of
from train.inputs import TrainingClip
from train.recipes import mini_joint
from train.small import cache
from train.small.cache import CachedClips, build

CONFIG = mini_joint(64)


def same(cached: CachedClips, clips: list[TrainingClip], store: Store) -> None:
    direct = Clips(clips, store=store, config=CONFIG)
    for index in range(len(clips)):
        assert cached.cameras(index)[1].azimuth_deg == direct.cameras(index)[1].azimuth_deg
        np.testing.assert_array_equal(cached.geometry(index).drawn, direct.geometry(index).drawn)
        for view in range(clips[index].num_views):
            ours, theirs = cached.view(index, view), direct.view(index, view)
            for name in ("rgb", "pose", "template_rgb", "template_pose"):
                np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_draws_of_cached_clips_are_those_of_the_shards(clips: list[TrainingClip], store: Store, tmp_path: Path) -> None:
    cached = build(tmp_path, clips, store_root=store.root, config=CONFIG)
    sample = catalogue_of(clips, store).sample(1)
    for condition in (None, 4, 6):  # the rest pose, a frame of the window, another
        wanted = Wanted(frames=(2, 4, 7), views=(1, 3), condition_frame=condition)
        found, truth = (one.reader().read(sample, wanted) for one in (cached, Clips(clips, store=store, config=CONFIG)))
        assert [one.azimuth_deg for one in found.cameras] == [one.azimuth_deg for one in truth.cameras]
        for mine, own in ((found.rgb, truth.rgb), (found.pose, truth.pose)):
            assert mine is not None and own is not None
            assert np.array_equal(mine.video, own.video) and np.array_equal(mine.condition, own.condition)
    again = deepcopy(cached.reader()).read(sample, wanted)
    assert np.array_equal(again.rgb.video, found.rgb.video)  # type: ignore[union-attr]


def test_cached_clips_are_those_of_the_shards(clips: list[TrainingClip], store: Store, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    cached = build(
        tmp_path, clips, store_root=store.root, config=CONFIG, on_clip=lambda done, total: seen.append((done, total))
    )
    same(cached, clips, store)
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    seen.clear()
    build(tmp_path, clips, store_root=store.root, config=CONFIG, on_clip=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 3)], "nothing is done twice"


def test_a_build_that_was_stopped_goes_on(
    clips: list[TrainingClip], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, done = cache._put, []

    def stop_at_the_second(order: tuple[CachedClips, Path, object, int]) -> int:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(order[3])
        return put(order)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "_put", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, clips, store_root=store.root, config=CONFIG)
    monkeypatch.setattr(cache, "_put", put)
    seen: list[int] = []
    cached = build(
        tmp_path, clips, store_root=store.root, config=CONFIG, on_clip=lambda number, total: seen.append(number)
    )
    assert seen[0] == 1
    same(cached, clips, store)


def test_other_clips_and_another_drawing_have_folders_of_their_own(
    clips: list[TrainingClip], store: Store, tmp_path: Path
) -> None:
    folders = {
        build(tmp_path, few, store_root=store.root, config=config).folder
        for few, config in ((clips[:1], CONFIG), (clips[:2], CONFIG), (clips[:1], mini_joint(32)))
    }
    assert len(folders) == 3
