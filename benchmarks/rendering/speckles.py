"""Glass and gloss by Cycles with the samples of the profile `paper`, and with as many as `max_samples` finds.

A file of glass, frosted glass, polished and brushed metal and lacquer (made.py), its middle frame from two sides,
against Cycles with 256 samples. Speckles: pixels inside the subject whose worst channel is more than 24 of 255 away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.common.corpus import blender, render_settings
from benchmarks.rendering.made import made_assets
from benchmarks.rendering.quality import drawn
from benchmarks.rendering.references import references
from rigmill.clips.pictures import over_grey
from rigmill.types import Bytes

VIEWS = (0, 1)
SPECKLE = 24
SETTINGS: dict[str, dict[str, Any]] = {"alone": {"max_samples": None}, "enough": {}}


def speckles(folder: Path, scratch: Path, sheet: Path) -> dict[str, Any]:
    """The figures of both settings; a sheet of reference, alone, enough, and the last two's differences times four."""
    (asset,) = made_assets(folder / "assets", ["under glass"])
    expected = [reference.picture for reference in references([asset], folder, views=VIEWS)]
    client = blender()
    found: dict[str, Any] = {}
    strips = [expected]
    try:
        for name, changed in SETTINGS.items():
            made = drawn(asset, client, scratch, render=render_settings(**changed))
            pictures = made.pictures[: len(VIEWS)]
            strips.append(pictures)
            apart = np.concatenate([_apart(*pair) for pair in zip(pictures, expected)])
            found[name] = {
                "samples": made.samples,
                "speckles_pct": 100 * float((apart > SPECKLE).mean()),
                "error_p995": float(np.percentile(apart, 99.5)),
                "cpu_s": made.cpu_s,
            }
    finally:
        client.close()
    strips += [[_difference(*pair) for pair in zip(pictures, expected)] for pictures in strips[1:3]]
    rows = [np.concatenate([over_grey(strip[view], 255) for strip in strips], axis=1) for view in range(len(VIEWS))]
    sheet.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(sheet), np.concatenate(rows)[..., ::-1].astype(np.uint8))
    found["cpu_ratio"] = found["enough"]["cpu_s"] / found["alone"]["cpu_s"]
    return {"speckles": found}


def _apart(picture: Bytes, reference: Bytes) -> Any:
    """How far the worst channel is off, of the pixels that both show whole, with all around them."""
    inside = ((picture[..., 3] == 255) & (reference[..., 3] == 255)).astype(np.uint8)
    inside = cv2.erode(inside, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.abs(picture[..., :3].astype(np.int16) - reference[..., :3]).max(axis=-1)[inside > 0]


def _difference(picture: Bytes, reference: Bytes) -> Bytes:
    apart = 4 * np.abs(over_grey(picture, 255) - over_grey(reference, 255))
    return np.dstack([np.clip(apart, 0, 255), np.full(apart.shape[:2], 255)]).astype(np.uint8)
