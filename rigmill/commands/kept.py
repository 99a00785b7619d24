"""What `status` and `plan` say of results that are not planned now: that they exist, how large, and how they go."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping

from rigmill.pipeline.lines.sizes import bytes_text
from rigmill.pipeline.unplanned import Unplanned


def kept_text(kept: Mapping[str, Unplanned], parsed: argparse.Namespace) -> str:
    """A line per stage that holds such results, and the command that lists them; empty where there are none."""
    lines = [f"{name}: {_one(found)}" for name, found in kept.items() if found]
    if lines:
        lines.append(f"list them: rigmill clean --unplanned --dry-run {profile_options(parsed)}")
    return "\n".join(lines)


def _one(found: Unplanned) -> str:
    parts = []
    if found.num_outcomes:
        what = "of other settings or inputs" if found.settled else "not planned yet, or of other settings,"
        parts.append(f"{found.num_outcomes} {what} kept, {bytes_text(found.num_bytes)}")
    if found.unfinished:
        parts.append(f"{len(found.unfinished)} unfinished kept, {bytes_text(found.unfinished_bytes)}")
    return "; ".join(parts)


def profile_options(parsed: argparse.Namespace) -> str:
    """The options that give another command the profile, the file and the values of this one."""
    options = ["--profile", parsed.profile]
    if parsed.config is not None:
        options += ["--config", str(parsed.config)]
    return shlex.join([*options, *(part for value in parsed.overrides for part in ("--set", value))])
