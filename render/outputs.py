"""A clip's pictures on their way from an engine into files: videos, masks, single pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from render.numbers import joint_radius_px, pose_map
from render.raster.planes import paint_over
from render.raster.types import Picture
from rigmill.blender.render_settings import RenderSettings
from rigmill.clips import members
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import image_bytes, over_background, silhouette
from rigmill.clips.video import TO_YUV, Encoder
from rigmill.kinds import Output
from rigmill.outcomes import Refusal, Reject
from rigmill.posemaps import posemap
from rigmill.types import Bytes, Camera

BLACK = 3.0  # of 255: mean brightness of a subject that nobody can see
_MASK_CRF = 18


def video_encoder(
    camera: Camera, render: RenderSettings, fps: float, *, kind: str, background: tuple[int, int, int] = (0, 0, 0)
) -> Encoder:
    """The encoder of one view's `rgb`, `pose` or `mask` video."""
    return Encoder(
        width_px=camera.width_px,
        height_px=camera.height_px,
        fps=fps,
        background=background,
        crf={"rgb": render.rgb_crf, "pose": render.pose_crf, "mask": _MASK_CRF}[kind],
        pixel_format="yuv444p" if kind == "pose" else "yuv420p",
        keyframe_interval=render.keyframe_interval,
    )


def pose_video(geometry: ClipGeometry, view: int, render: RenderSettings, fps: float) -> bytes:
    """One view's pose maps as an mp4."""
    camera, radius_px = geometry.cameras[view], joint_radius_px(render)
    encoder = video_encoder(camera, render, fps, kind="pose")
    for joints_px, depth in zip(geometry.joints_px[view], geometry.joints_depth[view]):
        rows, columns = posemap.box(
            joints_px,
            geometry.drawn & (depth > 0),
            width_px=camera.width_px,
            height_px=camera.height_px,
            radius_px=radius_px,
        )
        picture = pose_map(geometry, joints_px, depth, radius_px)[rows, columns]
        encoder.add(picture, left_px=columns.start, top_px=rows.start)
    return encoder.finish()


class ClipWriter:
    """Takes the pictures of a clip frame by frame and keeps none of them."""

    def __init__(
        self, geometry: ClipGeometry, *, render: RenderSettings, fps: float, outputs: tuple[Output, ...], folder: Path
    ) -> None:
        self.geometry, self.render, self.fps, self.folder = geometry, render, fps, folder
        self.outputs = frozenset(outputs)
        self.background = render.background
        cameras = geometry.cameras
        self.checks = [ViewCheck(camera) for camera in cameras]
        self._rgb = self._encoders(Output.RGB, self.background)
        self._mask = self._encoders(Output.MASK, (0, 0, 0))
        self._num_frames = 0
        for name in members.STILLS:
            for view in range(len(cameras) if name in outputs else 0):
                (folder / members.frames_folder(name, view)).mkdir(parents=True)

    def _encoders(self, kind: Output, background: tuple[int, int, int]) -> list[Encoder]:
        wanted = self.geometry.cameras if kind in self.outputs else ()
        return [video_encoder(camera, self.render, self.fps, kind=kind, background=background) for camera in wanted]

    @property
    def wants_extras(self) -> bool:
        """Whether somebody asked for depth or normals."""
        return bool(self.outputs & {Output.DEPTH, Output.NORMAL})

    def add(self, pictures: list[Picture]) -> None:
        """The next frame, one picture per view."""
        for view, picture in enumerate(pictures):
            self.checks[view].add(picture)
            at = {"left_px": picture.left_px, "top_px": picture.top_px}
            if self._rgb:
                self._add_rgb(view, picture)
            if self._mask:
                self._mask[view].add(cv2.cvtColor(picture.rgba[..., 3], cv2.COLOR_GRAY2RGB), **at)
            self._add_stills(view, picture)
        self._num_frames += 1

    def _add_rgb(self, view: int, picture: Picture) -> None:
        def paint(planes: Bytes) -> None:
            paint_over(
                picture.rgba, picture.left_px, picture.top_px, np.array(self.background, np.float64), TO_YUV, planes
            )

        self._rgb[view].add_painted(paint)

    def _add_stills(self, view: int, picture: Picture) -> None:
        camera = self.geometry.cameras[view]
        for name in sorted(self.outputs & set(members.STILLS)):
            path = self.folder / members.frames_folder(name, view) / members.frame_file(name, self._num_frames)
            path.write_bytes(_STILLS[name](picture, camera))

    def add_templates(self, pictures: list[Picture]) -> None:
        """The rest pose, one picture per view; with its pose maps."""
        geometry, radius_px = self.geometry, joint_radius_px(self.render)
        for view, (picture, camera) in enumerate(zip(pictures, geometry.cameras)):
            whole = over_background(picture.whole(camera.width_px, camera.height_px), self.background)
            self._write(members.rgb_template(view), image_bytes(".png", whole))
            at_rest = pose_map(geometry, geometry.rest_joints_px[view], geometry.rest_joints_depth[view], radius_px)
            self._write(members.pose_template(view), image_bytes(".png", at_rest))

    def finish(self) -> None:
        """Write the videos; refuses a clip that shows too little, too much or nothing but black."""
        for check in self.checks:
            check.check(self.render.min_coverage)
        for view, encoder in enumerate(self._rgb):
            self._write(members.rgb_video(view), encoder.finish())
        for view, encoder in enumerate(self._mask):
            self._write(members.mask_video(view), encoder.finish())
        if Output.POSE in self.outputs:
            for view in range(len(self.geometry.cameras)):
                self._write(members.pose_video(view), pose_video(self.geometry, view, self.render, self.fps))
        if Output.GEOMETRY in self.outputs:
            self._write(members.GEOMETRY, self.geometry.to_bytes())

    def _write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)


class ViewCheck:
    """Sees whether a view shows the subject, whole and lit."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.num_frames = self.num_cut = self.num_pixels = 0
        self.brightness = 0.0

    def add(self, picture: Picture) -> None:
        width, height = picture.size_px
        subject = silhouette(picture.rgba)
        right, bottom = self.camera.width_px - picture.left_px, self.camera.height_px - picture.top_px
        edges = [
            subject[:, 0] if picture.left_px == 0 and width else None,
            subject[0] if picture.top_px == 0 and height else None,
            subject[:, -1] if width and width == right else None,
            subject[-1] if height and height == bottom else None,
        ]
        self.num_cut += any(edge is not None and edge.any() for edge in edges)
        self.num_pixels += int(np.count_nonzero(subject))
        # Four times four fewer pixels say as well whether anything can be seen.
        self.brightness += 16 * float(picture.rgba[::4, ::4, :3][subject[::4, ::4]].sum()) / 3
        self.num_frames += 1

    @property
    def coverage(self) -> float:
        """Mean share of the view that the subject covers."""
        return self.num_pixels / max(self.num_frames * self.camera.width_px * self.camera.height_px, 1)

    def check(self, min_coverage: float) -> None:
        """Refuse a view that is empty, cut off or black."""
        where = f"the view at {self.camera.azimuth_deg:g} degrees"
        if self.coverage < min_coverage:
            raise Refusal(
                Reject.EMPTY_PICTURE,
                f"the subject covers too little of {where}",
                measured=self.coverage,
                limit=min_coverage,
            )
        if self.num_cut:
            raise Refusal(
                Reject.OUT_OF_FRAME,
                f"the subject touches the picture's edge in {self.num_cut} frames of {where}",
                measured=float(self.num_cut),
                limit=0.0,
            )
        brightness = self.brightness / max(self.num_pixels, 1)
        if brightness < BLACK:
            raise Refusal(Reject.BLACK_PICTURE, f"the subject is black in {where}", measured=brightness, limit=BLACK)


def depth_bytes(picture: Picture, camera: Camera) -> bytes:
    """A 16-bit PNG: 32768 + 32000 times how far behind the world's origin, along the view axis; 0: nothing is there."""
    assert picture.depth is not None
    whole = np.zeros((camera.height_px, camera.width_px), np.uint16)
    width, height = picture.size_px
    there = np.isfinite(picture.depth)
    behind = np.where(there, picture.depth - camera.world_to_view[2, 3], 0)
    steps = np.where(there, np.rint(32768 + 32000 * behind).clip(1, 65535), 0)
    whole[picture.top_px : picture.top_px + height, picture.left_px : picture.left_px + width] = steps
    return image_bytes(".png", whole)


def normal_bytes(picture: Picture, camera: Camera) -> bytes:
    """An RGB PNG: 128 + 127 times the world normal, 0 where nothing is."""
    assert picture.normals is not None
    whole = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
    width, height = picture.size_px
    there = (picture.normals != 0).any(axis=-1, keepdims=True)
    levels = np.where(there, np.rint(128 + 127 * picture.normals), 0)
    whole[picture.top_px : picture.top_px + height, picture.left_px : picture.left_px + width] = levels
    return image_bytes(".png", whole)


_STILLS: dict[Output, Callable[[Picture, Camera], bytes]] = {
    Output.PNG: lambda picture, camera: image_bytes(".png", picture.whole(camera.width_px, camera.height_px)),
    Output.WEBP: lambda picture, camera: image_bytes(".webp", picture.whole(camera.width_px, camera.height_px)),
    Output.DEPTH: depth_bytes,
    Output.NORMAL: normal_bytes,
}
