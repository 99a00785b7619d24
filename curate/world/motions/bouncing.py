"""Jumps and hops: a crouch, a flight, a landing."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import stand
from curate.world.acting.postures import hang
from curate.world.acting.profiles import bump, ease
from curate.world.acting.stances import belly, sprawls, tips
from curate.world.acting.truth import Truth
from curate.world.motions import PLACES, motion
from curate.world.motions.heads import trail
from rigmill.types import Floats


def _bounce(act: Act, share: Floats, *, high: float, deep: float, ahead: float, tuck: float) -> Floats:
    """Root and feet of one jump per whole number of `share`; how much of a crouch there is, (T,)."""
    body = act.body
    deep = min(deep, 0.7 * belly(body))
    u = np.mod(share, 1.0)
    done = np.floor(share)
    off, down = 0.34, 0.68
    air = np.clip((u - off) / (down - off), 0, 1)
    flight = 4 * air * (1 - air)
    crouch = bump(u, 0.0, 0.2, 0.24, off) + 0.75 * bump(u, down - 0.01, down + 0.12, down + 0.13, 0.97)
    length = body.leg_length
    drop = 0.03 * length
    act.move(z=high * flight - deep * crouch - drop, y=-ahead * (done + ease(u, off - 0.08, down + 0.06)))
    way = ahead * (done + air)
    feet = {}
    for leg in body.legs:
        lift = np.maximum(high * flight * (1 + tuck) - 0.04 * length * np.sin(np.pi * air), 0.0)
        feet[leg.name] = np.stack([0 * way, -way, np.where((air > 0) & (air < 1), lift, 0.0)], axis=1)
    stand(act, moved=feet, lowered=False)
    return crouch - flight


@motion(
    "jump",
    needs.legged,
    places=PLACES,
    called=("jump", "jumping"),
    says=("jumps {way}", "crouches and jumps {way}", "makes a jump {way}"),
)
def jump(act: Act) -> Truth:
    """It crouches, jumps once, and lands."""
    manner, length = act.manner, act.body.leg_length
    squat = 1.0 if act.body.stride == 1.0 else 0.3  # sprawling legs carry a body near to the ground
    ahead = 0.0 if manner.in_place else max(0.9 * length, 0.4 * act.body.height) * manner.amount
    share = np.clip(act.share * 1.03 - 0.03, 0, 0.999)
    down = _shape(act, share, low=0.28)
    _bounce(act, share, high=0.42 * length * manner.amount, deep=0.28 * length * squat, ahead=ahead, tuck=0.25)
    _limbs(act, down)
    return act.truth(
        "jump",
        speed="",
        direction="none" if manner.in_place else "forward",
        travel=ahead / act.body.height,
        num_parts=1,
    )


@motion(
    "hop",
    needs.legged,
    places=PLACES,
    called=("hop", "hopping", "hop <style>"),
    says=("hops {way} {times}", "makes small hops {way}", "bounces {way} {times}"),
)
def hop(act: Act) -> Truth:
    """Several small jumps, one after another."""
    manner, length = act.manner, act.body.leg_length
    squat = 1.0 if act.body.stride == 1.0 else 0.3  # sprawling legs carry a body near to the ground
    count = 4 if manner.speed > 1.1 else 3
    share = act.share * count * 0.999
    ahead = 0.0 if manner.in_place else max(0.36 * length, 0.4 * act.body.height / count) * manner.amount
    down = _shape(act, share, low=0.14)
    _bounce(
        act,
        share,
        high=(0.42 if sprawls(act.body) else 0.28 if act.body.group == "animal" else 0.23)
        * length
        * manner.amount**0.5,
        deep=0.14 * length * squat,
        ahead=ahead,
        tuck=0.1,
    )
    _limbs(act, 0.5 * down)
    return act.truth(
        "hop",
        speed="",
        period_s=act.seconds / count,
        direction="none" if manner.in_place else "forward",
        travel=ahead * count / act.body.height,
        num_parts=count,
    )


def _shape(act: Act, share: Floats, *, low: float) -> Floats:
    """The trunk leans into the crouch and stretches in the air; returns -1 (air) to 1 (crouch)."""
    u = np.mod(share, 1.0)
    down = bump(u, 0.0, 0.2, 0.24, 0.36) - bump(u, 0.28, 0.4, 0.5, 0.66) + 0.6 * bump(u, 0.66, 0.78, 0.8, 0.97)
    body = act.body
    if needs.two_legged(body):
        act.bend(body.spine, "x", 90 * low * np.maximum(down, 0) - 8 * np.maximum(-down, 0))
        act.bend(body.neck, "x", -50 * low * np.maximum(down, 0))
    else:
        act.bend(body.spine, "x", 20 * low * down * tips(body))
        act.bend(body.neck, "x", -20 * low * down * tips(body))
    return down


def _limbs(act: Act, down: Floats) -> None:
    if act.body.arms:
        swing = -0.9 * np.maximum(down, 0) + 2.2 * np.maximum(-down, 0)
        hang(act, swing={"left": swing, "right": swing}, bent=0.25)
    trail(act)
