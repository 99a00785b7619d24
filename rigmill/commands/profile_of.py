"""The profile that a command names, and where its output lies."""

from __future__ import annotations

import argparse
from pathlib import Path

from rigmill.config.load import Resolved, load
from rigmill.storage.layout import Layout


def resolve(parsed: argparse.Namespace) -> tuple[Resolved, Layout]:
    """The profile and its output layout."""
    resolved = load(parsed.profile, file=parsed.config, overrides=tuple(parsed.overrides))
    return resolved, Layout(Path(resolved.profile.output).expanduser().resolve())
