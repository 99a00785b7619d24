"""What a training step costs, held against what is said of it; on a GPU how fast it is.

    python -m benchmarks.training [--json] [--tiny] [--seconds 400] [--table FILE]

Anywhere: `flop_error_pct`, `memory_error_pct`: the greatest error of train/planning/cost.py and memory.py against what
torch counts on tensors without contents. `view_parallel_max_diff`: a clip's views on two ranks against one (null, and
why, where that is not there). `resume_max_diff`: a training killed and run again against one that nobody disturbed.

On a GPU (one is enough): Wan2.1 1.3B's shapes with random weights, by stage, size, kernel of attention and what blocks
keep: `step_s`, `mfu`, `hfu`, `tflops`, `peak_gb`, `plan_gb`, and `plan_error_pct`: the planned memory's greatest error.
A line of the table is written as soon as it is known; the table ends after `--seconds`, all of it before nine minutes.
It needs torch for that GPU, diffusers, peft and lightning (pip install -e ".[train]"), and no network, weights or data.
--tiny: a tiny model on the CPU, to see that it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.common.figures import lines, rounded
from benchmarks.training.counted import counted, flops, of_stage
from benchmarks.training.resume import resume_max_diff
from benchmarks.training.steps import cases, measured, planned_bytes
from benchmarks.training.views import view_parallel_max_diff
from train.planning.cost import DrawShape, step_flops
from train.planning.machines import Gpu, gpu_called
from train.planning.memory import step_memory
from train.recipes import Checkpointing, DeviceName, ModelConfig, Trains, tiny_joint, wan_joint

Counts = list[tuple[ModelConfig, DrawShape, Trains, Checkpointing, DeviceName]]
_LONGEST_CASE_S = 75  # of a compiled one, as is reckoned: it must not begin later than so long before the end


def formulas(*, tiny: bool) -> dict[str, float]:
    """The greatest errors, in per cent."""
    small = DrawShape(num_clips=2, num_views=2, num_latent=5, rows=8, columns=8, num_text=48)
    which: Counts = [
        (tiny_joint(64), small, "adapters", "none", "cpu"),
        (tiny_joint(64), small, "views", "full", "gpu"),
    ]
    if not tiny:
        wan = wan_joint(480)
        middle = replace(wan, denoiser=replace(wan.denoiser, num_layers=4))
        draw = DrawShape(num_clips=1, num_views=2, num_latent=4, rows=16, columns=16, num_text=32)
        every: tuple[Trains, ...] = ("video", "all", "adapters", "views")
        kept: tuple[Checkpointing, ...] = ("none", "attention", "full")
        for config, shape in ((tiny_joint(64), small), (middle, draw)):
            which += [(config, shape, trains, how, "gpu") for trains in every for how in kept]
    of_flops, of_memory = [0.0], [0.0]
    for recipe, shape, trains, how, device in which:
        config = of_stage(recipe, trains)
        memory = step_memory(config, shape, trains=trains, checkpointing=how, device=device, ema=True).total
        of_memory.append(_error(memory, counted(config, shape, trains, how, device=device, ema=True).peak))
        if how != "attention":  # torch counts what is kept: the useful ones
            step = step_flops(config, shape, trains=trains, checkpointing="none")
            of_flops.append(_error(step.useful, flops(config, shape, trains)))
    return {"flop_error_pct": max(of_flops), "memory_error_pct": max(of_memory)}


def _error(said: float, true: float) -> float:
    return 100 * abs(said / true - 1)


def table(*, tiny: bool, ends: float, into: Path | None) -> dict[str, Any]:
    """The figures of all cases that there is time for."""
    device = torch.device("cpu" if tiny else "cuda")
    gpu: Gpu | None = None
    if device.type == "cuda":
        about = torch.cuda.get_device_properties(device)
        gpu = gpu_called(about.name, about.total_memory)
    found: dict[str, Any] = {}
    errors = []
    for case in cases(tiny=tiny):
        place = ".".join(case.keys)
        if not tiny and time.monotonic() + _LONGEST_CASE_S > ends:
            _say(f"{place}: no time left", into)
            continue
        if device.type == "cuda" and planned_bytes(case) > torch.cuda.get_device_properties(device).total_memory:
            _say(f"{place}: takes {planned_bytes(case) / 1e9:.4g} GB by plan, more than there is", into)
            continue
        try:
            figures = measured(case, device, gpu, rounds=1 if tiny else 3)
        except (RuntimeError, torch.OutOfMemoryError) as error:  # one case: the others still count
            _say(f"{place}: {type(error).__name__}: {str(error)[:200]}", into)
            torch.cuda.empty_cache()
            continue
        _say(f"{place}: {json.dumps(rounded(figures))}", into)
        for name, value in figures.items():
            if name == "plan_error_pct":
                errors.append(abs(value))
                continue
            inner = found.setdefault(name, {})
            for key in case.keys[:-1]:
                inner = inner.setdefault(key, {})
            inner[case.keys[-1]] = value
    if errors:
        found["plan_error_pct"] = max(errors)
    return found


def _say(line: str, into: Path | None) -> None:
    print(line, file=sys.stderr, flush=True)
    if into is not None:
        with into.open("a") as stream:
            stream.write(line + "\n")


def everything(*, tiny: bool, seconds: float = 400.0, into: Path | None = None) -> dict[str, Any]:
    """All figures; first what wants the GPU, whose time is dearer."""
    ends = time.monotonic() + seconds
    has_gpu = torch.cuda.is_available() and not tiny
    result = table(tiny=tiny, ends=ends, into=into) if has_gpu or tiny else {"not_run": "the table: no GPU here"}
    result |= formulas(tiny=tiny)
    with tempfile.TemporaryDirectory() as folder:
        result["view_parallel_max_diff"], why = view_parallel_max_diff(Path(folder))
        if why:
            result["view_parallel_not_measured"] = why
        result["resume_max_diff"] = resume_max_diff(Path(folder))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tiny", action="store_true", help="a tiny model on the CPU, to see that it runs")
    parser.add_argument("--seconds", type=float, default=400, help="for the table of a GPU (400)")
    parser.add_argument("--table", type=Path, help="a file to which lines of the table are added as they come")
    arguments = parser.parse_args()
    result = rounded(everything(tiny=arguments.tiny, seconds=arguments.seconds, into=arguments.table))
    print(json.dumps(result) if arguments.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
