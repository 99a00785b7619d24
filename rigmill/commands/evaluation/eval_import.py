"""`rigmill eval import`: what another system wrote becomes a method's folder."""

from __future__ import annotations

import argparse

from rigmill.blender.client import Limits
from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.registry import IMPORT_ORDER, IMPORT_RESULTS, OPEN_BENCH, by_name
from rigmill.printable import one_line, shown_path, wrapped

_SHOWN = 20


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill eval import`: write the files, say what was left out and why; FAILED where nothing is left."""
    resolved, _ = resolve(parsed)
    bench = by_name(OPEN_BENCH)(parsed.bench.expanduser())
    order = by_name(IMPORT_ORDER)(parsed.tool, parsed.folder.expanduser(), parsed.to.expanduser(), parsed.map)
    done = by_name(IMPORT_RESULTS)(
        order,
        bench,
        limits=Limits(**resolved.profile.limits.model_dump()),
        max_file_bytes=resolved.profile.collect.max_file_bytes,
    )
    lines = [f"{shown_path(order.to)}: {len(done.files)} of {len(bench.clips)} clips of {bench.name}"]
    left_out = [f"left out: {name}: {why}" for name, why in done.left_out.items()]
    lines += left_out[:_SHOWN] + ([f"and {len(left_out) - _SHOWN} more"] if len(left_out) > _SHOWN else [])
    lacking = [clip.clip_id for clip in bench.clips if clip.clip_id not in done.files]
    if lacking:
        lines.append(f"nothing for {', '.join(lacking[:5])}" + (f" and {len(lacking) - 5} more" if lacking[5:] else ""))
    print("\n".join(line for text in lines for line in wrapped(one_line(text), rest="  ")))
    return exit_status.OK if done.files else exit_status.FAILED
