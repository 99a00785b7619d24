"""What arms say while the body stands: waves, points, bows."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import stand
from curate.world.acting.ik import set_arm
from curate.world.acting.postures import arms_on, fists, hang
from curate.world.acting.profiles import bump, cycle, ease
from curate.world.acting.truth import Truth
from curate.world.motions import SIDES, motion
from curate.world.motions.heads import standing_still, trail
from curate.world.rig.turns import about


def between(first: tuple[float, ...], second: object, share: object) -> object:
    """From one place to another, (T, 3)."""
    share = np.asarray(share)[:, None]
    return np.asarray(first) * (1 - share) + np.asarray(second) * share


REST = (0.2, -0.06, -0.92)


@motion(
    "wave",
    needs.person_like,
    sides=SIDES,
    called=("wave", "waving", "wave <side>", "wave hello"),
    says=("waves with {its} {side} hand", "raises {its} {side} arm and waves", "waves hello with {its} {side} arm"),
)
def wave(act: Act) -> Truth:
    """One hand goes up beside the head and swings from side to side."""
    manner = act.manner
    sign = 1.0 if manner.side == "left" else -1.0
    hertz = 1.7 * manner.speed
    up = ease(act.share, 0.0, 0.22) * (1 - 0.6 * ease(act.share, 0.9, 1.0))
    swing = np.sin(cycle(hertz * act.times + manner.phase))
    act.bend(act.body.spine, "y", -3.0 * sign * up)
    standing_still(act)
    arm, *lower = arms_on(act, manner.side)
    raised = np.stack([0.48 + 0.22 * manner.amount * swing, act.full(-0.3), 0.62 - 0.05 * swing**2], axis=1)
    hand = between(REST, raised, up)
    elbow = between((0.5, 0.9, -0.2), (0.75, 0.15, -0.75), up)
    set_arm(act, arm, np.asarray(hand), np.asarray(elbow), about("z", sign * 22.0 * up * swing))
    if lower:
        hang(act, lower)
    return act.truth("wave", part=f"{manner.side} arm", period_s=1 / hertz)


@motion(
    "point",
    needs.person_like,
    sides=SIDES,
    ways=("forward", "aside", "up"),
    called=("point", "pointing", "point <side>"),
    says=("points {style} with {its} {side} hand", "stretches {its} {side} arm out and points {style}"),
)
def point(act: Act) -> Truth:
    """One arm goes out straight and stays."""
    manner = act.manner
    sign = 1.0 if manner.side == "left" else -1.0
    out = ease(act.share, 0.06, 0.32 / manner.speed**0.5)
    goal = {"forward": (0.1, -0.97, -0.02), "aside": (0.92, -0.32, 0.03), "up": (0.28, -0.62, 0.70)}[manner.way]
    act.bend(act.body.neck, "z", (30.0 if manner.way == "aside" else 5.0) * sign * out)
    act.bend(act.body.spine, "z", -6.0 * sign * out)
    standing_still(act, sway=0.5)
    arm, *lower = arms_on(act, manner.side)
    drift = 0.015 * np.stack(
        [np.sin(cycle(0.7 * act.times)), np.cos(cycle(0.5 * act.times)), np.sin(cycle(0.6 * act.times))], axis=1
    )
    set_arm(act, arm, np.asarray(between(REST, goal, out)) * 0.985 + drift, np.array([0.4, 0.6, -0.8]))
    fists(act, [arm], out)
    for bones in arm.fingers[1:2]:
        for bone in bones:
            act.turns.pop(bone)
    if lower:
        hang(act, lower)
    return act.truth("point", part=f"{manner.side} arm", style="" if manner.way == "forward" else manner.way)


@motion(
    "bow",
    needs.person_like,
    called=("bow", "bowing", "take a bow"),
    says=("bows", "takes a bow", "bends forward in a bow and comes back up"),
)
def bow(act: Act) -> Truth:
    """The trunk tips forward and comes back up."""
    deep = bump(act.share, 0.05, 0.4, 0.58, 0.95)
    much = 66.0 * act.manner.amount
    act.move(y=0.14 * act.body.leg_length * deep, z=-0.03 * act.body.leg_length * (1 + deep))
    act.turn(act.body.root, about("x", 0.4 * much * deep))
    act.bend(act.body.spine, "x", 0.6 * much * deep)
    act.bend(act.body.neck, "x", 18.0 * deep)
    stand(act)
    hang(act, swing={"left": 0.75 * deep, "right": 0.75 * deep})
    trail(act)
    return act.truth("bow")
