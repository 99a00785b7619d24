"""The report's section on training: checkpoints with their losses, validation and speed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from rigmill.pipeline.view import View
from rigmill.report.axes import Axis, Series, axes_chart
from rigmill.report.curves import Curves, Validated, run_of
from rigmill.storage.files import Store
from rigmill.types import StoredFile

_STEP = Axis("optimiser step")
_LOSS = Axis("squared error of latents", logarithmic=True)


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
    """One trained model, its first and last loss, its curves (none where there are few steps), what it drew, and what
    its run measured, where that run's folder is still there.
    """

    checkpoint_id: str
    stage: str
    recipe: str
    num_steps: int
    num_parameters: int
    first_loss: float | None
    last_loss: float | None
    charts: list[Markup]
    drawn: list[Drawn]
    measured: list[tuple[str, str]]


def _drawn(mixture: Mapping[str, Mapping[str, int]]) -> list[Drawn]:
    """By source, as the checkpoint says."""
    total = max(1, sum(one["draws"] for one in mixture.values()))
    return [
        Drawn(source, clips, draws, f"{100 * draws / total:.3g}", f"{draws / clips:.3g}")
        for source, clips, draws in ((name, one["clips"], one["draws"]) for name, one in sorted(mixture.items()))
    ]


def section(view: View, *, store: Store, runs: Path) -> list[Checkpoint]:
    """The checkpoints that there are."""
    checkpoints = []
    for row in view.products("train"):
        files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
        losses = store.read(files["losses.csv"])
        folder = run_of(runs, row["stage"], losses)
        ran = None if folder is None else Curves.read(folder, row["stage"])
        checkpoints.append(
            Checkpoint(
                row["checkpoint_id"],
                row["stage"],
                row["recipe"],
                row["num_steps"],
                row["num_parameters"],
                row["first_loss"],
                row["last_loss"],
                charts_of(_columns(losses), ran),
                _drawn(json.loads(store.read(files["config.json"])).get("mixture") or {}),
                [] if ran is None else measured_of(ran),
            )
        )
    return checkpoints


def charts_of(losses: Mapping[str, list[float]], ran: Curves | None) -> list[Markup]:
    """Losses with validation, validation by noise level, gradient and learning rate; without those that are empty."""

    def over_steps(column: str) -> list[tuple[float, float]]:
        return list(zip(losses.get("step", []), losses.get(column, [])))

    validated = [] if ran is None else ran.validated
    loss = [
        Series("loss", over_steps("loss"), faint=True),
        Series("running mean", over_steps("loss_smooth")),
        Series("RGB, running mean", over_steps("rgb_smooth")),
        Series("pose maps, running mean", over_steps("pose_smooth")),
        Series("validation", [(one.step, one.mean) for one in validated], dots=True),
    ]
    found = [axes_chart(loss, x=_STEP, y=_LOSS, label="Loss")]
    if validated:
        levels = [
            Series(f"{name}, {words}", points, dots=True)
            for words, one in _told_apart(validated)
            for name, points in one.by_level.items()
        ]
        sigma = Axis("noise level, 0 clean to 1 noise")
        found.append(axes_chart(levels, x=sigma, y=_LOSS, label="Validation by noise level, held-out clips"))
    gradient = [Series("gradient", over_steps("grad_norm"))]
    norm = Axis("norm before clipping", logarithmic=True)
    found.append(axes_chart(gradient, x=_STEP, y=norm, label="Gradient"))
    rate = [Series("learning rate", over_steps("learning_rate"))]
    found.append(axes_chart(rate, x=_STEP, y=Axis("learning rate"), label="Learning rate"))
    return [chart for chart in found if chart]


def _told_apart(validated: list[Validated]) -> list[tuple[str, Validated]]:
    """The first and the last, with their names."""
    first, last = validated[0], validated[-1]
    ends = [(f"step {first.step}", first)] if first.step != last.step else []
    return [*ends, (f"step {last.step}", last)]


def measured_of(ran: Curves) -> list[tuple[str, str]]:
    """What the run that made a checkpoint measured, each with its unit."""
    best = ran.best
    found = [
        ("run", ran.run),
        ("tokens per second", _number(ran.recent("tokens_per_s"))),
        ("seconds a step", _number(ran.recent("seconds"))),
        ("TFLOP/s a device, useful", _number(ran.recent("useful_tflops"))),
        ("MFU", _share(ran.recent("mfu"))),
        ("HFU", _share(ran.recent("hfu"))),
        ("waiting for data", _share(ran.recent("data_wait_share"))),
        ("peak memory, GB", _number(ran.last("peak_memory_gb"))),
        ("best validation", "" if best is None else f"{best.mean:.4g} after step {best.step}"),
    ]
    return [(name, value) for name, value in found if value]


def _columns(losses: bytes) -> dict[str, list[float]]:
    head, *lines = (line.split(",") for line in losses.decode().splitlines())
    return {name: [float(line[place]) for line in lines] for place, name in enumerate(head)}


def _number(value: float) -> str:
    return f"{value:.4g}" if value == value else ""


def _share(value: float) -> str:
    return f"{100 * value:.3g} %" if value == value else ""
