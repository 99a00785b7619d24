"""`rigmill eval vbench`: look first, then measure dimension by dimension; what is measured is never measured again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eval.vbench.dimensions import Dimension
from eval.vbench.job import Job, measure, prepare, together
from eval.vbench.preflight import ask, find_weights
from eval.vbench.results import Number, numbers, read_results, results_file, to_json
from eval.vbench.videos import input_pictures, read_prompts, read_videos
from rigmill.storage.files import write_atomic


@dataclass(frozen=True, slots=True)
class VbenchOrder:
    """What is to be measured, and with what."""

    videos: Path
    out: Path
    python: Path
    cache: Path
    dimensions: tuple[Dimension, ...]
    device: str = "cuda"
    inputs: Path | None = None
    prompts: Path | None = None
    only_check: bool = False  # look, and measure nothing


def vbench(order: VbenchOrder, say: Callable[[str], None]) -> tuple[Number, ...]:
    """The numbers, in OUT/vbench.json too. UserErrors come before anything is started; `say` gets a line a step."""
    videos = read_videos(order.videos)
    wanted = order.dimensions
    inputs = input_pictures(videos, order.inputs) if Dimension.I2V_SUBJECT in wanted else {}
    prompts = read_prompts(videos, order.prompts) if Dimension.OVERALL_CONSISTENCY in wanted else {}
    weights = find_weights(order.cache, wanted)
    interpreter = ask(order.python, order.cache, wanted, order.device)
    say(f"vbench {interpreter.vbench}, torch {interpreter.torch}; {len(videos)} videos of {videos[0].kind}")
    if order.only_check:
        return ()
    job = Job(order.out, videos, inputs, prompts, interpreter, weights, order.cache, order.device)
    prepare(job)
    found: list[Number] = []
    for dimension in wanted:
        done_now = measure(job, dimension)
        result = read_results(results_file(order.out, dimension), dimension, videos)
        found += numbers(
            dimension,
            videos,
            result,
            interpreter=interpreter,
            weights=weights,
            device=order.device,
            videos_sha256=together(videos),
        )
        say(f"{dimension}: {result[0]:.4f}{'' if done_now else ' (measured before)'}")
        text = json.dumps(to_json(found), indent=1, sort_keys=True) + "\n"
        write_atomic(order.out / "vbench.json", text.encode(), durable=False)
    return tuple(found)
