"""Pose maps drawn anew, at another size and by other rules, from the joints that are stored with a clip.

Maps drawn for 256 pixels and shrunk to 64 show nobody anything: discs of three pixels become specks. Drawn for 64,
with a drawn set, colours and discs of their own, they can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rigmill.clips.camera import project
from rigmill.clips.deadline import in_time
from rigmill.clips.fitting import Fit
from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.posemaps.markers import own_part
from rigmill.posemaps.posemap import draw_on
from rigmill.posemaps.shifts import Resting, Shifts, draw_shifts, resting_points, told_points
from rigmill.rigs import skeleton
from rigmill.types import Bytes, Floats


def redrawn(geometry: ClipGeometry, definition: PoseMapDefinition, *, multiple: int = 1) -> ClipGeometry:
    """The numbers of the same clip in pictures whose shorter side is the definition's, as it draws them.

    `multiple`: of the pictures' sides, in pixels. Turn markers are added or left out as the definition says.
    """
    geometry = _without_markers(geometry)
    if definition.marks(geometry.rig.num_joints):
        geometry = _with_markers(geometry, definition)
    small = fitted(geometry, size_px=definition.drawn_height_px, multiple=multiple)
    drawn = definition.drawn(small.rig, small.num_markers, small.rest_joints_px)
    return replace(small, drawn=drawn, colours=definition.colours(small.rest_joints_px, drawn))


def fitted(geometry: ClipGeometry, *, size_px: int, multiple: int = 1) -> ClipGeometry:
    """The numbers of the same clip in pictures whose shorter side is `size_px`; what is drawn stays."""
    first = geometry.cameras[0]
    fit = Fit.of(first.width_px, first.height_px, size_px=size_px, multiple=multiple)
    return replace(
        geometry,
        cameras=tuple(fit.camera(camera) for camera in geometry.cameras),
        joints_px=fit.places(geometry.joints_px),
        rest_joints_px=fit.places(geometry.rest_joints_px),
    )


def _with_markers(geometry: ClipGeometry, definition: PoseMapDefinition) -> ClipGeometry:
    rig, motion = definition.marked(geometry.rig, geometry.motion)
    num = rig.num_joints - geometry.rig.num_joints
    if not num:
        return geometry
    # The own joints stay where they were recorded; markers are where these carry them.
    joints = np.concatenate([geometry.joints, skeleton.forward(rig, motion)[0][:, -num:]], axis=1)
    seen = [project(camera, joints) for camera in geometry.cameras]
    rest = [project(camera, rig.rest_joints) for camera in geometry.cameras]
    joints_px, depth = np.stack([pixels for pixels, _ in seen]), np.stack([far for _, far in seen])
    size = np.array([geometry.cameras[0].width_px, geometry.cameras[0].height_px])
    inside = (joints_px >= 0).all(axis=-1) & (joints_px < size).all(axis=-1) & (depth > 0)
    return replace(
        geometry,
        rig=rig,
        motion=motion,
        joints=joints,
        drawn=np.concatenate([geometry.drawn, np.zeros(num, dtype=np.bool_)]),
        colours=np.concatenate([geometry.colours, np.zeros((num, 3), dtype=np.uint8)]),
        joints_px=joints_px,
        joints_depth=depth,
        visible=inside,
        rest_joints_px=np.stack([pixels for pixels, _ in rest]),
        rest_joints_depth=np.stack([far for _, far in rest]),
        num_markers=num,
    )


def _without_markers(geometry: ClipGeometry) -> ClipGeometry:
    if not geometry.num_markers:
        return geometry
    num = geometry.rig.num_joints - geometry.num_markers
    rig, motion = own_part(geometry.rig, geometry.motion, geometry.num_markers)
    return replace(
        geometry,
        rig=rig,
        motion=motion,
        joints=geometry.joints[:, :num],
        drawn=geometry.drawn[:num],
        colours=geometry.colours[:num],
        joints_px=geometry.joints_px[:, :, :num],
        joints_depth=geometry.joints_depth[:, :, :num],
        visible=geometry.visible[:, :, :num],
        rest_joints_px=geometry.rest_joints_px[:, :num],
        rest_joints_depth=geometry.rest_joints_depth[:, :num],
        num_markers=0,
    )


def view_maps(
    geometry: ClipGeometry,
    view: int,
    radius_px: float,
    *,
    shifts: Shifts | None = None,
    at: Sequence[int] | None = None,
    into: Bytes | None = None,
    deadline: float | None = None,
) -> Bytes:
    """The pose maps (T, H, W, 3) of one view of a clip, at the size of its camera: of frames `at`, None: of all.

    `shifts`: they are shift maps that tell so.
    `into`: where they are drawn; None: an array of their own. `deadline`: TooSlow when `time.monotonic()` is past it.
    """
    chosen = list(range(len(geometry.joints_px[view])) if at is None else at)
    camera = geometry.cameras[view]
    maps = np.empty((len(chosen), camera.height_px, camera.width_px, 3), np.uint8) if into is None else into
    places, depth = geometry.joints_px[view, chosen], geometry.joints_depth[view, chosen]
    if shifts is None:
        for picture, joints_px, far in zip(maps, places, depth, strict=True):
            in_time(deadline)
            _draw_discs(geometry, radius_px, joints_px, far, picture)
        return maps
    rest = resting(geometry, view, radius_px=radius_px, shifts=shifts)
    if shifts.apart:
        told = told_points(geometry.joints[chosen], rest=geometry.rig.rest_joints, drawn=geometry.drawn)
        places, depth = project(camera, told)
    for picture, levels in zip(maps, rest.levels(places, depth), strict=True):
        in_time(deadline)
        draw_shifts(picture, rest, levels)
    return maps


def rest_map(geometry: ClipGeometry, view: int, radius_px: float, *, shifts: Shifts | None = None) -> Bytes:
    """The pose map (H, W, 3) of its rest pose."""
    picture = np.empty((geometry.cameras[view].height_px, geometry.cameras[view].width_px, 3), np.uint8)
    if shifts is None:
        places = geometry.rest_joints_px[view], geometry.rest_joints_depth[view]
        _draw_discs(geometry, radius_px, *places, picture)
    else:
        rest = resting(geometry, view, radius_px=radius_px, shifts=shifts)
        draw_shifts(picture, rest, rest.stillness)
    return picture


def resting(geometry: ClipGeometry, view: int, *, radius_px: float, shifts: Shifts) -> Resting:
    """What shift maps of one view are told from."""
    places, depth = geometry.rest_joints_px[view], geometry.rest_joints_depth[view]
    parents, drawn = geometry.rig.parents, geometry.drawn
    if shifts.apart:
        middle_px, far = project(geometry.cameras[view], resting_points(geometry.rig.rest_joints, drawn)[-1:])
        places, depth = np.concatenate([places, middle_px]), np.append(depth, far)
        parents, drawn = np.append(parents, -1), np.append(drawn, False)
    return Resting(places, depth, parents, drawn, geometry.cameras[view], radius_px, shifts)


def _draw_discs(geometry: ClipGeometry, radius_px: float, joints_px: Floats, depth: Floats, picture: Bytes) -> None:
    draw_on(
        picture,
        joints_px,
        depth,
        parents=geometry.rig.parents,
        drawn=geometry.drawn,
        colours=geometry.colours,
        radius_px=radius_px,
    )
