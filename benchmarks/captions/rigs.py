"""Rigs whose parts are known because they were made here: people, animals, birds and things in all manner of names.

Nothing of `rigmill.facts` is used: what these rigs and their motions are is written down, not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from rigmill.types import Rig

FRONT, LEFT, UP = np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Made:
    """A rig and what it is. Joints are known by roles ('leftThigh'); `yaw_deg` turns the whole from facing -Y."""

    name: str
    kind: str
    rig: Rig
    roles: Mapping[str, int]
    yaw_deg: float
    height: float  # from the lowest to the highest joint; of birds and things the longest side
    limbs: Mapping[str, Sequence[str]]  # what a caption calls it -> roles from the top down
    humanoid: Mapping[str, str] = field(default_factory=dict)
    front_known: bool = True

    @property
    def turn(self) -> Rotation:
        return Rotation.from_euler("z", self.yaw_deg, degrees=True)


Spec = Sequence[tuple[str, str | None, tuple[float, float, float]]]  # role, parent's role, place facing -Y


def made(
    name: str,
    kind: str,
    spec: Spec,
    *,
    names: Mapping[str, str] | None,
    limbs: Mapping[str, Sequence[str]],
    yaw_deg: float = 0.0,
    scale: float = 1.0,
    tall: bool = True,
    declared: bool = False,
    front_known: bool = True,
) -> Made:
    """A rig of a specification; without `names` its joints are Bone.000 and so on."""
    order = [role for role, _, _ in spec]
    places = np.array([place for _, _, place in spec]) * scale
    shown = [f"Bone.{number:03d}" if names is None else names.get(role, role) for number, role in enumerate(order)]
    parents = np.array([-1 if above is None else order.index(above) for _, above, _ in spec], dtype=np.int32)
    turned = Rotation.from_euler("z", yaw_deg, degrees=True).apply(places)
    sides = np.ptp(places, axis=0)
    return Made(
        name,
        kind,
        Rig(tuple(shown), parents, turned),
        {role: number for number, role in enumerate(order)},
        yaw_deg,
        float(sides[2] if tall else sides.max()),
        limbs,
        {role: shown[number] for number, role in enumerate(order)} if declared else {},
        front_known,
    )


def _person(*, leg: float, trunk: float, arm: float, hips: float, drop_deg: float) -> Spec:
    """A person in VRM's words. Lengths in metres; arms hang `drop_deg` under a T."""
    ankle, top = 0.08, 0.08 + leg
    spec: list[tuple[str, str | None, tuple[float, float, float]]] = [
        ("hips", None, (0, 0, top + 0.05)),
        ("spine", "hips", (0, 0.01, top + 0.05 + 0.2 * trunk)),
        ("chest", "spine", (0, 0.02, top + 0.05 + 0.55 * trunk)),
        ("neck", "chest", (0, 0.01, top + 0.05 + trunk)),
        ("head", "neck", (0, 0, top + 0.05 + trunk + 0.1)),
    ]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        drop = np.radians(drop_deg)
        shoulder = np.array([sign * 0.16, 0.01, top + trunk])
        way = np.array([sign * np.cos(drop), 0, -np.sin(drop)])
        elbow, wrist, hand = (shoulder + length * way for length in (0.5 * arm, arm, 1.15 * arm))
        spec += [
            (f"{side}Shoulder", "chest", (sign * 0.04, 0.01, top + trunk)),
            (f"{side}UpperArm", f"{side}Shoulder", tuple(shoulder)),
            (f"{side}LowerArm", f"{side}UpperArm", tuple(elbow)),
            (f"{side}Hand", f"{side}LowerArm", tuple(wrist)),
            (f"{side}MiddleProximal", f"{side}Hand", tuple(hand)),
            (f"{side}UpperLeg", "hips", (sign * hips, 0, top)),
            (f"{side}LowerLeg", f"{side}UpperLeg", (sign * hips, -0.012, ankle + 0.5 * leg)),
            (f"{side}Foot", f"{side}LowerLeg", (sign * hips, 0.01, ankle)),
            (f"{side}Toes", f"{side}Foot", (sign * hips, -0.13, 0.01)),
        ]
    return spec


_MIXAMO = {
    "hips": "Hips",
    "spine": "Spine",
    "chest": "Spine1",
    "neck": "Neck",
    "head": "Head",
    **{
        f"{side}{part}": f"{side.capitalize()}{name}"
        for side in ("left", "right")
        for part, name in (
            ("Shoulder", "Shoulder"),
            ("UpperArm", "Arm"),
            ("LowerArm", "ForeArm"),
            ("Hand", "Hand"),
            ("MiddleProximal", "HandMiddle1"),
            ("UpperLeg", "UpLeg"),
            ("LowerLeg", "Leg"),
            ("Foot", "Foot"),
            ("Toes", "ToeBase"),
        )
    },
}
_PEOPLE_LIMBS = {
    "left arm": ("leftUpperArm", "leftLowerArm", "leftHand"),
    "right arm": ("rightUpperArm", "rightLowerArm", "rightHand"),
    "left leg": ("leftUpperLeg", "leftLowerLeg", "leftFoot"),
    "right leg": ("rightUpperLeg", "rightLowerLeg", "rightFoot"),
    "head": ("neck", "head"),
}
_LEGS = ("leftFront", "rightFront", "leftHind", "rightHind")


def _beast(*, leg: float, length: float, neck: tuple[float, float], tail: float) -> Spec:
    """A four-legged animal; `neck` is how far the head is ahead of and above the chest."""
    half, width = 0.5 * length, 0.28 * leg
    spec: list[tuple[str, str | None, tuple[float, float, float]]] = [
        ("hips", None, (0, half, leg * 1.08)),
        ("spine", "hips", (0, 0, leg * 1.12)),
        ("chest", "spine", (0, -half, leg * 1.1)),
        ("neck", "chest", (0, -half - 0.4 * neck[0], leg * 1.1 + 0.5 * neck[1])),
        ("head", "neck", (0, -half - 0.8 * neck[0], leg * 1.1 + neck[1])),
        ("snout", "head", (0, -half - 1.1 * neck[0], leg * 1.06 + neck[1])),
        ("tail1", "hips", (0, half + 0.1 * tail, leg * 1.08)),
        ("tail2", "tail1", (0, half + 0.5 * tail, leg * 1.0)),
        ("tail3", "tail2", (0, half + tail, leg * 0.9)),
    ]
    for name in _LEGS:
        sign = 1.0 if name.startswith("left") else -1.0
        front = name.endswith("Front")
        y, bend = (-half if front else half), (0.03 if front else -0.03) * leg
        spec += [
            (f"{name}Thigh", "chest" if front else "hips", (sign * width, y, leg)),
            (f"{name}Shin", f"{name}Thigh", (sign * width, y + bend, 0.5 * leg)),
            (f"{name}Foot", f"{name}Shin", (sign * width, y, 0.02 * leg)),
        ]
    return spec


_BEAST_NAMES = {
    "hips": "Pelvis",
    "chest": "Chest",
    "spine": "Spine",
    "neck": "Neck",
    "head": "Head",
    "snout": "Jaw_end",
    "tail1": "Tail.001",
    "tail2": "Tail.002",
    "tail3": "Tail.003",
    **{
        f"{side}{end}{part}": f"{word}{'Front' if end == 'Front' else 'Back'}.{side[0].upper()}"
        for side in ("left", "right")
        for end in ("Front", "Hind")
        for part, word in (("Thigh", "UpperLeg"), ("Shin", "LowerLeg"), ("Foot", "Foot"))
    },
}
_BEAST_LIMBS = {
    **{
        f"{side} {end} leg": tuple(f"{side}{end.capitalize()}{part}" for part in ("Thigh", "Shin", "Foot"))
        for side in ("left", "right")
        for end in ("front", "hind")
    },
    "tail": ("tail1", "tail2", "tail3"),
    "head": ("neck", "head"),
}


def _bird(*, span: float, length: float, sweep: float) -> Spec:
    spec: list[tuple[str, str | None, tuple[float, float, float]]] = [
        ("body", None, (0, 0, 0.4)),
        ("neck", "body", (0, -0.3 * length, 0.46)),
        ("head", "neck", (0, -0.5 * length, 0.56)),
        ("tail1", "body", (0, 0.3 * length, 0.4)),
        ("tail2", "tail1", (0, 0.6 * length, 0.38)),
    ]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        spec += [
            (f"{side}Wing1", "body", (sign * 0.06, -0.1 * length, 0.45)),
            (f"{side}Wing2", f"{side}Wing1", (sign * 0.25 * span, -0.1 * length + 0.4 * sweep, 0.46)),
            (f"{side}Wing3", f"{side}Wing2", (sign * 0.5 * span, -0.1 * length + sweep, 0.45)),
            (f"{side}Leg", "body", (sign * 0.05, 0.08 * length, 0.34)),
            (f"{side}Claw", f"{side}Leg", (sign * 0.05, 0.1 * length, 0.2)),
        ]
    return spec


_BIRD_NAMES = {
    "body": "Root",
    "neck": "Neck",
    "head": "Head",
    "tail1": "Tail1",
    "tail2": "Tail2",
    **{f"{side}Wing{n}": f"wing_{n}.{side[0].upper()}" for side in ("left", "right") for n in (1, 2, 3)},
    **{
        f"{side}{part}": f"{word}.{side[0].upper()}"
        for side in ("left", "right")
        for part, word in (("Leg", "leg"), ("Claw", "foot"))
    },
}
_BIRD_LIMBS = {
    "left wing": ("leftWing1", "leftWing2", "leftWing3"),
    "right wing": ("rightWing1", "rightWing2", "rightWing3"),
    "tail": ("tail1", "tail2"),
    "head": ("neck", "head"),
}
_CABINET: Spec = [
    ("root", None, (0, 0, 0)),
    ("door", "root", (0.45, -0.25, 0.5)),
    ("knob", "door", (-0.35, -0.27, 0.5)),
    ("drawer", "root", (0, -0.2, 0.85)),
    ("grip", "drawer", (0, -0.28, 0.85)),
]
_CUPBOARD: Spec = [
    ("root", None, (0, 0, 0)),
    ("doorA", "root", (0.6, -0.3, 0.9)),
    ("doorB", "root", (-0.6, -0.3, 0.9)),
    ("drawer", "root", (0, -0.2, 0.3)),
]
_MACHINE: Spec = [
    ("root", None, (0, 0, 0)),
    ("wheel", "root", (0.5, 0, 0.4)),
    ("lever", "root", (-0.3, -0.4, 0.8)),
    ("lid", "root", (0, 0.4, 1.1)),
]


def rigs() -> list[Made]:
    """The benchmark's rigs."""
    tall = _person(leg=0.88, trunk=0.52, arm=0.56, hips=0.1, drop_deg=0)
    small = _person(leg=0.36, trunk=0.44, arm=0.34, hips=0.09, drop_deg=25)
    stout = _person(leg=0.62, trunk=0.6, arm=0.55, hips=0.16, drop_deg=50)
    people = {"kind": "humanoid", "limbs": _PEOPLE_LIMBS}
    beasts = {"kind": "quadruped", "limbs": _BEAST_LIMBS}
    birds = {"kind": "winged", "limbs": _BIRD_LIMBS, "tall": False}
    things = {"kind": "articulated", "tall": False, "front_known": False}
    vrm = {role: f"J_Bip_{role}" for role, _, _ in small}
    mixamo = {role: f"mixamorig:{name}" for role, name in _MIXAMO.items()}
    dog = _beast(leg=0.5, length=0.7, neck=(0.25, 0.2), tail=0.4)
    giraffe = _beast(leg=1.8, length=1.6, neck=(0.9, 1.9), tail=0.9)
    return [
        made("mixamo", spec=tall, names=mixamo, **people),
        made("vrm", spec=small, names=vrm, yaw_deg=90, scale=0.6, declared=True, **people),
        made("unnamed person", spec=stout, names=None, yaw_deg=37, scale=100, **people),
        made("dog", spec=dog, names=_BEAST_NAMES, **beasts),
        made("unnamed giraffe", spec=giraffe, names=None, yaw_deg=-120, **beasts),
        made("bat", spec=_bird(span=1.6, length=0.7, sweep=0.02), names=_BIRD_NAMES, yaw_deg=180, **birds),
        made("unnamed bird", spec=_bird(span=1.3, length=1.0, sweep=0.15), names=None, yaw_deg=65, **birds),
        made(
            "cabinet",
            spec=_CABINET,
            names={"root": "Cabinet", "door": "Door", "knob": "DoorKnob", "drawer": "Drawer", "grip": "DrawerGrip"},
            **things | {"limbs": {"door": ("door",), "drawer": ("drawer",)}},
        ),
        made(
            "cupboard",
            spec=_CUPBOARD,
            names={"root": "RootNode", "doorA": "door_left", "doorB": "door_right", "drawer": "drawer.001"},
            yaw_deg=25,
            scale=80,
            **things | {"limbs": {"left door": ("doorA",), "right door": ("doorB",), "drawer": ("drawer",)}},
        ),
        made(
            "machine",
            spec=_MACHINE,
            names={"root": "Armature", "wheel": "Wheel", "lever": "Lever_02", "lid": "TopLid"},
            yaw_deg=-70,
            **things | {"limbs": {"wheel": ("wheel",), "lever": ("lever",), "lid": ("lid",)}},
        ),
    ]
