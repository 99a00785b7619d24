"""The benchmark of training runs: every figure of a machine without a GPU, and the same steps that a GPU would take."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.training.__main__ import everything
from benchmarks.training.steps import cases, planned_bytes


@pytest.mark.slow  # three trainings in processes of their own
def test_a_tiny_run_gives_every_figure(tmp_path: Path) -> None:
    found = everything(tiny=True, into=tmp_path / "table")
    assert 0 < found["flop_error_pct"] < 3 and 0 < found["memory_error_pct"] < 3
    assert found["resume_max_diff"] == 0
    if found["view_parallel_max_diff"] is None:
        assert found["view_parallel_not_measured"]
    else:
        assert found["view_parallel_max_diff"] <= 1e-8
    assert set(found["step_s"]["stage1"]["32x32x5"]["auto"]) == {"none", "attention", "full"}
    assert found["step_s"]["stage2"]["32x32x5"]["auto"]["attention"] > 0
    assert "mfu" not in found and "peak_gb" not in found, "nobody knows a CPU's peak"
    assert len((tmp_path / "table").read_text().splitlines()) == 4


def test_cases_of_a_gpu_are_wan_s_and_each_is_one() -> None:
    every = list(cases(tiny=False))
    assert len({case.keys for case in every}) == len(every) > 10
    assert every[0].keys == ("stage1", "480x480x81", "cudnn", "attention")
    assert {case.size for case in every} >= {"480x480x81", "832x480x81"}
    assert {case.stage for case in every} == {"stage1", "stage2"}
    assert all(planned_bytes(case) < 145e9 for case in every), "one GPU of 141 GB"
