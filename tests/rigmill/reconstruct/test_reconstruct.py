from __future__ import annotations

import io

import av
import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.clips.camera import project
from rigmill.posemaps import posemap
from rigmill.reconstruct.kinematics import solve
from rigmill.reconstruct.metrics import Scores, height, joint_classes, score, turn_errors_deg
from rigmill.reconstruct.reconstruct import Reconstruction, reconstruct, resize_camera
from rigmill.rigs import skeleton
from rigmill.types import Bytes, Rig
from tests.support.pose_scenes import Scene, pose_maps, scene


def read_maps(made: Scene, maps: Bytes) -> Reconstruction:
    return reconstruct(
        maps,
        cameras=made.cameras,
        rig=made.rig,
        drawn=made.drawn,
        colours=made.colours,
        radius_px=made.radius_px,
        fps=16.0,
    )


def scores_of(made: Scene, found: Reconstruction) -> Scores:
    pixels = np.stack([project(camera, made.joints)[0] for camera in made.cameras])
    return score(
        found,
        rig=made.rig,
        drawn=made.drawn,
        radius_px=made.radius_px,
        motion=made.motion,
        joints=made.joints,
        joints_px=pixels,
        visible=np.ones(pixels.shape[:3], dtype=bool),
    )


def through_h264(frames: Bytes, pixel_format: str) -> Bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=16, options={"crf": "18", "preset": "veryfast"})
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], pixel_format
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_clean_maps_give_the_joints_to_a_twentieth_of_a_per_cent() -> None:
    made = scene(24)
    scores = scores_of(made, read_maps(made, pose_maps(made)))
    assert scores.mpjpe_pct is not None and scores.mpjpe_pct < 0.05
    assert scores.over_2pct == 0
    assert scores.usable_share > 0.98
    assert scores.branch_rotation_deg is not None and scores.branch_rotation_deg < 1
    assert scores.mpjpe_all_pct is not None and scores.mpjpe_all_pct < 0.1
    assert scores.pck_2d is not None and scores.pck_2d > 0.95


@pytest.mark.parametrize(("pixel_format", "most"), [("yuv444p", 0.1), ("yuv420p", 0.15)])
def test_maps_through_h264_stay_near_the_truth(pixel_format: str, most: float) -> None:
    made = scene(16)
    maps = np.stack([through_h264(view, pixel_format) for view in pose_maps(made)])
    scores = scores_of(made, read_maps(made, maps))
    assert scores.mpjpe_pct is not None and scores.mpjpe_pct < most
    assert scores.over_2pct == 0


def test_maps_of_the_demo_size_stay_near_the_truth() -> None:
    made = scene(16, width_px=256, height_px=256, radius_px=posemap.radius_for(5, 256))
    scores = scores_of(made, read_maps(made, pose_maps(made)))
    assert scores.mpjpe_pct is not None and scores.mpjpe_pct < 0.15


def test_black_maps_give_the_rest_pose_and_say_that_nothing_is_usable() -> None:
    made = scene(3)
    found = read_maps(made, np.zeros((4, 3, 48, 80, 3), dtype=np.uint8))
    scores = scores_of(made, found)
    assert scores.usable_share == 0 and scores.reprojection_px is None and scores.bone_drift_pct is None
    assert np.allclose(found.joints, made.rig.rest_joints)
    assert scores.mpjpe_pct is not None and scores.mpjpe_pct > 1


def test_a_squeezed_picture_keeps_the_joints_in_place() -> None:
    made = scene(2)
    squeezed = resize_camera(made.cameras[1], width_px=416, height_px=480)
    pixels, _ = project(made.cameras[1], made.joints)
    assert np.allclose(project(squeezed, made.joints)[0], pixels * [0.5, 1])


def test_joints_that_are_not_drawn_follow_rigidly() -> None:
    made = scene(5)
    drawn = made.drawn.copy()
    hidden = [made.rig.names.index(name) for name in ("left_elbow", "right_toe", "spine")]
    drawn[hidden] = False
    # Truth in which hidden joints do not turn, so that the drawn ones tell everything about places.
    rotations = made.motion.rotations.copy()
    rotations[:, hidden] = [1, 0, 0, 0]
    still = type(made.motion)(rotations=rotations, translations=made.motion.translations, fps=16.0)
    truth, _ = skeleton.forward(made.rig, still)
    motion, joints = solve(made.rig, drawn, truth[:, drawn], fps=16.0)
    assert np.allclose(motion.rotations[:, hidden], [1, 0, 0, 0])
    assert np.allclose(joints[:, drawn], truth[:, drawn], atol=1e-9)
    # The spine hangs rigidly from the hips, whose legs fix their turn.
    assert np.allclose(joints[:, hidden[2]], truth[:, hidden[2]], atol=1e-9)


def test_trees_whose_root_is_not_drawn_go_along() -> None:
    parents = np.array([-1, 0, 1, 0, -1], dtype=np.int32)  # 0: undrawn root; 1, 2: drawn; 3: beside; 4: a lone root
    rest = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0], [3, 0, 0]], dtype=np.float64)
    rig = Rig(names=tuple("abcde"), parents=parents, rest_joints=rest)
    drawn = np.array([False, True, True, False, False])
    shift = np.array([[0.5, 0, 0.25]])
    motion, joints = solve(rig, drawn, (rest + shift[:, None])[:, drawn], fps=16.0)
    assert np.allclose(joints, rest + shift[:, None])
    assert np.allclose(motion.translations[0, [1, 2, 3]], 0)


def test_joint_classes_follow_what_children_tell() -> None:
    made = scene(2)
    classes = joint_classes(made.rig, made.drawn)
    names = np.array(made.rig.names)
    assert set(names[classes["branch"]]) == {"hips", "upper_chest"}
    assert set(names[classes["leaf"]]) == {"crown", "left_finger", "right_finger", "left_toe", "right_toe"}
    assert (sum(members.astype(int) for members in classes.values()) == 1).all()


def test_rotation_errors_agree_with_scipy_down_to_tiny_angles() -> None:
    axes = np.random.default_rng(0).normal(size=(50, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = np.geomspace(1e-5, 179, 50)
    base = Rotation.random(50, random_state=0)
    turned = Rotation.from_rotvec(axes * np.radians(angles)[:, None]) * base
    assert np.allclose(turn_errors_deg(base.as_matrix(), turned.as_matrix()), angles, rtol=1e-6)


def test_a_known_shift_scores_its_size_in_per_cent_of_the_height() -> None:
    made = scene(4)
    found = read_maps(made, pose_maps(made))
    shifted = Reconstruction(
        motion=found.motion,
        joints=made.joints + [0.03, 0, 0],
        triangulated=made.joints + [0.03, 0, 0],
        usable=found.usable,
        centres_px=found.centres_px,
        confidence=found.confidence,
        reprojection_px=found.reprojection_px,
        missing=found.missing,
        swapped=found.swapped,
    )
    scores = scores_of(made, shifted)
    assert height(made.rig) == pytest.approx(1.0)
    assert scores.mpjpe_pct == pytest.approx(3.0)
    assert scores.mpjpe_all_pct == pytest.approx(3.0)
    assert scores.over_2pct == 100


@pytest.mark.parametrize("seed", [21, 22])
def test_noise_is_not_called_usable(seed: int) -> None:
    # Two level views at right angles share one equation, so chance alone makes one joint in six "agree".
    made = scene(12, width_px=64, height_px=64, radius_px=0.67, seed=seed)
    noise = np.random.default_rng(seed).normal(128, 60, (4, 12, 64, 64, 3)).clip(0, 255).astype(np.uint8)
    assert read_maps(made, noise).usable.mean() < 0.08


@pytest.mark.parametrize("seed", [21, 22])
def test_what_is_called_usable_in_maps_too_small_to_read_is_mostly_right(seed: int) -> None:
    made = scene(12, width_px=256, height_px=256, radius_px=posemap.radius_for(5, 256), seed=seed)
    large = pose_maps(made)
    small = np.stack([[cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA) for frame in view] for view in large])
    found = reconstruct(
        small,
        cameras=made.cameras,
        rig=made.rig,
        drawn=made.drawn,
        colours=made.colours,
        radius_px=made.radius_px / 4,
        fps=16.0,
    )
    errors = 100 * np.linalg.norm(found.triangulated - made.joints, axis=-1)
    assert found.usable.any()
    assert (errors[found.usable] > 2).mean() < 0.2
