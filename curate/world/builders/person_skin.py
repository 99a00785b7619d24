"""Skins of people and what is built like them: limbs and trunk as tubes, a head, what they wear."""

from __future__ import annotations

from dataclasses import dataclass

from curate.world.builders.humanoid import FINGERS, Frame
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, WHITE, Colour
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import rod, tube
from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Girth:
    """Radii in shares of the height."""

    hips: float = 0.075
    waist: float = 0.062
    chest: float = 0.085
    depth: float = 0.72  # of the trunk: through over across
    neck: float = 0.034
    upper_arm: float = 0.031
    lower_arm: float = 0.025
    hand: float = 0.026
    thigh: float = 0.050
    knee: float = 0.036
    calf: float = 0.037
    ankle: float = 0.024
    foot: float = 0.030


@dataclass(frozen=True, slots=True)
class Dress:
    """Coats of the parts."""

    trunk: Coat
    shoulders: Coat  # what lies over the shoulder joints
    arms: Coat
    hands: Coat
    legs: Coat
    feet: Coat
    head: Coat
    neck: Coat


def body_patches(skeleton: Skeleton, frame: Frame, girth: Girth, dress: Dress) -> list[Patch]:
    """Trunk, neck, arms, hands, legs and feet; the head is another function."""
    h = frame.height
    trunk = ["hips", *(name for name in ("spine", "chest", "upper chest") if name in skeleton)]
    top = len(trunk)

    def round_(across: float, depth: float = girth.depth) -> tuple[float, float]:
        return across * h, across * depth * h

    patches = [
        tube(
            skeleton,
            trunk,
            [
                (-0.55, round_(0.6 * girth.hips)),
                (-0.1, round_(girth.hips)),
                (0.9, round_(girth.waist, girth.depth * 1.05)),
                (top - 0.9, round_(girth.chest)),
                (top - 0.35, round_(0.96 * girth.chest)),
                (top - 0.02, round_(0.50 * girth.chest)),
            ],
            dress.trunk,
            sides=14,
            round_ends=(0.7, 0.5),
        ),
        tube(skeleton, ["neck"], [(-0.3, girth.neck * 1.15 * h), (1.15, girth.neck * h)], dress.neck, sides=9),
    ]
    for side in ("left", "right"):
        for word in ("", "lower "):
            name = f"{side} {word}"
            if f"{name}upper arm" in skeleton:
                patches += _arm(skeleton, name, h, girth, dress)
        patches += _leg(skeleton, side, frame, girth, dress)
    return patches


def _arm(skeleton: Skeleton, name: str, h: float, girth: Girth, dress: Dress) -> list[Patch]:
    up, low = girth.upper_arm * h, girth.lower_arm * h
    joint = skeleton[f"{name}upper arm"]
    held = joint.parent or name
    inner = joint.head * (0.35, 1, 1) + vec(0, 0, 0.012 * h)
    # Its round end lies just within the arm's: an arm that hangs has no ball on its shoulder.
    outer = joint.head + (inner - joint.head) * 0.1
    patches = [
        rod(held, inner, outer, (1.4 * up, 1.22 * up), dress.shoulders, sides=9),
        tube(
            skeleton,
            [f"{name}upper arm", f"{name}lower arm"],
            [(-0.12, up * 1.12), (0.3, up * 1.05), (0.95, low * 1.08), (1.3, low * 1.1), (1.95, low * 0.74)],
            dress.arms,
            sides=9,
        ),
    ]
    hand = skeleton[f"{name}hand"]
    fingers = [finger for finger in FINGERS if f"{name}{finger} 1" in skeleton]
    size = girth.hand * h
    reach = 1.0 if len(fingers) > 1 else 1.25
    patches.append(
        tube(
            skeleton,
            [f"{name}hand"],
            [(-0.05, low * 0.72), (0.35, (size, 0.62 * size)), (reach, (0.85 * size, 0.5 * size))],
            dress.hands,
            wide=vec(0, 1, 0),
            sides=8,
        )
    )
    for finger in fingers:
        thin = (0.30 if finger != "thumb" else 0.34) * size
        bones = [f"{name}{finger} {joint}" for joint in (1, 2, 3)]
        patches.append(tube(skeleton, bones, [(-0.2, thin), (2.9, 0.8 * thin)], dress.hands, sides=6))
    if not fingers:
        out = hand.tail - hand.head
        root = hand.head + 0.25 * out + vec(0, -0.6 * size, 0)
        patches.append(
            rod(hand.name, root, root + 0.45 * out + vec(0, -0.5 * size, 0), (0.4 * size, 0.3 * size), dress.hands)
        )
    return patches


def _leg(skeleton: Skeleton, side: str, frame: Frame, girth: Girth, dress: Dress) -> list[Patch]:
    h = frame.height
    foot = skeleton[f"{side} foot"]
    sole = girth.foot * h
    patches = [
        tube(
            skeleton,
            [f"{side} upper leg", f"{side} lower leg"],
            [
                (-0.1, girth.thigh * h),
                (0.2, girth.thigh * 1.04 * h),
                (0.95, girth.knee * h),
                (1.3, girth.calf * h),
                (1.92, girth.ankle * h),
            ],
            dress.legs,
            sides=10,
        ),
        ball(
            foot.name,
            vec(foot.head[0], foot.head[1] + 0.1 * sole, 0.92 * sole),
            (0.95 * sole, 1.15 * sole, 0.92 * sole),
            dress.feet,
        ),
    ]
    bones = [f"{side} foot", *([f"{side} toes"] if f"{side} toes" in skeleton else [])]
    flat = min(0.62 * sole, float(foot.tail[2]) * 1.0)
    radii: list[tuple[float, float | tuple[float, float]]] = [
        (0.05, (0.9 * sole, 0.9 * sole)),
        (0.6, (1.05 * sole, 0.62 * sole)),
        (1.0, (1.12 * sole, flat)),
    ]
    if len(bones) > 1:
        radii.append((1.75, (0.8 * sole, 0.9 * flat)))
    else:
        tip = vec(foot.tail[0], foot.tail[1], flat)
        patches.append(ball(foot.name, tip, (1.12 * sole, 1.2 * sole, flat), dress.feet, rings=6))
    patches.append(tube(skeleton, bones, radii, dress.feet, sides=9))
    return patches


@dataclass(frozen=True, slots=True)
class Face:
    """A head's looks; sizes in shares of half its height."""

    skin: Coat
    hair: Colour | None
    eye: Colour
    eye_size: float = 0.13
    long_hair: bool = False


def head_patches(skeleton: Skeleton, frame: Frame, face: Face, *, wide: float = 0.8) -> list[Patch]:
    """A head with eyes, a nose, a mouth and hair."""
    centre, half = head_place(skeleton, frame)
    size = vec(wide * half, 0.88 * half, half)
    patches = [ball("head", centre, size, face.skin, rings=10)]
    for sign in (1.0, -1.0):
        spot = centre + vec(sign * 0.36, -0.80, 0.08) * size
        patches.append(ball("head", spot, face.eye_size * half, patterns.plain(WHITE, mottle=0), rings=5))
        look = spot + vec(sign * -0.01, -0.62 * face.eye_size, 0.0) * half
        patches.append(ball("head", look, 0.58 * face.eye_size * half, patterns.plain(face.eye, mottle=0), rings=4))
        ear = centre + vec(sign * 0.98, 0.05, -0.05) * size
        patches.append(ball("head", ear, (0.1 * half, 0.16 * half, 0.22 * half), face.skin, rings=5))
    nose = centre + vec(0, -0.95, -0.12) * size
    patches.append(ball("head", nose, (0.1 * half, 0.16 * half, 0.15 * half), face.skin, rings=4))
    mouth = centre + vec(0, -0.86, -0.46) * size
    patches.append(
        ball(
            "head",
            mouth,
            (0.26 * half, 0.06 * half, 0.05 * half),
            patterns.plain(BLACK.lighter(0.2), mottle=0),
            rings=4,
        )
    )
    if face.hair is not None:
        coat = patterns.plain(face.hair, mottle=0.1, size=0.02)
        patches.append(ball("head", centre + vec(0, 0.13 * half, 0.17 * half), size * (1.07, 1.0, 0.98), coat, rings=9))
        if face.long_hair:
            back = centre + vec(0, 0.45 * half, 0)
            patches.append(
                rod("head", back, back + vec(0, 0.15 * half, -1.35 * half), (0.62 * half, 0.42 * half), coat)
            )
    return patches


def head_place(skeleton: Skeleton, frame: Frame) -> tuple[Floats, float]:
    """Centre of the head and half its height."""
    half = 0.5 * frame.head * frame.height
    top = skeleton["head"].tail
    return top + vec(0, -0.1 * half, -half), half
