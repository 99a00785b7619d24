"""One file becomes pictures in a folder, without tables: the pipeline's gate, probe and renderer for a person's file.

The gate is another room's, and the jobs are done in a Blender child; all are asked for by name, because the hallway
imports no room and rooms do not know each other.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rigmill import __version__
from rigmill.blender.client import BlenderClient, Limits
from rigmill.clips import members
from rigmill.errors import UserError
from rigmill.kinds import AssetKind
from rigmill.one_file.folder import UNFINISHED, check_folder, fill_folder, remove_empty
from rigmill.one_file.gate import Ask, open_asset
from rigmill.one_file.render_options import OUTPUTS, Order
from rigmill.storage.files import scratch_folder

PROBE = "render.blender.jobs.probe:probe_asset"
RENDER_CLIP = "render.blender.jobs.render:render_clip"
INFO, SCHEMA = "info.json", 1
_CLIP = "clip"
_OURS = re.compile(
    r"(rgb|pose|mask)\.\d+\.mp4|template_(rgb|pose)\.\d+\.png|(png|webp|depth|normal)\.\d+|geometry\.npz|info\.json"
)
# A picture may take long where somebody asks for large ones and many samples; a hanging child must still end.
_PICTURE_S, _SAMPLE_MEGAPIXEL_S = 10.0, 5.0


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
    is_new = not order.out.exists()
    check_folder(order.out, force=order.force, ours=_OURS, what="render")
    more_s = picture_s(order.render) * order.num_views * order.max_frames
    client = BlenderClient(replace(limits, wall_s=limits.wall_s + more_s, cpu_s=limits.cpu_s + more_s))
    try:
        with scratch_folder(order.out / UNFINISHED) as scratch:
            item = opened.item(scratch) | {"fps": order.fps}
            ask = Ask(client, opened.path, scratch)
            found = ask(PROBE, item)
            motion = choose_motion(found, order)
            clip = item | _clip(found, motion, order)
            answer = ask(RENDER_CLIP, clip, on_progress=on_progress)
            info = _info(order, opened.sha256, motion, clip, answer)
            _deliver(order, info, scratch / _CLIP)
    finally:
        client.close()
        remove_empty(order.out / UNFINISHED, *([order.out] if is_new else []))
    return Rendered(info, time.monotonic() - started)


def picture_s(render: dict[str, Any]) -> float:
    """Seconds that one picture may take under a profile's render section."""
    megapixels = render["width_px"] * render["height_px"] / 1e6
    return _PICTURE_S + _SAMPLE_MEGAPIXEL_S * megapixels * float(render["samples"])


def choose_motion(found: dict[str, Any], order: Order) -> dict[str, Any] | None:
    """The motion of a probed file that the order names, or the first; None: it has none, and is shown at rest."""
    motions = found["motions"]
    if found["kind"] == AssetKind.MOTION:
        raise UserError(
            f"{order.asset.name} holds motions and no mesh that they move",
            code="E134",
            fix="motions are put onto characters by 'rigmill run retarget'",
        )
    if order.motion is None:
        return dict(motions[0]) if motions else None
    wanted = order.motion.casefold()
    exact = [motion for motion in motions if motion["name"] == order.motion]
    close = exact[:1] or [motion for motion in motions if wanted in motion["name"].casefold()]
    if len(close) != 1:
        listed = ", ".join(f"'{motion['name']}' ({motion['num_frames']} frames)" for motion in motions)
        raise UserError(
            f"{order.asset.name} has {'no' if not close else 'more than one'} motion '{order.motion}'",
            why=f"it has {listed}" if listed else "nothing in it moves",
            code="E134",
            fix="use one of these names" if listed else "leave --motion out: its rest pose is rendered",
        )
    return dict(close[0])


def _clip(found: dict[str, Any], motion: dict[str, Any] | None, order: Order) -> dict[str, Any]:
    """The part of the request that says what is shown."""
    clip = {
        "clip_id": _CLIP,
        "armature": found["armature"],
        "motion_path": None,
        "render": order.render,
        "outputs": list(order.outputs),
    }
    if motion is None:
        return clip | {"action": None, "slot": None, "start_frame": 0.0, "num_frames": 1}
    if order.first_frame >= motion["num_frames"]:
        raise UserError(
            f"--frames begins at {order.first_frame}, and '{motion['name']}' has frames 0 to "
            f"{motion['num_frames'] - 1} at {order.fps:g} fps",
            fix="choose some of these",
            code="E134",
        )
    return clip | {
        "action": motion["action"],
        "slot": motion["slot"],
        "start_frame": motion["start_frame"] + order.first_frame,
        "num_frames": min(order.max_frames, motion["num_frames"] - order.first_frame),
    }


def _info(
    order: Order, sha256: str, motion: dict[str, Any] | None, clip: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    """What info.json holds (docs/how-to/render-one-file.md): the same for the same file and options."""
    render = order.render
    elevation_deg = render["elevation_deg"]
    return {
        "schema": SCHEMA,
        "rigmill": __version__,
        "asset": {"name": order.asset.name, "sha256": sha256},
        "motion": {
            "name": motion["name"] if motion else None,
            "first_frame": order.first_frame if motion else 0,
            "num_frames": clip["num_frames"],
            "of_frames": motion["num_frames"] if motion else 1,
            "fps": order.fps,
        },
        "engine": {
            "name": answer["engine"],
            "reason": answer["engine_reason"],
            "agreement": answer["agreement"],
            "samples": render["samples"] if answer["engine"] in ("cycles", "eevee") else None,
        },
        "size_px": [render["width_px"], render["height_px"]],
        "background": list(render["background"]),
        "scale": answer["scale"],
        "offset": answer["offset"],
        "views": [
            camera | {"elevation_deg": elevation_deg, "coverage": round(coverage, 6)}
            for camera, coverage in zip(answer["cameras"], answer["coverage"])
        ],
        "num_drawn_joints": answer["num_drawn_joints"],
        "verified": {"limit_px": render["max_round_trip_px"], **answer["round_trip"]}
        if (render["max_round_trip_px"] is not None)
        else None,
        "files": {
            name: members.output_names(output, order.num_views)
            for name, output in OUTPUTS.items()
            if output in order.outputs
        },
    }


def _deliver(order: Order, info: dict[str, Any], folder: Path) -> None:
    """Put the finished files into place, instead of those of an earlier render; info.json last."""
    names = [name for names in info["files"].values() for name in names]
    fill_folder(order.out, folder, names, ours=_OURS, last=(INFO, (json.dumps(info, indent=1) + "\n").encode()))
