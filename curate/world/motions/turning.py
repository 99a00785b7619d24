"""Turning on the spot by steps."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import Gait, on_the_spot, step
from curate.world.acting.ik import set_arm
from curate.world.acting.postures import hang
from curate.world.acting.profiles import ease
from curate.world.acting.stances import sprawls
from curate.world.acting.truth import Truth
from curate.world.motions import SIDES, motion
from curate.world.motions.heads import trail
from rigmill.types import Floats


def _turn(act: Act, degrees: float, period: float, *, arms_out: float, duty: float = 0.66) -> None:
    body = act.body
    seconds = act.seconds
    sign = np.sign(degrees)

    def turned(t: Floats) -> Floats:
        u = np.clip((t / seconds - 0.02) / 0.92, 0.0, 1.0)
        return np.asarray(degrees * u * u * (3 - 2 * u))

    rate = np.gradient(turned(act.times), act.times)
    act.move(z=-0.04 * body.leg_length)
    act.bend(body.spine, "z", 0.04 * rate)
    act.bend(body.neck, "z", sign * 14.0 * ease(act.share, 0.0, 0.12) * (1 - ease(act.share, 0.7, 0.95)))
    phases = tuple(leg.phase for leg in body.legs)
    gait = Gait(
        period,
        duty,
        0.10 * body.leg_length,
        phases,
        heel_deg=8.0,
        fold_deg=10.0,
        start=act.manner.phase,
        stands=(0.02 * seconds, 0.97 * seconds),
    )
    step(act, gait, on_the_spot(body, turned), in_place=False)
    if body.arms:
        out = arms_out * np.sin(np.pi * act.share) ** 0.7
        hang(act, swing={"left": 0.2 * np.sin(np.pi * act.share), "right": -0.2 * np.sin(np.pi * act.share)}, bent=0.15)
        if arms_out:
            _spread(act, out)
    trail(act, wag=4.0)


def _spread(act: Act, out: Floats) -> None:
    for arm in act.body.arms:
        if arm.folded:
            continue  # a dinosaur's stay where they are
        angle = np.deg2rad(85.0) * out
        hand = np.stack([0.2 + 0.75 * np.sin(angle), act.full(-0.1), -0.93 * np.cos(angle) - 0.05 * arm.pair], axis=1)
        set_arm(act, arm, 0.98 * hand, np.array([0.1, 1.0, -0.2]))


@motion(
    "turn",
    needs.legged,
    sides=SIDES,
    called=("turn <side>", "turning", "turn in place"),
    says=("turns {turn}", "turns around {turn} on the spot"),
)
def turn(act: Act) -> Truth:
    """It turns to one side by steps: a quarter to a half turn, less for what sprawls."""
    sign = 1.0 if act.manner.side == "left" else -1.0
    choices = [60.0, 90.0] if sprawls(act.body) else [90.0, 90.0, 135.0, 180.0]
    if not needs.upright_or_four_legged(act.body):
        choices = [90.0]  # short steps
    degrees = sign * float(act.random.choice(choices))
    period = 0.62 * np.sqrt(act.body.leg_length / 0.9) / act.manner.speed**0.3
    _turn(act, degrees, max(period, 0.5) if sprawls(act.body) else period, arms_out=0.0)
    return act.truth("turn", speed="", turn_deg=degrees)


@motion(
    "spin",
    lambda body: needs.upright_or_four_legged(body) and not sprawls(body),  # short legs far out are not fast enough
    sides=SIDES,
    called=("spin", "spin <side>", "twirl"),
    says=("spins {turn}", "spins around once", "turns all the way round to the {side}"),
)
def spin(act: Act) -> Truth:
    """It turns all round on the spot."""
    sign = 1.0 if act.manner.side == "left" else -1.0
    _turn(
        act,
        sign * 360.0,
        max(0.3, 0.36 * np.sqrt(act.body.leg_length / 0.9)),
        arms_out=float(act.random.choice([0.0, 1.0])),
        duty=0.5,  # a foot has to turn all that the body does while it is off the ground
    )
    return act.truth("spin", speed="", turn_deg=sign * 360.0)
