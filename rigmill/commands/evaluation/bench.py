"""`rigmill bench ...`: the clips that methods are compared on."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from rigmill.blender.client import Limits
from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.registry import BENCH_AGREE, BENCH_CHECK, BENCH_MAKE, BENCH_ORDER, BENCH_PAGE, by_name
from rigmill.pipeline.view import View
from rigmill.printable import one_line, shown_path, wrapped
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked

SHOWN_FAULTS = 40


def make(parsed: argparse.Namespace) -> int:
    """Run `rigmill bench make`: choose clips, write the folder; the exit status."""
    resolved, layout = resolve(parsed)
    folder = _folder(parsed.out, layout)
    order = by_name(BENCH_ORDER)(
        name=resolved.name,
        folder=folder,
        num_clips=parsed.clips,
        seed=resolved.profile.seed,
        without=tuple(parsed.without),
    )
    with locked(layout):
        made = by_name(BENCH_MAKE)(
            View(layout.tables, resolved.profile), layout, order, limits=Limits(**resolved.profile.limits.model_dump())
        )
    clips = made.bench.clips
    groups = Counter(clip.group for clip in clips)
    shown = ", ".join(f"{number} {group}" for group, number in groups.items())
    lines = [f"{shown_path(folder)}: {len(clips)} clips of {len({clip.asset_id for clip in clips})} assets: {shown}"]
    if len(clips) < parsed.clips:
        lines.append(f"{parsed.clips} were asked for, and no more are held out: shards.bench_share, or more assets")
    missing = [str(group) for group, number in made.choice.available.items() if not number and group != "other"]
    lines += [f"nothing that is held out is of the group {' or '.join(missing)}"] if missing else []
    lines += [f"left out: {number} clips whose {tie} training knows" for tie, number in made.choice.tied.items()]
    lines += [f"left out: {clip}: {why}" for clip, why in made.choice.unwritable.items()]
    if made.num_kept_lines or made.num_left_lines:
        beside = f", {made.num_left_lines} of clips that left it are beside it" if made.num_left_lines else ""
        lines.append(f"bench.csv: {made.num_kept_lines} lines of yours are kept{beside}")
    if made.kept_as is not None:
        lines.append(f"another benchmark was there; it is {shown_path(made.kept_as)} now")
    suggested = resolved.invocation.suggest("bench", "check", str(folder))
    lines.append(f"digest {made.bench.digest}; to look whether all is well: {suggested}")
    print("\n".join(line for text in lines for line in wrapped(one_line(text), rest="  ", whole=[suggested])))
    return exit_status.OK


def check(parsed: argparse.Namespace) -> int:
    """Run `rigmill bench check`: name every fault of a benchmark; FAILED where there is one."""
    resolved, layout = resolve(parsed)
    folder = _folder(parsed.folder, layout)
    checked = by_name(BENCH_CHECK)(folder, View(layout.tables, resolved.profile))
    faults = checked.faults
    if parsed.json:
        found = {"clips": checked.num_clips, "held_against": checked.num_trained}
        print(json.dumps(found | {"faults": [fault.to_json() for fault in faults]}))
    else:
        lines = [fault.text("bench.csv") for fault in faults[:SHOWN_FAULTS]]
        lines += [f"and {len(faults) - SHOWN_FAULTS} more (--json has all)"] if len(faults) > SHOWN_FAULTS else []
        against = f"held against {checked.num_trained} clips of training"
        if not checked.num_trained:
            against = f"leaks were not looked for: {shown_path(layout.root)} has no clips of training (--profile NAME)"
        lines.append(f"{shown_path(folder)}: {checked.num_clips} clips, {len(faults) or 'no'} faults; {against}")
        print("\n".join(line for text in lines for line in wrapped(one_line(text), rest="  ")))
    return exit_status.FAILED if faults else exit_status.OK


def page(parsed: argparse.Namespace) -> int:
    """Run `rigmill bench page`: write the annotation page; the exit status."""
    resolved, layout = resolve(parsed)
    folder = _folder(parsed.folder, layout)
    target = parsed.out or folder.with_name(f"{folder.name}.html")
    by_name(BENCH_PAGE)(folder, target, annotator=parsed.annotator)
    suggested = resolved.invocation.suggest("bench", "agree", "bench-ONE.csv", "bench-OTHER.csv")
    text = f"{shown_path(target)}: open it in a browser; it saves a CSV a person. Two of them: {suggested}"
    print("\n".join(wrapped(text, rest="  ", whole=[suggested])))
    return exit_status.OK


def agree(parsed: argparse.Namespace) -> int:
    """Run `rigmill bench agree`: Cohen's kappa of two people's sheets, and where they differ; the exit status."""
    found = by_name(BENCH_AGREE)(parsed.first, parsed.second)
    if parsed.json:
        print(json.dumps(found.to_json()))
        return exit_status.OK
    kappa = "not defined: both use one category alone" if found.kappa is None else f"{found.kappa:.3f}"
    between = f" (95 %: {found.interval[0]:.2f} to {found.interval[1]:.2f})" if found.interval else ""
    lines = [
        f"Cohen's kappa {kappa}{between}; {found.num_clips} clips, the same category on {found.observed:.0%}, "
        f"{found.expected:.0%} expected by chance"
    ]
    lines += [f"{one.clip}: {one.first} | {one.second}" for one in found.disagreements]
    for path, only in ((parsed.first, found.only_first), (parsed.second, found.only_second)):
        lines += [f"only {path.name} has a category for: {', '.join(only)}"] if only else []
    print("\n".join(line for text in lines for line in wrapped(one_line(text), rest="  ")))
    return exit_status.OK


def _folder(given: Path | None, layout: Layout) -> Path:
    """The folder that was named, or the profile's own."""
    return layout.bench if given is None else given.expanduser().resolve()
