"""All views of one frame, drawn on the processor by one thread."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from render.raster.brdf import make_tables
from render.raster.edges import POINTS, refine
from render.raster.fragments import face_normals, gather
from render.raster.locate import NUM_FOUND, locate
from render.raster.occlusion import Around, directions, look_from_around
from render.raster.openness import BLOCK_PX, NUM_SPOT, SURFACES, look_up_openness
from render.raster.pack import BLEND, CLIP, CUTOFF, DECODED, ENCODED, MODE, pack
from render.raster.resolve import finish, lay, lay_over, note_extras
from render.raster.shade import body_colours, shade
from render.raster.solid import find_solid
from render.raster.types import Light, Look, Picture, Shape, Surface
from render.raster.visibility import NUM_SAMPLES, SAMPLES, TILE_PX, find_bounds, find_tiles, project_vertices, scan
from rigmill.types import Bools, Bytes, Camera, Floats, Ints

MAX_LAYERS = 64  # of surfaces that let light through, as many as Cycles follows
NEAREST_DEPTH = 1e-4
FRONT = -1  # the way round on the screen, y down, of triangles that face the camera
_NO_TILES = np.zeros((0, 0), np.float32)
# What surfaces get that hide the sky from others: of its light, and of all suns' head-on. Fitted to Cycles.
HIDDEN_SKY, HIDDEN_SUNS = 0.8, 0.3


class Rasteriser:
    """Draws a subject. What does not move is prepared once."""

    def __init__(self, surface: Surface, looks: tuple[Look, ...], light: Light) -> None:
        num_layers = surface.uvs.shape[0]
        self._packed = pack(looks, num_layers)
        self._triangles = np.ascontiguousarray(surface.triangles, np.int32).reshape(-1, 3)
        self._corners = np.ascontiguousarray(surface.corners, np.int32).reshape(-1, 3)
        self._num_used = _check(surface, self._triangles, self._corners)
        last = len(self._packed.numbers) - 1
        self._look = np.ascontiguousarray(np.clip(surface.look, 0, last), np.int32)
        self._uvs = np.ascontiguousarray(surface.uvs, np.float32)
        self._colours = np.clip(np.nan_to_num(np.ascontiguousarray(surface.colours, np.float32)), 0, 1e4)
        blend = self._packed.choices[self._look, MODE] == BLEND
        blend[blend] = ~self._solid(np.flatnonzero(blend).astype(np.int32))
        self._opaque = np.flatnonzero(~blend).astype(np.int32)
        self._blend = np.flatnonzero(blend).astype(np.int32)
        self._ambient = np.array(light.ambient, np.float64)
        self._suns = np.zeros((len(light.suns), 5))
        for row, sun in zip(self._suns, light.suns):
            row[:3] = np.array(sun.towards) / max(float(np.linalg.norm(sun.towards)), 1e-9)
            row[3:] = sun.strength, max(math.sin(math.radians(sun.angle_deg) / 2), 1e-3)
        self._tables = make_tables(tuple(sun.angle_deg for sun in light.suns))
        self._axes = directions(self._suns)
        self._towards = np.ascontiguousarray(self._axes[:, 2])
        # The light on what hides the sky: less of the sky than in the open, and what the suns give on average.
        self._hidden_light = HIDDEN_SKY * self._ambient + HIDDEN_SUNS / math.pi * self._suns[:, 3].sum()
        self._body_colours = np.zeros((len(self._triangles), 4), np.float32)
        p = self._packed
        body_colours(
            self._corners,
            self._look,
            self._uvs,
            self._colours,
            p.numbers,
            p.choices,
            p.texels,
            p.places,
            p.kinds,
            p.turns,
            DECODED,
            self._body_colours,
        )
        # Cut-outs throw a shadow or none, by their middle; see-through triangles some.
        cut = self._packed.choices[self._look, MODE] == CLIP
        there = self._body_colours[:, 3] >= self._packed.numbers[self._look, CUTOFF]
        self._body_colours[cut, 3] = there[cut]
        self._casting = np.flatnonzero(self._body_colours[:, 3] > 0).astype(np.int32)

    def _solid(self, chosen: Ints) -> Bools:
        """Which of the chosen see-through triangles let nothing through."""
        solid = np.zeros(len(chosen), np.bool_)
        p = self._packed
        find_solid(
            chosen,
            self._corners,
            self._look,
            self._uvs,
            self._colours,
            p.numbers,
            p.choices,
            p.texels,
            p.places,
            p.kinds,
            p.turns,
            solid,
        )
        return solid

    def draw(self, shape: Shape, cameras: Sequence[Camera], *, extras: bool = False) -> list[Picture]:
        """A picture of `shape` for each camera; `extras` adds depth and normals."""
        vertices = np.ascontiguousarray(shape.vertices, np.float32)
        normals = np.ascontiguousarray(shape.normals, np.float32)
        if len(vertices) < self._num_used[0] or len(normals) < self._num_used[1]:
            raise ValueError("the shape has fewer vertices or normals than the surface's triangles use")
        faces = np.empty((len(self._triangles), 3), np.float32)
        mean_colour = np.zeros(3)
        face_normals(vertices, self._triangles, self._body_colours, faces, mean_colour)
        around = look_from_around(vertices, self._triangles, self._casting, self._axes, self._body_colours)
        frame = _Frame(vertices, normals, faces, mean_colour, around)
        return [self._view(frame, camera, extras) for camera in cameras]

    def _view(self, frame: _Frame, camera: Camera, extras: bool) -> Picture:
        screen = np.empty((len(frame.vertices), 3), np.float32)
        k = camera.intrinsics
        lens = np.array([k[0, 0], k[1, 1], k[0, 2], k[1, 2], NEAREST_DEPTH])
        project_vertices(frame.vertices, np.ascontiguousarray(camera.world_to_view, np.float64), lens, screen)
        bounds = np.empty(4)
        find_bounds(screen, self._triangles, bounds)
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
        origin = np.array([left, top], np.int32)
        opaque = _Layer(height, width)
        # What faces away is mostly hidden by what faces the camera, if that is drawn first.
        self._scan(screen, origin, self._opaque, opaque, _NO_LIMIT, facing=FRONT)
        tiles = np.empty((-(-height // TILE_PX), -(-width // TILE_PX)), np.float32)
        find_tiles(opaque.near, tiles)
        self._scan(screen, origin, self._opaque, opaque, _NO_LIMIT, facing=-FRONT, tiles=tiles)
        light = np.zeros((height * width, 4), np.float32)
        depth = np.full(height * width, np.inf, np.float32) if extras else None
        seen = np.zeros((height * width, 3), np.float32) if extras else None
        fragments = self._shade(frame, camera, screen, origin, opaque)
        passing = _ALL_PASSES
        if len(self._blend):
            passing = self._draw_blend(frame, camera, screen, origin, opaque, light)
            lay_over(*fragments[:4], passing.copy(), light)  # which takes away what it lets pass
        else:
            lay(*fragments[:4], light)
        p = self._packed
        refine(
            opaque.ids,
            screen,
            self._triangles,
            self._corners,
            self._look,
            origin,
            POINTS,
            self._uvs,
            self._colours,
            p.numbers,
            p.choices,
            p.texels,
            p.places,
            p.kinds,
            p.turns,
            passing,
            light,
        )
        if depth is not None and seen is not None:
            note_extras(fragments[0], fragments[1], fragments[4], opaque.near, depth, seen)
        picture = np.empty((height * width, 4), np.uint8)
        finish(light, ENCODED, picture)
        return Picture(
            left,
            top,
            picture.reshape(height, width, 4),
            None if depth is None else depth.reshape(height, width),
            None if seen is None else seen.reshape(height, width, 3),
        )

    def _draw_blend(
        self, frame: _Frame, camera: Camera, screen: Floats, origin: Ints, opaque: _Layer, light: Floats
    ) -> Floats:
        """Peel the see-through triangles in front of the opaque ones, nearest first; returns what they let through."""
        height, width = opaque.near.shape[1:]
        passing = np.ones((height, width, NUM_SAMPLES), np.float32)
        bounds = np.empty(4)
        find_bounds(screen, self._triangles[self._blend], bounds)
        bounds -= [*origin, *origin]
        if not (bounds[:2] < bounds[2:]).all():
            return passing.reshape(-1, NUM_SAMPLES)
        left, top = (int(value) for value in np.clip(np.floor(bounds[:2]), 0, [width, height]))
        right, bottom = (int(value) for value in np.clip(np.ceil(bounds[2:]), 0, [width, height]))
        part = np.s_[top:bottom, left:right]
        behind = np.ascontiguousarray(opaque.near[:, part[0], part[1]])
        size = (bottom - top) * (right - left)
        open_part, light_part = np.ones((size, NUM_SAMPLES), np.float32), np.zeros((size, 4), np.float32)
        limit = _NO_LIMIT
        for _ in range(MAX_LAYERS):
            layer = _Layer(bottom - top, right - left, behind)
            corner = np.array([origin[0] + left, origin[1] + top], np.int32)
            self._scan(screen, corner, self._blend, layer, limit)
            if layer.ids.max(initial=-1) < 0:
                break
            fragments = self._shade(frame, camera, screen, corner, layer)
            lay_over(*fragments[:4], open_part, light_part)
            # Where nothing was found nothing is behind either.
            limit = np.where(layer.ids >= 0, layer.near, np.float32(0))
        passing[part] = open_part.reshape(bottom - top, right - left, NUM_SAMPLES)
        light.reshape(height, width, 4)[part] = light_part.reshape(bottom - top, right - left, 4)
        return passing.reshape(-1, NUM_SAMPLES)

    def _scan(
        self,
        screen: Floats,
        origin: Ints,
        chosen: Ints,
        layer: _Layer,
        limit: Floats,
        *,
        facing: int = 0,
        tiles: Floats = _NO_TILES,
    ) -> None:
        p = self._packed
        scan(
            screen,
            self._triangles,
            self._corners,
            self._look,
            chosen,
            origin,
            SAMPLES,
            self._uvs,
            self._colours,
            p.numbers,
            p.choices,
            p.texels,
            p.places,
            p.kinds,
            p.turns,
            limit,
            facing,
            tiles,
            layer.near,
            layer.ids,
        )

    def _shade(
        self, frame: _Frame, camera: Camera, screen: Floats, origin: Ints, layer: _Layer
    ) -> tuple[int, Ints, Bytes, Floats, Floats]:
        """Number, pixels, masks, colours and normals of the layer's fragments."""
        most = layer.ids.size
        pixels, hit = np.empty(most, np.int32), np.empty(most, np.int32)
        spots, masks = np.empty((most, 2), np.float32), np.empty(most, np.uint8)
        num = gather(layer.ids, layer.near, frame.faces, self._look, SAMPLES, pixels, hit, spots, masks)
        found = np.empty((num, NUM_FOUND), np.float32)
        eye = np.ascontiguousarray(camera.position, np.float64)
        locate(
            num,
            hit,
            spots,
            screen,
            origin,
            eye,
            self._triangles,
            self._corners,
            frame.vertices,
            frame.normals,
            frame.faces,
            found,
        )
        height, width = layer.near.shape[1:]
        blocks = np.full((height // BLOCK_PX + 1, width // BLOCK_PX + 1, SURFACES), -1, np.int32)
        members, around = np.empty(num, np.int32), frame.around
        num_suns = len(self._suns)
        openness = np.empty((num, 1 + num_suns), np.float32)
        look_up_openness(
            num,
            pixels,
            width,
            found,
            self._suns,
            around.top,
            around.bottom,
            around.to_map,
            self._towards,
            around.lift,
            blocks,
            members,
            np.empty(num, np.int32),
            np.empty((num, NUM_SPOT)),
            np.empty((num, 2 + num_suns), np.float32),
            openness,
        )
        shaded = np.empty((num, 4), np.float32)
        p, t = self._packed, self._tables
        shade(
            num,
            hit,
            masks,
            found,
            members,
            openness,
            np.zeros((num, 7), np.float32),
            eye,
            self._hidden_light,
            frame.mean_colour,
            self._triangles,
            self._corners,
            self._look,
            self._uvs,
            self._colours,
            frame.vertices,
            p.numbers,
            p.choices,
            p.texels,
            p.places,
            p.kinds,
            p.turns,
            DECODED,
            self._ambient,
            self._suns,
            t.sky,
            t.mean,
            t.lobe,
            t.curve,
            shaded,
        )
        return num, pixels, masks, shaded, found


class _Frame:
    """What all views of a frame share."""

    def __init__(self, vertices: Floats, normals: Floats, faces: Floats, mean_colour: Floats, around: Around) -> None:
        self.vertices, self.normals, self.faces = vertices, normals, faces
        self.mean_colour, self.around = mean_colour, around


class _Layer:
    """The nearest 1 / depth and triangle of each sample, (4, h, w); at first those of `behind` and none."""

    def __init__(self, height: int, width: int, behind: Floats | None = None) -> None:
        size = (NUM_SAMPLES, height, width)
        self.near = np.zeros(size, np.float32) if behind is None else behind.copy()
        self.ids = np.full(size, -1, np.int32)


_ALL_PASSES = np.zeros((0, NUM_SAMPLES), np.float32)
_NO_LIMIT = np.zeros((NUM_SAMPLES, 0, 0), np.float32)


def _check(surface: Surface, triangles: Ints, corners: Ints) -> tuple[int, int]:
    """How many vertices and corners must be there. Compiled code checks no index, so they are checked once here."""
    num = len(triangles)
    if len(corners) != num or len(surface.look) != num:
        raise ValueError("triangles, corners and look differ in length")
    if num and (triangles.min() < 0 or corners.min() < 0):
        raise ValueError("an index of the surface is negative")
    most = int(corners.max()) + 1 if num else 0
    if len(surface.colours) < most or (surface.uvs.shape[0] and surface.uvs.shape[1] < most):
        raise ValueError("a corner has no UV or colour")
    return (int(triangles.max()) + 1 if num else 0), most
