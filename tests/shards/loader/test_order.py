"""The global sequence: exact, whole, and the same however many ranks and workers take it."""

from __future__ import annotations

import random
import time
from collections import Counter
from math import gcd

from hypothesis import given, settings
from hypothesis import strategies as st

from shards.loader.order import Share, Steps, steps_left
from shards.mixture import Mixture

PAPER = {"mixamo": 0.25, "vroid": 0.25, "objaverse": 0.5}
seeds = st.integers(0, 2**32)


@settings(max_examples=40, deadline=None)
@given(seeds, st.tuples(*[st.integers(1, 5000)] * 3), st.integers(0, 10**7))
def test_every_aligned_block_of_four_is_exact_whatever_the_sources_sizes(
    seed: int, sizes: tuple[int, int, int], block: int
) -> None:
    mixture = Mixture(dict(zip(PAPER, sizes)), weights=PAPER, seed=seed)
    for start in (4 * block, 4 * block + 4):
        drawn = Counter(mixture.draw(position).source for position in range(start, start + 4))
        assert drawn == {"mixamo": 1, "vroid": 1, "objaverse": 2}


@settings(max_examples=40, deadline=None)
@given(seeds, st.lists(st.integers(1, 12), min_size=1, max_size=5), st.floats(0.01, 100), st.integers(0, 1000))
def test_rational_weights_are_exact_in_every_block(seed: int, counts: list[int], scale: float, block: int) -> None:
    names = [f"source-{index}" for index in range(len(counts))]
    mixture = Mixture(
        dict.fromkeys(names, 7), weights={name: count * scale for name, count in zip(names, counts)}, seed=seed
    )
    common = gcd(*counts)
    size = sum(counts) // common
    assert len(mixture.block) == size
    drawn = Counter(mixture.draw(position).source for position in range(block * size, (block + 1) * size))
    assert drawn == {name: count // common for name, count in zip(names, counts)}


@settings(max_examples=30, deadline=None)
@given(seeds, st.tuples(*[st.integers(1, 60)] * 3))
def test_within_a_source_every_sample_comes_once_before_any_comes_twice(seed: int, sizes: tuple[int, int, int]) -> None:
    mixture = Mixture(dict(zip(PAPER, sizes)), weights=PAPER, seed=seed)
    of_source: dict[str, list[int]] = {source: [] for source in PAPER}
    for position in range(1000):
        draw = mixture.draw(position)
        assert draw.num_passes == len(of_source[draw.source]) // mixture.sizes[draw.source]
        of_source[draw.source].append(draw.item)
    for source, items in of_source.items():
        size = mixture.sizes[source]
        for start in range(0, len(items), size):
            one = items[start : start + size]
            assert len(set(one)) == len(one) and set(one) <= set(range(size))


def taken(*, position: int, num_steps: int, batch_size: int, world: int, draws_per_epoch: int) -> list[int]:
    """The positions of so many steps in the order of the run: each rank's by its own, epochs after each other."""
    steps: list[list[int]] = []
    for rank in range(world):
        own, at = 0, position
        while own < num_steps:
            for batch in Steps(Share(batch_size, rank, world), draws_per_epoch=draws_per_epoch, position=at):
                if own == num_steps:
                    break
                if rank == 0:
                    steps.append([])
                steps[own] += batch
                own += 1
                at += batch_size * world
    return [draw for step in steps for draw in step]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([1, 2, 3, 4, 8]),
    st.sampled_from([1, 2, 3, 4, 8]),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(1, 97),
)
def test_any_world_goes_on_where_any_other_stopped_and_nothing_is_lost_or_doubled(
    position: int, before: int, after: int, batch_before: int, batch_after: int, draws_per_epoch: int
) -> None:
    first = taken(
        position=position, num_steps=7, batch_size=batch_before, world=before, draws_per_epoch=draws_per_epoch
    )
    then = position + len(first)
    second = taken(position=then, num_steps=7, batch_size=batch_after, world=after, draws_per_epoch=draws_per_epoch)
    assert first + second == list(range(position, then + len(second)))


def test_worlds_and_workers_give_one_sequence_and_25_resumes_continue_it() -> None:
    mixture = Mixture({"mixamo": 41, "vroid": 7, "objaverse": 1009}, weights=PAPER, seed=3)
    one_rank = [mixture.draw(position) for position in range(0, 960)]
    for world in (1, 2, 3, 4, 8):
        for num_workers in (0, 1, 4):
            share = [Share(batch_size=2, rank=rank, world=world) for rank in range(world)]
            handed: dict[int, list[list[int]]] = {}  # batches of each rank, as its workers give them back
            for rank in range(world):
                batches = list(Steps(share[rank], draws_per_epoch=960))
                queues = [batches[worker :: num_workers or 1] for worker in range(num_workers or 1)]
                handed[rank] = [queues[at % (num_workers or 1)].pop(0) for at in range(len(batches))]
            order = [place for step in zip(*handed.values()) for batch in step for place in batch]
            assert [mixture.draw(place) for place in order] == one_rank
    chance = random.Random(5)
    for _ in range(25):
        old, new = chance.sample([1, 2, 3, 4, 8], 2)
        step = chance.randrange(1, 40)
        seen = taken(position=0, num_steps=step, batch_size=2, world=old, draws_per_epoch=200)
        rest = taken(position=len(seen), num_steps=12, batch_size=2, world=new, draws_per_epoch=200)
        assert [mixture.draw(place) for place in seen + rest] == [
            mixture.draw(place) for place in range(len(seen) + len(rest))
        ]


@given(st.integers(0, 10**6), st.integers(1, 1000), st.integers(1, 9), st.integers(1, 8))
def test_an_epoch_ends_with_the_step_that_reaches_its_last_draw(
    position: int, draws_per_epoch: int, batch_size: int, world: int
) -> None:
    share = Share(batch_size, 0, world)
    steps = steps_left(position, draws_per_epoch=draws_per_epoch, share=share)
    end = (position // draws_per_epoch + 1) * draws_per_epoch
    assert position + (steps - 1) * share.step_draws < end <= position + steps * share.step_draws


def test_a_draw_of_a_mixture_with_large_blocks_costs_no_more_than_one_of_small() -> None:
    """Of weights that no small block holds, every draw used to look at all slots of its block before it."""
    mixture = Mixture({"a": 1000, "b": 1000}, weights={"a": 0.0011, "b": 0.9989}, seed=1)
    assert len(mixture.block) > 300
    started = time.process_time()
    draws = [mixture.draw(position) for position in range(20_000)]
    assert (time.process_time() - started) / len(draws) < 40e-6
    backwards = [mixture.draw(position) for position in reversed(range(0, 20_000, 997))]
    assert backwards[::-1] == draws[::997], "a draw depends on none before it"
