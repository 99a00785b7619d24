"""What animals and birds do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.captions.acting import Acting, Pace, smooth, step, turning_path
from benchmarks.captions.people import EIGHT
from benchmarks.captions.rigs import FRONT, LEFT, UP, Made
from benchmarks.captions.scenes import Scene, Truth, scene

_LEGS = ("left front leg", "right hind leg", "right front leg", "left hind leg")
_TROT, _AMBLE = (0.0, 0.0, 0.5, 0.5), (0.0, 0.25, 0.5, 0.75)


def animals(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    yield from (_beasts if made.kind == "quadruped" else _birds)(made, random)


def _beasts(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    legs = [made.limbs[name] for name in _LEGS]
    rest = made.rig.rest_joints
    leg = float(np.ptp(rest[[made.roles[role] for role in legs[0]], 2])) / made.height
    for number, heading in enumerate(EIGHT):
        late = _TROT if number % 2 else _AMBLE
        pace = Pace(leg * random.uniform(0.8, 1.3), random.uniform(0.8, 1.1), lift=0.08 * leg)
        acting = step(Acting(made, 3.0, (16.0, 25.0)[number % 2]), pace, 45.0 * number, legs, late, in_place=False)
        truth = Truth(
            travel=heading,
            distance=pace.speed * 3.0,
            gait="walk",
            gait_heading=heading,
            sink=None,
            period_s=pace.stride_s,
            moves=dict.fromkeys(_LEGS, {"action": "swings"}),
        )
        yield scene(f"walks {heading}", acting, truth)
    for bearing, heading in ((0, "forward"), (180, "backward")):
        pace = Pace(leg * 1.1, 1.0, lift=0.08 * leg)
        acting = step(Acting(made, 3.0, 16.0), pace, bearing, legs, _TROT, in_place=True)
        truth = Truth(gait="walk", gait_heading=heading, in_place=True, sink=None, period_s=1.0)
        yield scene(f"walks {heading} in place", acting, truth)
    for in_place in (False, True):
        pace = Pace(leg * 3.4, 0.5, stance=0.35, lift=0.14 * leg)
        acting = step(Acting(made, 2.0, 30.0), pace, 0, legs, (0.0, 0.4, 0.1, 0.5), in_place=in_place)
        truth = Truth(
            travel="none" if in_place else "forward",
            distance=0.0 if in_place else pace.speed * 2.0,
            gait="run",
            gait_heading="forward",
            in_place=in_place,
            rise=None,
            sink=None,
            jumps=None,
            period_s=0.5,
        )
        yield scene(f"runs{' in place' if in_place else ''}", acting, truth)
    for angle in (90, -120, 360):
        acting = Acting(made, 3.0, 16.0)
        acting.root(UP, angle * smooth(acting.time, 0.2, 2.8))
        yield scene(f"turns {angle}", acting, Truth(turn_deg=angle, rise=None, sink=None))
    acting = Acting(made, 6.0, 16.0)
    pace = Pace(leg * 1.2, 1.0, lift=0.08 * leg)
    step(acting, pace, 0, legs, _AMBLE, in_place=True)
    turn = -360 * acting.time / 6.0
    acting.go(turning_path(acting, max(pace.speed, 0.45), turn)).root(UP, turn)
    truth = Truth(travel="circle", turn_deg=-360.0, gait="walk", gait_heading=None, sink=None, period_s=None)
    yield scene("walks in a circle to the right", acting, truth)
    acting = Acting(made, 1.2, 24.0)
    acting.go((0.3 * np.sin(np.pi * np.clip((acting.time - 0.3) / 0.6, 0, 1)))[:, None] * UP)
    yield scene("jumps", acting, Truth(jumps=1, rise=0.3))
    acting = Acting(made, 4.0, 16.0)
    acting.turn("tail1", UP, 25 * np.sin(2 * np.pi * acting.time / 0.5))
    asked = {"tail": {"action": "swings", "sweep": "side_to_side", "cycles": 8.0, "first": True}}
    yield scene("wags its tail", acting, Truth(moves=asked, still=(*_LEGS, "head"), period_s=0.5, idle=True))
    acting = Acting(made, 3.0, 16.0)
    acting.turn("neck", LEFT, 50 * (smooth(acting.time, 0.3, 1.0) - smooth(acting.time, 2.0, 2.7)))
    yield scene("lowers its head", acting, Truth(moves={"head": {"action": "swings", "first": True}}, still=_LEGS))
    acting = Acting(made, 4.0, 16.0)
    yield scene("stands", acting, Truth(idle=True, still=(*_LEGS, "head", "tail"), posture_end="stands"))
    acting = Acting(made, 1.5, 16.0)
    fall = smooth(acting.time, 0.2, 1.0)
    acting.root(FRONT, 88 * fall).go(-0.7 * leg * fall[:, None] * UP)
    yield scene("falls on its side", acting, Truth(lies=True, posture_end="lies", rise=None, sink=None, jumps=None))


def _flapping(acting: Acting, sides: tuple[str, ...], angle: float, period_s: float) -> Acting:
    for side in sides:
        sign = 1.0 if side == "left" else -1.0
        beat = 2 * np.pi * acting.time / period_s
        acting.turn(f"{side}Wing1", FRONT, -sign * angle * np.sin(beat))
        acting.turn(f"{side}Wing2", FRONT, -sign * 0.6 * angle * np.sin(beat - 0.6))
    return acting


def _birds(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    both = {name: {"action": "swings", "sweep": "up_down"} for name in ("left wing", "right wing")}
    for period_s, fps in ((0.5, 30.0), (1.0, 16.0)):
        acting = _flapping(Acting(made, 3.0, fps), ("left", "right"), 35, period_s)
        cycles = {name: {**asked, "cycles": 3.0 / period_s} for name, asked in both.items()}
        yield scene(f"flaps every {period_s} s", acting, Truth(moves=cycles, period_s=period_s, still=("tail", "head")))
    for side, other in (("left", "right"), ("right", "left")):
        acting = _flapping(Acting(made, 2.0, 16.0), (side,), 35, 0.8)
        asked = {f"{side} wing": {**both[f"{side} wing"], "first": True}}
        yield scene(f"flaps its {side} wing", acting, Truth(moves=asked, still=(f"{other} wing",), period_s=0.8))
    for number, heading in enumerate(EIGHT):
        acting = _flapping(Acting(made, 2.0, 16.0), ("left", "right"), 25, 0.7)
        way = np.cos(np.pi / 4 * number) * FRONT + np.sin(np.pi / 4 * number) * LEFT
        acting.go((0.6 * acting.time)[:, None] * way)
        yield scene(f"flies {heading}", acting, Truth(travel=heading, distance=1.2, moves=both, period_s=0.7))
    for angle in (90, -180):
        acting = Acting(made, 3.0, 16.0)
        acting.root(UP, angle * smooth(acting.time, 0.2, 2.8))
        yield scene(f"turns {angle}", acting, Truth(turn_deg=angle, still=("left wing", "right wing")))
    for lift in (0.5, -0.5):
        acting = _flapping(Acting(made, 2.0, 16.0), ("left", "right"), 25, 0.5)
        acting.go((lift * smooth(acting.time, 0.1, 1.9))[:, None] * UP)
        truth = Truth(rise=max(lift, 0.0), sink=max(-lift, 0.0), moves=both)
        yield scene("rises" if lift > 0 else "sinks", acting, truth)
    acting = _flapping(Acting(made, 6.0, 16.0), ("left", "right"), 20, 0.6)
    turn = 360 * acting.time / 6.0
    acting.go(turning_path(acting, 0.5, turn)).root(UP, turn)
    yield scene(
        "flies in a circle to the left", acting, Truth(travel="circle", turn_deg=360.0, moves=both, period_s=0.6)
    )
    acting = Acting(made, 3.0, 16.0)
    yield scene("sits still", acting, Truth(idle=True, still=("left wing", "right wing", "tail", "head")))
