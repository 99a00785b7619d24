"""The command line's parser. A command's module is imported when it is asked for, so that --help answers at once."""

from __future__ import annotations

import argparse
import difflib
import gc
import importlib
import io
import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from rigmill import __version__
from rigmill.commands import exit_status
from rigmill.commands.argument_types import positive
from rigmill.commands.evaluation.bench_options import add_bench_commands, add_study_commands
from rigmill.commands.evaluation.eval_options import add_eval_commands
from rigmill.commands.signals import ended_by_signals, interrupted_status
from rigmill.errors import UserError, refused_by_system
from rigmill.invocation import Invocation, typed_program
from rigmill.one_file.animate_options import add_animate_options
from rigmill.one_file.render_options import add_options


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    gc.set_threshold(100_000, 20, 20)  # plans make many objects and no cycles: looking for those takes its time
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names have letters that not every terminal knows
    invocation = Invocation()
    try:
        parsed = build_parser().parse_args(arguments)
        config = None if parsed.config is None else str(parsed.config)
        invocation = Invocation(parsed.profile, config, tuple(parsed.overrides), typed_program())
        with ended_by_signals():
            module, name = parsed.command.split(":")
            status: int = getattr(importlib.import_module(f"rigmill.commands.{module}"), name)(parsed)
        return status
    except UserError as error:
        return _say(error, invocation)
    except KeyboardInterrupt:
        print("interrupted; finished work is kept, the same command continues", file=sys.stderr)
        return interrupted_status()
    except BrokenPipeError:  # `rigmill status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_status.OK
    except OSError as error:
        return _say(refused_by_system(error), invocation)


def _say(error: UserError, invocation: Invocation) -> int:
    print(error.render(invocation), file=sys.stderr)
    return exit_status.USER_ERROR


class _Parser(argparse.ArgumentParser):
    """Mistakes in a command line are answered as all others: in one message, with what to do."""

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"invalid int value: ('.*')", r"\1 is no whole number", message, flags=re.DOTALL)
        message = re.sub(r"invalid float value: ('.*')", r"\1 is no number", message, flags=re.DOTALL)
        choices = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)$", message)
        near = difflib.get_close_matches(choices[1], re.findall(r"'([^']+)'", choices[2]), n=1) if choices else []
        fix = f"did you mean '{near[0]}'? " if near else ""
        raise UserError(f"{self.prog}: {message}", fix=f"{fix}All that it takes: {self.prog} --help", code="E105")


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = _Parser(
        prog="rigmill",
        description="Rigged 3D assets to training data and a joint video-pose diffusion model.",
        epilog="stages, in the order in which data flows: collect probe retarget preview select (together: curate) "
        "render category caption shards train eval; 'all' runs every one of them",
    )
    parser.add_argument("--version", action="version", version=f"rigmill {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(
        name: str, command_name: str, summary: str, *, stages: str | None = None, to: Any = commands
    ) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = to.add_parser(name, help=summary, description=summary)
        command.set_defaults(command=command_name)
        if stages:
            command.add_argument("stages", nargs=stages, metavar="stage", help="a stage, 'curate' or 'all'")
        command.add_argument("--profile", default="demo", help="a profile of pipelines.yaml (default: demo)")
        command.add_argument("--config", type=Path, metavar="FILE", help="instead of ./pipelines.yaml")
        command.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="a.b=value",
            dest="overrides",
            help="change a value of the profile; may be repeated, or hold several",
        )
        return command

    run = add("run", "run:command", "run stages; what is done already is not done again", stages="+")
    retry = add("retry", "run:retry", "run failed jobs again (with --rejected, rejected ones too)", stages="*")
    for command in (run, retry):
        command.add_argument("--limit", type=positive, metavar="N", help="at most N jobs per stage in this run")
        command.add_argument("--only", action="append", default=[], metavar="ID", help="only this input; repeatable")
        _add_worker_options(command)
        command.add_argument("--json", action="store_true", help="print the counts as JSON at the end")
    retry.add_argument("--reason", metavar="CODE", help="only jobs that ended with this code")
    retry.add_argument("--rejected", action="store_true", help="rejected jobs as well as failed ones")
    plan = add("plan", "plan:command", "what a run would do, and what it would cost; changes nothing", stages="*")
    status = add("status", "status:command", "counts per stage, and why inputs were rejected or failed", stages="*")
    status.add_argument("--by", choices=["source"], help="the counts of each source")
    show = add("show", "single.show:command", "what is known about an asset, a clip, a motion or an input")
    show.add_argument("id", help="an id (or how it begins), or the name of a file or a motion")
    show.add_argument("--all", action="store_true", help="every column of every row, not one screen")
    checkpoints = add(
        "checkpoints",
        "checkpoints:command",
        "list the models that were trained, of whatever settings; remove one; write one's LoRA",
    )
    of_one = checkpoints.add_mutually_exclusive_group()
    of_one.add_argument("--delete", metavar="ID", help="remove this one (how its id begins is enough)")
    of_one.add_argument("--lora", metavar="ID", help="write its LoRA as a file that diffusers' WanPipeline reads")
    checkpoints.add_argument("--out", type=Path, metavar="FILE", help="of --lora (default: ./ID-lora.safetensors)")
    export = add(
        "export",
        "single.export:command",
        "write a clip's asset as a GLB with the clip's motion as its one animation, or as FBX, or the motion alone",
    )
    export.add_argument("clip", help="clip id (or how it begins)")
    export.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the file to write, in the format that its name ends "
        "with: .glb, .fbx, .bvh, .npz or .csv (default: ./CLIP.glb)",
    )
    render = add(
        "render", "single.render:command", "render a single file into a folder: videos, pose maps, pictures, numbers"
    )
    add_options(render)
    animate = add("animate", "single.animate:command", "a rigged mesh and a sentence in, the mesh with a motion out")
    add_animate_options(animate)
    about_captions = "correct captions and categories, ask a model what it knows, ask it in batches"
    caption = commands.add_parser("caption", help=about_captions, description=about_captions)
    of_caption = caption.add_subparsers(required=True, metavar="what")
    add(
        "review",
        "caption:review",
        "write the sheets in which you correct captions and categories, and check what you wrote; nothing of yours is "
        "changed",
        to=of_caption,
    )
    probe = add(
        "probe",
        "caption:probe",
        "ask the profile's model about clips whose truth is known, and the same reversed and mirrored",
        to=of_caption,
    )
    probe.add_argument("--clips", type=positive, default=24, metavar="N", help="rendered clips at most (default: 24)")
    export_batch = add(
        "export-batch",
        "caption:export_batch",
        "write every open question into files for a batch service (OpenAI's form, vllm run-batch reads it too)",
        to=of_caption,
    )
    export_batch.add_argument("folder", type=Path, help="a new folder for the files")
    export_batch.add_argument(
        "--max-mb", type=positive, default=190, metavar="MB", help="size of one file at most (default: 190)"
    )
    import_batch = add("import-batch", "caption:import_batch", "take the answers of a batch", to=of_caption)
    import_batch.add_argument("folder", type=Path, help="the folder that was exported into")
    import_batch.add_argument("files", type=Path, nargs="+", help="files of results and of errors, in any order")
    with_json = [*add_bench_commands(commands, add), *add_study_commands(commands, add)]
    add_eval_commands(commands, add)
    verify = add("verify", "verify:command", "read everything that was written again and compare digests")
    verify.add_argument("--repair", action="store_true", help="mend what is found: make it again, from what is whole")
    _add_worker_options(verify)
    publish = add(
        "publish", "publish:command", "copy a data set to a hub or a bucket, where its terms let that be done"
    )
    publish.add_argument("folder", type=Path, help="the data set: OUTPUT/shards of a profile, or a copy of it")
    publish.add_argument(
        "--to", required=True, metavar="URL", help="hf://datasets/USER/NAME, s3://BUCKET/FOLDER, or any URL of fsspec"
    )
    publish.add_argument("--dry-run", action="store_true", help="check it, say what would be copied, and copy nothing")
    report = add("report", "report:command", "write the report: one folder of static HTML")
    report.add_argument("--open", action="store_true", help="open it in a browser")
    clean = add(
        "clean", "clean:command", "remove results of other settings, or all of a profile's output; lists them first"
    )
    clean.add_argument(
        "--unplanned", action="store_true", help="what is not planned now: results of other settings and inputs"
    )
    clean.add_argument(
        "--older-than", type=_age, metavar="7d", help="of that, only what no run has planned for so long (m, h, d, w)"
    )
    clean.add_argument(
        "--checkpoints",
        action="store_true",
        help="of that, models and unfinished trainings as well: without this option they stay",
    )
    clean.add_argument("--all", action="store_true", help="everything that the profile has made, models too")
    clean.add_argument("--dry-run", action="store_true", help="list it and remove nothing")
    doctor = add("doctor", "doctor:command", "check this machine: Python, packages, Blender, Ray, system libraries")
    for command in (plan, status, show, verify, publish, doctor, probe, checkpoints, *with_json):
        command.add_argument("--json", action="store_true", help="machine-readable output")
    return parser


def _age(text: str) -> timedelta:
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    if not (text[:-1].isdecimal() and len(text) <= 6 and text[-1] in units):
        raise argparse.ArgumentTypeError(f"'{text}' is no age: write 30m, 12h, 7d or 2w")
    return timedelta(**{units[text[-1]]: int(text[:-1])})


def _add_worker_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--workers", type=positive, metavar="N", help="processes (default: one per core)")
    command.add_argument("--ray-address", metavar="HOST:PORT", help="a Ray cluster instead of this machine")
