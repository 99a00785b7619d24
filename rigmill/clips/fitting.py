"""Pictures brought to another size with their aspect kept, and cameras and places with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from rigmill.types import Bytes, Camera, Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture of one size lies in another: scaled, in its middle, at whole pixels.

    Both sides have the same scale, as far as whole pixels allow. Places run from the picture's corner:
    new = old * (inner size / old size) + (left, top).
    """

    width_px: int
    height_px: int
    inner_px: tuple[int, int]  # width and height of what is seen of the old picture
    old_px: tuple[int, int]

    @classmethod
    def of(cls, width_px: int, height_px: int, *, size_px: int, multiple: int = 1) -> Fit:
        """The shorter side becomes `size_px`; the longer one as long as the aspect asks, and up to a whole multiple."""
        old = (width_px, height_px)
        inner = tuple(max(1, round(side * size_px / min(old))) for side in old)
        wide, high = (-(-side // multiple) * multiple for side in inner)
        return cls(wide, high, (inner[0], inner[1]), old)

    @property
    def _left_top(self) -> tuple[int, int]:
        return (self.width_px - self.inner_px[0]) // 2, (self.height_px - self.inner_px[1]) // 2

    @property
    def _scale(self) -> Floats:
        return np.array(self.inner_px) / np.array(self.old_px)

    def places(self, places_px: Floats) -> Floats:
        """Places (..., 2) in the new picture."""
        return np.asarray(places_px * self._scale + np.array(self._left_top))

    def camera(self, camera: Camera) -> Camera:
        """The camera of the new picture."""
        (x, y), (left, top) = self._scale, self._left_top
        change = np.array([[x, 0, left], [0, y, top], [0, 0, 1.0]])
        return replace(camera, intrinsics=change @ camera.intrinsics, width_px=self.width_px, height_px=self.height_px)

    def pictures(self, pictures: Bytes) -> Bytes:
        """Pictures (T, H, W, 3) by area; what is beside them goes on with their edge."""
        if pictures.shape[1:3] == (self.height_px, self.width_px):
            return pictures
        return np.stack([self._picture(picture) for picture in pictures])

    def _picture(self, picture: Bytes) -> Bytes:
        small = cv2.resize(picture, self.inner_px, interpolation=cv2.INTER_AREA)
        left, top = self._left_top
        right, bottom = self.width_px - self.inner_px[0] - left, self.height_px - self.inner_px[1] - top
        return np.asarray(cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_REPLICATE), dtype=np.uint8)
