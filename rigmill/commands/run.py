"""`rigmill run` and `rigmill retry`: stages, on Ray."""

from __future__ import annotations

import argparse
import json
import sys

from rigmill.commands import exit_status
from rigmill.commands.profile_of import flags_of, resolve
from rigmill.errors import UserError
from rigmill.outcomes import Status
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.retry import too_much_failed
from rigmill.pipeline.view import View
from rigmill.storage.lock import locked


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill run`: do what the stages have not done yet; the exit status."""
    return _drive(parsed, STAGES.expand(parsed.stages))


def retry(parsed: argparse.Namespace) -> int:
    """Run `rigmill retry`: forget outcomes that went wrong and do their jobs again; the exit status."""
    return _drive(parsed, STAGES.expand(parsed.stages or ["all"]), forget=True)


def _drive(parsed: argparse.Namespace, stages: tuple[str, ...], *, forget: bool = False) -> int:
    resolved, layout = resolve(parsed)
    options = Options(
        stages=stages,
        limit=parsed.limit,
        only=frozenset(parsed.only),
        workers=parsed.workers,
        ray_address=parsed.ray_address,
        flags=flags_of(parsed),
    )
    with locked(layout), Progress() as progress:
        driver = Driver(resolved, layout, options, progress=progress)
        if forget:
            for name in stages:
                keys = _keys_to_try_again(
                    driver.view, name, reason=parsed.reason, rejected=parsed.rejected, only=options.only
                )
                driver.view.forget(name, keys)
                progress.say(f"{name}: {len(keys)} jobs to try again")
        counts = driver.run()
    if parsed.json:
        print(json.dumps({name: count.to_json() for name, count in counts.items()}))
    empty = [name for name, count in counts.items() if count.num_in and not count.kept and not count.pending]
    for name in empty:
        print(f"stage '{name}' kept nothing; why: rigmill status {name} {flags_of(parsed)}", file=sys.stderr)
    view = View(layout.tables, resolved.profile)
    for name in stages:
        if not counts[name].num_in:
            why = view.stage(name).why_empty(view, resolved.profile)
            if name == stages[0]:  # so that nothing else had any either
                raise UserError(
                    f"stage '{name}' has no inputs", why=why, fix="{command}", code="E111", command=("plan",)
                )
            print(f"stage '{name}' has no inputs: {why}", file=sys.stderr)
    share = resolved.profile.run.max_failed_share
    failed = [name for name, count in counts.items() if too_much_failed(count.failed, count.num_in, max_share=share)]
    for name in failed:
        print(f"stage '{name}': more than {share:.0%} of its inputs failed", file=sys.stderr)
    return exit_status.FAILED if empty or failed else exit_status.OK


def _keys_to_try_again(view: View, stage: str, *, reason: str | None, rejected: bool, only: frozenset[str]) -> set[str]:
    """Keys of jobs that failed (with `rejected`, of rejected ones too), narrowed by code and input."""
    statuses = {Status.FAILED.value} | ({Status.REJECTED.value} if rejected else set())
    columns = (view.outcomes(stage).column(name).to_pylist() for name in ("job_key", "status", "code", "input_id"))
    return {
        key
        for key, status, code, input_id in zip(*columns)
        if status in statuses and (reason is None or code == reason) and (not only or input_id in only)
    }
