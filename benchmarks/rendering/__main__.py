"""Rendering: how exact, how near to path tracing, how cheap, and how steady it is.

    RIGMILL_CORPUS=... python -m benchmarks.rendering [--json] [--only PART ...] [--references FOLDER]
        [--pictures FOLDER] [--every NUMBER]

Parts, all of them unless some are named:

- projection: the stored joints of every rig of the corpus against Blender's `world_to_camera_view`, the centres of
  the circles drawn in pose maps against that, joints triangulated back, and the cameras against a camera written here.
- quality: the middle frame of every textured file (a picture gives a base colour, or there are two base colours) and of
  files made here with surfaces that are seen from one side (made.py: an outline's inverted hull, a room, a board), four
  views, against Cycles with 256 samples and no denoiser in the same scene. IoU: of the pixels with alpha >= 128. SSIM:
  Gaussian window of 11 x 11 px and 1.5 px, mean over R, G and B over white and over the pixels of either silhouette.
  References are made once (about 20 CPU-seconds each) and kept in --references.
- speckles: a file of glass and gloss by Cycles with 8 samples, and with as many as it needs: speckles.py.
- cost: CPU seconds (user + system, of all processes) per view-frame, with the videos and pose maps, of three
  characters, for the stage with each engine and for the flow and settings of bpy-renderer. How: costs.py.
- memory: resident memory of one worker and of its Blender server over 200 assets.
- scaling: clips a second of two workers at once on two cores, and of one.
- round_trip: pose videos of the corpus read back and held against their numbers, as the stage does, as they are and
  with ten kinds of faults put in; at the sizes of `paper` and `demo`.
- gl: the same surface drawn by the compiled rasteriser and by OpenGL through EGL, four views, read back.
- gpu: what needs a GPU (EEVEE); says that it was not run where there is none.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.common.corpus import Asset, corpus_assets
from benchmarks.common.figures import lines, rounded

GL_FRAMES = 24
PARTS = ("projection", "quality", "noise", "speckles", "cost", "memory", "scaling", "round_trip", "gl", "gpu")


def textured(assets: Sequence[Asset]) -> list[Asset]:
    """Those with pictures first, then by name."""
    chosen = [asset for asset in assets if asset.is_textured]
    return sorted(chosen, key=lambda asset: (asset.found["texture_px"] == 0, asset.name))


def run_quality(assets: Sequence[Asset], arguments: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    from benchmarks.rendering.made import SINGLE_SIDED, made_assets
    from benchmarks.rendering.quality import ENGINES, quality, summary, table, write_sheet

    engines = arguments.engines or list(ENGINES)
    chosen = [*made_assets(arguments.references / "assets", SINGLE_SIDED), *textured(assets)]
    rows = list(quality(chosen, arguments.references, scratch, engines=engines))
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    (arguments.pictures / "quality.md").write_text(table(rows) + "\n")
    for engine in engines:
        write_sheet(rows, arguments.pictures / f"worst-{engine}.png", engine=engine)
    return summary(rows)


def run_gl(assets: Sequence[Asset], folder: Path, scratch: Path) -> dict[str, Any]:
    from benchmarks.common.corpus import blender, render_settings
    from benchmarks.rendering.costs import three_characters

    found = {}
    client = blender()
    try:
        for size, asset in three_characters(assets, folder, scratch).items():
            item = asset.clip(render_settings(), num_frames=GL_FRAMES).to_item()
            (reply,) = client.run("benchmarks.rendering.gl:compare", [item], scratch=scratch)
            found[size] = reply.value or str(reply.outcome)
    finally:
        client.close()
    return {"gl": found}


def run_gpu(assets: Sequence[Asset], arguments: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """EEVEE through the stage and OpenGL beside the rasteriser; the same keys under `gpu`."""
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not any(Path("/dev/dri").glob("renderD*")):
        return {"gpu": "not run: no GPU"}
    from benchmarks.rendering.costs import cost

    folder = arguments.references / "assets"
    costs = cost(assets, folder, scratch, engines=["eevee", "raster"], rounds=1)
    return {"gpu": costs | run_gl(assets, folder, scratch)}


def run_part(part: str, assets: Sequence[Asset], arguments: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    if part == "projection":
        from benchmarks.rendering.projection import projection

        return projection(assets, scratch)
    if part == "quality":
        return run_quality(assets, arguments, scratch)
    if part == "noise":
        from benchmarks.rendering.quality import noise_floor

        return noise_floor(textured(assets), arguments.references)
    if part == "speckles":
        from benchmarks.rendering.speckles import speckles

        return speckles(arguments.references, scratch, arguments.pictures / "speckles.png")
    if part == "cost":
        from benchmarks.rendering.costs import ENGINES, REFERENCE, cost

        engines = arguments.engines or [*ENGINES, REFERENCE]
        return cost(assets, arguments.references / "assets", scratch, engines=engines, rounds=arguments.rounds)
    if part in ("memory", "scaling"):
        from benchmarks.common import worker

        return {"memory": worker.memory, "scaling": worker.scaling}[part](
            assets if part == "memory" else textured(assets), scratch
        )
    if part == "round_trip":
        from benchmarks.rendering.round_trip import round_trips

        return round_trips(assets, scratch)
    if part == "gl":
        return run_gl(assets, arguments.references / "assets", scratch)
    return run_gpu(assets, arguments, scratch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--engines", nargs="+", help="of the parts quality and cost; all by default")
    kept = Path(tempfile.gettempdir()) / "rigmill-render-benchmark"
    parser.add_argument("--references", type=Path, default=kept / "references", help="where references are kept")
    parser.add_argument("--pictures", type=Path, default=kept / "pictures", help="where tables and sheets are written")
    parser.add_argument("--rounds", type=int, default=2, help="of the part cost")
    parser.add_argument(
        "--every", type=int, default=1, help="so that only each so-manieth file is looked at: 2, every second"
    )
    arguments = parser.parse_args()
    corpus = os.environ.get("RIGMILL_CORPUS")
    if not corpus:
        parser.error("RIGMILL_CORPUS is not set: the folder of files to read")
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        assets = corpus_assets(Path(corpus), arguments.references / "assets")[:: arguments.every]
        for part in arguments.only or PARTS:
            scratch = Path(folder) / part
            scratch.mkdir()
            result |= run_part(part, assets, arguments, scratch)
    print(json.dumps(rounded(result)) if arguments.json else "\n".join(lines(rounded(result))))


if __name__ == "__main__":
    main()
