"""`rigmill animate` from the command line, with an untrained checkpoint, and with maps of a motion that is known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from benchmarks.exporting.measures import farthest_pct, is_kept, seeded_motion, shown
from eval.animate import takes
from eval.animate.fit import longest
from eval.animate.quality import verdict
from eval.animate.takes import Subject, Wanted
from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import decode
from rigmill.commands import exit_status
from rigmill.commands.cli import main
from rigmill.config.load import load
from rigmill.facts.measure import measure
from rigmill.facts.words import in_words
from rigmill.posemaps import posemap
from rigmill.reconstruct.metrics import Scores, height
from rigmill.rigs import skeleton
from rigmill.storage.files import canonical_json
from rigmill.types import Bytes, Floats, Motion
from tests.support.paths import ASSETS
from train.recipes import RECIPES, ModelConfig
from train.weights import new_model, save_model

FOX = ASSETS / "Fox.glb"
FRAMES = 5


def write_checkpoint(folder: Path, **more: Any) -> Path:
    """An untrained model's files."""
    settings = {**load("demo").profile.train.model_dump(mode="json"), "size_px": 32, "num_frames": FRAMES, **more}
    config = RECIPES["tiny_joint"](settings["size_px"])
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(save_model(new_model(config, seed=0)))
    (folder / "config.json").write_text(canonical_json({"model": config.to_dict(), "settings": settings}))
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("model") / "untrained")


def animate(mesh: Path, out: Path, *more: str, prompt: str = "a fox runs") -> int:
    return main(["animate", str(mesh), "--prompt", prompt, "--out", str(out), "--set", f"output={out}-none", *more])


@pytest.mark.slow  # over 10 s
@pytest.mark.blender
def test_an_untrained_model_gives_all_files_and_is_not_called_a_success(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    options = [
        "--checkpoint",
        str(checkpoint),
        "--steps",
        "2",
        "--samples",
        "1",
        "--formats",
        "glb,fbx,bvh,npz,csv",
        "--set",
        "render.width_px=96",
        "--set",
        "render.height_px=64",
    ]
    assert animate(FOX, out, *options) == exit_status.AT_REST
    said = capsys.readouterr()
    assert "HARDLY" in said.out and "AT REST" in said.out and "a fox runs" in said.out
    for step in ("looking into", "rest pose", "denoising steps: 2 in", "pose maps", "preview"):
        assert step in said.err, step
    info = json.loads((out / "info.json").read_text())
    named = [name for names in info["files"].values() for name in names]
    assert {path.name for path in out.iterdir()} == {*named, "info.json"}
    for name in (
        "animated.glb",
        "animated.fbx",
        "animated.bvh",
        "joints.npz",
        "joints.csv",
        "preview.mp4",
        "preview.png",
        "pose.3.mp4",
        "mesh.0.mp4",
        "template_rgb.2.png",
    ):
        assert name in named
    assert info["quality"]["verdict"] == "hardly" and info["quality"]["usable_share"] < 0.1
    assert info["motion"] == {
        "num_frames": FRAMES,
        "fps": 16.0,
        "num_joints": 24,
        "num_drawn_joints": info["motion"]["num_drawn_joints"],
    }
    assert info["glb_from"] == "file" and info["notes"] == []
    assert is_kept(FOX.read_bytes(), (out / "animated.glb").read_bytes())
    preview = decode((out / "preview.mp4").read_bytes())
    assert preview.shape[0] == FRAMES and preview.shape[2] == 4 * 96
    assert decode((out / "pose.0.mp4").read_bytes()).shape == (FRAMES, 32, 48, 3)  # the aspect is kept
    with np.load(out / "joints.npz", allow_pickle=False) as npz:
        assert npz["joints"].shape == (FRAMES, 24, 3) and npz["seen"].shape == (FRAMES, 24)

    again = [*options, "--seconds", "0.32"]
    again[again.index("glb,fbx,bvh,npz,csv")] = "glb"
    assert animate(FOX, out, *again) == 2 and "--force" in capsys.readouterr().err
    (out / "mine.txt").write_text("stays")
    before = (out / "animated.glb").read_bytes(), (out / "preview.mp4").read_bytes()
    assert animate(FOX, out, *again, "--force") == exit_status.AT_REST
    assert (out / "mine.txt").read_text() == "stays" and not (out / "animated.fbx").exists()
    assert before == ((out / "animated.glb").read_bytes(), (out / "preview.mp4").read_bytes())  # 0.32 s are 5 frames


def maps_of(geometry: ClipGeometry, joints: Floats, *, side_px: int) -> Bytes:
    """Pose maps (V, T, side, side, 3) as a perfect model would draw them."""
    videos = []
    for camera in geometry.cameras:
        pixels, depth = project(camera, joints)
        pixels = pixels * [side_px / camera.width_px, side_px / camera.height_px]
        videos.append(
            [
                posemap.draw(
                    pixels[frame],
                    depth[frame],
                    parents=geometry.rig.parents,
                    drawn=geometry.drawn,
                    colours=geometry.colours,
                    width_px=side_px,
                    height_px=side_px,
                    radius_px=posemap.radius_for(5, camera.height_px) * side_px / camera.height_px,
                )
                for frame in range(len(joints))
            ]
        )
    return np.array(videos)


@pytest.mark.blender
def test_the_motion_that_a_perfect_model_draws_is_the_one_in_the_file_that_blender_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing on the way from maps to the file turns, scales, shifts or delays: seen in the source's own unit."""
    truth: dict[str, Any] = {}

    def perfect(model: Any, subject: Subject, wanted: Wanted, on_step: Any) -> tuple[Bytes, Bytes]:
        geometry, num_frames = subject.seen, wanted.sampling.num_frames
        calm = seeded_motion(geometry.rig)
        share = 0.3  # a third of each turn, and of the way: everything stays in the picture
        angle = 2 * np.arccos(np.clip(calm.rotations[..., :1], -1, 1))
        axis = calm.rotations[..., 1:] / np.maximum(np.sin(angle / 2), 1e-9)
        turned = np.concatenate([np.cos(share * angle / 2), np.sin(share * angle / 2) * axis], axis=-1)
        motion = Motion(rotations=turned[:num_frames], translations=share * calm.translations[:num_frames], fps=16.0)
        joints, _ = skeleton.forward(geometry.rig, motion)
        truth.update(
            words=in_words(measure(geometry.own(motion)[0], geometry.own(motion)[1])),
            joints=joints / geometry.scale + geometry.offset,
            rig=geometry.rig,
            drawn=geometry.drawn,
            unit=height(geometry.rig) / geometry.scale,
        )
        maps = maps_of(geometry, joints, side_px=480)
        return maps, maps

    monkeypatch.setattr(takes, "generated", perfect)
    checkpoint = write_checkpoint(tmp_path / "large", size_px=480)
    out = tmp_path / "out"
    sizes = ["--set", "render.width_px=480", "--set", "render.height_px=480"]
    assert animate(FOX, out, "--checkpoint", str(checkpoint), "--formats", "glb,bvh,npz", *sizes) == 0
    info = json.loads((out / "info.json").read_text())
    assert info["quality"]["verdict"] == "readable", info["quality"]
    assert "READABLE" in capsys.readouterr().out and info["quality"]["movement_pct"] > 1
    assert f"and the subject {truth['words']} in them" in info["quality"]["sentence"], (truth["words"], info["quality"])
    names = [name for name, drawn in zip(truth["rig"].names, truth["drawn"]) if drawn]
    expected = truth["joints"][:, truth["drawn"]]
    moved = float(np.linalg.norm(expected - expected[:1], axis=-1).max()) / truth["unit"] * 100
    for path, far in shown(tmp_path, [out / "animated.glb", out / "animated.bvh"]).items():
        pct = farthest_pct(far, names, expected, truth["unit"])
        # Reading maps has an error of its own, far smaller than the motion.
        assert pct is not None and pct < 1 < 10 < moved, (path.name, pct, moved)


@pytest.mark.blender
def test_words_that_the_model_never_heard_are_left_out_and_named(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[str, ...]] = []
    as_it_is = takes.generated

    def seen(model: Any, subject: Subject, wanted: Wanted, on_step: Any) -> tuple[Bytes, Bytes]:
        told.append(wanted.told)
        return as_it_is(model, subject, wanted, on_step)

    monkeypatch.setattr(takes, "generated", seen)
    about = json.loads((checkpoint / "config.json").read_text())
    taught = tmp_path / "taught"
    taught.mkdir()
    (taught / "model.safetensors").write_bytes((checkpoint / "model.safetensors").read_bytes())
    (taught / "config.json").write_text(json.dumps(about | {"sampling": {"words": ["a", "runs", "its", "head"]}}))
    out = tmp_path / "out"
    brief = ["--checkpoint", str(taught), "--steps", "1", "--samples", "1", "--formats", "npz"]
    animate(FOX, out, *brief, "--then", "It shakes its head", prompt="A red fox runs.")
    info = json.loads((out / "info.json").read_text())
    assert told == [("a runs", "its head")] and info["prompt"] == "A red fox runs."
    (note,) = info["notes"]
    assert note.endswith("is not told: red, fox, it, shakes") and "red, fox" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.blender
def test_a_mesh_without_a_rig_is_told_what_rigs_it(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.support.files.unpacked_fox import unpacked

    bare = unpacked(tmp_path, "animations", "skins")
    assert animate(bare, tmp_path / "out", "--checkpoint", str(checkpoint)) == 2
    said = capsys.readouterr().err
    assert "no_rig" in said and "fix:" in said and "Automatic Weights" in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--prompt", "  "], "it is empty"),
        (["--formats", "usd"], "glb, fbx, bvh, npz, csv"),
        (["--frames", "5", "--seconds", "1"], "one of the two"),
        (["--seconds", "nan"], "--seconds 2"),
        (["--steps", "0"], "within 1 to"),
        (["--guidance", "-1"], "within 0 to"),
        (["--text-guidance", "nan"], "--text-guidance nan: not within 0 to"),
        (["--seed", "-1"], "within 0"),
        (["--frames", "0"], "within 1 to"),
        (["--profile", "nope"], "nope"),
        (["--frames", "400"], "places in time"),
        (["--set", "render.width_px=16"], "smaller than the model's"),
        (["--set", "render.azimuths_deg=[0]"], "trained on 2"),
        (["--set", "render.azimuths_deg=[0,180]"], "depth"),
    ],
)
def test_what_was_asked_wrongly_is_named_before_blender_starts(
    options: list[str],
    words: str,
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rigmill.blender.client.BlenderClient._start", lambda self: pytest.fail("Blender was started"))
    assert animate(FOX, tmp_path / "out", "--checkpoint", str(checkpoint), *options) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert words in said and "fix:" in said and not (tmp_path / "out").exists(), said


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no such file"), (b"", "no bytes"), (b"hello", "neither glTF nor FBX"), (FOX.read_bytes()[:5000], "cut")],
)
def test_a_file_that_is_none_never_reaches_blender(
    content: bytes | None,
    words: str,
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rigmill.blender.client.BlenderClient._start", lambda self: pytest.fail("Blender was started"))
    mesh = tmp_path / "mesh.glb"
    if content is not None:
        mesh.write_bytes(content)
    assert animate(mesh, tmp_path / "out", "--checkpoint", str(checkpoint)) == 2
    assert words in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_checkpoint_that_is_not_there_or_none_says_what_to_do(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.checkpoint.SHIPPED", tmp_path / "none is shipped")

    def complains(*options: str) -> str:
        assert animate(FOX, tmp_path / "out", *options) == 2 and not (tmp_path / "out").exists()
        said = " ".join(capsys.readouterr().err.split())
        assert "fix:" in said and "Traceback" not in said
        return said

    assert "no model was trained yet" in complains() and "run all --profile demo" in complains()
    assert "no checkpoint" in complains("--checkpoint", "3f2a")
    assert "no such folder" in complains("--checkpoint", str(tmp_path / "nowhere"))
    copy = Path(shutil.copytree(checkpoint, tmp_path / "copy"))
    (copy / "config.json").write_text('{"model": {"recipe": "other"}}')
    assert "no checkpoint of this version" in complains("--checkpoint", str(copy))
    shutil.copy(checkpoint / "config.json", copy)
    for broken in (b"", (checkpoint / "model.safetensors").read_bytes()[:-7]):
        (copy / "model.safetensors").write_bytes(broken)
        assert "model.safetensors" in complains("--checkpoint", str(copy))
    (copy / "model.safetensors").unlink()
    assert "no model.safetensors there" in complains("--checkpoint", str(copy))


def test_a_verdict_says_what_the_numbers_say() -> None:
    def said(share: float, drift: float | None = 3.0, moved: float = 10.0) -> str:
        scores = Scores(*[None] * 3, share, *[None] * 3, 0.5, drift, None)
        found = verdict(scores, moved_pct=moved, does="walks forward")
        return f"{found.word}: {found.sentence}"

    assert said(0.95).startswith("readable") and "prompt" in said(0.95)
    assert "the subject walks forward in them" in said(0.95) and "walks" not in said(0.6)
    assert "hardly moves" in said(0.95, moved=0.2)
    assert said(0.95, drift=40).startswith("partly") and "40%" in said(0.95, drift=40)
    assert said(0.6, None).startswith("partly") and said(0.2).startswith("hardly")
    assert "rest" in said(0.0, None, 0.0)
    scores = Scores(*[None] * 3, 0.1, *[None] * 3, 0.5, None, None)
    assert (
        "even faultless maps of this rig would show 20%"
        in verdict(scores, moved_pct=5, does="walks", best_share=0.2).sentence
    )


def test_the_codecs_share_falls_where_its_blocks_are_larger_than_the_discs() -> None:
    """What a model's codec leaves of a picture is what `_best_share` reads: a flat one whole, a fine one not."""
    from train.sampling.sampler import Prompt, through_codec

    model = new_model(RECIPES["tiny_joint"](32), seed=0)

    def through(pictures: np.ndarray) -> np.ndarray:
        return through_codec(model, Prompt(pictures, pictures, (), "")).astype(int)

    flat = np.full((2, 32, 32, 3), 90, np.uint8)
    assert np.abs(through(flat)[:, 0] - flat).max() <= 1
    fine = flat.copy()
    fine[:, ::2, ::2] = [250, 20, 20]
    assert np.abs(through(fine)[:, 0] - fine).mean() > 20
    assert through(np.zeros((2, 32, 48, 3), np.uint8)).shape == (2, 1, 32, 48, 3)


def test_the_longest_clip_is_what_the_models_positions_allow() -> None:
    """One frame more is refused by the model itself."""
    from train.model.joint import JointVideoPose, Pair

    values = RECIPES["tiny_joint"](32).to_dict()
    values["denoiser"]["rope_max_seq_len"] = 16
    config = ModelConfig.from_dict(values)
    model = JointVideoPose(config.denoiser).eval()

    def runs(num_frames: int) -> bool:
        video, template = torch.zeros(1, 2, 16, num_frames, 4, 4), torch.zeros(1, 2, 16, 1, 4, 4)
        try:
            with torch.inference_mode():
                model(
                    Pair(video, video),
                    condition=Pair(template, template),
                    timestep=torch.zeros(1),
                    text=torch.zeros(1, 4, 32),
                    rays=torch.zeros(1, 2, 6, 4, 4),
                )
        except RuntimeError:
            return False
        return True

    most = longest(config)
    assert runs(most) and not runs(most + 1)


def test_the_preview_shows_rows_and_views_where_they_belong() -> None:
    from eval.animate.preview import sheet

    views = np.zeros((2, 3, 8, 8, 3), np.uint8)
    views[1, 2] = [0, 0, 255]
    frames = sheet({"one": views, "two": np.full((2, 3, 30, 40, 3), 200, np.uint8)}, size_px=(40, 30))
    assert frames.shape == (3, 2 * (30 + 22), 80, 3) and frames.shape[1] % 2 == 0
    assert (frames[2, 30, 60] == [0, 0, 255]).all() and (frames[1, 30, 60] == 0).all()
    assert (frames[0, 22 + 30 + 22 + 5, 5] == 200).all()
    assert cv2.cvtColor(frames[0], cv2.COLOR_RGB2GRAY)[:22].min() < 150  # a label


def test_a_duration_becomes_the_nearest_number_of_frames_that_the_codec_can_make() -> None:
    from dataclasses import replace
    from types import SimpleNamespace
    from typing import cast

    from eval.animate.fit import frames_to_make
    from eval.checkpoint import Checkpoint
    from rigmill.errors import UserError
    from rigmill.one_file.animate_options import AnimateOrder

    config = RECIPES["tiny_joint"](32)
    made = Checkpoint("c", b"", replace(config, codec=replace(config.codec, temporal_factor=4)), 81)

    def frames(**more: Any) -> int:
        asked = SimpleNamespace(**({"num_frames": None, "seconds": None, "fps": 16.0} | more))
        return frames_to_make(cast(AnimateOrder, asked), made)

    assert frames() == 81 and frames(num_frames=17) == 17
    assert [frames(seconds=seconds) for seconds in (0.01, 1.0, 1.1, 5.0)] == [1, 17, 17, 81]
    with pytest.raises(UserError) as caught:
        frames(num_frames=16)
    assert "--frames 17" in caught.value.fix
