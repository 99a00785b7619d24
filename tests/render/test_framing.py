"""Cameras see the joints that are drawn as well as the mesh, and a clip whose joints nobody finds is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render.numbers import ClipNumbers, build_geometry, clip_cameras, framing_cameras, joint_radius_px
from render.outputs import pose_video
from rigmill.blender.render_settings import RenderSettings
from rigmill.clips.numbers import ClipGeometry
from rigmill.config.load import load
from rigmill.outcomes import Refusal
from rigmill.reconstruct.round_trip import RoundTrip, check, check_usable, read_pose_videos, round_trip
from rigmill.rigs import skeleton
from rigmill.types import Camera, Motion, Rig

RENDER = RenderSettings.from_json(load("demo").profile.render.model_dump(mode="json"))
NUM_FRAMES = 9
BOX = np.array([[-0.5, -0.3, -0.5], [0.5, 0.3, 0.5]])


def cabinet(hinges_m: float) -> ClipNumbers:
    """A box one unit wide whose four doors have their joints `hinges_m` to the sides of its middle; two doors turn."""
    rest = np.array(
        [[0, 0, 0], *([side * hinges_m, 0.1 * side, up] for side in (-1, 1) for up in (-0.3, 0.3)), [0, 0, 0.4]]
    )
    rig = Rig(
        names=("body", "low_left", "up_left", "low_right", "up_right", "lid"),
        parents=np.array([-1, 0, 0, 0, 0, 0], dtype=np.int32),
        rest_joints=rest,
    )
    rotations = np.tile([1.0, 0, 0, 0], (NUM_FRAMES, len(rest), 1))
    half = np.linspace(0, 0.5, NUM_FRAMES)
    rotations[:, 1], rotations[:, 3] = (
        np.stack([np.cos(turn), 0 * turn, 0 * turn, np.sin(turn)], axis=-1) for turn in (half, -half)
    )
    motion = Motion(rotations=rotations, translations=np.zeros((NUM_FRAMES, len(rest), 3)), fps=16.0)
    return ClipNumbers(
        rig=rig,
        motion=motion,
        joints=skeleton.forward(rig, motion)[0],
        clip_bounds=BOX,
        view_bounds=BOX,
        frame_bounds=np.tile(BOX, (NUM_FRAMES, 1, 1)),
        rest_bounds=BOX,
        scale=1.0,
        offset=np.zeros(3),
    )


def read_back(numbers: ClipNumbers, cameras: tuple[Camera, ...], render: RenderSettings = RENDER) -> RoundTrip:
    stored = ClipGeometry.from_bytes(build_geometry(numbers, cameras, render).to_bytes())
    videos = [pose_video(stored, view, render, 16.0) for view in range(len(cameras))]
    radius_px = joint_radius_px(render)
    measured = round_trip(read_pose_videos(videos, stored), stored, radius_px=radius_px)
    check(measured, limit_px=0.5, radius_px=radius_px)
    return measured


def test_joints_outside_the_mesh_are_in_the_picture_and_found() -> None:
    numbers = cabinet(0.8)
    of_the_mesh = clip_cameras(numbers.view_bounds, RENDER)
    lost = read_back(numbers, of_the_mesh)
    assert lost.usable_share is not None and lost.usable_share < 0.6
    with pytest.raises(Refusal, match="lies outside of the pictures") as refusal:
        check_usable(lost, limit=RENDER.min_usable_share)
    found = refusal.value
    assert (found.code, found.limit) == ("few_usable", RENDER.min_usable_share)
    assert found.measured == pytest.approx(lost.usable_share, abs=1e-4)
    cameras = framing_cameras(numbers, RENDER)
    geometry = build_geometry(numbers, cameras, RENDER)
    assert geometry.drawn.all() and geometry.visible.all()
    whole = read_back(numbers, cameras)
    check_usable(whole, limit=RENDER.min_usable_share)
    assert whole.usable_share == 1.0
    # No farther away than they have to be: the mesh is still at least as large as the joints leave room for.
    assert cameras[0].world_to_view[2, 3] < 0.9 / 0.5 * of_the_mesh[0].world_to_view[2, 3]


def test_joints_whose_discs_are_in_the_picture_of_the_mesh_move_no_camera() -> None:
    for hinges_m in (0.4, 0.51):
        numbers = cabinet(hinges_m)
        for ours, plain in zip(framing_cameras(numbers, RENDER), clip_cameras(numbers.view_bounds, RENDER)):
            assert (ours.world_to_view == plain.world_to_view).all() and (ours.intrinsics == plain.intrinsics).all()


def test_joints_outside_in_the_motion_or_at_rest_alone_are_framed() -> None:
    numbers = cabinet(0.4)
    moved = numbers.joints.copy()
    moved[4, 1, 0] -= 0.45
    swinging = framing_cameras(replace(numbers, joints=moved), RENDER)
    at_rest = framing_cameras(replace(cabinet(0.8), joints=numbers.joints), RENDER)
    assert build_geometry(replace(numbers, joints=moved), swinging, RENDER).visible.all()
    rest_px = build_geometry(cabinet(0.8), at_rest, RENDER).rest_joints_px
    assert ((rest_px > 0) & (rest_px < 256)).all()


def test_markers_are_framed_as_joints_are() -> None:
    render = replace(RENDER, turn_markers=True)
    numbers = cabinet(0.6)
    geometry = build_geometry(numbers, framing_cameras(numbers, render), render)
    assert geometry.num_markers > 0 and geometry.visible[..., geometry.drawn].all()
    plain = build_geometry(numbers, clip_cameras(numbers.view_bounds, render), render)
    assert not plain.visible[..., plain.drawn].all()


def test_a_stray_joint_does_not_make_the_subject_small() -> None:
    numbers = cabinet(0.4)
    joints, rest = numbers.joints.copy(), numbers.rig.rest_joints.copy()
    joints[:, 5, 2], rest[5, 2] = 40.0, 40.0
    stray = replace(numbers, joints=joints, rig=replace(numbers.rig, rest_joints=rest))
    for ours, plain in zip(framing_cameras(stray, RENDER), clip_cameras(numbers.view_bounds, RENDER)):
        assert (ours.world_to_view == plain.world_to_view).all()


def test_view_0_is_taken_from_the_front_and_numbers_say_where_that_is() -> None:
    numbers = replace(cabinet(0.4), front_deg=90.0)
    cameras = framing_cameras(numbers, RENDER)
    assert [camera.azimuth_deg for camera in cameras] == list(RENDER.azimuths_deg)
    assert cameras[0].position[0] > 0 and abs(cameras[0].position[1]) < 1e-9  # it stands at +X
    stored = ClipGeometry.from_bytes(build_geometry(numbers, cameras, RENDER).to_bytes())
    assert stored.front_deg == 90.0
    plain = cabinet(0.4)
    assert build_geometry(plain, framing_cameras(plain, RENDER), RENDER).front_deg == 0.0
    assert read_back(numbers, cameras).motion_px < 0.1
