"""A tiny training killed in the middle and run again, against one that nobody disturbed.

python -m benchmarks.training.resume SHARDS STORE WORK NUM_STEPS KILL_AT    (0: not killed)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import safetensors.torch

from benchmarks.loading.made import Size, dataset
from shards.index import INDEX

NUM_STEPS, KILL_AT = 6, 5  # the checkpoint of step 4 is begun then, so that of step 2 is whole


def resume_max_diff(scratch: Path) -> float:
    """The greatest difference of a weight or a loss; 0: the same bits."""
    shards, _ = dataset(scratch, num_frames=6, num_clips=2, size=Size(96, 64))
    found = []
    for name, kills in (("whole", (0,)), ("killed", (KILL_AT, 0))):
        for kill_at in kills:
            arguments = [shards, scratch / "store", scratch / name, NUM_STEPS, kill_at]
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.training.resume", *map(str, arguments)],
                env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
                capture_output=True,
                text=True,
            )
            expected = -signal.SIGKILL if kill_at else 0
            if done.returncode != expected:
                raise RuntimeError(f"the training ended with {done.returncode}: {done.stderr[-2000:]}")
        began = int((scratch / name / "began").read_text())
        if (began == 1) != (name == "whole"):
            raise RuntimeError(f"the training {name} began at step {began}")
        found.append(safetensors.torch.load_file(scratch / name / "end.safetensors"))
    whole, killed = found
    assert whole.keys() == killed.keys()
    return max(float((whole[name] - killed[name]).abs().max()) for name in whole)


def _train(shards: Path, store: Path, work: Path, num_steps: int, kill_at: int) -> None:
    import torch

    from train.inputs import TrainingClip, TrainSettings
    from train.loop.fit import train
    from train.starting import start_model

    torch.set_num_threads(1)
    settings = TrainSettings(
        recipe="tiny_joint",
        num_steps=num_steps,
        batch_size=2,
        learning_rate=0.002,
        num_frames=5,
        size_px=32,
        mixture={},
        condition_dropout=0.2,
        checkpoint_interval=2,
        seed=7,
        ema=0.9,
    )

    steps: list[int] = []

    def report(message: str, done: int, total: int) -> None:
        steps.append(done)
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    clips = [TrainingClip.from_row(row) for row in pq.read_table(shards / INDEX).to_pylist()]
    model = start_model(settings, None, {})
    trained = train(model, settings=settings, clips=clips, store_root=store, folder=work, report=report)
    (work / "began").write_text(str(steps[0]))
    tensors = {name: tensor.contiguous().clone() for name, tensor in trained.model.state_dict().items()}
    tensors["losses"] = torch.tensor([item.loss for item in trained.losses], dtype=torch.float64)
    safetensors.torch.save_file(tensors, work / "end.safetensors")


if __name__ == "__main__":
    _train(*map(Path, sys.argv[1:4]), *map(int, sys.argv[4:]))  # type: ignore[call-arg]
