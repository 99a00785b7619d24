"""The bodies of cars, vans and pickup trucks: hull, doors, what closes them behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.world.body import Part
from curate.world.builders.thing import Kit, between
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WHITE, Colour, colour
from curate.world.rig.turns import unit, vec
from curate.world.shapes.patch import Coat
from curate.world.shapes.solids import ball, box
from curate.world.shapes.tube import rod
from rigmill.types import Floats

GLASS, SEAT = (
    patterns.plain(colour("glass", "#a4c6d6"), mottle=0.02),
    patterns.plain(colour("dark", "#3a3540"), mottle=0.05),
)
PANEL = 0.04


@dataclass(frozen=True)
class Sizes:
    """Metres: `x` half the width, `ahead`, `behind` the ends, `front`, `rear` the axles, `cabin` where doors are."""

    x: float
    ahead: float
    behind: float
    front: float
    rear: float
    cabin: tuple[float, float]
    floor: float
    belt: float
    roof: float
    radius: float
    tyre: float


def hull(kit: Kit, s: Sizes, coat: Coat, dark: Coat, kind: str) -> None:
    """Everything of the body that no hinge carries."""
    y0, y1 = s.cabin
    over = 2 * s.radius + 0.05
    narrow, inner = s.x - 0.02 - s.tyre - 0.55 * s.radius, s.x - PANEL

    def block(low: Floats, top: Floats, paint: Coat, cells: int = 2) -> None:
        kit.add(*box("body", low, top, paint, cells=cells))

    last = y1 if kind == "pickup" else s.behind
    block(vec(-s.x, s.ahead, over), vec(s.x, y0, s.belt), coat, 3)
    block(vec(-narrow, s.ahead + 0.02, s.floor + 0.002), vec(narrow, y0, over), coat)
    block(vec(-inner, y0, s.floor + 0.002), vec(inner, y1, s.floor + 0.05), dark)
    if kind == "pickup":
        for x in (-s.x, s.x - 0.05):
            block(vec(x, y1, over), vec(x + 0.05, s.behind, s.belt), coat)
        block(vec(-s.x + 0.05, y1, over), vec(s.x - 0.05, s.behind, over + 0.04), dark)
        block(vec(-s.x + 0.05, y1, over), vec(s.x - 0.05, y1 + 0.05, s.roof), coat)
    else:
        for sign in (1.0, -1.0):
            block(vec(sign * s.x, y1, over), vec(sign * (s.x - 0.06), last, s.roof - 0.05), coat)
            block(
                vec(sign * (s.x + 0.003), y1 + 0.1, s.belt + 0.05),
                vec(sign * (s.x - 0.05), last - 0.1, s.roof - 0.1),
                GLASS,
                2,
            )
        block(vec(-s.x + 0.06, y1, over), vec(s.x - 0.06, last - 0.05, over + 0.05), dark)
    block(vec(-narrow, y1, s.floor + 0.002), vec(narrow, s.behind - 0.02, over), coat)
    block(vec(-inner, y0 + 0.1, s.roof - 0.05), vec(inner, last, s.roof), coat, 3)
    for sign in (1.0, -1.0):
        kit.add(
            rod(
                "body",
                vec(sign * (inner - 0.04), y0 - 0.02, s.belt),
                vec(sign * (inner - 0.04), y0 + 0.13, s.roof - 0.03),
                (0.03, 0.03),
                coat,
                sides=6,
            )
        )
        seat = vec(sign * 0.42 * inner, y0 + 0.45, s.floor + 0.05)
        block(seat - vec(0.2, 0.2, 0), seat + vec(0.2, 0.2, 0.16), SEAT, 2)
        block(seat + vec(-0.2, 0.12, 0.16), seat + vec(0.2, 0.22, 0.52), SEAT, 2)
        kit.add(
            ball(
                "body",
                vec(sign * 0.68 * s.x, s.ahead, (over + s.belt) / 2),
                (0.08, 0.035, 0.07),
                patterns.plain(WHITE, mottle=0),
                rings=6,
            )
        )
    glass = unit(vec(0, 0.13, s.roof - s.belt))
    slope = np.stack([vec(1, 0, 0), np.cross(glass, vec(1, 0, 0)), glass], axis=1)
    middle, half = (
        vec(0, y0 + 0.05, (s.belt + s.roof) / 2 - 0.02),
        vec(inner - 0.06, 0.01, (s.roof - s.belt) / 2 - 0.02),
    )
    kit.add(*box("body", middle - half, middle + half, GLASS, cells=3, turn=slope))
    for y, sign in ((s.ahead, -1.0), (s.behind, 1.0)):
        block(
            vec(-s.x + 0.02, y, s.floor + 0.02),
            vec(s.x - 0.02, y + sign * 0.07, s.floor + 0.16),
            patterns.plain(METAL[0]),
            3,
        )


def door(
    random: np.random.Generator, kit: Kit, s: Sizes, name: str, sign: float, y: tuple[float, float], coat: Coat
) -> None:
    """A door with a glass above; its hinge is ahead."""
    out, inner, start, end = sign * s.x, sign * (s.x - PANEL), y[0] + 0.004, y[1] - 0.006
    hinge = vec(out, start, (s.floor + s.belt) / 2)
    kit.bone(name, hinge, hinge + vec(0, end - start, 0), "body")
    kit.add(*box(name, vec(out, start, s.floor + 0.01), vec(inner, end, s.belt), coat, cells=2))
    top, lean = s.roof - 0.055, 0.12 if y[0] == s.cabin[0] else 0.0
    for low, high in (
        (vec(out, end - 0.05, s.belt), vec(inner, end, top)),
        (vec(out, start + lean, top - 0.04), vec(inner, end - 0.05, top)),
    ):
        kit.add(*box(name, low, high, coat, cells=2))
    kit.add(
        *box(
            name,
            vec(out - sign * 0.012, start + lean, s.belt),
            vec(out - sign * 0.024, end - 0.05, top - 0.04),
            GLASS,
            cells=2,
        )
    )
    grip = vec(out, end - 0.2, s.belt - 0.09)
    kit.add(*box(name, grip, grip + vec(sign * 0.025, 0.13, 0.03), patterns.plain(METAL[1]), cells=1))
    kit.parts.append(Part("hinge", name, "door", vec(0, 0, -sign), 0.0, between(random, 55, 72), side=name.split()[0]))


def behind(random: np.random.Generator, kit: Kit, s: Sizes, coat: Coat, kind: str) -> None:
    """The hatch of a car or a van, which turns up, or the gate of a pickup, which turns down."""
    red = patterns.plain(Colour("red", (0.75, 0.12, 0.1)), mottle=0)
    over, y = 2 * s.radius + 0.05, s.behind
    name, top = ("back gate", s.belt) if kind == "pickup" else ("hatch", s.roof)
    z = over + 0.004 if kind == "pickup" else top
    kit.bone(name, vec(0, y, z), vec(0, y, top if kind == "pickup" else over), "body")
    kit.add(*box(name, vec(-s.x, y, over + 0.004), vec(s.x, y + PANEL, top), coat, cells=3))
    if kind != "pickup":
        kit.add(
            *box(
                name,
                vec(-s.x + 0.12, y + 0.01, s.belt + 0.03),
                vec(s.x - 0.12, y + PANEL + 0.004, top - 0.08),
                GLASS,
                cells=2,
            )
        )
    for sign in (1.0, -1.0):
        kit.add(ball(name, vec(sign * (s.x - 0.1), y + PANEL, over + 0.12), (0.06, 0.02, 0.06), red, rings=5))
    up = kind != "pickup"
    limits = (70, 88) if up else (70, 88)
    kit.parts.append(
        Part("hinge", name, "hatch" if up else "gate", vec(1.0 if up else -1.0, 0, 0), 0.0, between(random, *limits))
    )
