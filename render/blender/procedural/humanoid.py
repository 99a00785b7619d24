"""The humanoid skeleton with Mixamo's names, and humanoid motions written for a T-pose. Plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.blender.procedural.character import FPS, NUM_FRAMES, cycle, shifted, take
from render.blender.procedural.rig import (
    Bone,
    Skeleton,
    Take,
    about,
    chain,
    grounded,
    mirrored,
    point,
    with_rest_turned,
)
from rigmill.types import Floats

PREFIX = "mixamorig:"
FEET = tuple(f"{side}{part}" for side in ("Left", "Right") for part in ("Foot", "ToeBase"))


@dataclass(frozen=True, slots=True)
class Build:
    """Proportions. Lengths are shares of the height; the arms hang by `arm_drop_deg` below a T-pose."""

    height: float = 1.7
    hips: float = 0.47
    neck: float = 0.73
    arm: float = 0.30
    shoulder: float = 0.105
    hip_width: float = 0.062
    arm_drop_deg: float = 0.0


def humanoid(build: Build) -> Skeleton:
    """22 joints without prefix, facing -Y, soles on z = 0."""
    h = build.height
    hips, neck = build.hips * h, build.neck * h
    trunk = neck - hips
    spine = [
        point(0, 0.005 * h * bend, hips + share * trunk)
        for share, bend in ((0.0, 0), (0.22, 1), (0.48, 1), (0.74, 1), (1.0, 0))
    ]
    bones = chain(None, ["Hips", "Spine", "Spine1", "Spine2"], spine)
    bones += chain("Spine2", ["Neck", "Head"], [spine[-1], point(0, 0, neck + 0.045 * h), point(0, 0, h)])

    high = neck - 0.045 * h
    start, length = build.shoulder * h, build.arm * h
    arm = [point(0.025 * h, 0, high)] + [point(start + share * length, 0, high) for share in (0.0, 0.48, 0.93, 1.22)]
    pivot, fall = arm[1], about("y", build.arm_drop_deg)
    arm[2:] = [pivot + fall @ (joint - pivot) for joint in arm[2:]]
    left = chain("Spine2", ["LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand"], arm)

    x = build.hip_width * h
    leg = [
        point(x, 0, hips - 0.01 * h),
        point(x, -0.004 * h, 0.53 * hips),
        point(x, 0.01 * h, 0.05 * h),
        point(x, -0.055 * h, 0.022 * h),
        point(x, -0.105 * h, 0.022 * h),
    ]
    left += chain("Hips", ["LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase"], leg)
    return Skeleton(tuple(bones + left + mirrored(left)))


def with_prefix(skeleton: Skeleton, prefix: str = PREFIX) -> Skeleton:
    """The same skeleton, every bone's name with the prefix."""
    return Skeleton(
        tuple(
            Bone(prefix + bone.name, bone.parent and prefix + bone.parent, bone.head, bone.tail, bone.roll_rad)
            for bone in skeleton.bones
        )
    )


def _arms(drop: Floats, swing: Floats, flex: Floats, side: str) -> dict[str, Floats]:
    """One arm from a T-pose: down by `drop`, then forward by `swing`; the elbow bends forward by `flex`. Degrees."""
    sign = 1.0 if side == "Left" else -1.0
    return {f"{side}Arm": about("x", -swing) @ about("y", sign * drop), f"{side}ForeArm": about("z", -sign * flex)}


def _leg(
    forward_deg: Floats, knee_deg: Floats, side: str, *, level: float, spread: Floats | float = 0.0
) -> dict[str, Floats]:
    """One leg: thigh forward and outward, knee back, and the ankle making up for `level` of the tilt. Degrees."""
    sign = 1.0 if side == "Left" else -1.0
    outward = about("y", -sign * np.broadcast_to(spread, forward_deg.shape))
    return {
        f"{side}UpLeg": outward @ about("x", -forward_deg),
        f"{side}Leg": about("x", knee_deg),
        f"{side}Foot": about("x", level * (forward_deg - knee_deg)) @ outward.transpose(0, 2, 1),
    }


def walk(phase0: float, *, num_frames: int = NUM_FRAMES, fps: int = FPS, num_cycles: int = 2) -> Take:
    """Walking on the spot, `num_cycles` double steps in the loop; starts at `phase0` radians."""
    phase = cycle(num_cycles, num_frames) + phase0
    turns: dict[str, Floats] = {}
    for side, shift in (("Left", 0.0), ("Right", np.pi)):
        step = phase + shift
        turns |= _leg(4 + 30 * np.sin(step), 27 + 25 * np.cos(step - 0.35), side, level=0.7)
        turns |= _arms(0 * step + 72, -26 * np.sin(step), 28 - 14 * np.sin(step), side)
    turns["Hips"] = about("z", 7 * np.sin(phase)) @ about("y", 2.5 * np.cos(phase))
    turns["Spine"] = about("z", -6 * np.sin(phase)) @ about("x", 3 + 0 * phase)
    turns["Spine2"] = about("z", -7 * np.sin(phase))
    turns["Head"] = about("z", 6 * np.sin(phase)) @ about("x", 2 * np.cos(2 * phase))
    return take("walk", turns, fps=fps)


def wave(phase0: float, *, num_frames: int = NUM_FRAMES, fps: int = FPS) -> Take:
    """Standing and waving the right hand four times in the loop; starts at `phase0` radians."""
    beat, sway = cycle(4, num_frames) + phase0, cycle(1, num_frames) + phase0
    turns = _arms(74 + 3 * np.sin(sway), 4 * np.sin(sway), 18 + 6 * np.sin(sway), "Left")
    turns["RightArm"] = about("y", 22 + 8 * np.sin(beat - 0.6)) @ about("z", 18 + 0 * beat)
    turns["RightForeArm"] = about("y", 54 + 28 * np.sin(beat)) @ about("z", 8 + 0 * beat)
    turns["RightHand"] = about("y", 14 * np.sin(beat - 0.7))
    turns["Spine"] = about("y", 4 * np.sin(sway))
    turns["Spine1"] = about("y", -4 + 3 * np.sin(sway))
    turns["Head"] = about("y", 7 + 4 * np.sin(sway)) @ about("z", -8 + 5 * np.sin(sway))
    for side in ("Left", "Right"):
        turns |= _leg(7 + 5 * np.sin(sway), 14 + 10 * np.sin(sway), side, level=1.0, spread=3.0)
    return take("wave", turns, {"Hips": shifted(0 * sway, x=0.025 * np.sin(sway))}, fps=fps)


def jumping_jacks(phase0: float, *, num_frames: int, fps: int) -> Take:
    """Two jumping jacks in the loop; starts at `phase0` radians."""
    phase = cycle(2, num_frames) + phase0
    out = 0.5 - 0.5 * np.cos(phase)
    hop = 0.5 - 0.5 * np.cos(2 * phase)
    turns: dict[str, Floats] = {}
    for side in ("Left", "Right"):
        turns |= _arms(76 - 142 * out, 6 * out, 14 + 10 * hop, side)
        turns |= _leg(12 - 8 * hop, 24 - 18 * hop, side, level=1.0, spread=2 + 24 * out)
    turns["Spine"] = about("x", 4 - 4 * hop)
    return take("jumping jacks", turns, {"Hips": shifted(0.09 * hop)}, fps=fps)


def boxing(phase0: float, *, num_frames: int, fps: int) -> Take:
    """Left and right punches by turns, two of each in the loop; starts at `phase0` radians."""
    phase = cycle(2, num_frames) + phase0
    turns: dict[str, Floats] = {}
    for side, shift, lead in (("Left", 0.0, 1.0), ("Right", np.pi, -1.0)):
        punch = (0.5 + 0.5 * np.cos(phase + shift)) ** 2
        turns |= _arms(66 - 10 * punch, 22 + 62 * punch, 128 - 112 * punch, side)
        turns |= _leg(14 + 10 * lead + 4 * np.sin(2 * phase), 26 + 8 * np.sin(2 * phase), side, level=1.0, spread=9.0)
    turns["Hips"] = about("z", -12 * np.cos(phase))
    turns["Spine"] = about("x", 8 + 0 * phase) @ about("z", -10 * np.cos(phase))
    turns["Spine2"] = about("z", -12 * np.cos(phase))
    turns["Head"] = about("z", 26 * np.cos(phase))
    return take("boxing", turns, {"Hips": shifted(0 * phase, y=-0.04 * np.cos(phase) ** 2)}, fps=fps)


def bow(phase0: float, *, num_frames: int, fps: int) -> Take:
    """One bow in the loop; `phase0` radians move its deepest point a little."""
    deep = 0.5 - 0.5 * np.cos(cycle(1, num_frames) + 0.2 * phase0)
    turns: dict[str, Floats] = {}
    for side in ("Left", "Right"):
        turns |= _arms(74 - 6 * deep, 24 * deep, 14 + 22 * deep, side)
        turns |= _leg(4 + 26 * deep, 6 + 14 * deep, side, level=1.0, spread=3.0)
    turns["Hips"] = about("x", 0 * deep)
    for bone, share in (("Spine", 24.0), ("Spine1", 22.0), ("Spine2", 18.0), ("Head", 14.0)):
        turns[bone] = about("x", share * deep)
    return take("bow", turns, {"Hips": shifted(0 * deep, y=0.10 * deep)}, fps=fps)


def fitted(made: Take, build: Build) -> Take:
    """The T-pose take for this build: arms' rest taken out, feet put on the floor."""
    skeleton = humanoid(build)
    down = about("y", build.arm_drop_deg)
    fitted_take = with_rest_turned(made, skeleton, {"LeftArm": down, "RightArm": down.T})
    return grounded(skeleton, fitted_take, FEET)
