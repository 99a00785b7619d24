"""Walking and running, of whatever stands on legs."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import Gait, step, straight
from curate.world.acting.postures import fists, hang
from curate.world.acting.profiles import cycle
from curate.world.acting.stances import sprawls, trunk_length
from curate.world.acting.truth import Truth
from curate.world.acting.waves import follow, lie_on_floor, side_axis, wave
from curate.world.motions import PLACES, motion
from curate.world.rig.turns import about
from rigmill.types import Floats

SLOWEST = 2.5  # legs a second that a run goes
MOST = 0.45  # of a leg, ahead of and behind its hip, that a foot stands
_WAYS = {"forward": (1.0, 0.0), "backward": (-0.7, 0.0), "left": (0.0, 0.3), "right": (0.0, -0.3)}


@motion(
    "walk",
    needs.legged,
    ways=("forward", "forward", "forward", "forward", "backward", "left", "right"),
    places=PLACES,
    called=("walk", "walk cycle", "walking"),
    says=("walks {way} {style}", "{style} walks {way}", "is walking {way} {style}"),
)
def walk(act: Act) -> Truth:
    """Some foot is always on the ground; a person's arms swing against its legs."""
    body, manner = act.body, act.manner
    upright = needs.two_legged(body)
    style = str(act.random.choice(("", "", "sneakily", "wearily", "happily"))) if needs.person_like(body) else ""
    length = body.leg_length
    duty = 0.62 if upright else 0.68 if len(body.legs) == 4 else 0.6
    period = 1.08 * np.sqrt(length / 0.9) * manner.speed**-0.6 * (1.25 if style in ("sneakily", "wearily") else 1.0)
    period = float(np.clip(period, 0.6, 1.6))
    half = (
        (0.40 if upright else 0.30) * length * manner.amount * manner.speed**0.3 * (0.75 if style == "wearily" else 1.0)
    )
    half *= body.stride
    ahead, left = (2 * half / (duty * period) * share for share in _WAYS[manner.way])
    c = act.times / period + manner.phase
    bounce = 2.0 if style == "happily" else 1.0
    act.move(z=0.016 * length * bounce * np.cos(cycle(2 * c - duty)))
    if style == "sneakily":
        act.move(z=-0.13 * length)
    if upright:
        _upright_sway(
            act, c, duty, lean={"sneakily": 24.0, "wearily": 20.0, "happily": -4.0}.get(style, 4.0), much=manner.amount
        )
    else:
        _level_sway(act, c, much=manner.amount)
    lift = (0.16 if upright else 0.22) * length * (1.5 if style in ("sneakily", "happily") else 1.0)
    phases = tuple(leg.phase for leg in body.legs)
    gait = Gait(
        period,
        duty,
        lift,
        phases,
        heel_deg=26.0,
        narrow=0.75 if upright and left == 0 else 1.0,
        fold_deg=24.0,
        start=manner.phase,
    )
    step(act, gait, straight(ahead, left), in_place=manner.in_place)
    if body.arms:
        swing = np.cos(cycle(c)) * (0.25 if style == "wearily" else 0.8) * manner.amount * (ahead != 0)
        hang(act, swing={"left": -swing, "right": swing}, bent={"sneakily": 0.55, "happily": 0.35}.get(style, 0.06))
    _trailing(act, c)
    return act.truth(
        "walk", side="", style=style, period_s=period, in_place=manner.in_place, **_way(act, np.hypot(ahead, left))
    )


@motion(
    "run",
    needs.legged,
    ways=("forward",),
    places=(True, True, False),
    called=("run", "run cycle", "running"),
    says=("runs {way}", "is running {way}"),
)
def run(act: Act) -> Truth:
    """Between steps no foot is on the ground."""
    body, manner = act.body, act.manner
    upright = needs.two_legged(body)
    length = body.leg_length
    short = body.stride < 1  # legs far out: neither long flights nor long steps
    duty = 0.24 if upright else 0.32 if short else 0.21
    period = float(np.clip(0.70 * np.sqrt(length / 0.9) * manner.speed**-0.5, 0.5, 1.1))
    eager = manner.amount**0.5 * manner.speed**0.3
    half = (0.35 if upright else 0.38) * length * eager * body.stride
    # Slower than this it would be a walk; who runs far is small in the picture, and goes no faster than it must.
    slowest = 0.5 * SLOWEST * length * duty * period
    if short:
        half *= 1.0 if manner.in_place else 0.7
    else:
        half = min(max(half, slowest), MOST * length, slowest * (2.2 if manner.in_place else max(1.0, eager)))
    gallops = not upright and len({round(leg.run_phase, 3) for leg in body.legs}) > 2
    if gallops and half > 0.4 * trunk_length(body):
        half = 0.4 * trunk_length(body)  # hind feet stay behind the front ones, and step faster for it
        period = min(period, 2 * half / (duty * SLOWEST * length))
    ahead = 2 * half / (duty * period)
    c = act.times / period + manner.phase
    high = 0.05 * length * manner.amount
    if upright:
        act.move(z=high * np.cos(cycle(2 * c - duty - 0.5)) - 0.04 * length)
        _upright_sway(act, c, duty, lean=14.0 * manner.amount, much=1.3 * manner.amount)
    else:
        beat = cycle(c if gallops else 2 * c)
        act.move(z=high * np.cos(beat - 0.6) - 0.05 * length)
        # A long trunk on short legs would bring the shoulders to the ground.
        rocks = min(1.0, 0.85 * length / trunk_length(body)) if gallops else 1.0
        act.turn(body.root, about("x", (5.0 * rocks if gallops else 2.0) * np.sin(beat)))
        if gallops:
            act.bend(body.spine, "x", 14.0 * rocks * manner.amount * np.sin(beat + 0.6))
        act.bend(body.neck, "x", -7.0 * np.sin(beat + 0.4))
    phases = tuple(leg.run_phase for leg in body.legs)
    gait = Gait(
        period,
        duty,
        (0.3 if upright else 0.14 if short else 0.18) * length,
        phases,
        heel_deg=42.0 if upright else 30.0,
        narrow=0.6 if upright else 0.85,
        fold_deg=38.0,
        start=manner.phase,
    )
    step(act, gait, straight(ahead), in_place=manner.in_place)
    if body.arms:
        swing = 1.15 * np.cos(cycle(c)) * manner.amount
        hang(act, swing={"left": -swing, "right": swing}, bent=0.85)
        fists(act, body.arms, 0.8)
    _trailing(act, c)
    return act.truth("run", side="", period_s=period, in_place=manner.in_place, **_way(act, ahead))


def _way(act: Act, speed: float) -> dict[str, object]:
    still = act.manner.in_place
    return {
        "direction": "none" if still else act.manner.way,
        "travel": 0.0 if still else float(speed * act.seconds / act.body.height),
    }


def _upright_sway(act: Act, c: Floats, duty: float, *, lean: float, much: float) -> None:
    """Pelvis and trunk of a two-legged walker: they turn against each other, and lean."""
    body = act.body
    length = body.leg_length
    act.move(x=0.025 * length * np.cos(cycle(c - duty / 2)))
    yaw = -7.0 * much * np.cos(cycle(c))
    act.turn(body.root, about("z", yaw) @ about("y", 2.5 * much * np.cos(cycle(c - duty / 2))))
    for bone in body.spine:
        act.turn(bone, about("z", -2.0 * yaw / len(body.spine)) @ about("x", act.full(lean / len(body.spine))))
    act.bend([*body.neck, *filter(None, [body.head])], "x", -0.7 * lean)
    act.bend([*body.neck, *filter(None, [body.head])], "z", yaw)


def _level_sway(act: Act, c: Floats, *, much: float) -> None:
    """The trunk of a walker on four legs or more: it snakes a little, and its head bobs."""
    body = act.body
    wide = 4.0 if sprawls(body) else 1.0
    roll = 0.0 if sprawls(body) else 2.0
    act.turn(body.root, about("z", 3.0 * wide * much * np.sin(cycle(c))) @ about("y", roll * much * np.sin(cycle(c))))
    act.bend(body.spine, "z", -6.0 * wide * much * np.sin(cycle(c)))
    act.bend(body.neck, "x", 4.0 * np.sin(cycle(2 * c)))
    act.bend(body.neck, "z", 4.0 * much * np.sin(cycle(c)))
    if body.head:
        act.turn(body.head, about("x", -4.0 * np.sin(cycle(2 * c))))


def _trailing(act: Act, c: Floats) -> None:
    """Tails, ears and trunks go along."""
    for bones in act.body.tails:
        much = 9.0 * act.manner.amount * min(1.0, 4.5 / len(bones)) * (2.0 if sprawls(act.body) else 1.0)
        wave(act, bones, side_axis(act, bones), much, cycle(c), lag=2.0 / max(len(bones), 4), grow=(0.7, 1.3))
        follow(act, bones, hertz=2.2, amount=0.8)
        lie_on_floor(act, bones)
    for bones in act.body.ears:
        follow(act, bones, hertz=3.0, amount=1.2)
    if act.body.trunk:
        wave(act, act.body.trunk, "x", 5.0, cycle(c), lag=0.4)
        follow(act, act.body.trunk, hertz=1.6)
        lie_on_floor(act, act.body.trunk)
