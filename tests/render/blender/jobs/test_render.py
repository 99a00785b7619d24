"""Rendered pictures, previews, and the whole stage through the fork server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from curate.filters.flow import motion_hash
from curate.world.make import make
from render.numbers import clip_cameras
from render.outputs import ViewCheck
from render.raster.types import Picture
from render.stage import RenderStage
from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.render_settings import RenderSettings
from rigmill.blender.requests import MAKE_ASSET, PREVIEW_CLIP, RENDER_CLIP
from rigmill.clips import members
from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import over_background
from rigmill.clips.video import decode
from rigmill.config import load
from rigmill.outcomes import Kept, Refusal, Rejected
from rigmill.pipeline.stage import Answer
from rigmill.rigs.npz import motion_to_bytes
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from rigmill.types import Motion, Row, StoredFile
from tests.support.blender.calls import RENDER, call, clip_item, probe
from tests.support.paths import ASSETS

OUTPUTS = ["rgb", "pose", "mask", "templates", "png", "geometry"]


@pytest.fixture(scope="module")
def fox(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Row]:
    """Two clips of the fox rendered in one process: its folder, and the answers."""
    folder = tmp_path_factory.mktemp("fox")
    probed = probe(ASSETS / "Fox.glb", folder)
    items = [
        clip_item(ASSETS / "Fox.glb", probed, name, num_frames=4) | {"clip_id": name, "outputs": OUTPUTS}
        for name in ("Survey", "Run")
    ]
    return folder, {item["clip_id"]: answer["value"] for item, answer in zip(items, call(RENDER_CLIP, items, folder))}


def picture(folder: Path, name: str) -> Any:
    return cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)


def frames(folder: Path, view: int) -> list[Any]:
    """The single pictures (H, W, 4) BGRA of a view."""
    paths = sorted((folder / members.frames_folder("png", view)).iterdir())
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths]


def over_white(shot: Any) -> Any:
    return over_background(shot, (255, 255, 255))


@pytest.mark.slow
@pytest.mark.blender
def test_a_fresh_process_renders_the_same_pixels_and_numbers(fox: tuple[Path, Row], tmp_path: Path) -> None:
    """And it makes no difference which clip was rendered before it."""
    folder, answers = fox
    item = clip_item(ASSETS / "Fox.glb", probe(ASSETS / "Fox.glb", tmp_path), "Run", num_frames=4)
    (again,) = call(RENDER_CLIP, [item | {"clip_id": "Run", "outputs": OUTPUTS}], tmp_path)
    assert again["value"] == answers["Run"]
    names = sorted(path.relative_to(folder) for path in (folder / "Run").rglob("*.*") if path.is_file())
    assert len(names) == 4 * 4 + 4 * 5 + 1  # pictures; videos and templates; numbers
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.mark.blender
def test_frames_and_views_and_rest_differ(fox: tuple[Path, Row]) -> None:
    folder, _ = fox
    shots = [[over_white(shot).astype(int) for shot in frames(folder / "Run", view)] for view in range(4)]
    rest = [picture(folder / "Run", members.rgb_template(view)).astype(int) for view in range(4)]
    for view in range(4):
        assert all(np.abs(one - other).max() > 50 for one, other in zip(shots[view], shots[view][1:]))
        assert np.abs(shots[view][0] - rest[view]).max() > 50
    assert all(np.abs(shots[one][0] - shots[other][0]).max() > 50 for one in range(4) for other in range(one))


@pytest.mark.blender
def test_joints_lie_on_the_subject(fox: tuple[Path, Row]) -> None:
    """The picture and the joints come from different parts of Blender; where they agree, the cameras are right."""
    folder, _ = fox
    numbers = ClipGeometry.from_bytes((folder / "Run" / members.GEOMETRY).read_bytes())
    parts = ("Spine", "Neck", "Arm", "Leg")
    limbs = [joint for joint, name in enumerate(numbers.rig.names) if any(part in name for part in parts)]
    assert len(limbs) > 8
    for view, camera in enumerate(numbers.cameras):
        for frame, shot in enumerate(frames(folder / "Run", view)):
            alpha = cv2.dilate(shot[:, :, 3], np.ones((3, 3), np.uint8))
            x, y = np.floor(project(camera, numbers.joints[frame, limbs])[0]).astype(int).T
            assert (alpha[y, x] > 128).mean() > 0.9


@pytest.mark.blender
def test_previews_are_pairs_of_consecutive_frames_that_move(tmp_path: Path) -> None:
    item = clip_item(ASSETS / "Fox.glb", probe(ASSETS / "Fox.glb", tmp_path), "Run")
    item |= {"preview_px": 64, "preview_frames": 3}
    (answer,) = call(PREVIEW_CLIP, [item], tmp_path)
    found, folder = answer["value"], tmp_path / answer["value"]["folder"]
    middle = found["shown_frames"][1]  # where it is furthest from how it began
    assert found["starts"] == [0, middle, 17]
    assert found["frames"] == [0, 1, middle, middle + 1, 17, 18] and [len(view) for view in found["views"]] == [6, 6]
    for view in found["views"]:
        shots = [picture(folder, name) for name in view]
        assert all(shot.shape == (64, 64, 4) for shot in shots)
        assert all((one != other).any() for one, other in zip(shots[::2], shots[1::2]))
    joints = np.load(folder / found["joints"])
    assert joints.shape[::2] == (19, 3) and joints.shape[1] > 24  # joints, then markers
    assert len(found["extents"]) == 19 and 0.5 < max(found["extents"]) <= 1
    assert len(found["shown"]) == 2 and found["shown_frames"][0] == 0 < found["shown_frames"][1]
    plain, coat = picture(folder, found["shown"][1][0]), picture(folder, found["views"][1][0])
    assert (np.abs(plain[..., 3].astype(int) - coat[..., 3]) < 3).mean() > 0.99  # the same outline
    subject = coat[..., 3] > 250
    saturation = np.ptp(plain[subject][:, :3].astype(int), axis=-1), np.ptp(coat[subject][:, :3].astype(int), axis=-1)
    assert np.median(saturation[0]) > 50 and saturation[1].max() <= 2  # an orange fox; a grey pattern


@pytest.mark.blender
def test_two_motions_that_only_turn_joints_are_told_apart(tmp_path: Path) -> None:
    """A fridge's doors turn about joints that stay where they are: opening is not closing all the same."""
    made = make("fridge", 3, 101, takes=2, only=("open", "close"))
    (tmp_path / "fridge.glb").write_bytes(made.to_glb())
    probed = probe(tmp_path / "fridge.glb", tmp_path)
    items = [
        clip_item(tmp_path / "fridge.glb", probed, take.name, num_frames=25)
        | {"preview_px": 64, "preview_frames": 2, "clip_id": take.name}
        for take in made.takes
    ]
    found = [answer["value"] for answer in call(PREVIEW_CLIP, items, tmp_path)]
    hashes = {motion_hash(np.load(tmp_path / value["folder"] / value["joints"])) for value in found}
    assert len(hashes) == 2


@pytest.mark.blender
def test_the_coat_leaves_no_trace_and_a_static_clip_has_no_flow_at_all(tmp_path: Path) -> None:
    """Of two previews of one clip in one process the second looks the same; samples are the same in every frame."""
    item = clip_item(ASSETS / "Fox.glb", probe(ASSETS / "Fox.glb", tmp_path), "Run", num_frames=5)
    rest = Motion(rotations=np.tile([1.0, 0, 0, 0], (5, 24, 1)), translations=np.zeros((5, 24, 3)), fps=16.0)
    (tmp_path / "rest.npz").write_bytes(motion_to_bytes(rest))
    items = [item | {"preview_px": 64, "preview_frames": 2, "clip_id": name} for name in ("first", "second")]
    items.append(items[0] | {"clip_id": "rest", "motion_path": str(tmp_path / "rest.npz"), "start_frame": 0.0})
    first, second, still = (answer["value"] for answer in call(PREVIEW_CLIP, items, tmp_path))
    for part in ("shown", "views"):
        for one, other in zip(first[part], second[part]):
            for left, right in zip(one, other):
                assert (picture(tmp_path / first["folder"], left) == picture(tmp_path / second["folder"], right)).all()
    for view in still["views"]:
        shots = [picture(tmp_path / still["folder"], name) for name in view]
        assert all((shot == shots[0]).all() for shot in shots) and (shots[0][..., 3] > 0).any()


@dataclass
class PlainWork:
    store: Store
    output: Path
    scratch: Path
    blender: BlenderClient
    said: list[tuple[str, int, int]] = field(default_factory=list)

    def report(self, message: str, done: int, total: int) -> None:
        self.said.append((message, done, total))


@dataclass
class Selected:
    rows: list[Row]

    def products(self, stage: str) -> list[Row]:
        return self.rows if stage == "select" else []


def run_stage(folder: Path, overrides: tuple[str, ...] = ()) -> tuple[Answer, Store]:
    """The stage on five frames of the fox, through a fork server of its own."""
    small = ("render.width_px=128", "render.height_px=96", "render.joint_radius_px=13")  # discs as large as the demo's
    profile = load.load("demo", overrides=(*small, *overrides)).profile
    limits = profile.limits
    client = BlenderClient(Limits(limits.wall_s, limits.cpu_s, limits.memory_bytes, limits.file_bytes, limits.network))
    store = Store(folder / "store")
    work = PlainWork(store, folder, folder / "scratch", client)
    work.scratch.mkdir(parents=True)
    row = dict.fromkeys(PRODUCTS["select"].names) | {
        "clip_id": "c1",
        "asset_id": "a1",
        "tags": ["fox"],
        "title": "Fox",
        "num_frames": 5,
        "fps": 16.0,
        "motion_name": "Run",
        "kind": "own",
        "format": "glb",
        "armature": "root",
        "action": "Run",
        "slot": "OBroot",
        "start_frame": 0.0,
        "file": store.put_bytes("asset.glb", (ASSETS / "Fox.glb").read_bytes()).to_row(),
    }
    stage = RenderStage()
    try:
        (answer,) = stage.run(stage.plan(Selected([row]), profile), work)
    finally:
        client.close()
    assert not list(work.scratch.rglob("*.png"))  # a batch leaves no pictures behind
    # Of 5 frames from 4 sides; in a quick clip one word may be all there is.
    assert work.said and {(message, total) for message, _, total in work.said} == {("view-frames", 20)}
    return answer, store


@pytest.mark.blender
def test_a_clip_is_kept_with_every_file_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    answers = [run_stage(tmp_path / str(run)) for run in range(2)]
    assert answers[0][0].outcome == answers[1][0].outcome
    (answer, store), _ = answers
    assert isinstance(answer.outcome, Kept), answer.outcome
    (row,) = answer.outcome.rows
    assert set(row) == set(PRODUCTS["render"].names)
    assert answer.measured.extra["view_frames"] == 20 and answer.measured.extra["cpu_s"] > 0.05  # for the run's log
    files = {item["name"]: StoredFile.from_row(item) for item in row["files"]}
    assert list(files) == [name for name in members.member_names(4) if name != members.META]
    geometry = ClipGeometry.from_bytes(store.read(files[members.GEOMETRY]))
    assert geometry.joints_px.shape == (4, 5, 24, 2) and geometry.visible.all()
    for view in range(4):
        rgb = decode(store.read(files[members.rgb_video(view)]))
        pose = decode(store.read(files[members.pose_video(view)]))
        assert rgb.shape == pose.shape == (5, 96, 128, 3)
        assert (rgb[:, 0, 0] >= 250).all() and (pose[:, 0, 0] <= 5).all()  # white and black backgrounds
    # A joint's colour stands where the joint is: the root's, in the side view, where nothing hides it.
    tip = next(joint for joint, name in enumerate(geometry.rig.names) if "Tail03" in name)
    assert geometry.drawn[tip]
    x, y = np.floor(geometry.joints_px[1, 2, tip]).astype(int)
    pose = decode(store.read(files[members.pose_video(1)]))
    assert np.abs(pose[2, y, x].astype(int) - geometry.colours[tip]).max() < 60
    assert row["min_coverage"] > 0.005
    # The videos were read back: discs are where the joints are, and two views say where those are.
    assert 0 < row["round_trip_px"] < 0.5 and row["round_trip_worst"] in geometry.rig.names
    assert 0 < row["round_trip_mpjpe_pct"] < 1 and row["round_trip_usable_share"] > 0.9


@pytest.mark.slow
@pytest.mark.blender
def test_a_clip_whose_videos_read_back_differ_from_its_joints_is_rejected_unless_nobody_asked(tmp_path: Path) -> None:
    answer, _ = run_stage(tmp_path / "limit", ("render.max_round_trip_px=0.001",))
    assert isinstance(answer.outcome, Rejected), answer.outcome
    assert answer.outcome.code == "round_trip" and answer.outcome.limit == 0.001
    assert answer.outcome.measured is not None and 0.05 < answer.outcome.measured < 0.5
    assert "degrees" in answer.outcome.message and "most of all" in answer.outcome.message
    answer, _ = run_stage(tmp_path / "none", ("render.max_round_trip_px=null",))
    assert isinstance(answer.outcome, Kept)
    (row,) = answer.outcome.rows
    assert all(row[name] is None for name in PRODUCTS["render"].names if name.startswith("round_trip_"))


@pytest.mark.blender
def test_a_clip_that_shows_too_little_is_rejected_with_the_measured_share(tmp_path: Path) -> None:
    answer, _ = run_stage(tmp_path, ("render.min_coverage=0.9",))
    assert isinstance(answer.outcome, Rejected)
    assert answer.outcome.code == "empty_picture" and answer.outcome.limit == 0.9
    assert answer.outcome.measured is not None and 0 < answer.outcome.measured < 0.5


def test_a_subject_on_the_edge_is_out_of_frame() -> None:
    numbers_camera = clip_cameras(np.array([[-0.5] * 3, [0.5] * 3]), RenderSettings.from_json(RENDER))[0]
    square = np.full((20, 20, 4), 255, np.uint8)
    inside, cut = Picture(20, 20, square), Picture(76, 20, square)
    check = ViewCheck(numbers_camera)
    for _ in range(3):
        check.add(inside)
    assert check.coverage == pytest.approx(400 / (64 * 96))
    check.check(0.01)
    check.add(cut)
    check.add(Picture(0, 0, np.zeros((0, 0, 4), np.uint8)))
    with pytest.raises(Refusal) as refusal:
        check.check(0.01)
    assert (refusal.value.code, refusal.value.measured) == ("out_of_frame", 1.0)


def test_a_black_subject_is_refused_with_its_brightness() -> None:
    check = ViewCheck(clip_cameras(np.array([[-0.5] * 3, [0.5] * 3]), RenderSettings.from_json(RENDER))[0])
    square = np.zeros((20, 20, 4), np.uint8)
    square[..., 3] = 255
    check.add(Picture(20, 20, square))
    with pytest.raises(Refusal) as refusal:
        check.check(0.01)
    assert (refusal.value.code, refusal.value.measured) == ("black_picture", 0.0)
    square[..., 0] = 60
    check.add(Picture(20, 20, square))
    check.check(0.01)


def test_half_transparent_pixels_mix_with_the_background() -> None:
    mixed = over_background(np.array([[[200, 0, 100, 128]]], np.uint8), (0, 255, 100))
    assert np.abs(mixed[0, 0].astype(float) - [100.4, 127.0, 100]).max() <= 0.6


@pytest.mark.slow
@pytest.mark.blender
def test_a_stored_motion_looks_like_the_action_it_was_read_from(tmp_path: Path) -> None:
    """Poses set without keys must reach the renderer, frame by frame."""
    (made,) = call(MAKE_ASSET, [{"group": "quadruped", "variant": 0, "seed": 7}], tmp_path)
    path = tmp_path / made["value"]["file"]
    item = clip_item(path, probe(path, tmp_path), "", num_frames=5) | {"clip_id": "action"}
    item |= {"outputs": ["png", "geometry"]}
    call(RENDER_CLIP, [item], tmp_path)
    numbers = ClipGeometry.from_bytes((tmp_path / "action" / members.GEOMETRY).read_bytes())
    as_imported = Motion(
        rotations=numbers.motion.rotations, translations=numbers.motion.translations / numbers.scale, fps=16.0
    )
    stored = tmp_path / "motion.npz"
    stored.write_bytes(motion_to_bytes(as_imported))
    call(RENDER_CLIP, [item | {"clip_id": "motion", "action": None, "motion_path": str(stored)}], tmp_path)
    for view in range(4):
        one, other = ([shot.astype(int) for shot in frames(tmp_path / name, view)] for name in ("action", "motion"))
        same = [np.abs(left - right).mean() for left, right in zip(one, other)]
        moved = [np.abs(left - right).mean() for left, right in zip(other, other[1:])]
        assert min(moved) > 5 * max(same), (same, moved)
