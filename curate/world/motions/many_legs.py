"""What only bodies on six legs or more do, and what claws do."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.gait import Gait, stand, step, straight
from curate.world.acting.profiles import bump, cycle, ease, snap
from curate.world.acting.truth import Truth
from curate.world.body import Body, Claw
from curate.world.motions import PLACES, SIDES, motion
from curate.world.motions.heads import trail
from curate.world.rig.turns import about
from rigmill.types import Floats


def sprawls(body: Body) -> bool:
    """It stands on six legs or more."""
    return len(body.legs) >= 6


def clawed(body: Body) -> bool:
    """It has claws that pinch."""
    return bool(body.claws)


def _scuttles(body: Body) -> bool:
    return sprawls(body) and "scuttle" in body.can


def _bites(body: Body) -> bool:
    return sprawls(body) and "bite" in body.can


def _rears(body: Body) -> bool:
    return sprawls(body) and not body.claws


def hold(act: Act, claw: Claw, *, up: Floats | float, out: Floats | float = 0.0, opened: Floats | float = 0.0) -> None:
    """Pose a claw: `up` degrees at its first two joints, `out` to its side, the pincer `opened` degrees."""
    sign = 1.0 if claw.side == "left" else -1.0
    first, second, *_ = claw.bones
    lift, aside = act.full(np.asarray(up, float)), act.full(np.asarray(out, float))
    act.turn(first, about("z", sign * aside) @ about("x", -0.55 * lift))
    act.turn(second, about("x", -0.45 * lift))
    act.turn(claw.pincer, about("z", -sign * act.full(np.asarray(opened, float))))


def _stand_easy(act: Act) -> None:
    """All feet stand, the body heaves a little."""
    slow = cycle(0.5 * act.times + act.manner.phase)
    act.move(z=0.02 * act.body.leg_length * np.sin(2 * slow), x=0.015 * act.body.leg_length * np.sin(slow))
    stand(act)
    trail(act, wag=4.0)


@motion(
    "scuttle",
    _scuttles,
    ways=("left", "right"),
    places=PLACES,
    called=("scuttle", "walk sideways", "crawl sideways"),
    says=("scuttles {way}", "crawls sideways {way}", "walks sideways {way} on its many legs"),
)
def scuttle(act: Act) -> Truth:
    """It goes sideways by quick steps, its claws up."""
    body, manner = act.body, act.manner
    sign = 1.0 if manner.way == "left" else -1.0
    period = float(np.clip(0.5 / manner.speed**0.6, 0.32, 0.7))
    duty = 0.6
    half = 0.14 * body.leg_length * manner.amount
    left = sign * 2 * half / (duty * period)
    c = act.times / period + manner.phase
    act.move(z=0.02 * body.leg_length * np.cos(cycle(2 * c)))
    act.turn(body.root, about("y", 3.0 * sign + 1.5 * np.sin(cycle(c))))
    gait = Gait(
        period, duty, 0.16 * body.leg_length, tuple(leg.phase for leg in body.legs), heel_deg=0.0, start=manner.phase
    )
    step(act, gait, straight(0.0, left), in_place=manner.in_place)
    for number, claw in enumerate(body.claws):
        hold(act, claw, up=22.0 + 5.0 * np.sin(cycle(c) + number), out=8.0, opened=12.0)
    trail(act, wag=4.0)
    still = manner.in_place
    return act.truth(
        "scuttle",
        side="",
        direction="none" if still else manner.way,
        travel=0.0 if still else abs(left) * act.seconds / body.height,
        in_place=still,
        period_s=period,
    )


@motion(
    "wave claw",
    clawed,
    sides=SIDES,
    called=("wave claw", "claw wave", "wave <side>"),
    says=("waves {its} {side} claw", "lifts {its} {side} claw and waves it"),
)
def wave_claw(act: Act) -> Truth:
    """One claw goes up and swings out and in."""
    hertz = 1.3 * act.manner.speed
    up = ease(act.share, 0.0, 0.2)
    swing = np.sin(cycle(hertz * act.times + act.manner.phase))
    _stand_easy(act)
    for claw in act.body.claws:
        if claw.side == act.manner.side:
            hold(
                act,
                claw,
                up=up * (105.0 + 18.0 * swing),
                out=up * (15.0 + 32.0 * act.manner.amount * swing),
                opened=up * 28.0,
            )
        else:
            hold(act, claw, up=6.0)
    return act.truth("wave", part=f"{act.manner.side} claw", period_s=1 / hertz)


@motion(
    "snap claws",
    clawed,
    called=("snap claws", "pinch", "clack"),
    says=("snaps {its} claws", "opens and closes {its} claws"),
)
def snap_claws(act: Act) -> Truth:
    """Both claws are held up ahead, and open and close."""
    hertz = 1.5 * act.manner.speed
    beat = cycle(hertz * act.times + act.manner.phase)
    _stand_easy(act)
    for number, claw in enumerate(act.body.claws):
        gape = np.maximum(np.sin(beat + np.pi * number), -0.15)
        hold(
            act,
            claw,
            up=42.0 + 9.0 * np.sin(beat + np.pi * number),
            out=16.0,
            opened=8.0 + 42.0 * act.manner.amount * gape,
        )
    return act.truth("snap claws", part="claws", period_s=1 / hertz)


@motion(
    "threaten",
    clawed,
    called=("threaten", "claws up", "defend"),
    says=("raises both claws to threaten", "lifts {its} open claws high"),
)
def threaten(act: Act) -> Truth:
    """It leans back and spreads both claws, open, high up."""
    up = ease(act.share, 0.03, 0.35 / act.manner.speed**0.5)
    shake = np.sin(cycle(1.1 * act.times))
    act.turn(act.body.root, about("x", -13.0 * act.manner.amount * up))
    act.move(z=0.06 * act.body.leg_length * up)
    _stand_easy(act)
    for claw in act.body.claws:
        hold(act, claw, up=up * (110.0 + 6.0 * shake), out=up * (42.0 + 6.0 * shake), opened=up * 40.0)
    return act.truth("threaten", speed="", part="claws")


@motion(
    "pinch",
    clawed,
    sides=SIDES,
    called=("attack", "pinch <side>", "grab"),
    says=("strikes with {its} {side} claw", "shoots {its} {side} claw forward and pinches"),
)
def pinch(act: Act) -> Truth:
    """It draws one claw back, shoots it ahead with a lunge, and closes it."""
    s, body = act.share, act.body
    back, hit = bump(s, 0.04, 0.3, 0.34, 0.46), snap(s, 0.36, 0.5, 0.95)
    act.move(y=body.leg_length * (0.14 * back - 0.28 * act.manner.amount * hit))
    _stand_easy(act)
    for claw in body.claws:
        if claw.side == act.manner.side:
            hold(
                act,
                claw,
                up=55.0 * back + 14.0 * hit,
                out=34.0 * back - 24.0 * hit,
                opened=48.0 * bump(s, 0.1, 0.34, 0.48, 0.56),
            )
        else:
            hold(act, claw, up=10.0 + 10.0 * back)
    return act.truth("attack", speed="", part=f"{act.manner.side} claw")


def _front_feet(act: Act, place: dict[str, Floats]) -> dict[str, Floats]:
    """Ways (T, 3) of the front feet by the legs' names; of right legs x counts to their own side."""
    found = {}
    for leg in act.body.legs:
        if leg.end == "front":
            found[leg.name] = place[leg.side] * (1.0 if leg.side == "left" else -1.0, 1.0, 1.0)
    return found


@motion(
    "raise front legs",
    _rears,
    called=("threat pose", "raise legs", "rear up"),
    says=("raises {its} front legs to threaten", "rears up with {its} front legs in the air"),
)
def raise_front_legs(act: Act) -> Truth:
    """Its front rises, its front legs go up and wave one after the other."""
    body, length = act.body, act.body.leg_length
    up = ease(act.share, 0.03, 0.34 / act.manner.speed**0.5)
    act.turn(body.root, about("x", -20.0 * act.manner.amount * up))
    for bones in body.tails:
        act.bend(bones, "x", 24.0 * up)
    act.move(z=0.08 * length * up, y=0.04 * length * up)
    beat = cycle(1.2 * act.times + act.manner.phase)
    feet = {}
    for side, late in (("left", 0.0), ("right", np.pi)):
        wave = np.sin(beat + late)
        feet[side] = np.stack([-0.08 * up, up * (-0.12 - 0.05 * wave), up * (0.78 + 0.1 * wave)], axis=1) * length
    stand(act, moved=_front_feet(act, feet))
    trail(act, wag=4.0)
    return act.truth("rear up", speed="", part="front legs")


@motion(
    "lunge",
    _bites,
    called=("bite", "attack", "pounce"),
    says=("lunges forward and bites", "attacks with a quick lunge"),
)
def lunge(act: Act) -> Truth:
    """It crouches back, and shoots ahead over its standing feet with its front legs up."""
    s, body, length = act.share, act.body, act.body.leg_length
    back, hit = bump(s, 0.04, 0.32, 0.38, 0.5), snap(s, 0.4, 0.52, 0.97)
    act.move(y=length * (0.16 * back - 0.155 * act.manner.amount * hit), z=-0.03 * length * back)
    act.turn(body.root, about("x", -12.0 * back + 3.0 * hit))
    lift = bump(s, 0.1, 0.34, 0.5, 0.66)
    way = np.stack([0 * s, 0 * s, 0.5 * lift], axis=1) * length
    stand(act, moved=_front_feet(act, {"left": way, "right": way}))
    trail(act, wag=2.0)
    return act.truth("attack", speed="", part="front legs")


@motion(
    "clean itself",
    _rears,
    called=("clean", "groom", "rub legs"),
    says=("rubs {its} front legs together", "cleans {its} front legs"),
)
def clean_itself(act: Act) -> Truth:
    """Its front feet meet before its head and rub each other."""
    length, hertz = act.body.leg_length, 1.8 * act.manner.speed**0.6
    up = ease(act.share, 0.0, 0.2)
    beat = cycle(hertz * act.times + act.manner.phase)
    act.turn(act.body.root, about("x", -5.0 * up))
    feet = {}
    for side, late in (("left", 0.0), ("right", np.pi)):
        leg = next(leg for leg in act.body.legs if leg.end == "front" and leg.side == side)
        inward = 0.03 * length - abs(leg.ball[0])
        rub = np.sin(beat + late)
        feet[side] = np.stack(
            [inward * up, -0.10 * length * up + 0.08 * length * rub * up, (0.34 + 0.05 * rub) * length * up], axis=1
        )
    stand(act, moved=_front_feet(act, feet))
    trail(act, wag=3.0)
    return act.truth("clean", part="front legs", period_s=1 / hertz)
