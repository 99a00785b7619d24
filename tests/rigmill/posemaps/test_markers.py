"""Markers beside joints: they tell the turns that joints do not, and are gone before a file is animated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps import posemap
from rigmill.posemaps.markers import choose_drawn_with_markers, own_part, with_markers
from rigmill.reconstruct.kinematics import solve
from rigmill.reconstruct.metrics import turn_errors_deg
from rigmill.reconstruct.reconstruct import reconstruct
from rigmill.rigs import quaternions, skeleton
from rigmill.types import Motion, Rig
from tests.support.pose_scenes import pose_maps, scene

CHAIN = Rig(
    names=("hips", "spine", "head", "arm", "hand"),
    parents=np.array([-1, 0, 1, 1, 3], dtype=np.int32),
    rest_joints=np.array([[0, 0, 0.5], [0, 0, 0.7], [0, 0, 0.9], [0.2, 0, 0.7], [0.4, 0, 0.7]]),
)


def turning(rig: Rig, *, num_frames: int = 9) -> Motion:
    """Every joint turns about all axes, a head and a hand included."""
    rng = np.random.default_rng(4)
    wobble = 0.25 * rng.standard_normal((num_frames, rig.num_joints, 4))
    rotations = quaternions.normalise(np.array([1, 0, 0, 0]) + wobble)
    return Motion(rotations=rotations, translations=np.zeros((num_frames, rig.num_joints, 3)), fps=16.0)


def test_with_markers_every_turn_follows_from_positions() -> None:
    motion = turning(CHAIN)
    truth = skeleton.forward(CHAIN, motion)[1]
    alone, _ = solve(CHAIN, np.ones(5, dtype=np.bool_), skeleton.forward(CHAIN, motion)[0], fps=16.0)
    assert turn_errors_deg(skeleton.forward(CHAIN, alone)[1], truth).max() > 10  # heads and hands: nobody knows
    rig, more = with_markers(CHAIN, motion)
    assert rig.names[:5] == CHAIN.names and rig.num_joints == 5 + 2 * 2 + 2  # two leaves; hips and an arm with one bone
    places = skeleton.forward(rig, more)[0]
    assert np.abs(places[:, :5] - skeleton.forward(CHAIN, motion)[0]).max() < 1e-12
    solved, _ = solve(rig, np.ones(rig.num_joints, dtype=np.bool_), places, fps=16.0)
    own_rig, own_motion = own_part(rig, solved, 6)
    assert own_rig.names == CHAIN.names
    assert turn_errors_deg(skeleton.forward(own_rig, own_motion)[1], truth).max() < 1e-4


def test_markers_take_no_joints_place_and_follow_drawn_joints_alone() -> None:
    made = scene(num_frames=3)
    rig, motion = with_markers(made.rig, made.motion)
    num_markers = rig.num_joints - made.rig.num_joints
    rest_px = np.stack([project(camera, rig.rest_joints)[0] for camera in made.cameras])
    for most in (made.rig.num_joints - 1, made.rig.num_joints + 4, 64):
        alone = posemap.choose_drawn(made.rig, rest_px[:, : made.rig.num_joints], radius_px=3.0, max_joints=most)
        drawn = choose_drawn_with_markers(rig, num_markers, rest_px, radius_px=3.0, max_joints=most)
        assert (drawn[: made.rig.num_joints] == alone).all() and drawn.sum() <= most
        markers = np.flatnonzero(drawn[made.rig.num_joints :]) + made.rig.num_joints
        assert drawn[rig.parents[markers]].all()
    assert len(markers) > 4
    gaps = np.linalg.norm(rest_px[:, drawn][:, :, None] - rest_px[:, drawn][:, None], axis=-1).max(axis=0)
    assert gaps[~np.eye(len(gaps), dtype=bool)].min() >= 2.2 * 3.0


def test_turns_of_leaves_come_back_from_drawn_maps_with_markers() -> None:
    made = scene(num_frames=5)
    turned = replace(made.motion, rotations=turning(made.rig, num_frames=5).rotations)
    rig, motion = with_markers(made.rig, turned)
    joints, truth = skeleton.forward(rig, motion)
    rest_px = np.stack([project(camera, rig.rest_joints)[0] for camera in made.cameras])
    drawn = choose_drawn_with_markers(
        rig, rig.num_joints - made.rig.num_joints, rest_px, radius_px=made.radius_px, max_joints=64
    )
    marked = replace(
        made, rig=rig, motion=motion, joints=joints, drawn=drawn, colours=posemap.assign_colours(rest_px, drawn)
    )
    found = reconstruct(
        pose_maps(marked),
        cameras=made.cameras,
        rig=rig,
        drawn=drawn,
        colours=marked.colours,
        radius_px=made.radius_px,
        fps=16.0,
    )
    off = turn_errors_deg(skeleton.forward(rig, found.motion)[1], truth)
    told = np.array(
        [
            drawn[[j for j, parent in enumerate(rig.parents) if parent == joint]].sum() >= 2
            for joint in range(made.rig.num_joints)
        ]
    )
    assert told.mean() > 0.5 and np.median(off[:, : made.rig.num_joints][:, told]) < 1.0


def test_numbers_beside_a_clip_say_how_many_joints_are_markers() -> None:
    made = scene(num_frames=3)
    rig, motion = with_markers(made.rig, made.motion)
    joints = skeleton.forward(rig, motion)[0]
    pixels, depth = (np.stack(part) for part in zip(*(project(camera, joints) for camera in made.cameras)))
    geometry = ClipGeometry(
        rig=rig,
        drawn=np.ones(rig.num_joints, dtype=np.bool_),
        colours=np.zeros((rig.num_joints, 3), dtype=np.uint8),
        motion=motion,
        joints=joints,
        cameras=tuple(made.cameras),
        joints_px=pixels,
        joints_depth=depth,
        visible=depth > 0,
        rest_joints_px=pixels[:, 0],
        rest_joints_depth=depth[:, 0],
        scale=1.0,
        offset=np.zeros(3),
        num_markers=rig.num_joints - made.rig.num_joints,
    )
    again = ClipGeometry.from_bytes(geometry.to_bytes())
    own_rig, own_motion = again.own(again.motion)
    assert own_rig.names == made.rig.names and (own_rig.parents == made.rig.parents).all()
    assert np.abs(own_motion.rotations - made.motion.rotations).max() < 1e-6
