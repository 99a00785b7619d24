"""How right captions are, and what they cost.

    python -m benchmarks.captions [--json] [--part NAME ...] [--wrong]

Parts, all of them but `takes` and `words` unless some are named:

- facts: over 200 motions that were put together from what they are meant to be, on ten rigs of people, animals, birds
  and things; every question of every motion, right or wrong. `--wrong` prints the wrong ones.
- takes: the facts of the named takes of a corpus beside their names, for a person to read; of RIGMILL_CORPUS.
- requests: 300 clips and their assets asked of a server of our own that fails on purpose (20 % 429, 5 % 500, 2 % hang,
  3 % bad answers): requests per row; then without troubles, clips of the paper's size: CPU and pace of one worker.
- words: captions of generated assets and of a corpus's takes (RIGMILL_CORPUS again) beside their names, for a person
  to read, and how many have a fault that needs no reader.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.common.figures import lines, rounded


def _facts(arguments: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.captions.facts_part import figures

    return figures(show_wrong=arguments.wrong)


def _takes(arguments: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.captions.takes_part import figures

    return figures()


def _requests(arguments: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.captions.requests_part import figures

    return figures()


def _words(arguments: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.captions.words_part import figures

    return figures()


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "facts": _facts,
    "takes": _takes,
    "requests": _requests,
    "words": _words,
}
ONLY_IF_NAMED = frozenset({"takes", "words"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", action="append", choices=PARTS, default=[], help="instead of all")
    parser.add_argument("--wrong", action="store_true", help="print every wrong answer")
    arguments = parser.parse_args()
    wanted = arguments.part or [name for name in PARTS if name not in ONLY_IF_NAMED]
    result: dict[str, Any] = {}
    for name in wanted:
        result |= PARTS[name](arguments)
    result = rounded(result)
    print(json.dumps(result) if arguments.json else "\n".join(lines(result)))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
