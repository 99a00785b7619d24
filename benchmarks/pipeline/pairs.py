"""What choosing the paper's retargeted clips costs, and how many stay where they are when something is added.

    python -m benchmarks.pipeline.pairs [--motions N] [--characters N] [--clips N] [--json]

choose_s                   seconds for `--clips` choices (the product is never built)
peak_mb                    memory that the choice itself takes, by tracemalloc
full_product               how many pairs there are
kept_after_1_motion        share of the chosen that is chosen again with one more motion, as with the others
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc
from collections import deque

from curate.retarget.choice import Choice, choose


def ids(kind: str, count: int) -> list[str]:
    return [f"{kind}{number}" for number in range(count)]


def chosen(num_motions: int, num_characters: int, clips: int) -> list[Choice]:
    windows = {name: 1 + number % 2 for number, name in enumerate(ids("motion", num_motions))}
    return list(choose(windows, characters=ids("character", num_characters), wanted=clips, cap=2, seed=7))


def measure(num_motions: int, num_characters: int, clips: int) -> dict[str, float]:
    started = time.perf_counter()
    before = set(chosen(num_motions, num_characters, clips))
    figures: dict[str, float] = {
        "motions": num_motions,
        "characters": num_characters,
        "clips": len(before),
        "full_product": num_motions * num_characters,
        "choose_s": round(time.perf_counter() - started, 3),
    }
    windows = {name: 1 + number % 2 for number, name in enumerate(ids("motion", num_motions))}
    characters = ids("character", num_characters)
    tracemalloc.start()
    deque(choose(windows, characters=characters, wanted=clips, cap=2, seed=7), maxlen=0)
    figures["peak_mb"] = round(tracemalloc.get_traced_memory()[1] / 1e6, 1)
    tracemalloc.stop()
    for what, more_motions, more_characters in (
        ("1_motion", 1, 0),
        ("1_character", 0, 1),
        ("1_percent_motions", num_motions // 100, 0),
        ("1_percent_characters", 0, num_characters // 100),
        ("10_percent_motions", num_motions // 10, 0),
        ("10_percent_characters", 0, num_characters // 10),
    ):
        after = chosen(num_motions + more_motions, num_characters + more_characters, clips)
        figures[f"kept_after_{what}"] = round(len(before.intersection(after)) / len(before), 3)
    figures["kept_after_10_percent_clips"] = round(
        len(before.intersection(chosen(num_motions, num_characters, clips + clips // 10))) / len(before), 3
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--motions", type=int, default=2_400)
    parser.add_argument("--characters", type=int, default=5_000)
    parser.add_argument("--clips", type=int, default=57_781)
    parser.add_argument("--json", action="store_true")
    parsed = parser.parse_args()
    figures = measure(parsed.motions, parsed.characters, parsed.clips)
    print(json.dumps(figures) if parsed.json else "\n".join(f"{key}: {value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
