"""Three hundred hostile files, drawn anew each day, beside ten good ones, through the real commands."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rigmill.pipeline.view import View
from tests.support.hostile import folder_run
from tests.support.hostile.drawn import drawn_files
from tests.support.hostile.fox_changes import fox
from tests.support.hostile.gltf_maker import png
from tests.support.hostile.watch import Watch, snapshot
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]

SECRET = png(5, 3, colour=b"\x13\x37\x42") + b"CANARY-SECRET-9b1f"
STAGES = ("collect", "probe", "preview", "select")
NUM_FILES, LIMIT_S = 300, 60
SEED = int(os.environ.get("RIGMILL_HOSTILE_SEED") or datetime.datetime.now(datetime.UTC).date().toordinal())


def cli(*arguments: str, place: Path) -> subprocess.CompletedProcess[str]:
    common = ("--config", str(place / "pipelines.yaml"), "--profile", "strange")
    return subprocess.run(
        [sys.executable, "-P", "-m", "rigmill", *arguments, *common],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )


def measured(place: Path) -> list[dict[str, Any]]:
    """What every job of all runs cost."""
    logs = sorted(place.glob("out/runs/*/measurements.jsonl"))
    return [json.loads(line) for log in logs for line in log.read_text().splitlines()]


def names_in(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def rows_of(view: View, assets: set[str]) -> dict[str, list[dict[str, Any]]]:
    """The product rows of some assets, by stage."""
    found = {
        stage: sorted(
            (dict(row) for row in view.products(stage) if row["asset_id"] in assets), key=lambda row: json.dumps(row)
        )
        for stage in STAGES
    }
    assert all(len(rows) == len(assets) for rows in found.values()), {key: len(rows) for key, rows in found.items()}
    return found


@pytest.mark.long
def test_files_drawn_by_lot_are_rows_and_good_ones_beside_them_stay_what_they_are(tmp_path: Path) -> None:
    print(f"RIGMILL_HOSTILE_SEED={SEED}")
    good = {f"good-{mark}.glb": fox(mark=mark) for mark in range(10)}
    alone, place, outside = tmp_path / "alone", tmp_path / "all", tmp_path / "all" / "outside"
    outside.mkdir(parents=True)
    (outside / "secret.png").write_bytes(SECRET)
    offered, others = drawn_files(SEED, NUM_FILES, outside / "secret.png")
    for folder, files in ((alone / "files", good), (place / "files", good | offered | others)):
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    assets = {row["asset_id"] for row in folder_run.run(alone, STAGES).products("collect")}
    assert len(assets) == 10

    folder_run.resolved(place)  # writes the profile
    before, temporary = snapshot(outside) | snapshot(place / "files"), names_in(Path("/tmp"))
    watch = Watch(outside / "secret.png")
    done = cli("run", *STAGES, place=place)
    assert done.returncode == 0, f"seed {SEED}\n" + done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stdout + done.stderr
    costs = measured(place)
    again = cli("run", *STAGES, place=place)
    assert again.returncode == 0 and measured(place) == costs, again.stdout + again.stderr
    status = json.loads(cli("status", "--json", place=place).stdout)
    assert watch.touched() == set(), "a file outside of the folder was opened"
    watch.close()

    assert snapshot(outside) | snapshot(place / "files") == before
    assert not {name for name in names_in(Path("/tmp")) - temporary if "canary" in name.lower() or "escape" in name}
    for path in (place / "out").rglob("*"):
        assert not path.is_file() or path.is_symlink() or b"CANARY-SECRET" not in path.read_bytes(), path

    by_stage = {row["stage"]: row for row in status}
    assert by_stage["collect"]["in"] == len(good) + len(offered)
    for stage in STAGES:
        row = by_stage[stage]
        assert row["pending"] == 0 and row["in"] == row["kept"] + row["rejected"] + row["failed"]
        assert sum(reason["count"] for reason in row["reasons"]) == row["rejected"] + row["failed"]
    assert max(cost["wall_s"] for cost in costs) <= LIMIT_S
    view = folder_run.view(place)
    print({name: (row["kept"], row["rejected"], row["failed"]) for name, row in by_stage.items() if row["in"]})
    assert rows_of(view, assets) == rows_of(folder_run.view(alone), assets)
