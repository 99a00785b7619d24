"""Pose maps back to motions: how exact, how quick, and what of it is noticed when maps are wrong.

    python -m benchmarks.reconstruction [--json] [--only PART ...]        (the part corpus needs RIGMILL_CORPUS)

Parts, all of them unless some are named. Skeletons of 25, 65 and 150 joints, 81 frames, four views of 832x480:
posed_bodies.py. Drawn joints are chosen as when rendering. Distances are in per cent of the rig's height.

- clean, yuv444, yuv420_crf23, blur15_noise12: maps as they are; through H.264 4:4:4 (as stored); 4:2:0 crf 23;
  blurred by 1.5 px with noise of 12 RGB units. `<part>.<joints>.<figure>`: mpjpe_pct of drawn joints, of the body's 25,
  the median; over_2pct, per cent of joint-frames farther off; rotation errors by class; mesh_pct, the mean vertex error
  of a skin of capsules, and mesh_drawn_pct, of what follows drawn joints alone.
- all_drawn: the same clean and 4:4:4 maps of 65 and 150 joints with every joint drawn, crowded or not.
- twist: mesh_pct by how much of the motion is twist, with joints turned as little as possible and with no twist.
- speed: ms_per_frame, CPU milliseconds, one thread, pixels of four views to rotations; speedup_over_scipy: of the least
  squares alone, over scipy.optimize.least_squares on the same equations; clip_wall_s with two threads.
- missing_swapped: a tenth of the joints missing or exchanged: faults.py.
- corpus: clips of real files, played by Blender: corpus.py. Writes no files; prints a table.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from benchmarks.common.figures import lines, rounded
from benchmarks.reconstruction.faults import faulty_maps, found_share
from benchmarks.reconstruction.posed_bodies import FPS, SIZES, Take, skin, take
from rigmill.clips import video
from rigmill.config.load import load
from rigmill.reconstruct.metrics import height, score
from rigmill.reconstruct.reconstruct import Options, Reconstruction, reconstruct
from rigmill.rigs import skeleton
from rigmill.types import Bytes, Motion

PARTS = (
    "clean",
    "yuv444",
    "yuv420_crf23",
    "blur15_noise12",
    "all_drawn",
    "twist",
    "speed",
    "missing_swapped",
    "corpus",
)


def through_h264(pixel_format: video.PixelFormat, crf: int) -> Callable[[Bytes], Bytes]:
    return lambda maps: video.decode(
        video.encode(maps, fps=FPS, crf=crf, pixel_format=pixel_format, keyframe_interval=12)
    )


def blurred_and_noisy(maps: Bytes) -> Bytes:
    rng = np.random.default_rng(7)
    for frame in maps:
        blurred = cv2.GaussianBlur(frame, (0, 0), 1.5).astype(np.float32)
        frame[:] = np.clip(np.rint(blurred + rng.normal(scale=12, size=frame.shape)), 0, 255).astype(np.uint8)
    return maps


DAMAGE: dict[str, Callable[[Bytes], Bytes] | None] = {
    "clean": None,
    "yuv444": through_h264("yuv444p", load("paper").profile.render.pose_crf),
    "yuv420_crf23": through_h264("yuv420p", 23),
    "blur15_noise12": blurred_and_noisy,
}


def read(made: Take, maps: Bytes, *, spread_twist: bool = True) -> Reconstruction:
    return reconstruct(
        maps,
        cameras=made.cameras,
        rig=made.rig,
        drawn=made.drawn,
        colours=made.colours,
        radius_px=made.radius_px,
        fps=FPS,
        options=Options(spread_twist=spread_twist),
    )


def mesh_errors(made: Take, motion: Motion) -> tuple[float, float]:
    """Mean distance of the skin's vertices, per cent of the height: of all, and of those that follow drawn joints."""
    joints, turns = skeleton.forward(made.rig, motion)
    body, total = skin(made.rig), []
    for start in range(0, len(joints), 9):
        part = slice(start, start + 9)
        apart = body.posed(made.rig, joints[part], turns[part]) - body.posed(
            made.rig, made.joints[part], made.turns[part]
        )
        total.append(100 / height(made.rig) * np.linalg.norm(apart, axis=-1))
    errors = np.concatenate(total)
    return float(errors.mean()), float(errors[:, made.drawn[body.joints].all(axis=-1)].mean())


def accuracy(made: Take, found: Reconstruction) -> dict[str, Any]:
    errors = 100 / height(made.rig) * np.linalg.norm(found.triangulated - made.joints[:, made.drawn], axis=-1)
    scores = score(
        found,
        rig=made.rig,
        drawn=made.drawn,
        radius_px=made.radius_px,
        motion=made.motion,
        joints=made.joints,
        joints_px=made.joints_px,
        visible=made.depth > 0,
    )
    mesh, mesh_drawn = mesh_errors(made, found.motion)
    return {
        "num_drawn": int(made.drawn.sum()),
        "mpjpe_pct": float(errors.mean()),
        "median_pct": float(np.median(errors)),
        "body_mpjpe_pct": float(errors[:, made.is_body[made.drawn]].mean()),
        "over_2pct": float(100 * (errors > 2).mean()),
        "largest_pct": float(errors.max()),
        "usable_share": scores.usable_share,
        "branch_rotation_deg": scores.branch_rotation_deg,
        "chain_rotation_deg": scores.chain_rotation_deg,
        "leaf_rotation_deg": scores.leaf_rotation_deg,
        "mesh_pct": mesh,
        "mesh_drawn_pct": mesh_drawn,
        "reprojection_px": scores.reprojection_px,
        "bone_drift_pct": scores.bone_drift_pct,
        "pck_2d": scores.pck_2d,
    }


def damaged(part: str) -> dict[str, Any]:
    found = {}
    for size in SIZES:
        made = take(size)
        found[str(size)] = accuracy(made, read(made, made.maps(DAMAGE[part])))
    return found


def all_drawn() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in ("clean", "yuv444"):
        for size in SIZES[1:]:
            made = take(size, draw_all=True)
            found.setdefault(part, {})[str(size)] = accuracy(made, read(made, made.maps(DAMAGE[part])))
    return found


def twisting() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for twist in (0.0, 0.3, 1.0):
        made = take(25, twist=twist)
        maps = made.maps()
        for name, spread in (("least_turn", True), ("no_twist", False)):
            figures = accuracy(made, read(made, maps, spread_twist=spread))
            found.setdefault(name, {})[f"twist_{twist:g}"] = {
                key: figures[key] for key in ("mesh_pct", "chain_rotation_deg", "leaf_rotation_deg")
            }
    return found


def missing_swapped() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for size in SIZES:
        made = take(size)
        untouched = accuracy(made, read(made, made.maps()))
        for name, one_view in (("all_views", False), ("one_view", True)):
            maps, missing, swapped = faulty_maps(made, seed=1, one_view=one_view)
            result = read(made, maps)
            figures = accuracy(made, result)
            precision, recall = found_share(result.missing | result.swapped, missing | swapped)
            row = {
                "share": float((missing | swapped).mean()),
                "median_pct": figures["median_pct"],
                "mpjpe_pct": figures["mpjpe_pct"],
                "over_2pct": figures["over_2pct"],
                "median_ratio": figures["median_pct"] / untouched["median_pct"],
            }
            if not one_view:
                row |= {"precision": precision, "recall": recall}
            found.setdefault(str(size), {})[name] = row
    return found


def run_part(part: str) -> dict[str, Any]:
    if part in DAMAGE:
        return damaged(part)
    if part == "speed":
        from benchmarks.reconstruction.speed import speed

        return speed()
    if part == "corpus":
        from benchmarks.reconstruction.corpus import corpus

        return corpus(os.environ.get("RIGMILL_CORPUS"))
    return {"all_drawn": all_drawn, "twist": twisting, "missing_swapped": missing_swapped}[part]()


def run(parts: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for part in parts:
        started = time.monotonic()
        figures = run_part(part)
        result |= figures if part == "speed" else {part: figures}
        print(f"{part}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=PARTS, action="append")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    result = rounded(run(arguments.only or PARTS))
    print(json.dumps(result) if arguments.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
