"""Twist joints take their share of a limb's twist."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from curate.retarget.transfer import retarget
from rigmill.types import Rig
from tests.support.curation import random_motion, scipy_positions
from tests.support.plain_bodies import apart_deg, changed, humanoid, parts, plain, still, with_turn, world

ARM = ("LeftArm", "LeftForeArm", "LeftHand")


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
