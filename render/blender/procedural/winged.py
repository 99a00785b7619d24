"""A flying toy animal (bird or bat): flaps its wings and banks in a glide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from render.blender.procedural.character import Character, colours_by_label, cycle, dab, mottled, shifted, take
from render.blender.procedural.rig import Skeleton, Take, about, chain, mirrored, point
from render.blender.procedural.shapes import Blob, Paint, Shell, blob_shell, chain_weights, loft
from rigmill.types import Floats

PLUMAGES = (
    ("Blue", {"body": (0.20, 0.45, 0.80), "belly": (0.96, 0.93, 0.85), "beak": (0.96, 0.62, 0.12),
              "left": (0.95, 0.80, 0.25), "right": (0.88, 0.30, 0.25), "dark": (0.12, 0.18, 0.40)}),
    ("Plum", {"body": (0.42, 0.26, 0.42), "belly": (0.80, 0.66, 0.62), "beak": (0.85, 0.55, 0.50),
              "left": (0.85, 0.45, 0.25), "right": (0.30, 0.50, 0.60), "dark": (0.20, 0.12, 0.22)}),
    ("Green", {"body": (0.25, 0.62, 0.32), "belly": (0.96, 0.92, 0.60), "beak": (0.30, 0.25, 0.25),
               "left": (0.90, 0.40, 0.60), "right": (0.25, 0.55, 0.90), "dark": (0.08, 0.30, 0.20)}),
)

SLANT = 0.42


@dataclass(frozen=True, slots=True)
class Wing:
    """A wing's plan: span stations from the body outward, leading and trailing edge, arch; metres."""

    joints: tuple[float, ...]  # x of the three joints and the tip
    root_z: float
    chord: float
    bat: bool


def winged(variant: int, random: np.random.Generator) -> Character:
    """Even variants are birds, odd ones bats."""
    name, colours = PLUMAGES[variant % len(PLUMAGES)]
    bat = variant % 2 == 1
    scale = 1 + 0.06 * random.uniform(-1, 1, size=3)
    span = (0.86 if bat else 0.74) * scale[0]
    wing = Wing(
        joints=(0.085, 0.085 + 0.30 * span, 0.085 + 0.62 * span, 0.085 + span), root_z=0.40 * scale[1],
        chord=(0.36 if bat else 0.30) * scale[2], bat=bat,
    )
    skeleton = _skeleton(wing)
    body = blob_shell(_blobs(skeleton, bat), skeleton, _painter(skeleton, colours, bat), voxel=0.026)
    shells = [body, _wing(wing, skeleton, "Left", colours), _wing(wing, skeleton, "Right", colours)]
    if not bat:
        shells.append(_tail_fan(skeleton, colours))
    phase = float(random.uniform(0, 2 * np.pi))
    kind = "bat" if bat else "bird"
    return Character(
        title=f"{name} toy {kind}", tags=("animal", "winged", "flying", kind, "toy"), skeleton=skeleton,
        shells=tuple(shells), takes=(_flap(phase, bat), _bank(phase)),
    )


def _skeleton(wing: Wing) -> Skeleton:
    z = wing.root_z
    bones = chain(None, ["Hips", "Chest"], [point(0, 0.10, z - 0.10), point(0, 0.0, z - 0.03), point(0, -0.09, z + 0.05)])
    bones += chain("Chest", ["Neck", "Head"], [point(0, -0.09, z + 0.06), point(0, -0.13, z + 0.14), point(0, -0.24, z + 0.15)])
    bones += chain("Hips", ["Tail1", "Tail2"], [point(0, 0.16, z - 0.12), point(0, 0.27, z - 0.145), point(0, 0.42, z - 0.16)])
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
    blobs.append(Blob("Tail2", tail.head, tail.head + reach * (tail.tail - tail.head), (0.042, 0.028), blend=0.02, label="dark"))
    snout = middle + point(0, -0.9 * size, -0.012)
    if bat:
        blobs.append(Blob("Head", snout, snout + point(0, -0.03, -0.012), (0.045, 0.032), blend=0.02, label="beak"))
    else:
        blobs.append(Blob("Head", snout, snout + point(0, -0.085, -0.018), (0.040, 0.016), blend=0.012, label="beak"))
    for side, flip in (("Left", 1.0), ("Right", -1.0)):
        if bat:
            ear = middle + point(flip * 0.055, 0.02, 0.07)
            blobs.append(Blob("Head", ear, ear + point(flip * 0.04, 0.01, 0.10), (0.045, 0.020), (1, 0.8, 1), 0.02, side.lower()))
        wing = skeleton[f"{side}Wing1"]
        blobs.append(Blob(wing.name, wing.head + point(-0.03 * flip, 0.02, 0), wing.head + 0.22 * (wing.tail - wing.head),
                          (0.055, 0.032), (1, 1.2, 0.8), 0.03, "body"))
        leg, foot = skeleton[f"{side}Leg"], skeleton[f"{side}Foot"]
        blobs.append(Blob(leg.name, leg.head + point(0, 0, -0.01), point(*leg.tail[:2], 0.03), (0.036, 0.020), blend=0.02, label="beak"))
        blobs.append(Blob(foot.name, point(*foot.head[:2], 0.022), point(*foot.tail[:2], 0.020), (0.022, 0.020), (1.5, 1, 1), 0.015, side.lower()))
    if not bat:
        crest = middle + point(0, 0.03, 0.085)
        blobs.append(Blob("Head", crest, crest + point(0, 0.065, 0.055), (0.032, 0.018), blend=0.02, label="beak"))
    return blobs


def _painter(skeleton: Skeleton, colours: dict[str, tuple[float, float, float]], bat: bool):  # type: ignore[no-untyped-def]
    middle = skeleton["Head"].head + point(0, -0.02, 0.02)
    palette = {**colours, "head": colours["body"]}
    hips = skeleton["Hips"].head[2]

    def colour_of(points: Floats, labels: Sequence[str]) -> Floats:
        colour = mottled(colours_by_label(labels, palette), points, strength=0.06, size=0.03)
        label = np.array(labels)
        x, y, z = points.T
        body = label == "body"
        dab(colour, body & (abs(x) < 0.085) & (z < hips + 0.14 - 0.9 * y) & (y < 0.08), colours["belly"])
        dab(colour, body & (y > 0.02) & (z > hips + 0.06) & (abs(abs(x) - 0.05) < 0.014), colours["dark"])
        offset = points - middle
        eye = np.sqrt((abs(offset[:, 0]) - 0.062) ** 2 + (offset[:, 1] + 0.068) ** 2 + (offset[:, 2] - 0.035) ** 2)
        face = label == "head"
        dab(colour, face & (abs(offset[:, 0]) < 0.085) & (offset[:, 1] < -0.035) & (offset[:, 2] < 0.08), colours["belly"] if bat else colours["body"])
        dab(colour, face & (eye < 0.040), (0.99, 0.99, 0.97))
        dab(colour, face & (eye < 0.024), (0.05, 0.05, 0.08))
        dab(colour, face & (offset[:, 1] > 0.03) & (offset[:, 2] > -0.02), colours["dark"])
        return colour

    return colour_of


def _wing(wing: Wing, skeleton: Skeleton, side: str, colours: dict[str, tuple[float, float, float]]) -> Shell:
    """A thin arched sheet with two faces, skinned along the span."""
    flip = 1.0 if side == "Left" else -1.0
    root, tip = wing.joints[0] - 0.05, wing.joints[-1] + 0.02
    share = np.linspace(0, 1, 15)
    across = np.linspace(0, 1, 6)
    x = root + share * (tip - root)
    lead = np.interp(x, wing.joints, (-0.075, -0.125, -0.10, 0.03)) - 0.01
    if wing.bat:
        finger = np.clip((x - wing.joints[0]) / (wing.joints[-1] - wing.joints[0]), 0, 1)
        trail = lead + wing.chord * (1 - 0.35 * finger) * (1 - 0.30 * np.abs(np.sin(3 * np.pi * finger))) * (finger < 0.999)
        trail = np.maximum(trail, lead + 0.02)
    else:
        trail = lead + wing.chord * np.sqrt(np.clip(1 - 0.94 * share**3, 0, 1)) * (1 - 0.12 * share)
    thick = 0.016 * (1 - 0.75 * share)
    rings = []
    for number in range(len(share)):
        profile = np.sin(np.pi * across[1:-1]) ** 0.6 * thick[number]
        y = lead[number] + across * (trail[number] - lead[number])
        # Trailing edges hang lower, so that a spread wing is not a mere line from in front and behind.
        camber = wing.root_z + 0.02 * np.sin(np.pi * across) * (1 - share[number]) - SLANT * (y - y[0] - 0.05)
        top = [point(flip * x[number], y[i], camber[i] + profile[i - 1]) for i in range(1, 5)]
        low = [point(flip * x[number], y[i], camber[i] - profile[i - 1]) for i in range(4, 0, -1)]
        ring = [point(flip * x[number], y[0], camber[0]), *top, point(flip * x[number], y[5], camber[5]), *low]
        rings.append(ring if flip < 0 else ring[::-1])
    sections = np.array(rings)
    # The last ring is flat: it closes the sheet.
    sections[-1, :, 2] = wing.root_z - SLANT * (sections[-1, :, 1] - lead[-1] - 0.05)
    columns = [skeleton.names.index(f"{side}Wing{number}") for number in (1, 2, 3)]
    weights = chain_weights(x, wing.joints[:3], columns, len(skeleton.names), blend=0.35 * (wing.joints[2] - wing.joints[1]))
    return loft(sections, weights, _feathers(wing, colours, colours[side.lower()], x, lead, trail))


def _feathers(wing: Wing, colours: dict[str, tuple[float, float, float]], tone: tuple[float, float, float],
              stations: Floats, lead: Floats, trail: Floats) -> Paint:
    """Bands across the wing; the upper face is darker than the lower."""

    def paint(points: Floats, normals: Floats) -> Floats:
        x = abs(points[:, 0])
        front = np.interp(x, stations, lead)
        depth = (points[:, 1] - front) / np.maximum(np.interp(x, stations, trail) - front, 1e-3)
        colour = np.tile(np.array(colours["body"]), (len(points), 1))
        if wing.bat:
            dab(colour, depth > 0.14, tone)
            fingers = np.abs(np.sin(3 * np.pi * (x - wing.joints[0]) / (wing.joints[-1] - wing.joints[0])))
            dab(colour, (fingers < 0.13) & (x > wing.joints[0] + 0.02), colours["dark"])
        else:
            dab(colour, depth > 0.34, tone)
            dab(colour, depth > 0.66, colours["belly"])
            dab(colour, (depth > 0.40) & (np.cos(2 * np.pi * x / 0.075) > 0.86), colours["dark"])
            dab(colour, x > wing.joints[-1] - 0.06, colours["dark"])
        return np.where(normals[:, 2:] < 0, 0.55 * colour + 0.45 * np.array(colours["belly"]), colour)

    return paint


def _tail_fan(skeleton: Skeleton, colours: dict[str, tuple[float, float, float]]) -> Shell:
    start, end = skeleton["Tail1"].head + point(0, 0.04, 0), skeleton["Tail2"].tail
    share = np.linspace(0, 1, 7)
    across = np.linspace(-1, 1, 7)
    rings = []
    for step in share:
        middle = start + step * (end - start)
        half, thick = 0.045 + 0.10 * step, 0.014 * (1 - step)
        bulge = thick * np.cos(0.5 * np.pi * across[1:-1])
        # The trailing edge is rounded: feathers in the middle are the longest.
        y = middle[1] - 0.06 * step * across**2
        top = [point(half * across[i], y[i], middle[2] + bulge[i - 1]) for i in range(1, 6)]
        low = [point(half * across[i], y[i], middle[2] - bulge[i - 1]) for i in range(5, 0, -1)]
        rings.append([point(-half, y[0], middle[2]), *top, point(half, y[6], middle[2]), *low])
    columns = [skeleton.names.index(name) for name in ("Tail1", "Tail2")]
    joint = float((skeleton["Tail2"].head[1] - start[1]) / (end[1] - start[1]))
    weights = chain_weights(share, (0.0, joint), columns, len(skeleton.names), blend=0.3)

    def paint(points: Floats, _normals: Floats) -> Floats:
        depth = (points[:, 1] - start[1]) / (end[1] - start[1])
        colour = np.tile(np.array(colours["body"]), (len(points), 1))
        dab(colour, depth > 0.45, colours["left"])
        dab(colour, (depth > 0.45) & (points[:, 0] < 0), colours["right"])
        dab(colour, depth > 0.82, colours["dark"])
        return colour

    return loft(np.array(rings), weights, paint)


def _flap(phase0: float, bat: bool) -> Take:
    phase = cycle(3) + phase0
    turns: dict[str, Floats] = {}
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for number, (swing, lag) in enumerate(((34.0, 0.0), (24.0, 0.7), (20.0, 1.3)), start=1):
            lifted = swing * np.sin(phase - lag) + (6 if number == 1 else -3)
            twist = about("x", 8 * np.cos(phase - lag)) if number == 1 else about("z", sign * (-8 if bat else -5) * np.sin(phase - lag))
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
        "Neck": about("y", -0.4 * roll), "Head": about("y", -0.5 * roll) @ about("z", 16 * np.sin(phase + 0.4)),
        "Tail1": about("y", -0.3 * roll) @ about("x", 5 * np.cos(phase)), "Tail2": about("y", -0.3 * roll),
    }
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        turns[f"{side}Wing1"] = about("y", -sign * (9 + 6 * np.cos(phase + 0.4) + sign * 5 * np.sin(phase)))
        turns[f"{side}Wing2"] = about("y", -sign * (-4 + 6 * np.cos(2 * phase)))
        turns[f"{side}Wing3"] = about("y", -sign * (8 + 8 * np.sin(2 * phase + 1.0)))
        turns[f"{side}Leg"] = about("x", 58 + 4 * np.sin(phase))
        turns[f"{side}Foot"] = about("x", 25 + 0 * phase)
    return take("bank in a glide", turns, {"Hips": shifted(0.20 + 0.03 * np.cos(2 * phase), x=0.10 * np.sin(phase - 0.8))})
