"""Which assets make up a world of so many clips, and what each is held out of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from curate.world.make import make_body, random_of
from curate.world.motions import motions_of


class Split(StrEnum):
    """What of a clip training never sees; the first part of an asset's uid."""

    TRAIN = "train"
    UNSEEN_RIG = "unseen-rig"  # the asset alone: others of its plan are trained on, with its motions
    UNSEEN_PLAN = "unseen-plan"
    UNSEEN_MOTION = "unseen-motion"  # a motion of its plan that is trained on with other plans alone


@dataclass(frozen=True, slots=True)
class HoldOut:
    """What is kept apart: whole plans, pairs 'plan:motion', and a share of all other assets."""

    plans: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One asset: its plan, number, split, how many takes, and the motions to choose from."""

    plan: str
    number: int
    split: Split
    takes: int
    motions: tuple[str, ...]

    @property
    def uid(self) -> str:
        return f"{self.split}/{self.plan}-{self.number:05d}"


def entries(*, clips: int, takes: int, chosen: Sequence[str], hold_out: HoldOut, seed: int) -> Iterator[Entry]:
    """Assets of all plans in turn until there are `clips` takes. More clips keep the assets that fewer have."""
    left, number = clips, 0
    known = {plan: tuple(motions_of(make_body(plan, 0, seed))) for plan in chosen}
    held = {plan: tuple(name for name in names if f"{plan}:{name}" in hold_out.pairs) for plan, names in known.items()}
    while left > 0:
        for plan in chosen:
            if left <= 0:
                return
            split = _split(plan, number, hold_out, bool(held[plan]), seed)
            seen = tuple(name for name in known[plan] if name not in held[plan])
            motions = {Split.UNSEEN_MOTION: held[plan], Split.UNSEEN_PLAN: known[plan]}.get(split, seen)
            if motions:
                count = min(takes, left)
                yield Entry(plan, number, split, count, motions)
                left -= count
        number += 1


def _split(plan: str, number: int, hold_out: HoldOut, has_pairs: bool, seed: int) -> Split:
    if plan in hold_out.plans:
        return Split.UNSEEN_PLAN
    drawn = random_of(seed, "split", plan, number).random()
    if drawn < hold_out.share:
        return Split.UNSEEN_RIG
    if has_pairs and drawn > 1 - hold_out.share:
        return Split.UNSEEN_MOTION
    return Split.TRAIN
