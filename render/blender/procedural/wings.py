"""Wings and a tail fan: thin sheets with two faces, skinned along their length. Plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.blender.procedural.character import Colours, dab
from render.blender.procedural.rig import Skeleton, point
from render.blender.procedural.shapes import Paint, Shell, chain_weights, loft
from rigmill.types import Floats

SLANT = 0.42  # trailing edges hang lower by this share of the chord


@dataclass(frozen=True, slots=True)
class Wing:
    """A wing's plan: span stations from the body outward, leading and trailing edge, arch; metres."""

    joints: tuple[float, ...]  # x of the three joints and the tip
    root_z: float
    chord: float
    bat: bool


def wing_shell(wing: Wing, skeleton: Skeleton, side: str, colours: Colours) -> Shell:
    """A thin arched sheet with two faces, skinned along the span."""
    flip = 1.0 if side == "Left" else -1.0
    root, tip = wing.joints[0] - 0.05, wing.joints[-1] + 0.02
    share = np.linspace(0, 1, 15)
    across = np.linspace(0, 1, 6)
    x = root + share * (tip - root)
    lead = np.interp(x, wing.joints, (-0.075, -0.125, -0.10, 0.03)) - 0.01
    if wing.bat:
        finger = np.clip((x - wing.joints[0]) / (wing.joints[-1] - wing.joints[0]), 0, 1)
        trail = lead + wing.chord * (1 - 0.35 * finger) * (1 - 0.30 * np.abs(np.sin(3 * np.pi * finger))) * (
            finger < 0.999
        )
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
    weights = chain_weights(
        x, wing.joints[:3], columns, len(skeleton.names), blend=0.35 * (wing.joints[2] - wing.joints[1])
    )
    return loft(sections, weights, _feathers(wing, colours, colours[side.lower()], x, lead, trail))


def _feathers(
    wing: Wing, colours: Colours, tone: tuple[float, float, float], stations: Floats, lead: Floats, trail: Floats
) -> Paint:
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


def tail_fan(skeleton: Skeleton, colours: Colours) -> Shell:
    """A flat fan that widens along the tail and ends round, skinned to its two bones."""
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
