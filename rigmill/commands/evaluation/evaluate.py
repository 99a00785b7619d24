"""`rigmill eval ...`: methods held against each other on the clips of a benchmark."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.commands.signals import interrupted_status
from rigmill.one_file.animate_text import StepMeter
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import BASELINES, BASELINES_ORDER, COMPARE, COMPARE_ORDER, by_name
from rigmill.printable import one_line, shown_path, wrapped

_TELLING = ("delivered_share", "mpjpe_pct", "vertex_error_pct", "cd_4d", "ssim_subject", "flip_subject")


def baselines(parsed: argparse.Namespace) -> int:
    """Run `rigmill eval baselines`: make the methods' folders; the exit status."""
    resolved, layout = resolve(parsed)
    order = by_name(BASELINES_ORDER)(
        bench=parsed.bench or layout.bench,
        out=parsed.out.expanduser(),
        only=tuple(parsed.only),
        seed=parsed.seed,
        checkpoint=parsed.checkpoint,
    )
    with Progress() as progress:
        try:
            folders = by_name(BASELINES)(order, resolved, layout, StepMeter(progress, "baselines"))
        except KeyboardInterrupt:
            progress.say("interrupted; what is finished is kept, the same command continues")
            return interrupted_status()
    suggested = resolved.invocation.suggest(
        "eval", "compare", *map(str, folders), "--bench", str(order.bench), "--out", "comparison"
    )
    lines = [*(shown_path(folder) for folder in folders), "to compare them:"]
    print("\n".join([*(text for line in lines for text in wrapped(one_line(line), rest="  ")), f"  {suggested}"]))
    return exit_status.OK


def compare(parsed: argparse.Namespace) -> int:
    """Run `rigmill eval compare`: score methods, write tables, print the first ones; the exit status."""
    resolved, layout = resolve(parsed)
    order = by_name(COMPARE_ORDER)(
        methods=tuple(path.expanduser() for path in parsed.methods),
        bench=parsed.bench or layout.bench,
        out=parsed.out.expanduser(),
        protocol=parsed.protocol,
        icp=parsed.icp,
        seed=parsed.seed,
        size_px=parsed.size,
        num_points=parsed.points,
        lpips=parsed.lpips,
        common=parsed.common,
        beside=tuple(parsed.beside),
        ablation=tuple(parsed.ablation or ()),
        videos=parsed.videos,
        workers=parsed.workers,
    )
    with Progress() as progress:
        meter = StepMeter(progress, "compare")
        try:
            made = by_name(COMPARE)(order, resolved, layout, lambda done, of: meter("scores", done, of))
        except KeyboardInterrupt:
            progress.say("interrupted; scores that are known are kept, the same command continues")
            return interrupted_status()
    if parsed.json:
        print(json.dumps(made.json))
        return exit_status.OK
    print("\n".join(_short(made.tables)))
    files = "comparison.html, .md and .tex, tables.json, results.json, clips/METHOD/CLIP.json"
    print(f"{shown_path(made.folder)}: {files}")
    return exit_status.OK


def _short(tables: Sequence[Any]) -> list[str]:
    """A line a method with the numbers that tell most; all others are in the files."""
    columns = [(table, column) for table in tables for column in table.columns if column.key in _TELLING]
    by_key = {column.key: (table, column) for table, column in reversed(columns)}
    chosen = [by_key[key] for key in _TELLING if key in by_key]
    if not chosen:
        return ["no method has a number that could be printed"]
    names = [line.name for line in chosen[0][0].lines]
    rows = [["", *(column.heading for _, column in chosen)]]
    for name in names:
        lines = [next(line for line in table.lines if line.name == name) for table, _ in chosen]
        rows.append([name, *(line.cell(column).text(column.digits) for line, (_, column) in zip(lines, chosen))])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join([f"{row[0]:<{widths[0]}}", *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
