"""What the rows of the part cross say together, per character and per source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rigmill.types import Floats


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    angles, before = (
        np.concatenate([angle for row in rows for angle in row[key].values()]) for key in ("limbs", "limbs_before")
    )
    clear = np.concatenate([row["sides_clear"] for row in rows]) > 0.5  # not seen from above while lying
    cosines = np.concatenate([row["sides_cosine"] for row in rows])[clear]
    return {
        "cross_pairs": float(len(rows)),
        "cross_frames": float(sum(len(row["hips"]) for row in rows)),
        "cross_median_deg": float(np.median(angles)),
        "cross_p95_deg": float(np.percentile(angles, 95)),
        "cross_max_deg": float(angles.max()),
        "cross_p95_before_feet_deg": float(np.percentile(before, 95)),
        "cross_max_before_feet_deg": float(before.max()),
        "flipped_frames": float((cosines < 0).sum()),
        "facing_p95_deg": float(np.degrees(np.arccos(np.clip(np.percentile(cosines, 5), -1, 1)))),
        "hips_ratio_deviation": float(max(row["hips"].max() for row in rows)),
    } | slide_summary(rows)


def slide_summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """`slide_pct_leg` is the 95th percentile over all standing steps; what pairs are like at worst is beside it."""
    standing = [row for row in rows if len(row["slide_after"])]
    found = {"slide_pairs": float(len(standing))}
    for key, name in (("slide_before", "slide_before_pct_leg"), ("slide_after", "slide_pct_leg")):
        steps = np.concatenate([row[key] for row in standing])
        of_pairs = np.array([np.percentile(row[key], 95) for row in standing])
        found |= {
            name: float(np.percentile(steps, 95)),
            f"{name}_mean": float(steps.mean()),
            f"{name}_steps_over_1": float((steps > 1).mean()),
            f"{name}_pairs_over_1": float((of_pairs > 1).mean()),
            f"{name}_p95_of_pairs": float(np.percentile(of_pairs, 95)),
            f"{name}_max": float(steps.max()),
        }
    return found


def slides_by_target(rows: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """Per target: pairs with standing feet, 95th percentile and largest step before and after, pairs over 1 %."""
    for name in dict.fromkeys(row["target"] for row in rows):
        own = [row for row in rows if row["target"] == name and len(row["slide_after"])]
        if own:
            before, after = (np.concatenate([row[key] for row in own]) for key in ("slide_before", "slide_after"))
            over = sum(np.percentile(row["slide_after"], 95) > 1 for row in own)
            figures = (np.percentile(before, 95), before.max(), np.percentile(after, 95), after.max())
            yield (name, len(own), *(round(float(figure), 3) for figure in figures), over)


def by_body(rows: list[dict[str, Any]], side: str) -> list[tuple[Any, ...]]:
    """Per source or target: pairs, median, 95th percentile and largest angle, the limb with the largest median."""
    found = []
    for name in dict.fromkeys(row[side] for row in rows):
        own = [row for row in rows if row[side] == name]
        limbs: dict[str, list[Floats]] = {}
        for row in own:
            for limb, angle in row["limbs"].items():
                limbs.setdefault(limb, []).append(angle)
        together = {limb: np.concatenate(angle) for limb, angle in limbs.items()}
        angles = np.concatenate(list(together.values()))
        worst = max(together, key=lambda limb: float(np.percentile(together[limb], 95)))
        found.append(
            (
                name,
                len(own),
                *(round(float(np.percentile(angles, share)), 3) for share in (50, 95, 100)),
                worst,
                round(float(max(row["hips"].max() for row in own)), 4),
            )
        )
    return found
