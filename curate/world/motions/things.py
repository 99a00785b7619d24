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
    """Bring a hinge or a slide to a share (T,) of its way, 0 closed; a wheel by that many turns."""
    place(act, part, 360.0 * amount if part.kind == "wheel" else part.low + (part.high - part.low) * amount)


def place(act: Act, part: Part, value: Floats) -> None:
    """Bring a part to degrees or metres (T,) from rest, within its limits. Move the main root before."""
    act.carry(part.bone)
    if part.kind == "slide":
        act.shift(part.bone, np.clip(value, part.low, part.high)[:, None] * part.axis)
    else:
        act.turn(part.bone, about(part.axis, value if part.kind == "wheel" else np.clip(value, part.low, part.high)))
    if part.grip and part.kind != "wheel":
        share = (value - part.low) / max(part.high - part.low, 1e-9)
        act.turn(part.grip, about("y", GRIP_DEG * np.sin(np.pi * np.clip(share, 0, 1))))


def some_of(act: Act, parts: tuple[Part, ...]) -> list[Part]:
    """One of the parts, or all of them."""
    if len(parts) > 1 and act.random.random() < 0.45:
        return list(parts)
    return [parts[int(act.random.integers(len(parts)))]]


def _doors(body: Body) -> bool:
    return bool([part for part in body.parts_called(*OPENS) if part.kind == "hinge"])


def _drawers(body: Body) -> bool:
    return bool(body.parts_called("drawer"))


def _delays(act: Act, count: int) -> list[float]:
    return [0.0] if count == 1 else [float(d) for d in act.random.uniform(0.0, 0.22, size=count)]


def _told(act: Act, verb: str, parts: list[Part], opens: str, **more: object) -> Truth:
    only = parts[0].side if len(parts) == 1 and parts[0].side in ("left", "right") else ""
    return act.truth(verb, side=only, part=parts[0].word, opens=opens, num_parts=len(parts), **more)


def _grasp(act: Act, door: Part, start: float) -> None:
    """The handles on a door are pressed down as it begins to move at a share of the take."""
    for part in act.body.parts_called("handle"):
        if act.body.skeleton[part.bone].parent == door.bone:
            put(act, part, bump(act.share, start - 0.08, start, start + 0.06, start + 0.2))


@motion("open", _doors, called=("open", "opening", "Open door"), says=("opens {parts}", "swings {parts} open"))
def open_(act: Act) -> Truth:
    """A door swings open and meets its stop; or all of one kind."""
    parts = _one_kind(act)
    for part, late in zip(parts, _delays(act, len(parts))):
        end = min(0.92, late + 0.62 / act.manner.speed**0.5)
        _grasp(act, part, 0.06 + late)
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
        _grasp(act, part, 0.05 + late / 2)
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
    parts = some_of(act, act.body.parts_called("drawer"))
    for part, late in zip(parts, _delays(act, len(parts))):
        put(
            act,
            part,
            min(1.0, 0.9 * act.manner.amount) * stopped(act.share, 0.05 + late, min(0.94, late + 0.65), bounce=0.02),
        )
    return _told(act, "slide out", parts, "opens")


@motion(
    "slide in",
    _drawers,
    called=("slide in", "drawer close", "push in"),
    says=("slides {parts} in", "draws {parts} back in"),
)
def slide_in(act: Act) -> Truth:
    """A drawer that is out is pushed in."""
    parts = some_of(act, act.body.parts_called("drawer"))
    for part, late in zip(parts, _delays(act, len(parts))):
        way = stopped(act.share, 0.05 + late, min(0.94, late + 0.65), bounce=0.02)
        put(act, part, min(1.0, 0.9 * act.manner.amount) * (1 - way))
    return _told(act, "slide in", parts, "closes")


@motion(
    "slide in and out",
    _drawers,
    called=("drawer cycle", "slide in and out"),
    says=("slides {parts} out and in", "moves {parts} out and back in"),
)
def slide_in_and_out(act: Act) -> Truth:
    """Drawers go out and in, more than one in turn."""
    parts = some_of(act, act.body.parts_called("drawer"))
    hertz = 1.0 / act.seconds
    for number, part in enumerate(parts):
        phase = cycle(hertz * act.times + number / max(len(parts), 1))
        put(act, part, min(1.0, 0.9 * act.manner.amount) * (0.5 - 0.5 * np.cos(phase)))
    return _told(act, "slide", parts, "opens and closes", period_s=1 / hertz)


@motion(
    "swing to and fro",
    _doors,
    called=("swing", "door swing", "swinging in the wind"),
    says=("swings {parts} to and fro", "swings {parts} back and forth"),
)
def swing(act: Act) -> Truth:
    """A door swings between half shut and wide open, as in the wind."""
    parts = _one_kind(act)
    hertz = max(0.55 * act.manner.speed, 1.2 / act.seconds)
    for number, part in enumerate(parts):
        phase = cycle(hertz * act.times + act.manner.phase + 0.5 * number)
        put(act, part, 0.5 + 0.36 * min(1.2, act.manner.amount) * np.sin(phase))
    return _told(act, "swing", parts, "", period_s=1 / hertz)


@motion(
    "open one after another",
    lambda body: any(_many(body)),
    called=("open all", "open in turn"),
    says=("opens {parts} one after another", "opens {parts} in turn"),
)
def in_turn(act: Act) -> Truth:
    """All doors or all drawers open, each when the one before has."""
    groups = [group for group in _many(act.body) if group]
    parts = list(groups[int(act.random.integers(len(groups)))])
    if act.random.random() < 0.5:
        parts.reverse()
    each = 0.92 / (len(parts) + 0.4)
    for number, part in enumerate(parts):
        start = 0.04 + each * number
        put(act, part, min(1.0, 0.88 * act.manner.amount) * stopped(act.share, start, start + 1.3 * each, bounce=0.03))
    return _told(act, "slide out" if parts[0].kind == "slide" else "open", parts, "opens", style="one after another")


def _many(body: Body) -> list[tuple[Part, ...]]:
    """Its doors and its drawers, those of which there are two or more."""
    doors = tuple(part for part in body.parts_called("door", "gate", "window") if part.kind == "hinge")
    drawers = body.parts_called("drawer")
    return [group if len(group) > 1 else () for group in (doors, drawers)]


def _one_kind(act: Act) -> list[Part]:
    parts = tuple(part for part in act.body.parts_called(*OPENS) if part.kind == "hinge")
    words = sorted({part.word for part in parts})
    word = words[int(act.random.integers(len(words)))]
    return some_of(act, tuple(part for part in parts if part.word == word))
