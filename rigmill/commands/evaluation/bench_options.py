"""Options of `rigmill bench` and `rigmill study`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rigmill.commands.argument_types import positive, whole

Add = Callable[..., argparse.ArgumentParser]  # of cli.build_parser: a command with a profile's options


def add_bench_commands(commands: Any, add: Add) -> tuple[argparse.ArgumentParser, ...]:
    """`rigmill bench ...`; those of its commands that can print JSON."""
    about_bench = "choose, check and annotate the clips that methods are compared on"
    bench = commands.add_parser("bench", help=about_bench, description=about_bench)
    of_bench = bench.add_subparsers(required=True, metavar="what")
    make_bench = add(
        "make", "evaluation.bench:make", "choose held-out clips by the rule and write them as a folder", to=of_bench
    )
    make_bench.add_argument("--clips", type=positive, default=35, metavar="N", help="how many (default: 35)")
    make_bench.add_argument("--out", type=Path, metavar="FOLDER", help="where to (default: OUTPUT/bench)")
    make_bench.add_argument(
        "--without", action="append", default=[], metavar="CLIP", help="leave this clip out; may be repeated"
    )
    check_bench = add(
        "check",
        "evaluation.bench:check",
        "find what is wrong: bench.csv, balance, files, clips that the profile's training knows",
        to=of_bench,
    )
    check_bench.add_argument("folder", type=Path, nargs="?", help="the benchmark (default: OUTPUT/bench)")
    page_bench = add(
        "page", "evaluation.bench:page", "write the page on which people say what each clip shows", to=of_bench
    )
    page_bench.add_argument("folder", type=Path, nargs="?", help="the benchmark (default: OUTPUT/bench)")
    page_bench.add_argument("--out", type=Path, metavar="FILE", help="the page (default: beside the folder, .html)")
    page_bench.add_argument("--annotator", default="", metavar="NAME", help="whose page it is; may be typed there")
    agree_bench = add(
        "agree", "evaluation.bench:agree", "how far two people's sheets agree: Cohen's kappa", to=of_bench
    )
    agree_bench.add_argument("first", type=Path, help="a CSV that the page saved")
    agree_bench.add_argument("second", type=Path, help="another person's")
    return check_bench, agree_bench


def add_study_commands(commands: Any, add: Add) -> tuple[argparse.ArgumentParser, ...]:
    """`rigmill study ...`; those of its commands that can print JSON."""
    about_study = "ask people whose motion they prefer: a page without a network, and what all of them said"
    study = commands.add_parser("study", help=about_study, description=about_study)
    of_study = study.add_subparsers(required=True, metavar="what")
    make_study = add(
        "make", "evaluation.study:make", "write the page and the videos that people see, and the key", to=of_study
    )
    make_study.add_argument("methods", type=Path, nargs="+", metavar="METHOD", help="folders of CLIP.mp4, yours first")
    make_study.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the study")
    make_study.add_argument(
        "--kind",
        choices=["first", "pairs"],
        default="first",
        help="first: all methods side by side, the best is chosen; pairs: the first method against each of the others",
    )
    make_study.add_argument("--all-pairs", action="store_true", help="of pairs: every method against every other")
    make_study.add_argument("--bench", type=Path, metavar="FOLDER", help="the benchmark with the clips' sentences")
    make_study.add_argument("--common", action="store_true", help="only the clips that all methods have")
    make_study.add_argument("--people", type=positive, default=30, metavar="N", help="sittings (default: 30)")
    make_study.add_argument("--trials", type=positive, metavar="N", help="screens a person at most (default: all)")
    make_study.add_argument(
        "--checks", type=whole, default=2, metavar="N", help="attention checks a person (default: 2)"
    )
    make_study.add_argument("--seed", type=whole, metavar="N", help="of orders and sides (default: the profile's)")
    sum_study = add("sum", "evaluation.study:summary", "count what people saved, with intervals", to=of_study)
    sum_study.add_argument("study", type=Path, help="the folder that was made")
    sum_study.add_argument("answers", type=Path, nargs="+", help="files that people saved, or folders of them")
    sum_study.add_argument(
        "--max-missed", type=whole, default=0, metavar="N", help="attention checks a person may miss (default: 0)"
    )
    sum_study.add_argument("--out", type=Path, metavar="FILE", help="write all of it as JSON too")
    return (sum_study,)
