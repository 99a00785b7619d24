"""The hostile corpus through the real pipeline, and past the gate straight into Blender: nothing gets out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from curate.gate.canonical import canonical
from curate.gate.preflight import identify, sniff
from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.requests import PROBE_ASSET
from rigmill.outcomes import Failed, FailKind, Refusal, Reject
from tests.support.hostile.corpus import files
from tests.support.hostile.fbx_maker import fbx_file, triangle
from tests.support.hostile.gltf_maker import png
from tests.support.hostile.watch import Watch, snapshot
from tests.support.paths import ROOT

pytestmark = pytest.mark.blender
# A picture, so that it would be shown where it is opened as one; its bytes are what the outputs are searched for.
SECRET = png(5, 3, colour=b"\x13\x37\x42") + b"CANARY-SECRET-9b1f"
LIMIT_S, LIMIT_BYTES = 60, 4 * 2**30
PROFILE = """
hostile:
  inherits: demo
  output: {out}
  sources:
    - kind: folder
      path: {folder}
      licence: CC0-1.0
  limits: {{wall_s: 30, cpu_s: 40, memory_bytes: 4294967296}}
  run: {{min_free_disk_bytes: 0, max_failed_share: 1.0}}
"""


@dataclass
class Place:
    """A folder for hostile files, and what lies outside of it."""

    folder: Path
    outside: Path
    contents: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def secret(self) -> Path:
        return self.outside / "secret.png"

    @property
    def canary(self) -> Path:
        return self.outside / "canary"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path / "files", tmp_path / "outside")
    found.folder.mkdir()
    found.outside.mkdir()
    found.secret.write_bytes(SECRET)
    os.mkfifo(found.outside / "pipe")
    return found


@pytest.fixture
def corpus(place: Place) -> Place:
    place.contents = files(place.folder, place.secret, place.canary)
    return place


def cli(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rigmill", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        check=False,
    )


@pytest.mark.slow
@pytest.mark.ray
def test_every_hostile_file_is_a_row_and_none_reaches_beyond_its_folder(tmp_path: Path, corpus: Place) -> None:
    config, out = tmp_path / "pipelines.yaml", tmp_path / "out"
    config.write_text((ROOT / "pipelines.yaml").read_text() + PROFILE.format(out=out, folder=corpus.folder))
    before = snapshot(corpus.outside) | snapshot(corpus.folder)
    elsewhere = {path: snapshot_names(path) for path in (Path.cwd(), Path("/tmp"))}
    watch = Watch(corpus.secret, corpus.outside / "pipe")
    common = ("--config", str(config), "--profile", "hostile")
    done = cli("run", "collect", "probe", *common, cwd=tmp_path)
    touched = watch.touched()
    watch.close()
    assert done.returncode == 0, done.stdout + done.stderr
    status = json.loads(cli("status", *common, "--json", "collect", "probe", cwd=tmp_path).stdout)
    report = cli("report", *common, cwd=tmp_path)
    assert report.returncode == 0, report.stdout + report.stderr

    assert touched == set(), "a file outside of the folder was opened"
    assert not corpus.canary.exists(), "a script of a file ran"
    assert snapshot(corpus.outside) | snapshot(corpus.folder) == before
    for path, names in elsewhere.items():
        new = {name for name in snapshot_names(path) - names if "escape" in name or "canary" in name}
        assert not new, f"written outside: {new}"
    for path in out.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert b"CANARY-SECRET" not in path.read_bytes(), path
    assert "CANARY-SECRET" not in done.stdout + done.stderr

    suffixes = {".glb", ".gltf", ".vrm", ".fbx"}
    offered = [name for name in corpus.contents if Path(name).suffix in suffixes]
    collected = next(stage for stage in status if stage["stage"] == "collect")
    probed = next(stage for stage in status if stage["stage"] == "probe")
    assert collected["in"] >= len(offered) and probed["in"] == collected["kept"]
    for stage in (collected, probed):
        assert stage["pending"] == 0
        assert sum(reason["count"] for reason in stage["reasons"]) == stage["rejected"] + stage["failed"]
        assert all(reason["code"] for reason in stage["reasons"])
    costs = [json.loads(line) for log in out.glob("runs/*/measurements.jsonl") for line in log.read_text().splitlines()]
    assert len([cost for cost in costs if cost["stage"] == "probe"]) >= probed["in"]
    assert max(cost["wall_s"] for cost in costs) <= LIMIT_S
    assert max(cost["peak_bytes"] for cost in costs) <= LIMIT_BYTES


def snapshot_names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


@pytest.fixture
def client() -> Iterator[BlenderClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        limits = Limits(wall_s=6, cpu_s=8, memory_bytes=LIMIT_BYTES, file_bytes=2**26, network="best_effort")
        client = BlenderClient(limits)
        yield client
        client.close()


@pytest.mark.slow
def test_the_sandbox_alone_stands_where_the_gate_is_gone(tmp_path: Path, corpus: Place, client: BlenderClient) -> None:
    """Every file that the gate refuses, given to Blender as it came."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    if not closed(client, scratch):
        pytest.skip("this kernel has no Landlock")
    before = snapshot(corpus.outside) | snapshot(corpus.folder)
    watch, ends = Watch(corpus.secret, corpus.outside / "pipe"), dict[str, str]()
    for name, data in corpus.contents.items():
        file_format = sniff(data) if data else None
        if file_format is None or accepted(data or b""):
            continue
        item = {"path": str(corpus.folder / name), "format": file_format, "fps": 16}
        (reply,) = client.run(PROBE_ASSET, [item], scratch=scratch)
        if isinstance(reply.outcome, Failed):
            assert reply.outcome.kind is not FailKind.INTERRUPTED, name
        ends[name] = "kept" if reply.outcome is None else str(getattr(reply.outcome, "kind", reply.outcome))[:40]
        assert b"CANARY-SECRET" not in (scratch / "log").read_bytes()
        assert reply.measured.wall_s < 60, name
    assert watch.touched() == set()
    watch.close()
    print(ends)  # shown when it fails, or with -s
    assert len(ends) >= 60
    assert snapshot(corpus.outside) | snapshot(corpus.folder) == before
    for path in scratch.rglob("*"):
        assert not path.is_file() or b"CANARY-SECRET" not in path.read_bytes(), path


def accepted(data: bytes) -> bool:
    try:
        canonical(data, identify(data))
    except Refusal:
        return False
    return True


def closed(client: BlenderClient, scratch: Path) -> bool:
    (reply,) = client.run("tests.support.hostile.reach:reach", [{"file": str(Path(__file__))}], scratch=scratch)
    assert reply.value is not None
    return reply.value["file"] == "PermissionError"


def test_a_child_can_open_its_own_files_and_no_other(tmp_path: Path, client: BlenderClient) -> None:
    (tmp_path / "other").write_text("secret")
    (tmp_path / "own").write_text("own")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    if not closed(client, scratch):
        pytest.skip("this kernel has no Landlock")
    item = {
        "path": str(tmp_path / "own"),
        "name": str(tmp_path / "other"),
        "parents": f"/proc/{os.getpid()}/environ",
        "system": "/etc/passwd",
        "written": str(tmp_path / "new"),
        "scratch_written": str(scratch / "new"),
        "inside": {"motion_path": str(tmp_path / "own")},
    }
    (reply,) = client.run("tests.support.hostile.reach:reach", [item], scratch=scratch)
    assert reply.value == {
        "path": "opened",
        "name": "PermissionError",
        "parents": "PermissionError",
        "system": "PermissionError",
        "written": "PermissionError",
        "scratch_written": "opened",
        "inside": "opened",
        "signal": "PermissionError",
        "settings": "nothing",
    }
    assert not (tmp_path / "new").exists()


def look_without_barrier(paths: list[Path]) -> list[dict[str, Any]]:
    """What each FBX file shows in a Blender that may open any file."""
    command = [sys.executable, "-m", "tests.support.hostile.reach", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_no_path_in_an_fbx_is_opened_even_without_the_sandbox(place: Place) -> None:
    pipe = str(place.outside / "pipe")
    paths = [str(place.secret), "../outside/secret.png", "..\\outside\\secret.png", pipe, "/dev/zero"]
    made = []
    for index, path in enumerate(paths):
        for data in (fbx_file(triangle(texture=path)), fbx_file(triangle(texture="x.png", relative=path), 7700)):
            clean, _ = canonical(data, "fbx")
            assert len(clean) == len(data) and clean != data and canonical(clean, "fbx")[0] == clean
            made.append(place.folder / f"canonical-{index}-{len(made)}.fbx")
            made[-1].write_bytes(clean)
    watch = Watch(place.secret)
    seen = look_without_barrier(made)
    assert watch.touched() == set()
    watch.close()
    assert len(seen) == len(made)
    assert all(found == {"objects": ["Tri"], "sizes": [[0, 0]]} for found in seen)


def test_the_same_paths_are_opened_when_they_are_left_in(place: Place) -> None:
    """So that the test above could fail."""
    target = place.folder / "original.fbx"
    target.write_bytes(fbx_file(triangle(texture=str(place.secret))))
    watch = Watch(place.secret)
    assert look_without_barrier([target]) == [{"objects": ["Tri"], "sizes": [[5, 3]]}]
    assert watch.touched() == {"secret.png"}
    watch.close()


def test_programs_and_archives_are_refused_by_name_in_a_corpus_of_forty_files_and_fifteen_classes(
    corpus: Place,
) -> None:
    assert len(corpus.contents) >= 40 and len({name.split(".")[0] for name in corpus.contents}) >= 15
    for name, data in corpus.contents.items():
        if name.split(".")[0] == "archive" or name in ("scripts.text.blend", "scripts.usd.glb"):
            assert data is not None
            with pytest.raises(Refusal) as caught:
                identify(data)
            assert caught.value.code is Reject.REFUSED_TYPE, name
