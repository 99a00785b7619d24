"""Doors in a frame, gates between posts and windows: hinged on the left or the right, or two wings."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, handle, knob, sticker, surface
from curate.world.looks import patterns
from curate.world.looks.colours import METAL, WOOD, Colour, colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat
from curate.world.shapes.solids import ball, box
from rigmill.types import Floats

GLASS = patterns.plain(colour("glass", "#a9cfdd"), mottle=0.02)
JAMB, LEAF = 0.09, 0.045


def _leaves(
    random: np.random.Generator, kit: Kit, word: str, wide: float, double: bool
) -> list[tuple[str, float, float]]:
    """(bone, sign of the hinge's side, reach) of one wing or two in an opening of that width; their parts too."""
    signs = (1.0, -1.0) if double else (float(random.choice([1.0, -1.0])),)
    found = []
    for sign in signs:
        side = "left" if sign > 0 else "right"
        name = f"{side} {word}" if double else word
        found.append((name, sign, (wide / 2 if double else wide) - 0.004))
        kit.parts.append(
            Part("hinge", name, word, vec(0, 0, sign), 0.0, between(random, 80, 120), side=side if double else "")
        )
    return found


@plan("door")
def door(random: np.random.Generator) -> Body:
    """A door in its frame with a handle that turns; panels, glass, stripes or stickers."""
    double = bool(random.random() < 0.35)
    wide = between(random, 1.3, 1.7) if double else between(random, 0.75, 1.0)
    high = between(random, 1.9, 2.3)
    wood, paint, metal = pick(random, WOOD), pick(random, WOOD), pick(random, METAL)
    frame, coat = surface(random, wood, wood=True), surface(random, paint, wood=bool(random.random() < 0.6))
    iron = patterns.plain(metal, mottle=0.02)
    kit = Kit()
    kit.bone("frame", vec(0, 0, 0), vec(0, 0, high + JAMB))
    x = wide / 2
    for sign in (1.0, -1.0):
        kit.add(*box("frame", vec(sign * x, 0, 0), vec(sign * (x + JAMB), 0.14, high), frame, cells=3))
    kit.add(
        *box(
            "frame",
            vec(-x - JAMB, 0, high),
            vec(x + JAMB, 0.14, high + JAMB),
            surface(random, wood, wood=True, axis=0),
            cells=3,
        )
    )
    kit.add(
        *box("frame", vec(-x - JAMB, -0.02, 0), vec(x + JAMB, 0.16, 0.02), patterns.plain(wood.darker(0.6)), cells=2)
    )
    kind = int(random.integers(4))
    stuck = kind == 3
    for name, sign, reach in _leaves(random, kit, "door", wide, double):
        hinge = vec(sign * x, -LEAF, 0.022)  # on its front edge: so it never turns into the frame
        kit.bone(name, hinge + vec(0, 0, 0.5 * high), hinge + vec(-sign * reach, 0, 0.5 * high))
        inner = sign * (x - reach)
        kit.add(*box(name, vec(sign * (x - 0.002), -LEAF, 0.026), vec(inner, 0, high - 0.006), coat, cells=4))
        near, far_ = sign * (x - 0.13), inner + sign * 0.13
        _panels(kit, name, (near, far_), high, paint, kind)
        if stuck:
            kit.add(*sticker(random, name, vec((near + far_) / 2, -LEAF, 0.7 * high), vec(0, -1, 0), 0.1))
        at = vec(inner + sign * 0.07, -LEAF, 0.47 * high)
        turns = kit.bone(f"{name} handle", at, at + vec(sign * 0.13, 0, 0), name)
        kit.parts.append(Part("hinge", turns, "handle", vec(0, sign, 0), 0.0, 42.0))
        if random.random() < 0.6:
            kit.add(*knob(turns, at + vec(0, -0.01, 0), 0.026, iron))
            kit.add(*box(turns, at + vec(0, -0.06, -0.012), at + vec(sign * 0.14, -0.04, 0.012), iron, cells=1))
            kit.add(*box(turns, at + vec(-0.012, -0.06, -0.012), at + vec(0.012, 0, 0.012), iron, cells=1))
        else:
            kit.add(ball(turns, at + vec(0, -0.04, 0), (0.04, 0.04, 0.04), iron, rings=8))
    looks = (paint.name, "with a sticker" if stuck else ("with a window" if kind == 1 else ""))
    return kit.body(random, "door", "furniture", looks=looks, noun="double door" if double else "door")


def _panels(kit: Kit, name: str, x: tuple[float, float], high: float, paint: Colour, kind: int) -> None:
    if kind == 0:
        for low, top in ((0.1, 0.42), (0.52, 0.92)):
            kit.add(
                *box(
                    name,
                    vec(x[0], -LEAF - 0.012, low * high),
                    vec(x[1], -LEAF, top * high),
                    patterns.grained(paint.darker(0.75), axis=2),
                )
            )
    if kind == 1:
        kit.add(*box(name, vec(x[0], -LEAF - 0.006, 0.58 * high), vec(x[1], 0.006, 0.9 * high), GLASS))
    if kind == 2:
        for row in range(4):
            z = (0.14 + 0.2 * row) * high
            kit.add(
                *box(
                    name,
                    vec(x[0], -LEAF - 0.01, z),
                    vec(x[1], -LEAF, z + 0.05 * high),
                    patterns.plain(paint.lighter(0.5)),
                )
            )


@plan("gate")
def gate(random: np.random.Generator) -> Body:
    """A garden gate between two posts: bars on two rails, one wing or two."""
    double = bool(random.random() < 0.5)
    wide, high = between(random, 1.8, 2.6) if double else between(random, 0.9, 1.3), between(random, 0.9, 1.4)
    paint, stone = pick(random, (*WOOD, *METAL)), pick(random, WOOD)
    coat, posts = patterns.plain(paint, mottle=0.03), patterns.grained(stone, axis=2)
    kit = Kit()
    kit.bone("base", vec(0, 0, 0), vec(0, 0, high))
    x, tip = wide / 2, bool(random.random() < 0.5)
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        post = kit.bone(f"{side} post", vec(sign * (x + 0.1), 0.05, 0), vec(sign * (x + 0.1), 0.05, 1.15 * high))
        kit.add(*box(post, vec(sign * x, 0, 0), vec(sign * (x + 0.18), 0.18, 1.15 * high), posts, cells=3))
        kit.add(ball(post, vec(sign * (x + 0.09), 0.09, 1.15 * high + 0.08), 0.1, coat))
    for name, sign, reach in _leaves(random, kit, "gate", wide, double):
        middle = vec(sign * x, -0.075, 0.5 * high)
        kit.bone(name, middle, middle - vec(sign * reach, 0, 0))
        inner, bars = sign * (x - reach), max(4, round(reach / 0.16))
        for z in (0.2, 0.8):
            kit.add(
                *box(name, vec(sign * x, -0.05, z * high - 0.035), vec(inner, -0.015, z * high + 0.035), coat, cells=3)
            )
        for number in range(bars):
            at = sign * (x - 0.05) + (inner - sign * x + sign * 0.1) * number / (bars - 1)
            top = high * (1.0 if tip else 0.9 + 0.12 * np.sin(np.pi * number / (bars - 1)))
            kit.add(*box(name, vec(at - 0.03, -0.075, 0.06), vec(at + 0.03, -0.05, top), coat, cells=2))
        kit.add(*knob(name, vec(inner + sign * 0.07, -0.1, 0.8 * high), 0.035, patterns.plain(METAL[1], mottle=0)))
    return kit.body(random, "gate", "furniture", looks=(paint.name,))


@plan("window")
def window(random: np.random.Generator) -> Body:
    """A window on a sill: one casement or two, with bars across the glass, and perhaps shutters' stripes."""
    double = bool(random.random() < 0.65)
    wide, high, low = (
        between(random, 0.9, 1.5) if double else between(random, 0.6, 0.85),
        between(random, 0.8, 1.3),
        0.12,
    )
    wood, paint, metal = pick(random, WOOD), pick(random, WOOD), pick(random, METAL)
    frame, coat = surface(random, wood, wood=True), surface(random, paint, wood=True)
    x, top = wide / 2, low + high
    kit = Kit()
    kit.bone("frame", vec(0, 0, low), vec(0, 0, top))
    _sill(kit, x, low, top, frame)
    for name, sign, reach in _leaves(random, kit, "window", wide, double):
        hinge = vec(sign * x, -0.04, (low + top) / 2)
        kit.bone(name, hinge, hinge - vec(sign * reach, 0, 0))
        outer, inner, edge = sign * (x - 0.002), sign * (x - reach), sign * 0.055
        z0, z1 = low + 0.004, top - 0.004
        for start, end in ((outer, outer - edge), (inner, inner + edge)):
            kit.add(*box(name, vec(start, -0.04, z0), vec(end, 0, z1), coat, cells=3))
        for z in (z0, z1 - 0.055, (z0 + z1) / 2 - 0.015):
            tall = 0.03 if z0 < z < z1 - 0.06 else 0.055
            kit.add(*box(name, vec(outer - edge, -0.038, z), vec(inner + edge, -0.002, z + tall), coat, cells=2))
        kit.add(*box(name, vec(outer - edge, -0.024, z0 + 0.05), vec(inner + edge, -0.016, z1 - 0.05), GLASS, cells=3))
        at = vec(inner + sign * 0.028, -0.04, hinge[2] - 0.06)
        turns = kit.bone(f"{name} handle", at, at + vec(0, 0, 0.12), name)
        kit.add(*handle(turns, at, at + vec(0, 0, 0.12), vec(0, -0.025, 0), 0.008, patterns.plain(metal)))
    return kit.body(random, "window", "furniture", looks=(paint.name,))


def _sill(kit: Kit, x: float, low: float, top: float, frame: Coat) -> None:
    corners: list[tuple[Floats, Floats]] = [
        (vec(-x - 0.07, 0, low - 0.07), vec(x + 0.07, 0.12, low)),
        (vec(-x - 0.07, 0, top), vec(x + 0.07, 0.12, top + 0.07)),
        (vec(-x - 0.13, -0.12, 0), vec(x + 0.13, 0.14, low - 0.07)),
    ]
    for sign in (1.0, -1.0):
        corners.append((vec(sign * x, 0, low), vec(sign * (x + 0.07), 0.12, top)))
    for one, other in corners:
        kit.add(*box("frame", one, other, frame, cells=3))
