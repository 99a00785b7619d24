from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from curate.filters.flow import flow_px_per_frame, growth, look, motion_hash
from curate.filters.windows import window_length
from curate.stages.preview import PreviewStage
from rigmill.blender.requests import PREVIEW_CLIP
from rigmill.outcomes import Cost, Kept, Outcome, Rejected
from rigmill.rigs.npz import motion_to_bytes, rig_to_bytes
from rigmill.storage.columns import PRODUCTS
from rigmill.types import Bytes, Floats, Motion, Row, StoredFile
from tests.support.curation import PlainWork, Tables, body, demo_profile, plain_work
from tests.support.retargeting import probe_row


def disc(size_px: int, *, x: float, radius: float) -> Bytes:
    """A textured disc, RGBA, whose centre is at (x, size / 2)."""
    texture = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.float32)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    texture = (texture - texture.min()) / np.ptp(texture) * 255
    rows, columns = np.mgrid[:size_px, :size_px] + 0.5
    u, v = (columns - x) / radius * 28 + 31.5, (rows - size_px / 2) / radius * 28 + 31.5
    where = u.astype(np.float32), v.astype(np.float32)
    grey = cv2.remap(texture, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    alpha = np.clip(radius - np.hypot(columns - x, rows - size_px / 2) + 0.5, 0, 1) * 255
    return np.rint(np.dstack([grey, grey, grey, alpha])).astype(np.uint8)


@pytest.mark.parametrize(("size_px", "radius"), [(128, 25.0), (128, 48.0), (256, 80.0)])
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0, 5.0])
def test_a_known_shift_is_measured_at_any_resolution_and_framing(size_px: int, radius: float, shift: float) -> None:
    middle = size_px / 2
    pixels = shift * radius / 128  # the disc is 2 radii wide, which counts as 256 px
    pair = disc(size_px, x=middle, radius=radius), disc(size_px, x=middle + pixels, radius=radius)
    assert flow_px_per_frame([pair]) == pytest.approx(shift, rel=0.06, abs=0.02)


def test_pairs_are_averaged_and_an_empty_picture_is_no_motion() -> None:
    still, moved = disc(128, x=64, radius=40), disc(128, x=65, radius=40)
    once = flow_px_per_frame([(still, moved)])
    assert flow_px_per_frame([(still, moved), (still, still)]) == pytest.approx(once / 2)
    nothing = np.zeros((128, 128, 4), np.uint8)
    assert flow_px_per_frame([(nothing, nothing)]) == 0.0 == flow_px_per_frame([])


def test_a_slow_drift_is_seen_over_time_though_hardly_from_frame_to_frame() -> None:
    """A tenth of a pixel per frame, which flow hardly sees, is a clear move after 40 frames."""
    frames = [0, 1, 20, 21, 39, 40]
    view = [disc(256, x=120 + 0.1 * frame, radius=64) for frame in frames]  # 0.1 px here are 0.2 at 256
    seen = look([view], frames=frames, starts=[0, 20, 39])
    assert 0.05 < seen.flow_px_per_frame < 0.25
    assert seen.flow_px == pytest.approx(39 * 0.2, rel=0.1)


def test_a_small_part_that_moves_counts_though_the_mean_is_diluted() -> None:
    """Two discs: the small one, 3 % of the surface, moves; the other stands still."""

    def picture(x: float) -> Bytes:
        still, moving = disc(256, x=100, radius=60), disc(256, x=x, radius=11)
        return np.where(moving[..., 3:] > 0, moving, still)

    seen = look([[picture(190), picture(192)]], frames=[0, 1], starts=[0])
    alone = look([[picture(190), picture(190)]], frames=[0, 1], starts=[0])
    assert seen.flow_px > 1.5 > 0.3 > seen.flow_px_per_frame > 0
    assert (alone.flow_px, alone.flow_px_per_frame) == (0.0, 0.0)


def test_coverage_is_that_of_the_view_that_shows_least() -> None:
    front, side = disc(128, x=64, radius=40), disc(128, x=64, radius=6)
    seen = look([[front] * 2, [side] * 2], frames=[0, 1], starts=[0])
    assert seen.coverage == pytest.approx(np.pi * 6**2 / 128**2, rel=0.05)


def test_growth_compares_the_largest_frame_with_the_usual_one() -> None:
    assert growth([0.1, 0.1, 0.1, 1.0]) == pytest.approx(10)
    assert growth([0.01, 0.9, 1.0, 1.0]) == pytest.approx(1.0, rel=0.1)  # appearing is no explosion


def walk(seed: int = 0) -> Floats:
    random = np.random.default_rng(seed)
    return np.cumsum(random.normal(scale=0.02, size=(25, 30, 3)), axis=0)


def test_a_motions_fingerprint_survives_float_noise_and_tells_motions_apart() -> None:
    noise = np.random.default_rng(1)
    original = [walk(seed) for seed in range(100)]
    again = [motion + noise.normal(scale=1e-7, size=motion.shape) for motion in original]
    hashes = [motion_hash(motion) for motion in original]
    assert len(set(hashes)) == 100
    assert sum(one != motion_hash(other) for one, other in zip(hashes, again)) <= 1
    waved = walk()
    waved[10:, -3:] += 0.1  # one hand elsewhere
    assert len({hashes[0], motion_hash(waved), motion_hash(walk()[:-1]), motion_hash(walk()[::-1])}) == 4


@pytest.mark.parametrize(("found", "limit", "length"), [(81, 81, 81), (80, 81, 77), (17, 25, 17), (26, 25, 25)])
def test_windows_have_4k_plus_1_frames(found: int, limit: int, length: int) -> None:
    assert window_length(found, limit) == length


@dataclass(frozen=True)
class Reply:
    value: Row | None
    outcome: Outcome | None = None
    measured: Cost = Cost()


@dataclass
class Previewer:
    """Answers preview items with pictures of a disc that moves by `shift_px` per frame."""

    shift_px: float

    def run(self, function: str, items: list[Row], *, scratch: Path) -> Iterator[Reply]:
        assert function == PREVIEW_CLIP
        for item in items:
            folder = scratch / item["clip_id"]
            folder.mkdir()
            size = item["preview_px"]
            for name, x in (("a.png", size / 2), ("b.png", size / 2 + self.shift_px)):
                rgba = disc(size, x=x, radius=size / 3)
                cv2.imwrite(str(folder / name), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
            np.save(folder / "joints.npy", walk())
            (folder / "rig.npz").write_bytes(rig_to_bytes(body()))
            still = np.tile([1.0, 0.0, 0.0, 0.0], (3, body().num_joints, 1))
            motion = Motion(still, np.zeros((3, body().num_joints, 3)), 16.0)
            (folder / "motion.npz").write_bytes(motion_to_bytes(motion))
            yield Reply(
                {
                    "folder": folder.name,
                    "views": [["a.png", "b.png"]] * 2,
                    "frames": [0, 1],
                    "starts": [0],
                    "shown": [["a.png", "b.png"]] * 2,
                    "shown_frames": [0, 1],
                    "joints": "joints.npy",
                    "rig": "rig.npz",
                    "motion": "motion.npz",
                    "extents": [0.5, 0.5, 1.0],
                }
            )


@dataclass
class PreviewWork(PlainWork):
    shift_px: float = 1.0

    @property
    def blender(self) -> Any:
        return Previewer(self.shift_px)


def tables(tmp_path: Path, *lengths: int, **more: Any) -> Tables:
    work = plain_work(tmp_path)
    row = probe_row(work, "fox", body(), kind="animated", motions=len(lengths), **more)
    for motion, length in zip(row["motions"], lengths):
        motion["num_frames"] = motion["num_own_frames"] = length
    return Tables({"probe": [row, probe_row(work, "statue", body(scale=2), kind="static", motions=1)]})


def test_the_limit_of_frames_is_strict_and_refused_clips_never_reach_blender(tmp_path: Path) -> None:
    stage, work = PreviewStage(), plain_work(tmp_path)
    jobs = stage.plan(tables(tmp_path, 16, 9), demo_profile())
    outcomes = [answer.outcome for answer in stage.run(jobs, work)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert sorted((outcome.code, outcome.measured, outcome.limit) for outcome in refused) == [
        ("too_few_frames", 9.0, 16.0),
        ("too_few_frames", 16.0, 16.0),
    ]
    (long_enough,) = stage.plan(tables(tmp_path, 17), demo_profile())
    with pytest.raises(AssertionError, match="Blender was started"):
        list(stage.run([long_enough], work))


def test_every_window_of_a_long_motion_is_looked_at_and_the_last_one_ends_with_the_motion(tmp_path: Path) -> None:
    found = tables(tmp_path, 400)
    found.rows["probe"][0]["motions"][0] |= {"start_frame": 0.5, "extent_ratio": 1000.0}  # one of them explodes
    jobs = PreviewStage().plan(found, demo_profile(filters={"max_frames": 81}))
    payloads = sorted((job.payload for job in jobs), key=lambda payload: payload["first_frame"])
    assert [payload["first_frame"] for payload in payloads] == [0, 81, 162, 243, 319]
    assert [payload["start_frame"] for payload in payloads] == [0.5, 81.5, 162.5, 243.5, 319.5]
    assert {(payload["num_frames"], payload["motion_frames"]) for payload in payloads} == {(81, 400)}
    assert {payload["refused"] for payload in payloads} == {None}
    assert len({payload["clip_id"] for payload in payloads}) == 5
    few = PreviewStage().plan(found, demo_profile(filters={"max_frames": 81, "max_windows": 3}))
    assert sorted(job.payload["first_frame"] for job in few) == [0, 162, 319]
    (first,) = PreviewStage().plan(found, demo_profile(filters={"max_frames": 81, "max_windows": 1}))
    assert first.payload["first_frame"] == 0


def test_a_short_motion_counts_at_its_own_rate_and_a_loop_fills_a_clip(tmp_path: Path) -> None:
    found = tables(tmp_path, 12, 12, 12, 4)
    once, around, few, captured = found.rows["probe"][0]["motions"]
    once |= {"own_fps": 24.0, "num_own_frames": 18}
    around |= {"own_fps": 24.0, "num_own_frames": 18, "period_frames": 11.4}
    few |= {"own_fps": 20.0, "num_own_frames": 15, "period_frames": 11.4}
    captured |= {"own_fps": 60.0, "num_own_frames": 17}
    jobs = {job.payload["motion_id"]: job.payload for job in PreviewStage().plan(found, demo_profile())}
    shown = {name: (payload["num_frames"], payload["period_frames"]) for name, payload in jobs.items()}
    assert (shown["fox-0"], shown["fox-1"]) == ((9, None), (25, 11.4))
    assert [jobs[name]["refused"] for name in ("fox-0", "fox-1")] == [None, None]
    assert jobs["fox-2"]["refused"]["message"] == "15 frames at 20 fps; more than 16 are needed"
    assert jobs["fox-3"]["refused"]["message"] == "17 frames at 60 fps are 4 at 16; at least 5 are needed"


def test_a_clip_is_kept_with_what_was_seen_whether_it_moves_or_not(tmp_path: Path) -> None:
    stage = PreviewStage()
    (job,) = stage.plan(tables(tmp_path, 40), demo_profile())
    for shift, flow in ((0.5, 1.5), (0.0, 0.0)):
        work = PreviewWork(plain_work(tmp_path).store, tmp_path, tmp_path / f"scratch {shift}", shift_px=shift)
        work.scratch.mkdir()
        (answer,) = stage.run([job], work)
        assert isinstance(answer.outcome, Kept)
        (row,) = answer.outcome.rows
        assert set(row) == set(PRODUCTS["preview"].names)
        assert (row["kind"], row["num_frames"], row["motion_file"], row["motion_name"]) == ("native", 25, None, "walk")
        # Half a pixel at 128 px with a disc two thirds of the picture wide: 0.5 * 256 / (128 * 2 / 3).
        assert row["flow_px_per_frame"] == pytest.approx(flow, rel=0.05)
        assert row["flow_px"] == pytest.approx(flow, rel=0.2)
        assert (row["extent_ratio"], row["motion_hash"]) == (2.0, motion_hash(walk()))
        (strip,) = row["files"]
        data = work.store.read(StoredFile.from_row(strip))
        assert len(data) < 15_000
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (128, 512, 3)
        assert not list(work.scratch.rglob("*.png"))


def test_another_limit_changes_the_keys_of_those_alone_whose_verdict_changes(tmp_path: Path) -> None:
    found, stage = tables(tmp_path, 40, 20, 12), PreviewStage()

    def keys(**filters: Any) -> dict[str, str]:
        jobs = stage.plan(found, demo_profile(filters=filters))
        return {job.payload["motion_id"]: job.key for job in jobs}

    before = keys()
    assert keys(min_flow_px=9.0, max_vertices=9_999_999, min_coverage=0.5, max_extent_ratio=2.0) == before
    stricter = keys(min_frames=20)
    assert {name for name in before if before[name] != stricter[name]} == {"fox-1", "fox-2"}  # 20 frames, 12 frames
    assert set(keys(min_vertices=100_000).values()).isdisjoint(before.values())


def test_rules_about_the_rig_hold_for_retargeted_clips_too(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rig = probe_row(work, "knight", body(), kind="static", num_textures=0, texture_px=None, num_base_colours=1)
    (job,) = PreviewStage().plan(Tables({"retarget": [retargeted(work, rig)], "probe": [rig]}), demo_profile())
    (answer,) = PreviewStage().run([job], work)
    assert isinstance(answer.outcome, Rejected)
    assert (answer.outcome.code, answer.outcome.measured, answer.outcome.limit) == ("untextured", 1.0, 2.0)


def test_a_motion_that_the_probe_saw_explode_is_not_previewed(tmp_path: Path) -> None:
    found = tables(tmp_path, 40, 40)
    found.rows["probe"][0]["motions"][1]["extent_ratio"] = 1000.0
    verdicts = {job.payload["motion_id"]: job.payload["refused"] for job in PreviewStage().plan(found, demo_profile())}
    assert verdicts["fox-0"] is None and verdicts["fox-1"]["code"] == "exploded"
    assert (verdicts["fox-1"]["measured"], verdicts["fox-1"]["limit"]) == (1000.0, 4.0)


def retargeted(work: PlainWork, rig: Row) -> Row:
    """A row as the retarget stage gives it."""
    row = {
        key: rig[key]
        for key in (
            "asset_id",
            "rig_id",
            "source",
            "title",
            "tags",
            "licence",
            "attribution",
            "rights",
            "file",
            "format",
            "armature",
        )
    }
    return row | {
        "job_key": "k",
        "clip_id": "c",
        "motion_id": "m",
        "motion_name": "dance",
        "kind": "retargeted",
        "start_frame": 50.0,
        "num_frames": 30,
        "fps": 16.0,
        "period_frames": None,
        "num_matched_joints": 20,
        "motion_file": work.store.put_bytes("motion.npz", b"motion").to_row(),
    }


def test_another_window_is_another_clip_and_the_same_window_the_same(tmp_path: Path) -> None:
    found = tables(tmp_path, 60)

    def ids(max_frames: int) -> list[str]:
        return [job.input_id for job in PreviewStage().plan(found, demo_profile(filters={"max_frames": max_frames}))]

    assert ids(25) == ids(27) != ids(33)


def test_a_retargeted_clip_plays_its_stored_motion_and_has_its_characters_geometry(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rig = probe_row(work, "knight", body(), kind="static", geometry_hash="shape")
    clip = retargeted(work, rig)
    (job,) = PreviewStage().plan(Tables({"retarget": [clip], "probe": [rig]}), demo_profile())
    worker = PreviewWork(work.store, tmp_path, work.scratch)
    (answer,) = PreviewStage().run([job], worker)
    assert isinstance(answer.outcome, Kept)
    (row,) = answer.outcome.rows
    assert set(row) == set(PRODUCTS["preview"].names)
    assert (row["kind"], row["motion_file"], row["geometry_hash"]) == ("retargeted", clip["motion_file"], "shape")
    assert (row["start_frame"], row["num_frames"]) == (50.0, 25)
