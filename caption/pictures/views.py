"""A rendered clip as its views are stored, and the same clip reversed in time or mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.sparse import Planes, planes_at
from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class ClipViews:
    """V views of one clip of T frames. Frames are numbered as shown: of `backwards`, 0 is the last one stored.

    `mirrored` is the clip seen in a mirror that stands beside the subject: each picture is flipped, and what the camera
    at 90 degrees showed is what the one at 270 would see of the mirrored subject.
    """

    videos: tuple[bytes, ...]  # V, mp4, RGB over `background`
    stored_azimuths_deg: tuple[float, ...]
    joints_px: Floats  # (V, N, 2) where joints are in any frame, not finite for those that are not in the picture
    width_px: int
    height_px: int
    num_frames: int
    fps: float
    background: tuple[int, int, int]
    backwards: bool = False
    mirrored: bool = False

    @classmethod
    def of(cls, geometry: ClipGeometry, videos: Sequence[bytes], background: tuple[int, int, int]) -> ClipViews:
        """A rendered clip: what its geometry.npz holds, and its rgb.<v>.mp4 in order."""
        shown = geometry.drawn & (geometry.joints_depth > 0) & geometry.visible
        places = np.where(shown[..., None], geometry.joints_px, np.nan)
        first = geometry.cameras[0]
        return cls(
            videos=tuple(videos),
            stored_azimuths_deg=tuple(camera.azimuth_deg for camera in geometry.cameras),
            joints_px=places.reshape(len(geometry.cameras), -1, 2),
            width_px=first.width_px,
            height_px=first.height_px,
            num_frames=len(geometry.joints),
            fps=geometry.motion.fps,
            background=background,
        )

    @property
    def azimuths_deg(self) -> tuple[float, ...]:
        """Where each view is seen from."""
        return tuple((-azimuth if self.mirrored else azimuth) % 360 for azimuth in self.stored_azimuths_deg)

    def in_reverse(self) -> ClipViews:
        """The same clip from its end to its start."""
        return replace(self, backwards=not self.backwards)

    def in_mirror(self) -> ClipViews:
        """The same clip with left and right exchanged."""
        return replace(self, mirrored=not self.mirrored)

    def planes(self, view: int, frames: Sequence[int]) -> list[Planes]:
        """Frames of a view as stored, not flipped, in the order asked for; their numbers rise."""
        if not self.backwards:
            return planes_at(self.videos[view], frames)
        return planes_at(self.videos[view], [self.num_frames - 1 - frame for frame in reversed(frames)])[::-1]
