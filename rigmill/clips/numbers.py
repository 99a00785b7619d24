"""The numbers stored beside a clip's videos: joints, rotations, cameras, colours. One npz per clip."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from rigmill.posemaps.markers import own_part
from rigmill.types import Bools, Bytes, Camera, Floats, Motion, Rig

# Every key of geometry.npz is spelled here and nowhere else.


@dataclass(frozen=True, slots=True)
class ClipGeometry:
    """Ground truth of one clip. T frames, J joints, V views. Units: normalised metres, pixels."""

    rig: Rig
    drawn: Bools  # (J,) joints that the pose map shows
    colours: Bytes  # (J, 3) RGB, 0 for joints that are not drawn
    motion: Motion
    joints: Floats  # (T, J, 3) world, as Blender evaluated them
    cameras: tuple[Camera, ...]  # V
    joints_px: Floats  # (V, T, J, 2)
    joints_depth: Floats  # (V, T, J) along the view axis
    visible: Bools  # (V, T, J) in front of the camera and inside the picture
    rest_joints_px: Floats  # (V, J, 2)
    rest_joints_depth: Floats  # (V, J)
    scale: float  # normalised = (as imported - offset) * scale
    offset: Floats  # (3,)
    num_markers: int = 0  # of the rig's joints, the last ones: see markers.py

    @property
    def front_deg(self) -> float:
        """The azimuth, in the world, of the front that the cameras' azimuths are counted from; 0 is -Y."""
        camera = self.cameras[0]
        away = -camera.world_to_view[2, :2]
        front = np.degrees(np.arctan2(away[0], -away[1])) - camera.azimuth_deg
        return float(np.round((front + 180.0) % 360.0 - 180.0, 9))

    def own(self, motion: Motion) -> tuple[Rig, Motion]:
        """The rig, and a motion of it, without markers: what a file can be animated with."""
        return own_part(self.rig, motion, self.num_markers)

    def to_bytes(self) -> bytes:
        """The npz, the same bytes for the same numbers."""
        buffer = io.BytesIO()
        first = self.cameras[0]
        np.savez(
            buffer,
            joint_names=np.array(self.rig.names, dtype=np.str_),
            parents=self.rig.parents.astype(np.int32),
            rest_joints=self.rig.rest_joints.astype(np.float64),
            drawn=self.drawn,
            colours=self.colours,
            rotations=self.motion.rotations.astype(np.float32),
            translations=self.motion.translations.astype(np.float32),
            fps=np.float64(self.motion.fps),
            joints=self.joints.astype(np.float32),
            azimuths_deg=np.array([camera.azimuth_deg for camera in self.cameras]),
            intrinsics=np.stack([camera.intrinsics for camera in self.cameras]),
            world_to_view=np.stack([camera.world_to_view for camera in self.cameras]),
            size_px=np.array([first.width_px, first.height_px], dtype=np.int32),
            joints_px=self.joints_px.astype(np.float32),
            joints_depth=self.joints_depth.astype(np.float32),
            visible=self.visible,
            rest_joints_px=self.rest_joints_px.astype(np.float32),
            rest_joints_depth=self.rest_joints_depth.astype(np.float32),
            scale=np.float64(self.scale),
            offset=self.offset.astype(np.float64),
            num_markers=np.int32(self.num_markers),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> ClipGeometry:
        with np.load(io.BytesIO(data), allow_pickle=False) as npz:
            width_px, height_px = (int(value) for value in npz["size_px"])
            cameras = tuple(
                Camera(
                    azimuth_deg=float(azimuth),
                    intrinsics=intrinsics,
                    world_to_view=world_to_view,
                    width_px=width_px,
                    height_px=height_px,
                )
                for azimuth, intrinsics, world_to_view in zip(
                    npz["azimuths_deg"], npz["intrinsics"], npz["world_to_view"]
                )
            )
            return cls(
                rig=Rig(
                    names=tuple(str(name) for name in npz["joint_names"]),
                    parents=npz["parents"],
                    rest_joints=npz["rest_joints"],
                ),
                drawn=npz["drawn"],
                colours=npz["colours"],
                motion=Motion(rotations=npz["rotations"], translations=npz["translations"], fps=float(npz["fps"])),
                joints=npz["joints"],
                cameras=cameras,
                joints_px=npz["joints_px"],
                joints_depth=npz["joints_depth"],
                visible=npz["visible"],
                rest_joints_px=npz["rest_joints_px"],
                rest_joints_depth=npz["rest_joints_depth"],
                scale=float(npz["scale"]),
                offset=npz["offset"],
                num_markers=int(npz["num_markers"]),
            )
