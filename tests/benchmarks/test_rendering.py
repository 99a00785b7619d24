"""The measures of benchmarks/rendering against brute force: what a benchmark gets wrong nothing else notices."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.rendering import measures
from render.numbers import clip_cameras
from render.stage import RenderStage
from rigmill.blender.client import Reply
from rigmill.blender.render_settings import ViewSettings
from rigmill.clips.camera import camera_ring, project
from rigmill.config.load import load
from rigmill.outcomes import Cost, Failed, FailKind
from rigmill.pipeline.stage import Job
from rigmill.posemaps import posemap
from rigmill.storage.files import Store

VIEW = ViewSettings(
    engine="raster",
    samples=1,
    denoise=False,
    width_px=832,
    height_px=480,
    azimuths_deg=(0, 90, 180, 270),
    elevation_deg=0,
    field_of_view_deg=40,
    margin=0.08,
)


def test_circle_centres_are_found_to_a_fortieth_of_a_pixel_and_not_where_circles_touch() -> None:
    chance = np.random.default_rng(5)
    num = 12
    places = np.stack([40 + 60 * (np.arange(num) % 4), 40 + 60 * (np.arange(num) // 4)], axis=-1)
    places = places + chance.uniform(0, 1, (num, 2))
    places[1] = places[0] + [4.0, 1.0]  # they touch
    colours = posemap.palette(num)
    picture = posemap.draw(
        places,
        np.ones(num),
        parents=np.arange(num) - 1,
        drawn=np.ones(num, bool),
        colours=colours,
        width_px=300,
        height_px=200,
        radius_px=3.0,
    )
    found = measures.circle_centres(picture, colours, 3.0)
    assert 0 not in found and 1 not in found and len(found) >= 8
    assert max(np.linalg.norm(centre - places[joint]) for joint, centre in found.items()) < 0.025
    moved = measures.circle_centres(np.roll(picture, 1, axis=1), colours, 3.0)
    joint = next(iter(found))
    assert moved[joint] - found[joint] == pytest.approx([1, 0], abs=1e-9)


def test_the_written_down_camera_agrees_with_ours_and_points_come_back_from_four_views() -> None:
    chance = np.random.default_rng(7)
    points = chance.uniform(-0.5, 0.5, (40, 3))
    cameras = clip_cameras(np.array([[-0.5] * 3, [0.5] * 3]), VIEW)
    pixels = np.stack([project(camera, points)[0] for camera in cameras])
    for camera, azimuth, seen in zip(cameras, VIEW.azimuths_deg, pixels):
        expected = measures.seen_from(
            points,
            azimuth_deg=azimuth,
            distance=float(np.linalg.norm(camera.position)),
            width_px=832,
            height_px=480,
            field_of_view_deg=40,
        )
        assert np.abs(expected - seen).max() < 1e-9
    assert np.abs(measures.triangulate(cameras, pixels) - points).max() < 1e-9


def test_a_camera_that_is_turned_or_mirrored_is_told_from_the_written_down_one() -> None:
    point = np.array([[0.3, -0.2, 0.4]])
    (camera,) = camera_ring(
        bounds=np.array([[-0.5] * 3, [0.5] * 3]),
        azimuths_deg=[90],
        elevation_deg=0,
        width_px=832,
        height_px=480,
        field_of_view_deg=40,
        margin=0.08,
    )
    distance = float(np.linalg.norm(camera.position))
    right = measures.seen_from(
        point, azimuth_deg=90, distance=distance, width_px=832, height_px=480, field_of_view_deg=40
    )
    # From +X one sees +Y to the right and +Z up; nearer points are larger.
    scale = 832 / (2 * math.tan(math.radians(20))) / (distance - 0.3)
    assert right[0] == pytest.approx([416 - 0.2 * scale, 240 - 0.4 * scale])
    assert project(camera, point)[0][0] == pytest.approx(right[0])


def test_the_stage_hears_blender_out_so_that_its_server_stays(tmp_path: Path) -> None:
    """A reader that leaves before the end of the replies ends the server, which costs a second per batch."""
    heard = []

    class Blender:
        def run(self, function: str, items: Any, *, scratch: Path, on_progress: Any) -> Any:
            for _ in items:
                yield Reply(None, Failed(FailKind.CRASH, "Crash", "nothing"), Cost())
            heard.append("end")

    class Work:
        blender, scratch, store = Blender(), tmp_path, Store(tmp_path)

    stored = Work.store.put_bytes("asset.glb", b"").to_row()
    payload = dict.fromkeys(("format", "armature", "action", "slot", "start_frame", "motion_file", "facing_deg")) | {
        "clip_id": "clip",
        "file": stored,
        "num_frames": 1,
        "fps": 16.0,
    }
    settings = load("demo").profile.render.model_dump(mode="json")
    job = Job(stage="render", key="key", input_id="clip", group="", payload=payload, settings=settings)
    (answer,) = RenderStage().run([job], Work())  # type: ignore[arg-type]
    assert isinstance(answer.outcome, Failed) and heard == ["end"]
