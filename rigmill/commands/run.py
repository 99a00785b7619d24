"""`rigmill run` and `rigmill retry`: stages, on Ray."""

from __future__ import annotations

import argparse
import json
import sys

from rigmill.blender.client import Limits
from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.errors import UserError
from rigmill.outcomes import Status
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.executors.in_process import InProcess
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.retry import too_much_failed
from rigmill.pipeline.torchrun import torchrun_rank, torchrun_world
from rigmill.pipeline.view import View
from rigmill.printable import wrapped
from rigmill.storage.lock import locked


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill run`: do what the stages have not done yet; the exit status."""
    return _drive(parsed, STAGES.expand(parsed.stages))


def retry(parsed: argparse.Namespace) -> int:
    """Run `rigmill retry`: forget outcomes that went wrong and do their jobs again; the exit status."""
    return _drive(parsed, STAGES.expand(parsed.stages or ["all"]), forget=True)


def _drive(parsed: argparse.Namespace, stages: tuple[str, ...], *, forget: bool = False) -> int:
    if torchrun_rank():
        for name in stages:
            STAGES.load(name).follow()
        return exit_status.OK
    resolved, layout = resolve(parsed)
    options = Options(
        stages=stages,
        limit=parsed.limit,
        only=frozenset(parsed.only),
        workers=parsed.workers,
        ray_address=parsed.ray_address,
    )
    with locked(layout), Progress() as progress:
        # Others wait for what this process does itself; a worker of Ray would be another one.
        limits = Limits(**resolved.profile.limits.model_dump())
        own = InProcess(layout.root, limits) if torchrun_world() > 1 else None
        driver = Driver(resolved, layout, options, progress=progress, executor=own)
        if forget:
            for name in stages:
                keys = _keys_to_try_again(
                    driver.view, name, reason=parsed.reason, rejected=parsed.rejected, only=options.only
                )
                driver.view.forget(name, keys)
                progress.say(f"{name}: {len(keys)} jobs to try again")
        try:
            counts = driver.run()
        finally:
            if torchrun_world() > 1:
                for name in stages:
                    driver.view.stage(name).dismiss()
    if parsed.json:
        print(json.dumps({name: count.to_json() for name, count in counts.items()}))
    empty = [name for name, count in counts.items() if count.num_in and not count.kept and not count.pending]
    for name in empty:
        why = resolved.invocation.suggest("status", name)
        print("\n".join(wrapped(f"stage '{name}' kept nothing; why: {why}", rest="  ", whole=[why])), file=sys.stderr)
    view = View(layout.tables, resolved.profile)
    for name in stages:
        if not counts[name].num_in:
            why = view.stage(name).why_empty(view, resolved.profile)
            if name == stages[0]:  # so that nothing else had any either
                raise UserError(
                    f"stage '{name}' has no inputs", why=why, fix="{command}", code="E111", command=("plan",)
                )
            print("\n".join(wrapped(f"stage '{name}' has no inputs: {why}", rest="  ")), file=sys.stderr)
    share = resolved.profile.run.max_failed_share
    failed = [name for name, count in counts.items() if too_much_failed(count.broken, count.num_in, max_share=share)]
    for name in failed:
        print(
            f"stage '{name}': more than {share:.0%} of its inputs broke (those over their own limits do not count)",
            file=sys.stderr,
        )
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
