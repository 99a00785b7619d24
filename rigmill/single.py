"""One file becomes pictures in a folder, without tables: the pipeline's gate, probe and renderer for a person's file.

The gate is another room's, and the jobs are done in a Blender child; all are asked for by name, because the hallway
imports no room and rooms do not know each other.
"""

from __future__ import annotations

import json
import re
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rigmill import __version__, members
from rigmill.blender import BlenderClient, Limits, Reply
from rigmill.errors import REJECT_MEANING, Refusal, Reject, UserError
from rigmill.files import scratch_folder, sha256_file, write_atomic
from rigmill.registry import CANONICAL_FILE, by_name
from rigmill.single_options import OUTPUTS, Order
from rigmill.types import Failed, FailKind, Rejected

PROBE = "render.blender.probe:probe_asset"
RENDER_CLIP = "render.blender.worker:render_clip"
INFO, SCHEMA = "info.json", 1
_CLIP, _UNFINISHED = "clip", ".unfinished"
_OURS = re.compile(
    r"(rgb|pose|mask)\.\d+\.mp4|template_(rgb|pose)\.\d+\.png|(png|webp|depth|normal)\.\d+|geometry\.npz|info\.json"
)
_FRAME = re.compile(r"\d{5}\.(png|webp)")
# A picture may take long where somebody asks for large ones and many samples; a hanging child must still end.
_PICTURE_S, _SAMPLE_MEGAPIXEL_S = 10.0, 5.0

_FIXES = {
    Reject.UNKNOWN_TYPE: "give a .glb, .gltf, .vrm or .fbx; Blender exports other formats as .glb",
    Reject.REFUSED_TYPE: "unpack it, or export it from its own program as .glb",
    Reject.EXTERNAL_REFERENCE: "put the files that it names beside it, or export it as .glb, in one file",
    Reject.TOO_LARGE: "--set collect.max_file_bytes=...",
    Reject.NO_RIG: "bind a mesh to a skeleton (Blender: select both, Ctrl+P, Armature Deform), or animate its nodes",
    Reject.EMPTY_PICTURE: "--set render.min_coverage=0, if it is meant to be so small",
    Reject.OUT_OF_FRAME: "--set render.margin=0.2",
    Reject.ROUND_TRIP: "a larger --size, or --set render.joint_radius_px=...",
    Reject.BLACK_PICTURE: "another --engine; if it stays black, its materials are",
}
_FAIL_FIXES = {
    FailKind.TIMEOUT: "fewer --frames or --samples, or --set limits.wall_s=... --set limits.cpu_s=...",
    FailKind.MEMORY: "--set limits.memory_bytes=..., or a smaller file",
    FailKind.INTERRUPTED: "run the same command again",
    FailKind.CRASH: "another --engine; run: make doctor",
}


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
    data, file_format = _canonical(order.asset, max_file_bytes)
    sha256 = sha256_file(order.asset)
    is_new = not order.out.exists()
    _check_out(order)
    client = BlenderClient(_enough(limits, order))
    try:
        with scratch_folder(order.out / _UNFINISHED) as scratch:
            asset = scratch / f"asset.{file_format}"
            asset.write_bytes(data)
            item = {"path": str(asset), "format": file_format, "fps": order.fps}
            found = _ask(client, PROBE, item, order, scratch)
            motion = choose_motion(found, order)
            clip = item | _clip(found, motion, order)
            answer = _ask(
                client, RENDER_CLIP, clip, order, scratch,
                on_progress=lambda index, done, total: on_progress(done, total),
            )
            info = _info(order, sha256, motion, clip, answer)
            _deliver(order, info, scratch / _CLIP)
    finally:
        client.close()
        _remove_empty(order.out / _UNFINISHED, *([order.out] if is_new else []))
    return Rendered(info, time.monotonic() - started)


def _canonical(path: Path, max_file_bytes: int) -> tuple[bytes, str]:
    """What Blender may see of the file, and its format."""
    if not path.exists():
        raise UserError(f"no such file: {path}", why=f"looked for it from {Path.cwd()}", fix="correct --asset",
                        code="E130")
    if not path.is_file():
        raise UserError(f"{path} is not a file", fix="give one file; folders are a source of a profile "
                        "(docs/how-to/bring-your-own-files.md)", code="E130")
    try:
        # A person may name a link; what it leads to is opened.
        data, file_format = by_name(CANONICAL_FILE)(path.resolve(), max_file_bytes)
        return bytes(data), str(file_format)
    except Refusal as refusal:
        rejected = Rejected(refusal.code.value, refusal.message, refusal.measured, refusal.limit)
        raise _refused(path, rejected, code="E131") from None
    except OSError as error:
        raise UserError(f"cannot read {path}", why=error.strerror or str(error), fix="correct --asset",
                        code="E130") from None


def _check_out(order: Order) -> None:
    """Make the folder; refuse one that holds something, unless that is an earlier render and may be replaced."""
    try:
        order.out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(order.out / _UNFINISHED, ignore_errors=True)  # of a render that was killed
        present = sorted(path.name for path in order.out.iterdir())
        foreign = [str(path.relative_to(order.out)) for path in _ours(order.out) if path.is_dir() for path in
                   path.iterdir() if not _FRAME.fullmatch(path.name)]
    except OSError as error:
        raise UserError(f"cannot write to {order.out}", why=error.strerror or str(error), fix="give another --out",
                        code="E132") from None
    if present and not order.force:
        some = ", ".join(present[:3]) + (", ..." if len(present) > 3 else "")
        raise UserError(f"{order.out} is not empty", why=f"it holds {some}", code="E132",
                        fix="give another --out, or --force, which replaces an earlier render and nothing else")
    if foreign:
        raise UserError(f"{order.out / foreign[0]} is none of an earlier render's files", code="E132",
                        fix="move it away, or give another --out")


def _ours(out: Path) -> list[Path]:
    """What an earlier render left in the folder."""
    return sorted(path for path in out.iterdir() if _OURS.fullmatch(path.name))


def _enough(limits: Limits, order: Order) -> Limits:
    """The profile's limits for a clip, and time for every picture that was asked for."""
    render = order.render
    megapixels = render["width_px"] * render["height_px"] / 1e6
    picture_s = _PICTURE_S + _SAMPLE_MEGAPIXEL_S * megapixels * render["samples"]
    more_s = picture_s * order.num_views * order.max_frames
    return replace(limits, wall_s=limits.wall_s + more_s, cpu_s=limits.cpu_s + more_s)


def _ask(
    client: BlenderClient, function: str, item: dict[str, Any], order: Order, scratch: Path, **more: Any
) -> dict[str, Any]:
    """The answer of a Blender child; a UserError says why there is none."""
    (reply,) = client.run(function, [item], scratch=scratch, **more)
    if reply.value is None:
        raise _unanswered(order.asset, reply)
    return reply.value


def _unanswered(path: Path, reply: Reply) -> UserError:
    outcome = reply.outcome
    if isinstance(outcome, Rejected):
        return _refused(path, outcome, code="E135")
    assert isinstance(outcome, Failed)
    return UserError(f"{path.name}: {outcome.message}", why=f"{outcome.kind}: {outcome.error_type}", code="E136",
                     fix=_FAIL_FIXES.get(outcome.kind, "run: make doctor"))


def _refused(path: Path, rejected: Rejected, *, code: str) -> UserError:
    reject = Reject(rejected.code)
    numbers = "" if rejected.measured is None else f" (measured {rejected.measured:g}, limit {rejected.limit or 0:g})"
    return UserError(f"{path.name}: {rejected.message}{numbers}", why=f"{reject}: {REJECT_MEANING[reject]}", code=code,
                     fix=_FIXES.get(reject, "repair the file, or export it again as .glb"))


def choose_motion(found: dict[str, Any], order: Order) -> dict[str, Any] | None:
    """The motion of a probed file that the order names, or the first; None: it has none, and is shown at rest."""
    motions = found["motions"]
    if found["kind"] == "motion":
        raise UserError(f"{order.asset.name} holds motions and no mesh that they move", code="E134",
                        fix="motions are put onto characters by 'rigmill run retarget'")
    if order.motion is None:
        return dict(motions[0]) if motions else None
    wanted = order.motion.casefold()
    exact = [motion for motion in motions if motion["name"] == order.motion]
    close = exact[:1] or [motion for motion in motions if wanted in motion["name"].casefold()]
    if len(close) != 1:
        listed = ", ".join(f"'{motion['name']}' ({motion['num_frames']} frames)" for motion in motions)
        raise UserError(
            f"{order.asset.name} has {'no' if not close else 'more than one'} motion '{order.motion}'",
            why=f"it has {listed}" if listed else "nothing in it moves", code="E134",
            fix="use one of these names" if listed else "leave --motion out: its rest pose is rendered",
        )
    return dict(close[0])


def _clip(found: dict[str, Any], motion: dict[str, Any] | None, order: Order) -> dict[str, Any]:
    """The part of the request that says what is shown."""
    clip = {"clip_id": _CLIP, "armature": found["armature"], "motion_path": None, "render": order.render,
            "outputs": list(order.outputs)}
    if motion is None:
        return clip | {"action": None, "slot": None, "start_frame": 0.0, "num_frames": 1}
    if order.first_frame >= motion["num_frames"]:
        raise UserError(f"--frames begins at {order.first_frame}, and '{motion['name']}' has frames 0 to "
                        f"{motion['num_frames'] - 1} at {order.fps:g} fps", fix="choose some of these", code="E134")
    return clip | {
        "action": motion["action"], "slot": motion["slot"], "start_frame": motion["start_frame"] + order.first_frame,
        "num_frames": min(order.max_frames, motion["num_frames"] - order.first_frame),
    }


def _info(
    order: Order, sha256: str, motion: dict[str, Any] | None, clip: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    """What info.json holds (docs/how-to/render-one-file.md): the same for the same file and options."""
    render = order.render
    elevation_deg = render["elevation_deg"]
    return {
        "schema": SCHEMA, "rigmill": __version__,
        "asset": {"name": order.asset.name, "sha256": sha256},
        "motion": {
            "name": motion["name"] if motion else None, "first_frame": order.first_frame if motion else 0,
            "num_frames": clip["num_frames"], "of_frames": motion["num_frames"] if motion else 1, "fps": order.fps,
        },
        "engine": {"name": answer["engine"], "reason": answer["engine_reason"], "agreement": answer["agreement"],
                   "samples": render["samples"] if answer["engine"] in ("cycles", "eevee") else None},
        "size_px": [render["width_px"], render["height_px"]], "background": list(render["background"]),
        "scale": answer["scale"], "offset": answer["offset"],
        "views": [
            camera | {"elevation_deg": elevation_deg, "coverage": round(coverage, 6)}
            for camera, coverage in zip(answer["cameras"], answer["coverage"])
        ],
        "num_drawn_joints": answer["num_drawn_joints"],
        "verified": {"limit_px": render["max_round_trip_px"], **answer["round_trip"]} if (
            render["max_round_trip_px"] is not None) else None,
        "files": {
            name: members.output_names(output, order.num_views)
            for name, output in OUTPUTS.items() if output in order.outputs
        },
    }


def _deliver(order: Order, info: dict[str, Any], folder: Path) -> None:
    """Put the finished files into place, instead of those of an earlier render; info.json last."""
    names = [name for names in info["files"].values() for name in names]
    for path in (folder, *(folder / name for name in names)):
        _take(path)
    for path in _ours(order.out):  # there are none without --force
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for name in names:
        (folder / name).replace(order.out / name)
    write_atomic(order.out / INFO, (json.dumps(info, indent=1) + "\n").encode(), durable=False)


def _take(path: Path) -> None:
    """Make a file or folder that a child left readable to others; refuse what is anything else, such as a link."""
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        path.chmod(0o755)
        for inner in path.iterdir():
            _take(inner)
    elif stat.S_ISREG(mode):
        path.chmod(0o644)
    else:
        raise UserError(f"Blender left something else in place of {path.name}", why="a link, a device or a pipe",
                        fix="do not trust the file that was rendered; nothing was written", code="E137")


def _remove_empty(*folders: Path) -> None:
    """Those that hold nothing."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
