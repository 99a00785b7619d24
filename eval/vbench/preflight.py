"""What VBench needs before it is started: its interpreter, its modules, its weights; all that is missing, at once."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.metrics.vbench import VERSION
from eval.vbench.dimensions import Dimension, Need, needs_of
from rigmill.errors import UserError

DRIVER = Path(__file__).with_name("driver.py")
ABOUT_LIMIT_S = 300.0  # its imports alone take half a minute on a slow disk
_INSTALL = (
    f"python3.10 -m venv VENV && VENV/bin/pip install torch torchvision && VENV/bin/pip install vbench=={VERSION}"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that has VBench, as it says itself."""

    python: Path
    python_version: str
    vbench: str
    torch: str
    cuda: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """A file that VBench reads, as it was when it was asked."""

    path: str  # below the cache
    sha256: str
    size_bytes: int


def default_cache() -> Path:
    """Where VBench looks when nobody says otherwise."""
    return Path(os.environ.get("VBENCH_CACHE_DIR") or "~/.cache/vbench").expanduser()


def environment(cache: Path) -> dict[str, str]:
    """What the driver is started with: VBench's cache, and nothing of this process's Python."""
    ours = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "VBENCH_CACHE_DIR": str(cache), "HF_HUB_OFFLINE": "1"}


def ask(python: Path, cache: Path, dimensions: tuple[Dimension, ...], device: str) -> Interpreter:
    """What the interpreter says of itself; a UserError where it cannot do what is asked of it."""
    command = [str(python), str(DRIVER), "about", *dimensions]
    try:
        answer = subprocess.run(  # noqa: S603  # the interpreter that the person names
            command, env=environment(cache), capture_output=True, text=True, timeout=ABOUT_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _no_interpreter(python, str(error)) from error
    try:
        found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        versions, cannot = found["versions"], found["cannot"]
    except (IndexError, ValueError, KeyError, TypeError) as error:
        last = (answer.stderr.strip().splitlines() or [f"it ended with {answer.returncode} and said nothing"])[-1]
        raise _no_interpreter(python, last) from error
    if not versions.get("vbench"):
        raise _no_interpreter(python, "the package vbench is not installed there")
    if versions["vbench"] != VERSION:
        raise UserError(
            f"{python} has vbench {versions['vbench']}, and {VERSION} is the one whose numbers are known here",
            why="versions differ in rules and weights, and tables may not mix them",
            fix=f"{python} -m pip install vbench=={VERSION}",
            code="E643",
        )
    if cannot:
        what = "; ".join(f"{dimension} ({why})" for dimension, why in cannot.items())
        raise UserError(
            f"VBench in {python} cannot measure {what}",
            why="a package that this dimension imports is missing or of another version",
            fix="install it there, or leave the dimension out: --dimension NAME for each that you want",
            code="E643",
        )
    if device.startswith("cuda") and not found["cuda"]:
        raise UserError(
            f"the torch of {python} sees no GPU",
            why=f"--device {device} was asked for",
            fix="--device cpu (minutes a video), or a torch that fits the driver",
            code="E643",
        )
    return Interpreter(python, str(found["python"]), versions["vbench"], str(versions["torch"]), bool(found["cuda"]))


def _no_interpreter(python: Path, why: str) -> UserError:
    return UserError(
        f"{python} is no Python that VBench can be run with",
        why=why,
        fix=f"make one and name it with --python VENV/bin/python: {_INSTALL}",
        code="E643",
    )


def find_weights(cache: Path, dimensions: tuple[Dimension, ...]) -> tuple[Weights, ...]:
    """The files that these dimensions read, with digests; one UserError lists all that are missing or others."""
    found, wrong = [], []
    for need in needs_of(dimensions):
        path = cache / need.path
        if not path.is_file():
            wrong.append(_how(need, cache))
            continue
        with path.open("rb") as file:  # some have more than a gigabyte
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not digest.startswith(need.sha256):
            wrong.append(f"{_how(need, cache)}   # there is another file: sha256 {digest[:8]}, not {need.sha256[:8]}")
        found.append(Weights(need.path, digest, path.stat().st_size))
    if wrong:
        raise MissingWeights(cache, wrong)
    return tuple(found)


class MissingWeights(UserError):
    """Files of VBench's cache that are not there; `commands` bring all of them."""

    def __init__(self, cache: Path, commands: list[str]) -> None:
        number = "1 file is" if len(commands) == 1 else f"{len(commands)} files are"
        super().__init__(
            f"VBench's weights are not all in {cache}: {number} missing",
            why="nothing else is measured in their place: the numbers without weights have names of their own",
            fix="fetch each as listed above, or name the folder that has them: --cache FOLDER",
            code="E644",
        )
        self.commands = tuple(commands)


def _how(need: Need, cache: Path) -> str:
    """The command that brings a file, with what it will weigh."""
    path = cache / need.path
    command = need.fetch.format(
        path=shlex.quote(str(path)), folder=shlex.quote(str(path.parent)), parent=shlex.quote(str(path.parent.parent))
    )
    # What is cloned makes its own folder; what is unpacked makes one inside another.
    folder = path.parent.parent if "{folder}" in need.fetch else path.parent
    size = f"{need.about_mb:g} MB" if need.about_mb >= 1 else f"{need.about_mb * 1000:g} KB"
    return f"mkdir -p {shlex.quote(str(folder))} && {command}   # about {size}"
