"""Rest poses of bodies that stand: heads, necks and trunks that are tilted in them, and what is the character's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.retarget.alignment import align, stands
from curate.retarget.tilts import UPRIGHT, lean
from curate.retarget.transfer import retarget
from rigmill.humanoid.body import Body, as_body
from rigmill.humanoid.names import humanoid_joints
from rigmill.types import Floats, Rig
from tests.support.curation import random_motion, scipy_positions
from tests.support.plain_bodies import apart_deg, built, humanoid, parts, plain, still, with_turn, world

ROLLED, TURNED, PITCHED = ("y", 24), ("z", -24), ("x", 24)  # to the left, to the right, down


def with_face(rig: Rig, *, eyes: bool = True, end: bool = True) -> Rig:
    """Eyes and the end of the head."""
    found, (x, y, z) = parts(rig), rig.rest_joints[rig.names.index("Head")]
    size = float(rig.rest_joints[0, 2]) / 0.95
    across = np.array([[0.03, -0.08, 0.07], [-0.03, -0.08, 0.07]]) * size
    if eyes:
        found += [
            (f"{side}Eye", "Head", list(np.array([x, y, z]) + way)) for side, way in zip(("Left", "Right"), across)
        ]
    if end:
        found.append(("HeadTop_End", "Head", [x, y, z + 0.18 * size]))
    return built(found)


def posed(rig: Rig, **turns: tuple[str, float]) -> Rig:
    """The rig exported in a pose: the joint of each name is turned about a world axis."""
    pose = still(rig)
    for name, (axis, angle) in turns.items():
        pose = with_turn(pose, rig, name, Rotation.from_euler(axis, angle, degrees=True))
    return replace(rig, rest_joints=scipy_positions(rig, pose)[0])


def head_off_deg(neutral: Rig, own: Rig, turn: Rotation) -> float:
    """Between the head of `own` (its rest turned by `turn`) and that of the neutral rig, by all that hangs from it."""
    head = own.names.index("Head")
    below = np.flatnonzero(own.parents == head)
    ways: list[Floats] = [rig.rest_joints[below] - rig.rest_joints[head] for rig in (neutral, own)]
    apart, _ = Rotation.align_vectors(ways[0], turn.apply(ways[1]))
    return float(np.degrees(apart.magnitude()))


@pytest.mark.parametrize("joint", ["Head", "Neck"])
@pytest.mark.parametrize("pose", [ROLLED, TURNED])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_head_that_rests_tilted_is_upright_in_a_neutral_frame(
    pose: tuple[str, float], joint: str, scale: float
) -> None:
    neutral = with_face(plain(scale=scale))
    target, source = posed(neutral, **{joint: pose}), with_face(plain(arm_drop_deg=30))
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    assert head_off_deg(neutral, target, Rotation.identity()) == pytest.approx(24)  # as it was handed on
    assert head_off_deg(neutral, target, world(target, result, "Head")) < 1
    eyes = scipy_positions(target, result)[0, [target.names.index(f"{side}Eye") for side in ("Left", "Right")]]
    assert abs(eyes[0, 2] - eyes[1, 2]) < 0.001 * scale


@pytest.mark.parametrize("joint", ["Head", "Neck"])
@pytest.mark.parametrize("pose", [ROLLED, TURNED])
def test_a_head_that_rests_tilted_hands_its_tilt_to_nobody(pose: tuple[str, float], joint: str) -> None:
    """The source's motion brings its head upright: the other's is upright then, too, and no other turn is lost."""
    neutral = with_face(plain())
    source, target = posed(neutral, **{joint: pose}), with_face(plain(arm_drop_deg=30, scale=2))
    back = Rotation.from_euler(pose[0], -pose[1], degrees=True)
    upright = with_turn(still(source), source, joint, back)
    result = retarget(upright, source=humanoid(source), target=humanoid(target))
    assert np.degrees(world(target, result, "Head").magnitude()) < 1
    nodding = with_turn(upright, source, joint, Rotation.from_euler("x", 20, degrees=True) * back)
    result = retarget(nodding, source=humanoid(source), target=humanoid(target))
    expected = Rotation.from_euler("x", 20, degrees=True)
    assert np.degrees((expected.inv() * world(target, result, "Head")).magnitude()) < 1


@pytest.mark.parametrize("angle", [24, -24])
@pytest.mark.parametrize("posed_one", ["source", "target"])
def test_a_head_that_rests_pitched_on_an_upright_neck_is_levelled(posed_one: str, angle: float) -> None:
    neutral, calm = with_face(plain()), with_face(plain(arm_drop_deg=30))
    tilted = posed(neutral, Head=("x", angle))
    source, target = (tilted, calm) if posed_one == "source" else (calm, tilted)
    turn = Rotation.from_euler("x", -angle if posed_one == "source" else 0, degrees=True)
    result = retarget(with_turn(still(source), source, "Head", turn), source=humanoid(source), target=humanoid(target))
    assert head_off_deg(neutral, target, world(target, result, "Head")) < 3


def test_without_a_face_the_head_goes_with_a_tilted_neck_and_its_end_says_more() -> None:
    neutral, source = plain(), plain(arm_drop_deg=30)
    target = posed(neutral, Neck=ROLLED)
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    places = scipy_positions(target, result)[0]
    assert abs(places[target.names.index("Head"), 0]) < 1e-9
    assert np.degrees(world(target, result, "Head").magnitude()) == pytest.approx(24, abs=0.5)
    level = posed(with_face(plain(), eyes=False), Neck=ROLLED, Head=("y", -24))  # the head was held upright
    result = retarget(still(source), source=humanoid(source), target=humanoid(level))
    assert np.degrees(world(level, result, "Head").magnitude()) < 1
    end = posed(with_face(plain(), eyes=False), Head=ROLLED)
    result = retarget(still(source), source=humanoid(source), target=humanoid(end))
    assert head_off_deg(with_face(plain(), eyes=False), end, world(end, result, "Head")) < 1


def test_joints_of_the_face_that_no_map_knows_show_a_tilt_unless_they_disagree() -> None:
    rig = with_face(plain(), end=False)
    names = {"LeftEye": "brow1.l_Armature", "RightEye": "brow1.r_Armature"}
    brows = replace(rig, names=tuple(names.get(name, name) for name in rig.names))
    target, source = posed(brows, Head=TURNED), plain(arm_drop_deg=30)
    assert "leftEye" not in humanoid(target).joints
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    assert head_off_deg(brows, target, world(target, result, "Head")) < 1
    head = rig.rest_joints[rig.names.index("Head")]
    ears: list[tuple[str, str | None, list[float]]] = [
        (f"ear.{side}", "Head", list(head + [x, 0, z])) for side, x, z in (("l", 0.08, 0.2), ("r", -0.08, 0.1))
    ]
    odd = built([*parts(brows), *ears])
    result = retarget(still(source), source=humanoid(source), target=humanoid(odd))
    np.testing.assert_array_equal(world(odd, result, "Head").magnitude(), 0)


def hunched() -> Rig:
    """A bent trunk, a neck that goes ahead, a level head."""
    return posed(with_face(plain()), Spine1=("x", 30), Neck=("x", 25), Head=("x", -45))


def vulture() -> Rig:
    """A neck that goes ahead and down, and a head along it."""
    return posed(with_face(plain()), Spine2=("x", 20), Neck=("x", 60))


def snouted() -> Rig:
    """The end of the head is the tip of its snout."""
    rig, places = with_face(plain()), with_face(plain()).rest_joints.copy()
    places[rig.names.index("HeadTop_End")] = rig.rest_joints[rig.names.index("Head")] + [0, -0.25, 0.02]
    return replace(rig, rest_joints=places)


@pytest.mark.parametrize("character", [hunched(), vulture(), snouted()], ids=["hunched", "vulture", "snouted"])
def test_a_bent_neck_is_the_characters_own(character: Rig) -> None:
    calm = with_face(plain(arm_drop_deg=30))
    for source, target in ((calm, character), (character, calm)):
        turns = align(humanoid(source), humanoid(target)).turns
        for name in ("hips", "spine", "chest", "upperChest", "neck", "head", "leftEye"):
            np.testing.assert_array_equal(turns[name], [1, 0, 0, 0], err_msg=name)
    result = retarget(still(calm), source=humanoid(calm), target=humanoid(character))
    trunk = [character.names.index(name) for name in ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head")]
    np.testing.assert_array_equal(scipy_positions(character, result)[0, trunk], character.rest_joints[trunk])


def test_a_hunched_characters_head_that_rests_tilted_is_upright_and_still_ahead() -> None:
    target, source = posed(hunched(), Head=ROLLED), with_face(plain(arm_drop_deg=30))
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    assert head_off_deg(hunched(), target, world(target, result, "Head")) < 1
    neck = [target.names.index(name) for name in ("Neck", "Head")]
    np.testing.assert_allclose(scipy_positions(target, result)[0, neck], hunched().rest_joints[neck], atol=1e-9)


@pytest.mark.parametrize("pose", [("y", 15), ("z", 20)])
@pytest.mark.parametrize("posed_one", ["source", "target"])
def test_a_trunk_that_rests_tilted_is_upright(posed_one: str, pose: tuple[str, float]) -> None:
    calm = with_face(plain(arm_drop_deg=30))
    tilted = posed(with_face(plain()), Spine=pose)
    assert stands(humanoid(tilted)) and lean(humanoid(tilted)) is not UPRIGHT
    source, target = (tilted, calm) if posed_one == "source" else (calm, tilted)
    back = Rotation.from_euler(pose[0], -pose[1], degrees=True)
    pose_now = with_turn(still(source), source, "Spine", back) if posed_one == "source" else still(source)
    result = retarget(pose_now, source=humanoid(source), target=humanoid(target))
    neutral = calm if posed_one == "source" else with_face(plain())
    assert head_off_deg(neutral, target, world(target, result, "Head")) < 3
    places = scipy_positions(target, result)[0]
    across = places[target.names.index("LeftArm")] - places[target.names.index("RightArm")]
    off = np.degrees(np.arccos(across[0] / np.linalg.norm(across)))
    assert off < 4


def test_a_leaning_body_that_is_hunched_stays_hunched() -> None:
    target, source = posed(hunched(), Spine=("y", 12)), with_face(plain())
    turn = Rotation.from_quat(align(humanoid(source), humanoid(target)).chest, scalar_first=True)
    forward = turn.as_euler("yxz", degrees=True)[1]
    assert abs(forward) < 3  # the bend of 30 degrees is its own


def yawed(rig: Rig, angle: float) -> Rig:
    return replace(rig, rest_joints=Rotation.from_euler("z", angle, degrees=True).apply(rig.rest_joints))


def test_a_body_that_stands_askew_as_a_whole_is_not_tilted() -> None:
    askew, source = yawed(posed(hunched(), Spine=("x", 55)), 7), with_face(plain(arm_drop_deg=30))
    turns = align(humanoid(source), humanoid(askew)).turns
    for name in ("hips", "chest", "neck", "head"):
        np.testing.assert_array_equal(turns[name], [1, 0, 0, 0], err_msg=name)
    target = yawed(posed(with_face(plain()), Head=("z", 24)), 7)
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    assert head_off_deg(yawed(with_face(plain()), 7), target, world(target, result, "Head")) < 1


@pytest.mark.parametrize("facing", [90, 180, 40])
@pytest.mark.parametrize("posed_one", ["source", "target"])
def test_a_tilted_head_is_upright_whichever_way_the_bodies_face(posed_one: str, facing: float) -> None:
    neutral, other = yawed(with_face(plain()), facing), with_face(plain(arm_drop_deg=30))
    tilted = yawed(posed(with_face(plain()), Neck=ROLLED, Head=TURNED), facing)
    source, target = (tilted, other) if posed_one == "source" else (other, tilted)
    motion = still(source)
    if posed_one == "source":  # the motion brings it back to neutral
        turn = Rotation.from_euler("z", facing, degrees=True)
        neck, head = (turn * Rotation.from_euler(*pose, degrees=True) * turn.inv() for pose in (ROLLED, TURNED))
        motion = with_turn(
            with_turn(motion, source, "Neck", neck.inv()), source, "Head", neck * head.inv() * neck.inv()
        )
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    expected = neutral if posed_one == "target" else other
    # The line of the eyes leaves open how far the head nods: a roll and a yaw of 24 degrees each are a nod of 5 too.
    assert head_off_deg(expected, target, world(target, result, "Head")) < 5.5


def test_a_face_shows_a_turned_head_in_a_rest_that_is_no_stand_too() -> None:
    step = {"LeftUpLeg": ("x", -40.0), "Spine": ("y", 10.0)}
    target, source = posed(with_face(plain()), Head=ROLLED, **step), with_face(plain(arm_drop_deg=30))
    assert not stands(humanoid(target))
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    assert head_off_deg(with_face(plain()), target, world(target, result, "Head")) < 4


def test_eyes_and_the_end_of_a_head_that_disagree_say_nothing() -> None:
    rig, source = with_face(plain()), with_face(plain(arm_drop_deg=30))
    places = rig.rest_joints.copy()
    places[rig.names.index("LeftEye"), 2] += 0.03  # one eye far above the other, the head upright
    odd = replace(rig, rest_joints=places)
    np.testing.assert_array_equal(align(humanoid(source), humanoid(odd)).turns["head"], [1, 0, 0, 0])


def test_both_tilted_alike_and_both_neutral_are_not_turned() -> None:
    motion = random_motion(with_face(plain()).num_joints, seed=6)
    neutral, other = with_face(plain()), with_face(plain(scale=2))
    for name, turn in align(humanoid(neutral), humanoid(other)).turns.items():
        np.testing.assert_allclose(turn, [1, 0, 0, 0], atol=1e-7, err_msg=name)
    tilted = [posed(rig, Head=ROLLED) for rig in (neutral, other)]
    there = retarget(motion, source=humanoid(tilted[0]), target=humanoid(tilted[1]))
    driven = [joint for joint, name in enumerate(neutral.names) if name != "HeadTop_End"]
    np.testing.assert_allclose(there.rotations[:, driven], motion.rotations[:, driven], atol=1e-9)


def bound(rig: Rig, **turns: Rotation) -> Body:
    """The body of a rig without eyes or a head end, and how its file says parts rest against how they were bound."""
    joints = humanoid_joints(rig.names)
    return as_body(rig, joints, posed={name: turn.as_quat(scalar_first=True).tolist() for name, turn in turns.items()})


@pytest.mark.parametrize("axis", ["x", "y", "z"])
@pytest.mark.parametrize("yaw_deg", [0, 90])
def test_a_head_turned_alone_is_upright_again_where_the_skin_says_how_it_was_bound(axis: str, yaw_deg: int) -> None:
    turn, source, target = Rotation.from_euler(axis, 24, degrees=True), plain(), plain(yaw_deg=yaw_deg, scale=0.5)
    result = retarget(still(source), source=humanoid(source), target=bound(target, Head=turn))
    assert apart_deg(world(target, result, "Head"), turn.inv()) < 1e-3
    for name in set(target.names) - {"Head"}:
        assert apart_deg(world(target, result, name), Rotation.identity()) < 1e-3, name
    # And as a source: at rest its head is turned, and so is the other's then.
    handed = retarget(still(target), source=bound(target, Head=turn), target=humanoid(source))
    about = Rotation.from_euler("z", -yaw_deg, degrees=True)
    assert apart_deg(world(source, handed, "Head"), about * turn * about.inv()) < 1e-3


def test_what_the_whole_trunk_is_turned_by_is_no_tilt_of_the_head() -> None:
    turn, source, target = Rotation.from_euler("x", 24, degrees=True), plain(), plain(scale=0.5)
    whole = bound(target, Hips=turn, Spine=turn, Spine1=turn, Spine2=turn, Neck=turn, Head=turn)
    result = retarget(still(source), source=humanoid(source), target=whole)
    assert apart_deg(world(target, result, "Head"), Rotation.identity()) < 1e-3
    slight = bound(target, Head=Rotation.from_euler("x", 4, degrees=True))  # a character's own
    result = retarget(still(source), source=humanoid(source), target=slight)
    assert apart_deg(world(target, result, "Head"), Rotation.identity()) < 1e-3
