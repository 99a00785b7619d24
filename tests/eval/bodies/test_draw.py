"""Bodies are drawn where their cameras see them, in their colours."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from eval.bodies.body import Body, Look
from eval.bodies.draw import cameras_of, draw, into_frame, scaled
from eval.bodies.play import play_glb
from rigmill.clips import members
from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import decode
from tests.support.bench_clips import FRAMES, geometry_of, moving_door
from tests.support.outlined import write_outlined
from tests.support.paths import ASSETS

QUAD = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], float)  # seen from the front, which is -Y
FACES = np.array([[0, 1, 2], [0, 2, 3]])
UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], float)[FACES]  # v goes down


def front(size_px=64):
    return camera_ring(
        bounds=np.array([[-1, -1, -1], [1, 1, 1.0]]),
        azimuths_deg=(0,),
        elevation_deg=0,
        width_px=size_px,
        height_px=size_px,
        field_of_view_deg=40,
        margin=0.1,
    )


def quad(**look):
    plain = {"material": np.zeros(2, np.int32), "colours": np.ones((1, 4)), "corner_uv": UV, "textures": (None,)}
    return Body(QUAD[None], FACES, QUAD, 16.0, None, Look(**(plain | look)))


def test_a_square_covers_the_pixels_between_its_corners():
    (camera,) = front()
    pictures = draw(quad(), [camera])
    assert pictures.rgb.shape == (1, 1, 64, 64, 3) and pictures.mask.shape == (1, 1, 64, 64)
    corners, _ = project(camera, QUAD)
    low, high = corners.min(axis=0), corners.max(axis=0)
    v, u = np.mgrid[:64, :64] + 0.5
    inside = (u > low[0]) & (u < high[0]) & (v > low[1]) & (v < high[1])
    sure = (np.abs(u[..., None] - [low[0], high[0]]).min(-1) > 0.6) & (
        np.abs(v[..., None] - [low[1], high[1]]).min(-1) > 0.6
    )
    np.testing.assert_array_equal(pictures.mask[0, 0][sure], inside[sure])
    assert (pictures.rgb[0, 0][sure & ~inside] == 255).all()


def test_a_picture_lies_on_the_surface_the_way_that_it_is_written():
    texture = np.full((2, 2, 4), 255, np.uint8)
    texture[0, 0], texture[0, 1], texture[1, 0] = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
    big = np.repeat(np.repeat(texture, 32, axis=0), 32, axis=1)
    rgb = draw(quad(textures=(big,)), front()).rgb[0, 0]
    assert [int(rgb[20, 20].argmax()), int(rgb[20, 44].argmax()), int(rgb[44, 20].argmax())] == [0, 1, 2]
    assert np.ptp(rgb[44, 44].astype(int)) < 8  # white


def test_colours_multiply_and_both_sides_are_shown():
    colours = np.array([[1, 0.2, 0.2, 1]])
    behind = replace(quad(colours=colours), faces=FACES[:, ::-1])
    for body in (quad(colours=colours), behind):
        pixel = draw(body, front()).rgb[0, 0, 32, 32].astype(int)
        assert pixel[0] > pixel[1] + 60 and pixel[1] == pixel[2]
    green = np.tile([0, 1.0, 0, 1], (2, 3, 1))
    pixel = draw(quad(corner_colours=green), front()).rgb[0, 0, 32, 32].astype(int)
    assert pixel[1] > 60 and pixel[0] == pixel[2] < 30


def test_where_alpha_is_below_its_cutoff_nothing_is():
    texture = np.full((64, 64, 4), 255, np.uint8)
    texture[:, 32:, 3] = 0
    mask = draw(quad(textures=(texture,), cutoffs=(0.5,)), front()).mask[0, 0]
    assert mask[32, 20] and not mask[32, 44]


def test_size_scales_the_view_and_nothing_else():
    camera = replace(front()[0], width_px=64, height_px=48)
    small = scaled(camera, 32)
    assert (small.width_px, small.height_px) == (32, 24)
    np.testing.assert_allclose(project(small, QUAD)[0] * 2, project(camera, QUAD)[0])
    large, less = draw(quad(), [camera]).mask[0, 0], draw(quad(), [camera], size_px=32).mask[0, 0]
    shrunk = cv2.resize(large.astype(np.float32), (32, 24), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk - less).max() <= 0.5


def test_the_same_body_is_the_same_bytes():
    geometry = geometry_of(moving_door(np.linspace(0, 60, FRAMES)))
    body = into_frame(play_glb(moving_door(np.linspace(0, 60, FRAMES))), geometry)
    first, second = (draw(body, geometry.cameras) for _ in range(2))
    np.testing.assert_array_equal(first.rgb, second.rgb)
    assert (first.rgb[0, 0] != first.rgb[0, -1]).any()


def test_a_body_comes_into_the_frame_of_the_clips_joints():
    data = moving_door(np.linspace(0, 60, FRAMES))
    geometry = geometry_of(data)
    body = into_frame(play_glb(data), geometry)
    assert body.bones is not None
    np.testing.assert_allclose(body.bones.joints, geometry.joints, atol=1e-12)
    np.testing.assert_allclose(body.bones.rest, geometry.rig.rest_joints, atol=1e-12)
    mask = draw(body, geometry.cameras).mask
    for view, camera in enumerate(geometry.cameras):
        pixels, _ = project(camera, body.vertices)
        for frame in range(FRAMES):
            rows, columns = np.nonzero(mask[view, frame])
            low, high = pixels[frame].min(axis=0), pixels[frame].max(axis=0)
            np.testing.assert_allclose([columns.min(), rows.min()], low, atol=1.2)
            np.testing.assert_allclose([columns.max() + 1, rows.max() + 1], high, atol=1.2)


def test_the_cameras_of_animamimic_stand_beside_the_input_view():
    geometry = geometry_of(moving_door(np.linspace(0, 60, FRAMES)))
    assert cameras_of(geometry, "animax") is geometry.cameras
    first, left, right = cameras_of(geometry, "animamimic")
    np.testing.assert_allclose(first.world_to_view, geometry.cameras[0].world_to_view, atol=1e-12)
    assert (left.azimuth_deg, right.azimuth_deg) == (45.0, 315.0)
    middle = np.mean([camera.position for camera in geometry.cameras], axis=0)  # of a ring
    for camera, azimuth in ((left, 45), (right, -45)):
        away, was = camera.position - middle, first.position - middle
        np.testing.assert_allclose(np.linalg.norm(away), np.linalg.norm(was), rtol=1e-6)
        turned = np.degrees(np.arctan2(away[0], -away[1]))  # from -Y towards +X
        np.testing.assert_allclose(turned, azimuth, atol=1e-4)
        np.testing.assert_allclose(project(camera, middle)[0], [32, 32], atol=1e-3)


def test_another_protocol_is_refused():
    with pytest.raises(ValueError):
        cameras_of(geometry_of(moving_door(np.linspace(0, 60, FRAMES))), "nerf")


@pytest.mark.slow
@pytest.mark.blender
def test_a_drawn_body_lies_over_the_recorded_videos(tmp_path):
    from rigmill.blender.requests import RENDER_CLIP
    from tests.support.blender.calls import RENDER, call, clip_item, probe

    item = clip_item(ASSETS / "Fox.glb", probe(ASSETS / "Fox.glb", tmp_path), "Survey", num_frames=8)
    settings = RENDER | {"engine": "auto", "width_px": 192, "height_px": 192, "rgb_crf": 10}
    call(RENDER_CLIP, [item | {"render": settings, "outputs": ["rgb", "png", "geometry"]}], tmp_path)
    (stored,) = tmp_path.rglob("*geometry.npz")
    geometry = ClipGeometry.from_bytes(stored.read_bytes())
    body = play_glb((ASSETS / "Fox.glb").read_bytes(), fps=16, num_frames=8)  # Survey is the first animation
    pictures = draw(into_frame(body, geometry), geometry.cameras)
    for view in range(4):
        paths = sorted((stored.parent / members.frames_folder("png", view)).iterdir())
        recorded = np.stack([cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]] for path in paths])
        there = recorded[..., 3] >= 128
        shared = (there & pictures.mask[view]).sum() / (there | pictures.mask[view]).sum()
        assert shared > 0.995
        video = decode((stored.parent / members.rgb_video(view)).read_bytes())
        error = np.mean((video.astype(float) - pictures.rgb[view]) ** 2)
        assert 10 * np.log10(255**2 / error) > 35


def test_what_is_seen_from_its_front_alone_is_drawn_so(tmp_path):
    shares = {}
    for name, how in {"plain": {}, "mirrored": {"mirrored": True}, "both": {"double_sided": True}}.items():
        body = play_glb(write_outlined(tmp_path / f"{name}.glb", **how).read_bytes(), num_frames=1)
        cameras = camera_ring(
            bounds=np.stack([body.rest.min(0), body.rest.max(0)]),
            azimuths_deg=[0.0, 90.0],
            elevation_deg=0.0,
            width_px=96,
            height_px=96,
            field_of_view_deg=40.0,
            margin=0.05,
        )
        pictures = draw(body, cameras)
        red = (pictures.rgb[..., 0] > 100) & (pictures.rgb[..., 1] < 100)
        shares[name] = float((red & pictures.mask).sum() / pictures.mask.sum())
    assert shares["plain"] > 0.75 and shares["mirrored"] > 0.75, "an outline's shell leaves the body to be seen"
    assert shares["both"] < 0.2, "but for the nose, which looks out"
