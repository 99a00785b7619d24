"""Proves that a change leaves bytes alone: the demo at two commits, and every file of result compared.

    python -m tests.same_bytes BASE [--profile NAME] [--keep FOLDER] [--set a.b=value ...]

Runs all stages of the profile with the code of commit BASE and with the code that stands here, each in an empty folder,
and compares tables, store and shards file by file. What says when, where and how fast a run went is left out, and so
are the remembered profile and the plans: they follow from the code. Exit status 1 when a file differs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.paths import ROOT

NOT_RESULTS = ("runs", "scratch", "work", "plans", "report", ".lock", "profile.json")


def run_profile(tree: Path, folder: Path, arguments: list[str]) -> None:
    """All stages with the code of `tree`, in `folder`."""
    folder.mkdir(parents=True)
    (folder / "pipelines.yaml").write_text((tree / "pipelines.yaml").read_text())
    module = "rigmill" if (tree / "rigmill" / "__main__.py").exists() else "rigmill.cli"  # as it was once
    command = [sys.executable, "-P", "-m", module, "run", "all", "--set", "output=out", *arguments]
    environment = os.environ | {"PYTHONPATH": str(tree), "RAY_USAGE_STATS_ENABLED": "0"}
    subprocess.run(command, cwd=folder, env=environment, check=True)


def results(folder: Path) -> dict[str, str]:
    """Digests of the files of result, by their path below the output."""
    out = folder / "out"
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    named = ((path.relative_to(out), path) for path in files)
    return {
        name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in named
        if name.parts[0] not in NOT_RESULTS
    }


def compare(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """A line per file that is only here, only there, or differs."""
    lines = [f"only before: {name}" for name in sorted(before.keys() - after.keys())]
    lines += [f"only after: {name}" for name in sorted(after.keys() - before.keys())]
    return lines + [f"differs: {name}" for name in sorted(before) if after.get(name, before[name]) != before[name]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="a commit")
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--set", action="append", default=[], dest="overrides", metavar="a.b=value")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave both runs here (default: nothing stays)")
    parsed = parser.parse_args()
    arguments = ["--profile", parsed.profile, *(part for value in parsed.overrides for part in ("--set", value))]
    with tempfile.TemporaryDirectory() as scratch:
        folder, tree = (parsed.keep or Path(scratch)).resolve(), Path(scratch) / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, parsed.base], cwd=ROOT, check=True)
        try:
            run_profile(tree, folder / "before", arguments)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
        run_profile(ROOT, folder / "after", arguments)
        before, after = results(folder / "before"), results(folder / "after")
    lines = compare(before, after)
    print("\n".join([*lines, f"{len(before)} files before, {len(after)} after, {len(lines)} not the same"]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
