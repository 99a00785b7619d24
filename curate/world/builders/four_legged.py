"""Animals on four legs: bones by proportions, a skin of tubes, and the slots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.world.body import Leg
from curate.world.rig.bones import Bone, Skeleton, chain, mirrored, numbered
from curate.world.rig.turns import about, vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball
from curate.world.shapes.tube import tube
from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Breed:
    """Proportions, metres and degrees. `leg` is the height of the shoulder joints above the ground."""

    leg: float = 0.42
    length: float = 0.55  # hips to shoulders
    girth: float = 0.115  # radius of the chest, up
    slim: float = 0.82  # across over up
    waist: float = 0.82  # of the girth
    neck: float = 0.19
    neck_rise_deg: float = 52.0
    neck_bones: int = 1
    neck_girth: float = 0.62  # of the girth, at its foot
    head: float = 0.20  # length of the head
    head_dip_deg: float = 17.5  # how far the nose is below the poll, seen from the poll
    limb: float = 0.042  # radius of the lower legs' upper end
    thigh: float = 0.075  # radius of the haunch
    paw: float = 0.036  # radius of a foot
    tail: float = 0.3
    tail_bones: int = 4
    tail_rise_deg: float = 35.0
    tail_girth: float = 0.026
    spine_bones: int = 2
    bend: float = 1.0  # of the legs' joints at rest: 0 stands on columns
    hock: bool = True  # hind legs have a bone more, as dogs, cats and horses have
    gallop: bool = True
    ears: bool = True
    ear: float = 1.0  # of the usual length of ears


def skeleton_of(breed: Breed, extra: tuple[Bone, ...] = ()) -> Skeleton:
    """The bones; the root is at the hips."""
    leg, half = breed.leg, breed.length / 2
    back = leg + 0.55 * breed.girth
    count = breed.spine_bones + 1
    names = ["hips", *numbered("spine", breed.spine_bones - 1), "chest"] if breed.spine_bones > 1 else ["hips", "chest"]
    count = len(names)
    line = [vec(0, half - 2 * half * n / count, back + 0.02 * np.sin(np.pi * n / count)) for n in range(count + 1)]
    bones = chain(None, names, line)
    rise = np.deg2rad(breed.neck_rise_deg)
    throat = vec(0, -half - 0.35 * breed.girth, back + 0.15 * breed.girth)
    way = vec(0, -np.cos(rise), np.sin(rise))
    neck = ["neck"] if breed.neck_bones == 1 else numbered("neck", breed.neck_bones)
    necks = [throat + breed.neck * n / len(neck) * way for n in range(len(neck) + 1)]
    bones += chain("chest", neck, necks)
    poll = necks[-1]
    dip = about("x", breed.head_dip_deg - 17.5)
    nose = poll + breed.head * dip @ vec(0, -0.95, -0.30)
    bones += chain(neck[-1], ["head"], [poll, nose])
    jaw = poll + breed.head * dip @ vec(0, -0.28, -0.24)
    bones += chain("head", ["jaw"], [jaw, nose + breed.head * dip @ vec(0, 0.04, -0.12)])
    if breed.tail_bones:
        fall = np.deg2rad(breed.tail_rise_deg)
        # As far back as the trunk's skin reaches at that height: a stout rump is rounder than it is long.
        hangs = breed.tail_rise_deg < 0
        rump = min(0.75 * breed.girth, 0.64 * half / count + (0.3 if hangs else 0.2) * breed.girth)
        start = vec(0, half + rump, back + (0.0 if hangs else 0.25) * breed.girth)
        bend = np.linspace(0, 1, breed.tail_bones + 1)
        tail = [
            start + breed.tail * s * vec(0, np.cos(fall * (0.6 + 0.6 * s)), np.sin(fall * (0.6 + 0.6 * s)))
            for s in bend
        ]
        bones += chain("hips", numbered("tail", breed.tail_bones), tail)
    left = _legs(breed)
    if breed.ears:
        ear = poll + breed.head * vec(0.24, -0.12, 0.18)
        left += chain("head", ["left ear"], [ear, ear + breed.ear * breed.head * vec(0.12, 0.02, 0.36)])
    return Skeleton(tuple([*bones, *left, *mirrored(left), *extra]))


def _legs(breed: Breed) -> list[Bone]:
    leg, half, paw, bend = breed.leg, breed.length / 2, breed.paw, breed.bend
    x = breed.slim * breed.girth * 0.66
    low = 0.16 * leg + 0.4 * paw
    front = [
        vec(x, -half, leg),
        vec(x, -half + bend * 0.13 * leg, 0.56 * leg),
        vec(x, -half + bend * 0.02 * leg, low),
        vec(x, -half - 0.02 * leg - 0.5 * paw, 0.5 * paw),
    ]
    left = chain("chest", ["left front thigh", "left front shin", "left front foot"], front)
    hip, knee = vec(x, half, leg), vec(x, half - bend * 0.14 * leg, 0.60 * leg)
    if breed.hock:
        hock = vec(x, half + bend * 0.14 * leg, 0.32 * leg)
        ankle = vec(x, half + bend * 0.07 * leg, 0.09 * leg + 0.3 * paw)
        ball_ = vec(x, half + 0.02 * leg - 0.5 * paw, 0.5 * paw)
        names = ["left hind thigh", "left hind shin", "left hind hock", "left hind foot"]
        return left + chain("hips", names, [hip, knee, hock, ankle, ball_])
    ankle = vec(x, half + bend * 0.03 * leg, low)
    ball_ = vec(x, half - 0.02 * leg - 0.5 * paw, 0.5 * paw)
    return left + chain("hips", ["left hind thigh", "left hind shin", "left hind foot"], [hip, knee, ankle, ball_])


_PHASES = {("left", "hind"): 0.0, ("left", "front"): 0.25, ("right", "hind"): 0.5, ("right", "front"): 0.75}
_GALLOP = {("left", "hind"): 0.0, ("right", "hind"): 0.08, ("left", "front"): 0.5, ("right", "front"): 0.58}
_TROT = {("left", "hind"): 0.0, ("right", "front"): 0.0, ("right", "hind"): 0.5, ("left", "front"): 0.5}


def legs_of(skeleton: Skeleton, breed: Breed) -> tuple[Leg, ...]:
    """Four legs; they walk one by one, and trot or gallop."""
    found = []
    for end in ("front", "hind"):
        for side in ("left", "right"):
            parts = ("thigh", "shin", "hock", "foot")
            bones = tuple(name for part in parts if (name := f"{side} {end} {part}") in skeleton)
            knee = vec(0, 1, 0) if end == "front" else vec(0, -1, 0)
            ball_ = skeleton[bones[-1]].tail
            runs = _GALLOP if breed.gallop else _TROT
            found.append(Leg(bones, ball_, side, end, _PHASES[side, end], runs[side, end], knee))
    return tuple(found)


def body_patches(
    skeleton: Skeleton,
    breed: Breed,
    coat: Coat,
    *,
    legs: Coat | None = None,
    feet: Coat | None = None,
    tail: Coat | None = None,
) -> list[Patch]:
    """Trunk, neck, legs and tail; heads differ too much from kind to kind."""
    g, slim = breed.girth, breed.slim
    trunk = [bone.name for bone in skeleton.bones if bone.name == "hips" or bone.name.startswith(("spine", "chest"))]
    count = len(trunk)

    def round_(up: float) -> tuple[float, float]:
        return up * slim * g, up * g

    shift = -0.45 * g  # the belly hangs below the spine
    patches = [
        _lowered(
            tube(
                skeleton,
                trunk,
                [
                    (-0.32, round_(0.72)),
                    (0.1, round_(0.94)),
                    (0.5 * count, round_(breed.waist)),
                    (0.85 * count, round_(1.0)),
                    (count + 0.22, round_(0.74)),
                ],
                coat,
                sides=14,
                round_ends=(0.8, 0.8),
            ),
            shift,
        )
    ]
    neck = [bone.name for bone in skeleton.bones if bone.name.startswith("neck")]
    thick = breed.neck_girth * g
    radii: list[tuple[float, float | tuple[float, float]]] = [
        (-0.45, 1.15 * thick),
        (0.25, thick),
        (len(neck) - 0.1, max(0.68 * thick, 0.26 * breed.head)),
    ]
    patches.append(tube(skeleton, neck, radii, coat, sides=10, held="chest"))
    for end in ("front", "hind"):
        for side in ("left", "right"):
            patches += _leg_patches(skeleton, breed, side, end, legs or coat, feet or legs or coat)
    tails = [bone.name for bone in skeleton.bones if bone.name.startswith("tail")]
    if tails:
        thin = breed.tail_girth
        patches.append(
            tube(
                skeleton,
                tails,
                [(-0.3, 1.1 * thin), (0.5, thin), (len(tails) - 0.1, 0.6 * thin)],
                tail or coat,
                sides=7,
            )
        )
    return patches


def _leg_patches(skeleton: Skeleton, breed: Breed, side: str, end: str, coat: Coat, foot: Coat) -> list[Patch]:
    thigh, limb, paw = breed.thigh * (0.82 if end == "front" else 1.0), breed.limb, breed.paw
    bones = [name for part in ("thigh", "shin", "hock") if (name := f"{side} {end} {part}") in skeleton]
    radii: list[tuple[float, float | tuple[float, float]]] = [
        (-0.12, (0.75 * thigh, thigh)),
        (0.35, (0.66 * thigh, 0.86 * thigh)),
        (1.0, limb),
        (1.9, 0.68 * limb),
    ]
    if len(bones) == 3:
        radii += [(2.2, 0.66 * limb), (2.95, 0.64 * limb)]
    patches = [tube(skeleton, bones, radii, coat, sides=9)]
    last = skeleton[f"{side} {end} foot"]
    patches.append(
        tube(skeleton, [last.name], [(-0.08, 0.66 * limb), (0.4, 0.72 * limb), (0.66, 0.62 * paw)], coat, sides=8)
    )
    tip = vec(last.tail[0], last.tail[1] + 0.35 * paw, 0.62 * paw)
    patches.append(ball(last.name, tip, (0.95 * paw, 1.35 * paw, 0.62 * paw), foot, rings=6))
    return patches


def _lowered(patch: Patch, by: float) -> Patch:
    return Patch(np.round(patch.points + vec(0, 0, by), 5), patch.weights, patch.bones, patch.coat, patch.smooth)


def spine_of(skeleton: Skeleton) -> tuple[str, ...]:
    """Hips excluded."""
    return tuple(bone.name for bone in skeleton.bones if bone.name.startswith(("spine", "chest")))


def chain_of(skeleton: Skeleton, word: str) -> tuple[str, ...]:
    """The bones whose names begin with a word, in order."""
    return tuple(bone.name for bone in skeleton.bones if bone.name.startswith(word))


def on_head(skeleton: Skeleton, head: float, ahead: float, up: float, aside: float = 0.0) -> Floats:
    """A point of the head: shares of its length from the poll, along the nose, up, and to the left."""
    bone = skeleton["head"]
    along = (bone.tail - bone.head) / bone.length
    lift = vec(0, -along[2], along[1])
    lift = lift if lift[2] > 0 else -lift
    return bone.head + head * (ahead * along + up * lift + aside * vec(1, 0, 0))
