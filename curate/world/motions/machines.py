"""What machines do: blades spin, turrets and motors turn from side to side, levers are pulled, buttons pressed."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.profiles import bump, cycle, ease, stopped
from curate.world.acting.truth import Truth
from curate.world.body import Body, Part
from curate.world.motions import SIDES, motion
from curate.world.motions.things import place, put, some_of
from rigmill.types import Floats

MOST_DEG = 40.0  # that blades turn from a frame to the next: three or four of them seem to turn back beyond
TURNTABLES = ("motor", "turret", "cap", "stem")


def _rotors(body: Body) -> tuple[Part, ...]:
    return tuple(part for part in body.parts if part.kind == "wheel" and not part.radius)


def _turntable(body: Body) -> bool:
    return bool(body.parts_called(*TURNTABLES))


def _spin(act: Act, pace: Floats) -> float:
    """Turn all blades at shares `pace` (T,) of full speed; returns the seconds of a turn at full speed."""
    slow = act.body.parts_called("rotor")
    hertz = (0.62 if slow else 1.3) * act.manner.speed * (1.5 if pace.min() < 0.5 else 1.0)
    hertz = float(np.clip(hertz, 0.5, MOST_DEG / 360.0 / act.times[1]))
    turns = np.concatenate([[0.0], np.cumsum(hertz * np.diff(act.times) * (pace[1:] + pace[:-1]) / 2)])
    for part in _rotors(act.body):
        put(act, part, turns + act.manner.phase)
    return 1.0 / hertz


@motion(
    "rotate",
    lambda body: bool(_rotors(body)),
    called=("spin", "rotate", "on", "fan spin"),
    says=("spins its blades", "turns its blades round and round"),
)
def rotate(act: Act) -> Truth:
    """The blades turn round and round at one speed."""
    period = _spin(act, act.full(1.0))
    parts = _rotors(act.body)
    return act.truth("spin", side="", part=parts[0].word, period_s=period, num_parts=len(parts))


@motion(
    "start to spin",
    lambda body: bool(_rotors(body)),
    styles=("starts", "stops"),
    called=("switch on", "spin up"),
    says=("{style} spinning its blades", "{style} turning its blades round"),
)
def start(act: Act) -> Truth:
    """The blades start, or run out and stop."""
    up = ease(act.share, 0.0, 0.55)
    act_up = act.manner.style == "starts"
    _spin(act, up if act_up else 1 - ease(act.share, 0.4, 0.97))
    parts = _rotors(act.body)
    return act.truth("spin", side="", speed="", part=parts[0].word, num_parts=len(parts))


def _sweep(act: Act) -> tuple[Part, float]:
    part = act.body.parts_called(*TURNTABLES)[0]
    hertz = max(0.5 * act.manner.speed, 1.0 / act.seconds)
    much = min(part.high, 42.0 * act.manner.amount)
    place(act, part, much * np.sin(cycle(hertz * act.times) + (0.0 if act.manner.phase < 0.5 else np.pi)))
    return part, 1 / hertz


@motion(
    "turn from side to side",
    _turntable,
    called=("oscillate", "look left and right", "sweep"),
    says=("turns from side to side", "turns its {part} left and right"),
)
def sweep(act: Act) -> Truth:
    """What stands on a turntable turns left and right."""
    part, period = _sweep(act)
    return act.truth("turn to and fro", side="", part=part.word, period_s=period, num_parts=1)


@motion(
    "spin and sweep",
    lambda body: bool(_rotors(body)) and _turntable(body),
    called=("full", "oscillating", "spin sweep"),
    says=("spins its blades and turns from side to side", "turns left and right while its blades spin"),
)
def spin_and_sweep(act: Act) -> Truth:
    """The blades spin while their motor turns from side to side."""
    part, _ = _sweep(act)
    period = _spin(act, act.full(1.0))
    return act.truth("spin", side="", part=_rotors(act.body)[0].word, period_s=period, num_parts=2)


@motion(
    "turn aside",
    _turntable,
    sides=SIDES,
    called=("turn <side>", "rotate <side>", "look <side>"),
    says=("turns to the {side}", "turns its {part} to the {side}"),
)
def turn_aside(act: Act) -> Truth:
    """What stands on a turntable turns to one side and stays."""
    part = act.body.parts_called(*TURNTABLES)[0]
    sign = 1.0 if act.manner.side == "left" else -1.0
    much = min(part.high, 62.0 * act.manner.amount)
    place(act, part, sign * much * ease(act.share, 0.05, min(0.93, 0.75 / act.manner.speed**0.5)))
    return act.truth("turn aside", part=part.word, num_parts=1)


def _levers(body: Body) -> bool:
    return bool(body.parts_called("lever"))


def _shift(act: Act, verb: str, way: Floats) -> Truth:
    """Some levers go along a way (T,) from 0, back, to 1, ahead."""
    parts = some_of(act, act.body.parts_called("lever"))
    for number, part in enumerate(parts):
        much = min(1.0, 0.9 * act.manner.amount)
        late = np.interp(act.share - 0.06 * number, act.share, way)
        put(act, part, 0.5 + (late - 0.5) * much)
    return act.truth(verb, side="", part="lever", num_parts=len(parts))


@motion(
    "pull",
    _levers,
    called=("pull", "pull lever", "lever on"),
    says=("tips {parts} forward", "moves {parts} to the front"),
)
def pull(act: Act) -> Truth:
    """A lever is pulled from the back to the front and stays."""
    return _shift(act, "pull", stopped(act.share, 0.08, min(0.9, 0.6 / act.manner.speed**0.5), bounce=0.03))


@motion(
    "push",
    _levers,
    called=("push", "push lever", "lever off"),
    says=("tips {parts} backward", "moves {parts} to the back"),
)
def push(act: Act) -> Truth:
    """A lever is pushed from the front to the back and stays."""
    return _shift(act, "push", 1 - stopped(act.share, 0.08, min(0.9, 0.6 / act.manner.speed**0.5), bounce=0.03))


@motion(
    "rock",
    _levers,
    called=("lever cycle", "back and forth", "rock lever"),
    says=("rocks {parts} back and forth", "moves {parts} to and fro"),
)
def rock(act: Act) -> Truth:
    """Levers go to and fro."""
    parts = some_of(act, act.body.parts_called("lever"))
    hertz = max(0.7 * act.manner.speed, 1.0 / act.seconds)
    for number, part in enumerate(parts):
        put(
            act,
            part,
            0.5 - 0.5 * min(1.0, 0.9 * act.manner.amount) * np.cos(cycle(hertz * act.times + number / len(parts))),
        )
    return act.truth("swing", side="", part="lever", period_s=1 / hertz, num_parts=len(parts))


def _buttons(body: Body) -> tuple[Part, ...]:
    """Those that are large enough to see."""
    return tuple(part for part in body.parts_called("button") if part.high > 0.04 * body.height)


@motion(
    "press",
    lambda body: bool(_buttons(body)),
    called=("press", "press button", "button down"),
    says=("presses {parts} down and lets go", "pushes {parts} in and out"),
)
def press(act: Act) -> Truth:
    """Buttons go down and come back up."""
    parts = some_of(act, _buttons(act.body))
    for number, part in enumerate(parts):
        late = 0.3 * number
        put(act, part, bump(act.share, 0.08 + late, 0.25 + late, 0.4 + late, 0.62 + late))
    return act.truth("press", side="", part="button", num_parts=len(parts))
