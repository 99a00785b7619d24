"""Cars, vans and pickup trucks: a chassis with wheels, a body on it with doors and a hatch behind."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, Part
from curate.world.builders.coachwork import Sizes, behind, door, hull
from curate.world.builders.thing import Kit, between, sticker, wheel
from curate.world.looks import patterns
from curate.world.looks.colours import BLACK, BRIGHT, DARK, METAL, WHITE, colour, pick
from curate.world.plans import plan
from curate.world.rig.turns import vec
from curate.world.shapes.solids import box
from curate.world.shapes.tube import rod

GLASS, SEAT = (
    patterns.plain(colour("glass", "#a4c6d6"), mottle=0.02),
    patterns.plain(colour("dark", "#3a3540"), mottle=0.05),
)
PANEL = 0.04


def _sizes(random: np.random.Generator, kind: str) -> Sizes:
    radius = between(random, 0.26, 0.33) * (1.1 if kind != "car" else 1.0)
    length, x = between(random, 2.3, 2.8) * (1.15 if kind == "van" else 1.0), between(random, 0.62, 0.75)
    ahead, front = -length / 2, -length / 2 + 1.3 * radius
    rear = length / 2 - 1.35 * radius
    start = front + radius + 0.06
    end = start + (0.95 if kind == "pickup" else max(rear - radius - 0.06 - start, 0.8))
    belt = 2 * radius + between(random, 0.2, 0.28)
    roof = belt + {"car": 0.42, "van": 0.62, "pickup": 0.45}[kind]
    return Sizes(x, ahead, length / 2, front, rear, (start, end), 0.85 * radius, belt, roof, radius, 0.62 * radius)


@plan("car")
def car(random: np.random.Generator) -> Body:
    """Front wheels steer; wheels hang on the chassis or are roots of their own, as in many files."""
    kind = str(random.choice(["car", "car", "van", "pickup"]))
    s = _sizes(random, kind)
    paint = pick(random, (*BRIGHT, METAL[0], WHITE))
    coat = patterns.plain(paint, mottle=0.02)
    second = pick(random, (*BRIGHT, WHITE), other_than=(paint,))
    striped = bool(random.random() < 0.4)
    if striped:
        coat = patterns.over(coat, second, lambda p, _u, n: (np.abs(p[:, 0]) < 0.16) & (n[:, 2] > -0.5))
    two_toned = not striped and bool(random.random() < 0.3)
    if two_toned:
        coat = patterns.above(coat, second, axis=2, limit=s.belt)
    kit = Kit()
    kit.bone("chassis", vec(0, 0, s.radius), vec(0, -0.3, s.radius))
    dark = patterns.plain(DARK, mottle=0.02)
    narrow = s.x - 0.02 - s.tyre - 0.5 * s.radius
    kit.add(
        *box(
            "chassis",
            vec(-narrow, s.ahead + 0.08, 0.6 * s.radius),
            vec(narrow, s.behind - 0.08, s.floor),
            dark,
            cells=3,
        )
    )
    spokes, rim = int(random.integers(3, 7)), patterns.plain(pick(random, METAL), mottle=0)
    for end, y in (("front", s.front), ("back", s.rear)):
        kit.add(
            rod("chassis", vec(-s.x + 0.1, y, s.radius), vec(s.x - 0.1, y, s.radius), (0.035, 0.035), dark, sides=6)
        )
        for sign, side in ((1.0, "left"), (-1.0, "right")):
            centre = vec(sign * (s.x - s.tyre / 2 - 0.01), y, s.radius)
            name = kit.bone(f"{side} {end} wheel", centre, centre + vec(sign * 0.1, 0, 0))
            kit.add(*wheel(name, centre, s.radius, s.tyre, (patterns.plain(BLACK, mottle=0.02), rim), spokes=spokes))
            kit.parts.append(
                Part("wheel", name, "wheel", vec(1, 0, 0), radius=s.radius, side=side, steers=end == "front")
            )
    kit.bone("body", vec(0, 0, s.floor), vec(0, -0.4, s.floor))
    kit.parts.append(Part("slide", "body", "suspension", vec(0, 0, 1), -0.04 * s.radius, 0.06 * s.radius))
    hull(kit, s, coat, dark, kind)
    starts = [s.cabin[0], s.cabin[1]]
    if kind == "car" and s.cabin[1] - s.cabin[0] > 0.95:
        starts.insert(1, s.cabin[0] + 0.55 * (s.cabin[1] - s.cabin[0]))
    for number, (start, end_) in enumerate(zip(starts, starts[1:])):
        for sign, side in ((1.0, "left"), (-1.0, "right")):
            where = "" if len(starts) == 2 else ("front ", "back ")[number]
            door(random, kit, s, f"{side} {where}door", sign, (start, end_), coat)
    behind(random, kit, s, coat, kind)
    stuck = not striped and bool(random.random() < 0.4)
    if stuck:
        kit.add(*sticker(random, "body", vec(0, s.front, s.belt), vec(0, 0, 1), 0.2))
    if random.random() < 0.35:
        kit.loosen([part.bone for part in kit.parts if part.kind == "wheel"])
    painted = f"{paint.name} and {second.name}" if two_toned else paint.name
    looks = (painted, f"with a {second.name} stripe" if striped else "")
    return kit.body(random, "car", "vehicle", looks=looks, noun={"pickup": "pickup truck"}.get(kind, kind))
