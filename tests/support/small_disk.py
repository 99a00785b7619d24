"""Runs on a disk that is too small, and then has room. Runs by itself, in namespaces of its own where it may mount.

    unshare -rm python -m tests.support.small_disk CONFIG FOLDER SIZE... [--apart] [--by-command]

runs all stages of the profile `tiny` in FOLDER/out, a file system of the first SIZE bytes, until it is full, then makes
it as large as the next, and at last large enough. With --apart every size begins with an empty disk. Prints a JSON list
with a row per size (how the run ended), and the digests of all results of the last run, or of one per size.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rigmill.errors import UserError, errno_of, machine_trouble
from rigmill.storage.layout import Layout
from tests.support.small_runs import results
from tests.support.tiny_runs import Tiny

ENOUGH_BYTES = 1 << 30


def may_mount() -> bool:
    """Whether `unshare -rm` gives a place where file systems can be mounted."""
    try:
        command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def resize(out: Path, num_bytes: int, *, fresh: bool = False) -> None:
    """Make the file system at `out` so large; a fresh one is empty."""
    if fresh:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={num_bytes}", "tmpfs", out], check=True)
    else:
        subprocess.run(["mount", "-o", f"remount,size={num_bytes}", out], check=True)


def run(tiny: Tiny, config: Path, folder: Path, *, by_command: bool) -> str:
    """Every stage; the code of the error that ended the run, empty where it got through."""
    if by_command:
        flags = ["--config", str(config), "--profile", "tiny", "--workers", "2"]
        command = [sys.executable, "-m", "rigmill", "run", "all", *flags]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if line.startswith("error[")]
        if "Traceback" in done.stderr or len(said) != bool(done.returncode):
            raise AssertionError(done.stderr[-3000:])
        return said[0][6:10] if said else ""
    try:
        tiny.run(Layout(folder / "out"))
    except UserError as error:
        return error.code
    except OSError as error:  # the driver's own, which the command line words the same
        return machine_trouble(errno_of(error) or 0).code
    return ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--by-command", action="store_true")
    parsed = parser.parse_args()
    tiny, out = Tiny(parsed.config), parsed.folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for place, size in enumerate(parsed.sizes):
        resize(out, size, fresh=parsed.apart or not place)
        row = {"size": size, "ended": run(tiny, parsed.config, parsed.folder, by_command=parsed.by_command)}
        row["used"] = shutil.disk_usage(out).used
        if parsed.apart or place == len(parsed.sizes) - 1:
            resize(out, ENOUGH_BYTES)
            row["then"] = run(tiny, parsed.config, parsed.folder, by_command=parsed.by_command)
            row["results"] = results(parsed.folder)
            subprocess.run(["umount", "--lazy", out], check=True)
        rows.append(row)
        print(json.dumps(row | {"results": len(row.get("results", ()))}), file=sys.stderr, flush=True)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
