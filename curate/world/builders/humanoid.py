"""Bodies that stand upright on two legs: bones by proportions, and the slots that motions read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.world.body import Arm, Leg
from curate.world.rig.bones import Bone, Skeleton, chain, mirrored
from curate.world.rig.turns import about, vec
from rigmill.types import Floats

FINGERS = ("thumb", "index", "middle", "ring", "little")


@dataclass(frozen=True, slots=True)
class Frame:
    """Proportions. `height` in metres, all else in shares of it."""

    height: float = 1.75
    hips: float = 0.52  # height of the hip joints
    neck: float = 0.82  # height of the neck's foot
    head: float = 0.13  # of the head, chin to top
    shoulder: float = 0.105  # half the distance of the shoulder joints
    hip_width: float = 0.05  # likewise of the hip joints
    arm: float = 0.315  # shoulder to wrist
    hand: float = 0.055
    foot: float = 0.085  # ankle to ball
    ankle: float = 0.045
    drop_deg: float = 0.0  # of the arms at rest: 0 a T-pose
    spine: int = 2  # bones between hips and neck: 2 or 3
    fingers: int = 0  # a hand
    toes: bool = True
    collars: bool = True  # bones from the chest to the shoulders
    second_arms: float = 0.0  # how much lower a second pair of arms hangs; 0: there is none


def skeleton_of(frame: Frame, extra: tuple[Bone, ...] = ()) -> Skeleton:
    """The bones; `extra` ones hang where their parents say."""
    h = frame.height
    low, high = frame.hips * h + 0.02 * h, frame.neck * h
    trunk = ["spine", "chest", "upper chest"][: frame.spine]
    heights = low + (high - low) * np.array([0, 0.22, 0.55, 1.0] if frame.spine == 2 else [0, 0.2, 0.45, 0.7, 1.0])
    points = [vec(0, 0.01 * h * np.sin(n), z) for n, z in enumerate(heights)]
    bones = chain(None, ["hips", *trunk], points)
    top = trunk[-1]
    chin = 0.985 * h - frame.head * h
    bones += chain(
        top, ["neck", "head"], [points[-1], vec(0, -0.01 * h, max(chin, high + 0.02 * h)), vec(0, -0.01 * h, h)]
    )
    left: list[Bone] = []
    left += _arm(frame, top, "", high - 0.035 * h)
    if frame.second_arms:
        left += _arm(frame, trunk[0], "lower ", high - (0.035 + frame.second_arms) * h)
    x, ankle = frame.hip_width * h, frame.ankle * h
    hip = vec(x, 0, frame.hips * h)
    knee = vec(1.05 * x, -0.006 * h, ankle + 0.5 * (frame.hips * h - ankle))
    foot = vec(1.1 * x, 0.012 * h, ankle)
    ball = vec(1.25 * x, 0.012 * h - frame.foot * h, 0.012 * h)
    left += chain("hips", ["left upper leg", "left lower leg", "left foot"], [hip, knee, foot, ball])
    if frame.toes:
        left += chain("left foot", ["left toes"], [ball, ball + vec(0.0, -0.04 * h, 0)])
    return Skeleton(tuple([*bones, *left, *mirrored(left), *extra]))


def _arm(frame: Frame, parent: str, word: str, z: float) -> list[Bone]:
    h = frame.height
    joint = vec(frame.shoulder * h, 0.01 * h, z)
    drop = about("y", frame.drop_deg)
    out = drop @ vec(1, 0, 0)
    elbow, wrist = joint + 0.52 * frame.arm * h * out + vec(0, 0.004 * h, 0), joint + frame.arm * h * out
    names = [f"left {word}upper arm", f"left {word}lower arm", f"left {word}hand"]
    points = [joint, elbow, wrist, wrist + frame.hand * h * out]
    bones: list[Bone] = []
    if frame.collars:
        bones += chain(parent, [f"left {word}shoulder"], [vec(0.02 * h, 0.005 * h, z + 0.005 * h), joint])
        parent = f"left {word}shoulder"
    bones += chain(parent, names, points)
    for number, finger in enumerate(FINGERS[: frame.fingers]):
        bones += _finger(frame, names[-1], f"left {word}{finger}", number, points[2], out)
    return bones


def _finger(frame: Frame, hand: str, name: str, number: int, wrist: Floats, out: Floats) -> list[Bone]:
    h = frame.height
    spread = 0.012 * h * (number - 2.2)
    if number == 0:
        start, way = wrist + 0.25 * frame.hand * h * out + vec(0, -0.014 * h, 0), 0.6 * out + vec(0, -0.8, 0)
    else:
        start, way = wrist + frame.hand * h * out + vec(0, spread, 0), out
    points = [start + 0.017 * h * step * way for step in range(4)]
    return chain(hand, [f"{name} {joint}" for joint in (1, 2, 3)], points)


def legs_of(skeleton: Skeleton) -> tuple[Leg, ...]:
    """The two legs, stepping by turns."""
    found = []
    for side, phase in (("left", 0.0), ("right", 0.5)):
        toes = f"{side} toes" if f"{side} toes" in skeleton else None
        bones = tuple(f"{side} {part}" for part in ("upper leg", "lower leg", "foot"))
        found.append(Leg(bones, skeleton[bones[-1]].tail, side, phase=phase, run_phase=phase, toes=toes))
    return tuple(found)


def arms_of(skeleton: Skeleton) -> tuple[Arm, ...]:
    """All arms, the upper pair first, left before right."""
    found = []
    for pair, word in enumerate(("", "lower ")):
        for side in ("left", "right"):
            name = f"{side} {word}"
            if f"{name}upper arm" not in skeleton:
                continue
            fingers = [[f"{name}{finger} {joint}" for joint in (1, 2, 3)] for finger in FINGERS]
            found.append(
                Arm(
                    (f"{name}upper arm", f"{name}lower arm", f"{name}hand"),
                    side,
                    shoulder=f"{name}shoulder" if f"{name}shoulder" in skeleton else None,
                    fingers=tuple(tuple(bones) for bones in fingers if bones[0] in skeleton),
                    pair=pair,
                )
            )
    return tuple(found)


def spine_of(skeleton: Skeleton) -> tuple[str, ...]:
    """Hips excluded."""
    return tuple(name for name in ("spine", "chest", "upper chest") if name in skeleton)
