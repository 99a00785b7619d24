"""The built-in methods: what their files hold, that noise is what it says, that a neighbour is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curate.world.looks.naming import Style
from curate.world.make import make
from eval.baselines import make as making
from eval.baselines.folder import METHOD_JSON, MethodFolder
from eval.baselines.make import NAMES, NOISE_LARGE, NOISE_SMALL, STATIC, TRUTH, Made, Sources, make_baselines
from eval.baselines.motions import noisy, still
from eval.baselines.nearest import Known, Wanted, alike, nearest, put_on, same_joints
from eval.bench.clips import Bench, BenchClip
from rigmill.facts.facts import SubjectKind
from rigmill.formats.glb import Glb
from rigmill.reconstruct.metrics import turn_errors_deg
from rigmill.rigs import quaternions, skeleton
from rigmill.types import Motion, Rig
from tests.support.world_bench import geometry_of, motion_of, rig_of, write_bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return write_bench(tmp_path_factory.mktemp("bench"))


def quiet(method: str, done: int, total: int) -> None:
    pass


def some_motion(frames: int = 40, joints: int = 5) -> Motion:
    rng = np.random.default_rng(1)
    return Motion(quaternions.normalise(rng.normal(size=(frames, joints, 4))), rng.normal(size=(frames, joints, 3)), 16)


def local_turns_deg(first: Motion, second: Motion) -> np.ndarray:
    return np.asarray(turn_errors_deg(quaternions.to_matrix(first.rotations), quaternions.to_matrix(second.rotations)))


def test_noise_has_the_size_it_says_is_smooth_and_grows_without_changing() -> None:
    motion = some_motion()
    small, large = (noisy(motion, degrees=degrees, seed=4, clip_id="one") for degrees in (2.0, 20.0))
    off_small, off_large = local_turns_deg(motion, small), local_turns_deg(motion, large)
    assert np.sqrt(np.mean(off_small**2)) == pytest.approx(2.0, rel=1e-3)
    assert np.sqrt(np.mean(off_large**2)) == pytest.approx(20.0, rel=1e-3)
    assert np.allclose(off_large, 10 * off_small, rtol=1e-6)  # the same noise
    own = still(motion)
    turned = quaternions.to_matrix(noisy(own, degrees=20, seed=4, clip_id="one").rotations)
    steps = turn_errors_deg(turned[1:], turned[:-1])
    assert steps.mean() < 0.5 * np.mean(turn_errors_deg(turned, np.eye(3)))  # slow against its size
    again = noisy(motion, degrees=20, seed=4, clip_id="one")
    assert np.array_equal(again.rotations, large.rotations)
    for other in (noisy(motion, degrees=20, seed=5, clip_id="one"), noisy(motion, degrees=20, seed=4, clip_id="two")):
        assert np.abs(other.rotations - large.rotations).max() > 0.05
    assert np.array_equal(large.translations, motion.translations)


def test_files_play_what_they_are_called(bench: Bench, tmp_path: Path) -> None:
    names = [TRUTH, NOISE_SMALL, NOISE_LARGE, STATIC]
    folders = make_baselines(bench, tmp_path, names, Sources(seed=1), quiet)
    assert [folder.name for folder in folders] == names
    for clip in bench.clips:
        assert (tmp_path / TRUTH / f"{clip.clip_id}.glb").read_bytes() == clip.truth.read_bytes()
        outputs = {name: rotations_of(tmp_path / name / f"{clip.clip_id}.glb") for name in names}
        assert all(len(values) == clip.num_frames for found in outputs.values() for values in found.values())
        static = outputs[STATIC]
        assert max(float(np.abs(values - values[:1]).max()) for values in static.values()) == 0
        off = {
            name: np.mean([np.abs(found[node] - outputs[TRUTH][node]).mean() for node in found])
            for name, found in outputs.items()
        }
        assert 0 == off[TRUTH] < off[NOISE_SMALL] < off[NOISE_LARGE]


def rotations_of(path: Path) -> dict[int, np.ndarray]:
    glb = Glb.from_bytes(path.read_bytes())
    (animation,) = glb.document["animations"]
    found = {}
    for channel in animation["channels"]:
        if channel["target"]["path"] == "rotation":
            accessor = glb.document["accessors"][animation["samplers"][channel["sampler"]]["output"]]
            view = glb.document["bufferViews"][accessor["bufferView"]]
            start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
            data = bytes(glb.binary[start : start + 16 * accessor["count"]])
            found[channel["target"]["node"]] = np.frombuffer(data, "<f4").reshape(-1, 4)
    return found


def test_what_is_made_is_not_made_again_but_after_a_change(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_made() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / NOISE_SMALL).iterdir()}

    make_baselines(bench, tmp_path, [NOISE_SMALL], Sources(seed=1), quiet)
    first = all_made()
    asked: list[str] = []
    real = making._make

    def counted(method: MethodFolder, clip: BenchClip, maker: Callable[[BenchClip], Made]) -> None:
        asked.append(clip.clip_id)
        real(method, clip, maker)

    monkeypatch.setattr(making, "_make", counted)
    make_baselines(bench, tmp_path, [NOISE_SMALL], Sources(seed=1), quiet)
    assert asked == [] and all_made() == first
    broken = tmp_path / NOISE_SMALL / f"{bench.clips[1].clip_id}.glb"
    broken.write_bytes(b"no longer what it was")
    make_baselines(bench, tmp_path, [NOISE_SMALL], Sources(seed=1), quiet)
    assert asked == [bench.clips[1].clip_id] and broken.read_bytes() == first[broken.name]
    make_baselines(bench, tmp_path, [NOISE_SMALL], Sources(seed=2), quiet)
    assert len(asked) == 1 + len(bench.clips) and all_made() != first
    make_baselines(replace(bench, digest="another"), tmp_path, [NOISE_SMALL], Sources(seed=2), quiet)
    assert len(asked) == 1 + 2 * len(bench.clips)


def test_a_clip_without_a_file_says_why_and_leaves_nothing_of_an_earlier_one(bench: Bench, tmp_path: Path) -> None:
    make_baselines(bench, tmp_path, [STATIC], Sources(seed=1), quiet)
    clip = bench.clips[0]
    rest = clip.rest.read_bytes()
    try:
        clip.rest.write_bytes(b"FBX, for example")
        make_baselines(replace(bench, digest="another"), tmp_path, [STATIC], Sources(seed=1), quiet)
    finally:
        clip.rest.write_bytes(rest)
    assert not (tmp_path / STATIC / f"{clip.clip_id}.glb").exists()
    about = json.loads((tmp_path / STATIC / METHOD_JSON).read_text())
    assert "glTF" in about["clips"][clip.clip_id]["why"] and "sha256" in about["clips"][bench.clips[1].clip_id]
    assert set(NAMES) >= {about["name"]}


# The nearest neighbour


def known(plan: str, kind: SubjectKind, *, number: int = 0, seed: int = 9, take: int = 0) -> Known:
    made = make(plan, number, seed, takes=take + 1, num_frames=9)
    geometry = geometry_of(made, motion_of(made, made.takes[take]))
    return Known(f"{plan}-{number}-{take}", kind, "animal", made.captions[take][0], lambda: geometry)


def test_the_kind_counts_most_then_the_verb_then_words() -> None:
    rig = rig_of(make("horse", 0, 3, takes=1))
    wanted = Wanted(SubjectKind.QUADRUPED, "animal", "a brown horse runs forward", rig, 9, 16.0)

    def one(clip_id: str, kind: SubjectKind, caption: str) -> Known:
        return Known(clip_id, kind, "", caption, lambda: pytest.fail("read too early"))

    order = [
        one("a", SubjectKind.QUADRUPED, "a grey dog gallops"),
        one("b", SubjectKind.QUADRUPED, "a brown horse stands forward"),
        one("c", SubjectKind.QUADRUPED, "a cat sits"),
        one("d", SubjectKind.HUMANOID, "a brown horse runs forward"),
    ]
    assert sorted(order, key=lambda known: alike(wanted, known), reverse=True) == order


def test_a_motion_is_copied_by_name_and_turns_are_the_source_s() -> None:
    near = known("horse", SubjectKind.QUADRUPED)
    rig, motion = near.geometry().own(near.geometry().motion)
    taller = replace(rig, rest_joints=2 * rig.rest_joints)
    found = put_on(rig, motion, taller)
    assert found is not None and found[1] == "names"
    assert np.allclose(found[0].rotations, motion.rotations)
    assert np.allclose(found[0].translations, 2 * motion.translations)
    joints, moved = skeleton.forward(rig, motion)[0], skeleton.forward(taller, found[0])[0]
    assert np.allclose(moved, 2 * joints)


def test_what_has_other_joints_is_passed_over_and_nothing_is_made_up() -> None:
    horse, cabinet = known("horse", SubjectKind.QUADRUPED), known("cabinet", SubjectKind.QUADRUPED)
    rig = horse.geometry().rig
    wanted = Wanted(SubjectKind.QUADRUPED, "animal", cabinet.caption, rig, 5, 16.0)
    found = nearest(wanted, [cabinet, horse])
    assert found is not None and found.clip_id == horse.clip_id and len(found.motion.rotations) == 5
    assert nearest(wanted, [cabinet]) is None
    longer = nearest(replace(wanted, num_frames=20), [horse])
    assert longer is not None and len(longer.motion.rotations) == 20
    assert np.array_equal(longer.motion.rotations[8], longer.motion.rotations[19])  # it holds its last frame


def test_joints_are_the_same_whose_words_are() -> None:
    ours = ("Hips_00", "UpperLeg_L_01", "UpperLeg_R_02", "Drawer_03", "Drawer_04", "Tail_05")
    theirs = ("drawer", "drawer.001", "upper_leg.R", "upper_leg.L", "hips", "Head")
    assert same_joints(ours, theirs) == [(0, 4), (1, 3), (2, 2), (3, 0), (4, 1)]
    assert same_joints(("drawer.001", "drawer"), theirs) == [(0, 1), (1, 0)]  # the same letters come first


def test_two_people_of_other_names_are_retargeted() -> None:
    people = {made.body.style: made for made in (make("adult", n, 5, takes=1, num_frames=5) for n in range(12))}
    first, second = people[Style.MIXAMO], people[Style.VRM]
    source, target = rig_of(first), rig_of(second)
    renamed = Rig(tuple(f"b{number}" for number in range(source.num_joints)), source.parents, source.rest_joints)
    motion = motion_of(first, first.takes[0])
    found = put_on(source, motion, target)
    assert found is not None and found[1] == "retargeted" and not set(source.names) & set(target.names)
    assert found[0].rotations.shape == (5, target.num_joints, 4) and np.isfinite(found[0].rotations).all()
    assert put_on(renamed, motion, target) is None  # nothing says what is what
