"""What `rigmill render` says: a line while it works, and a summary."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from rigmill.one_file.folder import INFO
from rigmill.one_file.render import Rendered
from rigmill.one_file.render_options import Order
from rigmill.pipeline.lines.live_lines import Progress, duration
from rigmill.printable import wrapped


@dataclass(slots=True)
class Meter:
    """The live line: view-frames per second and the time left, counted from the first word on."""

    progress: Progress
    name: str
    started: float = 0.0
    done_before: int = 0

    def begin(self) -> None:
        self.progress.show(self.name, f"{self.name}: looking into the file", state="")

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not self.started:
            self.started, self.done_before = now, done
        elapsed = now - self.started
        rate = (done - self.done_before) / elapsed if elapsed > 0 else 0.0
        pace = f", {rate:.3g}/s, {duration((total - done) / rate)} left" if rate else ""
        self.progress.show(self.name, f"{self.name}: {done} of {total} view-frames{pace}", state=str(done))


def summary_text(order: Order, rendered: Rendered) -> str:
    """What was rendered, how, and what lies where."""
    info, num = rendered.info, rendered.num_view_frames
    motion, engine, (width, height) = info["motion"], info["engine"], info["size_px"]
    shown = "its rest pose" if motion["name"] is None else f"'{motion['name']}', {_frames(motion)}"
    coverage = ", ".join(f"{view['azimuth_deg']:g}: {view['coverage']:.1%}" for view in info["views"])
    num_views = len(info["views"])
    lines = [
        f"{info['asset']['name']}: {shown}, {num_views} view{'s' if num_views > 1 else ''} of {width}x{height}",
        f"engine: {engine['name']}" + (f" ({engine['reason']})" if engine["reason"] else ""),
        f"subject covers, by azimuth: {coverage}",
        *_verified(info["verified"]),
        f"{num} view-frames in {duration(rendered.wall_s)}, {num / rendered.wall_s:.3g}/s with everything",
        f"written to {order.out}:",
        *(f"  {kind:<10}{_listed(files)}" for kind, files in info["files"].items()),
        f"  {'info':<10}{INFO}",
    ]
    return "\n".join(part for line in lines for part in wrapped(line, rest=" " * 4))


def _verified(found: dict[str, Any] | None) -> list[str]:
    """What reading the pose videos back has said."""
    if found is None:
        return []
    if found["round_trip_px"] is None:
        return ["read back: no disc of a pose video can be judged"]
    reconstructed = (
        "no two views show a joint"
        if found["round_trip_mpjpe_pct"] is None
        else f"reconstructed joints {found['round_trip_mpjpe_pct']:.2g} % of the subject's size, "
        f"{100 * found['round_trip_usable_share']:.0f} % of them found"
    )
    return [
        f"read back: discs within {found['round_trip_px']:.2g} px of the joints (limit {found['limit_px']:g}), "
        + reconstructed
    ]


def _frames(motion: dict[str, int]) -> str:
    first, count, whole = motion["first_frame"], motion["num_frames"], motion["of_frames"]
    which = "all" if count == whole else f"frames {first} to {first + count - 1} of"
    return (
        f"{which} {whole} frames at {motion['fps']:g} fps"
        if count == whole
        else (f"{which} {whole} at {motion['fps']:g} fps (--frames chooses)")
    )


def _listed(names: list[str]) -> str:
    """The first and the last of many."""
    return ", ".join(names) if len(names) <= 4 else f"{names[0]} ... {names[-1]} ({len(names)})"
