"""What people wear beside their clothes; each with the words that tell of it."""

from __future__ import annotations

import numpy as np

from curate.world.builders.humanoid import Frame
from curate.world.builders.person_skin import Girth, head_place
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, DARK, Colour, pick
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Patch
from curate.world.shapes.solids import ball, box, lathe
from curate.world.shapes.tube import rod


def worn(random: np.random.Generator, skeleton: Skeleton, frame: Frame, girth: Girth) -> tuple[list[Patch], str]:
    """Perhaps a hat, a backpack, glasses or a scarf, and 'with a red hat' or ''."""
    colour = pick(random, BRIGHT)
    choice = int(random.integers(8))
    if choice == 0:
        return hat(skeleton, frame, colour), f"with a {colour.name} hat"
    if choice == 1:
        return cap(skeleton, frame, colour), f"with a {colour.name} cap"
    if choice == 2:
        return backpack(skeleton, frame, girth, colour), f"with a {colour.name} backpack"
    if choice == 3:
        return glasses(skeleton, frame), "with glasses"
    if choice == 4:
        return scarf(skeleton, frame, girth, colour), f"with a {colour.name} scarf"
    return [], ""


def hat(skeleton: Skeleton, frame: Frame, colour: Colour) -> list[Patch]:
    """A hat with a brim."""
    centre, half = head_place(skeleton, frame)
    low, high = centre + vec(0, 0.08 * half, 0.55 * half), centre + vec(0, 0.15 * half, 1.35 * half)
    profile = [
        (0.0, 0.0),
        (0.0, 1.35 * half),
        (0.06, 1.35 * half),
        (0.08, 0.88 * half),
        (0.9, 0.75 * half),
        (1.0, 0.6 * half),
        (1.0, 0.0),
    ]
    band = patterns.within(patterns.plain(colour), DARK, low=0.45, high=0.56)
    return [lathe("head", low, high, profile, band, sides=14)]


def cap(skeleton: Skeleton, frame: Frame, colour: Colour) -> list[Patch]:
    """A cap with a peak."""
    centre, half = head_place(skeleton, frame)
    coat = patterns.plain(colour)
    dome = ball("head", centre + vec(0, 0.08 * half, 0.30 * half), (0.92 * half, 1.0 * half, 0.86 * half), coat)
    peak = ball(
        "head", centre + vec(0, -0.95 * half, 0.42 * half), (0.62 * half, 0.6 * half, 0.07 * half), coat, rings=6
    )
    return [dome, peak]


def backpack(skeleton: Skeleton, frame: Frame, girth: Girth, colour: Colour) -> list[Patch]:
    """A box on the back with a flap."""
    h = frame.height
    chest = "chest"
    at = skeleton[chest].head
    back = girth.chest * girth.depth * h
    coat = patterns.above(patterns.plain(colour), colour.darker(), axis=2, limit=float(at[2]) + 0.06 * h)
    return box(
        chest,
        at + vec(-0.07 * h, 0.7 * back, -0.06 * h),
        at + vec(0.07 * h, 0.7 * back + 0.075 * h, 0.13 * h),
        coat,
        cells=3,
    )


def glasses(skeleton: Skeleton, frame: Frame) -> list[Patch]:
    """Two dark rings and a bridge."""
    centre, half = head_place(skeleton, frame)
    dark = patterns.plain(DARK, mottle=0)
    spots = [centre + vec(sign * 0.3 * half, -0.86 * half, 0.08 * half) for sign in (1.0, -1.0)]
    frames_ = [ball("head", spot, (0.2 * half, 0.06 * half, 0.17 * half), dark, rings=6) for spot in spots]
    return [*frames_, rod("head", spots[0], spots[1], (0.03 * half, 0.03 * half), dark, sides=5)]


def scarf(skeleton: Skeleton, frame: Frame, girth: Girth, colour: Colour) -> list[Patch]:
    """A ring around the neck and one end that hangs."""
    h = frame.height
    neck = skeleton["neck"]
    bone = neck.parent or "neck"
    coat = patterns.striped(patterns.plain(colour), colour.lighter(), axis=2, every=0.05)
    low = neck.head + vec(0, 0, -0.02 * h)
    ring = [(0.0, 0.0), (0.0, 1.2), (0.4, 1.75), (0.7, 1.7), (1.0, 1.05), (1.0, 0.0)]
    profile = [(share, radius * girth.neck * h) for share, radius in ring]
    front = neck.head + vec(0.02 * h, -girth.chest * girth.depth * h * 0.75, -0.02 * h)
    return [
        lathe(bone, low, low + vec(0, 0, 0.045 * h), profile, coat, sides=12),
        rod(bone, front, front + vec(0.01 * h, -0.012 * h, -0.13 * h), (0.022 * h, 0.02 * h), coat, sides=6),
    ]
