"""What a file is said to hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.blender.requests import MAKE_ASSET, PROBE_ASSET
from tests.support.blender.calls import blender, call, clip_item, corpus, probe, probe_item, read_motion, read_rig
from tests.support.curation import _BODY
from tests.support.files.posed_rests import adult, pose
from tests.support.paths import ASSETS

pytestmark = pytest.mark.blender


def test_the_fox_has_three_motions_at_the_profiles_rate(tmp_path: Path) -> None:
    found = probe(ASSETS / "Fox.glb", tmp_path)
    assert (found["kind"], found["num_joints"], found["num_vertices"]) == ("animated", 24, 1728)
    # The file's times: Run 1.1583 s, Survey 3.4167 s, Walk 0.7083 s; a frame every 1/16 s, the first included.
    assert {item["name"]: item["num_frames"] for item in found["motions"]} == {"Run": 19, "Survey": 55, "Walk": 12}
    assert all(item["motion_file"] is None and item["num_moving_joints"] > 10 for item in found["motions"])


def test_a_loop_is_known_with_its_length_and_motions_are_counted_at_the_rate_they_were_keyed_at(tmp_path: Path) -> None:
    found = {item["name"]: item for item in probe(ASSETS / "Fox.glb", tmp_path)["motions"]}
    # As the file has them: 25 keys in 1.1583 s, 83 in 3.4167 s, 18 in 0.7083 s.
    assert {name: item["num_own_frames"] for name, item in found.items()} == {"Run": 25, "Survey": 83, "Walk": 18}
    assert {name: round(item["own_fps"], 2) for name, item in found.items()} == {
        "Run": 20.72,
        "Survey": 24.0,
        "Walk": 24.0,
    }
    assert found["Walk"]["period_frames"] == pytest.approx(0.70833 * 16, abs=1e-3)
    assert all(item["loop_gap"] < 0.01 for item in found.values())


def test_a_loop_of_a_file_goes_round_in_blender(tmp_path: Path) -> None:
    """34 frames are three rounds of the fox's walk; a round ends between two frames."""
    path = ASSETS / "Fox.glb"
    item = clip_item(path, probe(path, tmp_path), "Walk") | {"num_frames": 37, "period_frames": 34 / 3}
    heads = np.array(blender("joints_and_pixels", {"item": item})["heads"])
    assert np.abs(heads[34:] - heads[:3]).max() < 1e-3 < 0.01 < np.abs(heads[17] - heads[0]).max()


def test_a_head_that_rests_in_another_pose_than_it_is_bound_in_is_known(tmp_path: Path) -> None:
    turn = Rotation.from_euler("y", 24, degrees=True)
    path = tmp_path / "posed.glb"
    path.write_bytes(pose(adult(), "head", turn).to_bytes())
    (found,) = probe(path, tmp_path)["posed_joints"]
    assert found["joint"] == "head"
    assert np.abs(np.array(found["turn"]) - turn.as_quat(scalar_first=True)).max() < 1e-3
    assert probe(ASSETS / "Fox.glb", tmp_path)["posed_joints"] == []


def test_the_bind_pose_of_a_posed_robot_is_the_rest_pose_of_its_twin(tmp_path: Path) -> None:
    """Two exports of one character: one rests with its head 12 degrees off, the other as both are bound."""
    posed, twin = (
        probe(corpus(name), tmp_path)["posed_joints"] for name in ("threejs/RobotExpressive.glb", "raylib/robot.glb")
    )
    turns = {pair["joint"]: Rotation.from_quat(pair["turn"], scalar_first=True) for pair in posed}
    assert np.degrees(turns["Head"].magnitude()) == pytest.approx(12.2, abs=0.2) and twin == []


def test_motions_of_a_file_with_a_mesh_are_stored_when_asked_for(tmp_path: Path) -> None:
    answer = call(PROBE_ASSET, [probe_item(ASSETS / "Fox.glb") | {"store_motions": True}], tmp_path)[0]["value"]
    assert answer["kind"] == "animated" and len(answer["motions"]) == 3
    for item in answer["motions"]:
        motion = read_motion(tmp_path, item["motion_file"])
        assert motion.rotations.shape == (item["num_frames"], answer["num_joints"], 4)
        assert np.ptp(motion.rotations, axis=0).max() > 0.1


def test_parents_come_before_their_children(tmp_path: Path) -> None:
    rig = read_rig(tmp_path, probe(ASSETS / "Fox.glb", tmp_path)["rig_file"])
    assert rig.num_joints == 24 and len(set(rig.names)) == 24
    assert all(parent < joint for joint, parent in enumerate(rig.parents))
    assert (rig.parents < 0).sum() == 1


def test_the_rig_stands_upright_as_the_subject_does(tmp_path: Path) -> None:
    rig = read_rig(tmp_path, probe(ASSETS / "Fox.glb", tmp_path)["rig_file"])
    place = dict(zip(rig.names, rig.rest_joints))
    head = next(value for name, value in place.items() if "Head" in name)
    foot = next(value for name, value in place.items() if "RightFoot" in name)
    assert head[2] > foot[2] + 10  # +Z is up
    assert head[1] < place[rig.names[0]][1]  # and the head is towards -Y


def test_a_file_without_motion_is_static(tmp_path: Path) -> None:
    found = probe(_fox_without_motions(tmp_path), tmp_path)
    assert (found["kind"], found["motions"]) == ("static", [])


def _fox_without_motions(folder: Path) -> Path:
    """Fox.glb with the animations cut out of its JSON."""
    import json
    import struct

    data = (ASSETS / "Fox.glb").read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    del document["animations"]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + data[20 + length :]
    path = folder / "still.glb"
    path.write_bytes(struct.pack("<III", 0x46546C67, 2, 12 + len(body)) + body)
    return path


def test_a_motion_without_a_mesh_is_stored_for_the_retargeter(tmp_path: Path) -> None:
    (made,) = call(MAKE_ASSET, [{"group": "motion", "variant": 0, "seed": 7}], tmp_path)
    found = probe(tmp_path / made["value"]["file"], tmp_path)
    assert found["kind"] == "motion" and found["num_vertices"] == 0
    for item in found["motions"]:
        motion = read_motion(tmp_path, item["motion_file"])
        assert motion.rotations.shape == (item["num_frames"], found["num_joints"], 4)
        assert np.allclose(np.linalg.norm(motion.rotations, axis=-1), 1)
        assert np.ptp(motion.rotations, axis=0).max() > 0.1


def test_a_pose_without_a_mesh_is_no_motion(tmp_path: Path) -> None:
    files = [
        {"path": str(tmp_path / "T-Pose.fbx"), "prefix": "mixamorig:", "skin": False, "frames": 2},
        {"path": str(tmp_path / "Kick.fbx"), "prefix": "mixamorig:", "skin": False, "frames": 31},
    ]
    blender("write_mixamo", {"files": files, "joints": _BODY})
    pose, kick = call(PROBE_ASSET, [probe_item(tmp_path / name) for name in ("T-Pose.fbx", "Kick.fbx")], tmp_path)
    assert pose["refused"] == "no_motion" and "one pose" in pose["message"]
    assert kick["value"]["kind"] == "motion"


def test_the_same_file_gives_the_same_rig_bytes(tmp_path: Path) -> None:
    found = [probe(ASSETS / "Fox.glb", tmp_path / str(run)) for run in range(2)]
    assert found[0] == found[1]
    assert (tmp_path / "0" / "rig.npz").read_bytes() == (tmp_path / "1" / "rig.npz").read_bytes()


def test_what_blender_refuses_is_refused_in_one_line_without_paths(tmp_path: Path) -> None:
    broken = tmp_path / "broken.glb"
    broken.write_bytes((ASSETS / "Fox.glb").read_bytes()[:5000])
    not_fbx = tmp_path / "not.fbx"
    not_fbx.write_bytes(b"this is no FBX file " * 100)
    answers = call(PROBE_ASSET, [probe_item(broken), probe_item(not_fbx)], tmp_path)
    for answer in answers:
        assert answer["refused"] == "unreadable"
        assert answer["message"] and "\n" not in answer["message"] and str(tmp_path) not in answer["message"]
        assert "/" not in answer["message"]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "kind", "num_motions"),
    [
        ("khronos/CesiumMan.glb", "animated", 1),
        ("quaternius_fbx/Velociraptor.fbx", "animated", 6),
        ("vrm/cool_loops.vrm", "static", 0),
        ("kaykit/Med_MovementBasic.glb", "motion", 11),
        ("derived/Fox_mirrored.glb", "animated", 3),
    ],
)
def test_corpus_files_are_what_they_are(name: str, kind: str, num_motions: int, tmp_path: Path) -> None:
    found = probe(corpus(name), tmp_path)
    assert (found["kind"], len(found["motions"]) + found["num_still_motions"]) == (kind, num_motions)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("khronos/AnimatedMorphCube.glb", "no_rig"),
        ("kaykit/chest_gold.glb", "no_rig"),
        ("derived/Fox_node_cycle.glb", "unreadable"),
        ("corrupt/Fox_meshopt_webp.glb", "unreadable"),
        ("derived/Velociraptor_truncated_50pct.fbx", "unreadable"),
        ("derived/zero_bytes.glb", "unreadable"),
    ],
)
def test_corpus_files_without_a_rig_are_refused(name: str, code: str, tmp_path: Path) -> None:
    assert probe(corpus(name), tmp_path)["refused"] == code
