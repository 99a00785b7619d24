"""Who takes which draws of a run. A run's whole state is one integer: the position of the next draw.

The draws of a run are numbered 0, 1, 2, ... whatever the number of ranks; the ranks of a step take neighbouring ones. A
worker changes nothing: it is handed positions. So any number of ranks and workers continues what any other began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """One rank's part of every step."""

    batch_size: int  # draws that each rank takes at a step
    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        if self.batch_size < 1 or not 0 <= self.rank < self.world:
            raise ValueError(f"no share of a step: {self}")

    @property
    def step_draws(self) -> int:
        """Draws of all ranks at a step."""
        return self.batch_size * self.world

    def next_position(self, first: int) -> int:
        """Where the step ends for all ranks in which this rank's draws begin at `first`."""
        return first + self.step_draws - self.rank * self.batch_size

    def positions(self, start: int) -> range:
        """What this rank draws at the step that begins at position `start`."""
        first = start + self.rank * self.batch_size
        return range(first, first + self.batch_size)


def steps_left(position: int, *, draws_per_epoch: int, share: Share) -> int:
    """Steps from `position` to the end of its epoch, the same for every rank.

    Epoch e is the draws from e * draws_per_epoch on. A step that begins in an epoch belongs to it, also where it
    reaches beyond: nothing is drawn twice, and the next epoch begins where it ends.
    """
    return -(-(draws_per_epoch - position % draws_per_epoch) // share.step_draws)


class Steps:
    """The positions of every batch of one rank, from `position` to the end of its epoch.

    It moves no state, as it is asked long before a batch is trained on: whoever trains says how far it is. It has no
    length: a trainer that goes on within an epoch counts the batches before, too, and would end too early.
    """

    def __init__(self, share: Share, *, draws_per_epoch: int, position: int = 0) -> None:
        self.share, self.draws_per_epoch, self.position = share, draws_per_epoch, position

    def __iter__(self) -> Iterator[list[int]]:
        start = self.position
        for step in range(steps_left(start, draws_per_epoch=self.draws_per_epoch, share=self.share)):
            yield list(self.share.positions(start + step * self.share.step_draws))
