"""Flying that gets somewhere else: curves, dives, take-off, landing, darting and stinging."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import curved, stand, take_along
from curate.world.acting.postures import folding
from curate.world.acting.profiles import bump, cycle, ease, snap
from curate.world.acting.truth import Truth
from curate.world.acting.waves import follow
from curate.world.body import Body, Wing
from curate.world.motions import SIDES, TRAVELS, motion
from curate.world.motions.flight import beat, legs_tucked
from curate.world.rig.turns import about
from rigmill.types import Floats


def _stings(body: Body) -> bool:
    return needs.winged(body) and "sting" in body.can and bool(body.tails)


def _darts(body: Body) -> bool:
    return needs.winged(body) and "hover" in body.can


def _lands(body: Body) -> bool:
    return needs.winged(body) and needs.legged(body)


def _phase(act: Act, usual: float) -> tuple[Floats, float]:
    span = max(abs(act.body.skeleton[wing.bones[-1]].tail[0]) for wing in act.body.wings)
    hertz = float(np.clip(usual * np.sqrt(0.6 / max(span, 0.05)) * act.manner.speed**0.7, 0.9, 3.4))
    return cycle(hertz * act.times + act.manner.phase), hertz


def _hang_on(act: Act, *, tuck: bool = True) -> None:
    """Legs point backward, ears and tails go along."""
    if tuck:
        legs_tucked(act)
    for bones in (*act.body.ears, *act.body.tails):
        follow(act, bones, hertz=3.0, amount=0.7)


@motion(
    "bank",
    needs.winged,
    sides=SIDES,
    places=TRAVELS,
    ways=("forward",),
    called=("bank <side>", "fly turn <side>", "banking turn"),
    says=("flies in a curve to the {side}", "banks and turns {turn} in flight"),
)
def bank(act: Act) -> Truth:
    """It leans over and flies round to one side."""
    body, sign = act.body, 1.0 if act.manner.side == "left" else -1.0
    turn = sign * float(act.random.uniform(80.0, 130.0))
    rate = turn / act.seconds
    phase, hertz = _phase(act, 1.5)
    beat(act, phase, degrees=26.0 * act.manner.amount)
    lean = bump(act.share, -0.05, 0.2, 0.8, 1.05)
    act.turn(body.root, about("y", sign * 40.0 * lean) @ about("x", 6.0))
    act.move(z=body.height * (0.62 + 0.02 * np.sin(phase)))
    if body.head:
        act.turn(body.head, about("y", -sign * 16.0 * lean) @ about("z", sign * 10.0 * lean))
    _hang_on(act)
    path = curved(0.75 * body.height * act.manner.speed, rate)
    take_along(act, path, in_place=False)
    end = path(act.times[-1:])[0]
    travel = float(np.hypot(end[0], end[1])) / body.height
    return act.truth(
        "fly", direction=f"forward_{act.manner.side}", travel=travel, turn_deg=turn, period_s=1 / hertz, style="banking"
    )


@motion(
    "dive",
    needs.winged,
    places=TRAVELS,
    ways=("forward",),
    called=("dive", "swoop", "nose dive"),
    says=("dives down and forward", "swoops down with {its} wings drawn back"),
)
def dive(act: Act) -> Truth:
    """Nose down and wings drawn back it shoots down, and comes level with wings spread."""
    body, s = act.body, act.share
    down = bump(s, 0.04, 0.24, 0.62, 0.86)
    level = ease(s, 0.62, 0.86)
    phase, _ = _phase(act, 1.5)
    beat(act, phase, degrees=22.0, fold=8.0)
    for wing in body.wings:
        sign = 1.0 if wing.side == "left" else -1.0
        for number, bone in enumerate(wing.bones):
            back = (34.0, 14.0, 10.0, 6.0)[min(number, 3)] * down * (1 - 0.6 * wing.pair)
            act.turn(bone, about("z", sign * back))
    act.turn(body.root, about("x", 52.0 * act.manner.amount**0.5 * down - 10.0 * level * (1 - ease(s, 0.86, 1.0))))
    if body.head:
        act.turn(body.head, about("x", -18.0 * down))
    fall, ahead = ease(s, 0.1, 0.8), s + 0.3 * ease(s, 0.1, 0.9)
    drop = 0.95 * body.height
    act.move(z=0.3 * body.height + drop * (1 - fall), y=-0.9 * body.height * ahead)
    _hang_on(act)
    return act.truth("dive", side="", speed="", direction="forward", travel=0.9 * 1.3, rise=-drop / body.height)


def _beats_of(act: Act, phase: Floats, degrees: float, share: Floats) -> None:
    """Beats that fade in or out: each wing goes between its place beating and its place folded."""
    beat(act, phase, degrees=degrees, up=40.0)
    for wing in act.body.wings:
        for bone, folded in zip(wing.bones, folding(wing, 1 - share)):
            act.turns[bone] = _faded(act.turns[bone], share) @ folded
        _off_the_floor(act, wing, share)


def _off_the_floor(act: Act, wing: Wing, share: Floats) -> None:
    """Hold a wing up where its beat, by shares (T,) of it, would bring its tip to the floor."""
    skeleton, first, last = act.body.skeleton, wing.bones[0], wing.bones[-1]
    reach = float(np.linalg.norm(skeleton[last].tail - skeleton[first].head))
    short = 0.16 * act.body.height - act.point(last, skeleton[last].tail)[:, 2]
    lift = 1.2 * share * np.degrees(np.arcsin(np.clip(short / reach, 0.0, 0.8)))
    act.turns[first] = about("y", (-1.0 if wing.side == "left" else 1.0) * lift) @ act.turns[first]


def _faded(turns: Floats, share: Floats) -> Floats:
    """Turns (T, 3, 3) taken `share` of the way from none, made square again."""
    mixed = np.eye(3) + share[:, None, None] * (turns - np.eye(3))
    u, _, v = np.linalg.svd(mixed)
    return np.asarray(u @ v)


@motion(
    "take off",
    _lands,
    called=("take off", "takeoff", "fly up"),
    says=("takes off from the ground", "rises into the air with beating wings"),
)
def take_off(act: Act) -> Truth:
    """It crouches, its wings open and beat, and it rises."""
    body, s = act.body, act.share
    off = 0.36
    air = np.clip((s - off) / (1 - off), 0, 1)
    wings = ease(s, 0.06, 0.3)
    phase, _ = _phase(act, 2.0)
    high = 0.75 * body.height * act.manner.amount
    crouch = bump(s, 0.1, 0.26, 0.28, off + 0.02)
    rise = high * air**1.6
    act.move(z=rise - 0.12 * body.leg_length * crouch - 0.02 * body.leg_length)
    act.turn(body.root, about("x", 8.0 * crouch - 14.0 * np.sin(np.pi * np.clip(air, 0, 1)) ** 0.8))
    feet = {leg.name: np.stack([0 * s, 0.1 * body.leg_length * ease(air, 0.1, 0.6), rise], axis=1) for leg in body.legs}
    stand(act, moved=feet, lowered=False)
    _beats_of(act, phase, 30.0, wings)
    _hang_on(act, tuck=False)
    return act.truth("take off", speed="", rise=high / body.height)


@motion(
    "land",
    _lands,
    called=("land", "landing", "touch down"),
    says=("lands on the ground", "comes down with beating wings and lands"),
)
def land(act: Act) -> Truth:
    """It comes down ahead with beating wings, sets its feet down, and folds its wings."""
    body, s = act.body, act.share
    down = 0.62
    air = np.clip(1 - s / down, 0, 1)
    phase, _ = _phase(act, 2.0)
    high, ahead = 0.7 * body.height * act.manner.amount, 0.5 * body.height
    sink = bump(s, down - 0.02, down + 0.08, down + 0.1, 0.95)
    fall = high * air**1.3
    back = ahead * air**1.5
    act.move(z=fall - 0.10 * body.leg_length * sink - 0.02 * body.leg_length, y=-ahead + back)
    flare = 20.0 * bump(s, -0.2, 0.1, 0.4, down)
    act.turn(body.root, about("x", 5.0 * sink - flare))
    for bones in body.tails:
        act.bend(bones, "x", 0.9 * flare)
    feet = {
        leg.name: np.stack([0 * s, -ahead + back - 0.1 * body.leg_length * np.sin(np.pi * air), fall], axis=1)
        for leg in body.legs
    }
    stand(act, moved=feet, lowered=False)
    _beats_of(act, phase, 30.0, 1 - ease(s, down, 0.92))
    _hang_on(act, tuck=False)
    return act.truth("land", speed="", direction="forward", travel=ahead / body.height, rise=-high / body.height)


@motion(
    "dart about",
    _darts,
    sides=SIDES,
    places=TRAVELS,
    called=("dart", "zip", "dart <side>"),
    says=("hovers and darts off to the {side}", "darts to the {side} and stops in the air"),
)
def dart_about(act: Act) -> Truth:
    """It stands in the air, shoots aside, and stands again."""
    body, sign = act.body, 1.0 if act.manner.side == "left" else -1.0
    s = act.share
    phase, _ = _phase(act, 3.0)
    go = ease(s, 0.3, 0.68)
    lean = bump(s, 0.22, 0.36, 0.44, 0.56) - 0.6 * bump(s, 0.5, 0.62, 0.68, 0.84)
    beat(act, phase, degrees=25.0 * act.manner.amount, lag=0.5, fold=6.0)
    act.turn(body.root, about("y", sign * 30.0 * lean))
    gone = 1.0 * body.height * act.manner.amount
    act.move(x=sign * gone * go, z=body.height * (0.4 + 0.03 * np.sin(cycle(0.7 * act.times))))
    _hang_on(act)
    return act.truth("dart", speed="", direction=act.manner.side, travel=gone / body.height)


@motion("sting", _stings, called=("sting", "attack"), says=("lunges and stings", "attacks with {its} sting"))
def sting(act: Act) -> Truth:
    """In the air it draws back, shoots ahead, and bends the end of its body forward under itself."""
    body, s = act.body, act.share
    phase, _ = _phase(act, 2.8)
    beat(act, phase, degrees=25.0, lag=0.5, fold=6.0)
    back, hit = bump(s, 0.04, 0.3, 0.36, 0.48), snap(s, 0.38, 0.52, 0.97)
    curl = bump(s, 0.15, 0.46, 0.6, 0.9)
    act.turn(body.root, about("x", 6.0 * back - 36.0 * curl))
    act.move(y=body.height * (0.12 * back - 0.5 * act.manner.amount * hit), z=body.height * (0.5 + 0.06 * back))
    act.bend(body.tails[0], "x", -62.0 * curl)
    legs_tucked(act, 20.0)
    return act.truth("attack", speed="", part="abdomen", direction="to_and_fro")
