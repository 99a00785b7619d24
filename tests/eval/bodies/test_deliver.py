"""A method's folder: every clip has a body, frame by frame the clip's, or a reason; nothing ends the reading."""

from __future__ import annotations

import numpy as np
import pytest

from eval.bodies.body import Body
from eval.bodies.deliver import Absent, Reason, read_method
from eval.bodies.play import play_glb
from rigmill.errors import UserError
from rigmill.formats.motion_files import motion_file
from rigmill.types import Motion, Rig
from tests.support.bench_clips import FPS, FRAMES, OFFSET, SCALE, door_bench, moving_door, without_animation


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return door_bench(tmp_path_factory.mktemp("bench"))


def delivered(bench, folder, data, suffix=".glb"):
    """What becomes of a file for the first clip."""
    folder.mkdir(exist_ok=True)
    (folder / f"{bench.clips[0].clip_id}{suffix}").write_bytes(data)
    return read_method(folder, bench).body(bench.clips[0])


def test_the_truth_delivered_is_the_truth(bench, tmp_path):
    truth = bench.clips[0].truth.read_bytes()
    body = delivered(bench, tmp_path / "mine", truth)
    assert isinstance(body, Body)
    np.testing.assert_array_equal(body.vertices, play_glb(truth).vertices)
    assert (body.fps, body.num_frames) == (FPS, FRAMES)


def test_a_clip_that_is_not_there_is_missing_and_a_file_of_no_clip_is_named(bench, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "dore1.glb").write_bytes(b"")
    delivered(bench, tmp_path / "mine", bench.clips[0].truth.read_bytes())
    method = read_method(tmp_path / "mine", bench)
    assert method.name == "mine" and method.strangers == ("dore1.glb",)
    absent = method.body(bench.clips[1])
    assert isinstance(absent, Absent) and absent.reason is Reason.MISSING and "door1" in absent.why


ANGLES = np.linspace(0, 60, FRAMES)


@pytest.mark.parametrize(
    ("data", "reason", "says"),
    [
        (moving_door(ANGLES[:-1]), Reason.FRAMES, "8 frames"),
        (moving_door(np.linspace(0, 60, 2 * FRAMES)), Reason.FRAMES, "18 frames"),
        (moving_door(ANGLES, fps=24), Reason.RATE, "24 frames a second"),
        (moving_door(ANGLES[::2], fps=FPS / 2), Reason.RATE, "8 frames a second"),
        (without_animation(moving_door(ANGLES)), Reason.STILL, "no animation"),
        (b"not a file", Reason.UNPLAYABLE, "not a binary glTF"),
        (moving_door(ANGLES)[:900], Reason.UNPLAYABLE, "mine/door0.glb"),
    ],
)
def test_what_is_not_the_clip_has_its_reason(bench, tmp_path, data, reason, says):
    absent = delivered(bench, tmp_path / "mine", data)
    assert isinstance(absent, Absent)
    assert absent.reason is reason and says in absent.why


def test_a_file_that_counts_frames_from_one_starts_there(bench, tmp_path):
    body = delivered(bench, tmp_path / "mine", moving_door(ANGLES, start_s=1 / FPS))
    assert isinstance(body, Body)
    np.testing.assert_allclose(body.vertices, play_glb(moving_door(ANGLES)).vertices, atol=1e-6)


def test_keys_that_change_nothing_may_be_left_out(bench, tmp_path):
    first_and_last = moving_door(np.array([30.0, 30.0]), fps=FPS / (FRAMES - 1))
    body = delivered(bench, tmp_path / "mine", first_and_last)
    assert isinstance(body, Body) and body.num_frames == FRAMES
    np.testing.assert_allclose(body.vertices, np.broadcast_to(body.vertices[0], body.vertices.shape), atol=1e-12)


def npz_of(clip, *, frames=FRAMES, fps=FPS, **more):
    """The clip's true motion as `rigmill export --out x.npz` writes it: in the file's own metres."""
    from rigmill.clips.numbers import ClipGeometry

    geometry = ClipGeometry.from_bytes(clip.geometry.read_bytes())
    rig = Rig(geometry.rig.names, geometry.rig.parents, geometry.rig.rest_joints / SCALE + OFFSET)
    motion = geometry.motion
    return motion_file("npz", rig, Motion(motion.rotations[:frames], motion.translations[:frames] / SCALE, fps), more)


def test_a_motion_alone_is_put_on_the_asset(bench, tmp_path):
    body = delivered(bench, tmp_path / "mine", npz_of(bench.clips[0]), ".npz")
    assert isinstance(body, Body), body
    np.testing.assert_allclose(body.vertices, play_glb(bench.clips[0].truth.read_bytes()).vertices, atol=1e-5)


def test_of_two_files_the_glb_counts(bench, tmp_path):
    delivered(bench, tmp_path / "mine", b"nothing", ".npz")
    assert isinstance(delivered(bench, tmp_path / "mine", bench.clips[0].truth.read_bytes()), Body)


def test_motions_that_are_not_the_clips_have_their_reason(bench, tmp_path):
    import io

    other = io.BytesIO()
    np.savez(other, joints=np.zeros(3))
    objects = io.BytesIO()
    np.savez(objects, names=np.array([{}], dtype=object))
    for data, reason, says in (
        (npz_of(bench.clips[0], frames=5), Reason.FRAMES, "5 frames"),
        (npz_of(bench.clips[0], fps=30.0), Reason.RATE, "30 frames"),
        (other.getvalue(), Reason.UNPLAYABLE, "'names'"),
        (objects.getvalue(), Reason.UNPLAYABLE, "'parents'"),
        (b"PK\x03\x04", Reason.UNPLAYABLE, "npz"),
    ):
        absent = delivered(bench, tmp_path / "mine", data, ".npz")
        assert isinstance(absent, Absent) and absent.reason is reason and says in absent.why


def test_a_folder_that_is_not_there_or_holds_nothing_of_it_says_so(bench, tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        read_method(tmp_path / "none", bench)
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "other.glb").write_bytes(b"")
    with pytest.raises(UserError, match="nothing for any clip") as error:
        read_method(tmp_path / "wrong", bench)
    assert "wrong/door0.glb" in error.value.render()
