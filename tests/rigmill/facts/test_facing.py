"""The front of a rig at rest: what says where it is, and that the first camera stands there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.world.looks.naming import written
from curate.world.make import make_body
from curate.world.plans import plans
from rigmill.clips.camera import camera_ring
from rigmill.facts.facing import ASSUMED, FacingSource, find_facing
from rigmill.humanoid.maps import Skeletons
from rigmill.humanoid.names import humanoid_joints
from rigmill.types import Rig
from tests.support.curation import body

SKELETONS = Skeletons()
BOX = np.array([[-1.0, -1, -1], [1, 1, 1]])


def turned(rig: Rig, azimuth_deg: float) -> Rig:
    """The rig with its front, which is at -Y, at an azimuth."""
    turn = Rotation.from_euler("z", azimuth_deg, degrees=True)
    return replace(rig, rest_joints=turn.apply(rig.rest_joints))


def quadruped(*, sides: tuple[str, str] = ("L", "R")) -> Rig:
    """A beast that faces -Y, with a neck and a head, a tail, and legs called after their sides."""
    names, parents = ["Root", "Neck", "Head", "Tail"], [-1, 0, 1, 0]
    places = [[0, 0, 1], [0, -0.6, 1.1], [0, -0.9, 1.4], [0, 0.9, 0.9]]
    for end, y in (("Front", -0.5), ("Hind", 0.5)):
        for side, x in zip(sides, (0.2, -0.2)):
            start = len(names)
            names += [f"{end}{part}_{side}" for part in ("Leg", "Shin", "Foot")]
            parents += [0, start, start + 1]
            places += [[x, y, 0.9], [x, y, 0.45], [x, y - 0.1, 0.0]]
    return Rig(tuple(names), np.array(parents, dtype=np.int32), np.array(places, dtype=np.float64))


@pytest.mark.parametrize("azimuth_deg", [0.0, 90.0, 180.0, 270.0, 40.0])
def test_left_and_right_of_a_body_say_where_its_front_is(azimuth_deg: float) -> None:
    found = find_facing(turned(body(), azimuth_deg), {}, SKELETONS)
    assert (found.source, found.confidence) == (FacingSource.HUMANOID, 1.0)
    assert found.azimuth_deg == (azimuth_deg if azimuth_deg != 40 else pytest.approx(40))


def test_a_declared_map_says_it_where_no_name_does() -> None:
    rig = turned(body(), 90)
    plain = replace(rig, names=tuple(f"n{number}" for number in range(rig.num_joints)))
    declared = {bone: plain.names[joint] for bone, joint in humanoid_joints(rig.names).items()}
    found = find_facing(plain, declared, SKELETONS)
    assert (found.azimuth_deg, found.source) == (90.0, FacingSource.VRM)


@pytest.mark.parametrize("azimuth_deg", [0.0, 90.0, 180.0, 270.0])
def test_head_and_tail_say_it_of_a_beast_with_less_confidence(azimuth_deg: float) -> None:
    found = find_facing(turned(quadruped(), azimuth_deg), {}, SKELETONS)
    assert found.source is FacingSource.ESTIMATED and found.azimuth_deg == azimuth_deg
    assert 0.3 < found.confidence < 1.0


def test_sides_that_the_shape_speaks_against_are_not_believed() -> None:
    """Of a mirrored file, or of one whose left is the viewer's."""
    mirrored = find_facing(quadruped(sides=("R", "L")), {}, SKELETONS)
    assert mirrored.azimuth_deg == 0.0


def test_what_shows_no_front_is_left_as_it_is() -> None:
    door = Rig(("Frame", "Door"), np.array([-1, 0], dtype=np.int32), np.array([[0.0, 0, 0], [1.0, 0, 0]]))
    assert find_facing(door, {}, SKELETONS) == ASSUMED
    broken = replace(body(), rest_joints=body().rest_joints * np.nan)
    assert find_facing(broken, {}, SKELETONS) == ASSUMED


def test_generated_bodies_face_minus_y_and_keep_their_cameras() -> None:
    for plan in plans():
        for number in range(2):
            made = make_body(plan, number, 1)
            names = written(made.skeleton.names, made.style, is_person=made.is_person)
            heads = np.array([bone.head for bone in made.skeleton.bones])
            rig = Rig(tuple(names), np.array(made.skeleton.parents, dtype=np.int32), heads)
            assert find_facing(rig, {}, SKELETONS).azimuth_deg == 0.0, (plan, number)


def test_view_0_stands_before_the_front_and_90_on_the_left() -> None:
    def ring(front_deg: float) -> list[np.ndarray]:
        cameras = camera_ring(
            bounds=BOX,
            azimuths_deg=[0.0, 90.0],
            elevation_deg=0.0,
            width_px=64,
            height_px=64,
            field_of_view_deg=40.0,
            margin=0.1,
            front_deg=front_deg,
        )
        assert [camera.azimuth_deg for camera in cameras] == [0.0, 90.0]
        return [camera.position / np.linalg.norm(camera.position) for camera in cameras]

    np.testing.assert_allclose(ring(0.0), [[0, -1, 0], [1, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(ring(90.0), [[1, 0, 0], [0, 1, 0]], atol=1e-12)
    np.testing.assert_allclose(ring(180.0), [[0, 1, 0], [-1, 0, 0]], atol=1e-12)
