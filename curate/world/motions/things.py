"""What things do: doors open and close, drawers slide."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.profiles import bump, cycle, stopped
from curate.world.acting.truth import Truth
from curate.world.body import Body, Part
from curate.world.motions import motion
from curate.world.rig.turns import about
from rigmill.types import Floats

GRIP_DEG = 35.0  # that a knob is turned meanwhile; in a body of nodes only what moves by itself is a joint
OPENS = ("door", "lid", "gate", "hatch", "window")


def put(act: Act, part: Part, amount: Floats) -> None:
    """Bring a hinge or a slide to a share (T,) of its way, 0 closed."""
    value = part.low + (part.high - part.low) * amount
    if part.kind == "slide":
        act.shift(part.bone, value[:, None] * part.axis)
    else:
        act.turn(part.bone, about(part.axis, value))
    if part.grip:
        act.turn(part.grip, about("y", GRIP_DEG * np.sin(np.pi * np.clip(amount, 0, 1))))


def some_of(act: Act, parts: tuple[Part, ...]) -> list[Part]:
    """One of the parts, or all of them."""
    if len(parts) > 1 and act.random.random() < 0.45:
        return list(parts)
    return [parts[int(act.random.integers(len(parts)))]]


def _doors(body: Body) -> bool:
    return bool([part for part in body.parts_called(*OPENS) if part.kind == "hinge"])


def _drawers(body: Body) -> bool:
    return any(part.kind == "slide" for part in body.parts)


def _delays(act: Act, count: int) -> list[float]:
    return [0.0] if count == 1 else [float(d) for d in act.random.uniform(0.0, 0.22, size=count)]


def _told(act: Act, verb: str, parts: list[Part], opens: str, **more: object) -> Truth:
    only = parts[0].side if len(parts) == 1 and parts[0].side in ("left", "right") else ""
    return act.truth(verb, side=only, part=parts[0].word, opens=opens, num_parts=len(parts), **more)


@motion("open", _doors, called=("open", "opening", "Open door"), says=("opens {parts}", "swings {parts} open"))
def open_(act: Act) -> Truth:
    """A door swings open and meets its stop; or all of one kind."""
    parts = _one_kind(act)
    for part, late in zip(parts, _delays(act, len(parts))):
        end = min(0.92, late + 0.62 / act.manner.speed**0.5)
        put(act, part, min(1.0, 0.88 * act.manner.amount) * stopped(act.share, 0.06 + late, end, bounce=0.06))
    return _told(act, "open", parts, "opens")


@motion("close", _doors, called=("close", "closing", "Close door"), says=("closes {parts}", "swings {parts} shut"))
def close(act: Act) -> Truth:
    """An open door falls shut."""
    parts = _one_kind(act)
    for part, late in zip(parts, _delays(act, len(parts))):
        end = min(0.92, late + 0.62 / act.manner.speed**0.5)
        put(act, part, min(1.0, 0.88 * act.manner.amount) * (1 - stopped(act.share, 0.06 + late, end, bounce=0.05)))
    return _told(act, "close", parts, "closes")


@motion(
    "open and close",
    _doors,
    called=("open close", "door cycle", "open and close"),
    says=("opens and closes {parts}", "swings {parts} open and shut again"),
)
def open_and_close(act: Act) -> Truth:
    """A door opens, stays, and closes."""
    parts = _one_kind(act)
    for part, late in zip(parts, _delays(act, len(parts))):
        put(
            act, part, min(1.0, 0.88 * act.manner.amount) * bump(act.share, 0.03 + late / 2, 0.36 + late / 2, 0.6, 0.95)
        )
    return _told(act, "open", parts, "opens and closes", style="and close")


@motion(
    "slide out",
    _drawers,
    called=("slide out", "drawer open", "pull out"),
    says=("slides out {parts}", "pushes {parts} out"),
)
def slide_out(act: Act) -> Truth:
    """A drawer comes out and stops."""
    parts = some_of(act, tuple(part for part in act.body.parts if part.kind == "slide"))
    for part, late in zip(parts, _delays(act, len(parts))):
        put(
            act,
            part,
            min(1.0, 0.9 * act.manner.amount) * stopped(act.share, 0.05 + late, min(0.94, late + 0.65), bounce=0.02),
        )
    return _told(act, "slide out", parts, "opens")


@motion(
    "slide in and out",
    _drawers,
    called=("drawer cycle", "slide in and out"),
    says=("slides {parts} out and in", "moves {parts} out and back in"),
)
def slide_in_and_out(act: Act) -> Truth:
    """Drawers go out and in, more than one in turn."""
    parts = some_of(act, tuple(part for part in act.body.parts if part.kind == "slide"))
    hertz = 1.0 / act.seconds
    for number, part in enumerate(parts):
        phase = cycle(hertz * act.times + number / max(len(parts), 1))
        put(act, part, min(1.0, 0.9 * act.manner.amount) * (0.5 - 0.5 * np.cos(phase)))
    return _told(act, "slide", parts, "opens and closes", period_s=1 / hertz)


def _one_kind(act: Act) -> list[Part]:
    parts = tuple(part for part in act.body.parts_called(*OPENS) if part.kind == "hinge")
    words = sorted({part.word for part in parts})
    word = words[int(act.random.integers(len(words)))]
    return some_of(act, tuple(part for part in parts if part.word == word))
