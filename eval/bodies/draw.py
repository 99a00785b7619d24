"""Pictures of a body as the project's rasteriser draws it, and the cameras and the frame that they are taken in.

Light is that of the recorded videos. Of a material the base colour, its picture, roughness and metal are known; normals
are of the moving faces, not the file's: two bodies can be compared with each other, and a body with a recorded video
only as far as that goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from eval.bodies.body import Body, Bones
from eval.bodies.body import Look as BodyLook
from eval.bodies.kernels.normals import smooth_normals
from render.light import LIGHT
from render.raster.rasteriser import Rasteriser
from render.raster.shell import looks_inwards
from render.raster.types import Look, Shape, Surface, Texture
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import over_background, silhouette
from rigmill.types import Bools, Bytes, Camera, Floats

_PLAIN = 0.8  # linear, of a body that says nothing about its look: Blender's own grey
_BESIDE_DEG = (0.0, 45.0, -45.0)  # AnimaMimic's views, from the input view on


class Protocol(StrEnum):
    """From where a comparison looks."""

    ANIMAX = "animax"  # the clip's own cameras, four around it
    ANIMAMIMIC = "animamimic"  # the first of them, and the same 45 degrees to either side


@dataclass(frozen=True, slots=True)
class Pictures:
    """What V cameras see in T frames."""

    rgb: Bytes  # (V, T, H, W, 3)
    mask: Bools  # (V, T, H, W) where the body is


def into_frame(body: Body, geometry: ClipGeometry) -> Body:
    """A body of the clip's file in the frame that the clip's cameras and joints are in."""

    def moved(points: Floats) -> Floats:
        return (points - geometry.offset) * geometry.scale

    bones = body.bones
    if bones is not None:
        bones = Bones(bones.names, bones.parents, moved(bones.rest), moved(bones.joints), bones.turns)
    return replace(body, vertices=moved(body.vertices), rest=moved(body.rest), bones=bones)


def cameras_of(geometry: ClipGeometry, protocol: Protocol | str) -> tuple[Camera, ...]:
    """The cameras of a protocol, of the clip's picture size.

    Those of AnimaMimic keep the distance of the input view: a broad body may reach over the edge of the others.
    """
    if Protocol(protocol) is Protocol.ANIMAX:
        return geometry.cameras
    pivot = _seen_by_all(geometry)
    return tuple(_turned(geometry.cameras[0], angle, pivot) for angle in _BESIDE_DEG)


def _seen_by_all(geometry: ClipGeometry) -> Floats:
    """The point nearest to all optical axes; the middle of the rig, along them, where these are one line."""
    middle = np.asarray(geometry.rig.rest_joints, dtype=np.float64).mean(axis=0)
    # A little of the rig's middle decides what axes leave open.
    total, towards = 1e-6 * np.eye(3), 1e-6 * middle
    for camera in geometry.cameras:
        axis = camera.world_to_view[2, :3]
        across = np.eye(3) - np.outer(axis, axis)
        total, towards = total + across, towards + across @ camera.position
    return np.linalg.solve(total, towards)


def _turned(camera: Camera, angle_deg: float, pivot: Floats) -> Camera:
    """The camera after it went `angle_deg` round the vertical through `pivot`, counter-clockwise seen from above."""
    angle = np.radians(angle_deg)
    back = np.eye(4)
    back[:2, :2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    back[:3, 3] = pivot - back[:3, :3] @ pivot
    return replace(
        camera, azimuth_deg=(camera.azimuth_deg + angle_deg) % 360.0, world_to_view=camera.world_to_view @ back
    )


def scaled(camera: Camera, size_px: int) -> Camera:
    """The same view in a picture whose larger side is `size_px`."""
    width, height = camera.width_px, camera.height_px
    factor = size_px / max(width, height)
    new = max(1, round(width * factor)), max(1, round(height * factor))
    intrinsics = camera.intrinsics * np.array([[new[0] / width], [new[1] / height], [1.0]])
    return replace(camera, intrinsics=intrinsics, width_px=new[0], height_px=new[1])


def draw(
    body: Body,
    cameras: Sequence[Camera],
    *,
    size_px: int | None = None,
    background: tuple[int, int, int] = (255, 255, 255),
) -> Pictures:
    """A body, in the frame of the cameras, in pictures whose larger side is `size_px`; None: as large as theirs.

    Normals are smooth where faces share a vertex. The same input gives the same
    bytes. All cameras have one picture size.
    """
    views = [camera if size_px is None else scaled(camera, size_px) for camera in cameras]
    width, height = views[0].width_px, views[0].height_px
    if any((view.width_px, view.height_px) != (width, height) for view in views):
        raise ValueError("the cameras have different picture sizes")
    shape = (len(views), body.num_frames, height, width)
    rgb, mask = np.empty((*shape, 3), np.uint8), np.empty(shape, np.bool_)
    body = _fronts_first(body)
    faces = np.ascontiguousarray(body.faces, np.int32)
    rasteriser = _rasteriser(body)
    for frame in range(body.num_frames):
        vertices = np.ascontiguousarray(body.vertices[frame], np.float32)
        normals = np.zeros_like(vertices)
        smooth_normals(vertices, faces, normals)
        for view, picture in enumerate(rasteriser.draw(Shape(vertices, normals[faces.reshape(-1)]), views)):
            whole = picture.whole(width, height)
            rgb[view, frame], mask[view, frame] = over_background(whole, background), silhouette(whole)
    return Pictures(rgb, mask)


def _fronts_first(body: Body) -> Body:
    """The same with the corners of mirrored faces the other way round, where fronts alone are shown."""
    look = body.look
    if look is None or look.fronts is None or not (look.fronts < 0).any():
        return body
    mirrored = look.fronts < 0

    def turned(values: Any) -> Any:
        if values is None:
            return None
        which = mirrored.reshape(-1, *[1] * (values.ndim - 1))
        return np.where(which, values[:, ::-1], values)

    changed = replace(look, corner_uv=turned(look.corner_uv), corner_colours=turned(look.corner_colours))
    return replace(body, faces=turned(body.faces), look=replace(changed, fronts=np.abs(look.fronts)))


def _rasteriser(body: Body) -> Rasteriser:
    """What draws the body's faces, each with corners of its own."""
    faces = np.ascontiguousarray(body.faces, np.int32)
    num = len(faces)
    look = body.look or BodyLook(np.zeros(num, np.int32), np.array([[_PLAIN] * 3 + [1.0]]), None, (None,))
    uvs, colours = np.zeros((1, 3 * num, 2), np.float32), np.ones((3 * num, 4), np.float32)
    if look.corner_uv is not None:
        uvs[0] = look.corner_uv.reshape(-1, 2) * [1.0, -1.0] + [0.0, 1.0]  # the rasteriser's v goes up
    if look.corner_colours is not None:
        colours[:] = look.corner_colours.reshape(-1, 4)
    corners = np.arange(3 * num, dtype=np.int32).reshape(-1, 3)
    return Rasteriser(Surface(faces, corners, look.material, uvs, colours), _looks(look, body.rest[faces]), LIGHT)


def _looks(look: BodyLook, corners: Floats) -> tuple[Look, ...]:
    """The materials as the rasteriser knows them; `corners` (F, 3, 3) are those of the faces at rest."""
    looks = []
    for index, (colour, pixels) in enumerate(zip(look.colours, look.textures)):
        cutoff = look.cutoffs[index] if look.cutoffs else None
        seen_through = colour[3] < 1 or (pixels is not None and bool((pixels[..., 3] < 255).any()))
        shown = look.material == index
        fronts_only = look.fronts is not None and bool(look.fronts[shown].any())
        looks.append(
            Look(
                name=str(index),
                base=(float(colour[0]), float(colour[1]), float(colour[2])),
                base_texture=None if pixels is None else Texture(np.ascontiguousarray(pixels[::-1]), uv=0),
                alpha=float(np.clip(colour[3], 0, 1)),
                alpha_mode="opaque" if not seen_through else "blend" if cutoff is None else "clip",
                cutoff=0.5 if cutoff is None else cutoff,
                vertex_colours=look.corner_colours is not None,
                roughness=1.0 if look.finish is None else float(look.finish[index, 0]),
                metallic=0.0 if look.finish is None else float(look.finish[index, 1]),
                fronts_only=fronts_only,
                is_shell=fronts_only and looks_inwards(corners[shown]),
            )
        )
    return tuple(looks)
