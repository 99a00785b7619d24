"""How a take is done: what a seed chooses of a motion's own choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SLOW, FAST = 0.85, 1.2


@dataclass(frozen=True, slots=True)
class Manner:
    """Chosen for one take."""

    speed: float  # 1 is usual
    amount: float  # of amplitude; 1 is usual
    phase: float  # where in its cycle it starts, 0..1
    side: str  # '' where the motion has none
    way: str  # forward, backward, left, right
    in_place: bool
    style: str

    @property
    def speed_word(self) -> str:
        return "slow" if self.speed < SLOW else "fast" if self.speed > FAST else ""


def drawn(
    random: np.random.Generator,
    *,
    sides: tuple[str, ...],
    ways: tuple[str, ...],
    places: tuple[bool, ...],
    styles: tuple[str, ...],
) -> Manner:
    """A manner by chance. `places` holds what `in_place` may be."""
    return Manner(
        speed=float(random.choice([0.73, 1.0, 1.36], p=[0.25, 0.5, 0.25])),
        amount=float(random.uniform(0.9, 1.1)),
        phase=0.0,  # else a caption leaves open what is seen, and the mean of such walks stands still
        side=str(random.choice(sides)) if sides else "",
        way=str(random.choice(ways)) if ways else "",
        in_place=bool(random.choice(places)) if places else True,
        style=str(random.choice(styles)) if styles else "",
    )
