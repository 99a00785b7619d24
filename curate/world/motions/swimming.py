"""What fish do: a wave runs from head to tail and grows on its way."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.chains import ahead_of_root, chain_length, lay, lowest
from curate.world.acting.gait import curved, take_along
from curate.world.acting.profiles import bump, cycle, ease, snap
from curate.world.acting.truth import Truth
from curate.world.body import Body
from curate.world.motions import PLACES, SIDES, TRAVELS, motion
from curate.world.rig.turns import about
from rigmill.types import Floats


def swims(body: Body) -> bool:
    """It swims by bending."""
    return bool(body.chain) and "swim" in body.can


def _wave(act: Act, phase: Floats, degrees: Floats | float) -> Floats:
    """Headings (T, B) of a wave that starts small at the head."""
    back = 0.5 - ahead_of_root(act.body) / chain_length(act.body)
    back = (back - back.min()) / np.ptp(back)
    grow = 0.14 + 0.86 * back**1.5
    much = np.asarray(degrees, float)
    return np.asarray((much[..., None] if much.ndim else much) * grow * np.sin(phase[:, None] - 4.2 * back))


def _fins(act: Act, phase: Floats, degrees: float, *, out: Floats | float = 0.0) -> None:
    """Fins beside the body row."""
    for number, bones in enumerate(act.body.fins):
        sign = 1.0 if bones[0].startswith("left") else -1.0
        row = degrees * np.sin(phase + 0.6 * number)
        for bone in bones:
            act.turn(
                bone,
                about("z", sign * act.full(-np.asarray(out, float))) @ about("y", -sign * row) @ about("x", 0.7 * row),
            )


def _float(act: Act, high: float = 0.25) -> Floats:
    """It is in the water, and bobs; the phase of that."""
    slow = cycle(0.5 * act.times + act.manner.phase)
    act.move(z=(high + 0.02 * np.sin(slow)) * act.body.height)
    return slow


def _beats(act: Act, usual: float) -> float:
    return float(np.clip(usual * act.manner.speed**0.8, 0.7, 3.4))


def _swim(act: Act, *, turn: float, climb: Floats | float = 0.0, speed: float = 0.75) -> tuple[float, float, float]:
    """Travel in body lengths, period, and the rise of a straight or curved swim."""
    body, manner = act.body, act.manner
    hertz = _beats(act, 1.5)
    phase = cycle(hertz * act.times + manner.phase)
    rate = turn / act.seconds
    gone = 0.0 if manner.in_place else speed * body.height * manner.speed
    slope = np.deg2rad(act.full(np.asarray(climb, float)))
    _float(act, high=0.36)
    rise = np.concatenate([[0.0], np.cumsum(gone * np.tan(slope[:-1]) * np.diff(act.times))])
    act.move(x=0.012 * body.height * np.sin(phase), z=rise)
    path = curved(gone, rate)
    take_along(act, path, in_place=manner.in_place)
    yaw = np.rad2deg(path(act.times)[:, 2])
    lean = about("z", yaw) @ about("y", act.full(0.35 * rate))
    place = ahead_of_root(body) / chain_length(body)
    bent = 0.35 * rate * place  # into the curve
    lay(act, _wave(act, phase, 30.0 * manner.amount) + bent, np.rad2deg(slope)[:, None], outer=lean)
    _fins(act, phase, 12.0, out=8.0)
    end = path(act.times[-1:])[0]
    return float(np.hypot(end[0], end[1])) / body.height, 1 / hertz, float(rise[-1]) / body.height


@motion(
    "swim",
    swims,
    places=PLACES,
    ways=("forward",),
    called=("swim", "swimming", "swim cycle"),
    says=("swims {way}", "swims {way} with beats of {its} tail", "is swimming {way}"),
)
def swim(act: Act) -> Truth:
    """It swims ahead, or against a stream that holds it in place."""
    travel, period, _ = _swim(act, turn=0.0)
    return act.truth(
        "swim", side="", direction="none" if act.manner.in_place else "forward", travel=travel, period_s=period
    )


@motion(
    "swim in a curve",
    swims,
    sides=SIDES,
    places=TRAVELS,
    ways=("forward",),
    called=("swim turn <side>", "swim <side>"),
    says=("swims and turns {turn}", "swims in a curve to the {side}"),
)
def swim_in_a_curve(act: Act) -> Truth:
    """It leans into a curve."""
    turn = (1.0 if act.manner.side == "left" else -1.0) * float(act.random.uniform(70.0, 115.0))
    travel, period, _ = _swim(act, turn=turn)
    return act.truth("swim", direction=f"forward_{act.manner.side}", travel=travel, turn_deg=turn, period_s=period)


@motion(
    "swim up",
    swims,
    places=TRAVELS,
    ways=("forward",),
    called=("swim up", "rise"),
    says=("swims upward", "swims up and forward"),
)
def swim_up(act: Act) -> Truth:
    """Nose up it swims ahead and higher."""
    travel, period, rise = _swim(act, turn=0.0, climb=30.0 * bump(act.share, -0.3, 0.0, 0.8, 1.2), speed=0.7)
    return act.truth("swim", side="", direction="forward", travel=travel, rise=rise, period_s=period, style="up")


@motion(
    "swim down",
    swims,
    places=TRAVELS,
    ways=("forward",),
    called=("swim down", "dive"),
    says=("swims downward", "dives down and forward"),
)
def swim_down(act: Act) -> Truth:
    """Nose down it swims ahead and deeper."""
    act.move(z=1.15 * act.body.height)
    travel, period, rise = _swim(act, turn=0.0, climb=-30.0 * bump(act.share, -0.3, 0.0, 0.8, 1.2), speed=0.7)
    return act.truth("swim", side="", direction="forward", travel=travel, rise=rise, period_s=period, style="down")


@motion(
    "dart away",
    swims,
    sides=SIDES,
    places=TRAVELS,
    called=("dash", "escape", "dart"),
    says=("darts off to the {side}", "bends and shoots away to the {side}"),
)
def dart_away(act: Act) -> Truth:
    """It bends into a C, and shoots away in the direction of its head."""
    body, sign = act.body, 1.0 if act.manner.side == "left" else -1.0
    turn = sign * float(act.random.uniform(75.0, 110.0))
    s = act.share
    bend = bump(s, 0.12, 0.32, 0.34, 0.5)
    off = ease(s, 0.32, 0.85)
    yaw = turn * ease(s, 0.16, 0.46)
    hertz = 2.6
    phase = cycle(hertz * act.times)
    _float(act)
    gone = 1.1 * body.height * act.manner.amount
    angle = np.deg2rad(turn)
    act.move(x=gone * off * np.sin(angle), y=-gone * off * np.cos(angle))
    place = ahead_of_root(body) / chain_length(body)
    beats = _wave(act, phase, 30.0 * bump(s, 0.36, 0.5, 0.7, 1.0) + 5.0)
    lay(act, yaw[:, None] + beats + sign * 150.0 * bend[:, None] * place)
    _fins(act, phase, 8.0, out=-20.0 * off)
    return act.truth("dart", speed="", direction=act.manner.side, travel=gone / body.height, turn_deg=turn)


@motion(
    "float",
    swims,
    called=("idle", "float", "hover in water"),
    says=("floats in place", "floats in the water and moves {its} fins"),
)
def float_(act: Act) -> Truth:
    """It stands in the water, its fins rowing."""
    slow = _float(act)
    hertz = 1.1 * act.manner.speed
    lay(act, _wave(act, cycle(0.6 * act.times + act.manner.phase), 8.0 * act.manner.amount))
    _fins(act, cycle(hertz * act.times), 13.0 * act.manner.amount, out=6.0 + 2.0 * np.sin(slow))
    _mouth(act, 7.0 + 6.0 * np.sin(cycle(0.9 * act.times)))
    return act.truth("idle", speed="")


def _mouth(act: Act, degrees: Floats) -> None:
    if act.body.jaw:
        act.turn(act.body.jaw, about("x", degrees))


@motion("snap", swims, called=("bite", "attack", "snap"), says=("snaps at something", "lunges forward and bites"))
def snap_(act: Act) -> Truth:
    """It draws back, shoots ahead with an open mouth, and bites."""
    s, body = act.share, act.body
    back, hit = bump(s, 0.05, 0.3, 0.36, 0.5), snap(s, 0.38, 0.52, 0.98)
    _float(act)
    act.move(y=body.height * (0.08 * back - 0.55 * act.manner.amount * hit))
    beats = _wave(act, cycle(2.2 * act.times), 9.0 + 20.0 * bump(s, 0.32, 0.42, 0.56, 0.75))
    lay(act, beats, (8.0 * hit)[:, None])
    _mouth(act, 34.0 * bump(s, 0.26, 0.44, 0.5, 0.56))
    _fins(act, cycle(1.2 * act.times), 14.0, out=20.0 * back)
    return act.truth("attack", speed="", part="jaw", direction="to_and_fro")


@motion(
    "flop",
    swims,
    sides=SIDES,
    called=("flop", "flopping", "out of water"),
    says=("flops about on its {side} side", "lies on its {side} side and slaps the ground with its tail"),
)
def flop(act: Act) -> Truth:
    """Out of the water it lies on one side and throws its ends up."""
    sign, body = 1.0 if act.manner.side == "left" else -1.0, act.body
    hertz = 1.9 * act.manner.speed**0.5
    phase = cycle(hertz * act.times + act.manner.phase)
    up = np.maximum(np.sin(phase), 0.0) ** 1.3
    place = ahead_of_root(body) / chain_length(body)
    # Its ends turn up: to the subject's right where it lies on its left, to its left where on its right.
    curl = -sign * 70.0 * act.manner.amount * up[:, None] * place * np.where(place > 0, 0.8, 1.35)
    lay(act, curl, outer=np.broadcast_to(about("y", sign * 90.0), (act.count, 3, 3)))
    for bones in body.fins:
        side = 1.0 if bones[0].startswith("left") else -1.0
        fold = 52.0 if side == sign else 15.0 + 20.0 * up
        act.turn(bones[0], about("z", side * act.full(np.asarray(fold))))
    wide = abs(body.skeleton[body.fins[0][0]].head[0]) * 1.25 if body.fins else 0.1 * body.height
    hop = 0.12 * body.height * np.maximum(np.sin(phase - 0.7), 0.0)
    act.move(z=wide - body.skeleton[body.root].head[2] - lowest_from(act) + hop)
    return act.truth("flop", period_s=1 / hertz)


def lowest_from(act: Act) -> Floats:
    """How much lower than its root the lowest joint of the chain is, (T,), 0 or less."""
    root = act.world(act.body.root)[1][:, 2] - act.body.skeleton[act.body.root].head[2]
    return np.minimum(lowest(act) - root, 0.0)


@motion(
    "roll over",
    swims,
    sides=SIDES,
    called=("roll", "barrel roll"),
    says=("rolls over to the {side} while swimming", "rolls all the way round to the {side}"),
)
def roll_over(act: Act) -> Truth:
    """It turns all round about its own length."""
    sign = 1.0 if act.manner.side == "left" else -1.0
    hertz = _beats(act, 1.4)
    phase = cycle(hertz * act.times + act.manner.phase)
    _float(act, high=0.35)
    lay(act, _wave(act, phase, 22.0 * act.manner.amount), outer=about("y", sign * 360.0 * ease(act.share, 0.05, 0.95)))
    _fins(act, phase, 10.0, out=10.0)
    return act.truth("roll over", speed="")
