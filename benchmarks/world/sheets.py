"""Contact sheets of plans and motions, for people to judge.

    python -m benchmarks.world.sheets FOLDER [--plan NAME ...] [--motion NAME ...] [--number N] [--seed N] [--size PX]

`rest.jpg` shows every plan from four sides, `PLAN.jpg` a row of eight frames for every motion of it, from ahead on its
left, and a second row from its side with --both. Those in docs/pictures/world are made with `--size 72 --rows 40`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.world.drawing import Stage
from curate.world.make import make_body, play, random_of
from curate.world.motions import motions_of
from curate.world.plans import plans
from rigmill.clips.pictures import jpeg
from rigmill.clips.sheets import stack, tile
from rigmill.types import Bytes, Floats

SHOWN = 8
REST_VIEWS = (0.0, 90.0, 180.0, 270.0)


def bounds_of(points: Floats) -> Floats:
    """The box (2, 3) around points (..., 3)."""
    flat = points.reshape(-1, 3)
    return np.stack([flat.min(axis=0), flat.max(axis=0)])


def rest_row(plan: str, number: int, seed: int, *, size_px: int) -> Bytes:
    """Four views of a body at rest."""
    stage = Stage.of(make_body(plan, number, seed), floor=False)
    points = stage.mesh.vertices
    pictures = stage.draw(points, bounds=bounds_of(points), azimuths_deg=REST_VIEWS, size_px=size_px, elevation_deg=6.0)
    label = f"{plan} {number}: {len(stage.body.skeleton.bones)} bones"
    return tile(pictures, [label, stage.body.style, " ".join(stage.body.looks)[:28], ""])


def motion_rows(plan: str, number: int, seed: int, only: list[str], *, both: bool, size_px: int) -> list[Bytes]:
    """Eight frames of each motion of a body."""
    body = make_body(plan, number, seed)
    stage = Stage.of(body)
    rows = []
    for name, motion in motions_of(body).items():
        if only and name not in only:
            continue
        take = play(body, motion, random_of(seed, "take", plan, number, name))
        points = stage.posed(take)
        bounds = bounds_of(points)
        frames = np.rint(np.linspace(0, take.num_frames - 1, SHOWN)).astype(int)
        for azimuth in (35.0, 90.0) if both else (35.0,):
            views = [
                stage.draw(points[frame], bounds=bounds, azimuths_deg=(azimuth,), size_px=size_px)[0]
                for frame in frames
            ]
            truth = take.truth
            said = [
                name,
                truth.style,
                truth.side,
                truth.direction,
                f"{truth.travel:.2f}h {truth.turn_deg:.0f}deg",
                truth.speed,
            ]
            rows.append(tile(views, [text[:20] for text in said] + ["", ""]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--plan", action="append", choices=list(plans()))
    parser.add_argument("--motion", action="append", default=[])
    parser.add_argument("--number", type=int, action="append")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--both", action="store_true", help="from the side too")
    parser.add_argument("--rest", action="store_true", help="the rest sheet alone")
    parser.add_argument("--size", type=int, default=150, help="pixels of a frame")
    parser.add_argument("--rows", type=int, default=12, help="of a sheet; the others go to further ones")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    chosen, numbers = given.plan or list(plans()), given.number or [0]
    rest = [rest_row(plan, number, given.seed, size_px=given.size) for plan in chosen for number in numbers]
    (given.folder / "rest.jpg").write_bytes(jpeg(stack(rest), quality=70))
    for plan in [] if given.rest else chosen:
        for number in numbers:
            rows = motion_rows(plan, number, given.seed, given.motion, both=given.both, size_px=given.size)
            for part in range(0, len(rows), given.rows):
                alone = len(rows) <= given.rows and numbers == [0]
                name = f"{plan}.jpg" if alone else f"{plan}-{number}-{part // given.rows}.jpg"
                (given.folder / name).write_bytes(jpeg(stack(rows[part : part + given.rows]), quality=70))


if __name__ == "__main__":
    main()
