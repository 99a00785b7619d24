"""Bodies of other proportions that walk and crouch by plan, and how far their feet slide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from curate.feet.footing import Footing, keep_feet
from curate.retarget.transfer import retarget
from rigmill.humanoid.body import Body, as_body
from rigmill.humanoid.names import humanoid_joints
from rigmill.types import Bools, Floats, Motion, Rig
from tests.support.curation import body, scipy_positions

SIDES = ("left", "right")


STANCE = 0.6  # of a stride


STRIDE_S = 1.1


def as_whole(rig: Rig, *without: str) -> Body:
    return as_body(rig, {name: joint for name, joint in humanoid_joints(rig.names).items() if name not in without})


def shaped(
    *,
    thigh: float = 1.0,
    shin: float = 1.0,
    foot: float = 1.0,
    width: float = 1.0,
    trunk: float = 0.0,
    yaw_deg: float = 0.0,
) -> Rig:
    """`body()` with longer or shorter parts of its legs, standing on the ground; `trunk` lifts hips over thighs."""
    rig = body(yaw_deg=0)
    joints, names = rig.rest_joints.copy(), [name.split(":")[1] for name in rig.names]
    for side in ("Left", "Right"):
        upper, knee, ankle, ball = (names.index(side + part) for part in ("UpLeg", "Leg", "Foot", "ToeBase"))
        bones = [thigh, shin, foot] * np.diff(joints[[upper, knee, ankle, ball]], axis=0).T
        joints[upper, 0] *= width
        joints[[knee, ankle, ball]] = joints[upper] + np.cumsum(bones.T, axis=0)
    joints[[not name.endswith(("Leg", "Foot", "ToeBase")) for name in names], 2] += trunk
    joints[:, 2] -= joints[names.index("LeftToeBase"), 2]
    turn = Rotation.from_euler("z", yaw_deg, degrees=True)
    return replace(rig, rest_joints=turn.apply(joints))


def planned(rig: Rig, *, hips: Floats, balls: Floats, roll: Floats, fps: float) -> Motion:
    """The motion of a rig that faces -Y with its hips displaced by (T, 3) and its balls at (2, T, 2) in y and z.

    Feet are rolled up over their balls by (2, T) radians, and legs bent in their planes, knees to the front.
    """
    joints = humanoid_joints(rig.names)
    rotations = np.tile([1.0, 0, 0, 0], (len(hips), rig.num_joints, 1))
    translations = np.zeros((len(hips), rig.num_joints, 3))
    translations[:, joints["hips"]] = hips
    for side, ball_at, rolled in zip(SIDES, balls, roll):
        upper, knee, ankle, ball = (joints[side + part] for part in ("UpperLeg", "LowerLeg", "Foot", "Toes"))
        thigh, shin, sole = np.diff(rig.rest_joints[[upper, knee, ankle, ball], 1:], axis=0)
        reach = ball_at - about_x(sole, rolled) - rig.rest_joints[upper, 1:] - hips[:, 1:]
        far, first, second = np.linalg.norm(reach, axis=-1), np.linalg.norm(thigh), np.linalg.norm(shin)
        assert far.max() < first + second, "the plan is too wide for the leg"
        bent = np.arccos((first**2 + far**2 - second**2) / (2 * first * far))
        thigh_turn = np.arctan2(reach[:, 0], -reach[:, 1]) - bent - np.arctan2(thigh[0], -thigh[1])
        below = reach - about_x(thigh, thigh_turn)
        shin_turn = np.arctan2(below[:, 0], -below[:, 1]) - np.arctan2(shin[0], -shin[1])
        for joint, turn in ((upper, thigh_turn), (knee, shin_turn - thigh_turn), (ankle, rolled - shin_turn)):
            rotations[:, joint] = Rotation.from_rotvec(turn[:, None] * [1.0, 0, 0]).as_quat(scalar_first=True)
    return Motion(rotations=rotations, translations=translations, fps=fps)


def walk(rig: Rig, *, fps: float = 30.0, in_place: bool = False) -> tuple[Motion, Bools]:
    """A walk of three seconds, and when each ball is on the ground by construction, (2, T)."""
    time, speed = np.arange(round(3 * fps) + 1) / fps, 0.8
    rest = rig.rest_joints[[humanoid_joints(rig.names)[f"{side}Toes"] for side in SIDES]]
    late = np.array([[0.0], [0.5]])  # of a stride: the right foot
    beat, phase = np.divmod(time / STRIDE_S + late, 1.0)
    swing = np.clip((phase - STANCE) / (1 - STANCE), 0, 1)
    swing = swing**3 * (10 - 15 * swing + 6 * swing**2)
    place = rest[:, 1:2] - speed * STRIDE_S * (beat - late + swing + 0.5 * STANCE)
    height = rest[:, 2:3] + 0.12 * np.sin(np.pi * swing) ** 2
    roll = np.radians(35) * np.clip((phase - 0.35) / (STANCE - 0.35), 0, 1) ** 2 * (1 - swing)
    hips = np.stack([0 * time, -speed * time, 0 * time - 0.06], axis=-1)
    motion = planned(rig, hips=hips, balls=np.stack([place, height], axis=-1), roll=roll, fps=fps)
    if in_place:
        motion.translations[:, humanoid_joints(rig.names)["hips"], 1] = 0.0
    return motion, phase <= STANCE


def crouch(rig: Rig, *, depth: float) -> Motion:
    """Two seconds in which the hips go down by `depth` and up again, over feet that stand."""
    time = np.arange(61) / 30
    hips = (0.02 + depth * 0.5 * (1 - np.cos(np.pi * time)))[:, None] * [0.0, 0.0, -1.0]
    rest = rig.rest_joints[[humanoid_joints(rig.names)[f"{side}Toes"] for side in SIDES], 1:]
    return planned(rig, hips=hips, balls=np.repeat(rest[:, None], 61, axis=1), roll=np.zeros((2, 61)), fps=30.0)


def leg_turns_deg(rig: Rig, first: Floats, second: Floats) -> Floats:
    """Angles between the thighs and shins of joint places (T, J, 3), (4, T)."""
    joints, found = humanoid_joints(rig.names), []
    for side in SIDES:
        for start, end in (("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot")):
            bones = [places[:, joints[side + end]] - places[:, joints[side + start]] for places in (first, second)]
            cosine = np.sum(bones[0] * bones[1], axis=-1) / np.prod(np.linalg.norm(bones, axis=-1), axis=0)
            found.append(np.degrees(np.arccos(np.minimum(cosine, 1.0))))
    return np.array(found)


def about_x(vector: Floats, angle: Floats) -> Floats:
    """(y, z) turned about X, (T, 2)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([vector[0] * cosine - vector[1] * sine, vector[0] * sine + vector[1] * cosine], axis=-1)


def slides_pct(rig: Rig, motion: Motion, grounded: Bools) -> Floats:
    """How far the balls move on the ground from frame to frame while they stand by construction, in % of the leg."""
    joints, places = humanoid_joints(rig.names), scipy_positions(rig, motion)
    found = []
    for side, on in zip(SIDES, grounded):
        hip, knee, ankle = (rig.rest_joints[joints[side + part]] for part in ("UpperLeg", "LowerLeg", "Foot"))
        leg = np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee)
        step = np.linalg.norm(np.diff(places[:, joints[f"{side}Toes"], :2], axis=0), axis=-1)
        found.append(100 * step[on[1:] & on[:-1]] / leg)
    return np.concatenate(found)


def largest_turn(first: Motion, second: Motion) -> float:
    turns = [Rotation.from_quat(each.rotations.reshape(-1, 4), scalar_first=True) for each in (first, second)]
    return float((turns[0].inv() * turns[1]).magnitude().max())


def kept(motion: Motion, source: Body, target: Body) -> tuple[Motion, Motion, Footing]:
    """The motion on the target as retargeted, with its feet kept, and how well."""
    plain = retarget(motion, source=source, target=target)
    return plain, *keep_feet(plain, source_motion=motion, source=source, target=target)


PROPORTIONS = [
    {"thigh": 1.2, "shin": 0.8},
    {"thigh": 0.8, "shin": 1.2},
    {"width": 1.6},
    {"foot": 1.5},
    {"foot": 0.6},
    {"trunk": 0.15},
    {"thigh": 0.8, "shin": 0.8},
    {"thigh": 1.15, "shin": 1.15, "trunk": -0.02},
]


def with_twist(rig: Rig) -> Rig:
    """The rig with a joint half-way down each thigh and each shin, in the chain."""
    names, parents, places = list(rig.names), list(rig.parents), list(rig.rest_joints)
    joints = humanoid_joints(rig.names)
    for side in SIDES:
        for lower in (f"{side}LowerLeg", f"{side}Foot"):
            below = names.index(rig.names[joints[lower]])
            above = parents[below]
            names.insert(below, f"{rig.names[joints[lower]]}Twist")
            places.insert(below, 0.5 * (places[above] + places[below]))
            parents = [parent + (parent >= below) for parent in parents]
            parents.insert(below, above)
            parents[below + 1] = below
    return Rig(names=tuple(names), parents=np.array(parents, dtype=np.int32), rest_joints=np.array(places))
