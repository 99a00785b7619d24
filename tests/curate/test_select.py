from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from curate_help import PlainWork, Tables, body, demo_profile, plain_work
from test_pairing import probe_row

from curate.clips import window_length
from curate.motion import flow_px_per_frame
from curate.select import SelectStage
from rigmill.stage import Row
from rigmill.tables import PRODUCTS
from rigmill.types import Bytes, Kept, Measured, Outcome, Rejected


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


@pytest.mark.parametrize(("found", "limit", "length"), [(81, 81, 81), (80, 81, 77), (17, 25, 17), (26, 25, 25)])
def test_windows_have_4k_plus_1_frames(found: int, limit: int, length: int) -> None:
    assert window_length(found, limit) == length


@dataclass(frozen=True)
class Reply:
    value: Row | None
    outcome: Outcome | None = None
    measured: Measured = Measured()


@dataclass
class Previewer:
    """Answers preview items with pictures of a disc that moves by `shift_px` per frame."""

    shift_px: float

    def run(self, function: str, items: list[Row], *, scratch: Path) -> Iterator[Reply]:
        assert function == "render.blender.preview:preview_clip"
        for item in items:
            folder = scratch / item["clip_id"]
            folder.mkdir()
            size = item["preview_px"]
            for name, x in (("a.png", size / 2), ("b.png", size / 2 + self.shift_px)):
                rgba = disc(size, x=x, radius=size / 3)
                cv2.imwrite(str(folder / name), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
            yield Reply({"folder": folder.name, "views": [[["a.png", "b.png"]]] * 2})


@dataclass
class PreviewWork(PlainWork):
    shift_px: float = 1.0

    @property
    def blender(self) -> Any:
        return Previewer(self.shift_px)


def tables(tmp_path: Path, *lengths: int) -> Tables:
    work = plain_work(tmp_path)
    row = probe_row(work, "fox", body(), kind="animated", motions=len(lengths))
    for motion, length in zip(row["motions"], lengths):
        motion["num_frames"] = length
    return Tables({"probe": [row, probe_row(work, "statue", body(scale=2), kind="static", motions=1)]})


def test_the_limit_of_frames_is_strict_and_short_clips_never_reach_blender(tmp_path: Path) -> None:
    stage, work = SelectStage(), plain_work(tmp_path)
    jobs = stage.plan(tables(tmp_path, 16, 9), demo_profile())
    outcomes = [answer.outcome for answer in stage.run(jobs, work)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert sorted((outcome.code, outcome.measured, outcome.limit) for outcome in refused) == [
        ("too_few_frames", 9.0, 16.0), ("too_few_frames", 16.0, 16.0)
    ]
    (long_enough,) = stage.plan(tables(tmp_path, 17), demo_profile())
    with pytest.raises(AssertionError, match="Blender was started"):
        list(stage.run([long_enough], work))


def test_clips_pass_by_measured_motion_and_carry_the_measurement(tmp_path: Path) -> None:
    stage = SelectStage()
    jobs = stage.plan(tables(tmp_path, 40, 12), demo_profile())
    moving = PreviewWork(plain_work(tmp_path).store, tmp_path, tmp_path / "scratch", shift_px=0.5)
    outcomes = {job.key: job.payload for job in jobs}
    answers = {answer.key: answer.outcome for answer in stage.run(jobs, moving)}
    assert set(answers) == set(outcomes)
    (kept,) = [outcome.rows[0] for outcome in answers.values() if isinstance(outcome, Kept)]
    assert set(kept) == set(PRODUCTS["select"].names)
    assert (kept["kind"], kept["num_frames"], kept["motion_file"], kept["motion_name"]) == ("native", 25, None, "walk")
    # Half a pixel at 128 px with a disc two thirds of the picture wide: 0.5 * 256 / (128 * 2 / 3).
    assert kept["flow_px_per_frame"] == pytest.approx(1.5, rel=0.05)

    still = PreviewWork(moving.store, tmp_path, tmp_path / "still", shift_px=0.0)
    still.scratch.mkdir()
    codes = {outcome.code: outcome for outcome in (answer.outcome for answer in stage.run(jobs, still))
             if isinstance(outcome, Rejected)}
    assert set(codes) == {"too_few_frames", "little_motion"}
    assert (codes["little_motion"].measured, codes["little_motion"].limit) == (0.0, 0.15)


def test_another_window_is_another_clip_and_the_same_window_the_same(tmp_path: Path) -> None:
    found = tables(tmp_path, 60)

    def ids(max_frames: int) -> list[str]:
        return [job.input_id for job in SelectStage().plan(found, demo_profile(filters={"max_frames": max_frames}))]

    assert ids(25) == ids(27) != ids(33)


def test_a_retargeted_clip_plays_its_stored_motion(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rig = probe_row(work, "knight", body(), kind="static")
    motion_file = work.store.put_bytes("motion.npz", b"motion").to_row()
    clip = {key: rig[key] for key in (
        "asset_id", "rig_id", "source", "title", "tags", "licence", "attribution", "rights", "file", "format",
        "armature",
    )}
    clip |= {"job_key": "k", "clip_id": "c", "motion_id": "m", "motion_name": "dance", "kind": "retargeted",
             "num_frames": 30, "fps": 16.0, "motion_file": motion_file, "num_matched_joints": 20}
    (job,) = SelectStage().plan(Tables({"retarget": [clip], "probe": [rig]}), demo_profile())
    worker = PreviewWork(work.store, tmp_path, work.scratch)
    (answer,) = SelectStage().run([job], worker)
    assert isinstance(answer.outcome, Kept)
    (row,) = answer.outcome.rows
    assert set(row) == set(PRODUCTS["select"].names)
    assert (row["kind"], row["motion_file"]) == ("retargeted", motion_file)
    assert (row["start_frame"], row["num_frames"]) == (0.0, 25)
