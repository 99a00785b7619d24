"""Chains of hinges that bend up and down: lamps bow and look up, cranes lift and lower, excavators dig."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.profiles import bump, cycle, ease
from curate.world.acting.truth import Truth
from curate.world.body import Body
from curate.world.motions import motion
from curate.world.motions.things import place
from rigmill.types import Floats


def _boomed(body: Body) -> bool:
    return len(body.parts_called("boom")) >= 2


def bow(act: Act, amount: Floats, *, swing: Floats | None = None) -> None:
    """Bring booms to -1 (up) .. 1 (down) of their way, (T,); a shade nods along, a hook hangs, `swing` degrees off."""
    total = act.full(0.0)
    for part in act.body.parts_called("boom"):
        angle = np.where(amount > 0, part.high, -part.low) * amount
        place(act, part, angle)
        total = total + angle
    for part in act.body.parts_called("shade"):
        place(act, part, np.where(amount > 0, 0.4 * part.high, -0.8 * part.low) * amount)
    for part in act.body.parts_called("hook"):
        sway = act.full(0.0) if swing is None else swing
        place(act, part, -total + sway)


def _lag(act: Act, amount: Floats) -> Floats:
    """Degrees by which a load lags and swings after while the boom moves."""
    rate = np.gradient(amount, act.times) if act.count > 1 else 0 * amount
    return np.asarray(6.0 * np.tanh(rate) * np.cos(cycle(0.9 * act.times)))


def _told(act: Act, verb: str, **more: object) -> Truth:
    parts = act.body.parts_called("boom")
    return act.truth(verb, side="", part="boom", num_parts=len(parts), **more)


@motion("bend down", _boomed, called=("bend down", "lower", "down"), says=("bends down", "lowers its arm"))
def bend_down(act: Act) -> Truth:
    """From up to down, and stays."""
    end = min(0.95, 0.8 / act.manner.speed**0.5)
    amount = min(1.0, 0.9 * act.manner.amount) * (-0.7 + 1.7 * ease(act.share, 0.05, end))
    bow(act, amount, swing=_lag(act, amount))
    return _told(act, "bend down")


@motion("bend up", _boomed, called=("bend up", "lift", "raise", "up"), says=("straightens up", "raises its arm"))
def bend_up(act: Act) -> Truth:
    """From down to up, and stays."""
    end = min(0.95, 0.8 / act.manner.speed**0.5)
    amount = min(1.0, 0.9 * act.manner.amount) * (1 - 1.9 * ease(act.share, 0.05, end))
    bow(act, amount, swing=_lag(act, amount))
    return _told(act, "bend up")


@motion(
    "bend up and down",
    _boomed,
    called=("bob", "up and down", "lift and lower"),
    says=("bends down and up", "raises and lowers its arm"),
)
def bob(act: Act) -> Truth:
    """Down and up again, over and over."""
    hertz = max(0.6 * act.manner.speed, 1.0 / act.seconds)
    amount = 0.9 * min(1.1, act.manner.amount) * np.sin(cycle(hertz * act.times))
    bow(act, amount)
    return _told(act, "bend up and down", period_s=1 / hertz)


@motion(
    "nod shade",
    lambda body: bool(body.parts_called("shade")),
    called=("nod", "shade nod", "lamp nod"),
    says=("nods its shade", "tips its shade up and down"),
)
def nod_shade(act: Act) -> Truth:
    """The shade alone nods."""
    hertz = max(1.1 * act.manner.speed, 1.5 / act.seconds)
    for part in act.body.parts_called("shade"):
        place(act, part, 0.75 * part.high * min(1.2, act.manner.amount) * np.sin(cycle(hertz * act.times)))
    return act.truth("nod", side="", part="shade", period_s=1 / hertz, num_parts=1)


@motion(
    "swing load",
    lambda body: bool(body.parts_called("hook")),
    called=("hook swing", "swing load"),
    says=("swings its hook back and forth", "lets its hook swing"),
)
def swing_load(act: Act) -> Truth:
    """What hangs from the crane swings ahead and back."""
    hertz = max(0.65 * act.manner.speed**0.5, 1.0 / act.seconds)
    for part in act.body.parts_called("hook"):
        place(act, part, 26.0 * act.manner.amount * np.sin(cycle(hertz * act.times + act.manner.phase)))
    return act.truth("swing", side="", part="hook", period_s=1 / hertz, num_parts=1)


@motion(
    "dig",
    lambda body: bool(body.parts_called("bucket")),
    called=("dig", "digging", "scoop"),
    says=("digs with its bucket", "scoops with its bucket and lifts it"),
)
def dig(act: Act) -> Truth:
    """The boom goes down, the bucket curls in, and comes up full."""
    share = act.share
    down = bump(share, 0.02, 0.32, 0.5, 0.9)
    curl = ease(share, 0.3, 0.6) - 0.25 * (1 - ease(share, 0.0, 0.3))
    for part in act.body.parts_called("boom"):
        place(act, part, part.high * down + 0.8 * part.low * (1 - down) * ease(share, 0.5, 0.9))
    for part in act.body.parts_called("bucket"):
        place(act, part, part.high * curl)
    return act.truth("dig", side="", part="bucket", num_parts=3)


@motion(
    "spring",
    lambda body: bool(body.parts_called("shade")),
    called=("hop", "jump", "bounce"),
    says=("hops {times} on the spot", "hops up and down"),
)
def spring(act: Act) -> Truth:
    """The whole lamp crouches and hops on the spot, two or three times."""
    count = 3 if act.manner.speed > 1.1 else 2
    u = np.mod(0.999 * act.share * count, 1.0)
    air = np.clip((u - 0.38) / 0.3, 0, 1)
    high = 0.16 * act.body.height * act.manner.amount * 4 * air * (1 - air)
    crouch = bump(u, 0.0, 0.24, 0.28, 0.4) + 0.7 * bump(u, 0.67, 0.76, 0.78, 0.97)
    bow(act, 0.95 * np.minimum(crouch, 1.0) - 0.45 * 4 * air * (1 - air))
    act.move(z=high)
    return act.truth("hop", side="", speed="", period_s=act.seconds / count, num_parts=count)
