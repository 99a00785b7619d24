"""Dances: beats that the whole body keeps."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import Gait, stand, step, straight
from curate.world.acting.ik import set_arm
from curate.world.acting.postures import fists, hang
from curate.world.acting.profiles import cycle
from curate.world.acting.truth import Truth
from curate.world.motions import motion
from curate.world.motions.heads import trail
from curate.world.rig.turns import about
from rigmill.types import Floats


def _beat(act: Act, hertz: float) -> tuple[float, Floats]:
    """Beats a second, and the phase (T,) in radians, one turn a beat."""
    found = hertz * float(np.clip(act.manner.speed, 0.8, 1.35))
    return found, cycle(found * act.times + act.manner.phase)


def _arms(act: Act, hands: dict[str, Floats], elbow: tuple[float, float, float]) -> None:
    for arm in act.body.arms:
        hand = hands[arm.side] + np.array([0.12, 0.0, -0.12]) * arm.pair
        hand = hand * np.minimum(1.0, 0.98 / np.maximum(np.linalg.norm(hand, axis=1, keepdims=True), 1e-9))
        set_arm(act, arm, hand, np.array(elbow))


@motion(
    "dance",
    needs.person_like,
    called=("dance", "dancing", "dance bounce"),
    says=(
        "dances",
        "dances on the spot, stepping from side to side",
        "steps from foot to foot and swings {its} arms in a dance",
    ),
)
def dance(act: Act) -> Truth:
    """Steps from foot to foot with swinging hips and arms."""
    hertz, phase = _beat(act, 1.1)
    body, much = act.body, act.manner.amount
    length = body.leg_length
    act.move(x=0.09 * length * np.sin(phase), z=-0.06 * length - 0.035 * length * np.cos(2 * phase))
    act.turn(body.root, about("y", 7.0 * much * np.sin(phase)) @ about("z", 9.0 * much * np.sin(phase + 0.6)))
    act.bend(body.spine, "y", -15.0 * much * np.sin(phase))
    act.bend(body.spine, "z", -18.0 * much * np.sin(phase + 0.6))
    act.bend(body.neck, "y", 9.0 * much * np.sin(phase))
    act.bend(body.neck, "x", 6.0 * np.cos(2 * phase))
    start = act.manner.phase + 0.25
    gait = Gait(1 / hertz, 0.66, 0.13 * length, tuple(leg.phase for leg in body.legs), heel_deg=14.0, start=start)
    step(act, gait, straight(0.0), in_place=True)
    hands = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        swing = sign * np.sin(phase)
        hands[side] = np.stack(
            [0.34 + 0.14 * swing, -0.5 - 0.12 * np.cos(2 * phase), -0.12 + 0.34 * much * swing], axis=1
        )
    _arms(act, hands, (0.8, 0.5, -0.7))
    trail(act)
    return act.truth("dance", part="", period_s=1 / hertz, in_place=False)


@motion(
    "dance twist",
    needs.person_like,
    called=("twist", "dance twist", "twist dance"),
    says=("dances the twist", "twists {its} hips and arms in a dance", "dances, twisting from side to side"),
)
def twist(act: Act) -> Truth:
    """Hips and shoulders turn against each other over bent knees; the feet stay."""
    hertz, phase = _beat(act, 1.35)
    body, much = act.body, act.manner.amount
    length = body.leg_length
    low = 0.16 + 0.06 * np.sin(0.5 * phase)
    act.move(z=-low * length, x=0.03 * length * np.sin(0.5 * phase))
    act.turn(body.root, about("z", 30.0 * much * np.sin(phase)))
    act.bend(body.spine, "z", -58.0 * much * np.sin(phase))
    act.bend(body.spine, "x", 12.0 + 5.0 * np.sin(0.5 * phase))
    act.bend(body.neck, "z", 26.0 * much * np.sin(phase))
    apart = {
        leg.name: np.broadcast_to(np.array([0.07 * length * (1 if leg.side == "left" else -1), 0, 0]), (act.count, 3))
        for leg in body.legs
    }
    stand(act, moved=apart)
    hands = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        forth = sign * np.sin(phase)
        hands[side] = np.stack([0.42 + 0.05 * forth, -0.42 - 0.22 * forth, act.full(-0.2)], axis=1)
    _arms(act, hands, (0.9, 0.6, -0.3))
    fists(act, body.arms, 0.8)
    trail(act)
    return act.truth("dance", style="", period_s=1 / hertz)


@motion(
    "dance disco",
    needs.person_like,
    called=("disco", "disco dance", "dance disco"),
    says=("dances disco, pointing up and down", "points up and down with one arm in a disco dance", "dances disco"),
)
def disco(act: Act) -> Truth:
    """One arm points up to its side and down across by turns, the other hand is on the hip."""
    hertz, phase = _beat(act, 1.0)
    body, much = act.body, act.manner.amount
    length = body.leg_length
    lead = "left" if act.random.random() < 0.5 else "right"
    sign = 1.0 if lead == "left" else -1.0
    wave = np.tanh(1.4 * np.sin(phase)) / np.tanh(1.4)
    act.move(x=sign * 0.07 * length * wave, z=-0.07 * length - 0.03 * length * np.cos(2 * phase))
    act.turn(body.root, about("y", sign * 6.0 * wave))
    act.bend(body.spine, "y", sign * -14.0 * much * wave)
    act.bend(body.spine, "z", sign * 12.0 * wave)
    act.bend(body.neck, "x", -10.0 * wave)
    apart = {
        leg.name: np.broadcast_to(np.array([0.11 * length * (1 if leg.side == "left" else -1), 0, 0]), (act.count, 3))
        for leg in body.legs
    }
    stand(act, moved=apart)
    up = (0.5 + 0.5 * wave)[:, None]
    high, low = np.array([0.52, -0.22, 0.80]), np.array([-0.22, -0.55, -0.62])
    hip = act.full(np.array([0.30, -0.02, -0.52]))
    other = "right" if lead == "left" else "left"
    _arms(act, {lead: low + up * (high - low), other: hip}, (0.95, 0.45, -0.2))
    trail(act)
    return act.truth("dance", side="", period_s=1 / hertz)


@motion(
    "jumping jacks",
    needs.person_like,
    called=("jumping jacks", "jumping jack", "star jumps"),
    says=("does jumping jacks", "jumps with {its} arms and legs out and in", "does star jumps on the spot"),
)
def jumping_jacks(act: Act) -> Truth:
    """Arms and legs go out and in with every jump."""
    hertz, phase = _beat(act, 1.0)
    body = act.body
    length = body.leg_length
    out = 0.5 - 0.5 * np.cos(phase)
    air = np.abs(np.sin(phase)) ** 1.5
    act.move(z=-0.06 * length - 0.05 * length * (1 - air) + 0.2 * length * air - 0.04 * length * out)
    act.bend(body.spine, "x", 5.0 * (1 - air))
    spread = 0.24 * length * out
    feet = {}
    for leg in body.legs:
        sign = 1.0 if leg.side == "left" else -1.0
        feet[leg.name] = np.stack([sign * spread, 0 * spread, 0.21 * length * air], axis=1)
    stand(act, moved=feet, lowered=False)
    angle = np.deg2rad(12 + 140 * act.manner.amount**0.5 * out)
    hand = np.stack([np.sin(angle), -0.08 - 0 * angle, -np.cos(angle)], axis=1) * 0.96
    _arms(act, {"left": hand, "right": hand}, (0.2, 1.0, 0.3))
    trail(act)
    return act.truth("jumping jacks", period_s=1 / hertz)


@motion(
    "cheer",
    needs.person_like,
    called=("cheer", "cheering", "victory"),
    says=("cheers with both arms up", "throws {its} arms up and cheers", "raises both arms and shakes them"),
)
def cheer(act: Act) -> Truth:
    """Both arms go up and shake, the body bounces."""
    hertz, phase = _beat(act, 1.7)
    body = act.body
    length = body.leg_length
    up = np.clip(act.share / 0.3, 0, 1)
    up = (up * up * (3 - 2 * up))[:, None]
    act.move(z=-0.05 * length - 0.03 * length * (1 - np.cos(phase)))
    act.bend(body.spine, "x", -8.0 * up[:, 0] + 3.0 * np.sin(phase))
    act.bend(body.neck, "x", -12.0 * up[:, 0])
    stand(act)
    shake = np.sin(phase)
    raised = np.stack([0.42 + 0.06 * shake, act.full(-0.16), 0.74 + 0.14 * act.manner.amount * np.cos(phase)], axis=1)
    low = np.array([0.25, -0.2, -0.85])
    _arms(act, {"left": low + up * (raised - low), "right": low + up * (raised - low)}, (0.9, 0.2, -0.4))
    fists(act, body.arms)
    trail(act)
    return act.truth("cheer", period_s=1 / hertz)


@motion(
    "clap",
    needs.person_like,
    called=("clap", "clapping", "applaud"),
    says=("claps {its} hands", "stands and claps", "applauds"),
)
def clap(act: Act) -> Truth:
    """Hands meet before the chest again and again."""
    hertz = 2.2 * float(np.clip(act.manner.speed, 0.75, 1.35))
    phase = cycle(hertz * act.times + act.manner.phase)
    body = act.body
    act.move(z=-0.04 * body.leg_length - 0.008 * body.leg_length * np.cos(phase))
    act.bend(body.neck, "x", 3.0 * np.sin(phase))
    stand(act)
    shoulder = abs(float(body.skeleton[body.arms[0].bones[0]].head[0]))
    length = sum(body.skeleton[bone].length for bone in body.arms[0].bones[:2])
    apart = (0.5 + 0.5 * np.cos(phase)) * 0.30 * act.manner.amount
    # Palms meet in the middle of the body, a hand's thickness apart.
    hand = np.stack([apart + 0.055 - shoulder / length, act.full(-0.56), -0.22 + 0.05 * np.cos(phase)], axis=1)
    upper = [arm for arm in body.arms if arm.pair == 0]
    for arm in upper:
        set_arm(act, arm, hand, np.array([1.0, 0.25, -0.6]))
    hang(act, [arm for arm in body.arms if arm.pair])
    trail(act)
    return act.truth("clap", period_s=1 / hertz)
