"""`rigmill eval baselines` from the command line; the shipped model on a skinned and on a rigid rig."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.baselines.folder import METHOD_JSON
from eval.baselines.make import MODEL, NEAREST, NOISE_SMALL, STATIC, TRUTH
from eval.baselines.shipped import on_all_joints
from eval.bench.clips import Bench
from eval.bodies.body import Body
from eval.bodies.deliver import read_method
from rigmill.commands.cli import main
from rigmill.formats.glb import NotAnimatable
from rigmill.types import Motion, Rig
from tests.support.world_bench import seal, write_bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return seal(write_bench(tmp_path_factory.mktemp("bench"), ("horse", "cabinet"), num_frames=5))


def baselines(bench: Bench, out: Path, *more: str) -> int:
    where = ["--bench", str(bench.folder), "--out", str(out), "--set", f"output={out}-none"]
    return main(["eval", "baselines", *where, *more])


def test_the_command_makes_what_it_names_and_says_how_to_go_on(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = [part for name in (STATIC, TRUTH, NOISE_SMALL) for part in ("--only", name)]
    assert baselines(bench, tmp_path, *only) == 0
    said = capsys.readouterr().out
    assert "rigmill eval compare" in said and str(bench.folder) in said
    assert {path.name for path in tmp_path.iterdir()} == {STATIC, TRUTH, NOISE_SMALL}
    for name in (STATIC, TRUTH, NOISE_SMALL):
        method = read_method(tmp_path / name, bench)
        bodies = [method.body(clip) for clip in bench.clips]
        assert all(isinstance(body, Body) and body.num_frames == 5 for body in bodies), name


def test_what_cannot_be_made_is_named_with_the_way_out(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert baselines(bench, tmp_path, "--only", "best") == 2
    said = capsys.readouterr().err
    assert "E631" in said and NEAREST in said
    assert baselines(bench, tmp_path, "--only", NEAREST) == 2  # the profile has no data set
    said = capsys.readouterr().err
    assert "E630" in said and "--only" in said and "rigmill run all" in said
    assert baselines(bench, tmp_path, "--only", MODEL, "--checkpoint", str(tmp_path / "none")) == 2
    assert "E141" in capsys.readouterr().err


def test_a_motion_of_some_joints_is_one_of_all() -> None:
    whole = Rig(("a", "b", "c"), np.array([-1, 0, 1]), np.zeros((3, 3)))
    some = Rig(("c", "a"), np.array([-1, 0]), np.zeros((2, 3)))
    rng = np.random.default_rng(0)
    motion = Motion(rng.normal(size=(4, 2, 4)), rng.normal(size=(4, 2, 3)), 16.0)
    found = on_all_joints(some, motion, whole, scale=2.0)
    assert np.array_equal(found.rotations[:, [2, 0]], motion.rotations)
    assert np.array_equal(found.translations[:, [2, 0]], 2 * motion.translations)
    assert np.array_equal(found.rotations[:, 1], np.tile([1.0, 0, 0, 0], (4, 1))) and not found.translations[:, 1].any()
    with pytest.raises(NotAnimatable, match="'d'"):
        on_all_joints(replace(some, names=("c", "d")), motion, whole, scale=1.0)


@pytest.mark.slow  # two clips through Blender and the model
@pytest.mark.blender
def test_the_shipped_model_delivers_every_clip_with_all_joints(bench: Bench, tmp_path: Path) -> None:
    assert baselines(bench, tmp_path, "--only", MODEL) == 0
    about = json.loads((tmp_path / MODEL / METHOD_JSON).read_text())
    method = read_method(tmp_path / MODEL, bench)
    for clip in bench.clips:
        made = about["clips"][clip.clip_id]
        assert 0 <= made["quality"]["usable_share"] <= 1 and made["wall_s"] > 0
        assert made["rig_from"] == ("rest.glb" if clip.clip_id.startswith("horse") else "truth.glb")
        body = method.body(clip)
        assert isinstance(body, Body) and body.num_frames == clip.num_frames and body.bones is not None
        assert len(body.bones.names) >= clip.num_joints
        assert np.abs(body.vertices - body.vertices[:1]).max() > 1e-4, "nothing moves"
