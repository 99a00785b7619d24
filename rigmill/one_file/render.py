"""One file becomes pictures in a folder, without tables: the gate, probe and renderer of the pipeline for a person."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rigmill import __version__
from rigmill.blender.client import Limits
from rigmill.blender.requests import FoundMotion, ProbeAnswer, RenderAnswer
from rigmill.clips import members
from rigmill.errors import UserError
from rigmill.one_file.gate import open_asset
from rigmill.one_file.render_options import OUTPUTS, Order
from rigmill.one_file.steps import Target, at_bench, deliver, refuse_motions_alone

SCHEMA = 1  # of info.json
_CLIP = "clip"
OURS = re.compile(
    r"(rgb|pose|mask)\.\d+\.mp4|template_(rgb|pose)\.\d+\.png|(png|webp|depth|normal)\.\d+|geometry\.npz|info\.json"
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was made. `info` is what info.json holds; costs are not in it."""

    info: dict[str, Any]
    wall_s: float

    @property
    def num_view_frames(self) -> int:
        return int(self.info["motion"]["num_frames"]) * len(self.info["views"])


def render_single(
    order: Order, *, limits: Limits, max_file_bytes: int, on_progress: Callable[[int, int], None]
) -> Rendered:
    """Do the order; a UserError says why not, and leaves the folder as it was.

    `on_progress` hears how many of how many view-frames are drawn.
    """
    started = time.monotonic()
    opened = open_asset(order.asset, max_file_bytes)
    target = Target(order.out, order.force, OURS, "render")
    with at_bench(
        opened, target, fps=order.fps, render=order.render, num_frames=order.max_frames, limits=limits
    ) as bench:
        found = bench.probe()
        motion = choose_motion(found, order)
        start_frame, num_frames = frames_of(motion, order)
        clip = replace(bench.clip(_CLIP, found), start_frame=start_frame, num_frames=num_frames)
        if motion is not None:
            clip = replace(clip, action=motion.action, slot=motion.slot)
        answer = bench.render(clip, order.render, order.outputs, on_progress=on_progress)
        info = _info(order, opened.sha256, motion, num_frames, answer)
        deliver(target, info, bench.scratch / _CLIP)
    return Rendered(info, time.monotonic() - started)


def choose_motion(found: ProbeAnswer, order: Order) -> FoundMotion | None:
    """The motion of a probed file that the order names, or the first; None: it has none, and is shown at rest."""
    refuse_motions_alone(found, order.asset.name, code="E134")
    motions = found.motions
    if order.motion is None:
        return motions[0] if motions else None
    wanted = order.motion.casefold()
    exact = [motion for motion in motions if motion.name == order.motion]
    close = exact[:1] or [motion for motion in motions if wanted in motion.name.casefold()]
    if len(close) != 1:
        listed = ", ".join(f"'{motion.name}' ({motion.num_frames} frames)" for motion in motions)
        raise UserError(
            f"{order.asset.name} has {'no' if not close else 'more than one'} motion '{order.motion}'",
            why=f"it has {listed}" if listed else "nothing in it moves",
            code="E134",
            fix="use one of these names" if listed else "leave --motion out: its rest pose is rendered",
        )
    return close[0]


def frames_of(motion: FoundMotion | None, order: Order) -> tuple[float, int]:
    """Where in the motion the clip starts, at the order's rate, and how many frames it has."""
    if motion is None:
        return 0.0, 1
    if order.first_frame >= motion.num_frames:
        raise UserError(
            f"--frames begins at {order.first_frame}, and '{motion.name}' has frames 0 to "
            f"{motion.num_frames - 1} at {order.fps:g} fps",
            fix="choose some of these",
            code="E134",
        )
    return motion.start_frame + order.first_frame, min(order.max_frames, motion.num_frames - order.first_frame)


def _info(
    order: Order, sha256: str, motion: FoundMotion | None, num_frames: int, answer: RenderAnswer
) -> dict[str, Any]:
    """What info.json holds (docs/how-to/render-one-file.md): the same for the same file and options."""
    render = order.render
    return {
        "schema": SCHEMA,
        "rigmill": __version__,
        "asset": {"name": order.asset.name, "sha256": sha256},
        "motion": {
            "name": motion.name if motion else None,
            "first_frame": order.first_frame if motion else 0,
            "num_frames": num_frames,
            "of_frames": motion.num_frames if motion else 1,
            "fps": order.fps,
        },
        "engine": {
            "name": answer.engine,
            "reason": answer.engine_reason,
            "agreement": answer.agreement,
            "samples": answer.samples,
        },
        "size_px": [render.width_px, render.height_px],
        "background": list(render.background),
        "scale": answer.scale,
        "offset": answer.offset,
        "views": [
            camera | {"elevation_deg": render.elevation_deg, "coverage": round(coverage, 6)}
            for camera, coverage in zip(answer.cameras, answer.coverage)
        ],
        "num_drawn_joints": answer.num_drawn_joints,
        "verified": {"limit_px": render.max_round_trip_px, **answer.round_trip}
        if (render.max_round_trip_px is not None)
        else None,
        "files": {
            name: members.output_names(output, order.num_views)
            for name, output in OUTPUTS.items()
            if output in order.outputs
        },
    }
