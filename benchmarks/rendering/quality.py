"""How near our engines' pictures are to Cycles with 256 samples, per file and view, and a sheet of the worst."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from benchmarks.common.corpus import Asset, blender, render_settings
from benchmarks.rendering.made import MADE
from benchmarks.rendering.references import VIEWS, middle_frame, references, same_camera
from rigmill.blender.client import BlenderClient
from rigmill.clips.likeness import silhouette_iou, subject_ssim
from rigmill.clips.pictures import over_grey, silhouette
from rigmill.types import Bytes

# What is held against the references: the engines' settings beside the rest of the profile `paper`.
ENGINES: dict[str, dict[str, Any]] = {
    "raster": {"engine": "raster"},
    "auto": {"engine": "auto", "min_agreement": 0.85},  # as the profile `paper-fast`
    "cycles": {"engine": "cycles", "samples": 8, "denoise": True},  # as the profile `paper`
}
NOISE_FILES = 3  # for these a second reference, of another seed, tells how far two references are apart
WORST = 6


@dataclass(frozen=True)
class Compared:
    """One view of one file drawn by one engine, against its reference."""

    engine: str
    name: str
    view: int
    iou: float
    ssim: float
    picture: Bytes
    reference: Bytes
    reason: str = ""  # why `auto` would not take the rasteriser, as the materials say


def quality(assets: Sequence[Asset], folder: Path, scratch: Path, *, engines: Sequence[str]) -> Iterator[Compared]:
    """Every view of every file by every engine; a picture that an engine does not give raises."""
    client = blender()
    try:
        for asset in assets:
            expected = {reference.view: reference for reference in references([asset], folder)}
            for engine in engines:
                made = drawn(asset, client, scratch, render=render_settings(**ENGINES[engine]))
                rows = []
                for view, picture in zip(VIEWS, made.pictures):
                    reference = expected[view]
                    if not same_camera(reference.camera, made.cameras[view]):
                        raise SystemExit(f"the references in {folder} are of other cameras: remove them")
                    rows.append(
                        Compared(
                            engine,
                            asset.name,
                            view,
                            silhouette_iou(picture, reference.picture),
                            subject_ssim(picture, reference.picture),
                            picture,
                            reference.picture,
                            made.reason,
                        )
                    )
                ssims = " ".join(f"{row.ssim:.3f}" for row in rows)
                print(engine, asset.name, ssims, made.reason, file=sys.stderr, flush=True)
                yield from rows
    finally:
        client.close()


@dataclass(frozen=True)
class Drawn:
    """The four whole views of the middle frame, RGBA (H, W, 4), and what is said of them."""

    pictures: list[Bytes]
    cameras: list[dict[str, Any]]
    reason: str  # what the engine cannot reproduce
    samples: int | None
    cpu_s: float  # of the pictures alone


def drawn(asset: Asset, client: BlenderClient, scratch: Path, *, render: dict[str, Any]) -> Drawn:
    """The middle frame by the engine of `render`."""
    item = asset.clip(render).to_item() | {"frame": middle_frame(asset)}
    (reply,) = client.run("benchmarks.rendering.child:pictures_of_frame", [item], scratch=scratch)
    if reply.value is None:
        raise RuntimeError(f"{render['engine']} draws nothing of {asset.name}: {reply.outcome}")
    return Drawn(list(np.load(scratch / "pictures.npy")), **reply.value)


def noise_floor(assets: Sequence[Asset], folder: Path) -> dict[str, float]:
    """Two references of other seeds against each other."""
    pairs = [
        (one.picture, other.picture)
        for asset in assets[:NOISE_FILES]
        for one, other in zip(references([asset], folder), references([asset], folder, seed=1))
    ]
    return {
        "reference_files": float(min(len(assets), NOISE_FILES)),
        "reference_iou_median": median(silhouette_iou(*pair) for pair in pairs),
        "reference_ssim_median": median(subject_ssim(*pair) for pair in pairs),
    }


def summary(rows: Sequence[Compared]) -> dict[str, Any]:
    """The figures under their keys: the raster's without a name, the others' with theirs; of made files apart too."""
    found: dict[str, Any] = {"quality_files": len({row.name for row in rows})}
    for engine in dict.fromkeys(row.engine for row in rows):
        own = [row for row in rows if row.engine == engine]
        overlaps, ssims = np.array([row.iou for row in own]), np.array([row.ssim for row in own])
        middle = "" if engine == "raster" else f"_{engine}"
        found |= {
            f"iou{middle}_median": float(np.median(overlaps)),
            f"iou{middle}_min": float(overlaps.min()),
            f"iou{middle}_under_995": int((overlaps < 0.995).sum()),
            f"ssim{middle}_median": float(np.median(ssims)),
            f"ssim{middle}_p10": float(np.percentile(ssims, 10)),
            f"ssim{middle}_min": float(ssims.min()),
            f"pictures{middle}": len(own),
        }
        for name in dict.fromkeys(row.name for row in own if row.name.startswith(MADE)):
            of_file = [row for row in own if row.name == name]
            found |= {
                f"{name}{middle}_iou_min": min(row.iou for row in of_file),
                f"{name}{middle}_ssim_min": min(row.ssim for row in of_file),
            }
    return found


def table(rows: Sequence[Compared]) -> str:
    """Markdown: per file and engine the smallest and the mean over the views."""
    lines = [
        "| file | engine | IoU min | IoU mean | SSIM min | SSIM mean | SSIM by view | not reproduced |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, engine in dict.fromkeys((row.name, row.engine) for row in rows):
        own = [row for row in rows if (row.name, row.engine) == (name, engine)]
        figures = (
            min(row.iou for row in own),
            float(np.mean([row.iou for row in own])),
            min(row.ssim for row in own),
            float(np.mean([row.ssim for row in own])),
        )
        views = " ".join(f"{row.ssim:.3f}" for row in own)
        lines.append(
            f"| {name} | {engine} | "
            + " | ".join(f"{figure:.4f}" for figure in figures)
            + f" | {views} | {own[0].reason} |"
        )
    return "\n".join(lines)


def write_sheet(rows: Sequence[Compared], path: Path, *, engine: str = "raster") -> None:
    """The worst view of each of the six worst files by SSIM, cropped: reference, drawn, and the difference times 4."""
    worst: dict[str, Compared] = {}
    for row in sorted((row for row in rows if row.engine == engine), key=lambda row: row.ssim):
        worst.setdefault(row.name, row)
    path.parent.mkdir(parents=True, exist_ok=True)
    strips = [_strip(row) for row in list(worst.values())[:WORST]]
    if strips:
        cv2.imwrite(str(path), np.concatenate(strips)[..., ::-1])


def _strip(row: Compared, *, height_px: int = 260, width_px: int = 340) -> Bytes:
    either = silhouette(row.picture) | silhouette(row.reference)
    ys, xs = np.nonzero(either) if either.any() else (np.array([0, 1]), np.array([0, 1]))
    part = (slice(max(ys.min() - 6, 0), ys.max() + 7), slice(max(xs.min() - 6, 0), xs.max() + 7))
    one, other = over_grey(row.reference[part], 255), over_grey(row.picture[part], 255)
    cells = []
    for picture in (one, other, np.clip(4 * np.abs(one - other), 0, 255)):
        scale = min((height_px - 30) / picture.shape[0], width_px / picture.shape[1])
        small = cv2.resize(picture.astype(np.uint8), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell = np.full((height_px, width_px, 3), 255, np.uint8)
        cell[30 : 30 + small.shape[0], : small.shape[1]] = small[: height_px - 30, :width_px]
        cells.append(cell)
    strip = np.ascontiguousarray(np.concatenate(cells, axis=1))
    words = f"{row.name} view {row.view}: SSIM {row.ssim:.3f} IoU {row.iou:.4f} (256, {row.engine}, 4 x difference)"
    cv2.putText(strip, words, (4, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return strip
