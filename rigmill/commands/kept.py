"""What `status` and `plan` say of results that are not planned now: that they exist, how large, and how they go."""

from __future__ import annotations

from collections.abc import Mapping

from rigmill.invocation import Invocation
from rigmill.pipeline.cleaning.unplanned import Unplanned
from rigmill.pipeline.lines.sizes import bytes_text


def kept_text(kept: Mapping[str, Unplanned], invocation: Invocation) -> str:
    """A line per stage that holds such results, and the command that lists them; empty where there are none."""
    lines = [f"{name}: {_one(found)}" for name, found in kept.items() if found]
    if lines:
        lines.append(f"list them: {invocation.suggest('clean', '--unplanned', '--dry-run')}")
    return "\n".join(lines)


def _one(found: Unplanned) -> str:
    parts = []
    if found.num_outcomes:
        what = "of other settings or inputs" if found.settled else "not planned yet, or of other settings,"
        parts.append(f"{found.num_outcomes} {what} kept, {bytes_text(found.num_bytes)}")
    if found.unfinished:
        parts.append(f"{len(found.unfinished)} unfinished kept, {bytes_text(found.unfinished_bytes)}")
    return "; ".join(parts)
