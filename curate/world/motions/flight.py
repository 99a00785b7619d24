"""What wings do: flying, flapping on the spot, gliding, hovering."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import curved, take_along
from curate.world.acting.profiles import cycle
from curate.world.acting.truth import Truth
from curate.world.acting.waves import follow, wave
from curate.world.body import Body
from curate.world.motions import PLACES, TRAVELS, motion
from curate.world.rig.turns import about
from rigmill.types import Floats


def beat(act: Act, phase: Floats, *, degrees: float, up: float = 6.0, lag: float = 0.7, fold: float = 14.0) -> None:
    """Wings beat about the body's long axis, tips after roots; going up they fold, and a hind pair beats later."""
    for wing in act.body.wings:
        sign = 1.0 if wing.side == "left" else -1.0
        own = phase - 0.9 * wing.pair
        count = len(wing.bones)
        for number, bone in enumerate(wing.bones):
            share = (1.0, 0.72, 0.55, 0.4)[min(number, 3)] if count > 1 else 1.0
            later = own - lag * number
            lifted = share * degrees * np.sin(later) + (up if number == 0 else -up / 2)
            rising = np.maximum(np.cos(later), 0.0)
            act.turn(bone, about("y", -sign * lifted))
            if number == 0:
                act.turn(bone, about("x", -12.0 * np.cos(own)))
            else:
                act.turn(bone, about("y", sign * fold * rising) @ about("z", -sign * 0.5 * fold * rising))


def legs_tucked(act: Act, degrees: float = 60.0) -> None:
    """Legs in the air point backward."""
    for leg in act.body.legs:
        upper, lower, *_, foot = leg.bones
        act.turn(upper, about("x", act.full(0.45 * degrees)))
        act.turn(lower, about("x", act.full(0.75 * degrees)))
        act.turn(foot, about("x", act.full(0.6 * degrees)))


def _span(body: Body) -> float:
    return float(max(abs(body.skeleton[wing.bones[-1]].tail[0]) for wing in body.wings))


def _in_the_air(act: Act, phase: Floats, *, pitch: float, high: float) -> None:
    body = act.body
    act.move(z=high - 0.05 * _span(body) * np.sin(phase - 0.3))
    act.turn(body.root, about("x", pitch + 3.0 * np.sin(phase + 0.5)))
    act.bend([*body.neck, *filter(None, [body.head])], "x", -0.6 * pitch - 4.0 * np.sin(phase + 0.5))
    for bones in body.tails:
        act.bend(bones, "x", max(0.0, -0.7 * pitch))
        wave(act, bones, "x", 5.0, phase - 0.8, lag=0.5)
    legs_tucked(act)
    for bones in (*body.ears, *body.tails):
        follow(act, bones, hertz=3.0, amount=0.7)


def _beats(act: Act, usual: float) -> float:
    """Wing beats a second: small wings beat faster."""
    return float(np.clip(usual * np.sqrt(0.6 / max(_span(act.body), 0.05)) * act.manner.speed**0.7, 0.8, 3.6))


@motion(
    "fly",
    needs.winged,
    places=TRAVELS,
    ways=("forward",),
    called=("fly", "flying", "fly forward"),
    says=("flies {way}", "flies {way} {speed} with beating wings", "is flying {way}"),
)
def fly(act: Act) -> Truth:
    """It flies ahead with beating wings, straight or in a curve."""
    hertz = _beats(act, 1.7)
    phase = cycle(hertz * act.times + act.manner.phase)
    beat(act, phase, degrees=36.0 * act.manner.amount)
    rate = float(act.random.choice([0.0, 0.0, -28.0, 28.0]))
    if rate:
        act.turn(act.body.root, about("y", act.full(0.5 * rate)))
    _in_the_air(act, phase, pitch=10.0, high=0.45 * _span(act.body))
    speed = 0.75 * act.body.height * act.manner.speed
    take_along(act, curved(speed, rate), in_place=False)
    turn = rate * act.seconds
    way = "forward" if abs(turn) < 45.0 else "forward_left" if turn > 0 else "forward_right"
    chord = speed * act.seconds * np.sinc(np.deg2rad(turn) / 2 / np.pi)
    return act.truth(
        "fly", side="", direction=way, travel=float(chord / act.body.height), turn_deg=turn, period_s=1 / hertz
    )


@motion(
    "flap",
    needs.winged,
    called=("flap", "flap wings", "flapping"),
    says=("flaps {its} wings in the air", "beats {its} wings {speed} and stays in place in the air"),
)
def flap(act: Act) -> Truth:
    """It stays where it is in the air and beats its wings."""
    hertz = _beats(act, 1.8)
    phase = cycle(hertz * act.times + act.manner.phase)
    beat(act, phase, degrees=42.0 * act.manner.amount)
    _in_the_air(act, phase, pitch=-14.0, high=0.42 * _span(act.body))
    return act.truth("flap", side="", part="wings", period_s=1 / hertz)


@motion(
    "glide",
    needs.winged,
    places=PLACES,
    ways=("forward",),
    called=("glide", "gliding", "soar"),
    says=("glides {way}", "glides {way} {speed} with {its} wings spread", "soars {way}"),
)
def glide(act: Act) -> Truth:
    """It holds its wings out and leans from side to side."""
    hertz = 0.5
    phase = cycle(hertz * act.times + act.manner.phase)
    for wing in act.body.wings:
        sign = 1.0 if wing.side == "left" else -1.0
        for number, bone in enumerate(wing.bones):
            lifted = (9.0, -5.0, 7.0, 5.0)[min(number, 3)] + 3.0 * np.sin(2 * phase + number)
            act.turn(bone, about("y", -sign * lifted))
    roll = 24.0 * act.manner.amount * np.sin(phase)
    act.turn(act.body.root, about("y", roll))
    _in_the_air(act, 0 * phase, pitch=6.0, high=0.4 * _span(act.body))
    act.move(z=0.06 * _span(act.body) * np.cos(2 * phase))
    if act.body.head:
        act.turn(act.body.head, about("y", -0.7 * roll))
    speed = 0.8 * act.body.height * act.manner.speed
    take_along(act, curved(speed, 0.0), in_place=act.manner.in_place)
    still = act.manner.in_place
    return act.truth(
        "glide",
        side="",
        speed="" if still else act.manner.speed_word,
        part="wings",
        direction="none" if still else "forward",
        travel=0.0 if still else float(speed * act.seconds / act.body.height),
    )


@motion(
    "hover",
    needs.winged,
    called=("hover", "hovering"),
    says=("hovers in the air", "hovers in place", "hovers in the air, beating {its} wings {speed}"),
)
def hover(act: Act) -> Truth:
    """It stands in the air, upright, with quick small beats, and drifts up and down."""
    hertz = _beats(act, 2.8)
    phase = cycle(hertz * act.times + act.manner.phase)
    beat(act, phase, degrees=24.0 * act.manner.amount, lag=0.5, fold=8.0)
    slow = cycle(0.5 * act.times + act.manner.phase)
    _in_the_air(act, phase, pitch=-26.0, high=0.45 * _span(act.body))
    act.move(z=0.1 * act.body.height * np.sin(slow), x=0.03 * act.body.height * np.sin(0.5 * slow))
    return act.truth("hover", side="", part="wings", period_s=1 / hertz)
