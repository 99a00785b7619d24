"""Every snippet of docs/how-to/read-the-shards.md runs as it stands, one after the other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import datasets
import pytest

from tests.support.mixed_set import NUM_CLIPS, mixed_set
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "how-to" / "read-the-shards.md"


def test_every_snippet_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed_set(tmp_path / "made")
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "made" / "out").rename(tmp_path / "data" / "demo" / "shards")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    snippets = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert [kind for kind, _ in snippets] == ["python"] * 6 + ["bash"]
    names: dict[str, Any] = {}
    said = []
    for kind, text in snippets:
        if kind == "python":
            exec(compile(text, str(PAGE), "exec"), names)
        else:
            subprocess.run(["bash", "-ec", text], check=True)
        said.append(capsys.readouterr().out.splitlines())
    first, streamed, *others = said
    assert "It walks" in first[0] or "Biped" in first[0]
    assert len({line.split()[0] for line in streamed[:-1]}) == NUM_CLIPS and streamed[-1].endswith("of 20 samples")
    assert [len(lines) for lines in others[:4]] == [NUM_CLIPS, 1, 1, 1] and 0 < len(first) < NUM_CLIPS
    assert float(others[2][0].split()[0]) < 1e-3
    assert others[3][0].endswith("(64, 64, 3)")
