"""Pose maps with joints missing and joints in each other's colours, and how well the flags find them.

In every frame a tenth of the drawn joints is at fault, chosen by chance: half of them are not drawn, in no view, and
half have exchanged their colours by pairs, in all views. `one_view`: each fault is in one view alone, chosen by chance.
"""

from __future__ import annotations

import numpy as np

from benchmarks.reconstruction.posed_bodies import HEIGHT_PX, WIDTH_PX, Take
from rigmill.posemaps import posemap
from rigmill.types import Bools, Bytes

SHARE = 0.1


def faulty_maps(take: Take, *, seed: int, one_view: bool = False) -> tuple[Bytes, Bools, Bools]:
    """The maps (V, T, H, W, 3), and which drawn joints are missing (T, D) and swapped (T, D)."""
    rng = np.random.default_rng(seed)
    num_views, num_frames = take.depth.shape[:2]
    shown = np.flatnonzero(take.drawn)
    missing, swapped = (np.zeros((num_frames, len(shown)), dtype=np.bool_) for _ in range(2))
    maps = np.empty((num_views, num_frames, HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    for frame in range(num_frames):
        pairs = int(rng.binomial(len(shown), SHARE / 2) // 2 + rng.integers(2))
        lost = int(rng.binomial(len(shown), SHARE / 2))
        chosen = rng.permutation(len(shown))[: 2 * pairs + lost]
        exchanged, left_out = chosen[: 2 * pairs].reshape(-1, 2), chosen[2 * pairs :]
        missing[frame, left_out], swapped[frame, exchanged] = True, True
        where = rng.integers(num_views, size=len(shown))
        for view in range(num_views):
            drawn, colours = take.drawn.copy(), take.colours.copy()
            for joint in left_out:
                drawn[shown[joint]] = one_view and where[joint] != view
            for first, second in exchanged:
                if not one_view or where[first] == view:
                    colours[shown[[first, second]]] = colours[shown[[second, first]]]
            maps[view, frame] = posemap.draw(
                take.joints_px[view, frame],
                take.depth[view, frame],
                parents=take.rig.parents,
                drawn=drawn,
                colours=colours,
                width_px=WIDTH_PX,
                height_px=HEIGHT_PX,
                radius_px=take.radius_px,
            )
    return maps, missing, swapped


def found_share(flags: Bools, truth: Bools) -> tuple[float, float]:
    """Precision and recall."""
    both = float((flags & truth).sum())
    return both / max(float(flags.sum()), 1.0), both / max(float(truth.sum()), 1.0)
