from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.stages.preview import PreviewStage
from curate.stages.retarget import RetargetStage, motion_name
from rigmill.humanoid.names import declares_humanoid, humanoid_joints
from rigmill.licences.rights import Rights
from rigmill.outcomes import Kept, Rejected
from rigmill.rigs.npz import motion_from_bytes, motion_to_bytes
from rigmill.storage.columns import PRODUCTS
from rigmill.types import Rig, Row, StoredFile
from tests.support.curation import Tables, body, demo_profile, plain_work, random_motion, scipy_positions
from tests.support.retargeting import probe_row, renamed, run
from tests.support.walking import shaped, walk


def test_a_motion_lands_on_the_character_with_its_names_and_licences(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    source, target = body(), body(prefix="", arm_drop_deg=50, scale=0.5)
    rows = [
        probe_row(work, "dance", source, kind="motion", motions=2, licence="CC-BY-4.0", attribution="a dancer"),
        probe_row(work, "knight", target, kind="static", attribution="a smith"),
        probe_row(work, "fox", Rig(("Body", "Tail"), np.array([-1, 0]), np.zeros((2, 3))), kind="animated"),
    ]
    outcomes = run(rows, work)
    assert len(outcomes) == 2  # the fox is no candidate at all
    made = [outcome.rows[0] for outcome in outcomes.values() if isinstance(outcome, Kept)]
    assert all(set(row) == set(PRODUCTS["retarget"].names) for row in made)
    assert {row["motion_name"] for row in made} == {"walk", "dance"}
    assert {(row["licence"], row["attribution"]) for row in made} == {("CC0-1.0 AND CC-BY-4.0", "a smith; a dancer")}
    assert {row["asset_id"] for row in made} == {rows[1]["asset_id"]}
    assert len({row["clip_id"] for row in made}) == 2
    (walk,) = [row for row in made if row["motion_name"] == "walk"]
    motion = motion_from_bytes(work.store.read(StoredFile.from_row(walk["motion_file"])))
    # The hips go half as far on a body of half the size.
    hips = scipy_positions(target, motion)[:, 0] - target.rest_joints[0]
    original = random_motion(source.num_joints, num_frames=21, seed=0).root_translation
    np.testing.assert_allclose(hips, 0.5 * original, atol=1e-9)
    assert walk["num_matched_joints"] == len(source.names)


def test_a_loop_goes_round_on_a_character_until_the_clip_is_full(tmp_path: Path) -> None:
    """A round of 12 frames that ends 0.4 m ahead, put on a body of half the size."""
    work = plain_work(tmp_path)
    source, target = body(), body(prefix="", scale=0.5)
    once = random_motion(source.num_joints, num_frames=13, seed=2)
    once.rotations[-1], once.translations[-1] = once.rotations[0], once.translations[0]
    once.translations[-1, 0] += [0, -0.4, 0]
    rows = [probe_row(work, "walk", source, kind="motion", motions=1), probe_row(work, "knight", target, kind="static")]
    rows[0]["motions"][0] |= {
        "num_frames": 13,
        "period_frames": 12.0,
        "motion_file": work.store.put_bytes("motion.npz", motion_to_bytes(once)).to_row(),
    }
    (outcome,) = run(rows, work, feet=False).values()
    assert isinstance(outcome, Kept), outcome
    (row,) = outcome.rows
    assert (row["num_frames"], row["start_frame"], row["period_frames"]) == (25, 0.0, 12.0)
    hips = scipy_positions(target, motion_from_bytes(work.store.read(StoredFile.from_row(row["motion_file"]))))[:, 0]
    first = hips[:13] - target.rest_joints[0]
    np.testing.assert_allclose(first, 0.5 * once.root_translation, atol=1e-9)
    np.testing.assert_allclose(hips[12:], hips[:13] + [0, -0.2, 0], atol=1e-9)
    (job,) = PreviewStage().plan(Tables({"probe": rows, "retarget": [row]}), demo_profile())
    shown = [job.payload[name] for name in ("first_frame", "num_frames", "motion_frames", "period_frames")]
    assert shown == [0, 25, 25, 12.0]


def test_a_head_that_is_bound_upright_is_upright_on_the_character_and_no_other_job_is_made_anew(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rows = [
        probe_row(work, "dance", body(), kind="motion", motions=1),
        probe_row(work, "knight", body(scale=0.5), kind="static"),
    ]
    (before,) = RetargetStage().plan(Tables({"probe": rows}), demo_profile())
    turn = Rotation.from_euler("y", 24, degrees=True)
    rows[1]["posed_joints"] = [{"joint": "mixamorig:Head", "turn": turn.as_quat(scalar_first=True).tolist()}]
    (after,) = RetargetStage().plan(Tables({"probe": rows}), demo_profile())
    assert "posed" not in before.payload["character"] and "posed" not in after.payload["motion"]
    turned = []
    for job in (before, after):
        (answer,) = RetargetStage().run([job], work)
        assert isinstance(answer.outcome, Kept), answer.outcome
        motion = motion_from_bytes(work.store.read(StoredFile.from_row(answer.outcome.rows[0]["motion_file"])))
        head = body().names.index("mixamorig:Head")
        turned.append(Rotation.from_quat(motion.rotations[:, head], scalar_first=True))
    # Turned back by how it rests, before it does what the dancer's does; the neck is the same.
    assert np.degrees((turned[1] * turn * turned[0].inv()).magnitude()).max() < 1e-3


def test_a_rig_that_is_humanoid_in_part_is_rejected_once_with_the_missing_joints(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    whole = body()
    bust = Rig(whole.names[:6], whole.parents[:6], whole.rest_joints[:6])
    rows = [probe_row(work, "dance", whole, kind="motion", motions=3), probe_row(work, "bust", bust, kind="static")]
    ((name, outcome),) = run(rows, work).items()
    assert name == f"{rows[1]['asset_id']}-unmapped" and isinstance(outcome, Rejected)
    assert (outcome.code, outcome.measured, outcome.limit) == ("unmappable_skeleton", 6.0, 12.0)
    assert "leftUpperArm" in outcome.message and "rightFoot" in outcome.message


def test_a_thumb_below_another_arm_is_left_out_and_the_row_says_so(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    knight = body()
    parents = knight.parents.copy()
    thumb = knight.names.index("mixamorig:RightHandMiddle1")
    parents[thumb] = knight.names.index("mixamorig:LeftForeArm")
    rows = [
        probe_row(work, "dance", body(), kind="motion", motions=1),
        probe_row(work, "knight", replace(knight, parents=parents), kind="static"),
    ]
    (outcome,) = run(rows, work).values()
    assert isinstance(outcome, Kept), outcome
    (row,) = outcome.rows
    assert row["left_out"] == ["rightMiddleProximal"] and row["num_matched_joints"] == len(knight.names) - 1


def test_a_rest_pose_below_the_floor_is_told_and_a_walk_in_place_is_warned_of(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    dancer = shaped()
    motion, _ = walk(dancer, fps=16.0, in_place=True)
    motion.translations[:, 0, 2] += 0.3
    hung = replace(dancer, rest_joints=dancer.rest_joints - [0, 0, 0.3])
    rows = [probe_row(work, "dance", hung, kind="motion", motions=1), probe_row(work, "knight", body(), kind="static")]
    (found,) = rows[0]["motions"]
    found |= {"num_frames": 49, "motion_file": work.store.put_bytes("motion.npz", motion_to_bytes(motion)).to_row()}
    (outcome,) = run(rows, work).values()
    assert isinstance(outcome, Kept), outcome
    (row,) = outcome.rows
    assert row["contact_share"] == 0.0 and row["ground_seen"] == "file"
    assert row["ground_pct"] == pytest.approx(
        100 * 0.3 / (dancer.rest_joints[0, 2] - dancer.rest_joints[:, 2].min()), abs=2
    )
    assert row["warnings"] == ["no foot stands still: it walks in place, or its feet slide all the time"]


def test_a_character_that_cannot_be_one_is_refused_once_and_its_pairs_go_to_others(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    whole = body()
    rows = [probe_row(work, "dance", whole, kind="motion", motions=4)]
    rows += [probe_row(work, f"c{number}", body(scale=1 + number / 10), kind="static") for number in range(2)]
    lying = replace(whole, rest_joints=whole.rest_joints[:, [0, 2, 1]])
    rows.append(probe_row(work, "lying", lying, kind="static"))
    outcomes = run(rows, work, clips={"folder": 8})
    refused = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert [(name, outcome.code) for name, outcome in refused.items()] == [
        (f"{rows[-1]['asset_id']}-unfit", "implausible_skeleton")
    ]
    assert sum(isinstance(outcome, Kept) for outcome in outcomes.values()) == 8


@pytest.mark.parametrize("missing", [("Hips",), ("LeftArm", "RightArm"), ("RightUpLeg",)])
def test_a_rig_that_is_nearly_a_body_is_a_row_that_says_what_is_missing(
    tmp_path: Path, missing: tuple[str, ...]
) -> None:
    work = plain_work(tmp_path)
    whole = body(prefix="")
    near = renamed(whole, {name: name for name in whole.names if name not in missing})
    rows = [probe_row(work, "dance", body(), kind="motion", motions=2), probe_row(work, "mech", near, kind="static")]
    ((name, outcome),) = run(rows, work).items()
    assert name == f"{rows[1]['asset_id']}-unmapped" and isinstance(outcome, Rejected)
    lacking = humanoid_joints(whole.names).keys() - humanoid_joints(near.names).keys()
    assert outcome.code == "unmappable_skeleton" and outcome.message.count("(mixamo)") == 1
    assert set(outcome.message.split("missing: ")[1].split(", ")) == lacking


def test_a_character_in_several_files_takes_motions_once_and_a_target_is_reached_by_different_clips(
    tmp_path: Path,
) -> None:
    work = plain_work(tmp_path)
    rows = [probe_row(work, "dance", body(), kind="motion", motions=4)]
    for name, rig, geometry in (
        ("knight", body(), "a" * 16),
        ("knight again", body(), "a" * 16),
        ("knight of another size", body(scale=2.0), "a" * 16),
        ("with other joints", body(prefix=""), "a" * 16),
        ("another", body(), "b" * 16),
        ("unknown", body(), ""),
        ("unknown too", body(), ""),
    ):
        rows.append(probe_row(work, name, rig, kind="static", geometry_hash=geometry))
    outcomes = run(rows, work, clips={"folder": 20})
    knights = sorted(row["asset_id"] for row in rows[1:4])
    refused = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert set(refused) == {f"{asset_id}-duplicate" for asset_id in knights[1:]}
    assert {(outcome.code, outcome.message) for outcome in refused.values()} == {
        ("duplicate_character", f"the same character as asset {knights[0]}")
    }
    kept = [outcome.rows[0] for outcome in outcomes.values() if isinstance(outcome, Kept)]
    assert len(kept) == 20 and len({row["asset_id"] for row in kept}) == 5


def test_two_whole_rigs_with_too_little_in_common_are_rejected_as_a_pair(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    whole = body()

    def without(*parts: str) -> Rig:
        names = tuple(name + "_x" if any(part in name for part in parts) else name for name in whole.names)
        return Rig(names, whole.parents, whole.rest_joints)

    rows = [
        probe_row(work, "dance", without("Hand", "Neck", "Shoulder"), kind="motion", motions=1),
        probe_row(work, "legs", without("Foot", "Toe", "Spine", "Head"), kind="static"),
    ]
    (outcome,) = run(rows, work).values()
    assert isinstance(outcome, Rejected) and (outcome.code, outcome.measured) == ("unmappable_skeleton", 9.0)
    assert "leftHand" in outcome.message and "spine" in outcome.message


def test_more_pairs_per_motion_redo_none_of_the_earlier_work(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rows = [probe_row(work, "dance", body(), kind="motion", motions=3)]
    rows += [probe_row(work, f"c{number}", body(scale=1 + number / 10), kind="static") for number in range(4)]

    def keys(**changes: Any) -> dict[str, str]:
        profile = demo_profile(retarget=changes)
        return {job.input_id: job.key for job in RetargetStage().plan(Tables({"probe": rows}), profile)}

    by_pairs = [keys(pairs_per_motion=pairs) for pairs in (0, 1, 3, 9)]
    assert [len(jobs) for jobs in by_pairs] == [0, 3, 9, 12]
    by_target = [keys(clips={"folder": clips}) for clips in (1, 2, 5, 12)]
    assert [len(jobs) for jobs in by_target] == [1, 2, 5, 12]
    for jobs in (by_pairs, by_target):
        assert all(fewer.items() < more.items() for fewer, more in zip(jobs, jobs[1:]))
    assert by_pairs[-1] == by_target[-1]


def test_the_same_pair_gives_the_same_bytes_in_another_store(tmp_path: Path) -> None:
    digests = []
    for number in range(2):
        work = plain_work(tmp_path / str(number))
        rows = [probe_row(work, "dance", body(), kind="motion", motions=1), probe_row(work, "k", body(), kind="static")]
        (outcome,) = run(rows[:: 1 if number else -1], work).values()
        assert isinstance(outcome, Kept)
        digests.append(outcome.rows)
    assert digests[0] == digests[1]


def declared(rig: Rig, plain: Rig) -> list[Row]:
    """The humanoid column of `rig`, whose joints stand where those of `plain` (with Mixamo's names) do."""
    return [{"bone": bone, "joint": rig.names[joint]} for bone, joint in humanoid_joints(plain.names).items()]


def test_a_declared_humanoid_is_mapped_by_its_block_and_moves_as_one_known_by_names(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    known = body(arm_drop_deg=40)
    # Names that Mixamo gives to other joints: the block counts, not they.
    unknown = renamed(known, {"mixamorig:Hips": "mixamorig:Head", "mixamorig:Head": "mixamorig:Hips"})
    dance = probe_row(work, "dance", body(), kind="motion", motions=1)
    rotations = []
    for name, rig, humanoid in (("known", known, []), ("avatar", unknown, declared(unknown, known))):
        row = probe_row(work, name, rig, kind="static", humanoid=humanoid)
        (outcome,) = run([dance, row], work).values()
        assert isinstance(outcome, Kept), outcome
        assert outcome.rows[0]["num_matched_joints"] == len(known.names)
        motion = motion_from_bytes(work.store.read(StoredFile.from_row(outcome.rows[0]["motion_file"])))
        rotations.append(motion.rotations)
    np.testing.assert_array_equal(rotations[0], rotations[1])


def test_a_motion_of_a_declared_humanoid_is_understood_by_its_block(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rig = renamed(body(), {})
    rows = [
        probe_row(work, "dance", rig, kind="motion", motions=1, humanoid=declared(rig, body())),
        probe_row(work, "knight", body(), kind="static"),
    ]
    (outcome,) = run(rows, work).values()
    assert isinstance(outcome, Kept) and outcome.rows[0]["num_matched_joints"] == rig.num_joints


ANIMAL = [
    "Hips",
    "Spine",
    "Spine1",
    "Spine2",
    "Neck",
    "Head",
    "LeftUpLeg",
    "LeftLeg",
    "LeftFoot",
    "LeftToeBase",
    "RightUpLeg",
    "RightLeg",
    "RightFoot",
    "RightToeBase",
    "LeftShoulder",
    "RightShoulder",
]


def test_animals_with_some_of_our_names_are_neither_candidates_nor_rejects(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    whole = body(prefix="")
    horse = renamed(whole, {name: name for name in ANIMAL})
    assert len(humanoid_joints(horse.names)) > 12
    bird = renamed(whole, {name: name for name in ("Hips", "Spine", "Head")})
    rows = [
        probe_row(work, "dance", body(), kind="motion", motions=1),
        probe_row(work, "horse", horse, kind="animated"),
        probe_row(work, "bird", bird, kind="animated"),
    ]
    assert run(rows, work) == {}


@pytest.mark.parametrize(
    ("names", "says_so"),
    [
        (["mixamorig:Tail"], True),
        (["Armature|mixamorig12:Neck"], True),
        (["mixamorig_Hips"], True),
        (["mixamorig"], False),
        (["notmixamorig:Hips"], False),
        (ANIMAL, False),
        (["Hips", "LeftArm", "RightArm", "LeftUpLeg", "RightUpLeg"], True),
        (["Hips", "LeftArm", "RightArm", "LeftUpLeg"], False),
        ([], False),
    ],
)
def test_a_rig_says_that_it_is_humanoid_by_prefix_or_by_hips_and_four_limbs(names: list[str], says_so: bool) -> None:
    assert declares_humanoid(names, {}) is says_so
    assert declares_humanoid(names, {"hips": "x"})


def test_an_avatar_that_declares_too_few_bones_is_rejected_with_the_missing_ones(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    rig = renamed(body(), {})
    few = declared(rig, body())[1:5]  # no hips
    rows = [
        probe_row(work, "dance", body(), kind="motion", motions=1),
        probe_row(work, "bust", rig, kind="static", humanoid=few),
    ]
    (outcome,) = run(rows, work).values()
    assert isinstance(outcome, Rejected) and (outcome.code, outcome.measured) == ("unmappable_skeleton", 4.0)
    assert "missing: hips" in outcome.message


@pytest.mark.parametrize("kind", ["static", "motion"])
def test_what_may_not_be_changed_is_refused_once_and_the_others_are_paired(tmp_path: Path, kind: str) -> None:
    work = plain_work(tmp_path)
    fixed = {"rights": Rights(may_modify=False).to_row(), "licence": "CC-BY-ND-4.0"}
    rows = [
        probe_row(work, "dance", body(), kind="motion", motions=3),
        probe_row(work, "knight", body(scale=0.9), kind="static"),
        probe_row(work, "fixed", body(scale=0.5), kind=kind, motions=2, **fixed),
    ]
    outcomes = run(rows, work)
    refused = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert list(refused) == [f"{rows[2]['asset_id']}-refused"]
    (outcome,) = refused.values()
    assert outcome.code == "licence" and "CC-BY-ND-4.0" in outcome.message
    kept = [outcome.rows[0] for outcome in outcomes.values() if isinstance(outcome, Kept)]
    assert len(kept) == 3 and {row["asset_id"] for row in kept} == {rows[1]["asset_id"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mixamo.com", "Kick"),
        ("Armature|mixamo.com|Layer0", "Kick"),
        ("Take 001", "Kick"),
        ("", "Kick"),
        ("Armature|Run", "Run"),
        ("Run", "Run"),
        ("fox|trot", "fox|trot"),
    ],
)
def test_a_take_that_nobody_named_is_called_after_its_file(name: str, expected: str) -> None:
    assert motion_name(name, "Kick") == expected


@pytest.mark.parametrize(
    ("title", "origin", "take", "called"),
    [
        ("Zombie Walking", "folder:Zombie Walking.fbx", "Armature|mixamo.com|Layer0", ""),
        ("Dancing", "mixamo:Dancing.fbx", "mixamo.com", ""),
        ("T Pose", "mixamo:T-Pose.fbx", "mixamo.com", ""),
        ("Knight", "mixamo:Knight.fbx", "mixamo.com", "Knight"),  # renamed by hand: no motion is called so
        ("Walking Robot", "folder:Walking Robot.glb", "Armature|Walk", "Walking Robot"),
        ("Dancing Robot", "https://models.example/1", "mixamo.com", "Dancing Robot"),  # a page's title, no file's
    ],
)
def test_a_file_that_is_called_after_its_motion_does_not_name_its_character(
    tmp_path: Path, title: str, origin: str, take: str, called: str
) -> None:
    work = plain_work(tmp_path)
    skinned = probe_row(work, title, body(scale=0.5), kind="animated", motions=1, origin=origin)
    skinned["motions"][0]["name"] = take
    dance = probe_row(work, "Samba", body(), kind="motion", motions=1)
    (outcome,) = run([dance, skinned], work).values()
    assert isinstance(outcome, Kept) and outcome.rows[0]["title"] == called
    (native,) = PreviewStage().plan(Tables({"probe": [skinned]}), demo_profile())
    assert native.payload["title"] == called
    assert native.payload["motion_name"] == (title if "mixamo" in take else "Walk")
