"""The gate at the end of rendering: sound clips pass, and every fault that is put into one for real is named."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from render.read_back import verify
from rigmill.blender.render_settings import RenderSettings
from rigmill.clips import video
from rigmill.clips.camera import project
from rigmill.clips.members import pose_video
from rigmill.clips.numbers import ClipGeometry
from rigmill.config.load import load
from rigmill.outcomes import Refusal, Reject
from rigmill.posemaps import posemap
from rigmill.reconstruct.round_trip import RoundTrip, check, clear_discs, read_pose_videos, round_trip
from rigmill.rigs import skeleton
from rigmill.storage.columns import PRODUCTS
from rigmill.types import Bytes, Motion
from tests.support.pose_scenes import Scene, pose_maps, scene, strewn

FRAMES, LIMIT_PX = 9, 0.5
RADIUS_PX = posemap.radius_for(5, 256)
Clip = tuple[list[bytes], ClipGeometry]


def stored(made: Scene) -> Clip:
    """What the pipeline keeps of a scene: the pose videos, and the numbers through their bytes."""
    pixels, depths = (np.stack(parts) for parts in zip(*(project(c, made.joints) for c in made.cameras)))
    rest_px, rest_depth = (np.stack(parts) for parts in zip(*(project(c, made.rig.rest_joints) for c in made.cameras)))
    geometry = ClipGeometry(
        rig=made.rig,
        drawn=made.drawn,
        colours=made.colours,
        motion=made.motion,
        joints=made.joints,
        cameras=made.cameras,
        joints_px=pixels,
        joints_depth=depths,
        visible=np.ones(depths.shape, dtype=bool),
        rest_joints_px=rest_px,
        rest_joints_depth=rest_depth,
        scale=1.0,
        offset=np.zeros(3),
    )
    return [encoded(maps) for maps in pose_maps(made)], ClipGeometry.from_bytes(geometry.to_bytes())


def encoded(maps: Bytes) -> bytes:
    return video.encode(maps, fps=16.0, crf=18, pixel_format="yuv444p", keyframe_interval=12)


@pytest.fixture(scope="module")
def sound() -> Clip:
    return stored(scene(FRAMES, width_px=256, height_px=256, radius_px=RADIUS_PX))


def gate(clip: Clip) -> RoundTrip:
    measured = round_trip(read_pose_videos(*clip), clip[1], radius_px=RADIUS_PX)
    check(measured, limit_px=LIMIT_PX, radius_px=RADIUS_PX)
    return measured


def test_a_sound_clip_passes_with_the_columns_of_the_table_and_the_same_ones_again(sound: Clip) -> None:
    columns = gate(sound).columns()
    assert set(columns) == {name for name in PRODUCTS["render"].names if name.startswith("round_trip_")}
    off, mpjpe, usable = (columns[f"round_trip_{name}"] for name in ("px", "mpjpe_pct", "usable_share"))
    assert isinstance(off, float) and 0.001 < off < 0.8 * LIMIT_PX
    assert isinstance(mpjpe, float) and mpjpe < 0.3 and isinstance(usable, float) and usable > 0.95
    assert columns["round_trip_worst"] in sound[1].rig.names and gate(sound).columns() == columns


def edited(view: int, change: Callable[[Bytes], Bytes]) -> Callable[[Clip], Clip]:
    """One view's video decoded, changed and encoded again."""

    def edit(clip: Clip) -> Clip:
        videos = list(clip[0])
        videos[view] = encoded(np.ascontiguousarray(change(video.decode(videos[view]))))
        return videos, clip[1]

    return edit


def other_cameras(change: Callable[[Clip], list[np.ndarray]]) -> Callable[[Clip], Clip]:
    def edit(clip: Clip) -> Clip:
        intrinsics = change(clip)
        return clip[0], replace(
            clip[1],
            cameras=tuple(replace(camera, intrinsics=matrix) for camera, matrix in zip(clip[1].cameras, intrinsics)),
        )

    return edit


def shifted(clip: Clip, x: float, y: float) -> list[np.ndarray]:
    return [camera.intrinsics + [[0, 0, x], [0, 0, y], [0, 0, 0]] for camera in clip[1].cameras]


def turned(clip: Clip, view: int, degrees: float) -> Clip:
    """A camera whose stored azimuth is wrong."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", degrees, degrees=True).as_matrix()
    cameras = list(clip[1].cameras)
    cameras[view] = replace(cameras[view], world_to_view=cameras[view].world_to_view @ turn)
    return clip[0], replace(clip[1], cameras=tuple(cameras))


def swapped_colours(clip: Clip) -> Clip:
    colours, names = clip[1].colours.copy(), clip[1].rig.names
    pair = [names.index("left_knee"), names.index("right_knee")]
    colours[pair] = colours[pair[::-1]]
    return clip[0], replace(clip[1], colours=colours)


def one_frame_missing(maps: Bytes) -> Bytes:
    return np.concatenate([maps[:4], np.zeros_like(maps[4:5]), maps[5:]])


def other_rotations(clip: Clip) -> Clip:
    rotations = clip[1].motion.rotations.copy()
    rotations[3:, 2] = [np.cos(0.05), np.sin(0.05), 0, 0]
    return clip[0], replace(clip[1], motion=replace(clip[1].motion, rotations=rotations))


FAULTS: dict[str, tuple[Callable[[Clip], Clip], str]] = {
    "two views swapped": (lambda clip: ([clip[0][1], clip[0][0], *clip[0][2:]], clip[1]), "degrees does not show"),
    "opposite views swapped": (lambda clip: ([clip[0][2], clip[0][1], clip[0][0], clip[0][3]], clip[1]), "not show"),
    "one view a frame late": (edited(1, lambda maps: np.concatenate([maps[:1], maps[:-1]])), "at 90 degrees"),
    "all views a frame early": (
        lambda clip: ([encoded(np.concatenate([maps[1:], maps[-1:]])) for maps in map(video.decode, clip[0])], clip[1]),
        "most of all",
    ),
    "one view mirrored": (edited(3, lambda maps: maps[:, :, ::-1]), "at 270 degrees"),
    "one view black": (edited(2, np.zeros_like), "at 180 degrees"),
    "one view frozen": (edited(0, lambda maps: np.repeat(maps[:1], FRAMES, axis=0)), "at 0 degrees"),
    "one frame missing": (edited(1, one_frame_missing), "at 90 degrees"),
    "red and blue swapped": (edited(0, lambda maps: maps[..., ::-1]), "at 0 degrees"),
    "another azimuth": (lambda clip: turned(clip, 1, 2.0), "at 90 degrees"),
    "half a pixel": (other_cameras(lambda clip: shifted(clip, 0.5, 0.5)), "most of all"),
    "colours of two joints swapped": (swapped_colours, "_knee'"),
    "other rotations": (other_rotations, "stored rotations"),
    "a frame too few": (edited(2, lambda maps: maps[:-1]), f"180 degrees has {FRAMES - 1} frames, the clip {FRAMES}"),
    "a frame too many": (
        edited(2, lambda maps: np.concatenate([maps, maps[-1:]])),
        f"has {FRAMES + 1} frames, the clip {FRAMES}",
    ),
    "another size": (edited(0, lambda maps: maps[:, :, :240]), "0 degrees is 240x256 px, the clip 256x256"),
    "a view too few": (lambda clip: (clip[0][:3], clip[1]), "3 pose videos for 4 cameras"),
    "a video cut short": (lambda clip: ([clip[0][0][:900], *clip[0][1:]], clip[1]), "0 degrees cannot be read"),
    "no video at all": (lambda clip: ([b"", *clip[0][1:]], clip[1]), "0 degrees cannot be read"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_where_it_is(fault: str, sound: Clip) -> None:
    put_in, words = FAULTS[fault]
    with pytest.raises(Refusal) as refusal:
        gate(put_in(sound))
    assert refusal.value.code == Reject.ROUND_TRIP and words in refusal.value.message
    if refusal.value.limit is not None:
        assert refusal.value.measured is not None and refusal.value.measured > refusal.value.limit >= LIMIT_PX


def test_a_few_discs_among_many_are_enough_to_be_refused(sound: Clip) -> None:
    """Two of 25 joints are enough to be over a 90th percentile; one is not, and neither is one frame of many."""
    measured = round_trip(read_pose_videos(*sound), sound[1], radius_px=RADIUS_PX)
    assert measured.view and measured.joint and measured.frame
    for kind, words in (("joint", "'nose' is elsewhere"), ("frame", "frame nose is another one")):
        off = replace(getattr(measured, kind), px=1.4, found_px=1.4, what="nose", azimuth_deg=90.0)
        with pytest.raises(Refusal, match=f"at 90 degrees .*{words}") as refusal:
            check(replace(measured, **{kind: off}), limit_px=LIMIT_PX, radius_px=RADIUS_PX)
        assert refusal.value.limit == RADIUS_PX / 2


# Small discs, whose edges blended look like other joints' colours; many lines, which look like noise; joints that two
# opposite views alone show, so that nobody knows where to look for them.
SOUND = {"small discs": (20, 0, 1.6), "crowded": (64, 2, RADIUS_PX), "small and crowded": (64, 2, 1.6)}


@pytest.mark.parametrize("kind", SOUND)
def test_discs_that_are_whole_and_in_place_pass_in_small_pictures(kind: str) -> None:
    num_joints, seed, radius_px = SOUND[kind]
    made = strewn(num_joints, seed=seed, radius_px=radius_px, reach=(1.1, 0.5, 0.8), side_px=256)
    videos, geometry = stored(made)
    maps = read_pose_videos(videos, geometry)
    measured = round_trip(maps, geometry, radius_px=radius_px)
    check(measured, limit_px=LIMIT_PX, radius_px=radius_px)
    assert measured.view and measured.joint and measured.frame
    assert measured.view.num_judged > 100 and measured.view.num_missing <= 0.02 * measured.view.num_judged
    assert max(measured.view.px, measured.joint.px, measured.frame.px) < LIMIT_PX
    # One of these discs painted over is missed, in a view of its own.
    drawn = np.flatnonzero(geometry.drawn)
    joint = geometry.rig.names.index(measured.joint.what)
    view = [camera.azimuth_deg for camera in geometry.cameras].index(measured.joint.azimuth_deg)
    assert joint in drawn
    for frame, (x, y) in enumerate(geometry.joints_px[view, :, joint]):
        cv2.circle(maps[view, frame], (round(float(x)), round(float(y))), math.ceil(radius_px) + 1, (0, 0, 0), -1)
    with pytest.raises(Refusal, match=f"'{measured.joint.what}'$") as refusal:
        check(round_trip(maps, geometry, radius_px=radius_px), limit_px=LIMIT_PX, radius_px=radius_px)
    assert "are not found" in refusal.value.message and refusal.value.measured is None


def test_what_is_not_found_is_not_said_to_be_elsewhere(sound: Clip) -> None:
    words = "of [0-9]+ discs that nothing covers are not found"
    with pytest.raises(Refusal, match=f"at 180 degrees .*: [0-9]+ {words}, most of all '") as dark:
        gate(edited(2, np.zeros_like)(sound))
    with pytest.raises(Refusal, match=f"at 90 degrees .*{words}, in frame 4$") as missing:
        gate(edited(1, one_frame_missing)(sound))
    assert all((found.value.measured, found.value.limit) == (None, None) for found in (dark, missing))


def test_bones_that_stretch_and_joints_that_hide_each_other_are_no_faults() -> None:
    made = scene(FRAMES, width_px=256, height_px=256, radius_px=RADIUS_PX)
    translations = made.motion.translations.copy()
    head, knee, thigh = (made.rig.names.index(name) for name in ("crown", "left_knee", "left_thigh"))
    translations[:, head, 2] = np.linspace(0, 0.1, FRAMES)  # a neck that grows
    # A knee that shrinks into the joint above: at the end both are in one place in every view.
    translations[:, knee] += np.linspace(0, 1, FRAMES)[:, None] * (
        made.rig.rest_joints[thigh] - made.rig.rest_joints[knee]
    )
    motion = Motion(rotations=made.motion.rotations, translations=translations, fps=16.0)
    joints = skeleton.forward(made.rig, motion)[0]
    assert np.linalg.norm(joints[-1, knee] - joints[-1, thigh]) < 1e-9
    measured = gate(stored(replace(made, motion=motion, joints=joints)))
    assert measured.view and measured.view.px < LIMIT_PX


def test_without_two_views_apart_nothing_is_said_of_3d_and_the_videos_are_judged_all_the_same(sound: Clip) -> None:
    videos, geometry = sound
    for views in ([0], [0, 2]):
        some = replace(geometry, cameras=tuple(geometry.cameras[view] for view in views))
        kept = [videos[view] for view in views]
        measured = gate((kept, some))
        assert measured.view and measured.mpjpe_pct is None and measured.usable_share is None
        with pytest.raises(Refusal):
            gate(([videos[1], *kept[1:]], some))


def test_discs_are_clear_where_the_drawn_map_shows_all_of_their_pixels() -> None:
    rng = np.random.default_rng(3)
    num, size, radius_px = 30, 90, 4.0
    pixels, depth = rng.uniform(-3, size + 3, (num, 2)), rng.permutation(num) + 1.0
    colours = posemap.palette(num)
    drawing = {
        "parents": np.full(num, -1),
        "drawn": np.ones(num, dtype=bool),
        "colours": colours,
        "width_px": size,
        "height_px": size,
        "radius_px": radius_px,
    }
    together = posemap.draw(pixels, depth, **drawing)
    clear = clear_discs(pixels[None, None], depth[None, None], size_px=(size, size), radius_px=radius_px)[0, 0]
    for joint in range(num):
        alone = posemap.draw(pixels, depth, **drawing | {"drawn": np.arange(num) == joint})
        own = (alone == colours[joint]).all(axis=-1)
        if clear[joint]:
            assert own.sum() > 3.14 * (radius_px - 1) ** 2 and (together[own] == colours[joint]).all()
    # What is not clear leaves the picture or lies under another disc, and the rest is not thrown away with it.
    gaps = np.linalg.norm(pixels[:, None] - pixels, axis=-1)
    under = ((gaps < 2 * radius_px + 1) & (depth < depth[:, None])).any(axis=1)
    inside = (np.abs(pixels - size / 2) <= size / 2 - radius_px).all(axis=1)
    assert (clear == (inside & ~under)).all() and 5 < clear.sum() < num - 5


def test_a_clip_without_any_disc_cannot_be_judged_and_is_not_refused(sound: Clip) -> None:
    geometry = replace(
        sound[1],
        joints=sound[1].joints + np.float32(50),
        motion=replace(
            sound[1].motion,
            translations=sound[1].motion.translations
            + skeleton.moved_roots(sound[1].rig.parents, np.full((FRAMES, 3), 50.0)),
        ),
    )
    measured = gate(([encoded(np.zeros((FRAMES, 256, 256, 3), np.uint8))] * 4, geometry))
    assert measured.columns()["round_trip_px"] is None and measured.view is None


def test_the_stage_reads_the_files_that_lie_in_the_clips_folder(sound: Clip, tmp_path: Path) -> None:
    videos, geometry = sound
    demo = RenderSettings.from_json(load("demo").profile.render.model_dump(mode="json"))
    render = replace(demo, max_round_trip_px=LIMIT_PX, joint_radius_px=5, height_px=256)
    for view, data in enumerate(videos):
        (tmp_path / pose_video(view)).write_bytes(data)
    assert verify(tmp_path, geometry, render) == gate(sound).columns()
    (tmp_path / pose_video(1)).write_bytes(videos[3])
    with pytest.raises(Refusal, match="at 90 degrees"):
        verify(tmp_path, geometry, render)
    (tmp_path / pose_video(1)).unlink()
    assert verify(tmp_path, geometry, replace(render, max_round_trip_px=None)) == dict.fromkeys(gate(sound).columns())
