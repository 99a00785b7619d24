"""The options of `rigmill render`: what a person types for one file, as an order."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rigmill.blender.render_settings import RenderSettings
from rigmill.errors import UserError
from rigmill.kinds import Output

if TYPE_CHECKING:
    from rigmill.config.load import Resolved

# What a person calls an output -> what the renderer does (render/outputs.py).
OUTPUTS = {
    "mp4": Output.RGB,
    "pose": Output.POSE,
    "npz": Output.GEOMETRY,
    "templates": Output.TEMPLATES,
    "png": Output.PNG,
    "webp": Output.WEBP,
    "mask": Output.MASK,
    "depth": Output.DEPTH,
    "normal": Output.NORMAL,
}
DEFAULT_OUTPUTS = "mp4,pose,npz,templates"
ENGINES = ("auto", "raster", "cycles", "eevee", "workbench")
MAX_SIDE_PX, MAX_VIEWS, MAX_FPS = 8192, 64, 1000
_ROUND_TRIP_PX = 0.5  # of --verify, where the profile sets no limit


@dataclass(frozen=True, slots=True)
class Order:
    """One file to render. `outputs` are the renderer's; `first_frame` and `max_frames` count at `fps`."""

    asset: Path
    out: Path
    force: bool
    motion: str | None
    first_frame: int
    max_frames: int
    fps: float
    outputs: tuple[Output, ...]
    render: RenderSettings  # the profile's section, with what was typed

    @property
    def num_views(self) -> int:
        return self.render.num_views


def add_options(command: argparse.ArgumentParser) -> None:
    """Declare them. What is not given is the profile's."""
    command.add_argument("--asset", type=Path, required=True, metavar="FILE", help=".glb, .gltf, .vrm or .fbx")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the files go")
    command.add_argument("--force", action="store_true", help="replace what an earlier render left in the folder")
    command.add_argument(
        "--motion",
        metavar="NAME",
        help="one of the file's, or a part of its name (default: the "
        "first; a file without motions shows its rest pose)",
    )
    command.add_argument("--frames", metavar="N|A-B", help="at most N frames, or those from A to B, counted from 0")
    command.add_argument("--fps", type=float, metavar="N", help="frames per second of motion")
    command.add_argument(
        "--outputs",
        default=DEFAULT_OUTPUTS,
        metavar="A,B",
        help=f"of {', '.join(OUTPUTS)} "
        "(default: %(default)s); mp4: the picture as a video, npz: joints and cameras, png and webp: "
        "single pictures with alpha",
    )
    command.add_argument("--engine", choices=ENGINES, help="what draws (docs/rendering.md)")
    command.add_argument("--samples", type=int, metavar="N", help="per pixel, of cycles and eevee")
    command.add_argument("--size", metavar="WxH", help="for example 832x480")
    command.add_argument(
        "--views", metavar="DEG,DEG", help="one view per azimuth; 0 sees the front, 90 the subject's left: 0,90,180,270"
    )
    command.add_argument("--elevation", type=float, metavar="DEG", help="of all views")
    command.add_argument("--fov", type=float, metavar="DEG", help="field of view, over the larger side")
    command.add_argument(
        "--background",
        metavar="R,G,B",
        help="under the subject in mp4 and templates; 'transparent' "
        "where only outputs with alpha, or without a ground, are asked for",
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="read the pose videos back and compare them with the "
        "joints, as the pipeline does (render.max_round_trip_px)",
    )


def overrides(parsed: argparse.Namespace) -> tuple[str, ...]:
    """What was typed, as changes of the profile, which checks them. They win over --set."""
    typed = {
        "render.engine": parsed.engine,
        "render.samples": parsed.samples,
        "probe.fps": parsed.fps,
        "render.elevation_deg": parsed.elevation,
        "render.field_of_view_deg": parsed.fov,
    }
    return (*parsed.overrides, *(f"{key}={value}" for key, value in typed.items() if value is not None))


def order_of(parsed: argparse.Namespace, resolved: Resolved) -> Order:
    """The order; a UserError names the option that cannot be."""
    profile = resolved.profile
    outputs = _outputs(parsed.outputs)
    render = RenderSettings.from_json(profile.render.model_dump(mode="json"))
    if parsed.size is not None:
        # Not the profile's multiples of 16: those are for models, and this is for people.
        width_px, height_px = _size(parsed.size)
        render = replace(render, width_px=width_px, height_px=height_px)
    if parsed.views is not None:
        render = replace(render, azimuths_deg=_views(parsed.views))
    if not abs(render.elevation_deg) <= 89:
        raise _wrong(
            "--elevation", f"{render.elevation_deg:g}", "from straight above or below there is no up", "-89 to 89"
        )
    if parsed.background is not None:
        render = replace(render, background=_background(parsed.background, outputs, render.background))
    if parsed.verify and Output.POSE not in outputs:
        raise UserError("--verify reads pose videos, and there are none", fix="add pose to --outputs", code="E133")
    limit_px = render.max_round_trip_px or _ROUND_TRIP_PX
    render = replace(render, max_round_trip_px=limit_px if parsed.verify else None)
    if not profile.probe.fps <= MAX_FPS:
        raise _wrong("--fps", f"{profile.probe.fps:g}", "more than any motion has", f"up to {MAX_FPS}")
    first, most = _frames(parsed.frames, profile.filters.max_frames)
    return Order(
        asset=parsed.asset.expanduser(),
        out=parsed.out.expanduser().resolve(),
        force=parsed.force,
        motion=parsed.motion,
        first_frame=first,
        max_frames=most,
        fps=profile.probe.fps,
        outputs=outputs,
        render=render,
    )


def _outputs(text: str) -> tuple[Output, ...]:
    names = [name for name in re.split(r"[,\s]+", text.strip()) if name]
    unknown = [name for name in names if name not in OUTPUTS]
    if unknown or not names:
        known = ", ".join(OUTPUTS)
        raise _wrong("--outputs", ", ".join(unknown) or text, "there is no such output", f"choose of {known}")
    return tuple(OUTPUTS[name] for name in dict.fromkeys(names))


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", text.strip())
    if not found:
        raise _wrong("--size", text, "not WIDTHxHEIGHT", "for example 832x480")
    width, height = int(found[1]), int(found[2])
    if not (16 <= width <= MAX_SIDE_PX and 16 <= height <= MAX_SIDE_PX):
        raise _wrong("--size", text, f"a side has 16 to {MAX_SIDE_PX} pixels", "for example 832x480")
    if width % 2 or height % 2:
        raise _wrong("--size", text, "videos need even sides", "for example 832x480")
    return width, height


def _views(text: str) -> tuple[float, ...]:
    try:
        azimuths = tuple(float(part) for part in text.split(","))
    except ValueError:
        azimuths = ()
    if not 0 < len(azimuths) <= MAX_VIEWS or not all(math.isfinite(azimuth) for azimuth in azimuths):
        raise _wrong("--views", text, f"not 1 to {MAX_VIEWS} azimuths in degrees", "for example 0,90,180,270")
    return azimuths


def _background(text: str, outputs: tuple[Output, ...], profiles: tuple[int, int, int]) -> tuple[int, int, int]:
    if text == "transparent":
        grounded = [
            name for name, output in OUTPUTS.items() if output in outputs and output in (Output.RGB, Output.TEMPLATES)
        ]
        if grounded:
            raise _wrong(
                "--background",
                text,
                f"{' and '.join(grounded)} cannot be transparent",
                "--outputs png (or webp), which keep alpha, or --outputs mp4,mask with a colour",
            )
        return profiles
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() and int(part) <= 255 for part in parts):
        raise _wrong("--background", text, "not three numbers from 0 to 255", "for example 255,255,255")
    red, green, blue = map(int, parts)
    return red, green, blue


def _frames(text: str | None, profiles: int) -> tuple[int, int]:
    """The first frame, and how many there may be."""
    if text is None:
        return 0, profiles
    found = re.fullmatch(r"(\d{1,7})(?:[-:](\d{1,7}))?", text.strip())
    if found and found[2] is None and int(found[1]) > 0:
        return 0, int(found[1])
    if not found or found[2] is None or int(found[2]) < int(found[1]):
        raise _wrong("--frames", text, "neither a number of frames nor a range", "for example 81, or 10-40")
    return int(found[1]), int(found[2]) - int(found[1]) + 1


def _wrong(option: str, text: str, why: str, fix: str) -> UserError:
    return UserError(f"{option} {text}: {why}", fix=fix, code="E133")
