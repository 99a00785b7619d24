"""`rigmill animate`: a rigged mesh and a sentence in, the mesh with a motion out."""

from __future__ import annotations

import argparse
from pathlib import Path

from rigmill.blender.client import Limits
from rigmill.commands import exit_status
from rigmill.commands.signals import interrupted_status
from rigmill.config.load import Resolved, load, split_settings
from rigmill.one_file.animate_options import animate_order_of
from rigmill.one_file.animate_text import StepMeter, animate_summary, is_at_rest
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import ANIMATE, by_name
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout

# Typed for `animate`, these say how this mesh is drawn; the clips of the profile may have been drawn otherwise.
_OF_THE_MESH = ("render.", "probe.")


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill animate`: write the mesh with a skeleton and a motion, print what was made; the exit status."""
    resolved = load(parsed.profile, file=parsed.config, overrides=tuple(parsed.overrides))
    order = animate_order_of(parsed, resolved)
    with Progress() as progress:
        try:
            info, wall_s = by_name(ANIMATE)(
                order,
                views=views(parsed, resolved),
                limits=Limits(**resolved.profile.limits.model_dump()),
                max_file_bytes=resolved.profile.collect.max_file_bytes,
                on_progress=StepMeter(progress, order.asset.name),
            )
        except KeyboardInterrupt:
            progress.say("interrupted; nothing was written")
            return interrupted_status()
    print(animate_summary(order, info, wall_s=wall_s))
    return exit_status.AT_REST if is_at_rest(info) else exit_status.OK


def views(parsed: argparse.Namespace, resolved: Resolved) -> list[View]:
    """The tables of the profile with all that was typed, then of the profile without what may mean this mesh alone."""
    tables = Layout(Path(resolved.profile.output).expanduser().resolve()).tables
    typed = [setting for override in parsed.overrides for setting in split_settings(override)]
    rest = tuple(setting for setting in typed if not setting.startswith(_OF_THE_MESH))
    profiles = [resolved.profile]
    if len(rest) < len(typed):
        profiles.append(load(parsed.profile, file=parsed.config, overrides=rest).profile)
    return [View(tables, profile) for profile in profiles]
