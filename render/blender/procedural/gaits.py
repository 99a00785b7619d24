"""What a four-legged animal does: a trot, and a look around."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.blender.procedural.character import NUM_FRAMES, cycle, shifted, take
from render.blender.procedural.rig import Take, about
from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Breed:
    """Proportions in metres."""

    kind: str
    leg: float  # height of the shoulder joints
    length: float  # hips to chest
    girth: float  # radius of the trunk
    neck: float
    neck_rise_deg: float
    head: float
    limb: float  # radius of an upper leg


def trot(breed: Breed, phase0: float) -> Take:
    """A trot, diagonal legs together: three strides in the loop for a dog, else two; starts at `phase0` radians."""
    phase = cycle(3 if breed.kind == "dog" else 2) + phase0
    turns: dict[str, Floats] = {}
    # Diagonal legs step together.
    for leg, shift in (("LeftFront", 0.0), ("RightHind", 0.0), ("RightFront", np.pi), ("LeftHind", np.pi)):
        step, front = phase + shift, leg.endswith("Front")
        lift = 0.5 + 0.5 * np.cos(step - 0.3)
        thigh = 28 * np.sin(step) + (4 if front else 2)
        bend = (52 if front else 36) * lift
        turns[f"{leg}Thigh"] = about("x", -thigh - (0.35 * bend if front else 0.15 * bend))
        turns[f"{leg}Shin"] = about("x", bend)
        turns[f"{leg}Paw"] = about("x", 0.8 * thigh - 0.4 * bend + 40 * lift * (1 if front else 0.6))
    turns["Spine"] = about("x", 3 * np.sin(2 * phase)) @ about("z", 4 * np.sin(phase))
    turns["Chest"] = about("x", -2 * np.sin(2 * phase)) @ about("z", -4 * np.sin(phase))
    turns["Neck"] = about("x", 6 * np.sin(2 * phase + 0.8))
    turns["Head"] = about("x", -5 * np.sin(2 * phase + 0.4))
    for number, bone in enumerate(("Tail1", "Tail2", "Tail3")):
        turns[bone] = about("z", 16 * np.sin(phase - 0.7 * number)) @ about("x", 6 * np.sin(2 * phase - 0.7 * number))
    return take("trot", turns, {"Hips": shifted(0.035 * breed.leg * (1 + np.cos(2 * phase)))})


def look_around(phase0: float) -> Take:
    """Standing: the head turns from side to side once in the loop, the tail wags; starts at `phase0` radians."""
    phase, wag = cycle(1) + phase0, cycle(4) + phase0
    still = np.zeros(NUM_FRAMES)
    turns = {
        "Neck": about("z", 30 * np.sin(phase)) @ about("x", -6 + 8 * np.cos(2 * phase)),
        "Head": about("z", 34 * np.sin(phase - 0.25))
        @ about("y", 9 * np.sin(phase + 0.5))
        @ about("x", 6 * np.cos(2 * phase)),
        "Chest": about("z", 6 * np.sin(phase)),
        "Spine": about("y", 2.5 * np.sin(phase)),
    }
    for number, bone in enumerate(("Tail1", "Tail2", "Tail3")):
        turns[bone] = about("z", 24 * np.sin(wag - 0.6 * number))
    sink = 0.5 + 0.5 * np.cos(phase)
    for side in ("Left", "Right"):
        turns[f"{side}FrontThigh"] = about("x", -14 * sink)
        turns[f"{side}FrontShin"] = about("x", 30 * sink)
        turns[f"{side}FrontPaw"] = about("x", -16 * sink)
        turns[f"{side}HindThigh"] = about("x", -10 * sink)
        turns[f"{side}HindShin"] = about("x", 20 * sink)
        turns[f"{side}HindPaw"] = about("x", -10 * sink)
    return take("look around", turns, {"Hips": shifted(still)})
