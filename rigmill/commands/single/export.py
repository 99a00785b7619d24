"""A motion on its asset as files: an animated GLB or FBX, a BVH, and joints as npz or CSV: `rigmill export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from rigmill.blender.client import Limits
from rigmill.clip_file import clip_file, find_clip
from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.errors import UserError
from rigmill.formats.motion_files import FORMATS
from rigmill.pipeline.view import View
from rigmill.printable import wrapped
from rigmill.storage.files import scratch_folder, write_atomic


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill export`: write one clip as a single file, print its licence; the exit status."""
    resolved, layout = resolve(parsed)
    file_format = parsed.out.suffix[1:].lower() if parsed.out else "glb"
    if file_format not in FORMATS:
        raise UserError(
            f"--out {parsed.out}: no such format",
            why=f"there are {', '.join(FORMATS)}",
            fix=f"for example --out {parsed.out.with_suffix('.glb')}",
            code="E123",
        )
    clip = find_clip(View(layout.tables, resolved.profile), parsed.clip)
    limits = Limits(**resolved.profile.limits.model_dump())
    with scratch_folder(layout.scratch) as scratch:
        data = clip_file(clip, file_format, store=layout.store, limits=limits, scratch=scratch)
    path = parsed.out or Path(f"{clip['clip_id']}.glb")
    write_atomic(path, data)
    what = f"{path}: '{clip['motion_name']}' on '{clip['title']}', {clip['num_frames']} frames at {clip['fps']:g} fps"
    shared = clip["rights"]["may_share_asset"] and clip["rights"]["may_share_motion"]  # unknown is no
    terms = f"licence: {clip['licence']}; {clip['attribution'] or 'no attribution given'}"
    terms += "" if shared else "; nothing says that this file may be passed on"
    print("\n".join([*wrapped(what, rest="  "), *wrapped(terms, rest="  ")]))
    return exit_status.OK
