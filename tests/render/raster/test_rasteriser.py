"""The rasteriser against geometry and light that can be worked out by hand or by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest

from render.raster.occlusion import map_size
from render.raster.rasteriser import Rasteriser
from render.raster.types import Light, Look, Shape, Sun, Surface, Texture
from rigmill.clips.camera import pixel_rays, project
from tests.support.raster.meshes import (
    DARK,
    EVEN,
    MATTE,
    QUAD_UVS,
    front_camera,
    quad,
    subject,
    to_byte,
    to_linear,
    unlit,
)


def test_every_pixel_shows_the_nearest_triangle_that_a_ray_through_it_meets() -> None:
    random = np.random.default_rng(5)
    corners = random.uniform(-0.5, 0.5, (24, 3, 3))
    colours = random.uniform(0.1, 1.0, (24, 3))
    surface, shape = subject(corners, look=np.arange(24))
    camera = front_camera()
    looks = tuple(unlit(str(index), tuple(colour)) for index, colour in enumerate(colours.tolist()))
    (picture,) = Rasteriser(surface, looks, DARK).draw(shape, [camera])
    seen = picture.whole(64, 48)
    v, u = np.mgrid[0:48, 0:64] + 0.5
    rays = pixel_rays(camera, np.stack([u, v], axis=-1)).reshape(-1, 3)
    nearest = np.array([_first_hit(camera.position, ray, corners) for ray in rays]).reshape(48, 64)
    same = np.ones((48, 64), bool)  # away from edges, where pixels mix
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        for sign in (1, -1):
            same &= np.roll(nearest, (sign * shift[0], sign * shift[1]), (0, 1)) == nearest
    assert same.sum() > 1500
    expected = np.array([[to_byte(value) for value in colour] + [255] for colour in colours] + [[0, 0, 0, 0]])
    # An edge may pass between two pixel centres and cut a corner that no centre sees.
    wrong = (np.abs(seen.astype(int) - expected[nearest]).max(axis=-1) > 1) & same
    assert wrong.sum() <= 0.01 * same.sum()


def _first_hit(eye: np.ndarray, ray: np.ndarray, corners: np.ndarray) -> int:
    best, found = np.inf, -1
    for index, (a, b, c) in enumerate(corners):
        matrix = np.stack([b - a, c - a, -ray], axis=1)
        s, t, distance = np.linalg.solve(matrix, eye - a)
        if s >= 0 and t >= 0 and s + t <= 1 and 0 < distance < best:
            best, found = distance, index
    return found


def test_alpha_adds_up_to_the_projected_area() -> None:
    corners = np.array([[[-0.37, 0, -0.41], [0.43, 0, -0.11], [-0.05, 0, 0.39]]])
    camera = front_camera(160, 120)
    surface, shape = subject(corners)
    (picture,) = Rasteriser(surface, (Look("white"),), EVEN).draw(shape, [camera])
    (a, b, c), _ = project(camera, corners[0])
    area = abs(np.cross(b - a, c - a)) / 2
    assert picture.rgba[..., 3].sum() / 255 == pytest.approx(area, rel=2e-3)


def test_triangles_that_share_an_edge_leave_no_gap_and_hide_nothing_twice() -> None:
    fan = np.linspace(0, 2 * math.pi, 38)
    rim = np.stack([0.45 * np.cos(fan), 0 * fan, 0.45 * np.sin(fan)], axis=-1)
    corners = np.stack([np.zeros_like(rim[:-1]) + [0.013, 0, 0.021], rim[:-1], rim[1:]], axis=1)
    surface, shape = subject(corners)
    look = Look("glass", base=(0.5, 0.5, 0.5), alpha=0.5, alpha_mode="blend", unlit=True)
    (picture,) = Rasteriser(surface, (look,), DARK).draw(shape, [front_camera(160, 120)])
    centre = picture.rgba.shape[0] // 2
    inner = picture.rgba[centre - 28 : centre + 28, centre - 28 : centre + 28]
    assert set(inner[..., 3].reshape(-1).tolist()) <= {127, 128}


def test_a_texture_is_seen_in_perspective() -> None:
    # A floor that runs away from the camera; u and v are its own x and y.
    a, b, c, d = [-0.5, -0.5, -0.3], [0.5, -0.5, -0.3], [0.5, 0.5, 0.1], [-0.5, 0.5, 0.1]
    corners = np.array([[a, b, c], [a, c, d]], float)
    ramp = np.zeros((256, 256, 4), np.uint8)
    ramp[..., 0], ramp[..., 1], ramp[..., 3] = np.arange(256)[None], np.arange(256)[:, None], 255
    surface, shape = subject(corners, uvs=QUAD_UVS)
    camera = front_camera(160, 120)
    look = Look("ramp", base=(1, 1, 1), base_texture=Texture(ramp, 0, "extend"), unlit=True)
    (picture,) = Rasteriser(surface, (look,), DARK).draw(shape, [camera], extras=True)
    assert picture.depth is not None
    solid = np.argwhere(picture.rgba[..., 3] == 255)
    pixels = solid[:, ::-1] + [picture.left_px + 0.5, picture.top_px + 0.5]
    rays = pixel_rays(camera, pixels)
    normal = np.cross(np.subtract(b, a), np.subtract(d, a))
    reach = ((np.array(a) - camera.position) @ normal) / (rays @ normal)
    places = camera.position + reach[:, None] * rays
    expected = (places[:, :2] + 0.5) * 256 - 0.5
    got = picture.rgba[solid[:, 0], solid[:, 1], :2]
    inner = (np.abs(expected - 127.5) < 120).all(axis=1)
    assert inner.sum() > 3000
    assert np.abs(got - expected)[inner].max() < 2.5 and np.abs(got - expected)[inner].mean() < 0.6
    _, depth = project(camera, places)
    assert np.abs(picture.depth[solid[:, 0], solid[:, 1]] - depth)[inner].max() < 0.01


def test_a_fine_texture_is_averaged_as_light() -> None:
    board = np.zeros((512, 512, 4), np.uint8)
    board[..., :3] = (255 * (np.indices((512, 512)).sum(axis=0) % 2))[..., None]
    board[..., 3] = 255
    surface, shape = subject(quad(), uvs=QUAD_UVS)
    look = Look("board", base=(1, 1, 1), base_texture=Texture(board, 0), unlit=True)
    (picture,) = Rasteriser(surface, (look,), DARK).draw(shape, [front_camera()])
    middle = picture.rgba[8:-8, 8:-8, 0].astype(int)
    assert np.abs(middle - to_byte(0.5)).max() <= 2


@pytest.mark.parametrize(("wrap", "expected"), [("repeat", 200), ("mirror", 50), ("extend", 200), ("clip", None)])
def test_outside_its_picture_a_texture_wraps_as_told(wrap: str, expected: int | None) -> None:
    two = np.full((1, 2, 4), 255, np.uint8)
    two[0, 0, :3], two[0, 1, :3] = 50, 200
    surface, shape = subject(quad(), uvs=QUAD_UVS * [0.02, 0.02] + [1.70 if wrap == "repeat" else 1.99, 0.5])
    if wrap == "mirror":
        surface, shape = subject(quad(), uvs=QUAD_UVS * 0.02 + [1.75, 0.5])
    texture = Texture(two, 0, wrap, nearest=True)  # type: ignore[arg-type]
    look = Look("two", base=(1, 1, 1), base_texture=texture, unlit=True)
    (picture,) = Rasteriser(surface, (look,), DARK).draw(shape, [front_camera()])
    middle = picture.rgba[picture.rgba.shape[0] // 2, picture.rgba.shape[1] // 2]
    assert middle[0] == (0 if expected is None else expected)


def test_layers_that_let_light_through_lie_over_each_other_in_their_order() -> None:
    corners = np.concatenate([quad(y=0.2), quad(y=-0.2), quad(y=0.0)])
    surface, shape = subject(corners, look=np.array([0, 0, 1, 1, 2, 2]))
    looks = (
        unlit("wall", (0.2, 0.6, 0.9)),
        Look("first", base=(1, 0, 0), alpha=0.25, alpha_mode="blend", unlit=True),
        Look("second", base=(0, 1, 0), alpha=0.5, alpha_mode="blend", unlit=True),
    )
    (picture,) = Rasteriser(surface, looks, DARK).draw(shape, [front_camera()])
    height, width = picture.rgba.shape[:2]
    behind = 0.5 * np.array([0, 1, 0]) + 0.5 * np.array([0.2, 0.6, 0.9])
    linear = 0.25 * np.array([1, 0, 0]) + 0.75 * behind
    assert np.abs(picture.rgba[height // 2, width // 2, :3] - [to_byte(value) for value in linear]).max() <= 1
    assert picture.rgba[height // 2, width // 2, 3] == 255


def test_a_cut_out_is_not_there_where_alpha_is_under_the_cutoff() -> None:
    sheet = np.full((2, 2, 4), 255, np.uint8)
    sheet[:, 0, 3] = 100
    surface, shape = subject(quad(), uvs=QUAD_UVS)
    for cutoff, share in ((0.5, 0.5), (0.3, 1.0)):
        texture = Texture(sheet, 0, "extend", nearest=True)
        look = Look("sheet", base_texture=texture, alpha_mode="clip", cutoff=cutoff)
        (picture,) = Rasteriser(surface, (look,), EVEN).draw(shape, [front_camera()])
        (whole,) = Rasteriser(surface, (Look("opaque", base_texture=texture),), EVEN).draw(shape, [front_camera()])
        covered = picture.rgba[..., 3].sum() / whole.rgba[..., 3].sum()
        assert covered == pytest.approx(share, abs=0.02)


def test_a_matte_wall_has_the_radiance_of_sky_and_sun() -> None:
    towards = np.array([0.4, -1.0, 0.7])
    light = Light((0.2, 0.3, 0.4), (Sun(tuple(towards.tolist()), 1.3, 20.0),))
    surface, shape = subject(quad())
    (picture,) = Rasteriser(surface, (Look("wall", base=(0.5, 0.5, 0.5), **MATTE),), light).draw(  # type: ignore[arg-type]
        shape, [front_camera()]
    )
    cosine = 1.0 / np.linalg.norm(towards)
    expected = 0.5 * (np.array([0.2, 0.3, 0.4]) + 1.3 / math.pi * cosine)
    got = [to_linear(value) for value in picture.rgba[20, 20, :3].tolist()]
    assert np.abs(np.array(got) - expected).max() < 0.006


@pytest.mark.parametrize("roughness", [0.1, 0.5, 1.0])
def test_a_white_metal_under_an_even_sky_gives_back_all_light(roughness: float) -> None:
    surface, shape = subject(quad())
    look = Look("furnace", base=(1, 1, 1), metallic=1.0, roughness=roughness)
    light = Light((0.5, 0.5, 0.5), ())
    (picture,) = Rasteriser(surface, (look,), light).draw(shape, [front_camera()])
    assert to_linear(int(picture.rgba[20, 20, 0])) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("size", [(160, 120), (320, 240)])  # a small map and a full one
def test_a_plate_darkens_what_it_hides_from_the_sun_and_nothing_else(size: tuple[int, int]) -> None:
    wall, plate = quad(y=0.3, half=0.45), quad(y=0.1, half=0.08, centre=(0.2, 0.2))
    surface, shape = subject(np.concatenate([wall, plate]), look=np.array([0, 0, 1, 1]))
    light = Light((0.0, 0.0, 0.0), (Sun((1.0, -1.0, 0.0), 2.0, 4.0),))
    looks = (Look("wall", **MATTE), Look("plate", **MATTE))  # type: ignore[arg-type]
    camera = front_camera(*size)
    (picture,) = Rasteriser(surface, looks, light).draw(shape, [camera])
    seen = picture.whole(*size)
    # The shadow falls along (-1, 1, 0): from x 0.2, y 0.1 to x 0.0, y 0.3.
    (shadow, lit), _ = project(camera, np.array([[0.0, 0.3, 0.2], [-0.3, 0.3, -0.2]]))
    dark = seen[int(shadow[1]), int(shadow[0]), 0]
    bright = seen[int(lit[1]), int(lit[0]), 0]
    assert to_linear(int(bright)) == pytest.approx(0.8 * 2.0 / math.pi * math.sqrt(0.5), abs=0.01)
    assert to_linear(int(dark)) < 0.15 * to_linear(int(bright))


def test_small_pictures_have_small_maps_and_from_256_pixels_on_all_have_the_largest() -> None:
    assert [map_size(picture_px) for picture_px in (16, 64, 128, 256, 832)] == [64, 64, 80, 160, 160]


def test_a_normal_map_turns_the_surface_to_a_sun_at_its_side() -> None:
    light = Light((0.0, 0.0, 0.0), (Sun((1.0, -1.0, 0.0), 2.0, 4.0),))
    bright = []
    for x in (-0.6, 0.0, 0.6):  # the sun is to the right, where u grows
        normal = np.array([x, 0.0, math.sqrt(1 - x * x)])
        pixels = np.full((4, 4, 4), 255, np.uint8)
        pixels[..., :3] = np.rint((normal * 0.5 + 0.5) * 255)
        surface, shape = subject(quad(), uvs=QUAD_UVS)
        look = Look("bumps", normal_texture=Texture(pixels, 0), **MATTE)  # type: ignore[arg-type]
        (picture,) = Rasteriser(surface, (look,), light).draw(shape, [front_camera()])
        bright.append(to_linear(int(picture.rgba[20, 20, 0])))
    cosines = [max(math.sqrt(0.5) * (x + math.sqrt(1 - x * x)), 0) for x in (-0.6, 0.0, 0.6)]
    # Slopes that face the light more than the wall does shade themselves a little.
    assert bright == pytest.approx([0.8 * 2.0 / math.pi * value for value in cosines], abs=0.02)


def test_a_subject_half_out_of_the_view_is_drawn_where_it_is() -> None:
    camera = front_camera()
    surface, shape = subject(quad(centre=(0.5, 0.0)))
    (picture,) = Rasteriser(surface, (Look("white"),), EVEN).draw(shape, [camera])
    whole = picture.whole(64, 48)
    (edge,), _ = project(camera, np.array([[0.1, 0.0, 0.0]]))
    assert (whole[24, : int(edge[0]) - 1, 3] == 0).all() and (whole[24, int(edge[0]) + 1 :, 3] == 255).all()


def test_the_same_subject_gives_the_same_bytes() -> None:
    corners = np.random.default_rng(1).uniform(-0.5, 0.5, (200, 3, 3))
    surface, shape = subject(corners)
    light = Light((0.6, 0.6, 0.6), (Sun((0.5, -0.8, 1.3), 1.5, 20.0),))
    cameras = [front_camera(azimuth_deg=angle) for angle in (0.0, 90.0)]
    first, second = (
        [picture.rgba.tobytes() for picture in Rasteriser(surface, (Look("white"),), light).draw(shape, cameras)]
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_a_vertex_that_is_nowhere_costs_its_triangles_alone(bad: float) -> None:
    surface, shape = subject(np.concatenate([quad(), quad(y=-0.2, half=0.1)]))
    light = Light((0.6, 0.6, 0.6), (Sun((0.5, -0.8, 1.3), 1.5, 20.0),))
    raster = Rasteriser(surface, (Look("white"),), light)
    vertices = shape.vertices.copy()
    vertices[6] = bad
    (picture,) = raster.draw(Shape(vertices, shape.normals), [front_camera()], extras=True)
    assert (picture.rgba[10:-10, 10:-10, 3] == 255).all()
    vertices[:] = bad
    (picture,) = raster.draw(Shape(vertices, shape.normals), [front_camera()], extras=True)
    assert picture.whole(64, 48).max() == 0


def test_what_has_no_area_pixels_or_coordinates_is_drawn_without_them() -> None:
    flat = np.concatenate([quad(), np.zeros((3, 3, 3)), np.repeat(quad()[:, :1], 3, axis=1)])
    surface, shape = subject(flat)
    nothing = Texture(np.zeros((0, 0, 4), np.uint8), 0)
    no_layer = Texture(np.full((2, 2, 4), 255, np.uint8), 3)
    for texture in (nothing, no_layer):
        look = Look("odd", base_texture=texture, surface_texture=texture, normal_texture=texture)
        (picture,) = Rasteriser(surface, (look,), EVEN).draw(shape, [front_camera()])
        assert picture.rgba[20, 20, 3] == 255


def test_no_triangles_at_all_give_an_empty_picture() -> None:
    empty = Surface(
        np.zeros((0, 3), np.int32),
        np.zeros((0, 3), np.int32),
        np.zeros(0, np.int32),
        np.zeros((0, 0, 2), np.float32),
        np.zeros((0, 4), np.float32),
    )
    shape = Shape(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
    (picture,) = Rasteriser(empty, (), EVEN).draw(shape, [front_camera()], extras=True)
    assert picture.size_px == (0, 0) and picture.whole(64, 48).max() == 0


def test_an_index_that_points_nowhere_is_refused_before_compiled_code_sees_it() -> None:
    surface, shape = subject(quad())
    raster = Rasteriser(surface, (Look("white"),), EVEN)
    with pytest.raises(ValueError, match="fewer vertices"):
        raster.draw(Shape(shape.vertices[:4], shape.normals), [front_camera()])
