"""The report's section on training: checkpoints with their losses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from rigmill.pipeline.view import View
from rigmill.report.charts import line_chart
from rigmill.storage.files import Store
from rigmill.types import StoredFile

SMOOTHED_OVER = 15  # losses of a running mean


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a training drew of one source."""

    source: str
    clips: int
    draws: int
    share_pct: str
    passes: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One trained model, its first and last loss, and its losses as a line (empty where there are few)."""

    checkpoint_id: str
    recipe: str
    num_steps: int
    num_parameters: int
    first_loss: float | None
    last_loss: float | None
    chart: Markup
    drawn: list[Drawn]


def _drawn(mixture: Mapping[str, Mapping[str, int]]) -> list[Drawn]:
    """By source, as the checkpoint says."""
    total = max(1, sum(one["draws"] for one in mixture.values()))
    return [
        Drawn(source, clips, draws, f"{100 * draws / total:.3g}", f"{draws / clips:.3g}")
        for source, clips, draws in ((name, one["clips"], one["draws"]) for name, one in sorted(mixture.items()))
    ]


def section(view: View, *, store: Store) -> list[Checkpoint]:
    """The checkpoints that there are."""
    checkpoints = []
    for row in view.products("train"):
        files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
        lines = store.read(files["losses.csv"]).decode().splitlines()
        column = lines[0].split(",").index("loss")
        losses = [float(line.split(",")[column]) for line in lines[1:]]
        over = min(SMOOTHED_OVER, len(losses))
        smooth = np.convolve(losses, np.ones(over) / over, mode="valid")
        checkpoints.append(
            Checkpoint(
                row["checkpoint_id"],
                row["recipe"],
                row["num_steps"],
                row["num_parameters"],
                row["first_loss"],
                row["last_loss"],
                line_chart([float(value) for value in smooth], label=f"training loss, running mean of {SMOOTHED_OVER}"),
                _drawn(json.loads(store.read(files["config.json"])).get("mixture") or {}),
            )
        )
    return checkpoints
