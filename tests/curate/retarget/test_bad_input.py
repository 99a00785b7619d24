"""Bad rigs and motions through the whole stage: each gets its reject, and the good pair beside it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.stages.retarget import RetargetStage
from rigmill.outcomes import Kept, Outcome, Rejected
from rigmill.rigs.npz import motion_from_bytes, motion_to_bytes
from rigmill.types import Motion, Rig, Row, StoredFile
from tests.support.curation import PlainWork, Tables, body, demo_profile, plain_work, random_motion
from tests.support.retargeting import probe_row

SIDES = {"static": "the character's rig: ", "motion": "the motion's rig: "}


def outcomes_of(rows: list[Row], work: PlainWork) -> dict[str, Outcome]:
    """The outcome of every planned job by input id, all run one after the other by one worker, as the driver does."""
    stage = RetargetStage()
    jobs = list(stage.plan(Tables({"probe": rows}), demo_profile(retarget={"pairs_per_motion": 9})))
    answers = list(stage.run(jobs, work))
    assert [answer.key for answer in answers] == [job.key for job in jobs]  # one outcome per input, nothing escapes
    return {job.input_id: answer.outcome for job, answer in zip(jobs, answers)}


def good_rows(work: PlainWork) -> list[Row]:
    return [
        probe_row(work, "dance", body(), kind="motion", motions=1),
        probe_row(work, "knight", body(prefix="", arm_drop_deg=50, scale=0.5), kind="static"),
    ]


def refused(bad: Row, work: PlainWork) -> tuple[str, Rejected]:
    """What became of the bad row beside a good pair that is kept as it is without it: input id and reject."""
    good = good_rows(work)
    ((name, expected),) = outcomes_of(good, work).items()
    assert isinstance(expected, Kept)
    outcomes = outcomes_of([*good, bad], work)
    assert outcomes.pop(name) == expected
    ((bad_name, outcome),) = outcomes.items()
    assert isinstance(outcome, Rejected), outcome
    return bad_name, outcome


def joint(rig: Rig, name: str) -> int:
    return rig.names.index(f"mixamorig:{name}")


def without_hips(rig: Rig) -> Rig:
    return replace(rig, names=tuple(name.replace("Hips", "Middle") for name in rig.names))


def cyclic(rig: Rig, name: str, above: str) -> Rig:
    parents = rig.parents.copy()
    parents[joint(rig, name)] = joint(rig, above)
    return replace(rig, parents=parents)


def placed(rig: Rig, **places: Any) -> Rig:
    rest = rig.rest_joints.copy()
    for name, place in places.items():
        rest[joint(rig, name)] = place
    return replace(rig, rest_joints=rest)


def at(rig: Rig, name: str) -> Any:
    return rig.rest_joints[joint(rig, name)]


BAD_RIGS: dict[str, tuple[Callable[[Rig], Rig], str, str]] = {
    "the hips in a cycle": (lambda rig: cyclic(rig, "Hips", "Head"), "malformed", "'mixamorig:Hips'"),
    "a joint below itself": (lambda rig: cyclic(rig, "LeftFoot", "LeftFoot"), "malformed", "'mixamorig:LeftFoot'"),
    "a hand that is nowhere": (
        lambda rig: placed(rig, LeftHand=[0.7, np.nan, 1.4]),
        "malformed",
        "'mixamorig:LeftHand' is at no finite place",
    ),
    "a shin of no length": (
        lambda rig: placed(rig, LeftFoot=at(rig, "LeftLeg")),
        "implausible_skeleton",
        "leftLowerLeg and leftFoot are at the same place",
    ),
    "no length at all": (
        lambda rig: replace(rig, rest_joints=np.zeros_like(rig.rest_joints)),
        "implausible_skeleton",
        "leftUpperArm and leftLowerArm are at the same place",
    ),
}


@pytest.mark.parametrize("kind", SIDES)
@pytest.mark.parametrize(("broken", "code", "says"), BAD_RIGS.values(), ids=BAD_RIGS)
def test_a_bad_rig_is_rejected_once_with_its_side_and_joint_and_others_get_its_pairs(
    tmp_path: Path, broken: Callable[[Rig], Rig], code: str, says: str, kind: str
) -> None:
    work = plain_work(tmp_path)
    bad = probe_row(work, "bad", broken(body(scale=0.9)), kind=kind, motions=1)
    name, outcome = refused(bad, work)
    assert outcome.code == code and outcome.message.startswith(SIDES[kind]) and says in outcome.message
    assert name == f"{bad['asset_id']}-unfit"


@pytest.mark.parametrize("kind", SIDES)
def test_a_rig_without_hips_is_rejected_once_before_it_is_paired(tmp_path: Path, kind: str) -> None:
    work = plain_work(tmp_path)
    bad = probe_row(work, "bad", without_hips(body(scale=0.9)), kind=kind, motions=3)
    name, outcome = refused(bad, work)
    assert name == f"{bad['asset_id']}-unmapped" and outcome.code == "unmappable_skeleton"
    assert outcome.message.endswith("missing: hips")


def with_motion(row: Row, motion: Motion, work: PlainWork, **more: Any) -> Row:
    """The row with another file for its one motion."""
    stored = work.store.put_bytes("motion.npz", motion_to_bytes(motion))
    return row | {"motions": [row["motions"][0] | {"motion_file": stored.to_row()} | more]}


def a_key_of(motion: Motion, part: str, place: tuple[int, ...], value: float) -> Motion:
    values = getattr(motion, part).copy()
    values[place] = value
    return replace(motion, **{part: values})


ARM = joint(body(), "LeftArm")
BAD_MOTIONS: dict[str, tuple[Callable[[Motion], Motion], str, str]] = {
    "a turn that is no number": (
        lambda motion: a_key_of(motion, "rotations", (7, ARM, 2), np.nan),
        "malformed",
        "frame 7: the rotation of joint 'mixamorig:LeftArm' is nan",
    ),
    "a place that is infinite": (
        lambda motion: a_key_of(motion, "translations", (20, 0, 1), -np.inf),
        "malformed",
        "frame 20: the translation of joint 'mixamorig:Hips' is -inf",
    ),
    "a place beyond all numbers": (
        lambda motion: replace(motion, translations=np.full_like(motion.translations, 1e308)),
        "malformed",
        "frame 0: the translation of joint 'mixamorig:Hips' is 1e+308",
    ),
    "numbers that are none throughout": (
        lambda motion: replace(motion, rotations=np.full_like(motion.rotations, np.nan)),
        "malformed",
        "frame 0: ",
    ),
    "no rate": (lambda motion: replace(motion, fps=0.0), "malformed", "0 frames per second"),
    "a rate that is no number": (lambda motion: replace(motion, fps=np.nan), "malformed", "nan frames per second"),
    "one frame in the file": (
        lambda motion: replace(motion, rotations=motion.rotations[:1], translations=motion.translations[:1]),
        "too_few_frames",
        "a motion of one frame is a pose",
    ),
}


@pytest.mark.parametrize("fps", [16.0, 30.0])
@pytest.mark.parametrize(("broken", "code", "says"), BAD_MOTIONS.values(), ids=BAD_MOTIONS)
def test_a_bad_motion_is_rejected_with_its_frame_and_joint_as_the_file_counts_them(
    tmp_path: Path, broken: Callable[[Motion], Motion], code: str, says: str, fps: float
) -> None:
    work = plain_work(tmp_path)
    motion = random_motion(body().num_joints, num_frames=21, seed=5, fps=fps)
    row = probe_row(work, "bad", body(scale=0.9), kind="motion", motions=1)
    _, outcome = refused(with_motion(row, broken(motion), work), work)
    assert outcome.code == code and says in outcome.message


def test_a_motion_that_is_known_to_have_one_frame_is_rejected_before_it_is_paired(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    row = probe_row(work, "bad", body(scale=0.9), kind="motion", motions=1)
    one = random_motion(body().num_joints, num_frames=1, seed=5)
    name, outcome = refused(with_motion(row, one, work, num_frames=1, num_own_frames=1), work)
    assert name == "bad-0-short"
    assert (outcome.code, outcome.measured, outcome.limit) == ("too_few_frames", 1.0, 16.0)
    assert outcome.message == "1 frames at 16 fps; more than 16 are needed"


@pytest.mark.parametrize("kind", SIDES)
@pytest.mark.parametrize(
    "same",
    [
        {"Spine": "Hips", "Spine1": "Hips", "Spine2": "Hips"},
        {"Head": "Neck"},
        {"LeftShoulder": "Spine2"},
        {"LeftToeBase": "LeftFoot"},
        {"LeftHandMiddle1": "LeftHand"},
        {"LeftUpLeg": "Hips", "RightUpLeg": "Hips"},
    ],
    ids=lambda same: " ".join(same),
)
def test_joints_at_one_place_where_no_limb_needs_a_length_give_a_finite_motion(
    tmp_path: Path, same: dict[str, str], kind: str
) -> None:
    work, rig = plain_work(tmp_path), body(scale=0.9)
    odd = placed(rig, **{name: at(rig, other) for name, other in same.items()})
    outcomes = outcomes_of([*good_rows(work), probe_row(work, "odd", odd, kind=kind, motions=1)], work)
    assert len(outcomes) == 2
    for outcome in outcomes.values():
        assert isinstance(outcome, Kept), outcome
        motion = motion_from_bytes(work.store.read(StoredFile.from_row(outcome.rows[0]["motion_file"])))
        assert np.isfinite(motion.translations).all()
        np.testing.assert_allclose(np.linalg.norm(motion.rotations, axis=-1), 1.0, atol=1e-9)
