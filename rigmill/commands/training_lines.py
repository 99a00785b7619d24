"""`rigmill status train`: how far the training of the last run is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from rigmill.printable import wrapped
from rigmill.report.curves import Curves, stages_of


def trainings(runs: Path) -> list[Curves]:
    """The stages of the newest run that has trained any; none where there was none."""
    for folder in sorted(runs.glob("*/train"), reverse=True):
        found = [Curves.read(folder, stage) for stage in stages_of(folder)]
        if found:
            return found
    return []


def training_text(found: list[Curves]) -> str:
    """A few lines a stage; empty where nothing was trained."""
    lines: list[str] = []
    for one in found:
        lines += ["", f"train: stage {one.stage}, step {one.done} of {one.num_steps or '?'}, run {one.run}"]
        if one.losses:
            parts = [
                f"loss {one.last('loss'):.4g} (running mean {one.last('loss_smooth'):.4g})",
                f"learning rate {one.last('learning_rate'):.3g}",
                f"gradient {one.last('grad_norm'):.3g}",
            ]
            lines += wrapped(", ".join(parts), first="  ", rest="    ")
        lines += wrapped(", ".join(_pace(one)), first="  ", rest="    ") if one.speed else []
        lines += wrapped(f"{_kept(one)}{_validation(one)}", first="  ", rest="    ")
    return "\n".join(lines)


def training_json(one: Curves) -> dict[str, Any]:
    """The same, for programs; null: not known."""

    def known(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else value

    best = one.best
    return {
        "stage": one.stage,
        "run": one.run,
        "step": one.done,
        "num_steps": one.num_steps,
        **{name: known(one.last(name)) for name in ("loss", "loss_smooth", "learning_rate", "grad_norm")},
        **{name: known(one.recent(name)) for name in ("seconds", "tokens_per_s", "mfu", "data_wait_share")},
        "left_s": known(one.left_s),
        "checkpoint": one.checkpoint,
        "validation": None if not one.validated else {"step": one.validated[-1].step, "loss": one.validated[-1].mean},
        "best": None if best is None else {"step": best.step, "loss": best.mean},
    }


def _pace(one: Curves) -> list[str]:
    parts = [f"{one.recent('tokens_per_s'):.4g} tokens/s", f"{one.recent('seconds'):.3g} s a step"]
    mfu = one.recent("mfu")
    if mfu == mfu:
        parts.append(f"MFU {100 * mfu:.1f} %")
    parts.append(f"{100 * one.recent('data_wait_share'):.1f} % waiting for data")
    if one.left_s:
        parts.append(f"about {_minutes(one.left_s)} left")
    return parts


def _kept(one: Curves) -> str:
    if one.checkpoint is not None:
        return f"last checkpoint to go on from: after step {one.checkpoint}"
    return "all steps are done" if one.done == one.num_steps else "no checkpoint to go on from yet"


def _minutes(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes >= 1.5 else f"{seconds:.0f} s"


def _validation(one: Curves) -> str:
    if not one.validated:
        return ""
    last, best = one.validated[-1], one.best
    better = f", best {best.mean:.4g} after step {best.step}" if best is not None and best.step != last.step else ""
    return f"; validation {last.mean:.4g} after step {last.step}{better}"
