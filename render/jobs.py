"""What goes to a Blender child and what comes back, as plain data: spelled here for both sides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from rigmill.camera import camera_ring
from rigmill.types import Bytes, Camera, Floats, Motion, Rig

RENDER_CLIP = "render.blender.worker:render_clip"
OUTPUTS = ("rgb", "pose", "templates", "geometry")  # of a clip of the pipeline


@dataclass(frozen=True, slots=True)
class ClipItem:
    """One clip to show: an action of the file, a stored motion put on its rig, or the rest pose."""

    clip_id: str
    path: str
    format: str
    armature: str
    action: str | None  # None, and no stored motion either: the rest pose
    slot: str | None
    start_frame: float  # at `fps`; frames of the file's action, or of the stored motion
    num_frames: int
    fps: float
    motion_path: str | None
    render: dict[str, Any]  # the profile's render section
    outputs: tuple[str, ...] = ()  # of film.Film: OUTPUTS, mask; png, webp, depth, normal

    def to_item(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> ClipItem:
        return cls(
            clip_id=item["clip_id"], path=item["path"], format=item["format"], armature=item["armature"],
            action=item.get("action"), slot=item.get("slot"), start_frame=float(item.get("start_frame") or 0.0),
            num_frames=int(item["num_frames"]), fps=float(item["fps"]), motion_path=item.get("motion_path"),
            render=dict(item["render"]), outputs=tuple(item.get("outputs", OUTPUTS)),
        )


@dataclass(frozen=True, slots=True)
class ClipNumbers:
    """What Blender evaluated for a clip, in normalised world coordinates. T frames, J joints."""

    rig: Rig
    motion: Motion
    joints: Floats  # (T, J, 3)
    clip_bounds: Floats  # (2, 3) min and max corner over all frames: centre 0, largest side 1
    view_bounds: Floats  # (2, 3) the same, rest pose included: what the cameras frame
    frame_bounds: Floats  # (T, 2, 3) of each frame
    rest_bounds: Floats  # (2, 3)
    scale: float  # normalised = (as imported - offset) * scale
    offset: Floats  # (3,)


def clip_cameras(view_bounds: Floats, render: dict[str, Any]) -> tuple[Camera, ...]:
    """The clip's cameras, one per azimuth."""
    return camera_ring(
        bounds=view_bounds, azimuths_deg=render["azimuths_deg"], elevation_deg=render["elevation_deg"],
        width_px=render["width_px"], height_px=render["height_px"],
        field_of_view_deg=render["field_of_view_deg"], margin=render["margin"],
    )


def over_background(picture: Bytes, background: tuple[int, int, int]) -> Bytes:
    """RGBA (H, W, 4), straight alpha, over a flat colour: RGB (H, W, 3)."""
    if not picture.size:
        return np.zeros((*picture.shape[:2], 3), np.uint8)
    mixed = cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB)
    alpha = np.ascontiguousarray(picture[:, :, 3])
    flat = np.empty_like(mixed)
    cv2.rectangle(flat, (0, 0), (flat.shape[1], flat.shape[0]), tuple(map(float, background)), cv2.FILLED)
    cv2.copyTo(flat, (alpha == 0).view(np.uint8), mixed)
    edge = (alpha > 0) & (alpha < 255)  # few pixels
    share = alpha[edge, None].astype(np.float32) / 255
    mixed[edge] = np.rint(mixed[edge] * share + np.array(background, np.float32) * (1 - share))
    return np.asarray(mixed)
