"""What the calibration says: as numbers, and as a table and a plot in docs/pictures."""

from __future__ import annotations

import csv
import dataclasses
import math
from typing import Any

import numpy as np

from benchmarks.common.paths import ROOT
from benchmarks.motion_filter.calibration import Row

PICTURES = ROOT / "docs" / "pictures"


def claims(rows: list[Row], limit: float) -> dict[str, float]:
    """What the calibration says, as numbers."""
    static = [row for row in rows if row.true_mean_px == 0]
    body = [row for row in rows if row.group in ("whole body", "drift") and 0.3 <= row.true_most_px <= 12]
    ratios = np.array([row.most_px / row.true_most_px for row in body])
    both = [row for row in rows if not math.isnan(row.own_look_s)]
    own = np.array([row.own_look_mean_px / row.true_mean_px for row in body if row in both])
    coat = np.array([row.mean_px / row.true_mean_px for row in body])
    looks = {
        row.asset: [other.most_px for other in rows if other.group == "look" and other.asset == row.asset]
        for row in rows
        if row.group == "look"
    }
    sizes = [row.most_px / row.true_most_px for row in rows if row.group == "size"]
    visible = [row for row in rows if row.true_most_px >= 2 * limit]
    invisible = [row for row in rows if row.true_most_px <= limit / 2]
    return {
        "limit_px": limit,
        "num_cases": len(rows),
        "static_floor_px": max(row.most_px for row in static),
        "most_over_true_p10": float(np.percentile(ratios, 10)),
        "most_over_true_p90": float(np.percentile(ratios, 90)),
        "mean_over_true_p10": float(np.percentile(coat, 10)),
        "mean_over_true_p90": float(np.percentile(coat, 90)),
        "own_look_mean_over_true_p10": float(np.percentile(own, 10)),
        "own_look_mean_over_true_p90": float(np.percentile(own, 90)),
        "spread_over_looks": max(max(values) / min(values) for values in looks.values()),
        "spread_over_sizes": max(sizes) / min(sizes),
        "num_visible": len(visible),
        "visible_dropped": sum(row.most_px <= limit for row in visible),
        "num_invisible": len(invisible),
        "invisible_kept": sum(row.most_px > limit for row in invisible),
        "coat_s_per_clip": float(np.median([row.coat_s for row in rows])),
        "own_look_s_per_clip": float(np.median([row.own_look_s for row in both])),
        "cost_ratio": float(np.sum([row.coat_s for row in both]) / np.sum([row.own_look_s for row in both])),
    }


def write(rows: list[Row], limit: float) -> None:
    """The table and the plot, in docs/pictures."""
    columns = [field.name for field in dataclasses.fields(Row) if not field.name.endswith("_s")]
    with (PICTURES / "flow-calibration.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(getattr(row, column)) for column in columns] for row in rows)
    plot(rows, limit)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4f}"
    return str(value)


def plot(rows: list[Row], limit: float) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.6), constrained_layout=True)
    floor = 0.02
    marks = {"whole body": "o", "small part": "^", "drift": "s", "look": "D", "size": "P"}
    for group, mark in marks.items():
        part = [row for row in rows if row.group == group]
        left.scatter(
            [max(row.true_most_px, floor) for row in part],
            [max(row.most_px, floor) for row in part],
            marker=mark,
            s=26,
            alpha=0.75,
            label=group,
        )
    left.axhline(limit, color="crimson", label=f"filters.min_flow_px = {limit:g}")
    for colour, name, field in (
        ("tab:grey", "asset's own look", "own_look_mean_px"),
        ("tab:blue", "coat of noise", "mean_px"),
    ):
        part = [row for row in rows if row.group == "whole body"]
        right.scatter(
            [max(row.true_mean_px, floor / 10) for row in part],
            [max(getattr(row, field), floor / 10) for row in part],
            s=26,
            alpha=0.75,
            color=colour,
            label=name,
        )
    small = [row for row in rows if row.group == "small part"]
    right.scatter(
        [max(row.true_mean_px, floor / 10) for row in small],
        [max(row.mean_px, floor / 10) for row in small],
        s=26,
        marker="^",
        alpha=0.75,
        color="tab:orange",
        label="small parts, coat of noise",
    )
    right.axhline(0.15, color="crimson", linestyle=":", label="a limit of 0.15 on the mean drops what is under it")
    left.set(
        title="The part that moves most (99th percentile), over the clip",
        xlabel="true, px at 256 px",
        ylabel="measured, px at 256 px",
        xlim=(floor * 0.8, 300),
        ylim=(floor * 0.8, 300),
    )
    right.set(
        title="The mean over the subject, per frame",
        xlabel="true, px per frame at 256 px",
        ylabel="measured, px per frame",
        xlim=(floor * 0.08, 12),
        ylim=(floor * 0.08, 12),
    )
    for axes in (left, right):
        axes.plot([1e-4, 1e3], [1e-4, 1e3], color="black", linewidth=0.6)
        axes.set(xscale="log", yscale="log")
        axes.grid(alpha=0.25)
        axes.legend(loc="upper left", fontsize=8)
    figure.savefig(PICTURES / "flow-calibration.png", dpi=90, metadata={"Software": ""})
