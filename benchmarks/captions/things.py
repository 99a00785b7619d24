"""What doors, drawers, lids, wheels and levers do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.captions.acting import Acting, smooth
from benchmarks.captions.rigs import FRONT, LEFT, UP, Made
from benchmarks.captions.scenes import Scene, Truth, scene

_HINGED = {"door": UP, "lid": LEFT, "lever": LEFT}


def things(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    acting = Acting(made, 3.0, 16.0)
    yield scene("stands", acting, _truth(made, {}, idle=True))
    for part, (role,) in made.limbs.items():
        kind = part.split()[-1]
        if kind == "drawer":
            yield from _slides(made, part, role)
        elif kind == "wheel":
            yield from _spins(made, part, role)
        else:
            yield from _swings(made, part, role, kind)
    for angle in (90, -90, 360):
        acting = Acting(made, 3.0, 16.0)
        acting.root(UP, angle * smooth(acting.time, 0.2, 2.8))
        yield scene(f"turns {angle}", acting, _truth(made, {}, turn_deg=angle))
    acting = Acting(made, 2.0, 16.0)
    acting.go((0.5 * acting.time)[:, None] * FRONT)
    yield scene("moves along", acting, _truth(made, {}, travel="somewhere", distance=1.0))
    parts = list(made.limbs.items())[:2]
    acting = Acting(made, 2.0, 16.0)
    asked = {}
    for part, (role,) in parts:
        kind = part.split()[-1]
        if kind in ("drawer", "wheel"):
            continue
        acting.turn(role, _HINGED[kind], 70 * smooth(acting.time, 0.2, 1.8))
        asked[part] = {"action": "turns" if kind == "lever" else "opens", "turn": 70.0}
    yield scene("opens all", acting, _truth(made, asked))


def _truth(made: Made, asked: dict, **changed) -> Truth:
    still = tuple(part for part in made.limbs if part not in asked)
    told = {"flip_deg": None, "lies": None, "jumps": 0, "facing": False}
    return Truth(moves=asked, still=still, **told | changed)


def _swings(made: Made, part: str, role: str, kind: str) -> Iterator[Scene]:
    axis = _HINGED[kind]
    opens, closes = ("turns", "turns") if kind == "lever" else ("opens", "closes")
    for angle in (95.0, -60.0, 20.0):
        acting = Acting(made, 2.0, 16.0)
        acting.turn(role, axis, angle * smooth(acting.time, 0.3, 1.7))
        asked = {part: {"action": opens, "turn": abs(angle), "first": True}}
        yield scene(f"{part} opens by {angle:.0f}", acting, _truth(made, asked))
        acting = Acting(made, 1.5, 24.0)
        acting.turn(role, axis, angle * (1 - smooth(acting.time, 0.2, 1.2)))
        asked = {part: {"action": closes, "turn": abs(angle), "first": True}}
        yield scene(f"{part} closes by {angle:.0f}", acting, _truth(made, asked))
    acting = Acting(made, 3.0, 16.0)
    acting.turn(role, axis, 80 * (smooth(acting.time, 0.2, 1.2) - smooth(acting.time, 1.8, 2.8)))
    yield scene(f"{part} opens and closes", acting, _truth(made, {part: {"action": "swings", "turn": 80.0}}))
    acting = Acting(made, 4.0, 16.0)
    acting.turn(role, axis, 30 * np.sin(2 * np.pi * acting.time / 0.8))
    asked = {part: {"action": "swings", "cycles": 5.0}}
    yield scene(f"{part} swings to and fro", acting, _truth(made, asked, period_s=0.8))


def _slides(made: Made, part: str, role: str) -> Iterator[Scene]:
    for share in (0.4, 0.15):
        acting = Acting(made, 2.0, 16.0)
        acting.slide(role, (share * smooth(acting.time, 0.3, 1.7))[:, None] * FRONT)
        asked = {part: {"action": "slides_out", "slide": share, "first": True}}
        yield scene(f"{part} slides out by {share}", acting, _truth(made, asked))
        acting = Acting(made, 1.5, 24.0)
        acting.slide(role, (share * (1 - smooth(acting.time, 0.2, 1.2)))[:, None] * FRONT)
        asked = {part: {"action": "slides_in", "slide": share, "first": True}}
        yield scene(f"{part} slides in by {share}", acting, _truth(made, asked))
    acting = Acting(made, 3.0, 16.0)
    acting.slide(role, (0.3 * (smooth(acting.time, 0.2, 1.2) - smooth(acting.time, 1.8, 2.8)))[:, None] * FRONT)
    yield scene(f"{part} slides out and in", acting, _truth(made, {part: {"action": "slides", "slide": 0.3}}))


def _spins(made: Made, part: str, role: str) -> Iterator[Scene]:
    for turns, seconds in ((1.0, 2.0), (-3.0, 3.0), (4.5, 3.0)):
        acting = Acting(made, seconds, 16.0)
        acting.turn(role, LEFT, 360 * turns * acting.time / seconds)
        asked = {part: {"action": "spins", "turn": 360 * abs(turns), "first": True}}
        yield scene(f"{part} spins {turns} times", acting, _truth(made, asked))
    acting = Acting(made, 2.0, 16.0)
    acting.turn(role, LEFT, 50 * smooth(acting.time, 0.3, 1.7))
    yield scene(f"{part} turns a bit", acting, _truth(made, {part: {"action": "turns", "turn": 50.0}}))
