"""`rigmill render`: one file into a folder of videos, pose maps and pictures."""

from __future__ import annotations

import argparse

from rigmill.blender.client import Limits
from rigmill.commands import exit_status
from rigmill.commands.signals import interrupted_status
from rigmill.config.load import load
from rigmill.one_file.render import render_single
from rigmill.one_file.render_options import order_of, overrides
from rigmill.one_file.render_text import Meter, summary_text
from rigmill.pipeline.lines.live_lines import Progress


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill render`: render one asset outside of all tables, print what was written; the exit status."""
    resolved = load(parsed.profile, file=parsed.config, overrides=overrides(parsed))
    order = order_of(parsed, resolved)
    with Progress() as progress:
        meter = Meter(progress, order.asset.name)
        meter.begin()
        try:
            rendered = render_single(
                order,
                limits=Limits(**resolved.profile.limits.model_dump()),
                on_progress=meter,
                max_file_bytes=resolved.profile.collect.max_file_bytes,
            )
        except KeyboardInterrupt:
            progress.say("interrupted; nothing was written")
            return interrupted_status()
    print(summary_text(order, rendered))
    return exit_status.OK
