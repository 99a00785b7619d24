"""Which motion goes onto which character: as many clips as are wanted, spread evenly, without building the product.

Motions and characters stand on rings of their own, in an order that follows from the seed and their ids. A motion is
put on neighbours: those who stand where it stands, and on from there. With M motions and C characters, motion k and
character c are at the distance (c M - k C) mod M C, and the pairs taken are the nearest ones. So

- every motion gets floor or ceil of the mean, and so does every character: at each distance there is one pair for each
  of some motions and characters, and a motion's pairs lie M apart, a character's C apart;
- who wants more clips gets the earlier ones and further ones;
- a motion or character that is added pushes the others along by its own share of the ring, so that most pairs stay
  as long as motions have many characters each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rigmill.storage.files import digest

Choice = tuple[str, str, int]  # motion, character, window of the motion


def num_choices(windows: Mapping[str, int], *, num_characters: int, cap: int) -> int:
    """How many clips there can be when a motion (id -> its windows) and a character share at most `cap`."""
    return num_characters * sum(min(cap, count) for count in windows.values())


def choose(
    windows: Mapping[str, int], *, characters: Sequence[str], wanted: int, cap: int, seed: int
) -> Iterator[Choice]:
    """`wanted` different choices, or all there are; at most `cap` of them have the same motion and character.

    Every pair is used once before any is used again. Which window of a motion a character gets first depends on
    the two of them alone; the next one follows when the pair is used again.
    """
    ring = _shuffled(characters, seed, "character")
    order = _shuffled(windows, seed, "motion")
    turn = {name: int(digest(seed, "window", name), 16) for names in (ring, order) for name in names}
    left = min(wanted, num_choices(windows, num_characters=len(ring), cap=cap))
    for lap in range(cap):
        motions = [name for name in order if windows[name] > lap]
        count = min(left, len(motions) * len(ring))
        if not count:
            return
        for row, column in nearest_pairs(len(motions), len(ring), count):
            motion, character = motions[row], ring[column]
            yield motion, character, (turn[motion] + turn[character] + lap) % windows[motion]
        left -= count


def nearest_pairs(num_rows: int, num_columns: int, count: int) -> Iterator[tuple[int, int]]:
    """The `count` pairs of least distance (column * num_rows - row * num_columns) mod (num_rows * num_columns).

    Pairs of one distance are taken in the order of rows.
    """
    each, more = divmod(count, num_rows)
    nearest = sorted(range(num_rows), key=lambda row: (-row * num_columns % num_rows, row))
    longer = frozenset(nearest[:more])
    for row in range(num_rows):
        first = -(-row * num_columns // num_rows)
        for step in range(each + (row in longer)):
            yield row, (first + step) % num_columns


def _shuffled(names: Iterable[str], seed: int, kind: str) -> list[str]:
    return sorted(names, key=lambda name: digest(seed, kind, name))
