"""The real driver in an interpreter with VBench's calls and files: asked, run, read, stored; and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.metrics.registry import by_name
from eval.vbench import dimensions
from eval.vbench.command import VbenchOrder, vbench
from eval.vbench.dimensions import PROTOCOLS, Dimension
from eval.vbench.preflight import MissingWeights, find_weights
from eval.vbench.results import read_results
from eval.vbench.videos import read_videos
from rigmill.clips.video import encode
from rigmill.commands.cli import main
from rigmill.commands.evaluation.vbench_options import DIMENSIONS
from rigmill.errors import UserError
from tests.support.stub_vbench import StubVbench, stub_vbench

ALL = tuple(Dimension)
WITHOUT_TORCH = tuple(dimension for dimension in Dimension if dimension is not Dimension.I2V_SUBJECT)


def video(path: Path, *, seed: int, frames: int = 4, side: int = 32) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (frames, side, side, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(pictures, fps=16, crf=20, pixel_format="yuv444p", keyframe_interval=12))


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubVbench:
    """Digests that authors give are not those of files made here."""
    known = {
        dimension: tuple(replace(need, sha256="") for need in needs) for dimension, needs in dimensions.NEEDS.items()
    }
    monkeypatch.setattr(dimensions, "NEEDS", known)
    return stub_vbench(tmp_path / "stub")


@pytest.fixture
def order(tmp_path: Path, stub: StubVbench) -> VbenchOrder:
    for number in range(3):
        video(tmp_path / f"views/ours/clip{number}.0.mp4", seed=number)
        video(tmp_path / f"views/truth/clip{number}.0.mp4", seed=10 + number)
    (tmp_path / "prompts.csv").write_text("clip,prompt\nclip0,it runs\nclip1.0,it jumps up\nclip2,a\n")
    return VbenchOrder(
        videos=tmp_path / "views/ours",
        out=tmp_path / "out",
        python=stub.python,
        cache=stub.cache,
        dimensions=WITHOUT_TORCH,
        device="cpu",
        inputs=tmp_path / "views/truth",
        prompts=tmp_path / "prompts.csv",
    )


def quiet(_: str) -> None: ...


@pytest.mark.slow  # torch is imported eight times
def test_every_dimension_is_measured_and_stored_with_all_it_depends_on(order: VbenchOrder, tmp_path: Path) -> None:
    whole = stub_vbench(tmp_path / "whole", real_torch=True)
    found = vbench(replace(order, python=whole.python, cache=whole.cache, dimensions=ALL), quiet)
    sizes = {path.name: path.stat().st_size for path in order.videos.iterdir()}
    value = {(number.metric, number.video): number.value for number in found}
    assert len(value) == len(ALL) * 4
    for name, size in sizes.items():
        assert value["vbench.motion_smoothness", name] == pytest.approx(1 - size / 1e6)
        assert value["vbench.imaging_quality", name] == pytest.approx(size / 1e5)  # as the mean, not as MUSIQ
        assert value["vbench.dynamic_degree", name] == float(size % 2 == 0)
        assert value["vbench.i2v_subject", name] > 0.75  # the model's weights came from the cache
    assert value["vbench.overall_consistency", "clip1.0.mp4"] == pytest.approx(len("it jumps up") / 100)
    assert value["vbench.overall_consistency", "clip0.0.mp4"] == pytest.approx(len("it runs") / 100)
    stored = json.loads((order.out / "vbench.json").read_text())
    assert stored["backend"] == "vbench" and len(stored["numbers"]) == len(found)
    for number in stored["numbers"]:
        assert by_name(number["metric"]).comparable_to == "VBench 0.1.5" == number["tool"].replace("vbench", "VBench")
        assert number["resolution"] == "32x32" and number["num_frames"] == 4 and number["fps"] == 16
        assert number["weights"] and all(len(digest) == 64 for digest in number["weights"].values())
        assert len(number["video_sha256"]) == 64 and number["device"] == "cpu"


def test_what_is_measured_is_kept_and_another_video_is_another_job(
    order: VbenchOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_FAILS", "dynamic_degree")
    with pytest.raises(UserError, match="did not measure dynamic_degree") as stopped:
        vbench(order, quiet)
    assert "CUDA out of memory" in stopped.value.why
    assert {number["metric"] for number in json.loads((order.out / "vbench.json").read_text())["numbers"]} == {
        "vbench.motion_smoothness"
    }
    monkeypatch.delenv("STUB_FAILS")
    said: list[str] = []
    whole = vbench(order, said.append)
    assert [line for line in said if "measured before" in line] == said[1:2]
    before = {path.name: path.stat().st_mtime_ns for path in (order.out / "results").glob("*.json")}
    assert vbench(order, quiet) == whole
    assert before == {path.name: path.stat().st_mtime_ns for path in (order.out / "results").glob("*.json")}
    video(order.videos / "clip1.0.mp4", seed=99)
    said.clear()
    assert vbench(order, said.append) != whole and not [line for line in said if "measured before" in line]


def test_without_weights_one_message_lists_each_file_and_how_it_is_fetched(
    order: VbenchOrder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingWeights) as refused:
        vbench(replace(order, cache=tmp_path / "empty", dimensions=PROTOCOLS["animax"]), quiet)
    commands = refused.value.commands
    assert len(commands) == 6 and "6 files are missing" in refused.value.what
    for file in (
        "amt-s.pth",
        "raft-things.pth",
        "ViT-L-14.pt",
        "dino_vitbase16_pretrain.pth",
        "sa_0_4_vit_l_14_linear",
    ):
        assert any(file in command or file == "raft-things.pth" and "models.zip" in command for command in commands)
    assert all("# about " in command and "mkdir -p" in command for command in commands)
    assert not order.out.exists()
    words = ["eval", "vbench", str(order.videos), "--out", str(order.out), "--python", str(order.python)]
    status = main([*words, "--cache", str(tmp_path / "empty"), "--device", "cpu", "--inputs", str(order.inputs)])
    said = capsys.readouterr().err
    assert status == 2 and said.count("error[E644]") == 1 and said.count("# about ") == 6


def test_the_command_prints_means(order: VbenchOrder, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["eval", "vbench", str(order.videos), "--out", str(order.out), "--python", str(order.python)]
    words += ["--cache", str(order.cache), "--device", "cpu", "--dimension", "aesthetic_quality"]
    assert main([*words, "--check"]) == 0 and "nothing is missing" in capsys.readouterr().out
    assert not order.out.exists()
    assert main([*words, "--json"]) == 0
    means = json.loads(capsys.readouterr().out)
    sizes = [path.stat().st_size for path in order.videos.iterdir()]
    assert means == {"vbench.aesthetic_quality": pytest.approx(np.mean(sizes) / 1e5)}
    assert main([*words, "--dimension", "dynamic_degree"]) == 0  # another dimension leaves what is measured
    said = capsys.readouterr().out
    assert f"aesthetic_quality: {means['vbench.aesthetic_quality']:.4f} (measured before)" in said
    assert "dynamic_degree: " in said and str(order.out / "vbench.json") in said


def test_the_options_are_the_dimensions() -> None:
    assert set(DIMENSIONS) == set(Dimension)


def test_interpreters_that_cannot_are_refused_with_what_they_lack(order: VbenchOrder, tmp_path: Path) -> None:
    for python, why in ((tmp_path / "nowhere", "No such file"), (Path("/bin/false"), "said nothing")):
        with pytest.raises(UserError, match="no Python that VBench can be run with") as refused:
            vbench(replace(order, python=python), quiet)
        assert why in refused.value.why and "pip install vbench==0.1.5" in refused.value.fix
    older = stub_vbench(tmp_path / "older", version="0.1.2")
    with pytest.raises(UserError, match="has vbench 0.1.2, and 0.1.5"):
        vbench(replace(order, python=older.python), quiet)
    partly = stub_vbench(tmp_path / "partly", without=("aesthetic_quality",))
    with pytest.raises(UserError, match="cannot measure aesthetic_quality .*aesthetic_quality_of_others"):
        vbench(replace(order, python=partly.python), quiet)
    assert vbench(replace(order, python=partly.python, dimensions=(Dimension.MOTION_SMOOTHNESS,)), quiet)
    with pytest.raises(UserError, match="sees no GPU"):
        vbench(replace(order, device="cuda"), quiet)


def test_unlike_videos_are_refused_by_name(order: VbenchOrder) -> None:
    video(order.videos / "long.0.mp4", seed=1, frames=5)
    with pytest.raises(UserError, match=r"long\.0\.mp4 is unlike clip0\.0\.mp4: 32x32, 5 frames at 16 a second"):
        vbench(order, quiet)
    (order.videos / "long.0.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match=r"long\.0\.mp4 is no video"):
        vbench(order, quiet)


def test_no_videos_inputs_or_prompts(order: VbenchOrder, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no videos"):
        vbench(replace(order, videos=tmp_path), quiet)
    with pytest.raises(UserError, match="3 of 3 videos have no input picture") as refused:
        vbench(replace(order, dimensions=ALL, inputs=None), quiet)
    assert "--inputs" in refused.value.fix
    (tmp_path / "prompts.csv").write_text("clip,prompt\nclip0,it runs\nclip1,it jumps\n")
    with pytest.raises(UserError, match=r"1 of 3 videos have no prompt, such as clip2\.0\.mp4"):
        vbench(order, quiet)
    (tmp_path / "prompts.csv").write_text("video;text\nclip0;it runs\n")
    with pytest.raises(UserError, match="has not the columns clip and prompt"):
        vbench(order, quiet)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"dynamic_degree": [0.5, [', "JSONDecodeError"),
        ('{"other": [1, []]}', "KeyError"),
        (
            '{"dynamic_degree": [1.0, [{"video_path": "x/clip0.0.mp4", "video_results": true}]]}',
            "2 videos have no number",
        ),
        ('{"dynamic_degree": [NaN, []]}', "3 videos have no number"),
        (
            '{"dynamic_degree": [0.9, [{"video_path": "clip0.0.mp4", "video_results": 1}, '
            '{"video_path": "clip1.0.mp4", "video_results": 0}, {"video_path": "clip2.0.mp4", "video_results": 0}]]}',
            "0.900000 in the mean, and its videos have 0.333333",
        ),
        (
            '{"dynamic_degree": [1, [{"video_path": "clip0.0.mp4", "video_results": NaN}, '
            '{"video_path": "clip1.0.mp4", "video_results": 0}, {"video_path": "clip2.0.mp4", "video_results": 0}]]}',
            "clip0.0.mp4 is not finite",
        ),
    ],
)
def test_results_that_are_not_as_vbench_writes_them(order: VbenchOrder, tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "dynamic_degree_eval_results.json"
    path.write_text(text)
    with pytest.raises(UserError, match="is not what VBench writes") as refused:
        read_results(path, Dimension.DYNAMIC_DEGREE, read_videos(order.videos))
    assert why in refused.value.why


def test_weights_of_another_digest_than_their_authors_say(tmp_path: Path) -> None:
    stub = stub_vbench(tmp_path)
    with pytest.raises(MissingWeights) as refused:
        find_weights(stub.cache, (Dimension.IMAGING_QUALITY,))
    assert "there is another file: sha256" in refused.value.commands[0] and "not 358bb6af" in refused.value.commands[0]
