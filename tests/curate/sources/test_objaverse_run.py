"""`rigmill run collect` as a process of its own: killed in mid-download, and on a disk that is full."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from curate.stages.collect import CollectStage
from rigmill.commands.cli import main
from rigmill.errors import UserError
from rigmill.outcomes import Kept
from tests.support.curation import ROOT, glb, plain_work
from tests.support.objaverse_site import (
    Behaviour,
    Site,
    annotation,
    lay_out_1,
    object_path,
    planned,
    profile_of,
    served,
    source_1,
    uid,
)


@pytest.fixture
def site() -> Iterator[Site]:
    with served() as running:
        yield running


def model(number: int, num_bytes: int) -> bytes:
    return glb(binary=hashlib.shake_256(bytes([number])).digest(num_bytes))


def write_profile(site: Site, folder: Path, **changes: Any) -> Path:
    """pipelines.yaml with the profile `local`, which writes to ./out."""
    profile = {
        "local": {
            "inherits": "demo",
            "output": "out",
            "sources": [source_1(site, folder, **changes)],
            "run": {"min_free_disk_bytes": 0},
        }
    }
    file = folder / "pipelines.yaml"
    file.write_text((ROOT / "pipelines.yaml").read_text() + "\n" + yaml.safe_dump(profile))
    return file


def start(config: Path, folder: Path, *command: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "rigmill", *command, "--config", str(config), "--profile", "local"],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=os.environ.copy(),
    )


def ended(process: subprocess.Popen[str], status: int = 0) -> str:
    text, _ = process.communicate(timeout=900)
    assert process.returncode == status, text
    return text


def run_collect(config: Path, folder: Path) -> subprocess.Popen[str]:
    return start(config, folder, "run", "collect", "--workers", "2")


def wait_until(condition: Callable[[], bool], *, timeout_s: float = 60) -> None:
    ends = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def results(folder: Path) -> dict[str, str]:
    """Digest of every file that is a result."""
    out = folder / "out"
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out).parts[0] in ("tables", "store")
    }


@contextmanager
def small_disk(place: Path, num_mib: int) -> Iterator[None]:
    """A real file system of that size, which really fills up."""
    place.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={num_mib}m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no leave to mount a tmpfs here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def grow(place: Path, num_mib: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={num_mib}m", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.ray
def test_a_run_killed_in_mid_download_continues_by_range_and_fetches_no_finished_file_again(
    site: Site, tmp_path: Path
) -> None:
    data = {uid(n): model(n, 60_000) for n in range(5)} | {uid(9): model(9, 8_000_000)}
    lay_out_1(site, {name: (annotation(name), content) for name, content in data.items()})
    big, small = f"/v1/{object_path(uid(9))}", [f"/v1/{object_path(uid(n))}" for n in range(5)]
    config = write_profile(site, tmp_path)
    ended(run_collect(config, tmp_path / "undisturbed"))
    site.log.clear()

    site.behave(big, Behaviour(piece=65536, pause_s=0.05))  # 6 s
    process = run_collect(config, tmp_path / "disturbed")
    wait_until(lambda: any(entry.num_sent > 2_000_000 for entry in site.asked(big)))
    wait_until(lambda: all(entry.num_sent for path in small for entry in site.asked(path)))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=600)
    (part,) = (tmp_path / "disturbed").rglob("*.part")
    wait_until(lambda: not still_growing(part))
    num_here = part.stat().st_size
    assert 1_000_000 < num_here < len(data[uid(9)])

    text = ended(run_collect(config, tmp_path / "disturbed"))
    assert "collect: kept 6 of 6, rejected 0, failed 0" in text
    first, second = site.asked(big)
    assert first.range is None and second.range == f"bytes={num_here}-" and second.status == 206
    assert second.num_sent == len(data[uid(9)]) - num_here
    assert [len(site.asked(path)) for path in small] == [1] * 5
    assert results(tmp_path / "disturbed") == results(tmp_path / "undisturbed")
    assert not list((tmp_path / "disturbed").rglob("*.part"))
    assert "nothing to do" in ended(run_collect(config, tmp_path / "disturbed"))


def still_growing(part: Path) -> bool:
    size = part.stat().st_size
    time.sleep(1.0)
    return part.stat().st_size != size


@pytest.mark.slow
@pytest.mark.ray
def test_every_trouble_at_once_ends_in_rows_that_say_which(site: Site, tmp_path: Path) -> None:
    names = ["fine", "dead", "wrong", "slow", "busy", "broken", "away", "large", "page"]
    path = {name: f"/v1/{object_path(uid(n))}" for n, name in enumerate(names)}
    data = {name: model(n, 300_000) for n, name in enumerate(names)} | {"large": model(7, 900_000), "page": b"<html>"}
    lay_out_1(
        site, {uid(n): (annotation(uid(n)), data[name]) for n, name in enumerate(names)}, hashes={uid(2): "f" * 64}
    )
    del site.files[path["dead"]]
    site.behave(path["slow"], Behaviour(piece=64, pause_s=0.05), for_ever=True)
    site.behave(path["busy"], Behaviour(status=429, headers={"Retry-After": "1"}))
    site.behave(path["broken"], Behaviour(status=500), for_ever=True)
    site.behave(path["away"], Behaviour(status=302, headers={"Location": "https://elsewhere.example/x.glb"}))
    config = write_profile(site, tmp_path)
    config.write_text(config.read_text() + "  collect: {max_file_bytes: 500000}\n")
    started = time.monotonic()
    ended(run_collect(config, tmp_path / "run"))
    assert time.monotonic() - started < 120  # the worst of it is bounded; starting Ray is not
    (row,) = json.loads(ended(start(config, tmp_path / "run", "status", "collect", "--json")))
    assert {key: row[key] for key in ("in", "kept", "rejected", "failed", "pending")} == {
        "in": 9,
        "kept": 2,
        "rejected": 5,
        "failed": 2,
        "pending": 0,
    }
    assert {reason["code"]: reason["count"] for reason in row["reasons"]} == {
        "dead_link": 1,
        "hash_mismatch": 1,
        "foreign_address": 1,
        "too_large": 1,
        "unknown_type": 1,
        "network": 2,
    }
    for name in ("slow", "broken"):
        site.behave(path[name])
    ended(run_collect(config, tmp_path / "run"))  # what the network spoiled is tried again by itself
    (row,) = json.loads(ended(start(config, tmp_path / "run", "status", "collect", "--json")))
    assert (row["kept"], row["rejected"], row["failed"]) == (4, 5, 0)
    assert len(site.asked(path["fine"])) == len(site.asked(path["dead"])) == 1


def test_a_full_disk_stops_the_downloads_and_leaves_room_for_the_tables(site: Site, tmp_path: Path) -> None:
    data = {uid(n): model(n, 1_500_000) for n in range(4)}
    lay_out_1(site, {name: (annotation(name), content) for name, content in data.items()})
    jobs = planned(profile_of(source_1(site, tmp_path)))
    for number in range(1, 4):  # one is finished before
        site.behave(f"/v1/{object_path(uid(number))}", Behaviour(silent_s=1.0))
    out = tmp_path / "disk" / "out"
    with small_disk(tmp_path / "disk", 4):
        answers = []
        with pytest.raises(UserError, match="the disk is full") as caught:
            for answer in CollectStage().run(jobs, plain_work(out)):
                answers.append(answer)
        assert "No space left" in caught.value.why and "same command" in caught.value.fix
        (out / "tables").mkdir()
        (out / "tables" / "segment").write_bytes(bytes(100_000))  # a commit still fits
        finished, unfinished = on_disk(out, data)
        keys = {answer.key for answer in answers}
        assert {job.payload["uid"] for job in jobs if job.key in keys} == finished
        assert finished and unfinished
        site.log.clear()
        grow(tmp_path / "disk", 64)
        outcomes = {answer.key: answer.outcome for answer in CollectStage().run(jobs, plain_work(out))}
        assert all(isinstance(outcome, Kept) for outcome in outcomes.values()) and len(outcomes) == 4
    assert_nothing_was_lost(site, data, finished, unfinished)


def test_a_disk_that_fills_under_a_download_just_begun_gets_room_from_the_others(site: Site, tmp_path: Path) -> None:
    data = {uid(n): model(n, 1_500_000) for n in range(2)}
    lay_out_1(site, {name: (annotation(name), content) for name, content in data.items()})
    jobs = planned(profile_of(source_1(site, tmp_path)))
    first, second = (f"/v1/{object_path(uid(n))}" for n in range(2))
    site.behave(first, Behaviour(piece=1_200_000, pause_s=30))
    site.behave(second, Behaviour(silent_s=1.5))
    out = tmp_path / "disk" / "out"
    with small_disk(tmp_path / "disk", 4):

        def fill() -> None:
            """All but a little, once most of the first is there."""
            while sum(path.stat().st_size for path in out.rglob("*.part")) < 1_200_000:
                time.sleep(0.02)
            disk = os.statvfs(out)
            (tmp_path / "disk" / "mine").write_bytes(bytes((disk.f_bavail - 10) * disk.f_bsize))

        filling = threading.Thread(target=fill)
        filling.start()
        with pytest.raises(UserError, match="the disk is full"):
            list(CollectStage().run(jobs, plain_work(out)))
        filling.join()
        (out / "tables").mkdir()
        (out / "tables" / "segment").write_bytes(bytes(900_000))


def on_disk(out: Path, data: dict[str, bytes]) -> tuple[set[str], dict[str, int]]:
    """The finished objects, and the bytes that are here of unfinished ones."""
    stored = {path.stem for path in (out / "store").rglob("*.glb")}
    finished = {name for name, content in data.items() if hashlib.sha256(content).hexdigest() in stored}
    parts = {path: path.read_bytes() for path in out.rglob("*.part")}
    return finished, {
        name: len(part) for part in parts.values() if part for name, content in data.items() if content.startswith(part)
    }


def assert_nothing_was_lost(site: Site, data: dict[str, bytes], finished: set[str], unfinished: dict[str, int]) -> None:
    """No request for a finished object; of the others only what was missing."""
    for name, content in data.items():
        asked = site.asked(f"/v1/{object_path(name)}")
        if name in finished:
            assert asked == []
        elif name in unfinished:
            assert [entry.range for entry in asked] == [f"bytes={unfinished[name]}-"]
            assert asked[0].num_sent == len(content) - unfinished[name]
        else:
            assert len(asked) == 1


def test_a_disk_that_is_full_from_the_start_is_a_message_not_a_traceback(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = write_profile(site, tmp_path)
    with small_disk(tmp_path / "out", 1):
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "out" / "ballast").write_bytes(bytes(2_000_000))
        assert main(["run", "collect", "--config", str(config), "--profile", "local"]) == 2
    assert "the disk is full" in capsys.readouterr().err and site.log == []


@pytest.mark.slow
@pytest.mark.ray
def test_a_run_on_a_full_disk_says_so_loses_nothing_and_continues_when_there_is_room(
    site: Site, tmp_path: Path
) -> None:
    data = {uid(n): model(n, 1_500_000) for n in range(8)}
    lay_out_1(site, {name: (annotation(name), content) for name, content in data.items()})
    config = write_profile(site, tmp_path)
    run = tmp_path / "run"
    with small_disk(run, 7):
        text = ended(run_collect(config, run), status=2)
        assert "the disk is full" in text and "Traceback" not in text
        (row,) = json.loads(ended(start(config, run, "status", "collect", "--json")))
        assert row["in"] == 8 and row["failed"] == row["rejected"] == 0 and row["kept"] + row["pending"] == 8
        finished, unfinished = on_disk(run / "out", data)
        assert row["kept"] == len(finished) > 0 and len(unfinished) > 0
        site.log.clear()
        grow(run, 64)
        assert "collect: kept 8 of 8" in ended(run_collect(config, run))
        stored = {path.name for path in (run / "out" / "store").rglob("*.glb")}
        assert stored == {f"{hashlib.sha256(content).hexdigest()}.glb" for content in data.values()}
    assert_nothing_was_lost(site, data, finished, unfinished)
