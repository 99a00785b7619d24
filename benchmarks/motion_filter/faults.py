"""Sound motions and the same ones broken: what `filters.max_jump` and the other checks of motions rest on.

    python -m benchmarks.motion_filter.faults FOLDER ... [--frames 25] [--json]

Every motion of every GLB and FBX file in the folders is read by the probe's own job, cut into windows of --frames, and
checked as it is and with faults (tests/support/motion_faults.py). Sizes are those of skeletons, not of meshes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.figures import quiet
from curate.filters.rests import body_joints, stretches_arms
from curate.filters.rules import REST_RULES, brief, first_refusal, interrupted, teleports
from render.blender.jobs.probe import probe_asset
from rigmill.config.load import load
from rigmill.outcomes import Refusal
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.types import Motion, Rig, Row
from tests.support.motion_faults import cut, held, joined, moved_away, rested, told

FPS, LEAST = 16.0, 17
RULES = (*REST_RULES, brief, teleports, interrupted)
FAULTS = {
    "elsewhere, 0.3 sizes": lambda rig, motion, mid: moved_away(rig, motion, slice(mid, None), 0.3),
    "elsewhere, 1 size": lambda rig, motion, mid: moved_away(rig, motion, slice(mid, None), 1.0),
    "one frame elsewhere, 1 size": lambda rig, motion, mid: moved_away(rig, motion, slice(mid, mid + 1), 1.0),
    "one frame at rest": lambda rig, motion, mid: rested(rig, motion, slice(mid, mid + 1)),
    "three frames at rest": lambda rig, motion, mid: rested(rig, motion, slice(mid, mid + 3)),
    "first frame at rest": lambda rig, motion, _mid: rested(rig, motion, slice(0, 1)),
    "three moving frames": lambda _rig, motion, mid: held(cut(motion, mid, mid + 3), before=9, after=9),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--frames", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    limits = load("demo").profile.filters.model_dump()
    sound: list[Row] = []
    verdicts: dict[str, list[str]] = defaultdict(list)
    with quiet():
        for path, rig, motions in rigs(arguments.folders):
            clips = [clip for motion in motions for clip in windows(motion, arguments.frames)]
            for clip in clips:
                sound.append(judged(rig, clip, limits) | {"file": path.name})
                for name, fault in FAULTS.items():
                    verdicts[of_whom(name, rig)].append(
                        judged(rig, fault(rig, clip, len(clip.rotations) // 2), limits)["code"]
                    )
            for one, other in zip(motions, motions[1:]):
                half = arguments.frames // 2
                both = joined(cut(one, 0, half), cut(other, -half, len(other.rotations)))
                if len(both.rotations) >= LEAST:
                    step = step_at(rig, both, min(half, len(one.rotations)) - 1)
                    if step >= limits["max_jump"]:
                        verdicts["stitched, the limit or more apart"].append(judged(rig, both, limits)["code"])
            print(path.name, len(clips), file=sys.stderr, flush=True)
    result = figures(sound, verdicts)
    print(json.dumps(result) if arguments.json else "\n".join(f"{key}: {value}" for key, value in result.items()))
    sys.stdout.flush()
    os._exit(0)  # Blender's interpreter does not always end by itself


def rigs(folders: list[Path]) -> Iterator[tuple[Path, Rig, list[Motion]]]:
    """Every rig that has motions, with all of them; what cannot be read is left out."""
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".glb", ".fbx")):
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            asked = {
                "path": str(path),
                "format": path.suffix[1:],
                "fps": FPS,
                "rigid_rigs": True,
                "store_motions": True,
            }
            try:
                found = probe_asset(asked, {}, scratch)
            except (Refusal, RuntimeError, AssertionError, ValueError, KeyError, AttributeError):
                continue  # files of the corpus that the gate keeps from Blender
            rig = rig_from_bytes((scratch / found["rig_file"]).read_bytes())
            stored = [motion["motion_file"] for motion in found["motions"]]
            yield path, rig, [motion_from_bytes((scratch / name).read_bytes()) for name in stored]


def windows(motion: Motion, num_frames: int) -> Iterator[Motion]:
    """One after the other; a rest of fewer than LEAST frames is none."""
    for start in range(0, len(motion.rotations), num_frames):
        found = cut(motion, start, start + num_frames)
        if len(found.rotations) >= LEAST:
            yield found


def judged(rig: Rig, motion: Motion, limits: dict[str, Any]) -> dict[str, Any]:
    """The columns and the code of the rule that refuses, "" where none does."""
    row = {**told(rig, motion), "num_frames": len(motion.rotations)}
    refused = first_refusal(row, RULES, limits)
    return {**row, "code": refused["code"] if refused else ""}


def of_whom(fault: str, rig: Rig) -> str:
    """Faults that are judged by what is known of the rest pose say so."""
    if "first frame" not in fault:
        return fault
    joints = body_joints(rig)
    return f"{fault}, {'bodies in a T or an A' if joints and stretches_arms(rig, joints) else 'other rigs'}"


def step_at(rig: Rig, motion: Motion, frame: int) -> float:
    """How far joints get from a frame to the next, in the skeleton's size: of two frames alone."""
    from rigmill.rigs.skeleton import forward

    joints = forward(rig, cut(motion, frame, frame + 2))[0]
    size = float(np.ptp(joints, axis=1).max()) or 1.0
    return float(np.linalg.norm(joints[1] - joints[0], axis=-1).mean()) / size


def figures(sound: list[Row], verdicts: dict[str, list[str]]) -> dict[str, Any]:
    """What is said of sound clips, and the share of broken ones that any of the rules refuses."""
    jumps = sorted((row["jump"] for row in sound if row["jump"] > 0), reverse=True)
    uprights = [row["rest_upright"] for row in sound if row["rest_upright"] is not None]
    moving = [row["num_frames"] - row["still_start"] - row["still_end"] for row in sound]
    return {
        "clips": len(sound),
        "files": len({row["file"] for row in sound}),
        "sound clips refused": sum(bool(row["code"]) for row in sound),
        "which": sorted({f"{row['file'][:24]}: {row['code']}" for row in sound if row["code"]}),
        "clips with a jump": len(jumps),
        "largest jumps": [round(jump, 3) for jump in jumps[:5]],
        "clips with still ends": sum(row["still_start"] + row["still_end"] > 0 for row in sound),
        "fewest moving frames": sorted(moving)[:5],
        "clips of bodies": len(uprights),
        "least upright rest": round(min(uprights, default=1.0), 3),
        **{
            f"found: {name}": f"{np.mean([bool(code) for code in codes]):.2f} of {len(codes)}"
            for name, codes in sorted(verdicts.items())
        },
    }


if __name__ == "__main__":
    main()
