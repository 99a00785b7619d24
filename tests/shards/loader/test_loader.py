"""Batches: the draws that the plan says, their pictures those of the whole sample, and samples that cannot be read."""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import pytest

from rigmill.clips import frames as frames_module
from rigmill.clips.fitting import Fit
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import picture
from rigmill.clips.redraw import rest_map, view_maps
from rigmill.clips.video import decode
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.files import Store
from rigmill.types import Bytes
from shards.loader import reading
from shards.loader.buffers import Buffers
from shards.loader.loader import ShardLoader, Unread
from shards.loader.reading import Look, Unreadable, Wanted
from shards.loader.waiting import Waiting
from shards.sample import GEOMETRY, SamplePlace, pose_template, pose_video, rgb_template, rgb_video

MakeLoader = Callable[..., ShardLoader]
Rows = list[dict[str, Any]]
MAPS = PoseMapDefinition(drawn_height_px=32, radius_px=2.0, max_joints=64, markers=False)


def whole(rows: Rows, store: Store, clip_id: str) -> dict[str, bytes]:
    """All members of a sample, read as a whole."""
    (row,) = [row for row in rows if row["clip_id"] == clip_id]
    return SamplePlace.from_row(row).members(store)


@pytest.mark.parametrize("num_threads", [0, 2])
@pytest.mark.parametrize("size_px", [32, 64])
def test_pictures_are_those_of_the_whole_sample_decoded_and_scaled(
    make_loader: MakeLoader, rows: Rows, store: Store, num_threads: int, size_px: int
) -> None:
    loader = make_loader(look={"size_px": size_px}, num_threads=num_threads)
    fit, kinds = Fit.of(64, 64, size_px=size_px, multiple=16), set()
    for step in range(6):
        batch = loader[range(4 * step, 4 * step + 4)]
        assert batch.rgb is not None and batch.pose is not None
        for place, draw in enumerate(batch.draws):
            members = whole(rows, store, batch.clip_ids[place])
            for own, names in ((batch.rgb, (rgb_video, rgb_template)), (batch.pose, (pose_video, pose_template))):
                for at, view in enumerate(draw.seen.views):
                    frames = fit.pictures(decode(members[names[0](view)]))
                    template = fit.pictures(picture(members[names[1](view)])[None])[0]
                    condition = template if draw.condition_frame is None else frames[draw.condition_frame]
                    assert apart(own.video[place, at], frames[list(draw.frames)]) <= 1
                    assert apart(own.condition[place, at, 0], condition) <= 1
            kinds.add(draw.condition_frame is None)
    assert kinds == {True, False}


def apart(one: Bytes, other: Bytes) -> int:
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other).max())


def test_pose_maps_drawn_from_joints_are_the_model_s_own_to_the_last_bit(
    make_loader: MakeLoader, rows: Rows, store: Store
) -> None:
    look = {"definition": MAPS, "modalities": ("pose",)}
    batch = make_loader(look=look)[range(4)]
    assert batch.rgb is None and batch.pose is not None
    for place, draw in enumerate(batch.draws):
        stored = ClipGeometry.from_bytes(whole(rows, store, batch.clip_ids[place])[GEOMETRY])
        geometry = Look(size_px=32, multiple=16, definition=MAPS).geometry(stored)
        for at, view in enumerate(draw.seen.views):
            maps = view_maps(geometry, view, 2.0)
            rest = rest_map(geometry, view, 2.0)
            assert np.array_equal(batch.pose.video[place, at], maps[list(draw.frames)])
            wanted = rest if draw.condition_frame is None else maps[draw.condition_frame]
            assert np.array_equal(batch.pose.condition[place, at, 0], wanted)
        cameras = [geometry.cameras[view] for view in draw.seen.views]
        assert [camera.azimuth_deg for camera in batch.cameras[place]] == [camera.azimuth_deg for camera in cameras]
        assert all(camera.height_px == 32 for camera in batch.cameras[place])


def test_maps_as_they_were_recorded_are_drawn_with_a_radius_of_the_model_s(make_loader: MakeLoader) -> None:
    """At the recorded size and radius they are what was encoded, but for the codec."""
    decoded = make_loader(look={"size_px": 64, "modalities": ("pose",)})[range(4)].pose
    drawn = make_loader(look={"size_px": 64, "modalities": ("pose",), "radius_px": 64 / 20})[range(4)].pose
    assert decoded is not None and drawn is not None
    assert np.abs(decoded.video.astype(int) - drawn.video).mean() < 6  # these clips' maps have no lines


def as_workers_get_it(loader: ShardLoader) -> ShardLoader:
    """In a process that was not forked."""
    return ForkingPickler.loads(ForkingPickler.dumps(loader))


def test_a_batch_is_a_function_of_its_positions(make_loader: MakeLoader) -> None:
    loader = make_loader()
    first = loader[range(8, 12)]
    loader[range(0, 4)]
    for other in (loader, make_loader(), as_workers_get_it(loader)):
        again = other[range(8, 12)]
        assert again.draws == first.draws and again.captions == first.captions
        assert again.rgb is not None and first.rgb is not None
        assert np.array_equal(again.rgb.video, first.rgb.video)
    halves = loader[range(8, 10)], loader[range(10, 12)]
    assert sum((half.draws for half in halves), ()) == first.draws, "ranks see what one alone would see"


def test_a_step_has_one_number_of_frames_the_largest_that_its_clips_have(make_loader: MakeLoader) -> None:
    loader = make_loader(drawing={"draws_per_step": 2})
    plan, seen = loader.plan, set()
    for step in range(40):
        draws = [plan.draw(position) for position in (2 * step, 2 * step + 1)]
        shortest = min(int(plan.catalogue.num_frames[draw.row]) for draw in draws)
        expected = max(count for count in (5, 9, 13) if count <= shortest)
        assert {draw.num_frames for draw in draws} == {expected} == {len(draw.frames) for draw in draws}
        assert all(draw.frames[-1] < plan.catalogue.num_frames[draw.row] for draw in draws)
        seen.add(expected)
    assert seen == {9, 13}


def test_draws_sorted_by_length_are_the_same_draws_and_waste_fewer_frames(make_loader: MakeLoader) -> None:
    plain = make_loader(drawing={"draws_per_step": 2}).plan
    ordered = make_loader(drawing={"draws_per_step": 2, "sort_draws": 24}).plan
    for chunk in range(3):
        places = range(24 * chunk, 24 * chunk + 24)
        clips = [sorted((draw.source, draw.row) for draw in map(plan.draw, places)) for plan in (plain, ordered)]
        assert clips[0] == clips[1]
    frames = [sum(plan.draw(position).num_frames for position in range(240)) for plan in (plain, ordered)]
    assert frames[1] > frames[0]


def test_the_rest_pose_is_the_condition_half_the_time_and_none_a_fifth_of_it(make_loader: MakeLoader) -> None:
    plan = make_loader().plan
    draws = [plan.draw(position) for position in range(2000)]
    assert abs(np.mean([draw.condition_frame is None for draw in draws]) - 0.5) < 0.05
    assert abs(np.mean([draw.seen.drop_condition for draw in draws]) - 0.2) < 0.04


def broken(rows: Rows, clip_id: str) -> Rows:
    """The rows, one of which begins at a wrong byte."""
    return [row | {"offset": row["offset"] + 512 * (row["clip_id"] == clip_id)} for row in rows]


def test_a_sample_that_cannot_be_read_stops_by_its_name(make_loader: MakeLoader, rows: Rows) -> None:
    loader = make_loader(rows=broken(rows, "clip2"))
    with pytest.raises(Unreadable, match=r"the sample clip2 in \w+\.tar cannot be read"):
        for step in range(6):
            loader[range(4 * step, 4 * step + 4)]


def test_or_its_successor_is_drawn_and_it_is_counted(make_loader: MakeLoader, rows: Rows) -> None:
    usual, unread = make_loader(), Unread()
    loader = make_loader(rows=broken(rows, "clip2"), on_unreadable="replace")
    for step in range(6):
        positions = range(4 * step, 4 * step + 4)
        batch, wanted = loader[positions], usual[positions]
        unread.add(batch)
        for place, clip_id in enumerate(wanted.clip_ids):
            # Of its source clip4 and clip6 are shorter than it.
            assert batch.clip_ids[place] == ("clip8" if clip_id == "clip2" else clip_id)
        assert {one.clip_id for one in batch.replaced} <= {"clip2"}
        assert {one.position for one in batch.replaced} == {
            position for position, clip_id in zip(positions, wanted.clip_ids) if clip_id == "clip2"
        }
    assert unread.total == unread.counts["clip2"] > 0


def test_where_no_sample_can_be_read_the_first_is_named(make_loader: MakeLoader, rows: Rows) -> None:
    loader = make_loader(rows=[row | {"offset": row["offset"] + 512} for row in rows], on_unreadable="replace")
    with pytest.raises(Unreadable):
        loader[range(4)]


def test_a_sample_that_is_never_answered_ends_at_its_deadline(
    make_loader: MakeLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = make_loader(deadline_s=0.2)

    def hangs(*_: Any, **__: Any) -> None:
        time.sleep(2)

    monkeypatch.setattr(reading, "frames", hangs)
    started = time.monotonic()
    with pytest.raises(Unreadable, match="longer than 0.2 s"):
        loader[range(1)]
    assert time.monotonic() - started < 1.5


def test_decoding_ends_by_itself_where_it_is_too_slow(make_loader: MakeLoader, monkeypatch: pytest.MonkeyPatch) -> None:
    loader, taken = make_loader(), []
    convert = frames_module._rgb

    def slow(*arguments: Any) -> None:
        taken.append(1)
        time.sleep(0.05)
        convert(*arguments)

    monkeypatch.setattr(frames_module, "_rgb", slow)
    sample, wanted = loader.plan.catalogue.sample(0), Wanted(tuple(range(9)), (0,), 0)
    with pytest.raises(reading.TooSlow):
        loader.reader._read(sample, wanted, time.monotonic() + 0.1)
    assert 1 <= len(taken) < 9


def test_memory_is_used_again_when_nobody_refers_to_it() -> None:
    buffers = Buffers(most_bytes=20)
    first = buffers.take((2, 3))
    place = first.ctypes.data
    part = first[0]
    del first
    assert buffers.take((2, 3)).ctypes.data != place, "a part of it is still there"
    del part
    held = [buffers.take((3, 2)), buffers.take((2, 2))]  # both pieces again, the second for less than it holds
    assert held[0].ctypes.data == place and len(buffers._pieces) == 2
    held[0][:], held[1][:] = 7, 8
    for size in (5, 6, 9, 4, 30):
        buffers.take((size,))[:] = 1
        assert sum(map(len, buffers._pieces)) <= 20
    assert (held[0] == 7).all() and (held[1] == 8).all(), "what is in use is nobody else's"


def test_the_share_of_time_that_is_spent_waiting_is_measured() -> None:
    waiting = Waiting()

    def items() -> Any:
        for item in range(5):
            time.sleep(0.02)
            yield item

    for _ in waiting.over(items()):
        time.sleep(0.02)
    assert 0.4 < waiting.share < 0.6
