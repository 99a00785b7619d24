"""References of the part quality: Cycles with many samples and no denoiser, in the scene that our engines draw.

They take hours of one core, so each stays in a folder under a name that depends on the file, the scene's settings and
the seed. What exists is not made again; what was made for other settings is not looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.common.corpus import Asset, blender, render_settings
from rigmill.blender.client import BlenderClient
from rigmill.storage.files import digest
from rigmill.types import Bytes

SAMPLES = 256
VIEWS = (0, 1, 2, 3)
# The scene's `world` and `lights` and all of `cycles` count, but not what only says where Blender puts things.
REFERENCE: dict[str, Any] = {"engine": "cycles", "samples": SAMPLES, "max_samples": None, "denoise": False}
_DRAWN_AS = 2  # what else a reference depends on; 2: surfaces that are seen from the front alone (fronts.py)


@dataclass(frozen=True)
class Reference:
    """One picture: RGBA (H, W, 4) of the middle frame, and the camera (a row of child.py) it was taken with."""

    asset: Asset
    view: int
    picture: Bytes
    camera: dict[str, Any]
    frame: int


def middle_frame(asset: Asset) -> int:
    return asset.num_frames // 2


def references(
    assets: Sequence[Asset], folder: Path, *, views: Sequence[int] = VIEWS, seed: int = 0
) -> Iterator[Reference]:
    """The references of the assets; makes those that `folder` does not have yet."""
    render = render_settings(**REFERENCE)
    client = blender()
    folder.mkdir(parents=True, exist_ok=True)
    held = tempfile.TemporaryDirectory()  # private: another run may be filling the same folder
    scratch = Path(held.name)
    try:
        (settings,) = client.run("benchmarks.rendering.child:settings_of_scene", [{"render": render}], scratch=scratch)
        if settings.value is None:
            raise RuntimeError(f"Blender does not say its settings: {settings.outcome}")
        scene = digest(settings.value, {key: value for key, value in render.items() if key in _FRAMING}, _DRAWN_AS)
        for asset in assets:
            place = folder / f"{asset.key}-{scene}-{seed}"
            place.mkdir(exist_ok=True)
            _make(asset, place, views=views, seed=seed, client=client, render=render, scratch=scratch)
            for view in views:
                row = json.loads((place / f"{view}.json").read_text())
                yield Reference(asset, view, _read(place / f"{view}.png"), row["camera"], row["frame"])
    finally:
        client.close()
        held.cleanup()


_FRAMING = ("width_px", "height_px", "azimuths_deg", "elevation_deg", "field_of_view_deg", "margin")


def _make(
    asset: Asset,
    place: Path,
    *,
    views: Sequence[int],
    seed: int,
    client: BlenderClient,
    render: dict[str, Any],
    scratch: Path,
) -> None:
    missing = [view for view in views if not (place / f"{view}.json").exists()]
    items = [
        asset.clip(render).to_item() | {"view": view, "frame": middle_frame(asset), "seed": seed} for view in missing
    ]
    for view, reply in zip(missing, client.run("benchmarks.rendering.child:reference", items, scratch=scratch)):
        if reply.value is None:
            raise RuntimeError(f"no reference of {asset.name}: {reply.outcome}")
        shutil.move(scratch / reply.value["picture"], place / f".{view}.{os.getpid()}.png")
        (place / f".{view}.{os.getpid()}.png").replace(place / f"{view}.png")
        row = {key: reply.value[key] for key in ("camera", "frame")} | {"asset": asset.name}
        (place / f"{view}.json").write_text(json.dumps(row))  # last: it says that the picture is whole


def _read(path: Path) -> Bytes:
    return np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]])


def same_camera(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two camera rows say the same; a reference of another framing is worth nothing."""
    return one.keys() == other.keys() and all(np.allclose(one[key], other[key], atol=1e-6) for key in one)
