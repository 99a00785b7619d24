"""A training on a Ray cluster: Ray Train places its ranks, and starts them again when one is gone.

A rank is our own: it goes on from our checkpoint, in the output folder that all machines of the cluster see.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rigmill.outcomes import Failed, FailKind, Outcome
from train.parallel.order import ENTRY, Order

MAX_RESTARTS = 8  # of all ranks, where one of them is gone
LOOK_S = 0.2


def train_on_ray(order: Order, num_ranks: int, *, report: Callable[[str, int, int], None], on_cpu: bool) -> Outcome:
    """The job's outcome, by so many workers of the cluster that this process belongs to."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    order.write()
    trainer = TorchTrainer(
        _rank,
        train_loop_config={"order": str(order.path)},
        torch_config=TorchConfig(backend="gloo" if on_cpu else "cpu:gloo,cuda:nccl"),
        scaling_config=ScalingConfig(num_workers=num_ranks, use_gpu=not on_cpu, resources_per_worker=_of_rank(on_cpu)),
        run_config=RunConfig(
            name=order.job.key,
            storage_path=str(order.folder / "ray"),
            failure_config=FailureConfig(max_failures=MAX_RESTARTS),
        ),
    )
    error = _watched(trainer.fit, order, report)
    outcome = order.answered()
    order.remove()
    if outcome is not None:
        return outcome
    said = " ".join(str(error).split())[-300:] if error else "it ended without an answer"
    return Failed(FailKind.MACHINE, "RankGone", f"Ray Train gave up after {MAX_RESTARTS} restarts: {said}")


def _of_rank(on_cpu: bool) -> dict[str, float]:
    return {"CPU": 1} if on_cpu else {"CPU": 1, "GPU": 1}


def _rank(told: dict[str, Any]) -> None:
    importlib.import_module(ENTRY).on_ray(Path(told["order"]))


def _watched(fit: Callable[[], Any], order: Order, report: Callable[[str, int, int], None]) -> Exception | None:
    """Run Ray Train's loop while what rank 0 says is handed on; what it raised."""
    raised: list[Exception] = []
    ended, said = threading.Event(), None

    def run() -> None:
        try:
            fit()
        except Exception as error:  # of a worker, in whatever clothes Ray hands it over
            raised.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, name="ray-train", daemon=True).start()
    while not ended.wait(LOOK_S):
        if (now := order.progress()) is not None and now != said:
            said = now
            report(*now)
    return raised[0] if raised else None
