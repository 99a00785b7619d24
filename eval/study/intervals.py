"""How sure a share is: Wilson's interval, the exact binomial test, and drawing people and clips anew."""

from __future__ import annotations

from math import exp, lgamma, log, sqrt

import numpy as np

from rigmill.types import Floats

NUM_DRAWS = 2000
_Z95 = 1.959963984540054


def wilson(successes: int, number: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent answers (Wilson's score interval); 0 to 1 of none."""
    if number == 0:
        return 0.0, 1.0
    share, squared = successes / number, _Z95**2
    middle = (share + squared / (2 * number)) / (1 + squared / number)
    half = _Z95 * sqrt(share * (1 - share) / number + squared / (4 * number**2)) / (1 + squared / number)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == number else min(1.0, middle + half)


def binomial_p(successes: int, number: int) -> float:
    """How likely at least so uneven a count is where both sides are equally good (exact, two-sided)."""
    fewer = min(successes, number - successes)
    logs = [lgamma(number + 1) - lgamma(k + 1) - lgamma(number - k + 1) - number * log(2) for k in range(fewer + 1)]
    return min(1.0, 2 * sum(map(exp, logs)))


def drawn_anew(chosen: Floats, asked: Floats, *, seed: int) -> tuple[float, float] | None:
    """The 95 % interval of sum(chosen) / sum(asked), both (people, clips): people and clips are drawn with replacement.

    Answers of one person, and answers about one clip, are alike: this is wider than Wilson's and more honest. None
    where there is one person or one clip: nothing can be drawn.
    """
    people, clips = chosen.shape
    if people < 2 or clips < 2:
        return None
    rng = np.random.default_rng(seed)
    of_people = rng.multinomial(people, np.full(people, 1 / people), size=NUM_DRAWS).astype(np.float64)
    of_clips = rng.multinomial(clips, np.full(clips, 1 / clips), size=NUM_DRAWS).astype(np.float64)
    wanted, number = (np.einsum("dp,pc,dc->d", of_people, counts, of_clips) for counts in (chosen, asked))
    shares = wanted[number > 0] / number[number > 0]
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)
