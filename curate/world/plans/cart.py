"""Carts: a bed of planks on two large wheels with shafts, or a wagon on four, with a gate behind."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.thing import Kit, between, wheel
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, METAL, WOOD, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import ball, box
from curate.world.shapes.tube import rod


@plan("cart")
def cart(random: np.random.Generator) -> Body:
    """Thin spoked wheels that are part of the cart, or roots of their own."""
    four = bool(random.random() < 0.5)
    wide, long = between(random, 0.7, 0.95), between(random, 1.1, 1.6) * (1.2 if four else 1.0)
    radius = between(random, 0.26, 0.34) if four else between(random, 0.38, 0.5)
    side, floor = between(random, 0.22, 0.36), radius + 0.1
    wood, paint, metal = pick(random, WOOD), pick(random, (*BRIGHT, *WOOD)), pick(random, METAL)
    planks = patterns.striped(patterns.grained(wood, axis=1), wood.darker(0.5), axis=2, every=0.11, share=0.08)
    boards = patterns.striped(patterns.grained(wood, axis=0), wood.darker(0.5), axis=2, every=0.11, share=0.08)
    iron, spokes = patterns.plain(metal, mottle=0.02), patterns.plain(paint, mottle=0.02)
    x, y = wide / 2, long / 2
    kit = Kit()
    kit.bone("bed", vec(0, 0, floor), vec(0, -0.4, floor))
    kit.add(*box("bed", vec(-x, -y, floor), vec(x, y, floor + 0.035), boards, cells=4))
    for sign in (1.0, -1.0):
        kit.add(*box("bed", vec(sign * x, -y, floor + 0.035), vec(sign * (x - 0.03), y, floor + side), planks, cells=4))
        for share in (-0.75, 0.0, 0.75):
            post = vec(sign * x, share * y, floor)
            kit.add(
                *box(
                    "bed", post, post + vec(sign * 0.025, 0.05, side + 0.04), patterns.plain(wood.darker(0.7)), cells=1
                )
            )
    kit.add(*box("bed", vec(-x + 0.03, -y, floor + 0.035), vec(x - 0.03, -y + 0.03, floor + side), boards, cells=4))
    gate = kit.bone("back gate", vec(0, y, floor), vec(0, y, floor + side))
    kit.add(*box(gate, vec(-x, y + 0.002, floor + 0.005), vec(x, y + 0.032, floor + side), boards, cells=4))
    for sign in (1.0, -1.0):
        kit.add(
            *box(
                gate,
                vec(sign * 0.6 * x, y + 0.03, floor + 0.01),
                vec(sign * 0.6 * x + 0.04, y + 0.045, floor + side),
                iron,
                cells=1,
            )
        )
    kit.parts.append(Part("hinge", gate, "gate", vec(-1, 0, 0), 0.0, between(random, 80, 110)))
    out, thick = x + 0.025 + 0.05, 0.07
    axles = (("front ", -0.62 * y), ("back ", 0.62 * y)) if four else (("", 0.08 * y),)
    for end, at in axles:
        kit.add(rod("bed", vec(-out, at, radius), vec(out, at, radius), (0.03, 0.03), iron, sides=6))
        kit.add(
            *box(
                "bed",
                vec(-0.8 * x, at - 0.04, radius),
                vec(0.8 * x, at + 0.04, floor),
                patterns.grained(wood.darker(0.7), axis=0),
                cells=1,
            )
        )
        for sign, word in ((1.0, "left"), (-1.0, "right")):
            centre = vec(sign * (out + thick / 2), at, radius)
            name = kit.bone(f"{word} {end}wheel", centre, centre + vec(sign * 0.1, 0, 0))
            kit.add(*wheel(name, centre, radius, thick, (iron, spokes), spokes=8, thin=True))
            kit.parts.append(Part("wheel", name, "wheel", vec(1, 0, 0), radius=radius, side=word))
    if four:
        start, end_ = vec(0, -y, floor - 0.02), vec(0, -y - 0.75, floor + 0.35)
        kit.add(rod("bed", start, end_, (0.025, 0.02), patterns.grained(wood, axis=1), sides=6))
        kit.add(rod("bed", end_ - vec(0.12, 0, 0), end_ + vec(0.12, 0, 0), (0.018, 0.018), iron, sides=6))
    else:
        for sign in (1.0, -1.0):
            shaft = vec(sign * 0.75 * x, -y, floor + 0.015), vec(sign * 0.6 * x, -y - 0.75, floor + 0.12)
            kit.add(rod("bed", *shaft, (0.028, 0.022), patterns.grained(wood, axis=1), sides=6))
        bar = vec(0.6 * x, -y - 0.7, floor + 0.115)
        kit.add(rod("bed", bar * vec(-1, 1, 1), bar, (0.018, 0.018), iron, sides=6))
    loaded = int(random.integers(3))
    for number in range(5 if loaded == 1 else 0):
        spot = vec(between(random, -0.6, 0.6) * x, (number - 2) * 0.32 * y, floor + 0.13)
        kit.add(ball("bed", spot, between(random, 0.08, 0.11), patterns.plain(pick(random, BRIGHT)), rings=6))
    if loaded == 2:
        crate = vec(0, 0.1 * y, floor + 0.036)
        size = vec(0.6 * x, 0.4 * y, 0)
        kit.add(
            *box(
                "bed",
                crate - size,
                crate + size + vec(0, 0, side + 0.08),
                patterns.checked(patterns.grained(WOOD[2], axis=2), WOOD[1], size=0.15),
                cells=4,
            )
        )
    if random.random() < 0.4:
        kit.loosen([part.bone for part in kit.parts if part.kind == "wheel"])
    looks = (wood.name, f"with {paint.name} wheels", ("", "with a load of balls", "with a crate")[loaded])
    return kit.body(random, "cart", "vehicle", looks=looks, noun="wagon" if four else "cart")
