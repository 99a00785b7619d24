"""The command line. Heavy packages are imported inside the commands, so that --help answers at once."""

from __future__ import annotations

import argparse
import errno
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

from rigmill import __version__
from rigmill.animate_options import add_animate_options
from rigmill.errors import UserError, disk_full
from rigmill.single_options import add_options

EXIT_OK, EXIT_FAILED, EXIT_USER_ERROR, EXIT_INTERRUPTED = 0, 1, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    gc.set_threshold(100_000, 20, 20)  # plans make many objects and no cycles: looking for those takes its time
    parsed = build_parser().parse_args(arguments)
    try:
        status: int = parsed.command(parsed)
        return status
    except UserError as error:
        print(error.render(), file=sys.stderr)
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        print("interrupted; finished work is kept, the same command continues", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # `rigmill status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(disk_full(error).render(), file=sys.stderr)
        return EXIT_USER_ERROR


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(
        prog="rigmill", description="Rigged 3D assets to training data and a joint video-pose diffusion model.",
        epilog="stages, in the order in which data flows: collect probe retarget preview select (together: curate) "
               "render caption shards train eval; 'all' runs every one of them",
    )
    parser.add_argument("--version", action="version", version=f"rigmill {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, function: Any, summary: str, *, stages: str | None = None) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(command=function)
        if stages:
            command.add_argument("stages", nargs=stages, metavar="stage", help="a stage, 'curate' or 'all'")
        command.add_argument("--profile", default="demo", help="a profile of pipelines.yaml (default: demo)")
        command.add_argument("--config", type=Path, metavar="FILE", help="instead of ./pipelines.yaml")
        command.add_argument("--set", action="append", default=[], metavar="a.b=value", dest="overrides",
                             help="change one value of the profile; may be repeated")
        return command

    run = add("run", _run, "run stages; what is done already is not done again", stages="+")
    retry = add("retry", _retry, "run failed jobs again (with --rejected, rejected ones too)", stages="*")
    for command in (run, retry):
        command.add_argument("--limit", type=_positive, metavar="N", help="at most N jobs per stage in this run")
        command.add_argument("--workers", type=_positive, metavar="N", help="processes (default: one per core)")
        command.add_argument("--only", action="append", default=[], metavar="ID", help="only this input; repeatable")
        command.add_argument("--ray-address", metavar="HOST:PORT", help="a Ray cluster instead of this machine")
        command.add_argument("--json", action="store_true", help="print the counts as JSON at the end")
    retry.add_argument("--reason", metavar="CODE", help="only jobs that ended with this code")
    retry.add_argument("--rejected", action="store_true", help="rejected jobs as well as failed ones")
    plan = add("plan", _plan, "what a run would do, and what it would cost; changes nothing", stages="*")
    status = add("status", _status, "counts per stage, and why inputs were rejected or failed", stages="*")
    status.add_argument("--by", choices=["source"], help="the counts of each source")
    show = add("show", _show, "everything known about an asset, a clip or an input")
    show.add_argument("id", help="asset id, clip id or input id (or how one begins)")
    export = add("export", _export, "write a clip's asset as a GLB with the clip's motion as its one animation, or as "
                 "FBX, or the motion alone")
    export.add_argument("clip", help="clip id (or how it begins)")
    export.add_argument("--out", type=Path, metavar="FILE", help="the file to write, in the format that its name ends "
                        "with: .glb, .fbx, .bvh, .npz or .csv (default: ./CLIP.glb)")
    render = add("render", _render, "render a single file into a folder: videos, pose maps, pictures, numbers")
    add_options(render)
    animate = add("animate", _animate, "a rigged mesh and a sentence in, the mesh with a motion out")
    add_animate_options(animate)
    verify = add("verify", _verify, "read every stored file and shard again and compare digests")
    report = add("report", _report, "write the report: one folder of static HTML")
    report.add_argument("--open", action="store_true", help="open it in a browser")
    doctor = add("doctor", _doctor, "check this machine: Python, packages, Blender, Ray, system libraries")
    for command in (plan, status, show, verify, doctor):
        command.add_argument("--json", action="store_true", help="machine-readable output")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _resolve(parsed: argparse.Namespace) -> tuple[Any, Any]:
    """The profile and its output layout."""
    from rigmill.config import load
    from rigmill.layout import Layout

    resolved = load(parsed.profile, file=parsed.config, overrides=tuple(parsed.overrides))
    return resolved, Layout(Path(resolved.profile.output).expanduser().resolve())


def _run(parsed: argparse.Namespace) -> int:
    from rigmill.registry import expand

    return _drive(parsed, expand(parsed.stages))


def _drive(parsed: argparse.Namespace, stages: tuple[str, ...], *, forget: bool = False) -> int:
    from rigmill.driver import Driver, Options, locked
    from rigmill.inspect import counts_json, failed_rows
    from rigmill.progress import Progress

    resolved, layout = _resolve(parsed)
    options = Options(stages=stages, limit=parsed.limit, only=frozenset(parsed.only), workers=parsed.workers,
                      ray_address=parsed.ray_address)
    with locked(layout), Progress() as progress:
        driver = Driver(resolved, layout, options, progress=progress)
        if forget:
            for name in stages:
                keys = failed_rows(driver.view, name, reason=parsed.reason, rejected=parsed.rejected,
                                   only=options.only)
                driver.view.forget(name, keys)
                progress.say(f"{name}: {len(keys)} jobs to try again")
        counts = driver.run()
    if parsed.json:
        print(json.dumps(counts_json(counts)))
    empty = [name for name, count in counts.items() if count.num_in and not count.kept and not count.pending]
    for name in empty:
        print(f"stage '{name}' kept nothing; why: rigmill status {name} --profile {parsed.profile}", file=sys.stderr)
    if len(stages) == 1 and not counts[stages[0]].num_in:
        raise UserError(f"stage '{stages[0]}' has no inputs", why="its upstream stages have kept nothing yet",
                        fix=f"rigmill plan --profile {parsed.profile}", code="E111")
    share = resolved.profile.run.max_failed_share
    failed = [name for name, count in counts.items()
              if count.num_in >= 20 and count.failed > share * count.num_in]
    for name in failed:
        print(f"stage '{name}': more than {share:.0%} of its inputs failed", file=sys.stderr)
    return EXIT_FAILED if empty or failed else EXIT_OK


def _retry(parsed: argparse.Namespace) -> int:
    from rigmill.registry import expand

    return _drive(parsed, expand(parsed.stages or ["all"]), forget=True)


def _plan(parsed: argparse.Namespace) -> int:
    from rigmill.forecast import forecast, forecast_text
    from rigmill.registry import expand
    from rigmill.view import View

    resolved, layout = _resolve(parsed)
    rows = forecast(View(layout.tables, resolved.profile), layout, expand(parsed.stages or ["all"]))
    print(json.dumps(rows) if parsed.json else forecast_text(rows, profile=resolved.name, digest=resolved.digest))
    return EXIT_OK


def _status(parsed: argparse.Namespace) -> int:
    from rigmill.inspect import status, status_text
    from rigmill.registry import expand
    from rigmill.view import View

    resolved, layout = _resolve(parsed)
    stages = expand(parsed.stages or ["all"])
    if parsed.by:
        from rigmill.funnel import by_source, by_source_text

        sources = by_source(View(layout.tables, resolved.profile), stages)
        print(json.dumps(sources) if parsed.json else by_source_text(sources))
        return EXIT_OK
    rows = status(View(layout.tables, resolved.profile), stages)
    print(json.dumps(rows) if parsed.json else status_text(rows, detailed=bool(parsed.stages)))
    return EXIT_OK


def _show(parsed: argparse.Namespace) -> int:
    from rigmill.inspect import show, show_text
    from rigmill.view import View

    resolved, layout = _resolve(parsed)
    found = show(View(layout.tables, resolved.profile), parsed.id)
    print(json.dumps(found) if parsed.json else show_text(found, layout.store))
    return EXIT_OK


def _export(parsed: argparse.Namespace) -> int:
    from rigmill.blender import Limits
    from rigmill.export import FORMATS, clip_file, find_clip
    from rigmill.files import scratch_folder, write_atomic
    from rigmill.view import View

    resolved, layout = _resolve(parsed)
    file_format = parsed.out.suffix[1:].lower() if parsed.out else "glb"
    if file_format not in FORMATS:
        raise UserError(f"--out {parsed.out}: no such format", why=f"there are {', '.join(FORMATS)}",
                        fix=f"for example --out {parsed.out.with_suffix('.glb')}", code="E123")
    clip = find_clip(View(layout.tables, resolved.profile), parsed.clip)
    limits = Limits(**resolved.profile.limits.model_dump())
    with scratch_folder(layout.scratch) as scratch:
        data = clip_file(clip, file_format, store=layout.store, limits=limits, scratch=scratch)
    path = parsed.out or Path(f"{clip['clip_id']}.glb")
    write_atomic(path, data)
    print(f"{path}: '{clip['motion_name']}' on '{clip['title']}', {clip['num_frames']} frames at {clip['fps']:g} fps")
    shared = clip["rights"]["may_share_asset"] and clip["rights"]["may_share_motion"]  # unknown is no
    print(f"licence: {clip['licence']}; {clip['attribution'] or 'no attribution given'}"
          + ("" if shared else "; nothing says that this file may be passed on"))
    return EXIT_OK


def _render(parsed: argparse.Namespace) -> int:
    from rigmill.blender import Limits
    from rigmill.config import load
    from rigmill.progress import Progress
    from rigmill.single import render_single
    from rigmill.single_options import order_of, overrides
    from rigmill.single_text import Meter, summary_text

    resolved = load(parsed.profile, file=parsed.config, overrides=overrides(parsed))
    order = order_of(parsed, resolved)
    with Progress() as progress:
        meter = Meter(progress, order.asset.name)
        meter.begin()
        try:
            rendered = render_single(
                order, limits=Limits(**resolved.profile.limits.model_dump()), on_progress=meter,
                max_file_bytes=resolved.profile.collect.max_file_bytes,
            )
        except KeyboardInterrupt:
            progress.say("interrupted; nothing was written")
            return EXIT_INTERRUPTED
    print(summary_text(order, rendered))
    return EXIT_OK


def _animate(parsed: argparse.Namespace) -> int:
    from rigmill.animate_options import animate_order_of
    from rigmill.animate_text import StepMeter, animate_summary
    from rigmill.blender import Limits
    from rigmill.config import load
    from rigmill.progress import Progress
    from rigmill.registry import ANIMATE, by_name

    resolved = load(parsed.profile, file=parsed.config, overrides=tuple(parsed.overrides))
    order = animate_order_of(parsed, resolved)
    with Progress() as progress:
        try:
            info, wall_s = by_name(ANIMATE)(
                order, limits=Limits(**resolved.profile.limits.model_dump()),
                max_file_bytes=resolved.profile.collect.max_file_bytes,
                on_progress=StepMeter(progress, order.asset.name),
            )
        except KeyboardInterrupt:
            progress.say("interrupted; nothing was written")
            return EXIT_INTERRUPTED
    print(animate_summary(order, info, wall_s=wall_s))
    return EXIT_OK


def _verify(parsed: argparse.Namespace) -> int:
    from rigmill.inspect import verify
    from rigmill.view import View

    resolved, layout = _resolve(parsed)
    problems, num_files = verify(View(layout.tables, resolved.profile), layout)
    if parsed.json:
        print(json.dumps({"files": num_files, "problems": problems}))
    else:
        print("\n".join([*problems, f"{num_files} files read, {len(problems)} problems"]))
    return EXIT_FAILED if problems else EXIT_OK


def _report(parsed: argparse.Namespace) -> int:
    from rigmill.report import write_report
    from rigmill.view import View

    resolved, layout = _resolve(parsed)
    page = write_report(View(layout.tables, resolved.profile), layout, resolved)
    print(f"report: {page}")
    if parsed.open:
        import webbrowser

        webbrowser.open(page.as_uri())
    return EXIT_OK


def _doctor(parsed: argparse.Namespace) -> int:
    from rigmill.doctor import examine, findings_text

    findings = examine()
    print(json.dumps([finding.to_json() for finding in findings]) if parsed.json else findings_text(findings))
    return EXIT_OK if all(finding.ok or not finding.required for finding in findings) else EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
