"""GLBs are keyed anew, placed as a whole, and made of moving vertices; what they show is what it was."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from eval.bodies.importers.align import Similarity, onto_asset, similarity
from eval.bodies.importers.rewrite import moving_vertices, placed, retimed
from eval.bodies.play import Film, play_glb
from eval.bodies.unplayable import Unplayable
from tests.support.bench_clips import moving_door
from tests.support.files.crafted_glb import CraftedGlb
from tests.support.paths import ASSETS

CHANGE = Similarity(2.5, Rotation.from_euler("xyz", [20, -50, 130], degrees=True).as_matrix(), np.array([1.0, -2, 3]))


def test_another_rate_shows_the_same_at_its_moments():
    data = moving_door(np.linspace(0, 90, 61) ** 1.1, fps=30)
    again = retimed(data, fps=16, num_frames=25)
    film = Film.of(again)
    assert (film.fps, film.num_frames(16.0)) == (16.0, 25)
    wanted = play_glb(data, fps=16, num_frames=25).vertices
    np.testing.assert_allclose(play_glb(again).vertices, wanted, atol=1e-5)


def test_a_motion_starts_with_its_first_key_and_a_short_one_is_refused():
    late = moving_door(np.linspace(0, 90, 17), start_s=2.0)
    np.testing.assert_allclose(
        play_glb(retimed(late, fps=16, num_frames=17)).vertices,
        play_glb(moving_door(np.linspace(0, 90, 17))).vertices,
        atol=1e-5,
    )
    with pytest.raises(Unplayable, match=r"1\.00 s, and the clip 1\.50 s"):
        retimed(late, fps=16, num_frames=25)


def test_weights_of_morph_targets_are_keyed_anew_too():
    made = CraftedGlb()
    up, on = made.accessor([[0, 1, 0]] * 3), made.accessor([[0, 0, 1]] * 3)
    made.node(mesh=made.mesh(made.triangle() | {"targets": [{"POSITION": up}, {"POSITION": on}]}))
    made.animate(0, "weights", [0, 0.5, 1], [[0, 1], [1, 0], [0.5, 2]])
    data = made.to_bytes()
    wanted = play_glb(data, fps=8).vertices
    np.testing.assert_allclose(play_glb(retimed(data, fps=8, num_frames=9)).vertices, wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["Fox.glb", "Quaternius_Lever.glb"])
def test_a_placed_file_is_the_same_file_elsewhere(name):
    data = (ASSETS / name).read_bytes()
    before, after = play_glb(data, fps=8, num_frames=3), play_glb(placed(data, CHANGE), fps=8, num_frames=3)
    size = np.ptp(after.rest, axis=0).max()
    np.testing.assert_allclose(after.vertices, CHANGE(before.vertices), atol=1e-6 * size)
    np.testing.assert_allclose(after.rest, CHANGE(before.rest), atol=1e-6 * size)
    assert before.bones is not None and after.bones is not None
    np.testing.assert_allclose(after.bones.joints, CHANGE(before.bones.joints), atol=1e-6 * size)


def test_the_similarity_between_points_is_found_and_a_mirror_is_none():
    points = np.random.default_rng(1).normal(size=(40, 3))
    found = similarity(points, CHANGE(points))
    np.testing.assert_allclose(found.rotation, CHANGE.rotation, atol=1e-12)
    np.testing.assert_allclose([found.scale, *found.shift], [CHANGE.scale, *CHANGE.shift], atol=1e-12)
    assert onto_asset(points, points) == (None, 0.0)
    assert onto_asset(points, CHANGE(points))[1] < 1e-12
    assert onto_asset(points, points * [-1, 1, 1])[1] > 0.05


def test_moving_vertices_move_as_they_were_given_and_keep_their_look():
    fox = play_glb((ASSETS / "Fox.glb").read_bytes(), fps=8, num_frames=5)
    again = play_glb(moving_vertices(fox.vertices, fox.faces, fox.look, fps=8))
    assert (again.fps, again.num_frames) == (8.0, 5)
    np.testing.assert_allclose(again.vertices, fox.vertices, atol=1e-4)  # of 160
    np.testing.assert_array_equal(again.faces, fox.faces)
    assert fox.look is not None and again.look is not None
    assert fox.look.corner_uv is not None and again.look.corner_uv is not None
    np.testing.assert_allclose(again.look.corner_uv, fox.look.corner_uv, atol=1e-6)
    np.testing.assert_array_equal(again.look.textures[0], fox.look.textures[0])


def test_materials_keep_their_faces():
    horse = CraftedGlb()
    horse.document["materials"] = [
        {"pbrMetallicRoughness": {"baseColorFactor": [shade, 0, 0, 1], "roughnessFactor": 0.3}} for shade in (0.2, 0.7)
    ]
    horse.node(mesh=horse.mesh(horse.triangle() | {"material": 1}, horse.triangle() | {"material": 0}))
    body = play_glb(horse.to_bytes())
    again = play_glb(moving_vertices(body.vertices, body.faces, body.look, fps=8))
    assert again.look is not None and body.look is not None
    shades = {tuple(face): again.look.colours[index][0] for face, index in zip(again.faces, again.look.material)}
    wanted = {tuple(face): body.look.colours[index][0] for face, index in zip(body.faces, body.look.material)}
    assert shades == pytest.approx(wanted)
