from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.humanoid.body import Body, as_body
from curate.humanoid.names import humanoid_joints
from curate.retarget.transfer import retarget
from rigmill.outcomes import Refusal
from rigmill.types import Motion, Rig
from tests.support.curation import body, random_motion, scipy_positions

ARM = ("LeftArm", "LeftForeArm", "LeftHand")


def humanoid(rig: Rig) -> Body:
    return as_body(rig, humanoid_joints(rig.names))


def built(parts: Sequence[tuple[str, str | None, Sequence[float]]]) -> Rig:
    """A rig of (name, parent, place)."""
    names = [name for name, _, _ in parts]
    return Rig(
        tuple(names),
        np.array([-1 if above is None else names.index(above) for _, above, _ in parts], dtype=np.int32),
        np.array([place for _, _, place in parts], dtype=np.float64),
    )


def parts(rig: Rig) -> list[tuple[str, str | None, Sequence[float]]]:
    return [
        (name, None if parent < 0 else rig.names[parent], list(place))
        for name, parent, place in zip(rig.names, rig.parents, rig.rest_joints)
    ]


def changed(
    rig: Rig, *, drop: Sequence[str] = (), add: Sequence[tuple[str, str, Sequence[float], Sequence[str]]] = ()
) -> Rig:
    """Without some joints (what hung from them hangs one up), and with (name, parent, place, what hangs from it)."""
    found = parts(rig)
    above = {name: parent for name, parent, _ in found}
    places = {name: place for name, _, place in found}
    order = [name for name, _, _ in found]
    for name in drop:
        for other, parent in above.items():
            if parent == name:
                above[other] = above[name]
        order.remove(name)
    for name, parent, place, moved in add:
        order.insert(order.index(parent) + 1, name)
        above[name], places[name] = parent, place
        for other in moved:
            above[other] = name
    return built([(name, above[name], places[name]) for name in order])


def still(rig: Rig, num_frames: int = 3) -> Motion:
    return Motion(
        np.tile([1.0, 0, 0, 0], (num_frames, rig.num_joints, 1)), np.zeros((num_frames, rig.num_joints, 3)), 16.0
    )


def with_turn(motion: Motion, rig: Rig, name: str, turn: Rotation) -> Motion:
    rotations = motion.rotations.copy()
    rotations[:, rig.names.index(name)] = turn.as_quat(scalar_first=True)
    return replace(motion, rotations=rotations)


def world(rig: Rig, motion: Motion, name: str, frame: int = -1) -> Rotation:
    """The world turn of a joint, by scipy."""
    joint, turn = rig.names.index(name), Rotation.identity()
    while joint >= 0:
        turn = Rotation.from_quat(motion.rotations[frame, joint], scalar_first=True) * turn
        joint = int(rig.parents[joint])
    return turn


def apart_deg(first: Rotation, second: Rotation) -> float:
    return float(np.degrees((first.inv() * second).magnitude()))


def plain(**changes: float) -> Rig:
    return body(prefix="", **changes)


# Spines of other lengths.


def spine(num_joints: int) -> Rig:
    """A body whose spine has so many joints, evenly from 1.0 m to the neck at 1.45 m."""
    rig = changed(plain(), drop=("Spine1", "Spine2"))
    heights = np.linspace(1.0, 1.45, num_joints + 1)[:-1]
    found = [part for part in parts(rig) if part[0] != "Spine"]
    found = [(name, f"s{num_joints}" if above == "Spine" else above, place) for name, above, place in found]
    chain: list[tuple[str, str | None, Sequence[float]]] = [
        (f"s{number}", f"s{number - 1}" if number > 1 else "Hips", (0, 0.01, height))
        for number, height in enumerate(heights, start=1)
    ]
    if num_joints == 0:
        found = [(name, "Hips" if above == "s0" else above, place) for name, above, place in found]
    return built([found[0], *chain, *found[1:]])


def bent(rig: Rig, turns_deg: Sequence[float], neck_deg: float) -> Motion:
    """The spine's joints bend forward by so much each, the neck too."""
    motion = still(rig)
    for number, angle in enumerate(turns_deg, start=1):
        motion = with_turn(motion, rig, f"s{number}", Rotation.from_euler("x", angle, degrees=True))
    return with_turn(motion, rig, "Neck", Rotation.from_euler("x", neck_deg, degrees=True))


@pytest.mark.parametrize(
    ("num_target", "expected"), [(3, [20, 40, 60]), (1, [40]), (2, [80 / 3, 160 / 3]), (6, [20, 20, 40, 40, 60, 60])]
)
def test_the_bend_of_a_spine_is_spread_over_one_of_another_length(num_target: int, expected: list[float]) -> None:
    source, target = spine(3), spine(num_target)
    motion = bent(source, [20, 20, 20], 10)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    for number, angle in enumerate(expected, start=1):
        # A mean of quaternions 20 degrees apart is the mean angle to within a tenth of a degree.
        assert apart_deg(world(target, result, f"s{number}"), Rotation.from_euler("x", angle, degrees=True)) < 0.2
    assert apart_deg(world(target, result, "Neck"), Rotation.from_euler("x", 70, degrees=True)) < 1e-6


def test_a_spine_without_a_counterpart_stands_between_hips_and_neck() -> None:
    source, target = spine(0), spine(3)
    motion = with_turn(still(source), source, "Hips", Rotation.from_euler("x", -20, degrees=True))
    motion = with_turn(motion, source, "Neck", Rotation.from_euler("x", 60, degrees=True))
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    for number, angle in ((1, -5), (2, 10), (3, 25)):
        assert apart_deg(world(target, result, f"s{number}"), Rotation.from_euler("x", angle, degrees=True)) < 0.5


# Missing parts.


@pytest.mark.parametrize("drop", [("LeftShoulder",), ("LeftToeBase", "RightToeBase"), ("LeftHandMiddle1", "Spine2")])
def test_what_the_target_lacks_leaves_all_limbs_where_they_point(drop: tuple[str, ...]) -> None:
    source, target = plain(), changed(plain(arm_drop_deg=45), drop=drop)
    motion = random_motion(source.num_joints, seed=2)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    there, here = scipy_positions(source, motion), scipy_positions(target, result)
    for start, end in (("LeftArm", "LeftForeArm"), ("LeftForeArm", "LeftHand"), ("RightUpLeg", "RightLeg")):
        expected = there[:, source.names.index(end)] - there[:, source.names.index(start)]
        found = here[:, target.names.index(end)] - here[:, target.names.index(start)]
        np.testing.assert_allclose(found, expected, atol=1e-9)


# Palms.


def with_knuckles(rig: Rig, roll_deg: float, second: str = "Pinky") -> Rig:
    """Knuckles of index and another finger on both hands; the line between them is turned about the arm."""
    found = parts(rig)
    for side, sign in (("Left", 1), ("Right", -1)):
        arm = np.array(dict((name, place) for name, _, place in found)[f"{side}HandMiddle1"])
        hand = np.array(dict((name, place) for name, _, place in found)[f"{side}Hand"])
        turn = Rotation.from_rotvec(np.radians(roll_deg) * sign * (arm - hand) / np.linalg.norm(arm - hand))
        for finger, offset in (("Index", -0.03), (second, 0.03)):
            found.append((f"{side}Hand{finger}1", f"{side}Hand", list(arm + turn.apply([0, offset, 0]))))
    return built(found)


@pytest.mark.parametrize("second", ["Pinky", "Ring"])
@pytest.mark.parametrize(("drop_deg", "roll_deg"), [(0, 90), (60, -70), (80, 30)])
def test_palms_face_where_the_sources_face(drop_deg: float, roll_deg: float, second: str) -> None:
    source, target = with_knuckles(plain(), 0, second), with_knuckles(plain(arm_drop_deg=drop_deg), roll_deg, second)
    motion = random_motion(source.num_joints, seed=4)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    there, here = scipy_positions(source, motion), scipy_positions(target, result)
    for side in ("Left", "Right"):
        line = [source.names.index(f"{side}Hand{finger}1") for finger in ("Index", second)]
        np.testing.assert_allclose(
            here[:, line[1]] - here[:, line[0]], there[:, line[1]] - there[:, line[0]], atol=1e-9
        )


def test_a_thumb_says_how_the_palm_lies_where_no_second_knuckle_is_known() -> None:
    def thumbed(rig: Rig, roll_deg: float) -> Rig:
        found, places = parts(rig), {name: np.array(place) for name, _, place in parts(rig)}
        for side, sign in (("Left", 1), ("Right", -1)):
            way = places[f"{side}HandMiddle1"] - places[f"{side}Hand"]
            turn = Rotation.from_rotvec(np.radians(roll_deg) * sign * way / np.linalg.norm(way))
            thumb = places[f"{side}Hand"] + 0.3 * way + turn.apply([0, -0.03, 0])
            found.append((f"{side}HandThumb1", f"{side}Hand", list(thumb)))
        return built(found)

    source, target = thumbed(plain(), 0), thumbed(plain(arm_drop_deg=70), 80)
    motion = random_motion(source.num_joints, seed=12)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), scipy_positions(source, motion), atol=1e-9)


# Facing.


def test_a_character_that_faces_no_axis_does_the_same_in_its_own_direction() -> None:
    source, target = plain(), plain(yaw_deg=37)
    motion = random_motion(source.num_joints, seed=2)
    turn = Rotation.from_euler("z", 37, degrees=True)
    expected = turn.apply(scipy_positions(source, motion).reshape(-1, 3)).reshape(-1, source.num_joints, 3)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), expected, atol=1e-9)


# Roots.


def rooted(rig: Rig) -> Rig:
    return built([("Root", None, (0, 0, 0)), *[(n, "Root" if a is None else a, p) for n, a, p in parts(rig)]])


def test_a_motion_of_root_and_hips_comes_back_exactly_on_its_own_rig() -> None:
    rig = rooted(plain())
    motion = random_motion(rig.num_joints, seed=9)
    motion.translations[:, 1] = np.random.default_rng(1).normal(scale=0.2, size=(len(motion.rotations), 3))
    result = retarget(motion, source=humanoid(rig), target=humanoid(rig))
    np.testing.assert_allclose(result.translations, motion.translations, atol=1e-12)
    np.testing.assert_allclose(np.abs((result.rotations * motion.rotations).sum(axis=-1)), 1, atol=1e-12)


def test_a_root_goes_and_turns_with_the_sources_root_and_the_hips_go_the_rest() -> None:
    source, target = rooted(plain()), rooted(plain(scale=0.5))
    motion = random_motion(source.num_joints, seed=3)
    motion.translations[:, 1] = 0.3
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), 0.5 * scipy_positions(source, motion), atol=1e-9)


def test_feet_that_hang_from_the_root_stay_on_their_legs() -> None:
    source = plain()
    moved_up = ("Hips", "LeftFoot", "RightFoot")
    target = built(
        [
            ("Root", None, (0, 0, 0)),
            *[(name, "Root" if name in moved_up else above, place) for name, above, place in parts(source)],
        ]
    )
    motion = random_motion(source.num_joints, seed=6)
    legs = as_body(target, humanoid_joints(target.names), ("leftFoot", "rightFoot"))
    result = retarget(motion, source=humanoid(source), target=legs)
    np.testing.assert_allclose(scipy_positions(target, result)[:, 1:], scipy_positions(source, motion), atol=1e-9)


# Twist.


def twisted_arm(*leaves: tuple[str, str, float]) -> Rig:
    """A body with leaves (name, limb's joint, place along the limb)."""
    rig = plain()
    places = {name: np.array(place) for name, _, place in parts(rig)}
    following = dict(zip(ARM, ARM[1:]))
    return changed(
        rig,
        add=[
            (name, limb, list(places[limb] + share * (places[following[limb]] - places[limb])), ())
            for name, limb, share in leaves
        ],
    )


def test_leaf_twist_joints_take_their_share_by_their_place() -> None:
    source = plain()
    target = twisted_arm(
        ("upperarm_twist_01_l", "LeftArm", 0.25),
        ("ArmRoll", "LeftArm", 0.75),
        ("lowerarm_twist_01_l", "LeftForeArm", 0.6),
        ("Controller", "LeftForeArm", 0.6),
    )
    swing, swing_hand = Rotation.from_euler("z", 40, degrees=True), Rotation.from_euler("y", 30, degrees=True)

    def about_arm(angle: float) -> Rotation:
        return Rotation.from_euler("x", angle, degrees=True)

    motion = with_turn(still(source), source, "LeftArm", swing * about_arm(80))
    motion = with_turn(motion, source, "LeftHand", about_arm(-60) * swing_hand)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    assert apart_deg(world(target, result, "LeftArm"), swing * about_arm(80)) < 1e-6
    for name, expected in (
        ("upperarm_twist_01_l", swing * about_arm(20)),
        ("ArmRoll", swing * about_arm(60)),
        ("lowerarm_twist_01_l", swing * about_arm(80 - 36)),
        ("LeftForeArm", swing * about_arm(80)),
        ("Controller", swing * about_arm(80)),
        ("LeftHand", swing * about_arm(20) * swing_hand),
    ):
        assert apart_deg(world(target, result, name), expected) < 1e-5, name


def test_twist_joints_in_the_chain_take_the_share_of_their_stretch_and_move_no_limb() -> None:
    source = plain()
    target = changed(
        plain(),
        add=[
            ("a", "LeftArm", (0.315, 0, 1.40), ("LeftForeArm",)),
            ("b", "LeftForeArm", (0.60, 0, 1.40), ("LeftHand",)),
        ],
    )
    motion = with_turn(still(source), source, "LeftArm", Rotation.from_euler("x", 80, degrees=True))
    motion = with_turn(motion, source, "LeftHand", Rotation.from_euler("x", 50, degrees=True))
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    for name, angle in (
        ("LeftArm", 20),
        ("a", 60),
        ("LeftForeArm", 80 + 0.3 * 50),
        ("b", 80 + 0.8 * 50),
        ("LeftHand", 130),
    ):
        assert apart_deg(world(target, result, name), Rotation.from_euler("x", angle, degrees=True)) < 1e-5, name
    random = random_motion(source.num_joints, seed=8)
    result = retarget(random, source=humanoid(source), target=humanoid(target))
    kept = [target.names.index(name) for name in source.names]
    np.testing.assert_allclose(scipy_positions(target, result)[:, kept], scipy_positions(source, random), atol=1e-9)


def test_twist_joints_of_both_rigs_go_one_to_one() -> None:
    rig = twisted_arm(("twist1", "LeftArm", 0.3), ("twist2", "LeftArm", 0.6))
    rig = changed(rig, add=[("between", "LeftForeArm", (0.55, 0, 1.40), ("LeftHand",))])
    motion = random_motion(rig.num_joints, seed=7)
    result = retarget(motion, source=humanoid(rig), target=humanoid(rig))
    np.testing.assert_allclose(np.abs((result.rotations * motion.rotations).sum(axis=-1)), 1, atol=1e-12)


# Rest poses that are no stand.


def leaping(rig: Rig) -> Rig:
    """The body at rest in a leap: turned hips, legs apart, a raised arm, pointed feet."""
    pose = still(rig)
    for name, angles in (
        ("Hips", (25, 10, -8)),
        ("LeftUpLeg", (-70, 0, 20)),
        ("LeftLeg", (60, 0, 0)),
        ("RightUpLeg", (40, 5, -10)),
        ("RightFoot", (50, 0, 0)),
        ("LeftArm", (0, -50, 30)),
        ("LeftForeArm", (20, 0, 60)),
    ):
        pose = with_turn(pose, rig, name, Rotation.from_euler("xyz", angles, degrees=True))
    return replace(rig, rest_joints=scipy_positions(rig, pose)[0])


@pytest.mark.parametrize("leap", ["source", "target"])
def test_a_body_at_rest_in_a_leap_takes_and_gives_motions_upright(leap: str) -> None:
    calm = plain()
    target = leaping(calm) if leap == "target" else calm
    source = leaping(calm) if leap == "source" else calm
    motion = random_motion(source.num_joints, seed=11)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    there, here = scipy_positions(source, motion), scipy_positions(target, result)
    for start, end in (
        ("Hips", "Spine"),
        ("Spine2", "Neck"),
        ("LeftUpLeg", "LeftLeg"),
        ("LeftShoulder", "LeftArm"),
        ("LeftForeArm", "LeftHand"),
        ("Neck", "Head"),
        ("LeftFoot", "LeftToeBase"),
        ("RightFoot", "RightToeBase"),
    ):
        joints = [calm.names.index(start), calm.names.index(end)]
        expected, found = (np.diff(places[:, joints], axis=1)[:, 0] for places in (there, here))
        if "Foot" not in start:
            np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=f"{start} {end}")
            continue
        # How a foot stands flat is not in a leap; it is taken to point ahead, 45 degrees down from ankle to toes.
        cosine = (expected * found).sum(axis=-1) / np.linalg.norm(expected, axis=-1) / np.linalg.norm(found, axis=-1)
        assert np.degrees(np.arccos(cosine.min())) < 30, start


def test_heels_at_rest_are_the_characters_own() -> None:
    source = plain()
    places = {name: np.array(place) for name, _, place in parts(source)}
    target = built(
        [
            (name, above, place if "Foot" not in name else list(places[name] + [0, -0.04, 0.08]))
            for name, above, place in parts(source)
        ]
    )
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    posed = scipy_positions(target, result)[-1]
    foot, toes = (target.names.index(name) for name in ("LeftFoot", "LeftToeBase"))
    at_rest = target.rest_joints[toes] - target.rest_joints[foot]
    np.testing.assert_allclose(posed[toes] - posed[foot], at_rest, atol=1e-9)


# Motions that are none.


def test_a_motion_that_is_none_is_refused_with_its_reason() -> None:
    rig = plain()
    motion, target = random_motion(rig.num_joints), humanoid(rig)

    def refusal(bad: Motion) -> tuple[str, float | None]:
        with pytest.raises(Refusal) as caught:
            retarget(bad, source=target, target=target)
        return caught.value.code.value, caught.value.measured

    assert refusal(replace(motion, rotations=motion.rotations[:1], translations=motion.translations[:1])) == (
        "too_few_frames",
        1.0,
    )
    for name in ("rotations", "translations"):
        for value in (np.nan, np.inf, -np.inf):
            values = getattr(motion, name).copy()
            values[3, 2, 1] = value
            assert refusal(replace(motion, **{name: values}))[0] == "malformed"
    assert refusal(replace(motion, rotations=motion.rotations[:, 1:], translations=motion.translations[:, 1:])) == (
        "malformed",
        rig.num_joints - 1.0,
    )
    assert refusal(replace(motion, translations=motion.translations[:-1]))[0] == "malformed"


def test_long_motions_are_moved_as_short_ones_are() -> None:
    """Blocks of frames meet without a seam, and what frame a pose stands in does not matter."""
    source, target = plain(), plain(arm_drop_deg=40, scale=1.3)
    motion = random_motion(source.num_joints, num_frames=600)
    whole = retarget(motion, source=humanoid(source), target=humanoid(target))
    for start in (0, 255, 590):
        part = Motion(motion.rotations[start : start + 5], motion.translations[start : start + 5], motion.fps)
        alone = retarget(part, source=humanoid(source), target=humanoid(target))
        np.testing.assert_array_equal(alone.rotations, whole.rotations[start : start + 5])
        np.testing.assert_array_equal(alone.translations, whole.translations[start : start + 5])


def test_legs_that_hang_from_the_spine_follow_the_hips() -> None:
    source = plain()
    target = built(
        [
            (name, "Spine" if name in ("LeftUpLeg", "RightUpLeg") else above, place)
            for name, above, place in parts(source)
        ]
    )
    motion = random_motion(source.num_joints, seed=5)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), scipy_positions(source, motion), atol=1e-9)


def test_a_body_that_rests_on_its_knees_stands_as_high_as_the_source() -> None:
    calm = plain()
    pose = still(calm)
    for name, angle in (("LeftUpLeg", -80), ("LeftLeg", 120), ("RightUpLeg", -80), ("RightLeg", 120)):
        pose = with_turn(pose, calm, name, Rotation.from_euler("x", angle, degrees=True))
    places = scipy_positions(calm, pose)[0]
    target = replace(calm, rest_joints=places - [0, 0, places[:, 2].min()])
    result = retarget(random_motion(calm.num_joints), source=humanoid(calm), target=humanoid(target))
    expected = scipy_positions(calm, random_motion(calm.num_joints))[:, 0, 2]
    # The lengths of the legs say how high it stands, and nothing how high its ankles are. At rest it is far lower.
    assert target.rest_joints[0, 2] < 0.6
    np.testing.assert_allclose(scipy_positions(target, result)[:, 0, 2], expected, rtol=0.08)
