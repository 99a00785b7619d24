"""A GLB is played as the file says, held against scipy and numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation, Slerp

from eval.bodies.gltf.animation import rate_of
from eval.bodies.play import play_glb
from eval.bodies.unplayable import Unplayable
from tests.support.files.crafted_glb import TRIANGLE, CraftedGlb
from tests.support.files.gltf_truth import node_places
from tests.support.files.tiny_glb import door, turn


def ours(places):
    """glTF places in the project's world."""
    x, y, z = np.moveaxis(np.asarray(places, dtype=float), -1, 0)
    return np.stack([x, -z, y], axis=-1)


def still(made):
    return play_glb(made.to_bytes()).vertices[0]


def test_nodes_carry_their_meshes_over_time(tmp_path):
    data = door().write(tmp_path / "door.glb").read_bytes()
    body = play_glb(data, fps=4, num_frames=11)
    assert (body.fps, body.num_frames, body.faces.shape) == (4, 11, (36, 3))
    for frame in range(11):
        places = node_places(data, "open", frame / 4)
        boxes = body.vertices[frame].reshape(3, 8, 3).mean(axis=1)  # of a box its node is the middle
        np.testing.assert_allclose(boxes, [places["frame"], places["leaf"], places["handle"]], atol=1e-6)
    np.testing.assert_allclose(body.vertices[9:], body.vertices[[8, 8]], atol=1e-12)  # held after the last key
    at_rest = [node_places(data, None, 0)[name] for name in ("frame", "leaf", "handle")]
    np.testing.assert_allclose(body.rest.reshape(3, 8, 3).mean(axis=1), at_rest, atol=1e-6)


def test_a_moving_node_with_a_mesh_is_a_joint_and_its_turn_counts_from_rest(tmp_path):
    body = play_glb(door().write(tmp_path / "door.glb").read_bytes(), fps=1)
    assert body.bones is not None
    assert body.bones.names == ("hinge",) and body.bones.parents.tolist() == [-1]
    np.testing.assert_allclose(body.bones.rest, ours([[-1.0, 0, 0.4]]), atol=1e-6)  # the wrapper doubles
    wanted = Rotation.from_euler("z", [[30], [60], [90]], degrees=True).as_matrix()  # about glTF's Y, which is our Z
    np.testing.assert_allclose(body.bones.turns[:, 0], wanted, atol=1e-6)


def test_without_a_rate_keys_say_it_and_the_last_one_ends_it(tmp_path):
    made = door()
    made.animations.clear()
    made.animate("open", 3, "rotation", np.arange(17) / 16, [turn(1, 5.0 * k) for k in range(17)])
    body = play_glb(made.write(tmp_path / "door.glb").read_bytes())
    assert (body.fps, body.num_frames) == (16.0, 17)


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        (np.arange(81) / 16, 16),
        (1 / 24 + np.arange(10) / 24, 24),
        (np.array([0, 1, 4, 5, 12]) / 30, 30),  # a tool left out keys that change nothing
        (np.array([0, 2, 5]) / 30, 30),  # no two keys are one frame apart
        (np.array([0, 0.5]), 2),
        (np.arange(9) / 29.97, 29.97),
        (np.array([0, 1 / 7, np.sqrt(2) / 7, 3.14159]), None),
        (np.array([1.5]), None),
        (np.zeros(0), None),
    ],
)
def test_the_rate_is_the_coarsest_grid_that_all_keys_lie_on(times, rate):
    found = rate_of(np.asarray(times, dtype="f4").astype(float))
    assert found == rate if rate is None else found == pytest.approx(rate, rel=1e-4)


def test_keys_on_no_grid_are_refused_until_a_rate_is_given():
    made = CraftedGlb()
    made.node(mesh=made.mesh(made.triangle()))
    made.animate(0, "translation", [0, 1 / 7, 0.2020305, 3.14159], [[k, 0, 0] for k in range(4)])
    with pytest.raises(Unplayable, match="even grid"):
        play_glb(made.to_bytes())
    assert play_glb(made.to_bytes(), fps=10).num_frames == 32


def test_rotations_go_the_short_way_at_constant_speed_as_scipy_has_it():
    keys = Rotation.random(4, random_state=3)
    quaternions = keys.as_quat() * [[1], [-1], [1], [-1]]  # both signs are one rotation
    made = CraftedGlb()
    made.node(mesh=made.mesh(made.triangle()))
    made.animate(0, "rotation", [0, 0.5, 1, 1.5], quaternions)
    body = play_glb(made.to_bytes(), fps=20)
    wanted = Slerp([0, 0.5, 1, 1.5], keys)(np.arange(31) / 20).as_matrix() @ np.array(TRIANGLE, float).T
    np.testing.assert_allclose(body.vertices, ours(wanted.transpose(0, 2, 1)), atol=1e-6)


def test_cubic_splines_are_hermites_of_their_tangents():
    random = np.random.default_rng(0)
    times, values = np.array([0.0, 0.4, 1.0]), random.normal(size=(3, 3))
    arriving, leaving = random.normal(size=(2, 3, 3))
    made = CraftedGlb()
    made.node(mesh=made.mesh(made.triangle()))
    made.animate(0, "translation", times, np.stack([arriving, values, leaving], axis=1), "CUBICSPLINE")
    body = play_glb(made.to_bytes(), fps=10)
    now = np.arange(11) / 10
    for first in (0, 1):
        part = (now >= times[first] - 1e-9) & (now <= times[first + 1] + 1e-9)
        slopes = np.stack([leaving[first], arriving[first + 1]])
        wanted = CubicHermiteSpline(times[first : first + 2], values[first : first + 2], slopes)(now[part])
        np.testing.assert_allclose(body.vertices[part, 0], ours(wanted), atol=1e-5)


def test_steps_last_until_the_next_key():
    made = CraftedGlb()
    made.node(mesh=made.mesh(made.triangle()))
    made.animate(0, "translation", [0, 1, 2], [[0, 0, 0], [5, 0, 0], [7, 0, 0]], "STEP")
    assert play_glb(made.to_bytes(), fps=2).vertices[:, 0, 0].tolist() == [0, 0, 5, 5, 7]


def test_weights_of_morph_targets_move_vertices_and_the_mesh_names_them_at_rest():
    made = CraftedGlb()
    up = made.accessor([[0, 1, 0]] * 3)
    sideways = made.accessor([[2, 0, 0], [0, 0, 0], [0, 0, 0]])
    primitive = made.triangle() | {"targets": [{"POSITION": up}, {"POSITION": sideways}]}
    made.node(mesh=made.mesh(primitive, weights=[0.5, 0.25]))
    made.animate(0, "weights", [0, 1], [[0, 0], [1, 0.5]])
    body = play_glb(made.to_bytes(), fps=2)
    np.testing.assert_allclose(body.rest, ours(np.array(TRIANGLE) + [0, 0.5, 0] + [[0.5, 0, 0], [0] * 3, [0] * 3]))
    np.testing.assert_allclose(body.vertices[1], ours(np.array(TRIANGLE) + [[0.5, 0.5, 0], [0, 0.5, 0], [0, 0.5, 0]]))
    assert body.bones is None


def skinned(joints, weights, **more):
    """A triangle on three joints along x, at 0, 1 and 2, of which the second turns; its own node is far away."""
    made = CraftedGlb()
    attributes = {}
    for number, (indices, shares) in enumerate(zip(joints, weights)):
        attributes |= {
            f"JOINTS_{number}": made.accessor(indices, "uint8"),
            f"WEIGHTS_{number}": made.accessor(shares, **more),
        }
    made.node(name="mesh", mesh=made.mesh(made.triangle(**attributes)), skin=0, translation=[100, 0, 0])
    made.node(name="a", children=[2])
    made.node(name="b", translation=[1, 0, 0], children=[3])
    made.node(name="c", translation=[1, 0, 0])
    made.document["scenes"][0]["nodes"] = [0, 1]
    binds = np.tile(np.eye(4), (3, 1, 1))
    binds[:, 3, 0] = [0, -1, -2]  # columns first
    made.document["skins"].append({"joints": [1, 2, 3], "inverseBindMatrices": made.accessor(binds)})
    made.animate(2, "rotation", [0, 1], [turn(2, 0), turn(2, 90)])
    return made


def test_a_skin_blends_its_joints_and_ignores_its_own_node():
    weights = [[1, 0, 0, 0], [0.25, 0.75, 0, 0], [0, 0, 1, 0]]
    body = play_glb(skinned([[[0, 1, 2, 0]] * 3], [weights]).to_bytes(), fps=1)
    np.testing.assert_allclose(body.rest, ours(TRIANGLE), atol=1e-6)
    about = Rotation.from_euler("z", 90, degrees=True).apply(np.array(TRIANGLE) - [1.0, 0, 0]) + [1, 0, 0]
    share = np.array([0, 0.75, 1])[:, None]  # joint 2 turns with joint 1
    np.testing.assert_allclose(body.vertices[1], ours(share * about + (1 - share) * TRIANGLE), atol=1e-6)
    assert body.bones is not None and body.bones.names == ("a", "b", "c")
    assert body.bones.parents.tolist() == [-1, 0, 1]
    np.testing.assert_allclose(body.bones.joints[1], ours([[0, 0, 0], [1, 0, 0], [1, 1, 0]]), atol=1e-6)
    angles = [Rotation.from_matrix(matrix).magnitude() for matrix in body.bones.turns[1]]
    np.testing.assert_allclose(np.degrees(angles), [0, 90, 90], atol=1e-4)


def test_a_second_set_of_weights_counts_and_sums_need_not_be_one():
    once = skinned([[[0, 1, 2, 0]] * 3], [[[0.2, 0.8, 0, 0]] * 3])
    parts = skinned([[[0, 0, 0, 0]] * 3, [[1, 1, 0, 0]] * 3], [[[0.1, 0, 0, 0]] * 3, [[0.3, 0.1, 0, 0]] * 3])
    wanted = play_glb(once.to_bytes(), fps=1).vertices
    np.testing.assert_allclose(play_glb(parts.to_bytes(), fps=1).vertices, wanted, atol=1e-6)


def test_a_vertex_on_no_joint_stays_with_its_node_even_if_its_weights_are_nan():
    broken = [[1, 0, 0, 0], [np.nan] * 4, [0, 0, 0, 0]]
    body = play_glb(skinned([[[0, 1, 2, 0]] * 3], [broken]).to_bytes(), fps=1)
    np.testing.assert_allclose(body.vertices[1], ours([[0, 0, 0], [101, 0, 0], [100, 1, 0]]), atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "normalised", "stored", "meant"),
    [
        ("int16", True, [[32767, -32768, -32767]] * 3, [1, -1, -1]),
        ("int8", False, [[100, -100, 5]] * 3, [100, -100, 5]),
        ("uint16", True, [[65535, 0, 13107]] * 3, [1, 0, 0.2]),
    ],
)
def test_quantised_places_are_read(dtype, normalised, stored, meant):
    made = CraftedGlb()
    made.document["extensionsRequired"] = ["KHR_mesh_quantization"]
    made.node(mesh=made.mesh({"attributes": {"POSITION": made.accessor(stored, dtype, normalized=normalised)}}))
    np.testing.assert_allclose(still(made)[0], ours(meant), atol=1e-6)


def test_interleaved_and_sparse_accessors_are_read():
    made = CraftedGlb()
    rows = np.zeros(3, [("place", "<f4", 3), ("filler", "<f4", 2)])
    rows["place"], rows["filler"] = TRIANGLE, 9
    view = made.view(rows.tobytes(), byteStride=20)
    replaced = {
        "count": 1,
        "indices": {"bufferView": made.view(np.array([2], "<u2").tobytes()), "componentType": 5123},
        "values": {"bufferView": made.view(np.array([[7, 8, 9]], "<f4").tobytes())},
    }
    for dense in ({"bufferView": view}, {}):  # without a view all is zero
        made.document["accessors"].append(
            {"componentType": 5126, "count": 3, "type": "VEC3", "sparse": replaced} | dense
        )
    last = len(made.document["accessors"]) - 1
    made.node(mesh=made.mesh(*({"attributes": {"POSITION": last - k}} for k in (1, 0))))
    np.testing.assert_allclose(still(made)[:3], ours([[0, 0, 0], [1, 0, 0], [7, 8, 9]]))
    np.testing.assert_allclose(still(made)[3:], ours([[0, 0, 0], [0, 0, 0], [7, 8, 9]]))


def test_strips_and_fans_are_triangles_that_all_face_one_way():
    made = CraftedGlb()
    strip = made.triangle([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]) | {"mode": 5}
    fan = made.triangle([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]) | {"mode": 6}
    points = made.triangle() | {"mode": 0}
    made.node(mesh=made.mesh(strip, points, fan))
    body = play_glb(made.to_bytes())
    assert body.faces.shape == (4, 3)
    a, b, c = np.moveaxis(body.rest[body.faces], 1, 0)
    np.testing.assert_allclose(np.cross(b - a, c - a), np.tile(ours([0, 0, 1]), (4, 1)))


def test_primitives_that_share_their_vertices_have_them_once():
    made = CraftedGlb()
    shared = made.triangle([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    parts = [shared | {"indices": made.accessor(corners, "uint16")} for corners in ([0, 1, 2], [1, 3, 2])]
    made.node(mesh=made.mesh(*parts))
    body = play_glb(made.to_bytes())
    assert len(body.rest) == 4 and body.faces.tolist() == [[0, 1, 2], [1, 3, 2]]


def test_colours_textures_and_where_they_lie(tmp_path):
    import cv2

    made = CraftedGlb()
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 1] = (0, 0, 255)  # red in cv2's order, top right
    made.document["images"] = [{"bufferView": made.view(cv2.imencode(".png", picture)[1].tobytes())}]
    made.document["textures"] = [{"source": 0}]
    moved = {"KHR_texture_transform": {"offset": [0.5, 0.25], "scale": [2, 3]}}
    made.document["materials"] = [
        {"pbrMetallicRoughness": {"baseColorFactor": [0.1, 0.2, 0.3, 0.5]}},
        {
            "alphaMode": "MASK",
            "pbrMetallicRoughness": {"baseColorTexture": {"index": 0, "texCoord": 1, "extensions": moved}},
        },
    ]
    uv = {f"TEXCOORD_{k}": made.accessor([[k, 0], [k, 1], [k, 1]]) for k in (0, 1)}
    made.node(
        mesh=made.mesh(
            made.triangle() | {"material": 0},
            made.triangle(COLOR_0=made.accessor([[255, 0, 0]] * 3, "uint8", normalized=True), **uv) | {"material": 1},
            made.triangle(),
        )
    )
    look = play_glb(made.to_bytes()).look
    assert look is not None and look.material.tolist() == [0, 1, 2]
    np.testing.assert_allclose(look.colours, [[0.1, 0.2, 0.3, 1], [1, 1, 1, 1], [1, 1, 1, 1]])  # opaque: no alpha
    assert look.cutoffs == (None, 0.5, None) and look.textures[0] is None and look.textures[2] is None
    assert look.textures[1] is not None and look.textures[1][0, 1].tolist() == [255, 0, 0, 255]
    assert look.corner_uv is not None and look.corner_colours is not None
    np.testing.assert_allclose(look.corner_uv[1], [[2.5, 0.25], [2.5, 3.25], [2.5, 3.25]])
    np.testing.assert_allclose(look.corner_colours[:, 0], [[1, 1, 1, 1], [1, 0, 0, 1], [1, 1, 1, 1]])


def test_a_vrm_0_faces_the_way_that_the_pipeline_turns_it():
    made = CraftedGlb()
    made.node(mesh=made.mesh(made.triangle()))
    plain = still(made)
    made.document["extensions"] = {"VRM": {}}
    np.testing.assert_allclose(still(made), plain * [-1, -1, 1])


def test_names_that_repeat_are_numbered():
    made = skinned([[[0, 1, 2, 0]] * 3], [[[1, 0, 0, 0]] * 3])
    for node in made.document["nodes"]:
        node["name"] = "bone"
    bones = play_glb(made.to_bytes()).bones
    assert bones is not None and bones.names == ("bone", "bone.001", "bone.002")
