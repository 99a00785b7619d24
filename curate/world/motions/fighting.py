"""Blows: punches, kicks, and what an animal or a monster does to attack."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import stand
from curate.world.acting.ik import leg_end, set_arm, set_leg, yaw_of
from curate.world.acting.postures import arms_on, fists, hang, other
from curate.world.acting.profiles import bump, ease, snap
from curate.world.acting.stances import tips
from curate.world.acting.truth import Truth
from curate.world.body import Body
from curate.world.motions import SIDES, motion
from curate.world.motions.heads import trail
from curate.world.rig.turns import about
from rigmill.types import Floats

GUARD = np.array([0.02, -0.52, 0.02])
_DOWN = np.array([0.5, 0.2, -0.9])


def _stance(act: Act, side: str, *, much: float = 1.0) -> dict[str, Floats]:
    """Feet apart, the other side's foot ahead."""
    length = act.body.leg_length
    found = {}
    for leg in act.body.legs:
        ahead = (-0.14 if leg.side == other(side) else 0.16) * length * much
        aside = (0.04 if leg.side == "left" else -0.04) * length
        found[leg.name] = np.broadcast_to(np.array([aside, ahead, 0.0]), (act.count, 3))
    return found


@motion(
    "punch",
    needs.person_like,
    sides=SIDES,
    called=("punch", "punching", "punch <side>", "jab"),
    says=(
        "punches with {its} {side} fist",
        "throws a punch with {its} {side} arm",
        "punches forward with {its} {side} hand",
    ),
)
def punch(act: Act) -> Truth:
    """One fist shoots forward from a guard, once or twice."""
    side, sign = act.manner.side, (1.0 if act.manner.side == "left" else -1.0)
    twice = bool(act.random.random() < 0.5)
    starts = (0.16, 0.56) if twice else (0.28,)
    out = np.sum([snap(act.share, at, at + 0.14, at + 0.34) for at in starts], axis=0)
    length = act.body.leg_length
    act.move(z=-0.07 * length, y=-0.05 * length * out)
    act.turn(act.body.root, about("z", sign * (10.0 - 26.0 * out)))
    act.bend(act.body.spine, "z", sign * (6.0 - 26.0 * out))
    act.bend(act.body.spine, "x", 8.0 + 6.0 * out)
    act.bend(act.body.neck, "z", sign * (-16.0 + 50.0 * out))
    stand(act, moved=_stance(act, side))
    striking, *lower = arms_on(act, side)
    guarding, *others = arms_on(act, other(side))
    goal = np.array([-0.12, -0.97, 0.05])
    hand = GUARD * (1 - out[:, None]) + goal * out[:, None]
    set_arm(act, striking, hand * 0.985, _DOWN)
    set_arm(act, guarding, act.full(GUARD + np.array([0.0, 0.04, 0.08])), _DOWN)
    fists(act, [striking, guarding])
    hang(act, [*lower, *others], bent=0.3)
    trail(act)
    return act.truth("punch", part=f"{side} arm", num_parts=len(starts))


@motion(
    "kick",
    needs.person_like,
    sides=SIDES,
    called=("kick", "kicking", "kick <side>"),
    says=("kicks with {its} {side} leg", "kicks forward with {its} {side} foot", "lifts {its} {side} leg and kicks"),
)
def kick(act: Act) -> Truth:
    """One leg swings back and shoots forward and up; the other stands."""
    body, side = act.body, act.manner.side
    sign = 1.0 if side == "left" else -1.0
    length = body.leg_length
    s = act.share
    back, out, fold = bump(s, 0.04, 0.24, 0.26, 0.42), snap(s, 0.3, 0.48, 0.8), bump(s, 0.26, 0.4, 0.42, 0.5)
    weight = bump(s, 0.0, 0.16, 0.8, 1.0)
    act.move(x=-sign * 0.07 * length * weight, z=-0.04 * length - 0.03 * length * weight)
    act.bend(body.spine, "x", 14.0 * back - 20.0 * out)
    act.turn(body.root, about("x", -10.0 * out) @ about("z", -sign * 10.0 * out))
    act.bend(body.neck, "x", 12.0 * out)
    stand(act)
    leg = next(each for each in body.legs if each.side == side)
    high = float(np.clip(0.72 * act.manner.amount, 0.5, 0.95))
    lift = 0.18 * back + high * out + 0.34 * fold
    way = 0.34 * back - 0.78 * out - 0.1 * fold
    ball = leg.ball + length * np.stack([0 * s, way, lift], axis=1)
    foot = about("x", 30.0 * back - 52.0 * out)
    # When it hits, the leg is all but straight, from the hip to the ankle.
    rise = np.deg2rad(90.0 * high)
    hip, end = act.world(leg.bones[0])[1], leg_end(act, leg, ball, foot, yaw_of(act))
    straight = 0.995 * sum(body.skeleton[bone].length for bone in leg.bones[:2])
    ball += out[:, None] * (hip + straight * np.array([0.0, -np.sin(rise), -np.cos(rise)]) - end)
    knee = np.stack([0 * s, -np.cos(rise * out), np.sin(rise * out)], axis=1)
    set_leg(act, leg, ball, foot, knee=knee)
    swing = {side: 0.8 * out - 0.5 * back, other(side): 0.7 * back - 0.9 * out}
    hang(act, swing={key: -value for key, value in swing.items()}, bent=0.4)
    fists(act, body.arms, 0.7)
    trail(act)
    return act.truth("kick", part=f"{side} leg")


def _attacks(body: Body) -> bool:
    return needs.person_like(body) or (needs.legged(body) and needs.headed(body))


@motion(
    "attack",
    _attacks,
    sides=SIDES,
    called=("attack", "attacking", "attack <side>"),
    says=("attacks", "lunges and attacks", "makes an attack {way}"),
)
def attack(act: Act) -> Truth:
    """What has arms to strike with strikes down with one; others thrust their head forward and bite."""
    return _bite(act) if all(arm.folded for arm in act.body.arms) else _strike(act)


def _strike(act: Act) -> Truth:
    side = act.manner.side
    sign = 1.0 if side == "left" else -1.0
    s, length = act.share, act.body.leg_length
    up, down = ease(s, 0.04, 0.32), snap(s, 0.34, 0.55, 0.97)
    raised = up * (1 - ease(s, 0.34, 0.57))
    act.move(z=-0.05 * length - 0.12 * length * down, y=0.06 * length * raised - 0.14 * length * down)
    act.turn(act.body.root, about("z", sign * (18.0 * raised - 22.0 * down)))
    act.bend(act.body.spine, "z", sign * (16.0 * raised - 24.0 * down))
    act.bend(act.body.spine, "x", -14.0 * raised + 40.0 * down)
    act.bend(act.body.neck, "x", 6.0 * raised - 26.0 * down)
    stand(act, moved=_stance(act, side, much=1.3))
    high, low = np.array([0.34, 0.18, 0.80]), np.array([-0.1, -0.88, -0.28])
    for number, arm in enumerate(arms_on(act, side)):
        rest = np.array([0.3 + 0.2 * arm.pair, -0.3, -0.7])
        # Round the shoulder and not past it: an arm that folds and opens again in two frames is torn, not swung.
        around = 4 * (raised * (1 - raised))[:, None] * np.array([0.35, -0.25, 0.0])
        hand = rest + raised[:, None] * (high - rest) + down[:, None] * (low - rest) + around
        hand = hand * np.minimum(1.0, 0.98 / np.linalg.norm(hand, axis=1, keepdims=True))
        set_arm(act, arm, hand, np.array([0.9, 0.2 + 0.1 * number, -0.3]))
    for arm in arms_on(act, other(side)):
        back = np.array([0.35 + 0.2 * arm.pair, -0.35, -0.5])
        set_arm(act, arm, act.full(back) + 0.15 * down[:, None] * np.array([0.3, 1.2, 0.2]), np.array([0.8, 0.8, -0.2]))
    fists(act, act.body.arms)
    trail(act)
    return act.truth("attack", part=f"{side} arm")


def _bite(act: Act) -> Truth:
    body, s = act.body, act.share
    length, low = body.leg_length, tips(body)
    back, out = bump(s, 0.05, 0.3, 0.34, 0.46), snap(s, 0.36, 0.5, 0.9)
    act.move(y=length * (0.16 * back - 0.26 * out * act.manner.amount), z=length * (-0.14 * low * back - 0.03))
    act.turn(body.root, about("x", (-4.0 * back + 5.0 * out) * low))
    act.bend(body.spine, "x", (-7.0 * back + 7.0 * out) * low)
    act.bend(body.neck, "x", -24.0 * back + 30.0 * out * low)
    if body.head:
        act.turn(body.head, about("x", 14.0 * back - 30.0 * out * low))
    if body.jaw:
        gape = bump(s, 0.2, 0.4, 0.47, 0.54) + 0.6 * bump(s, 0.6, 0.72, 0.74, 0.86)
        act.turn(body.jaw, about("x", 32.0 * gape))
    stand(act)
    if body.arms:
        hang(act)
    trail(act, wag=3.0)
    return act.truth("attack", side="", part="head")
