"""How animals settle: they sit on their haunches, lie down, stretch, fall over."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.gait import stand
from curate.world.acting.postures import hang
from curate.world.acting.profiles import bump, ease
from curate.world.acting.stances import (
    Set,
    belly,
    hop_over,
    legs_at,
    set_legs,
    short_legged,
    skin_on,
    sprawls,
    tips,
    trunk_length,
)
from curate.world.acting.truth import Truth
from curate.world.acting.waves import follow, lie_on_floor, side_axis, wave
from curate.world.body import Body
from curate.world.motions import SIDES, motion
from curate.world.motions.heads import trail
from curate.world.rig.turns import about, vec
from rigmill.types import Floats

FORWARD_KNEE = vec(0.0, -1.0, 0.5)
ROUND_DEG = 16.0  # that the hips of what sits are steeper than its trunk


def beast(body: Body) -> bool:
    """It stands on four legs and has a head on a neck."""
    return len(body.legs) == 4 and body.head is not None and bool(body.neck)


def _upright_beast(body: Body) -> bool:
    return beast(body) and not sprawls(body)


def _low_beast(body: Body) -> bool:
    return _upright_beast(body) and short_legged(body)


def _grounded(body: Body) -> bool:
    """It is an animal whose trunk is level: four legs, or two with a tail behind."""
    return beast(body) or (len(body.legs) == 2 and bool(body.tails) and body.group == "animal")


def look_level(act: Act, degrees: Floats) -> None:
    """Turn neck and head back by degrees (T,) that the trunk was tipped forward."""
    act.bend(act.body.neck, "x", -0.6 * degrees)
    if act.body.head:
        act.turn(act.body.head, about("x", -0.4 * degrees))


def flat_hocks(act: Act, down: Floats) -> Floats:
    """Degrees (T,) by which hocks are turned to lie on the ground when `down` (T,) is 1."""
    hocks = [leg for leg in act.body.legs if len(leg.bones) == 4]
    if not hocks:
        return act.full(0.0)
    bone = act.body.skeleton[hocks[0].bones[2]]
    way = bone.head - bone.tail
    rise = float(np.rad2deg(np.arctan2(way[2], abs(way[1]))))
    return -0.8 * rise * down


def settle_tail(act: Act, low: Floats) -> None:
    """Lower a tail that stands up till it is level where `low` (T,) is 1."""
    for bones in act.body.tails:
        first, last = act.body.skeleton[bones[0]], act.body.skeleton[bones[-1]]
        way = last.tail - first.head
        rise = float(np.rad2deg(np.arctan2(way[2], abs(way[1]))))
        act.turn(bones[0], about("x", -max(rise, 0.0) * low))


@motion(
    "sit on haunches",
    lambda body: beast(body) and "sit" in body.can,
    called=("sit", "sit down", "sitting down"),
    says=("sits down on {its} haunches", "sits down", "lowers {its} hips and sits"),
)
def sit(act: Act) -> Truth:
    """The hind legs step in and fold, the hips sink to the ground, the front legs stay."""
    body, manner = act.body, act.manner
    length, long = body.leg_length, trunk_length(body)
    quick = manner.speed**0.5
    down = ease(act.share, 0.06, min(0.94, 0.70 / quick))
    hips = body.skeleton[legs_at(body, "hind")[0].bones[0]].head
    drop, tilt = _on_the_rump(body)
    forward = long * (1 - np.cos(np.deg2rad(tilt)))
    act.move(y=-(forward + 0.04 * length) * down, z=-drop * down)
    act.turn(body.root, about("x", -(tilt + ROUND_DEG) * down))
    act.bend(body.spine, "x", 27.0 * down)  # the back is round
    # The hips' joints lie before or behind the root: turning must not lift them off.
    act.move(z=(body.skeleton[body.root].head[2] - hips[2]) * (1 - np.cos(np.deg2rad(tilt * down))))
    look_level(act, -0.75 * tilt * down)
    step_in = forward + 0.16 * length
    sets = {}
    for number, leg in enumerate(legs_at(body, "hind")):
        start = 0.08 + 0.16 * number
        moved = hop_over(act, (0.0, -step_in), start, start + 0.24, lift=0.07 * length)
        sets[leg.name] = Set(
            moved=moved,
            fold=flat_hocks(act, down),
            knee=FORWARD_KNEE + leg.ball * (0.25 / max(abs(leg.ball[0]), 1e-6), 0, 0),
        )
    set_legs(act, sets)
    settle_tail(act, 0.5 * down)
    trail(act, wag=6.0 + 8.0 * manner.amount)
    return act.truth("sit down")


def _on_the_rump(body: Body) -> tuple[float, float]:
    """How far the hips sink, metres, until the rump is on the ground, and how steep the trunk is then, degrees."""
    root, long = body.skeleton[body.root].head, trunk_length(body)
    rump = skin_on(body, {body.root}) - root
    drop, tilt = 0.5 * body.leg_length, 20.0
    for _ in range(6):
        tilt = float(np.rad2deg(np.arcsin(min(0.76, 0.9 * drop / long))))
        low = float((rump @ about("x", -(tilt + ROUND_DEG)).T)[:, 2].min())
        drop = min(root[2] + low - 0.01 * body.height, 0.8 * body.leg_length)
    return drop, tilt


@motion(
    "lie on belly",
    _grounded,
    called=("lie down", "lying down", "rest", "lie"),
    says=("lies down on {its} belly", "lies down", "folds {its} legs and lies down"),
)
def lie(act: Act) -> Truth:
    """The legs fold and the belly comes to the ground."""
    body, manner = act.body, act.manner
    length = body.leg_length
    end = min(0.94, 0.78 / manner.speed**0.5)
    first, then = ease(act.share, 0.04, 0.75 * end), ease(act.share, 0.2, end)
    drop = (0.88 if sprawls(body) else 0.97) * belly(body)
    late, early = (then, first) if legs_at(body, "front") else (first, first)
    act.move(z=-drop * late)
    tilt = np.rad2deg(np.arcsin(np.clip(drop * (early - late) / trunk_length(body), -0.5, 0.5)))
    act.turn(body.root, about("x", tilt))
    look_level(act, tilt - (14.0 if sprawls(body) else 8.0) * late)
    sets = {}
    for number, leg in enumerate(body.legs):
        front = leg.end == "front"
        side = vec(float(np.sign(leg.ball[0])), 0.0, 0.0)
        if sprawls(body):
            # Flat on the ground with its feet drawn back along its sides.
            way = hop_over(act, (0.0, (0.3 if front else 0.2) * length), 0.2, 0.8 * end, lift=0.03 * length)
            sets[leg.name] = Set(moved=way, knee=leg.knee + side)
            continue
        ahead = 0.34 if front else 0.14
        begin = 0.05 + 0.1 * number
        moved = hop_over(act, (0.06 * length * side[0], -ahead * length), begin, begin + 0.22, lift=0.07 * length)
        knee = (leg.knee if front else FORWARD_KNEE) + 0.55 * side + np.array([0.0, 0.0, 0.5])
        sets[leg.name] = Set(moved=moved, fold=0.0 if front else flat_hocks(act, late), knee=knee)
    set_legs(act, sets)
    if body.arms:
        hang(act)
    settle_tail(act, 0.8 * late)
    trail(act, wag=5.0)
    return act.truth("lie down")


@motion(
    "stretch",
    _low_beast,
    called=("stretch", "stretching", "play bow"),
    says=("stretches with {its} chest low and {its} hips up", "stretches", "stretches {its} front legs forward"),
)
def stretch(act: Act) -> Truth:
    """The front goes down with the paws ahead, the hips stay up; then it comes back."""
    body = act.body
    length = body.leg_length
    deep = bump(act.share, 0.12, 0.42, 0.62, 0.92)
    fall = 0.46 * length * min(act.manner.amount, 1.1)
    fall = min(fall, 0.8 * belly(body))
    tilt = float(np.rad2deg(np.arcsin(min(0.6, fall / trunk_length(body)))))
    act.move(y=0.10 * length * deep, z=-0.02 * length)
    act.turn(body.root, about("x", tilt * deep))
    look_level(act, 1.25 * tilt * deep)
    sets = {}
    for number, leg in enumerate(legs_at(body, "front")):
        out = hop_over(act, (0.0, -0.30 * length), 0.06 + 0.12 * number, 0.26 + 0.12 * number, lift=0.08 * length)
        back = hop_over(act, (0.0, 0.30 * length), 0.68 + 0.12 * number, 0.86 + 0.12 * number, lift=0.08 * length)
        sets[leg.name] = Set(moved=out + back)
    set_legs(act, sets)
    for bones in body.tails:
        act.bend(bones, "x", -30.0 * deep)
    trail(act, wag=14.0)
    return act.truth("stretch")


@motion(
    "fall over",
    _upright_beast,
    sides=SIDES,
    called=("fall over", "death", "die", "fall <side>"),
    says=("falls over to {its} {side} side", "collapses and falls over", "falls over and lies still"),
)
def fall_over(act: Act) -> Truth:
    """The legs give way, it tips to one side and lies there."""
    body, manner = act.body, act.manner
    sign = 1.0 if manner.side == "left" else -1.0
    length = body.leg_length
    end = min(0.86, 0.66 / manner.speed**0.4)
    sink, roll = ease(act.share, 0.02, 0.8 * end), np.clip((act.share - 0.14) / (end - 0.14), 0, 1) ** 2.2
    after = np.maximum(act.share - end, 0) * 16
    rock = np.where(act.share > end, -0.05 * np.sin(after) * np.exp(-after / 3), 0.0)
    loose = ease(act.share, 0.14, 0.8 * end)
    root = body.skeleton[body.root].head
    turn = about("y", 90.0 * sign * np.minimum(roll + rock, 1.0))
    act.move(
        x=0.55 * root[2] * sign * roll,
        z=np.maximum(root[2] * (1 - 0.45 * sink) * (1 - roll), _lying(body, turn)) - root[2],
    )
    act.turn(body.root, turn)
    act.bend([*body.neck, body.head or body.neck[-1]], "y", -7.0 * sign * roll)
    sets = {}
    for leg in body.legs:
        lower = 1.0 if leg.side == manner.side else 0.0
        away = np.array(
            [0.10 * length * sign * (1 - lower) * -1.0, (0.10 if leg.end == "hind" else -0.12) * length, 0.06 * length]
        )
        sets[leg.name] = Set(moved=loose[:, None] * away, carried=loose)
    set_legs(act, sets, lowered=False)
    for bones in [*body.tails, *filter(None, [body.trunk])]:
        follow(act, bones, hertz=1.8)
        lie_on_floor(act, bones)
    for bones in body.ears:
        lie_on_floor(act, bones)
    return act.truth("fall", style="over")


def _lying(body: Body, turns: Floats) -> Floats:
    """How high (T,) the root has to be above the ground for the trunk and the haunches to lie on it, turned so."""
    root = body.skeleton[body.root].head
    carried = {body.root, *body.spine, *(leg.bones[0] for leg in body.legs)}
    points = skin_on(body, carried)
    return np.asarray(-np.einsum("tj,nj->tn", turns[:, 2], points - root).min(axis=1))


@motion(
    "shake body",
    _grounded,
    called=("shake", "shake off", "shake body"),
    says=("shakes {its} whole body", "shakes itself", "shakes itself as if wet"),
)
def shake_body(act: Act) -> Truth:
    """It rolls its trunk to and fro fast, as when it is wet."""
    body = act.body
    hertz = min(3.2 * act.manner.speed**0.5, 3.4)
    much = np.sin(np.pi * np.clip(act.share * 1.08 - 0.02, 0, 1)) ** 0.7 * min(act.manner.amount, 1.1)
    phase = 2 * np.pi * hertz * act.times
    act.move(z=-0.07 * body.leg_length * much)
    act.turn(body.root, about("y", 11.0 * tips(body) * much * np.sin(phase)))
    for number, bone in enumerate([*body.spine, *body.neck, *filter(None, [body.head])]):
        share = 22.0 / max(len(body.spine), 1) if bone in body.spine else 26.0 / (len(body.neck) + 1)
        act.turn(bone, about("y", share * much * np.sin(phase - 0.5 * (number + 1))))
    look_level(act, -10.0 * tips(body) * much)
    stand(act)
    if body.arms:
        hang(act)
    for bones in body.tails:
        wave(act, bones, side_axis(act, bones), 40.0 / len(bones) * much, phase + 0.8, lag=1.5 / len(bones))
    for bones in body.ears:
        follow(act, bones, hertz=5.0, amount=0.7)
    for bones in [*body.tails, *filter(None, [body.trunk])]:
        follow(act, bones, hertz=4.0, amount=0.4)
        lie_on_floor(act, bones)
    return act.truth("shake", period_s=1 / hertz)
