"""What heads do while the body stands: nod, shake, look around; and standing itself."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import stand
from curate.world.acting.postures import hang
from curate.world.acting.profiles import bump, cycle
from curate.world.acting.truth import Truth
from curate.world.acting.waves import follow, lie_on_floor, side_axis, wave
from curate.world.body import Body
from curate.world.motions import motion
from curate.world.rig.turns import about
from rigmill.types import Floats


def _standing(body: Body) -> bool:
    return needs.legged(body) and needs.headed(body)


def standing_still(act: Act, *, breath: float = 1.0, sway: float = 1.0) -> None:
    """Stand on all feet, breathe, let arms hang; tails and ears hang on. Call when trunk and head are posed."""
    body = act.body
    slow = cycle(0.45 * act.times + act.manner.phase)
    act.move(
        x=0.012 * sway * body.leg_length * np.sin(slow),
        z=-0.03 * body.leg_length - 0.006 * breath * body.leg_length * np.cos(2 * slow),
    )
    act.bend(body.spine, "x", 1.6 * breath * np.sin(2 * slow))
    stand(act)
    if body.arms:
        hang(act, swing={"left": 0.06 * np.sin(slow), "right": 0.06 * np.sin(slow + 2)}, bent=0.08)
    trail(act)


def trail(act: Act, *, wag: float = 10.0, hertz: float = 1.2) -> None:
    """Tails sway by themselves and swing after, ears and trunks swing after."""
    wag *= 0.4 if act.body.arms else 1.0
    for bones in act.body.tails:
        much = wag * min(1.0, 4.5 / len(bones))
        lag = 2.2 / max(len(bones), 4)
        wave(
            act,
            bones,
            side_axis(act, bones),
            much,
            cycle(hertz * act.times + act.manner.phase),
            lag=lag,
            grow=(0.8, 1.3),
        )
        follow(act, bones, hertz=2.0)
        lie_on_floor(act, bones)
    for bones in act.body.ears:
        follow(act, bones, hertz=3.0, amount=1.2)
    if act.body.trunk:
        wave(act, act.body.trunk, "y", 20.0 / len(act.body.trunk), cycle(0.6 * act.times + act.manner.phase), lag=0.4)
        follow(act, act.body.trunk, hertz=1.4)
        lie_on_floor(act, act.body.trunk)


def _turn_head(act: Act, axis: str, degrees: Floats, *, neck: float = 0.4) -> None:
    body = act.body
    act.bend(body.neck, axis, neck * degrees)
    if body.head:
        act.turn(body.head, about(axis, (1 - neck) * degrees))


@motion(
    "nod",
    _standing,
    called=("nod", "nod yes", "head nod"),
    says=("nods {its} head", "nods", "moves {its} head up and down"),
)
def nod(act: Act) -> Truth:
    """The head goes down and up, as a yes."""
    hertz = 1.5 * act.manner.speed
    calm = np.sin(np.pi * np.clip(act.share * 1.1, 0, 1)) ** 0.5
    _turn_head(act, "x", 25.0 * act.manner.amount * calm * (0.3 - np.cos(cycle(hertz * act.times + act.manner.phase))))
    standing_still(act)
    return act.truth("nod", part="head", period_s=1 / hertz)


@motion(
    "shake head",
    _standing,
    called=("shake head", "head shake", "shake head no"),
    says=("shakes {its} head", "turns {its} head from side to side"),
)
def shake_head(act: Act) -> Truth:
    """The head turns left and right, as a no."""
    hertz = 1.4 * act.manner.speed
    calm = np.sin(np.pi * np.clip(act.share * 1.1, 0, 1)) ** 0.5
    _turn_head(
        act, "z", 46.0 * act.manner.amount * calm * np.sin(cycle(hertz * act.times + act.manner.phase)), neck=0.35
    )
    standing_still(act)
    return act.truth("shake head", part="head", period_s=1 / hertz)


@motion(
    "look around",
    _standing,
    called=("look around", "looking around"),
    sides=("left", "right"),
    says=("looks around", "turns {its} head to look left and right"),
)
def look_around(act: Act) -> Truth:
    """The head turns far to one side, stays, and turns to the other."""
    first = 1.0 if act.manner.side == "left" else -1.0
    s = act.share
    yaw = first * 62.0 * act.manner.amount * (bump(s, 0.02, 0.22, 0.38, 0.52) - bump(s, 0.42, 0.66, 0.84, 0.99))
    _turn_head(act, "z", 0.75 * yaw, neck=0.5)
    act.bend(act.body.spine, "z", 0.25 * yaw)
    _turn_head(act, "x", -6.0 * act.manner.amount * np.sin(cycle(1.5 * s)))
    standing_still(act, sway=1.6)
    return act.truth("look around", side="", part="head")


@motion(
    "idle",
    needs.legged,
    called=("idle", "stand idle", "breathing idle"),
    says=("stands still", "stands idle", "stands and breathes"),
)
def idle(act: Act) -> Truth:
    """It stands, breathes, and shifts its weight."""
    slow = cycle(0.45 * act.times + act.manner.phase)
    _turn_head(act, "z", 5.0 * np.sin(slow + 1.0))
    act.bend(act.body.spine, "y", 1.5 * act.manner.amount * np.sin(slow))
    standing_still(act, breath=1.6 * act.manner.amount, sway=2.2 * act.manner.amount)
    return act.truth("idle", speed="")
