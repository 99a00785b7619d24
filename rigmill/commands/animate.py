"""`rigmill animate`: a rigged mesh and a sentence in, the mesh with a motion out."""

from __future__ import annotations

import argparse

from rigmill.blender.client import Limits
from rigmill.commands import exit_status
from rigmill.config.load import load
from rigmill.one_file.animate_options import animate_order_of
from rigmill.one_file.animate_text import StepMeter, animate_summary
from rigmill.pipeline.live_lines import Progress
from rigmill.pipeline.registry import ANIMATE, by_name


def command(parsed: argparse.Namespace) -> int:
    resolved = load(parsed.profile, file=parsed.config, overrides=tuple(parsed.overrides))
    order = animate_order_of(parsed, resolved)
    with Progress() as progress:
        try:
            info, wall_s = by_name(ANIMATE)(
                order,
                limits=Limits(**resolved.profile.limits.model_dump()),
                max_file_bytes=resolved.profile.collect.max_file_bytes,
                on_progress=StepMeter(progress, order.asset.name),
            )
        except KeyboardInterrupt:
            progress.say("interrupted; nothing was written")
            return exit_status.INTERRUPTED
    print(animate_summary(order, info, wall_s=wall_s))
    return exit_status.OK
