"""The profile that a command names, and where its output lies."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from rigmill.config.load import Resolved, load
from rigmill.storage.layout import Layout


def flags_of(parsed: argparse.Namespace) -> str:
    """The flags that name the profile as this command was given it, to be put behind a suggested command."""
    words = ["--profile", parsed.profile]
    if parsed.config is not None:
        words += ["--config", str(parsed.config)]
    for override in parsed.overrides:
        words += ["--set", override]
    return shlex.join(words)


def resolve(parsed: argparse.Namespace) -> tuple[Resolved, Layout]:
    """The profile and its output layout."""
    resolved = load(parsed.profile, file=parsed.config, overrides=tuple(parsed.overrides))
    return resolved, Layout(Path(resolved.profile.output).expanduser().resolve())
