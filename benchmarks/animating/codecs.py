"""How much of pose maps survives a codec alone: the most that a model which draws through it can reach.

    python -m benchmarks.animating.codecs --data data/world [--clips 40]

Joints drawn, and found again, of recorded clips whose maps were drawn at a size with discs of a radius and put through
a block DCT. One line a codec.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np
import torch

from benchmarks.common.figures import rounded
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.redraw import view_maps
from rigmill.reconstruct.metrics import height
from rigmill.reconstruct.reconstruct import reconstruct
from rigmill.storage.files import Store
from shards.sample import GEOMETRY
from train.clips import as_model_sees, from_unit, to_unit
from train.codec import DctCodec
from train.recipes import CodecConfig, small_joint
from train.small.world import read_world

_FRAMES, _STRIDE = 9, 2
CODECS = (  # pixels, disc, numbers, block
    (64, 1.5, 48, 8),
    (64, 2.0, 16, 8),
    (64, 2.0, 32, 8),
    (64, 2.0, 48, 8),
    (64, 2.0, 64, 8),
    (64, 2.0, 192, 8),
    (64, 2.5, 48, 8),
    (64, 2.0, 16, 4),
    (96, 2.0, 48, 8),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One codec."""

    size_px: int
    disc_px: float
    numbers: int
    block_px: int
    usable_share: float
    below_90: float  # share of clips of whose joints less than 90 % were found
    own_drawn: float  # share of a rig's own joints that are in the maps
    mpjpe_pct: float  # of all own joints, per cent of the height


def measured(geometries: list[ClipGeometry], *, size_px: int, disc_px: float, numbers: int, block_px: int) -> Line:
    """One codec on recorded clips."""
    config = small_joint(size_px)
    assert config.pose_map is not None
    config = replace(config, pose_map=replace(config.pose_map, radius_px=disc_px, shift_px=None))
    codec = DctCodec(CodecConfig("dct", numbers, block_px, 1))
    usable, drawn, errors = [], [], []
    for recorded in geometries:
        seen = as_model_sees(recorded, config)
        own = seen.rig.num_joints - seen.num_markers
        frames = slice(0, _FRAMES * _STRIDE, _STRIDE)
        short = replace(seen, joints_px=seen.joints_px[:, frames], joints_depth=seen.joints_depth[:, frames])
        maps = np.stack([view_maps(short, view, disc_px) for view in range(len(seen.cameras))])
        with torch.inference_mode():
            maps = from_unit(codec.decode(codec.encode(to_unit(maps))))
        found = reconstruct(
            maps,
            cameras=seen.cameras,
            rig=seen.rig,
            drawn=seen.drawn,
            colours=seen.colours,
            radius_px=disc_px,
            fps=seen.motion.fps / _STRIDE,
        )
        usable.append(float(found.usable.mean()))
        drawn.append(float(seen.drawn[:own].mean()))
        off = np.linalg.norm(found.joints[:, :own] - seen.joints[frames, :own], axis=-1)
        errors.append(float(100 * off.mean() / max(height(seen.rig), 1e-9)))
    below = fmean(share < 0.9 for share in usable)
    return Line(size_px, disc_px, numbers, block_px, fmean(usable), below, fmean(drawn), fmean(errors))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="output of a run that made shards")
    parser.add_argument("--clips", type=int, default=40)
    given = parser.parse_args()
    torch.set_num_threads(1)
    world = read_world(given.data, num_frames=_FRAMES * _STRIDE)
    store = Store(world.store_root)
    step = max(1, len(world.train) // given.clips)
    geometries = [
        ClipGeometry.from_bytes(clip.place.members(store)[GEOMETRY]) for clip in world.train[::step][: given.clips]
    ]
    head = ("pictures", "disc px", "numbers a block", "usable", "clips below 0.9", "own joints drawn", "MPJPE %")
    print(f"{len(geometries)} clips\n\n| {' | '.join(head)} |")
    print("|---|---|---|---|---|---|---|")
    for size_px, disc_px, numbers, block_px in CODECS:
        line = measured(geometries, size_px=size_px, disc_px=disc_px, numbers=numbers, block_px=block_px)
        values = [rounded(value) for value in (line.usable_share, line.below_90, line.own_drawn, line.mpjpe_pct)]
        cells = [size_px, disc_px, f"{numbers} ({block_px}x{block_px})", *(f"{value:.2f}" for value in values)]
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
