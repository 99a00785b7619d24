"""Getting lower: crouching, sitting down, lying down, falling over."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.floor import lowest, rest_on_floor
from curate.world.acting.gait import stand
from curate.world.acting.ik import set_arm
from curate.world.acting.postures import HANGING, hang
from curate.world.acting.profiles import bump, ease
from curate.world.acting.stances import belly, sprawls
from curate.world.acting.truth import Truth
from curate.world.body import Body
from curate.world.motions import motion
from curate.world.motions.heads import trail
from curate.world.rig.turns import about
from rigmill.types import Floats


def _tailless(body: Body) -> bool:
    return needs.person_like(body) and not body.tails


@motion(
    "crouch",
    needs.legged,
    called=("crouch", "crouch down", "crouching"),
    says=("crouches down", "bends {its} legs and crouches", "goes down into a crouch"),
)
def crouch(act: Act) -> Truth:
    """It goes down over its feet and stays there."""
    length, lizard = act.body.leg_length, len(act.body.legs) == 4 and sprawls(act.body)
    down = ease(act.share, 0.05, 0.45 / act.manner.speed**0.5)
    deep = (0.46 if needs.two_legged(act.body) else 0.3) * act.manner.amount * length
    if not needs.two_legged(act.body):
        deep = min(deep, (0.9 if lizard else 0.75) * belly(act.body))
    act.move(z=-deep * down)
    if needs.two_legged(act.body):
        act.move(y=0.10 * length * down)
        act.bend(act.body.spine, "x", 42.0 * act.manner.amount * down)
        act.bend(act.body.neck, "x", -28.0 * down)
    else:
        act.bend(act.body.neck, "x", (14.0 if belly(act.body) > 0.4 * length else 8.0 if lizard else -6.0) * down)
    stand(act)
    if act.body.arms:
        hang(act, swing={"left": 0.75 * down, "right": 0.75 * down}, bent=0.25)
    trail(act)
    return act.truth("crouch", rise=-deep / act.body.height)


@motion(
    "sit down",
    needs.person_like,
    called=("sit down", "sitting down", "sit"),
    says=("sits down on the ground", "goes down to sit", "lowers {itself} to the ground and sits"),
)
def sit_down(act: Act) -> Truth:
    """A person sits down on the ground, its knees drawn up."""
    down = ease(act.share, 0.04, 0.72 / act.manner.speed**0.4)
    sunk = _sit(act, down)
    act.bend(act.body.spine, "x", 46.0 * bump(act.share, 0.02, 0.35, 0.42, 0.85) + 14.0 * down)
    act.bend(act.body.neck, "x", -24.0 * bump(act.share, 0.02, 0.35, 0.42, 0.85))
    stand(act, lowered=False)
    _hands_to_knees(act, down)
    trail(act)
    return act.truth("sit down", rise=-sunk / act.body.height)


def _sit(act: Act, down: Floats) -> float:
    """The hips go back and to the ground; how far they sink, metres."""
    body = act.body
    length = body.leg_length
    hip = float(body.skeleton[body.legs[0].bones[0]].head[2])
    seat = 0.095 * body.height  # of the hip joints over the ground: what is sat upon is below them
    sunk = hip - seat
    act.move(z=-sunk * down - 0.02 * length * (1 - down), y=0.50 * length * ease(down, 0.15, 1.0))
    act.turn(body.root, about("x", -12.0 * down))
    for bones in body.tails:  # along the floor
        act.bend(bones[:2], "x", 52.0 * down)
    return sunk


def _hands_to_knees(act: Act, down: Floats) -> None:
    for arm in act.body.arms:
        first = np.array([HANGING[0] + 0.2 * arm.pair, HANGING[1], HANGING[2]])
        on_knee = np.array([0.08 + 0.2 * arm.pair, -0.74, -0.36])
        share = down[:, None]
        reach_out = bump(act.share, 0.05, 0.35, 0.45, 0.9)[:, None]
        hand = first * (1 - share) + on_knee * share + reach_out * np.array([0.05, -0.25, 0.15])
        size = np.linalg.norm(hand, axis=1, keepdims=True)
        set_arm(act, arm, hand * np.minimum(1.0, 0.98 / size), np.array([0.7, 0.6, -0.4]))


@motion(
    "lie down",
    _tailless,
    called=("lie down", "lying down", "lay down"),
    says=("lies down on {its} back", "goes to the ground and lies down", "sits down and then lies back"),
)
def lie_down(act: Act) -> Truth:
    """A person sits down and leans back until it lies."""
    s = act.share
    sat, back = ease(s, 0.0, 0.5), ease(s, 0.42, 0.95)
    sunk = _sit(act, sat)
    body = act.body
    length = body.leg_length
    act.turn(body.root, about("x", -66.0 * back))
    act.move(z=-0.022 * body.height * back, y=0.1 * length * back)
    act.bend(body.spine, "x", 44.0 * bump(s, 0.0, 0.25, 0.32, 0.6) - 8.0 * back + 16.0 * bump(s, 0.4, 0.6, 0.62, 0.95))
    act.bend(body.neck, "x", 22.0 * bump(s, 0.4, 0.6, 0.75, 0.98))
    out = {leg.name: np.stack([0 * s, -0.28 * length * back, 0 * s], axis=1) for leg in body.legs}
    stand(act, moved=out, lowered=False)
    act.move(z=np.maximum(-lowest(act), 0.0))  # a thick chest lies higher
    stand(act, moved=out, lowered=False)
    for arm in body.arms:
        lying = np.array([0.45 + 0.2 * arm.pair, 0.16, -0.84])
        support = np.array([0.3, 0.42, -0.75])
        share, prop = back[:, None], bump(s, 0.2, 0.4, 0.5, 0.8)[:, None]
        hand = np.array(HANGING) * (1 - share) + lying * share
        hand = hand * (1 - prop) + support * prop
        set_arm(
            act,
            arm,
            hand * np.minimum(1.0, 0.98 / np.linalg.norm(hand, axis=1, keepdims=True)),
            np.array([0.8, 0.5, 0.0]),
        )
    trail(act)
    return act.truth("lie down", speed="", rise=-(sunk + 0.022 * body.height) / body.height)


@motion(
    "fall",
    needs.person_like,
    ways=("forward", "backward"),
    called=("fall", "falling down", "death", "knocked down"),
    says=("falls over {style}", "falls {style} to the ground", "topples {style} and lies on the ground"),
)
def fall(act: Act) -> Truth:
    """A person topples over stiff and lies, with a small bounce."""
    body, s = act.body, act.share
    ahead = act.manner.way == "forward" or bool(body.tails)  # nobody lies on a tail
    sign = 1.0 if ahead else -1.0
    u = np.clip((s - 0.12) / 0.5, 0, 1)
    over = u**2.4
    after = np.maximum(s - 0.62, 0) / 0.38
    over = np.where(u < 1, over, 1 - 0.07 * np.abs(np.sin(np.pi * 2 * np.minimum(after, 1))) * np.exp(-3 * after))
    angle = sign * 86.0 * over
    # All turns about the balls of the feet, or the heels.
    ball = np.mean([leg.ball for leg in body.legs], axis=0)
    heel = np.mean([body.skeleton[leg.bones[-1]].head for leg in body.legs], axis=0) * (1, 1, 0)
    pivot = (ball if ahead else heel + np.array([0, 0.03 * body.height, 0])) * (0, 1, 0)
    arm = body.skeleton[body.root].head - pivot
    turn = about("x", angle)
    act.shift(body.root, turn @ arm - arm)
    act.turn(body.root, turn)
    limp = np.sin(np.pi * np.clip(u, 0, 1)) ** 2
    act.bend(body.spine, "x", sign * -10.0 * limp)
    act.bend(body.neck, "x", sign * (-16.0 * limp) - (14.0 * over if ahead else 0.0))
    for leg in body.legs:
        bend = 16.0 * limp * (1.0 if leg.side == "left" else 0.5)
        act.turn(leg.bones[0], about("x", -0.5 * bend))
        act.turn(leg.bones[1], about("x", bend))
        if ahead:
            act.turn(leg.bones[-1], about("x", 52.0 * over))
    for number, each in enumerate(body.arms):
        swing = bump(s, 0.12, 0.42, 0.5, 0.75)[:, None] * np.array([0.35, -sign * 0.55, 0.75 - 0.15 * number])
        lying = over[:, None] * np.array([0.45, -0.02 if ahead else -0.1, 0.35])
        hand = np.array(HANGING) + swing + lying
        hand = hand * np.minimum(1.0, 0.97 / np.linalg.norm(hand, axis=1, keepdims=True))
        set_arm(act, each, hand, np.array([0.6, 0.8, -0.2]))
    for bones in body.tails:
        act.bend(bones, "x", -75.0 * over)  # it sinks onto the legs
    trail(act)
    rest_on_floor(act)
    return act.truth("fall", speed="", style="forward" if ahead else "backward", part="")
