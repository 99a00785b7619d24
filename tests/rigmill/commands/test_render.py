"""`rigmill render`: one file into a folder, through the real Blender where the test is marked."""

from __future__ import annotations

import io
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest

from render import outputs
from rigmill.blender import requests
from rigmill.blender.render_settings import RenderSettings
from rigmill.blender.requests import FoundMotion, ProbeAnswer
from rigmill.clips import members
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import decode
from rigmill.commands.cli import main
from rigmill.config import schema
from rigmill.config.load import load
from rigmill.errors import UserError
from rigmill.one_file.render import OURS, choose_motion, frames_of
from rigmill.one_file.render_options import ENGINES, OUTPUTS, Order
from rigmill.one_file.render_text import Meter
from rigmill.one_file.steps import Target, deliver
from rigmill.pipeline.lines.live_lines import Progress
from tests.support.files.tiny_glb import doors_hung_from
from tests.support.files.unpacked_fox import unpacked
from tests.support.paths import ASSETS

FOX = ASSETS / "Fox.glb"
QUICK = ["--samples", "1", "--size", "98x66", "--engine", "cycles"]


def render(asset: Path, out: Path, *more: str) -> int:
    return main(["render", "--asset", str(asset), "--out", str(out), *QUICK, *more])


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.blender
def test_a_range_of_a_motion_is_rendered_into_the_files_that_info_names_and_again_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    options = [
        "--motion",
        "Run",
        "--frames",
        "3-5",
        "--views=-30,90",
        "--elevation",
        "10",
        "--background",
        "0,0,255",
        "--outputs",
        "mp4,png,webp,npz,pose,mask,templates",
    ]
    assert render(FOX, out, *options) == 0
    said = capsys.readouterr().out
    assert "frames 3 to 5 of 19" in said and "engine: cycles" in said and "view-frames" in said
    info = json.loads((out / "info.json").read_text())
    assert info["motion"] == {"name": "Run", "first_frame": 3, "num_frames": 3, "of_frames": 19, "fps": 16.0}
    assert (info["engine"]["name"], info["size_px"], info["background"]) == ("cycles", [98, 66], [0, 0, 255])

    found = files(out)
    named = [name for names in info["files"].values() for name in names]
    assert {name.split("/")[0] for name in found} == {*named, "info.json"}
    for view in range(2):
        assert sorted(path.name for path in (out / f"png.{view}").iterdir()) == [f"0000{frame}.png" for frame in "012"]
        rgb = decode(found[members.rgb_video(view)])
        assert rgb.shape == (3, 66, 98, 3) and np.abs(rgb[:, 0, 0].astype(int) - [0, 0, 255]).max() < 12
        still = cv2.imread(str(out / f"png.{view}" / "00001.png"), cv2.IMREAD_UNCHANGED)
        assert still.shape == (66, 98, 4) and still[0, 0, 3] == 0 and (still[..., 3] == 255).any()
        coverage = np.mean(
            [cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3] >= 128 for path in (out / f"png.{view}").iterdir()]
        )
        assert info["views"][view]["coverage"] == pytest.approx(coverage, abs=1e-5)
        assert info["views"][view]["elevation_deg"] == 10.0

    numbers = ClipGeometry.from_bytes(found["geometry.npz"])
    for view, camera in zip(info["views"], numbers.cameras):
        np.testing.assert_allclose(view["world_to_view"], camera.world_to_view)
        np.testing.assert_allclose(view["intrinsics"], camera.intrinsics)
        # The camera looks down by 10 degrees, along what leads from its azimuth to the subject, who faces -y.
        forward = np.array(view["world_to_view"])[2, :3]
        azimuth, up = np.radians(view["azimuth_deg"]), np.radians(10)
        np.testing.assert_allclose(
            -forward, [np.cos(up) * np.sin(azimuth), -np.cos(up) * np.cos(azimuth), np.sin(up)], atol=1e-9
        )

    # The same frames of a longer render, each brought back to where it was in the file.
    assert render(FOX, tmp_path / "longer", "--motion", "run", "--frames", "6", "--outputs", "npz") == 0
    longer = ClipGeometry.from_bytes((tmp_path / "longer" / "geometry.npz").read_bytes())
    assert longer.joints.shape == (6, 24, 3)
    one, other = (each.joints / each.scale + each.offset for each in (numbers, longer))
    assert np.abs(one - other[3:]).max() < 1e-3 * np.ptp(other, axis=(0, 1)).max() < np.abs(one - other[:3]).max()

    (out / "mine.txt").write_text("stays")
    assert render(FOX, out, *options) == 2 and "--force" in capsys.readouterr().err
    assert render(FOX, out, *options, "--force") == 0
    assert files(out) == found | {"mine.txt": b"stays"}


@pytest.mark.blender
def test_a_file_without_motion_shows_its_rest_pose_and_a_gltf_comes_with_the_files_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asset = unpacked(tmp_path, "animations")
    assert render(asset, tmp_path / "out", "--outputs", "npz,mp4,templates", "--views", "90") == 0
    assert "its rest pose" in capsys.readouterr().out
    found = files(tmp_path / "out")
    info, numbers = json.loads(found["info.json"]), ClipGeometry.from_bytes(found["geometry.npz"])
    assert info["motion"]["name"] is None and info["motion"]["num_frames"] == 1
    np.testing.assert_allclose(numbers.joints[0], numbers.rig.rest_joints, atol=1e-5)
    video = decode(found["rgb.0.mp4"])
    template = cv2.imread(str(tmp_path / "out" / "template_rgb.0.png"))[..., ::-1]
    assert video.shape[0] == 1 and np.abs(video[0].astype(int) - template).mean() < 4  # the same picture, compressed


@pytest.mark.blender
def test_what_cannot_be_rendered_is_said_with_what_to_do_and_nothing_is_left_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [
        (unpacked(tmp_path, "animations", "skins"), (), ("no_rig", "Armature Deform")),
        (FOX, ("--motion", "Jump"), ("'Run' (19 frames)", "'Survey'", "'Walk'")),
        (FOX, ("--frames", "2", "--set", "render.min_coverage=0.9"), ("empty_picture", "limit 0.9")),
    ]
    for asset, options, words in cases:
        assert render(asset, tmp_path / "out", *options) == 2
        text = capsys.readouterr().err
        assert "error[E13" in text and "fix:" in text and "Traceback" not in text
        assert all(word in text for word in words), text
        assert not (tmp_path / "out").exists()


@pytest.mark.slow  # over 10 s
@pytest.mark.blender
def test_pose_videos_are_read_back_where_somebody_asks_and_too_small_discs_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--engine", "raster", "--frames", "2", "--outputs", "pose", "--size", "256x256"]
    assert render(FOX, tmp_path / "out", *options, "--verify") == 0
    assert "read back: discs within 0." in capsys.readouterr().out
    verified = json.loads((tmp_path / "out" / "info.json").read_text())["verified"]
    assert 0 < verified["round_trip_px"] < verified["limit_px"] == 0.5 and verified["round_trip_usable_share"] > 0.9
    unread = [*options, "--set", "render.joint_radius_px=1"]
    assert render(FOX, tmp_path / "small", *unread, "--verify") == 2
    text = capsys.readouterr().err
    assert "round_trip" in text and "not found" in " ".join(text.split()) and "joint_radius_px" in text
    assert render(FOX, tmp_path / "small", *unread) == 0 and "read back" not in capsys.readouterr().out
    assert json.loads((tmp_path / "small" / "info.json").read_text())["verified"] is None


@pytest.mark.slow
@pytest.mark.blender
def test_joints_beside_the_mesh_are_in_the_picture_and_those_far_from_it_are_few_usable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--engine", "raster", "--frames", "5", "--outputs", "pose,npz", "--size", "256x256", "--verify"]
    options += ["--set", "render.joint_radius_px=5"]
    near, far = (doors_hung_from(side).write(tmp_path / f"{side:g}.glb") for side in (1.7, 5.0))
    assert render(near, tmp_path / "near", *options) == 0
    assert "100 % of them found" in " ".join(capsys.readouterr().out.split())
    geometry = ClipGeometry.from_bytes((tmp_path / "near" / members.GEOMETRY).read_bytes())
    assert geometry.rig.num_joints == 3 and geometry.drawn.all() and geometry.visible.all()
    assert render(far, tmp_path / "far", *options) == 2
    text = " ".join(capsys.readouterr().err.split())
    assert "few_usable" in text and "limit 0.7" in text and "render.min_usable_share" in text
    assert not (tmp_path / "far").exists()


@pytest.mark.blender
def test_depth_and_normals_come_whatever_engine_draws_the_colours(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert render(FOX, out, "--frames", "2", "--views", "90", "--outputs", "depth,normal,png,npz") == 0
    depth, normal, picture = (
        cv2.imread(str(out / f"{kind}.0" / "00001.png"), cv2.IMREAD_UNCHANGED) for kind in ("depth", "normal", "png")
    )
    inside = cv2.erode((picture[..., 3] == 255).astype(np.uint8), np.ones((3, 3))) > 0
    outside = cv2.dilate((picture[..., 3] > 0).astype(np.uint8), np.ones((3, 3))) == 0
    assert depth.dtype == np.uint16 and (depth[outside] == 0).all() and (depth[inside] > 0).all()
    # The fox is as thick as its joints are spread along the view axis, or more, and nearer than it is long.
    behind = (depth[inside].astype(float) - 32768) / 32000
    numbers = ClipGeometry.from_bytes((out / "geometry.npz").read_bytes())
    joints = numbers.joints_depth[0, 1] - numbers.cameras[0].world_to_view[2, 3]
    assert behind.min() < joints.min() + 0.05 and behind.max() < joints.max() + 0.5
    lengths = np.linalg.norm((normal[inside].astype(float) - 128) / 127, axis=-1)
    assert np.abs(lengths - 1).max() < 0.2 and (normal[outside] == 0).all()
    # Seen from +x, surfaces face +x (the picture is BGR: x is the last).
    assert (normal[inside][:, 2].astype(int) > 128 - 40).mean() > 0.95


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--outputs", "mp4,gif"], "gif: there is no such output"),
        (["--outputs", ","], "no such output"),
        (["--size", "big"], "832x480"),
        (["--size", "98x67"], "even"),
        (["--size", "8x8"], "16 to"),
        (["--size", "99999x98"], "16 to"),
        (["--views", "left"], "0,90"),
        (["--views", "nan"], "0,90"),
        (["--elevation", "90"], "-89"),
        (["--elevation", "nan"], "finite number"),
        (["--fov", "180"], "170"),
        (["--frames", "0"], "10-40"),
        (["--frames", "5-4"], "10-40"),
        (["--frames", "all"], "10-40"),
        (["--fps", "inf"], "finite number"),
        (["--fps", "nan"], "fps"),
        (["--fps", "0"], "fps"),
        (["--background", "transparent"], "png"),
        (["--background", "1,2,256"], "255"),
        (["--samples", "0"], "samples"),
        (["--profile", "nope"], "nope"),
        (["--verify", "--outputs", "mp4,npz"], "add pose"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_read(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", "--asset", str(tmp_path / "no.glb"), "--out", str(tmp_path / "out"), *options]) == 2
    text = capsys.readouterr().err
    assert words in text and "fix:" in text and "no such file" not in text, text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        ("folder", "is not a file"),
        (b"", "no bytes"),
        (b"hello", "neither glTF nor FBX"),
        (FOX.read_bytes()[:5000], "cut short"),
        (b"PK\x03\x04....", "ZIP"),
    ],
)
def test_what_is_no_sound_3d_file_never_reaches_blender(
    content: bytes | str | None,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rigmill.blender.client.BlenderClient._start", lambda self: pytest.fail("Blender was started"))
    asset = tmp_path / "file.glb"
    if content == "folder":
        asset.mkdir()
    elif isinstance(content, bytes):
        asset.write_bytes(content)
    assert render(asset, tmp_path / "out") == 2
    text = capsys.readouterr().err
    assert words in text and "fix:" in text and not (tmp_path / "out").exists()


def order(tmp_path: Path, **more: Any) -> Order:
    values: dict[str, Any] = {
        "asset": FOX,
        "out": tmp_path / "out",
        "force": False,
        "motion": None,
        "first_frame": 0,
        "max_frames": 9,
        "fps": 16.0,
        "outputs": ("rgb", "png"),
        "render": RenderSettings.from_json(load("demo").profile.render.model_dump(mode="json")),
    }
    return Order(**(values | more))


def motion_of(name: str, *, num_frames: int, start_frame: float = 0.0) -> FoundMotion:
    return FoundMotion(
        name=name,
        action="a",
        slot="s",
        num_frames=num_frames,
        fps=16.0,
        start_frame=start_frame,
        own_fps=16.0,
        num_own_frames=num_frames,
        loop_gap=1.0,
        period_frames=None,
        num_moving_joints=1,
        extent_ratio=1.0,
        motion_file=None,
    )


def probed(kind: str, *motions: FoundMotion) -> ProbeAnswer:
    blank = dict.fromkeys(field.name for field in fields(ProbeAnswer))
    return replace(ProbeAnswer.from_item(blank | {"motions": ()}), kind=kind, motions=motions)


def test_a_full_folder_is_refused_before_blender_starts_and_so_is_what_force_may_not_replace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rigmill.blender.client.BlenderClient._start", lambda self: pytest.fail("Blender was started"))
    out = tmp_path / "out"
    (out / "png.0").mkdir(parents=True)
    (out / "png.0" / "holiday.png").write_text("mine")
    assert render(FOX, out) == 2 and "is not empty" in capsys.readouterr().err
    assert render(FOX, out, "--force") == 2 and "holiday.png" in capsys.readouterr().err
    assert files(out) == {"png.0/holiday.png": b"mine"}
    assert render(FOX, out / "png.0" / "holiday.png") == 2 and "cannot write" in capsys.readouterr().err


def test_an_earlier_render_is_replaced_whole_and_a_link_that_a_child_left_is_not_taken(tmp_path: Path) -> None:
    out, made = tmp_path / "out", tmp_path / "made"
    target = Target(out, True, OURS, "render")
    for folder in (out / "png.0", out / "png.3", made / "png.0"):
        folder.mkdir(parents=True)
    for path in (out / "png.0" / "00009.png", out / "png.3" / "00000.png", out / "rgb.3.mp4", out / "notes.txt"):
        path.write_text("old")
    (made / "png.0" / "00000.png").write_text("new")
    info = {"files": {"png": ["png.0"]}}
    deliver(target, info, made)
    assert sorted(files(out)) == ["info.json", "notes.txt", "png.0/00000.png"]
    (made / "png.0").mkdir()
    for place in ("rgb.0.mp4", "png.1/00000.png"):
        (made / place).parent.mkdir(exist_ok=True)
        (made / place).symlink_to(out / "notes.txt")
        with pytest.raises(UserError):
            deliver(target, {"files": {"png": ["png.0"], "x": [place.split("/")[0]]}}, made)
    assert sorted(files(out)) == ["info.json", "notes.txt", "png.0/00000.png"]  # as it was
    (tmp_path / "elsewhere").symlink_to(made)
    with pytest.raises(UserError):
        deliver(target, info, tmp_path / "elsewhere")


def test_a_motion_is_chosen_by_its_name_or_a_part_that_no_other_has(tmp_path: Path) -> None:
    found = probed("animated", *[motion_of(name, num_frames=5) for name in ("Rig|Walk", "Rig|Walk fast", "Rig|run")])

    def chosen(name: str | None) -> str:
        motion = choose_motion(found, order(tmp_path, motion=name))
        assert motion is not None
        return motion.name

    assert [chosen(name) for name in (None, "Rig|Walk", "RUN", "fast")] == [
        "Rig|Walk",
        "Rig|Walk",
        "Rig|run",
        "Rig|Walk fast",
    ]
    for name in ("walk", "fly"):
        with pytest.raises(UserError) as caught:
            chosen(name)
        assert caught.value.code == "E134" and "'Rig|Walk fast' (5 frames)" in caught.value.why
    with pytest.raises(UserError):
        choose_motion(replace(found, kind="motion"), order(tmp_path))
    still = probed("static")
    assert choose_motion(still, order(tmp_path)) is None
    with pytest.raises(UserError) as caught:
        choose_motion(still, order(tmp_path, motion="walk"))
    assert "rest pose" in caught.value.fix


def test_a_range_ends_with_the_motion_and_must_begin_within_it(tmp_path: Path) -> None:
    motion = motion_of("run", num_frames=19, start_frame=0.5)
    for first, most, expected in ((0, 9, (0.5, 9)), (10, 9, (10.5, 9)), (10, 30, (10.5, 9)), (18, 1, (18.5, 1))):
        assert frames_of(motion, order(tmp_path, first_frame=first, max_frames=most)) == expected
    with pytest.raises(UserError) as caught:
        frames_of(motion, order(tmp_path, first_frame=19, max_frames=2))
    assert "0 to 18" in caught.value.what
    assert frames_of(None, order(tmp_path, first_frame=3)) == (0.0, 1)  # at rest


def test_the_engines_are_those_of_a_profile() -> None:
    assert get_args(schema.Render.model_fields["engine"].annotation) == ENGINES


def test_every_output_has_its_names() -> None:
    """The names of a clip of the pipeline are those of its outputs, and no two outputs share one."""
    names = [
        name for output in ("rgb", "pose", "mask", "templates", "geometry") for name in members.output_names(output, 3)
    ]
    assert [*names, members.META] == list(members.member_names(3, masks=True))
    every = [name for output in OUTPUTS.values() for name in members.output_names(output, 2)]
    assert len(set(every)) == len(every)
    assert set(OUTPUTS.values()) == {*requests.OUTPUTS, "mask", *outputs._STILLS}  # what the renderer knows


def test_the_live_line_says_pace_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("rigmill.one_file.render_text.time.monotonic", lambda: now[0])
    progress, lines = Progress(io.StringIO()), []
    monkeypatch.setattr(progress, "show", lambda name, line, *, state: lines.append(line))
    meter = Meter(progress, "Fox.glb")
    meter.begin()
    for seconds, done in ((100.0, 4), (104.0, 24), (110.0, 54)):
        now[0] = seconds
        meter(done, 104)
    assert lines[1:] == [
        "Fox.glb: 4 of 104 view-frames",
        "Fox.glb: 24 of 104 view-frames, 5/s, 16 s left",
        "Fox.glb: 54 of 104 view-frames, 5/s, 10 s left",
    ]
