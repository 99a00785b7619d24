"""The mixture of sources: what is asked for, held against what there is, before; and what was drawn, after."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rigmill.errors import UserError
from shards.mixture import Mixture


def mixture_of(
    weights: Mapping[str, float], sizes: Mapping[str, int], *, seed: int, may_lack: Collection[str] = ()
) -> Mixture:
    """The mixture of the sources that have clips. No weights: all sources alike."""
    present = {source: size for source, size in sizes.items() if size}
    return Mixture(present, weights=present_weights(weights, set(present), may_lack=may_lack), seed=seed)


def present_weights(
    weights: Mapping[str, float], sources: Collection[str], *, may_lack: Collection[str] = ()
) -> dict[str, float]:
    """The weights of the sources that there are; they keep their proportions. No weights: all the same.

    A UserError where there is a source without a weight, and where a source has a weight and no clips, unless it is one
    of those that `may_lack` them: the share of the others would grow, and nobody would be told.
    """
    if not weights:
        return dict.fromkeys(sorted(sources), 1.0)
    unlisted = sorted(set(sources) - set(weights))
    if unlisted:
        raise UserError(
            f"train.mixture has no weight for source {', '.join(map(repr, unlisted))}",
            code="E501",
            why=f"the shards hold it, and the weights name {', '.join(sorted(weights))}",
            fix=f"add a weight under train.mixture, for example {unlisted[0]}: 1.0",
        )
    lacking = sorted(set(weights) - set(sources) - set(may_lack))
    if lacking:
        raise UserError(
            f"train.mixture asks for source {', '.join(map(repr, lacking))}, of which the shards hold no clip",
            code="E501",
            why=f"they hold clips of {', '.join(sorted(sources)) or 'no source'}",
            fix=f"take its weight out, or name it under train.may_lack: [{', '.join(lacking)}]",
        )
    return {source: weights[source] for source in sorted(sources)}


@dataclass(frozen=True, slots=True)
class Realised:
    """What the first `num_draws` draws of a run were."""

    num_draws: int
    draws: Mapping[str, int]  # of every source
    sizes: Mapping[str, int]  # clips of every source

    @property
    def passes(self) -> dict[str, float]:
        """How often each source has been gone through."""
        return {source: self.draws[source] / self.sizes[source] for source in self.draws}

    def to_row(self) -> dict[str, dict[str, int]]:
        """Clips and draws by source, to be kept."""
        return {source: {"clips": self.sizes[source], "draws": count} for source, count in self.draws.items()}

    def figures(self) -> dict[str, float]:
        """For a trainer's log: share and passes of every source."""
        shares = {f"mixture/share/{source}": count / max(1, self.num_draws) for source, count in self.draws.items()}
        return shares | {f"mixture/passes/{source}": passes for source, passes in self.passes.items()}


def realised(mixture: Mixture, position: int) -> Realised:
    """What had been drawn when `position` was the next draw: it follows from that, nothing has to be counted."""
    blocks, rest = divmod(position, len(mixture.block))
    draws = {source: blocks * count for source, count in mixture.counts.items()}
    for last in range(position - rest, position):
        draws[mixture.draw(last).source] += 1
    return Realised(num_draws=position, draws=draws, sizes=mixture.sizes)
