"""A figure with a face, drawn from four sides without Blender: clips whose truth is certain because we moved it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from caption.pictures.views import ClipViews
from rigmill.clips.camera import camera_ring, project
from rigmill.types import Bytes, Camera, Floats

SIDE_PX, FPS, NUM_FRAMES = 288, 12.0, 25
BACKGROUND = (255, 255, 255)
_AZIMUTHS = (0.0, 90.0, 180.0, 270.0)
_SKIN, _SHIRT, _BACK, _TROUSERS, _SHOES, _INK = (
    (222, 170, 130),
    (190, 60, 50),
    (70, 70, 90),
    (60, 80, 140),
    (40, 40, 40),
    (20, 20, 20),
)


@dataclass(frozen=True, slots=True)
class Pose:
    """Of a figure that is 1 high. Angles in degrees; limbs as (left, right); at 0 all limbs hang."""

    forward: float = 0.0  # place, along the way it faces at first
    left: float = 0.0
    up: float = 0.0
    turned: float = 0.0  # to its left
    legs: tuple[float, float] = (0.0, 0.0)  # swung forward
    arms: tuple[float, float] = (0.0, 0.0)  # swung forward
    arms_out: tuple[float, float] = (12.0, 12.0)  # raised sideways


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A straight part of the body, round at its ends; of no length: a ball. World places."""

    start: Floats
    end: Floats
    radius: float
    colour: tuple[int, int, int]


def figure_clip(pose_at: Callable[[float], Pose], num_frames: int = NUM_FRAMES) -> ClipViews:
    """The clip of a figure whose pose is a function of the share of the clip, 0 to 1."""
    from rigmill.clips.video import Encoder  # here, because the codec takes long to import

    frames = [_strokes(pose_at(frame / (num_frames - 1))) for frame in range(num_frames)]
    places = np.array([place for strokes in frames for one in strokes for place in (one.start, one.end)])
    bounds = np.array([places.min(axis=0) - 0.12, places.max(axis=0) + 0.12])
    cameras = camera_ring(
        bounds=bounds,
        azimuths_deg=_AZIMUTHS,
        elevation_deg=0.0,
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        field_of_view_deg=40.0,
        margin=0.05,
    )
    videos = []
    for camera in cameras:
        encoder = Encoder(
            width_px=SIDE_PX, height_px=SIDE_PX, fps=FPS, crf=18, pixel_format="yuv420p", keyframe_interval=12
        )
        for strokes in frames:
            encoder.add(_drawn(strokes, camera))
        videos.append(encoder.finish())
    return ClipViews(
        videos=tuple(videos),
        stored_azimuths_deg=_AZIMUTHS,
        joints_px=np.full((len(cameras), 0, 2), np.nan),
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        num_frames=num_frames,
        fps=FPS,
        background=BACKGROUND,
    )


def _strokes(pose: Pose) -> list[_Stroke]:
    """The body in the world, +Z up, facing -Y at first, its left at +X."""
    turn = math.radians(pose.turned)
    ahead = np.array([math.sin(turn), -math.cos(turn), 0.0])
    left = np.array([math.cos(turn), math.sin(turn), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    foot = np.array([pose.left, -pose.forward, pose.up])

    def at(forward: float, side: float, height: float) -> Floats:
        return np.asarray(foot + forward * ahead + side * left + height * up)

    hips, chest, head = at(0, 0, 0.48), at(0, 0, 0.74), at(0, 0, 0.9)
    made = [
        _Stroke(hips + 0.02 * ahead, chest + 0.02 * ahead, 0.085, _SHIRT),
        _Stroke(hips - 0.035 * ahead, chest - 0.035 * ahead, 0.075, _BACK),
        _Stroke(head, head, 0.085, _SKIN),
        _Stroke(head - 0.03 * ahead + 0.03 * up, head - 0.03 * ahead + 0.03 * up, 0.083, _INK),
        _Stroke(head + 0.1 * ahead - 0.01 * up, head + 0.1 * ahead - 0.01 * up, 0.016, _SKIN),
    ]
    for sign in (1, -1):
        eye = head + 0.081 * ahead + sign * 0.034 * left + 0.015 * up
        made.append(_Stroke(eye, eye, 0.013, _INK))
        limb = 0 if sign > 0 else 1
        leg = math.radians(pose.legs[limb])
        thigh = at(0, sign * 0.055, 0.46)
        along = math.sin(leg) * ahead - math.cos(leg) * up
        ankle = thigh + 0.41 * along
        made += [_Stroke(thigh, ankle, 0.045, _TROUSERS), _Stroke(ankle, ankle + 0.07 * ahead, 0.035, _SHOES)]
        swing, out = math.radians(pose.arms[limb]), math.radians(pose.arms_out[limb])
        shoulder = at(0, sign * 0.12, 0.76)
        reach = math.sin(out) * sign * left + math.cos(out) * (math.sin(swing) * ahead - math.cos(swing) * up)
        hand = shoulder + 0.34 * reach
        made += [_Stroke(shoulder, hand, 0.035, _SHIRT), _Stroke(hand, hand + 0.03 * reach, 0.036, _SKIN)]
    return made


def _drawn(strokes: list[_Stroke], camera: Camera) -> Bytes:
    """One frame in one view: what is nearer is drawn later."""
    picture = np.full((camera.height_px, camera.width_px, 3), BACKGROUND, np.uint8)
    focal = float(camera.intrinsics[0, 0])
    seen = []
    for stroke in strokes:
        pixels, depth = project(camera, np.array([stroke.start, stroke.end]))
        seen.append((float(depth.mean()) - stroke.radius, stroke, pixels, focal / float(depth.mean())))
    for _, stroke, pixels, scale in sorted(seen, key=lambda item: -item[0]):
        start, end = (tuple(int(round(value * 16)) for value in place) for place in pixels)
        radius = max(round(stroke.radius * scale), 1)
        cv2.line(picture, start, end, stroke.colour, 2 * radius, cv2.LINE_AA, 4)
        for place in (start, end):
            cv2.circle(picture, place, radius * 16, stroke.colour, cv2.FILLED, cv2.LINE_AA, 4)
    return picture
