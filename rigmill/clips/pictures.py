"""Pictures in memory and as PNG and JPEG: decoding, encoding, and laying them over a colour."""

from __future__ import annotations

import cv2
import numpy as np

from rigmill.types import Bools, Bytes, Floats


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


OPAQUE = 128  # alpha from which a pixel counts as the subject


def silhouette(picture: Bytes) -> Bools:
    """Where a picture, RGBA (H, W, 4), shows the subject, (H, W)."""
    return np.asarray(picture[..., 3] >= OPAQUE)


def over_white(picture: Bytes) -> Floats:
    """RGBA (H, W, 4), straight alpha, over white: RGB (H, W, 3) in 0 .. 255, not rounded."""
    alpha = picture[..., 3:].astype(np.float64) / 255
    return np.asarray(picture[..., :3] * alpha + 255 * (1 - alpha))


def jpeg(picture: Bytes, *, quality: int = 85) -> bytes:
    """An RGB picture (H, W, 3) as the bytes of a JPEG file; `quality` is 0 to 100."""
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError("the picture cannot be written as JPEG")
    return data.tobytes()


def picture(data: bytes) -> Bytes:
    """A PNG as RGB (H, W, 3)."""
    return np.asarray(cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))
