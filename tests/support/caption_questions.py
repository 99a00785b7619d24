"""Questions as the stages ask them, and an endpoint for a scripted server."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from caption.questions.question import Picture, Question, Text
from rigmill.config.caption import Endpoint

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sentence": {"type": "string", "minLength": 5, "maxLength": 160},
        "direction": {"type": "string", "enum": ["forward", "backward", "none"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["sentence", "direction", "confidence"],
    "additionalProperties": False,
}
GOOD: dict[str, Any] = {"sentence": "A dog runs forward.", "direction": "forward", "confidence": 0.9}


def jpeg(seed: int, side_px: int = 56) -> bytes:
    """A picture with enough in it to be of a usual size."""
    rough = np.random.default_rng(seed).integers(0, 255, (side_px // 8 or 1, side_px // 8 or 1, 3), np.uint8)
    picture = cv2.resize(rough, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def question(number: int = 0, *, num_pictures: int = 1, side_px: int = 56, **changes: Any) -> Question:
    """One question, another one for each number."""
    parts: list[Text | Picture] = [Text(f"This is clip {number}. ")]
    for index in range(num_pictures):
        parts += [Text(f"Time {index / 4:.2f} s:"), Picture(jpeg(number + index, side_px), side_px, side_px)]
    known: dict[str, Any] = {
        "prompt": "motion-1",
        "instructions": "Say in one sentence what the subject does.",
        "parts": tuple(parts),
        "schema": SCHEMA,
        "max_output_tokens": 120,
    }
    return Question(**known | changes)


def endpoint(url: str, **changes: Any) -> Endpoint:
    """Patient: on a busy machine an answer may take a second, and one asked for twice is counted twice."""
    return Endpoint(**{"base_url": url, "key_variable": "TEST_CAPTION_KEY", "request_s": 20} | changes)
