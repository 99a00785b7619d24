"""Every file of the corpus ends as the committed table says, and says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from rigmill.commands.cli import main
from tests.support.expected_assets import COLUMNS, differences, expected, files_below, found
from tests.support.paths import ROOT

OUTCOMES = {"kept", "rejected", "ignored"}


def test_the_table_gives_every_row_an_outcome_and_a_reason() -> None:
    rows = expected()
    for path, row in rows.items():
        assert set(row) == set(COLUMNS) and row["outcome"] in OUTCOMES, path
        assert len(row["why"].split()) >= 3, f"{path}: no reason"
        assert (row["outcome"] == "rejected") == bool(row["code"]), path
        assert (row["outcome"] == "kept") == bool(row["kind"]), path


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get("RIGMILL_CORPUS"), reason="RIGMILL_CORPUS is not set")
def test_the_table_has_a_row_for_every_file_of_the_corpus() -> None:
    assert sorted(expected()) == files_below(Path(os.environ["RIGMILL_CORPUS"]))
    assert len(expected()) == 103


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.blender
@pytest.mark.ray
@pytest.mark.skipif(not os.environ.get("RIGMILL_CORPUS"), reason="RIGMILL_CORPUS is not set")
def test_a_real_run_over_the_corpus_agrees_with_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Path(os.environ["RIGMILL_CORPUS"])
    config = tmp_path / "pipelines.yaml"
    shipped = ROOT / "pipelines.yaml"
    profile = {
        "corpus": {
            "inherits": "demo",
            "output": "out",
            "run": {"min_free_disk_bytes": 0},
            "sources": [{"kind": "folder", "name": "corpus", "path": str(corpus), "licence": "unknown"}],
        }
    }
    config.write_text(shipped.read_text() + "\n" + yaml.safe_dump(profile))
    monkeypatch.chdir(tmp_path)
    assert main(["run", "curate", "--config", str(config), "--profile", "corpus"]) == 0
    lines = differences(expected(), found(config, "corpus", corpus))
    assert not lines, "\n".join(lines)
