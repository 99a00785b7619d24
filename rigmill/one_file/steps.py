"""What `rigmill render` and `rigmill animate` both do with a person's file, without tables: the file in front of a
Blender child, what is asked about it, and what is made of it delivered into a folder.

The gate is another room's, and the jobs are done in the child; all are asked for by name, because the hallway imports
no room and rooms do not know each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rigmill.blender.child_files import read_own
from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.render_settings import RenderSettings
from rigmill.blender.requests import PROBE_ASSET, RENDER_CLIP, Clip, ClipItem, ProbeAnswer, ProbeItem, RenderAnswer
from rigmill.errors import UserError
from rigmill.facts.facing import find_facing
from rigmill.humanoid.maps import Skeletons
from rigmill.kinds import Output
from rigmill.one_file.folder import INFO, UNFINISHED, check_folder, fill_folder, remove_empty
from rigmill.one_file.gate import Ask, Opened
from rigmill.rigs.npz import rig_from_bytes
from rigmill.storage.files import scratch_folder

# A picture may take long where somebody asks for large ones and many samples; a hanging child must still end.
_PICTURE_S, _SAMPLE_MEGAPIXEL_S = 10.0, 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """The folder that a command fills; `ours` matches the names of what it writes there, `what` is its word for it."""

    out: Path
    force: bool
    ours: re.Pattern[str]
    what: str


@dataclass(frozen=True, slots=True)
class Bench:
    """A file in front of a Blender child, and room to work in."""

    opened: Opened
    ask: Ask
    asset: Path  # the canonical file, in scratch
    fps: float

    @property
    def scratch(self) -> Path:
        return self.ask.scratch

    def probe(self) -> ProbeAnswer:
        """What the file holds."""
        item = ProbeItem(path=str(self.asset), format=self.opened.format, fps=self.fps)
        return ProbeAnswer.from_item(self.ask(PROBE_ASSET, item.to_item()))

    def clip(self, clip_id: str, found: ProbeAnswer) -> Clip:
        """The file's rest pose as a clip, whose first view is from the front as far as that is known."""
        rig = rig_from_bytes(read_own(self.scratch, found.rig_file))
        return Clip(
            clip_id=clip_id,
            path=str(self.asset),
            format=self.opened.format,
            armature=found.armature,
            num_frames=1,
            fps=self.fps,
            front_deg=find_facing(rig, {}, Skeletons()).azimuth_deg,
        )

    def render(
        self,
        clip: Clip,
        render: RenderSettings,
        outputs: Sequence[Output],
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> RenderAnswer:
        """Have the clip's files written into a folder of scratch that is called as the clip."""
        item = ClipItem(**clip.to_item(), render=render, outputs=tuple(outputs))
        return RenderAnswer.from_item(self.ask(RENDER_CLIP, item.to_item(), on_progress=on_progress))


@contextmanager
def at_bench(
    opened: Opened, target: Target, *, fps: float, render: RenderSettings, num_frames: int, limits: Limits
) -> Iterator[Bench]:
    """The file at the bench, with limits that so many frames of pictures fit in; Blender starts when it is asked.

    A UserError inside leaves the folder as it was.
    """
    is_new = not target.out.exists()
    check_folder(target.out, force=target.force, ours=target.ours, what=target.what)
    more_s = _picture_s(render) * render.num_views * num_frames
    client = BlenderClient(replace(limits, wall_s=limits.wall_s + more_s, cpu_s=limits.cpu_s + more_s))
    try:
        with scratch_folder(target.out / UNFINISHED) as scratch:
            yield Bench(opened, Ask(client, opened.path, scratch), opened.put(scratch), fps)
    finally:
        client.close()
        remove_empty(target.out / UNFINISHED, *([target.out] if is_new else []))


def _picture_s(render: RenderSettings) -> float:
    """Seconds that one picture may take."""
    megapixels = render.width_px * render.height_px / 1e6
    return _PICTURE_S + _SAMPLE_MEGAPIXEL_S * megapixels * float(render.samples)


def refuse_motions_alone(found: ProbeAnswer, name: str, *, code: str) -> None:
    """A UserError for a file that has nothing to show."""
    if found.kind == "motion":
        raise UserError(
            f"{name} holds motions and no mesh that they move",
            code=code,
            fix="give a character; motions of a profile's sources are put onto its characters by: {command}",
            command=("run", "retarget"),
        )


def deliver(target: Target, info: dict[str, Any], folder: Path) -> None:
    """Put the files of `folder` that `info` names into place, instead of an earlier command's; info.json last."""
    names = [name for names in info["files"].values() for name in names]
    about = (json.dumps(info, indent=1) + "\n").encode()
    fill_folder(target.out, folder, names, ours=target.ours, last=(INFO, about))
