"""A flying toy animal (bird or bat): flaps its wings and banks in a glide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from render.blender.procedural.character import (
    Character,
    ColourOf,
    Colours,
    colours_by_label,
    cycle,
    dab,
    mottled,
    palette,
    shifted,
    take,
)
from render.blender.procedural.rig import Skeleton, Take, about, chain, mirrored, point
from render.blender.procedural.shapes import Blob, blob_shell
from render.blender.procedural.wings import Wing, tail_fan, wing_shell
from rigmill.types import Floats

PLUMAGES: tuple[tuple[str, Colours], ...] = (
    ("Blue", palette(body="#3373cc", belly="#f5edd9", beak="#f59e1f", left="#f2cc40", right="#e04c40", dark="#1f2e66")),
    ("Plum", palette(body="#6b426b", belly="#cca89e", beak="#d98c80", left="#d97340", right="#4c8099", dark="#331f38")),
    (
        "Green",
        palette(body="#409e52", belly="#f5eb99", beak="#4c4040", left="#e66699", right="#408ce6", dark="#144c33"),
    ),
)


def winged(variant: int, random: np.random.Generator) -> Character:
    """Even variants are birds, odd ones bats."""
    name, colours = PLUMAGES[variant % len(PLUMAGES)]
    bat = variant % 2 == 1
    scale = 1 + 0.06 * random.uniform(-1, 1, size=3)
    span = (0.86 if bat else 0.74) * scale[0]
    wing = Wing(
        joints=(0.085, 0.085 + 0.30 * span, 0.085 + 0.62 * span, 0.085 + span),
        root_z=0.40 * scale[1],
        chord=(0.36 if bat else 0.30) * scale[2],
        bat=bat,
    )
    skeleton = _skeleton(wing)
    body = blob_shell(_blobs(skeleton, bat), skeleton, _painter(skeleton, colours, bat), voxel=0.026)
    shells = [body, wing_shell(wing, skeleton, "Left", colours), wing_shell(wing, skeleton, "Right", colours)]
    if not bat:
        shells.append(tail_fan(skeleton, colours))
    phase = float(random.uniform(0, 2 * np.pi))
    kind = "bat" if bat else "bird"
    return Character(
        title=f"{name} toy {kind}",
        tags=("animal", "winged", "flying", kind, "toy"),
        skeleton=skeleton,
        shells=tuple(shells),
        takes=(_flap(phase, bat), _bank(phase)),
    )


def _skeleton(wing: Wing) -> Skeleton:
    z = wing.root_z
    bones = chain(
        None, ["Hips", "Chest"], [point(0, 0.10, z - 0.10), point(0, 0.0, z - 0.03), point(0, -0.09, z + 0.05)]
    )
    bones += chain(
        "Chest", ["Neck", "Head"], [point(0, -0.09, z + 0.06), point(0, -0.13, z + 0.14), point(0, -0.24, z + 0.15)]
    )
    bones += chain(
        "Hips", ["Tail1", "Tail2"], [point(0, 0.16, z - 0.12), point(0, 0.27, z - 0.145), point(0, 0.42, z - 0.16)]
    )
    arm = [point(x, y, z) for x, y in zip(wing.joints, (-0.03, -0.07, -0.05, 0.02))]
    left = chain("Chest", ["LeftWing1", "LeftWing2", "LeftWing3"], arm)
    leg = [point(0.055, 0.06, z - 0.17), point(0.06, 0.075, 0.035), point(0.06, -0.03, 0.018)]
    left += chain("Hips", ["LeftLeg", "LeftFoot"], leg)
    return Skeleton(tuple(bones + left + mirrored(left)))


def _blobs(skeleton: Skeleton, bat: bool) -> list[Blob]:
    hips, chest, head = skeleton["Hips"], skeleton["Chest"], skeleton["Head"]
    middle = head.head + point(0, -0.02, 0.02)
    size = 0.105 if not bat else 0.11
    blobs = [
        Blob("Hips", hips.head, hips.tail, (0.105, 0.125), blend=0.04, label="body"),
        Blob("Chest", chest.head, chest.tail + point(0, 0.02, -0.02), (0.125, 0.10), blend=0.04, label="body"),
        Blob("Neck", skeleton["Neck"].head, skeleton["Neck"].tail, (0.075, 0.07), blend=0.04, label="body"),
        Blob("Head", middle, middle, (size, size), (1.0, 0.95, 0.95), 0.03, "head"),
        Blob("Tail1", skeleton["Tail1"].head, skeleton["Tail1"].tail, (0.075, 0.045), (1.2, 1, 0.9), 0.04, "body"),
    ]
    tail = skeleton["Tail2"]
    reach = 0.35 if bat else 0.2  # the bird's fan covers the rest
    blobs.append(
        Blob("Tail2", tail.head, tail.head + reach * (tail.tail - tail.head), (0.042, 0.028), blend=0.02, label="dark")
    )
    snout = middle + point(0, -0.9 * size, -0.012)
    if bat:
        blobs.append(Blob("Head", snout, snout + point(0, -0.03, -0.012), (0.045, 0.032), blend=0.02, label="beak"))
    else:
        blobs.append(Blob("Head", snout, snout + point(0, -0.085, -0.018), (0.040, 0.016), blend=0.012, label="beak"))
    for side, flip in (("Left", 1.0), ("Right", -1.0)):
        if bat:
            ear = middle + point(flip * 0.055, 0.02, 0.07)
            blobs.append(
                Blob("Head", ear, ear + point(flip * 0.04, 0.01, 0.10), (0.045, 0.020), (1, 0.8, 1), 0.02, side.lower())
            )
        wing = skeleton[f"{side}Wing1"]
        blobs.append(
            Blob(
                wing.name,
                wing.head + point(-0.03 * flip, 0.02, 0),
                wing.head + 0.22 * (wing.tail - wing.head),
                (0.055, 0.032),
                (1, 1.2, 0.8),
                0.03,
                side.lower(),
            )
        )
        leg, foot = skeleton[f"{side}Leg"], skeleton[f"{side}Foot"]
        blobs.append(
            Blob(
                leg.name,
                leg.head + point(0, 0, -0.01),
                point(*leg.tail[:2], 0.03),
                (0.036, 0.020),
                blend=0.02,
                label="beak",
            )
        )
        blobs.append(
            Blob(
                foot.name,
                point(*foot.head[:2], 0.022),
                point(*foot.tail[:2], 0.020),
                (0.022, 0.020),
                (1.5, 1, 1),
                0.015,
                side.lower(),
            )
        )
    if not bat:
        crest = middle + point(0, 0.03, 0.085)
        blobs.append(Blob("Head", crest, crest + point(0, 0.065, 0.055), (0.032, 0.018), blend=0.02, label="beak"))
    return blobs


def _painter(skeleton: Skeleton, colours: Colours, bat: bool) -> ColourOf:
    middle = skeleton["Head"].head + point(0, -0.02, 0.02)
    by_label = {**colours, "head": colours["body"]}
    hips = skeleton["Hips"].head[2]

    def colour_of(points: Floats, labels: Sequence[str]) -> Floats:
        colour = mottled(colours_by_label(labels, by_label), points, strength=0.06, size=0.03)
        label = np.array(labels)
        x, y, z = points.T
        body = label == "body"
        dab(colour, body & (abs(x) < 0.085) & (z < hips + 0.14 - 0.9 * y) & (y < 0.08), colours["belly"])
        for side, flip in (("left", 1.0), ("right", -1.0)):
            dab(colour, body & (flip * x > 0.06) & (z < hips + 0.05) & (y > -0.04), colours[side])
        dab(colour, body & (y > 0.02) & (z > hips + 0.06) & (abs(abs(x) - 0.05) < 0.014), colours["dark"])
        offset = points - middle
        eye = np.sqrt((abs(offset[:, 0]) - 0.062) ** 2 + (offset[:, 1] + 0.068) ** 2 + (offset[:, 2] - 0.035) ** 2)
        face = label == "head"
        dab(
            colour,
            face & (abs(offset[:, 0]) < 0.085) & (offset[:, 1] < -0.035) & (offset[:, 2] < 0.08),
            colours["belly"] if bat else colours["body"],
        )
        dab(colour, face & (eye < 0.040), (0.99, 0.99, 0.97))
        dab(colour, face & (eye < 0.024), (0.05, 0.05, 0.08))
        dab(colour, face & (offset[:, 1] > 0.03) & (offset[:, 2] > -0.02), colours["dark"])
        return colour

    return colour_of


def _flap(phase0: float, bat: bool) -> Take:
    phase = cycle(3) + phase0
    turns: dict[str, Floats] = {}
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for number, (swing, lag) in enumerate(((34.0, 0.0), (24.0, 0.7), (20.0, 1.3)), start=1):
            lifted = swing * np.sin(phase - lag) + (6 if number == 1 else -3)
            twist = (
                about("x", 8 * np.cos(phase - lag))
                if number == 1
                else about("z", sign * (-8 if bat else -5) * np.sin(phase - lag))
            )
            turns[f"{side}Wing{number}"] = about("y", -sign * lifted) @ twist
        turns[f"{side}Leg"] = about("x", 42 + 5 * np.sin(phase))
        turns[f"{side}Foot"] = about("x", 28 + 0 * phase)
    turns["Hips"] = about("x", 4 * np.sin(phase + 0.5))
    turns["Neck"] = about("x", -5 * np.sin(phase + 0.5))
    turns["Tail1"] = about("x", 9 * np.sin(phase - 0.8))
    turns["Tail2"] = about("x", 9 * np.sin(phase - 1.4))
    return take("flap wings", turns, {"Hips": shifted((0.26 if bat else 0.18) - 0.05 * np.sin(phase - 0.3))})


def _bank(phase0: float) -> Take:
    phase = cycle(1) + phase0
    roll = 34 * np.sin(phase)
    turns = {
        "Hips": about("z", 20 * np.sin(phase - 0.4)) @ about("y", roll) @ about("x", -4 + 4 * np.cos(2 * phase)),
        "Neck": about("y", -0.4 * roll),
        "Head": about("y", -0.5 * roll) @ about("z", 16 * np.sin(phase + 0.4)),
        "Tail1": about("y", -0.3 * roll) @ about("x", 5 * np.cos(phase)),
        "Tail2": about("y", -0.3 * roll),
    }
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        turns[f"{side}Wing1"] = about("y", -sign * (9 + 6 * np.cos(phase + 0.4) + sign * 5 * np.sin(phase)))
        turns[f"{side}Wing2"] = about("y", -sign * (-4 + 6 * np.cos(2 * phase)))
        turns[f"{side}Wing3"] = about("y", -sign * (8 + 8 * np.sin(2 * phase + 1.0)))
        turns[f"{side}Leg"] = about("x", 58 + 4 * np.sin(phase))
        turns[f"{side}Foot"] = about("x", 25 + 0 * phase)
    return take(
        "bank in a glide", turns, {"Hips": shifted(0.20 + 0.03 * np.cos(2 * phase), x=0.10 * np.sin(phase - 0.8))}
    )
