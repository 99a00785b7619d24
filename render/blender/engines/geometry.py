"""The subject's triangles as Blender evaluates them: what never moves once, and vertices and normals of each frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from render.blender.materials.appearance import Appearance, default_uv, face_slots
from render.blender.materials.sides import is_mirrored
from render.raster.corner_normals import Fans, corner_normals, find_fans, turn_normals, with_leans
from render.raster.types import Shape, Surface
from rigmill.types import Floats, Ints

# Our normals are held against Blender's, which cost five times as much, in the first frame and in every sixteenth from
# there; where they are further apart than this (the 99th hundredth), that mesh's are asked of Blender from then on.
_CHECKED_EVERY = 16
_APART = 1 - np.cos(np.radians(2.0))


@dataclass(frozen=True, slots=True)
class Part:
    """Where a mesh is in the joined arrays."""

    mesh: Any
    vertices: slice
    corners: slice
    num_polygons: int
    points: Floats  # (V, 3) in the object's own space, when the surface was read
    normals: Floats  # (N, 3), of the corners then
    fans: Fans | None  # for normals of our own; None: the mesh keeps its shape, so that the above are always right


@dataclass
class Geometry:
    """Reads frames of the meshes. `surface` is good for the shapes read since it was last replaced (see `read`)."""

    meshes: list[Any]
    appearance: Appearance
    surface: Surface
    parts: list[Part]
    _at_rest: tuple[Surface, list[Part]]
    _num_read: int = 0
    _asked: set[int] = field(default_factory=set)  # parts whose normals are Blender's

    def start(self) -> None:
        """Get ready for another clip: what was found out in earlier ones is forgotten."""
        self.surface, self.parts = self._at_rest
        self._num_read, self._asked = 0, set()

    @classmethod
    def of(cls, meshes: list[Any], appearance: Appearance) -> Geometry:
        """The geometry of `meshes`, which are at rest now, in the looks of `appearance`."""
        surface, parts = _read_surface(meshes, appearance)
        return cls(meshes, appearance, surface, parts, (surface, parts))

    def read(self) -> Shape:
        """The shape as the scene shows it now. Where a modifier has made other triangles, `surface` is a new one."""
        depsgraph = bpy.context.evaluated_depsgraph_get()
        evaluated = [part.mesh.evaluated_get(depsgraph) for part in self.parts]
        if any(_size(item.data) != _size_of(part) for item, part in zip(evaluated, self.parts)):
            self.surface, self.parts = _read_surface(self.meshes, self.appearance)
            self._num_read, self._asked = 0, set()
        is_checked = self._num_read % _CHECKED_EVERY == 0
        self._num_read += 1
        num_vertices = self.parts[-1].vertices.stop if self.parts else 0
        num_corners = self.parts[-1].corners.stop if self.parts else 0
        vertices = np.empty((num_vertices, 3), dtype=np.float32)
        normals = np.empty((num_corners, 3), dtype=np.float32)
        for index, (part, item) in enumerate(zip(self.parts, evaluated)):
            data = item.data
            if not len(data.vertices):
                continue
            places, directions = vertices[part.vertices], normals[part.corners]
            turn = normal_matrix(item.matrix_world)
            if part.fans is None:
                places[:] = part.points
                turn_normals(part.normals, turn=turn, out=directions)
            else:
                # Through the attribute: three times as fast as through the vertices.
                data.attributes["position"].data.foreach_get("vector", places.reshape(-1))
                if index not in self._asked:
                    corner_normals(part.fans, places, turn=turn, out=directions)
                if is_checked or index in self._asked:
                    theirs = np.empty_like(directions)
                    turn_normals(_corner_normals_of(data), turn=turn, out=theirs)
                    if index in self._asked or _differ(directions, theirs):
                        self._asked.add(index)
                        directions[:] = theirs
            move(places, np.array(item.matrix_world))
        return Shape(vertices=vertices, normals=normals)


def _differ(ours: Floats, theirs: Floats) -> bool:
    apart = 1 - np.einsum("nc,nc->n", ours, theirs)
    return bool(len(apart)) and bool(np.quantile(apart, 0.99) > _APART)


def bounds(shape: Shape) -> Floats:
    """Least and largest corner (2, 3) of a shape's vertices."""
    if not len(shape.vertices):
        return np.stack([np.full(3, np.inf), np.full(3, -np.inf)])
    columns = shape.vertices.T.astype(np.float64, order="C")
    return np.stack([columns.min(axis=1), columns.max(axis=1)])


def move(points: Floats, to_world: Floats) -> None:
    """Points (V, 3) float32 through a matrix (4, 4), in place."""
    points[:] = points @ to_world[:3, :3].T.astype(np.float32) + to_world[:3, 3].astype(np.float32)


def normal_matrix(to_world: Any) -> Floats:
    """The matrix (3, 3) for normals of what goes through Blender's `to_world`, which may scale unevenly or be flat."""
    linear = to_world.to_3x3()
    # Cofactors: the inverse transposed but for the size, and there even where there is no inverse.
    first, second, third = linear.row  # not Matrix.adjugated: in Blender 4.5 that of a (3, 3) is wrong
    cofactors = np.array([second.cross(third), third.cross(first), first.cross(second)])
    if linear.determinant() < 0:
        cofactors = -cofactors
    largest = np.abs(cofactors).max()
    result: Floats = (cofactors / (largest if largest > 0 else 1)).astype(np.float32)
    return result


def _size(data: Any) -> tuple[int, int, int]:
    return len(data.vertices), len(data.loops), len(data.polygons)


def _size_of(part: Part) -> tuple[int, int, int]:
    return (part.vertices.stop - part.vertices.start, part.corners.stop - part.corners.start, part.num_polygons)


def _read_surface(meshes: list[Any], appearance: Appearance) -> tuple[Surface, list[Part]]:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts: list[Part] = []
    triangles, corners, looks, uvs, colours = [], [], [], [], []
    num_vertices = num_corners = 0
    for mesh, slots in zip(meshes, appearance.slots):
        item = mesh.evaluated_get(depsgraph)
        data = item.data
        size = _size(data)
        part = Part(
            mesh,
            slice(num_vertices, num_vertices + size[0]),
            slice(num_corners, num_corners + size[1]),
            size[2],
            _points_of(data),
            _corner_normals_of(data),
            None if keeps_shape(mesh) else _read_fans(data),
        )
        data.calc_loop_triangles()
        num = len(data.loop_triangles)
        # A mirrored mesh shows its triangles the other way round.
        order = [0, 2, 1] if is_mirrored(item.matrix_world) else [0, 1, 2]
        triangles.append(_ints(data.loop_triangles, "vertices", num * 3).reshape(-1, 3)[:, order] + num_vertices)
        corners.append(_ints(data.loop_triangles, "loops", num * 3).reshape(-1, 3)[:, order] + num_corners)
        look_of_face = np.array(slots, dtype=np.int32)[np.minimum(face_slots(item), len(slots) - 1)]
        looks.append(look_of_face[_ints(data.loop_triangles, "polygon_index", num)])
        uvs.append(_read_uvs(data, appearance.uv_layers))
        colours.append(_read_colours(data, look_of_face, appearance))
        parts.append(part)
        num_vertices, num_corners = num_vertices + size[0], num_corners + size[1]
    no_triangles = np.zeros((0, 3), dtype=np.int32)
    surface = Surface(
        triangles=np.concatenate([no_triangles, *triangles]).astype(np.int32),
        corners=np.concatenate([no_triangles, *corners]).astype(np.int32),
        look=np.concatenate([np.zeros(0, np.int32), *looks]).astype(np.int32),
        uvs=np.concatenate([np.zeros((len(appearance.uv_layers), 0, 2), np.float32), *uvs], axis=1),
        colours=np.concatenate([np.zeros((0, 4), np.float32), *colours]),
    )
    return surface, parts


def _ints(collection: Any, name: str, size: int) -> Ints:
    values = np.empty(size, dtype=np.int32)
    collection.foreach_get(name, values)
    return values


def keeps_shape(mesh: Any) -> bool:
    """Whether nothing can move the vertices of a mesh against each other."""
    return not mesh.modifiers and mesh.data.shape_keys is None and mesh.parent_type in ("OBJECT", "BONE")


def _points_of(data: Any) -> Floats:
    points = np.empty((len(data.vertices), 3), dtype=np.float32)
    if len(points):
        data.attributes["position"].data.foreach_get("vector", points.reshape(-1))
    return points


def _corner_normals_of(data: Any) -> Floats:
    normals = np.empty((len(data.loops), 3), dtype=np.float32)
    data.corner_normals.foreach_get("vector", normals.reshape(-1))
    return normals


def _read_fans(data: Any) -> Fans:
    """The mesh's fans, with the normals that it has now."""
    num_corners, num_faces = len(data.loops), len(data.polygons)
    starts = np.append(_ints(data.polygons, "loop_start", num_faces), np.int32(num_corners))
    # Attributes with a dot are the mesh's own arrays: asking each corner costs ten times as much.
    fans = find_fans(
        starts=starts,
        vertices=_raw_ints(data, ".corner_vert", num_corners),
        edges=_raw_ints(data, ".corner_edge", num_corners),
        sharp_edges=_flags(data, "sharp_edge", len(data.edges)),
        sharp_faces=_flags(data, "sharp_face", num_faces),
        all_smooth=data.normals_domain == "POINT",
    )
    return with_leans(fans, _points_of(data), _corner_normals_of(data))


def _raw_ints(data: Any, name: str, size: int) -> Ints:
    layer = data.attributes.get(name)
    return _ints(layer.data, "value", size) if layer is not None and size else np.zeros(0, dtype=np.int32)


def _flags(data: Any, name: str, size: int) -> Ints:
    values = np.zeros(size, dtype=bool)
    layer = data.attributes.get(name)
    if layer is not None and size:
        layer.data.foreach_get("value", values)
    return values.astype(np.int32)


def _read_uvs(data: Any, layers: tuple[str, ...]) -> Floats:
    """(L, corners, 2); a layer that the mesh lacks is all zero, as in Cycles."""
    values = np.zeros((len(layers), len(data.loops), 2), dtype=np.float32)
    for place, name in zip(values, layers):
        layer = data.uv_layers.get(name or default_uv(data))
        if layer is not None and len(data.loops):
            layer.uv.foreach_get("vector", place.reshape(-1))
    return values


def _read_colours(data: Any, look_of_face: Ints, appearance: Appearance) -> Floats:
    """(corners, 4): for each face the layers that its look asks for, white for what it does not."""
    values = np.ones((len(data.loops), 4), dtype=np.float32)
    wanted = {look: layers for look, layers in enumerate(appearance.colours) if layers != (None, None)}
    if not wanted or not len(data.loops):
        return values
    look_of_corner = np.repeat(look_of_face, _ints(data.polygons, "loop_total", len(data.polygons)))
    for look, (colours, alpha) in wanted.items():
        shown = look_of_corner == look
        if not shown.any():
            continue
        if colours is not None:
            values[shown, :3] = _layer(data, colours)[shown, :3]
        if alpha is not None:
            values[shown, 3] = _layer(data, alpha)[shown, 3]
    return values


def _layer(data: Any, name: str) -> Floats:
    """Linear colours of each corner (N, 4); all zero where the mesh has no such layer, as in Cycles."""
    layers = data.color_attributes
    chosen = layers.get(name) if name else None
    if not name and 0 <= layers.render_color_index < len(layers):
        chosen = layers[layers.render_color_index]
    if chosen is None:
        return np.zeros((len(data.loops), 4), dtype=np.float32)
    values = np.empty(len(chosen.data) * 4, dtype=np.float32)
    chosen.data.foreach_get("color", values)
    found: Floats = values.reshape(-1, 4)
    if chosen.domain == "POINT":
        found = found[_ints(data.loops, "vertex_index", len(data.loops))]
    return found
