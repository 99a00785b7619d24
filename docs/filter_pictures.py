"""Makes docs/pictures/filters: assets that each filter drops and keeps, with the numbers it goes by.

    RIGMILL_CORPUS=FOLDER python -m docs.filter_pictures [PICTURE ...]

The pictures are the previews of the stage itself, and the verdicts those of its own rules with the demo's limits: an
example that is not judged as it says here stops the script.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from curate.filters.flow import growth, look
from curate.filters.rules import RIG_RULES, SEEN_RULES, first_refusal
from curate.filters.windows import window_length
from render.blender.jobs.preview import preview_clip
from render.blender.jobs.probe import probe_asset
from rigmill.clips.pictures import jpeg, over_background
from rigmill.clips.sheets import stack, tile
from rigmill.config.load import load
from tests.support.files.grey_animals import write_animal

TARGET = Path(__file__).parent / "pictures" / "filters"
KEPT = "kept"
EXAMPLES: dict[str, list[tuple[str, str, str]]] = {  # picture -> (file, part of the motion's name, verdict)
    "geometry": [
        ("khronos/SimpleSkin.gltf", "", "too_simple"),
        ("sketchfab/bee_minecraft_nodeanim.glb", "", KEPT),
        ("quaternius_glb/Quaternius_Lever.glb", "", KEPT),
    ],
    "texture": [
        ("khronos/RiggedFigure.glb", "", "untextured"),
        ("quaternius_fbx/Eagle.fbx", "Idle", "untextured"),
        ("khronos/RiggedSimple.glb", "", "untextured"),
        ("made/near_greys.glb", "", "untextured"),
        ("made/four_greys.glb", "", KEPT),
        ("quaternius_glb/Quaternius_Spider.glb", "Idle", KEPT),
        ("quaternius_glb/Quaternius_Character.glb", "Walk", KEPT),
        ("kenney/bat_model.glb", "", KEPT),
        ("quaternius_fbx/Velociraptor.fbx", "Idle", KEPT),
    ],
    "coverage": [
        ("derived/Fox_nonuniform_scale.glb", "Run", "empty_picture"),
        ("khronos/Fox.glb", "Run", KEPT),
        ("quaternius_fbx/Velociraptor.fbx", "Walk", KEPT),
    ],
    "motion": [
        ("sketchfab/grandmas_tv.glb", "", "little_motion"),
        ("sketchfab/lumberjack.glb", "Poses", "little_motion"),
        ("quaternius_fbx/Male_Casual.fbx", "Man_Idle", KEPT),
        ("ufbx/blender_293_barbarian_7400_binary.fbx", "idle", KEPT),
        ("kaykit/Knight.glb", "Lie_Idle", KEPT),
    ],
}
# What the corpus has no example of.
MADE: dict[str, Callable[[Path], Path]] = {
    "made/near_greys.glb": partial(write_animal, body=0.20, belly=0.23, hooves=0.18, eyes=0.22),
    "made/four_greys.glb": partial(write_animal, body=0.10, belly=0.45, hooves=0.02, eyes=0.9),
}
COLUMNS = (
    "file",
    "motion",
    "verdict",
    "num_vertices",
    "num_faces",
    "num_textures",
    "texture_px",
    "num_base_colours",
    "grey_share",
    "extent_ratio",
    "coverage",
    "flow_px_per_frame",
    "flow_px",
)


def example(path: Path, motion: str, scratch: Path, limits: Any) -> tuple[dict[str, Any], list[Any]]:
    """The numbers, the verdict, and pictures: front and side, first frame and the most different one."""
    state: dict[str, Any] = {}
    file_format = path.suffix[1:]
    rig = probe_asset({"path": str(path), "format": file_format, "fps": 16.0, "rigid_rigs": True}, state, scratch)
    take = next(take for take in rig["motions"] if motion in take["name"])
    num_frames = take["num_frames"]
    answer = preview_clip(
        {
            "clip_id": "example",
            "path": str(path),
            "format": file_format,
            "armature": rig["armature"],
            "action": take["action"],
            "slot": take["slot"],
            "start_frame": take["start_frame"],
            "motion_path": None,
            "num_frames": window_length(num_frames, limits["max_frames"]) if num_frames > 4 else num_frames,
            "fps": 16.0,
            "preview_px": 256,
            "preview_frames": limits["preview_frames"],
        },
        state,
        scratch,
    )
    folder = scratch / answer["folder"]
    views = [[_rgba(folder / name) for name in view] for view in answer["views"]]
    seen = look(views, frames=answer["frames"], starts=answer["starts"])
    row = {column: rig.get(column) for column in COLUMNS} | {
        "motion": take["name"],
        "extent_ratio": growth(answer["extents"]),
        "coverage": seen.coverage,
        "flow_px_per_frame": seen.flow_px_per_frame,
        "flow_px": seen.flow_px,
    }
    refused = first_refusal(row, RIG_RULES, limits) or first_refusal(row, SEEN_RULES, limits)
    row["verdict"] = refused["code"] if refused else KEPT
    return row, [_on_white(_rgba(folder / name)) for view in answer["shown"] for name in view]


def _rgba(path: Path) -> Any:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


def _on_white(rgba: Any) -> Any:
    return cv2.resize(over_background(rgba, (255, 255, 255)), (160, 160), interpolation=cv2.INTER_AREA)


def write_numbers(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"{value:.4f}" if isinstance(value, float) else value for key, value in row.items()})


def main() -> None:
    corpus = Path(os.environ["RIGMILL_CORPUS"])
    limits = load("demo").profile.filters.model_dump()
    TARGET.mkdir(parents=True, exist_ok=True)
    for picture in sys.argv[1:] or EXAMPLES:
        rows, sheet = [], []
        for name, motion, verdict in EXAMPLES[picture]:
            with tempfile.TemporaryDirectory() as scratch:
                path = MADE[name](Path(scratch) / Path(name).name) if name in MADE else corpus / name
                row, pictures = example(path, motion, Path(scratch), limits)
            row |= {"file": name}
            print(json.dumps(row), file=sys.stderr, flush=True)
            if row["verdict"] != verdict:
                raise SystemExit(f"{name} {motion}: {row['verdict']}, not {verdict}")
            rows.append(row)
            labels = [
                verdict,
                Path(name).stem.removeprefix("Quaternius_")[:20],
                f"tex {row['num_textures']} col {row['num_base_colours']} grey {row['grey_share']:.2f}",
                f"flow {row['flow_px']:.2f} mean {row['flow_px_per_frame']:.3f}",
            ]
            sheet.append(tile(pictures, labels))
        (TARGET / f"{picture}.jpg").write_bytes(jpeg(stack(sheet), quality=80))
        write_numbers(TARGET / f"{picture}.csv", rows)
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
