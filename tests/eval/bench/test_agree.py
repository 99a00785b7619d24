"""Cohen's kappa against cases computed by hand and by its other formula."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eval.bench.agree import agreement
from rigmill.commands.cli import main


def test_cohens_own_kind_of_table() -> None:
    """25 times both a, 15 both b, 5 a-b, 10... by hand: observed 0.7, expected 0.5, kappa 0.4 (20, 5; 10, 15 of 50)."""
    pairs = [("toy", "toy")] * 20 + [("toy", "tool")] * 5 + [("tool", "toy")] * 10 + [("tool", "tool")] * 15
    first = {f"c{n}": one for n, (one, _) in enumerate(pairs)}
    second = {f"c{n}": other for n, (_, other) in enumerate(pairs)}
    found = agreement(first, second)
    assert found.num_clips == 50 and found.observed == pytest.approx(0.7)
    assert found.expected == pytest.approx(0.5) and found.kappa == pytest.approx(0.4)
    assert len(found.disagreements) == 15 and found.interval is not None
    low, high = found.interval
    error = np.sqrt(0.7 * 0.3 / 50) / (1 - 0.5)  # Cohen's own approximation
    assert abs(low - (0.4 - 1.96 * error)) < 0.05 and abs(high - (0.4 + 1.96 * error)) < 0.05


def test_against_the_confusion_matrix_of_many_categories() -> None:
    rng = np.random.default_rng(3)
    names = ["animal", "toy", "tool", "food"]
    ones = rng.choice(4, 200, p=[0.5, 0.2, 0.2, 0.1])
    others = np.where(rng.random(200) < 0.7, ones, rng.integers(4, size=200))
    matrix = np.zeros((4, 4))
    np.add.at(matrix, (ones, others), 1 / 200)
    chance = matrix.sum(0) @ matrix.sum(1)
    expected = (np.trace(matrix) - chance) / (1 - chance)
    found = agreement(
        {str(n): names[one] for n, one in enumerate(ones)}, {str(n): names[other] for n, other in enumerate(others)}
    )
    assert found.kappa == pytest.approx(expected, abs=1e-12)


def test_the_ends_of_the_scale() -> None:
    both = {"a": "toy", "b": "tool"}
    assert agreement(both, both).kappa == 1 and not agreement(both, both).disagreements
    assert agreement(both, {"a": "tool", "b": "toy"}).kappa == -1
    one = {"a": "toy", "b": "toy"}
    assert agreement(one, one).kappa is None and agreement(one, one).interval is None


def test_the_command_reads_what_people_save(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "clip,category,annotator,confidence,notes\n"
    ada, bob = tmp_path / "bench-Ada.csv", tmp_path / "bench-Bob.csv"
    ada.write_text(head + "c1,toy,Ada,1,\nc2,animal,Ada,,\nc3,food,Ada,,\nc4,,Ada,,\n")
    bob.write_text("\ufeff" + (head + "c1,toy,Bob,1,\nc2,tool,Bob,,\nc4,food,Bob,,\nc5,food,Bob,,\n").replace(",", ";"))
    assert main(["bench", "agree", str(ada), str(bob), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["num_clips"] == 2 and found["observed"] == 0.5
    assert found["disagreements"] == [{"clip": "c2", "first": "animal", "second": "tool"}]
    assert found["only_first"] == ["c3"] and found["only_second"] == ["c4", "c5"]
    assert main(["bench", "agree", str(ada), str(bob)]) == 0
    assert "c2: animal | tool" in capsys.readouterr().out
    bob.write_text(head + "c1,toy,Bob,1,\nc1,tool,Bob,1,\n")
    assert main(["bench", "agree", str(ada), str(bob)]) == 2
    assert "line 2: clip c1 is there twice" in " ".join(capsys.readouterr().err.split())
    bob.write_text(head + "c9,toy,Bob,1,\n")
    assert main(["bench", "agree", str(ada), str(bob)]) == 2
    assert "no clip in common" in capsys.readouterr().err
