"""The numbers beside a clip's videos, and its pose maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.blender.render_settings import RenderSettings, ViewSettings
from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps import posemap
from rigmill.posemaps.markers import choose_drawn_with_markers, with_markers
from rigmill.rigs import skeleton
from rigmill.types import Bools, Bytes, Camera, Floats, Motion, Rig

STRAY = 0.5  # of the subject's size: a joint farther outside its bounds is not framed; the subject would get lost
_MOST_ROUNDS = 4  # cameras that step back show fewer joints apart, so that which are drawn may change


def build_geometry(numbers: ClipNumbers, cameras: tuple[Camera, ...], render: RenderSettings) -> ClipGeometry:
    """Everything that is stored beside the videos."""
    rig, motion, joints = numbers.rig, numbers.motion, numbers.joints
    if render.turn_markers:
        rig, motion, joints = marked(numbers)
    num_markers = rig.num_joints - numbers.rig.num_joints
    projected = [project(camera, joints) for camera in cameras]
    at_rest = [project(camera, rig.rest_joints) for camera in cameras]
    joints_px, joints_depth = np.stack([item[0] for item in projected]), np.stack([item[1] for item in projected])
    rest_px, rest_depth = np.stack([item[0] for item in at_rest]), np.stack([item[1] for item in at_rest])
    size = np.array([cameras[0].width_px, cameras[0].height_px])
    drawn = _drawn(rig, num_markers, cameras, render)
    return ClipGeometry(
        rig=rig,
        drawn=drawn,
        colours=posemap.assign_colours(rest_px, drawn),
        motion=motion,
        num_markers=num_markers,
        joints=joints,
        cameras=cameras,
        joints_px=joints_px,
        joints_depth=joints_depth,
        visible=(joints_depth > 0) & ((joints_px >= 0) & (joints_px < size)).all(axis=-1),
        rest_joints_px=rest_px,
        rest_joints_depth=rest_depth,
        scale=numbers.scale,
        offset=numbers.offset,
    )


def marked(numbers: ClipNumbers) -> tuple[Rig, Motion, Floats]:
    """The clip's rig, motion and joints (T, J + M, 3): after its joints the markers that show how they turn."""
    rig, motion = with_markers(numbers.rig, numbers.motion)
    markers = skeleton.forward(rig, motion)[0][:, numbers.rig.num_joints :]
    return rig, motion, np.concatenate([numbers.joints, markers], axis=1)


def joint_radius_px(render: RenderSettings) -> float:
    """Of the discs, in pictures of the profile's height."""
    return posemap.radius_for(render.joint_radius_px, render.height_px)


def pose_map(geometry: ClipGeometry, joints_px: Floats, depth: Floats, radius_px: float) -> Bytes:
    """One pose map (H, W, 3) RGB of joints (J, 2) and their depths (J,)."""
    camera = geometry.cameras[0]
    return posemap.draw(
        joints_px,
        depth,
        parents=geometry.rig.parents,
        drawn=geometry.drawn,
        colours=geometry.colours,
        width_px=camera.width_px,
        height_px=camera.height_px,
        radius_px=radius_px,
    )


@dataclass(frozen=True, slots=True)
class ClipNumbers:
    """What Blender evaluated for a clip, in normalised world coordinates. T frames, J joints."""

    rig: Rig
    motion: Motion
    joints: Floats  # (T, J, 3)
    clip_bounds: Floats  # (2, 3) min and max corner over all frames: centre 0, largest side 1
    view_bounds: Floats  # (2, 3) the same, rest pose included: what the cameras frame, and drawn joints outside of it
    frame_bounds: Floats  # (T, 2, 3) of each frame
    rest_bounds: Floats  # (2, 3)
    scale: float  # normalised = (as imported - offset) * scale
    offset: Floats  # (3,)
    front_deg: float = 0.0  # azimuth of the front at rest, from where azimuths of cameras are counted


def framing_cameras(numbers: ClipNumbers, render: RenderSettings) -> tuple[Camera, ...]:
    """The clip's cameras, which see the mesh in all frames and at rest, and whole discs of the joints that are drawn.

    Where the discs are in the picture of the mesh alone, that is the picture. Joints that are STRAY, such as bones that
    control others from afar, stay outside.
    """
    rig, joints = numbers.rig, numbers.joints
    if render.turn_markers:
        rig, _, joints = marked(numbers)
    num_markers = rig.num_joints - numbers.rig.num_joints
    places = np.concatenate([joints, rig.rest_joints[None]])  # (T + 1, J, 3)
    low, high = numbers.view_bounds
    is_near = ((places >= low - STRAY) & (places <= high + STRAY)).all(axis=(0, 2))
    bounds, radius_px = numbers.view_bounds, joint_radius_px(render)
    cameras = clip_cameras(bounds, render, front_deg=numbers.front_deg)
    for _ in range(_MOST_ROUNDS):
        framed = places[:, _drawn(rig, num_markers, cameras, render) & is_near]
        if all(_shows(camera, framed, radius_px) for camera in cameras):
            break
        bounds = np.stack(
            [np.minimum(bounds[0], framed.min(axis=(0, 1))), np.maximum(bounds[1], framed.max(axis=(0, 1)))]
        )
        cameras = clip_cameras(bounds, render, front_deg=numbers.front_deg)
    return cameras


def _shows(camera: Camera, places: Floats, radius_px: float) -> bool:
    """Whether all discs at places (..., 3) are inside the picture."""
    pixels, depth = project(camera, places)
    size = np.array([camera.width_px, camera.height_px])
    return bool(((depth > 0) & ((pixels >= radius_px) & (pixels <= size - radius_px)).all(axis=-1)).all())


def _drawn(rig: Rig, num_markers: int, cameras: tuple[Camera, ...], render: RenderSettings) -> Bools:
    rest_px = np.stack([project(camera, rig.rest_joints)[0] for camera in cameras])
    return choose_drawn_with_markers(
        rig, num_markers, rest_px, radius_px=joint_radius_px(render), max_joints=render.max_drawn_joints
    )


def clip_cameras(view_bounds: Floats, view: ViewSettings, *, front_deg: float = 0.0) -> tuple[Camera, ...]:
    """Cameras, one per azimuth, counted from a front, that show these bounds."""
    return camera_ring(
        bounds=view_bounds,
        azimuths_deg=view.azimuths_deg,
        front_deg=front_deg,
        elevation_deg=view.elevation_deg,
        width_px=view.width_px,
        height_px=view.height_px,
        field_of_view_deg=view.field_of_view_deg,
        margin=view.margin,
    )
