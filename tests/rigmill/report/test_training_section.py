"""What a training's run has left, read back: for the report and for status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rigmill.commands.training_lines import training_json, training_text, trainings
from rigmill.report.curves import Curves, run_of
from rigmill.report.training_section import charts_of, measured_of

LOSSES = "step,loss,rgb,pose,learning_rate,grad_norm,loss_smooth,rgb_smooth,pose_smooth\n" + "".join(
    f"{step},{2 / (step + 1)},1.0,0.5,0.001,3.0,{2.5 / (step + 1)},1.1,0.6\n" for step in range(40)
)


def write_run(folder: Path, *, steps: int = 40) -> Path:
    """A run that is at step 40 of 100, two seconds each."""
    train = folder / "train"
    train.mkdir(parents=True)
    (train / "one.csv").write_text("".join(LOSSES.splitlines(keepends=True)[: steps + 1]))
    speed = "step,seconds,data_wait_share,tokens_per_s,useful_tflops,executed_tflops,mfu,hfu,peak_memory_gb\n"
    speed += "".join(f"{step},2.0,0.05,{1000 + step},1.5,2.0,0.45,0.6,70\n" for step in range(steps))
    (train / "one.speed.csv").write_text(speed + "40,9")  # a line that is just being written
    levels = [(modality, place, (place + 0.5) / 8) for modality in ("rgb", "pose") for place in range(8)]
    lines = ["step,clips,modality,bin,sigma,loss"]
    for step, mean in ((0, 2.0), (20, 1.0), (40, 1.25)):
        lines += [f"{step},2,{modality},{place},{sigma},{mean + sigma}" for modality, place, sigma in levels]
        lines += [f"{step},2,rgb,all,,{mean}", f"{step},2,pose,all,,{mean}", f"{step},2,all,all,,{mean}"]
    (train / "one.validation.csv").write_text("\n".join(lines) + "\n")
    work = folder / "work"
    work.mkdir()
    for step in (20, 30):
        (work / f"step-{step:08d}-0123456789abcdef.ckpt").touch()
    (train / "one.progress.json").write_text(json.dumps({"num_steps": 100, "checkpoints": str(work)}))
    return train


def test_status_says_how_far_how_fast_and_how_well(tmp_path: Path) -> None:
    write_run(tmp_path / "20260101T000000-1", steps=10)
    write_run(tmp_path / "20260102T000000-2")
    (one,) = trainings(tmp_path)
    text = " ".join(training_text([one]).split())
    for words in (
        "stage one, step 40 of 100, run 20260102T000000-2",
        "loss 0.05 (running mean 0.0625), learning rate 0.001, gradient 3",
        "1030 tokens/s, 2 s a step, MFU 45.0 %, 5.0 % waiting for data, about 2 min left",
        "last checkpoint to go on from: after step 30; validation 1.25 after step 40, best 1 after step 20",
    ):
        assert words in text
    told = training_json(one)
    assert told["left_s"] == 120 and told["best"] == {"step": 20, "loss": 1.0} and json.dumps(told, allow_nan=False)
    assert trainings(tmp_path / "none") == [] and training_text([]) == ""


def test_the_report_finds_the_run_of_a_checkpoint_by_its_losses_and_draws_all_that_it_left(tmp_path: Path) -> None:
    write_run(tmp_path / "20260101T000000-1", steps=10)
    train = write_run(tmp_path / "20260102T000000-2")
    assert run_of(tmp_path, "one", LOSSES.encode()) == train and run_of(tmp_path, "one", b"step,loss\n") is None
    ran = Curves.read(train, "one")
    charts = charts_of(ran.losses, ran)
    assert [chart.count("<polyline") for chart in charts] == [5, 4, 1, 1]
    assert charts[0].count("<circle") == 3 and "logarithmic" in charts[0] and "optimiser step" in charts[0]
    assert "noise level, 0 clean to 1 noise" in charts[1] and "rgb, step 40" in charts[1]
    measured = dict(measured_of(ran))
    assert measured["MFU"] == "45 %" and measured["peak memory, GB"] == "70"
    assert measured["best validation"] == "1 after step 20"


def test_a_training_without_a_gpu_and_without_validation_has_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "one.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
    ran = Curves.read(tmp_path / "train", "one")
    assert [chart.count("<polyline") for chart in charts_of(ran.losses, ran)] == [1]
    assert [name for name, _ in measured_of(ran)] == ["run"] and ran.left_s is None
    assert "step 2 of ?" in training_text([ran]) and training_json(ran)["tokens_per_s"] is None
    assert ran.last("loss") == pytest.approx(0.5) and ran.checkpoint is None
