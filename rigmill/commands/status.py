"""`rigmill status`: counts per stage, and why inputs were rejected or failed."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pyarrow.compute as pc

from rigmill.commands import exit_status
from rigmill.commands.kept import kept_text
from rigmill.commands.profile_of import resolve
from rigmill.commands.training_lines import training_json, training_text, trainings
from rigmill.invocation import Invocation
from rigmill.outcomes import Status
from rigmill.pipeline.cleaning.unplanned import unplanned
from rigmill.pipeline.names import names_of
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.view import View
from rigmill.printable import shortened, shown_path, wrapped
from rigmill.storage.rows import StoredRows, true_places
from rigmill.types import Row

EXAMPLES_PER_REASON = 3
NAME_WIDTH = 60
ID_WIDTH = 20  # of ids that are shown beside a name


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill status`: print how far the stages are and why inputs were dropped; the exit status."""
    resolved, layout = resolve(parsed)
    stages = STAGES.expand(parsed.stages or ["all"])
    if parsed.by:
        from rigmill.commands.status import by_source_text
        from rigmill.report.funnel import by_source

        sources = by_source(View(layout.tables, resolved.profile), stages)
        print(json.dumps(sources) if parsed.json else by_source_text(sources, resolved.invocation))
        return exit_status.OK
    view = View(layout.tables, resolved.profile)
    rows, kept = status(view, stages, resolved.invocation), unplanned(view, stages)
    training = trainings(layout.runs) if "train" in parsed.stages else []
    if parsed.json:
        told = [{**row, "unplanned": kept[row["stage"]].to_json()} for row in rows]
        for row in told if training else ():
            row |= {"training": [training_json(one) for one in training]} if row["stage"] == "train" else {}
        print(json.dumps(told))
    else:
        text, beside = status_text(rows, detailed=bool(parsed.stages)), kept_text(kept, resolved.invocation)
        print("\n".join(filter(None, (text, training_text(training), beside))))
        print("\n".join(["", *wrapped(f"profile {resolved.name}, output in {shown_path(layout.root)}")]))
    return exit_status.OK


def status(view: View, stages: tuple[str, ...], invocation: Invocation | None = None) -> list[dict[str, Any]]:
    """One row per stage: counts, and every reason with its number and a few examples, named and with a command."""
    rows = []
    for name in stages:
        outcomes = view.outcomes(name)
        ends = [end for end in view.ends(name) if end["status"] != Status.KEPT.value]
        reasons = [{**end, "examples": _examples(outcomes, end)} for end in ends]
        examples = [(reason, example) for reason in reasons for example in reason["examples"]]
        names = names_of(view, name, [example["input_id"] for _, example in examples])
        for reason, example in examples:
            example["name"] = names.get(example["input_id"], "")
            example["command"] = _again(invocation or Invocation(), name, reason["status"], example["input_id"])
        reasons.sort(key=lambda reason: (-reason["count"], reason["code"]))
        rows.append({"stage": name, **view.counts(name).to_json(), "reasons": reasons})
        outcomes.release()
    return rows


def _examples(outcomes: StoredRows, end: Row) -> list[dict[str, Any]]:
    """The first few outcomes of one kind, by job key."""
    alike = pc.and_(pc.equal(outcomes.column("status"), end["status"]), pc.equal(outcomes.column("code"), end["code"]))
    places = true_places(alike)[:EXAMPLES_PER_REASON]
    return outcomes.at(places, ("input_id", "message", "measured", "limit"))


def status_text(rows: list[dict[str, Any]], *, detailed: bool) -> str:
    """A line of counts per stage, then each reason with an example; all examples and their commands if `detailed`."""
    lines = [f"{'stage':<9}{'in':>9}{'kept':>9}{'rejected':>10}{'failed':>9}{'pending':>9}"]
    for row in rows:
        lines.append(
            f"{row['stage']:<9}{row['in']:>9}{row['kept']:>9}{row['rejected']:>10}{row['failed']:>9}{row['pending']:>9}"
        )
    for row in rows:
        for reason in row["reasons"]:
            lines += ["", f"{row['stage']}: {reason['count']} {reason['status']}, {reason['code']}"]
            for example in reason["examples"] if detailed else reason["examples"][:1]:
                lines += _example(example)
                if detailed:
                    command = example["command"]
                    lines += wrapped(f"again: {command}", first="    ", rest="    ", whole=[command])
    return "\n".join(lines)


def _example(example: dict[str, Any]) -> list[str]:
    """What a person calls the input, its id as `show` takes it, and why it ended so."""
    measured = ""
    if example["measured"] is not None:
        measured = f" (measured {example['measured']:.4g}, limit {example['limit']:.4g})"
    name, own_id = shortened(example["name"], NAME_WIDTH), example["input_id"]
    who = name if len(own_id) > ID_WIDTH and name else f"{name} [{own_id}]" if name else own_id
    return wrapped(f"{who}: {example['message']}{measured}", first="  ", rest="    ")


def _again(invocation: Invocation, stage: str, status: str, input_id: str) -> str:
    """The command that does one input again, which ended with this status."""
    rejected = ["--rejected"] if status == Status.REJECTED.value else []
    return invocation.suggest("retry", stage, "--only", input_id, *rejected)


def by_source_text(rows: list[Row], invocation: Invocation) -> str:
    """A line of counts and reasons per stage and source."""
    width = min(max([len(row["source"]) for row in rows] + [6]), 20)
    lines = [f"{'stage':<9}{'source':<{width + 2}}{'kept':>8}{'rejected':>10}{'failed':>8}  why"]
    for row in rows:
        why = ", ".join(f"{code} {number}" for code, number in row["reasons"].items())
        head = f"{row['stage']:<9}{shortened(row['source'], width):<{width + 2}}"
        line = f"{head}{row['kept']:>8}{row['rejected']:>10}{row['failed']:>8}  {why}"
        lines += wrapped(line, rest=" " * (len(head) + 28))
    more = invocation.suggest("status")
    lines += wrapped(f"inputs without an outcome are not counted here: {more}", rest="  ", whole=[more])
    return "\n".join(lines)
