"""Pictures in memory and as PNG, WebP and JPEG: decoding, encoding, and laying them over a colour."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rigmill.types import Bools, Bytes, Floats

OPAQUE = 128  # alpha from which a pixel counts as the subject


def silhouette(picture: Bytes) -> Bools:
    """Where a picture, RGBA (H, W, 4), shows the subject, (H, W)."""
    return np.asarray(picture[..., 3] >= OPAQUE)


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


def over_grey(picture: Bytes, level: float) -> Floats:
    """RGBA (H, W, 4), straight alpha, over a grey (255: white): RGB (H, W, 3) in 0 .. 255, not rounded."""
    alpha = picture[..., 3:].astype(np.float64) / 255
    return np.asarray(picture[..., :3] * alpha + level * (1 - alpha))


def jpeg(picture: Bytes, *, quality: int = 85) -> bytes:
    """An RGB picture (H, W, 3) as the bytes of a JPEG file; `quality` is 0 to 100."""
    return _encoded(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def image_bytes(suffix: str, picture: NDArray[Any]) -> bytes:
    """The picture (H, W), RGB or RGBA, as PNG or lossless WebP."""
    return _encoded(suffix, picture, [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else [])


def _encoded(suffix: str, picture: NDArray[Any], options: list[int]) -> bytes:
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(suffix, picture, options)
    if not done:
        raise ValueError(f"the picture cannot be written as {suffix}")
    return bytes(data.tobytes())


def picture(data: bytes) -> Bytes:
    """A PNG as RGB (H, W, 3)."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("the picture cannot be read")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
