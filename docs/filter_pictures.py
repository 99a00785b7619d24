"""Makes docs/pictures/filters: assets that each filter drops and keeps, with the numbers it goes by.

    RIGMILL_CORPUS=FOLDER python -m docs.filter_pictures [PICTURE ...]

The pictures are the previews of the stage itself, and the verdicts those of its own rules with the demo's limits: an
example that is not judged as it says here stops the script.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from curate.filters.rules import RIG_RULES, SEEN_RULES, first_refusal
from curate.filters.windows import window_length
from render.blender.jobs.preview import preview_clip
from render.blender.jobs.probe import probe_asset
from rigmill.clips.pictures import jpeg, over_background
from rigmill.clips.sheets import stack, tile
from rigmill.config.load import load
from rigmill.rigs.npz import motion_from_bytes, motion_to_bytes, rig_from_bytes
from rigmill.types import Motion, Rig
from tests.support.files.broken_bodies import laid_down, upside_down, with_names_swapped, write_body
from tests.support.files.grey_animals import write_animal
from tests.support.motion_faults import cut, held, joined, moved_away, rested, with_arms_down, with_swapped_limbs
from tests.support.preview_rows import preview_row, read_rgba

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
    "rests": [
        ("made/upside_down.glb", "walk", "upside_down"),
        ("made/lying.glb", "walk", "lying_rest"),
        ("made/swapped_names.glb", "walk", "swapped_sides"),
        ("made/swapped_limbs.glb", "walk", "swapped_sides"),
        ("made/body.glb", "walk", KEPT),
    ],
    "steadiness": [
        ("made/elsewhere.glb", "walk", "teleport"),
        ("made/stitched.glb", "wave", "teleport"),
        ("made/rest_inside.glb", "wave", "rest_frames"),
        ("made/brief.glb", "wave", "brief_motion"),
        ("quaternius_glb/Quaternius_Enemy_Flying-transformed.glb", "Headbutt", KEPT),
        ("quaternius_glb/Quaternius_Spider.glb", "Death", KEPT),
        ("made/body.glb", "wave", KEPT),
    ],
}


@dataclass(frozen=True)
class Made:
    """An example that the corpus does not have: a file, and what is done to its motion."""

    write: Callable[[Path], Path] = write_body
    change: Callable[[bytes], bytes] | None = None
    fault: Callable[[Rig, Motion], Motion] | None = None

    def path(self, folder: Path, name: str) -> Path:
        """The written file."""
        path = self.write(folder / Path(name).name)
        if self.change is not None:
            path.write_bytes(self.change(path.read_bytes()))
        return path


MADE: dict[str, Made] = {
    "made/near_greys.glb": Made(partial(write_animal, body=0.20, belly=0.23, hooves=0.18, eyes=0.22)),
    "made/four_greys.glb": Made(partial(write_animal, body=0.10, belly=0.45, hooves=0.02, eyes=0.9)),
    "made/body.glb": Made(),
    "made/upside_down.glb": Made(change=upside_down),
    "made/lying.glb": Made(change=laid_down),
    "made/swapped_names.glb": Made(change=with_names_swapped),
    "made/swapped_limbs.glb": Made(fault=with_swapped_limbs),
    "made/elsewhere.glb": Made(fault=lambda rig, motion: moved_away(rig, motion, slice(10, None), 0.8)),
    "made/stitched.glb": Made(
        fault=lambda rig, motion: joined(
            cut(motion, 0, 10), moved_away(rig, with_arms_down(rig, motion), slice(None), 0.3)
        )
    ),
    "made/rest_inside.glb": Made(fault=lambda rig, motion: rested(rig, motion, slice(10, 12))),
    "made/brief.glb": Made(fault=lambda _rig, motion: held(cut(motion, 4, 7), before=8, after=8)),
}
_LOOKS, _MOVES = (
    "tex {num_textures} col {num_base_colours} grey {grey_share:.2f}",
    "flow {flow_px:.2f} mean {flow_px_per_frame:.3f}",
)
LABELS = {  # picture -> what stands beside the verdict and the name; else looks and flow
    "rests": ("up {rest_upright:.2f} first {first_upright:.2f}", "toes {toes_ahead} swapped {swapped_share}"),
    "steadiness": ("jump {jump:.2f} rest frames {rest_frames}", "still ends {still_start}, {still_end}"),
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
OF_CHECKS = {
    "rests": ("rest_upright", "first_upright", "toes_ahead", "swapped_share"),
    "steadiness": ("num_frames", "jump", "rest_frames", "still_start", "still_end"),
}


def example(
    path: Path,
    motion: str,
    scratch: Path,
    limits: Any,
    *,
    fault: Callable[[Rig, Motion], Motion] | None = None,
    at_rest: bool = False,
) -> tuple[dict[str, Any], list[Any]]:
    """The numbers, the verdict, and pictures: front and side, of the first frame and the most different one.

    `at_rest`: of the rest pose, and then of the first frame.
    """
    state: dict[str, Any] = {}
    file_format = path.suffix[1:]
    asked = {
        "path": str(path),
        "format": file_format,
        "fps": 16.0,
        "rigid_rigs": True,
        "store_motions": fault is not None,
    }
    rig = probe_asset(asked, state, scratch)
    take = next(take for take in rig["motions"] if motion in take["name"])
    num_frames, stored = take["num_frames"], None
    if fault is not None:
        sound = motion_from_bytes((scratch / take["motion_file"]).read_bytes())
        broken = fault(rig_from_bytes((scratch / rig["rig_file"]).read_bytes()), sound)
        num_frames, stored = len(broken.rotations), scratch / "broken.npz"
        stored.write_bytes(motion_to_bytes(broken))
    item = {
        "clip_id": "example",
        "path": str(path),
        "format": file_format,
        "armature": rig["armature"],
        "action": take["action"],
        "slot": take["slot"],
        "start_frame": 0.0 if stored else take["start_frame"],
        "motion_path": str(stored) if stored else None,
        "num_frames": window_length(num_frames, limits["max_frames"]) if num_frames > 4 else num_frames,
        "fps": 16.0,
        "preview_px": 256,
        "preview_frames": limits["preview_frames"],
    }
    answer = preview_clip(item, state, scratch)
    row = rig | preview_row(answer, scratch, num_frames=item["num_frames"]) | {"motion": take["name"]}
    refused = first_refusal(row, RIG_RULES, limits) or first_refusal(row, SEEN_RULES, limits)
    row["verdict"] = refused["code"] if refused else KEPT
    shown = _shown(answer, scratch)
    if at_rest:
        rest = {**item, "clip_id": "rest", "action": None, "start_frame": 0.0, "motion_path": None, "num_frames": 1}
        shown = [*_shown(preview_clip(rest, state, scratch), scratch), *shown[::2]]
    return row, shown


def _shown(answer: dict[str, Any], scratch: Path) -> list[Any]:
    """By view, then frame."""
    return [_on_white(read_rgba(scratch / answer["folder"] / name)) for view in answer["shown"] for name in view]


def _on_white(rgba: Any) -> Any:
    return cv2.resize(over_background(rgba, (255, 255, 255)), (160, 160), interpolation=cv2.INTER_AREA)


def write_numbers(path: Path, rows: list[dict[str, Any]]) -> None:
    columns = (*COLUMNS, *OF_CHECKS.get(path.stem, ()))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"{row[key]:.4f}" if isinstance(row[key], float) else row[key] for key in columns})


def main() -> None:
    corpus = Path(os.environ["RIGMILL_CORPUS"])
    limits = load("demo").profile.filters.model_dump()
    TARGET.mkdir(parents=True, exist_ok=True)
    for picture in sys.argv[1:] or EXAMPLES:
        rows, sheet = [], []
        for name, motion, verdict in EXAMPLES[picture]:
            with tempfile.TemporaryDirectory() as scratch:
                made = MADE.get(name)
                path = made.path(Path(scratch), name) if made else corpus / name
                fault = made.fault if made else None
                row, pictures = example(path, motion, Path(scratch), limits, fault=fault, at_rest=picture == "rests")
            row |= {"file": name}
            print({key: row[key] for key in (*COLUMNS, *OF_CHECKS.get(picture, ()))}, file=sys.stderr, flush=True)
            if row["verdict"] != verdict:
                raise SystemExit(f"{name} {motion}: {row['verdict']}, not {verdict}")
            rows.append(row)
            shown = {key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}
            words = [label.format(**shown) for label in LABELS.get(picture, (_LOOKS, _MOVES))]
            labels = [verdict, Path(name).stem.removeprefix("Quaternius_")[:20], *words]
            sheet.append(tile(pictures, labels))
        (TARGET / f"{picture}.jpg").write_bytes(jpeg(stack(sheet), quality=80))
        write_numbers(TARGET / f"{picture}.csv", rows)
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
