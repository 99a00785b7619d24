from __future__ import annotations

import numpy as np
import pytest

from rigmill.clips.camera import project
from rigmill.posemaps import posemap
from rigmill.reconstruct.joints.jumps import fill, outliers
from rigmill.reconstruct.reconstruct import BadMaps, reconstruct
from rigmill.types import Bools, Bytes
from tests.support.pose_scenes import Scene, scene


def faulty(made: Scene, *, lost: Bools, exchanged: Bools) -> Bytes:
    """Maps in which joints `lost` (T, J) are not drawn and the two of a frame that are `exchanged` swap colours."""
    videos = []
    for camera in made.cameras:
        pixels, depth = project(camera, made.joints)
        frames = []
        for frame, (places, away) in enumerate(zip(pixels, depth)):
            colours = made.colours.copy()
            pair = np.flatnonzero(exchanged[frame])
            colours[pair] = colours[pair[::-1]]
            frames.append(
                posemap.draw(
                    places,
                    away,
                    parents=made.rig.parents,
                    drawn=~lost[frame],
                    colours=colours,
                    width_px=camera.width_px,
                    height_px=camera.height_px,
                    radius_px=made.radius_px,
                )
            )
        videos.append(frames)
    return np.array(videos)


def test_missing_and_swapped_joints_are_flagged_and_filled_and_others_are_not() -> None:
    made = scene(40, width_px=416, height_px=300, radius_px=3)
    rng = np.random.default_rng(5)
    lost, exchanged = (np.zeros((40, 25), dtype=bool) for _ in range(2))
    for frame in range(40):
        chosen = rng.permutation(25)[:3]
        lost[frame, chosen[0]], exchanged[frame, chosen[1:]] = True, True
    found = reconstruct(
        faulty(made, lost=lost, exchanged=exchanged),
        cameras=made.cameras,
        rig=made.rig,
        drawn=made.drawn,
        colours=made.colours,
        radius_px=made.radius_px,
        fps=16.0,
    )
    flagged, wrong = found.missing | found.swapped, lost | exchanged
    assert (flagged & wrong).sum() >= 0.9 * wrong.sum()
    assert (flagged & wrong).sum() >= 0.9 * flagged.sum()
    assert found.missing[lost].mean() > 0.95
    assert not (found.missing & found.swapped).any() and not (flagged & found.usable).any()
    errors = 100 * np.linalg.norm(found.triangulated - made.joints, axis=-1)
    assert np.median(errors) < 0.01
    assert np.median(errors[lost]) < 0.5  # filled from neighbours in time


def test_fast_motion_is_not_odd_while_bones_keep_their_length() -> None:
    parents = np.array([-1, 0, 1])
    turn = np.cumsum(np.random.default_rng(0).normal(scale=0.8, size=30))
    tip = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=-1)
    joints = np.stack([0 * tip, tip, 2 * tip], axis=1)
    agreed = np.ones((30, 3), dtype=bool)
    lengths = np.array([np.nan, 1.0, 1.0])
    assert not outliers(joints, agreed, parents=parents, lengths=lengths, size=2.0).any()
    steady = 0.2 * np.arange(30)
    tip = np.stack([np.cos(steady), np.sin(steady), 0 * steady], axis=-1)
    joints = np.stack([0 * tip, tip, 2 * tip], axis=1)
    joints[12, 2] = [1.5, -1.5, 0.3]
    assert np.argwhere(outliers(joints, agreed, parents=parents, lengths=lengths, size=2.0)).tolist() == [[12, 2]]


def test_gaps_are_filled_by_the_cubic_through_their_neighbours() -> None:
    t = np.arange(12.0)
    values = np.stack([0.1 * t**3 - t**2 + 3, 2 * t], axis=-1)
    known = np.ones(12, dtype=bool)
    known[[5, 6, 0]] = False
    filled = np.where(known[:, None], values, 0.0)
    fill(filled, known, True)
    assert np.allclose(filled[1:], values[1:])
    assert np.allclose(filled[0], values[1])  # nothing before: the nearest


def test_one_view_alone_gives_nothing_that_is_called_usable() -> None:
    made = scene(3)
    pixels, depth = project(made.cameras[0], made.joints)
    maps = np.array(
        [
            [
                posemap.draw(
                    places,
                    away,
                    parents=made.rig.parents,
                    drawn=made.drawn,
                    colours=made.colours,
                    width_px=832,
                    height_px=480,
                    radius_px=3,
                )
                for places, away in zip(pixels, depth)
            ]
        ]
    )
    found = reconstruct(
        maps, cameras=made.cameras[:1], rig=made.rig, drawn=made.drawn, colours=made.colours, radius_px=3, fps=16.0
    )
    assert found.missing.all() and not found.usable.any()
    assert np.isfinite(found.joints).all()


def test_pieces_that_do_not_belong_together_are_named() -> None:
    made = scene(2)
    maps = np.zeros((4, 2, 48, 64, 3), dtype=np.uint8)
    good = {"cameras": made.cameras, "rig": made.rig, "drawn": made.drawn, "colours": made.colours, "radius_px": 3.0}
    broken = made.cameras[1].__class__(
        azimuth_deg=0,
        intrinsics=made.cameras[1].intrinsics,
        world_to_view=np.full((4, 4), np.nan),
        width_px=832,
        height_px=480,
    )
    for changed, message in (
        ({"cameras": made.cameras[:3]}, "4 views of pose maps and 3 cameras"),
        ({"cameras": (*made.cameras[:3], broken)}, "camera 3 holds numbers that are not finite"),
        ({"drawn": made.drawn[:5]}, "a rig of 25 joints, 5 drawn"),
        ({"drawn": np.zeros(25, dtype=bool)}, "no joint is drawn"),
        ({"radius_px": float("nan")}, "a radius of nan px"),
    ):
        with pytest.raises(BadMaps, match=message):
            reconstruct(maps, **(good | changed), fps=16.0)  # type: ignore[arg-type]
    for wrong in (maps[0], maps.astype(np.float32), maps[:, :0], maps[..., :1]):
        with pytest.raises(BadMaps, match="pose maps are"):
            reconstruct(wrong, **good, fps=16.0)  # type: ignore[arg-type]
