"""What limbs do while nothing is asked of them: arms that hang and swing, hands that are fists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.ik import set_arm
from curate.world.body import Arm, Wing
from curate.world.rig.turns import about
from rigmill.types import Floats

HANGING = (0.2, -0.06, -0.94)  # hand of a relaxed arm, in arm lengths from its shoulder
LEVELLED = 0.8  # how much of the trunk's tipping folded wings make good
BACK = (0.35, 1.0, 0.0)  # where its elbow juts


def hang(
    act: Act, arms: Sequence[Arm] | None = None, *, swing: dict[str, Floats] | None = None, bent: float = 0.0
) -> None:
    """Let arms hang. `swing` (T,) by side, -1..1: forward positive; `bent` 0..1 lifts the lower arms, as runners do."""
    for arm in act.body.arms if arms is None else arms:
        forth = act.full(0.0) if swing is None else swing[arm.side]
        if arm.folded:
            act.turn(arm.bones[0], about("x", -14.0 * forth))
            act.turn(arm.bones[1], about("x", -8.0 * forth))
            continue
        out = HANGING[0] + 0.22 * arm.pair
        reach = 1.0 - 0.38 * bent
        angle = 0.55 * forth + 0.25 * bent
        hand = np.stack(
            [
                act.full(out * (1 - 0.25 * np.abs(forth))),
                -reach * np.sin(angle) - 0.05 - 0.38 * bent * (0.7 + 0.5 * forth),
                -reach * np.cos(angle) * 0.95 + 0.14 * bent * forth,
            ],
            axis=1,
        )
        hand /= np.maximum(np.linalg.norm(hand, axis=1, keepdims=True) / 0.985, 1.0)
        set_arm(act, arm, hand, np.array(BACK))


def fists(act: Act, arms: Sequence[Arm], amount: Floats | float = 1.0) -> None:
    """Curl the fingers of arms, 0..1."""
    for arm in arms:
        hand = act.body.skeleton[arm.bones[2]]
        out = hand.tail - hand.head
        axis = np.cross(out, (0.0, 0.0, -1.0))
        for bones in arm.fingers[1:]:
            for bone in bones:
                act.turn(bone, about(axis, act.full(np.asarray(70.0 * np.asarray(amount)))))


def fold_wings(act: Act) -> None:
    """Lay wings that the motion has not moved as they are when folded: for what stands on the ground.

    A trunk that tips forward or back takes them along only in part: they stay along the ground.
    """
    for wing in act.body.wings:
        if any(bone in act.turns for bone in wing.bones):
            continue
        first = wing.bones[0]
        ahead = -act.above(first)[:, :, 1]
        tipped = np.degrees(np.arctan2(-ahead[:, 2], np.hypot(ahead[:, 0], ahead[:, 1])))
        act.turn(first, about("x", -LEVELLED * tipped))
        for bone, turns in zip(wing.bones, folding(wing, act.full(1.0))):
            act.turn(bone, turns)


def folding(wing: Wing, share: Floats) -> list[Floats]:
    """The turns (T, 3, 3) of a wing's bones when it is folded by shares (T,)."""
    sign = 1.0 if wing.side == "left" else -1.0
    yaw, roll, pitch = wing.folded
    turns = [about("z", sign * yaw * share) @ about("y", sign * roll * share) @ about("x", pitch * share)]
    for number in range(len(wing.bones) - 1):
        crease = wing.creases[number] if number < len(wing.creases) else 0.0
        turns.append(about("z", (sign * 5.0 if yaw else 0.0) * share) @ about("y", -sign * crease * share))
    return turns


def other(side: str) -> str:
    """The other side."""
    return "right" if side == "left" else "left"


def arms_on(act: Act, side: str) -> list[Arm]:
    """The arms of a side, the upper one first."""
    return [arm for arm in act.body.arms if arm.side == side]
