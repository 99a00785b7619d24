"""All views of one frame, drawn on the processor by one thread."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from render.raster.brdf import make_tables
from render.raster.edges import make_outlines, refine
from render.raster.fragments import NO_PART, face_normals, gather
from render.raster.groups import Culling, Fragments, Frame, Layer, Lights, Mesh, Shaded, Spots, View
from render.raster.locate import NUM_FOUND, locate
from render.raster.occlusion import directions, look_from_around, map_size
from render.raster.openness import BLOCK_PX, NUM_SPOT, SURFACES, look_up_openness
from render.raster.pack import BLEND, CLIP, CUTOFF, ENCODED, IS_SHELL, MODE, pack
from render.raster.resolve import finish, lay, lay_over, note_extras
from render.raster.shade import body_colours, shade
from render.raster.solid import find_solid
from render.raster.texture import NUM_PREPARED
from render.raster.types import Light, Look, Picture, Shape, Surface
from render.raster.visibility import (
    FRONT,
    NUM_SAMPLES,
    SAMPLES,
    TILE_PX,
    find_bounds,
    find_tiles,
    project_vertices,
    scan,
)
from rigmill.types import Bools, Camera, Floats, Ints

MAX_LAYERS = 64  # of surfaces that let light through, as many as Cycles follows
NEAREST_DEPTH = 1e-4
_NO_TILES = np.zeros((0, 0), np.float32)
# What surfaces get that hide the sky from others: of its light, and of all suns' head-on. Fitted to Cycles.
HIDDEN_SKY, HIDDEN_SUNS = 0.8, 0.3


class Rasteriser:
    """Draws a subject. What does not move is prepared once."""

    def __init__(self, surface: Surface, looks: tuple[Look, ...], light: Light) -> None:
        num_layers = surface.uvs.shape[0]
        self._materials = pack(looks, num_layers)
        self._mesh = _as_mesh(surface, len(self._materials.numbers))
        self._num_used = _check(self._mesh)
        mode = self._materials.choices[self._mesh.look, MODE]
        blend = mode == BLEND
        blend[blend] = ~self._solid(np.flatnonzero(blend).astype(np.int32))
        self._opaque = np.flatnonzero(~blend).astype(np.int32)
        self._blend = np.flatnonzero(blend).astype(np.int32)
        self._lights = _as_lights(light)
        self._axes = directions(self._lights.suns)
        self._towards = np.ascontiguousarray(self._axes[:, 2])
        self._body_colours = np.zeros((len(self._mesh.triangles), 4), np.float32)
        body_colours(self._mesh, self._materials, _shaded(self._body_colours))
        # Cut-outs throw a shadow or none, by their middle; see-through triangles some.
        there = self._body_colours[:, 3] >= self._materials.numbers[self._mesh.look, CUTOFF]
        self._body_colours[mode == CLIP, 3] = there[mode == CLIP]
        self._body_colours[self._materials.choices[self._mesh.look, IS_SHELL] == 1, 3] = NO_PART
        self._casting = np.flatnonzero(self._body_colours[:, 3] > 0).astype(np.int32)

    def _solid(self, chosen: Ints) -> Bools:
        """Which of the chosen see-through triangles let nothing through."""
        solid = np.zeros(len(chosen), np.bool_)
        find_solid(chosen, self._mesh, self._materials, solid)
        return solid

    def draw(self, shape: Shape, cameras: Sequence[Camera], *, extras: bool = False) -> list[Picture]:
        """A picture of `shape` for each camera; `extras` adds depth and normals."""
        vertices = np.ascontiguousarray(shape.vertices, np.float32)
        normals = np.ascontiguousarray(shape.normals, np.float32)
        if len(vertices) < self._num_used[0] or len(normals) < self._num_used[1]:
            raise ValueError("the shape has fewer vertices or normals than the surface's triangles use")
        triangles = self._mesh.triangles
        faces = np.empty((len(triangles), 3), np.float32)
        mean_colour = np.zeros(3)
        face_normals(vertices, triangles, self._body_colours, faces, mean_colour)
        picture_px = max(max(camera.width_px, camera.height_px) for camera in cameras)
        around = look_from_around(
            vertices, triangles, self._casting, self._axes, self._body_colours, map_px=map_size(picture_px)
        )
        frame = Frame(vertices, normals, faces, mean_colour, around)
        return [self._view(frame, camera, extras) for camera in cameras]

    def _view(self, frame: Frame, camera: Camera, extras: bool) -> Picture:
        screen = np.empty((len(frame.vertices), 3), np.float32)
        k = camera.intrinsics
        lens = np.array([k[0, 0], k[1, 1], k[0, 2], k[1, 2], NEAREST_DEPTH])
        project_vertices(frame.vertices, np.ascontiguousarray(camera.world_to_view, np.float64), lens, screen)
        bounds = np.empty(4)
        find_bounds(screen, self._mesh.triangles, bounds)
        size = np.array([camera.width_px, camera.height_px])
        low, high = np.clip(bounds[:2], 0, size), np.clip(bounds[2:], 0, size)
        if not (low < high).all():
            nothing = np.zeros((0, 0), np.float32)
            return Picture(
                0,
                0,
                np.zeros((0, 0, 4), np.uint8),
                nothing if extras else None,
                np.zeros((0, 0, 3), np.float32) if extras else None,
            )
        # A pixel more on each side: the filter reaches over the edge.
        low, high = np.maximum(np.floor(low) - 1, 0), np.minimum(np.ceil(high) + 1, size)
        left, top, width, height = (int(value) for value in (*low, *(high - low)))
        eye = np.ascontiguousarray(camera.position, np.float64)
        view = View(screen, np.array([left, top], np.int32), eye, frame)
        opaque = _empty_layer(height, width)
        # What faces away is mostly hidden by what faces the camera, if that is drawn first.
        self._scan(view, self._opaque, Culling(_NO_LIMIT, _NO_TILES, FRONT), opaque)
        tiles = np.empty((-(-height // TILE_PX), -(-width // TILE_PX)), np.float32)
        find_tiles(opaque.near, tiles)
        self._scan(view, self._opaque, Culling(_NO_LIMIT, tiles, -FRONT), opaque)
        light = np.zeros((height * width, 4), np.float32)
        depth = np.full(height * width, np.inf, np.float32) if extras else None
        seen = np.zeros((height * width, 3), np.float32) if extras else None
        fragments, found, shaded = self._shade(view, opaque)
        passing = _ALL_PASSES
        if len(self._blend):
            passing = self._draw_blend(view, opaque, light)
            lay_over(fragments, shaded, passing.copy(), light)  # which takes away what it lets pass
        else:
            lay(fragments, shaded, light)
        refine(opaque.ids, view, self._mesh, self._materials, make_outlines(light), passing, light)
        if depth is not None and seen is not None:
            note_extras(fragments.pixels, found, opaque.near, depth, seen)
        picture = np.empty((height * width, 4), np.uint8)
        finish(light, ENCODED, picture)
        return Picture(
            left,
            top,
            picture.reshape(height, width, 4),
            None if depth is None else depth.reshape(height, width),
            None if seen is None else seen.reshape(height, width, 3),
        )

    def _draw_blend(self, view: View, opaque: Layer, light: Floats) -> Floats:
        """Peel the see-through triangles in front of the opaque ones, nearest first; returns what they let through."""
        height, width = opaque.near.shape[1:]
        passing = np.ones((height, width, NUM_SAMPLES), np.float32)
        bounds = np.empty(4)
        find_bounds(view.screen, self._mesh.triangles[self._blend], bounds)
        bounds -= [*view.origin, *view.origin]
        if not (bounds[:2] < bounds[2:]).all():
            return passing.reshape(-1, NUM_SAMPLES)
        left, top = (int(value) for value in np.clip(np.floor(bounds[:2]), 0, [width, height]))
        right, bottom = (int(value) for value in np.clip(np.ceil(bounds[2:]), 0, [width, height]))
        part = np.s_[top:bottom, left:right]
        behind = np.ascontiguousarray(opaque.near[:, part[0], part[1]])
        size = (bottom - top) * (right - left)
        open_part, light_part = np.ones((size, NUM_SAMPLES), np.float32), np.zeros((size, 4), np.float32)
        limit = _NO_LIMIT
        inner = view._replace(origin=np.array([view.origin[0] + left, view.origin[1] + top], np.int32))
        for _ in range(MAX_LAYERS):
            layer = _empty_layer(bottom - top, right - left, behind)
            self._scan(inner, self._blend, Culling(limit, _NO_TILES, 0), layer)
            if layer.ids.max(initial=-1) < 0:
                break
            fragments, _, shaded = self._shade(inner, layer)
            lay_over(fragments, shaded, open_part, light_part)
            # Where nothing was found nothing is behind either.
            limit = np.where(layer.ids >= 0, layer.near, np.float32(0))
        passing[part] = open_part.reshape(bottom - top, right - left, NUM_SAMPLES)
        light.reshape(height, width, 4)[part] = light_part.reshape(bottom - top, right - left, 4)
        return passing.reshape(-1, NUM_SAMPLES)

    def _scan(self, view: View, chosen: Ints, culling: Culling, layer: Layer) -> None:
        scan(view, self._mesh, self._materials, chosen, SAMPLES, culling, layer)

    def _shade(self, view: View, layer: Layer) -> tuple[Fragments, Floats, Floats]:
        """The layer's fragments, where they are (num, NUM_FOUND), and their colours (num, 4)."""
        most = layer.ids.size
        fragments = Fragments(
            np.empty(most, np.int32),
            np.empty(most, np.int32),
            np.empty((most, 2), np.float32),
            np.empty(most, np.uint8),
        )
        num = gather(layer, view.frame.faces, self._mesh.look, SAMPLES, fragments)
        found = np.empty((num, NUM_FOUND), np.float32)
        locate(fragments, view, self._mesh, found)
        height, width = layer.near.shape[1:]
        num_suns = len(self._lights.suns)
        looked_up = Spots(
            blocks=np.full((height // BLOCK_PX + 1, width // BLOCK_PX + 1, SURFACES), -1, np.int32),
            members=np.empty(num, np.int32),
            leaders=np.empty(num, np.int32),
            places=np.empty((num, NUM_SPOT)),
            raw=np.empty((num, 2 + num_suns), np.float32),
            lit=np.zeros((num, 7), np.float32),
            openness=np.empty((num, 1 + num_suns), np.float32),
        )
        around, suns = view.frame.around, self._lights.suns
        look_up_openness(fragments.pixels, width, found, around, suns, self._towards, looked_up)
        shaded = _shaded(np.empty((num, 4), np.float32))
        shade(fragments, found, looked_up, view, self._mesh, self._materials, self._lights, shaded)
        return fragments, found, shaded.light


def _shaded(light: Floats) -> Shaded:
    return Shaded(light, np.empty((4, NUM_PREPARED)))


def _empty_layer(height: int, width: int, behind: Floats | None = None) -> Layer:
    """A layer of no triangles, with the depths of `behind`."""
    size = (NUM_SAMPLES, height, width)
    near = np.zeros(size, np.float32) if behind is None else behind.copy()
    return Layer(near, np.full(size, -1, np.int32))


_ALL_PASSES = np.zeros((0, NUM_SAMPLES), np.float32)
_NO_LIMIT = np.zeros((NUM_SAMPLES, 0, 0), np.float32)


def _as_mesh(surface: Surface, num_looks: int) -> Mesh:
    """The surface as compiled code reads it."""
    triangles = np.ascontiguousarray(surface.triangles, np.int32).reshape(-1, 3)
    corners = np.ascontiguousarray(surface.corners, np.int32).reshape(-1, 3)
    if len(corners) != len(triangles) or len(surface.look) != len(triangles):
        raise ValueError("triangles, corners and look differ in length")
    look = np.ascontiguousarray(np.clip(surface.look, 0, num_looks - 1), np.int32)
    uvs = np.ascontiguousarray(surface.uvs, np.float32)
    colours = np.clip(np.nan_to_num(np.ascontiguousarray(surface.colours, np.float32)), 0, 1e4)
    return Mesh(triangles, corners, look, uvs, colours)


def _check(mesh: Mesh) -> tuple[int, int]:
    """How many vertices and corners must be there. Compiled code checks no index, so they are checked once here."""
    num = len(mesh.triangles)
    if num and (mesh.triangles.min() < 0 or mesh.corners.min() < 0):
        raise ValueError("an index of the surface is negative")
    most = int(mesh.corners.max()) + 1 if num else 0
    if len(mesh.colours) < most or (mesh.uvs.shape[0] and mesh.uvs.shape[1] < most):
        raise ValueError("a corner has no UV or colour")
    return (int(mesh.triangles.max()) + 1 if num else 0), most


def _as_lights(light: Light) -> Lights:
    """The light as compiled code reads it."""
    ambient = np.array(light.ambient, np.float64)
    suns = np.zeros((len(light.suns), 5))
    for row, sun in zip(suns, light.suns):
        row[:3] = np.array(sun.towards) / max(float(np.linalg.norm(sun.towards)), 1e-9)
        row[3:] = sun.strength, max(math.sin(math.radians(sun.angle_deg) / 2), 1e-3)
    # The light on what hides the sky: less of the sky than in the open, and what the suns give on average.
    hidden = HIDDEN_SKY * ambient + HIDDEN_SUNS / math.pi * suns[:, 3].sum()
    return Lights(ambient, hidden, suns, make_tables(tuple(sun.angle_deg for sun in light.suns)))
