"""The gate at the end of rendering over a corpus: how far sound clips are off, and which faults it finds in them.

Every clip's pose videos are encoded, decoded and read back as the stage does; then each fault is put into videos or
numbers for real. A fault is visible when it moves a tenth of some view's discs by 0.7 px or more, as half a pixel right
and down does: a clip that stands still is the same a frame later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.common.corpus import Asset, blender, render_settings
from render.numbers import joint_radius_px
from render.outputs import pose_video
from rigmill.blender.render_settings import RenderSettings
from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.config.load import load
from rigmill.outcomes import Refusal
from rigmill.reconstruct.round_trip import PERCENTILE, RoundTrip, check, clear_discs, read_pose_videos, round_trip

NUM_FRAMES, VISIBLE_PX = 17, 0.7
Seen = np.ndarray[Any, Any]  # pose maps or pixels: views and frames first


@dataclass(frozen=True)
class Fault:
    """What is done to the views and frames of the videos, to their pictures, and to the numbers beside them."""

    moved: Callable[[Seen], Seen] = lambda seen: seen  # of maps (V, T, H, W, 3) and of pixels (V, T, D, 2) alike
    mirrored: bool = False  # the second view
    numbers: Callable[[ClipGeometry], ClipGeometry] = lambda geometry: geometry


def _late(seen: Seen, views: slice) -> Seen:
    late = seen.copy()
    late[views, 1:] = seen[views, :-1]
    return late


def _frozen(seen: Seen) -> Seen:
    frozen = seen.copy()
    frozen[1] = seen[1, :1]
    return frozen


def _cameras(geometry: ClipGeometry, views: Sequence[int], **changed: Any) -> ClipGeometry:
    """With these views' cameras turned round the vertical (`turn_deg`) or their pictures shifted (`shift_px`)."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", changed.get("turn_deg", 0.0), degrees=True).as_matrix()
    shift = np.zeros((3, 3))
    shift[:2, 2] = changed.get("shift_px", 0.0)
    return replace(
        geometry,
        cameras=tuple(
            replace(camera, intrinsics=camera.intrinsics + shift, world_to_view=camera.world_to_view @ turn)
            if view in views
            else camera
            for view, camera in enumerate(geometry.cameras)
        ),
    )


def _recoloured(geometry: ClipGeometry) -> ClipGeometry:
    drawn = np.flatnonzero(geometry.drawn)
    pair, colours = [drawn[0], drawn[-1]], geometry.colours.copy()
    colours[pair] = colours[pair[::-1]]
    return replace(geometry, colours=colours)


FAULTS = {
    "two views swapped": Fault(moved=lambda seen: seen[[1, 0, 2, 3]]),
    "opposite views swapped": Fault(moved=lambda seen: seen[[2, 1, 0, 3]]),
    "one view mirrored": Fault(mirrored=True),
    "one view frozen": Fault(moved=_frozen),
    "one view a frame late": Fault(moved=lambda seen: _late(seen, slice(1, 2))),
    "all views a frame late": Fault(moved=lambda seen: _late(seen, slice(None))),
    "one azimuth wrong by 1 degree": Fault(numbers=lambda geometry: _cameras(geometry, [1], turn_deg=1.0)),
    "one azimuth wrong by 5 degrees": Fault(numbers=lambda geometry: _cameras(geometry, [1], turn_deg=5.0)),
    "half a pixel right and down": Fault(numbers=lambda geometry: _cameras(geometry, range(4), shift_px=0.5)),
    "colours of two joints swapped": Fault(numbers=_recoloured),
}


def round_trips(assets: Sequence[Asset], scratch: Path) -> dict[str, Any]:
    """For the sizes of the profiles `paper` and `demo`."""
    return {"round_trip": {profile: _of_profile(profile, assets, scratch) for profile in ("paper", "demo")}}


def _of_profile(profile: str, assets: Sequence[Asset], scratch: Path) -> dict[str, Any]:
    render, limit_px = render_settings(profile), load(profile).profile.render.max_round_trip_px
    settings = RenderSettings.from_json(render)
    radius_px = joint_radius_px(settings)
    sound: list[RoundTrip] = []
    found = {name: {"caught": 0, "visible": 0, "visible and caught": 0} for name in FAULTS}
    refused = []
    for name, geometry in _geometries(assets, render, scratch):
        fps = geometry.motion.fps
        videos = [pose_video(geometry, view, settings, fps) for view in range(len(geometry.cameras))]
        maps = read_pose_videos(videos, geometry)
        sound.append(round_trip(maps, geometry, radius_px=radius_px))
        if not _passes(sound[-1], limit_px, radius_px):
            refused.append(name)
        for label, fault in FAULTS.items():
            if fault.numbers is _recoloured and geometry.drawn.sum() < 2:
                continue
            caught = not _passes(_with(fault, maps, geometry, radius_px), limit_px, radius_px)
            visible = _moves(fault, geometry, radius_px) >= VISIBLE_PX
            found[label]["caught"] += caught
            found[label]["visible"] += visible
            found[label]["visible and caught"] += caught and visible
    return {"clips": len(sound), "refused": ", ".join(refused) or "none", "sound": _spread(sound), "faults": found}


def _geometries(assets: Sequence[Asset], render: dict[str, Any], scratch: Path) -> Iterator[tuple[str, ClipGeometry]]:
    client = blender()
    try:
        for asset in assets:
            if asset.found["motions"]:
                longest = asset.longest()
                item = longest.clip(render).to_item() | {"num_frames": min(NUM_FRAMES, longest.num_frames)}
                (reply,) = client.run("benchmarks.rendering.child:geometry_of_clip", [item], scratch=scratch)
                if reply.value is None:
                    raise RuntimeError(f"{asset.name}: {reply.outcome}")
                yield asset.name, ClipGeometry.from_bytes((scratch / "geometry.npz").read_bytes())
    finally:
        client.close()


def _with(fault: Fault, maps: Seen, geometry: ClipGeometry, radius_px: float) -> RoundTrip:
    maps = fault.moved(maps)
    if fault.mirrored:
        maps = maps.copy()
        maps[1] = maps[1, :, :, ::-1]
    return round_trip(maps, fault.numbers(geometry), radius_px=radius_px)


def _moves(fault: Fault, geometry: ClipGeometry, radius_px: float) -> float:
    """By how many pixels the fault moves clear discs away from where the numbers say they are: the worst view's."""
    if fault.numbers is _recoloured:
        return np.inf
    joints, wrong = geometry.joints[:, geometry.drawn].astype(np.float64), fault.numbers(geometry)
    pixels, depth = (np.stack(parts) for parts in zip(*(project(camera, joints) for camera in geometry.cameras)))
    expected = np.stack([project(camera, joints)[0] for camera in wrong.cameras])
    size_px = (geometry.cameras[0].width_px, geometry.cameras[0].height_px)
    clear = clear_discs(expected, depth, size_px=size_px, radius_px=radius_px)
    shown = fault.moved(pixels)
    if fault.mirrored:
        shown = shown.copy()
        shown[1, ..., 0] = size_px[0] - shown[1, ..., 0]
    away = np.linalg.norm(shown - expected, axis=-1)
    return max(
        (float(np.percentile(far[judged], PERCENTILE)) for far, judged in zip(away, clear) if judged.any()), default=0.0
    )


def _passes(measured: RoundTrip, limit_px: float | None, radius_px: float) -> bool:
    try:
        check(measured, limit_px=limit_px or np.inf, radius_px=radius_px)
    except Refusal:
        return False
    return True


def _spread(sound: Sequence[RoundTrip]) -> dict[str, float]:
    """Medians and extremes over the clips that can be judged."""
    columns = {
        "view px": [each.view.px for each in sound if each.view],
        "joint px": [each.joint.px for each in sound if each.joint],
        "frame px": [each.frame.px for each in sound if each.frame],
        "mpjpe pct": [each.mpjpe_pct for each in sound if each.mpjpe_pct is not None],
        "motion px": [each.motion_px for each in sound],
    }
    shares = [each.usable_share for each in sound if each.usable_share is not None]
    spread = {
        f"{name}, {word}": float(of(values))
        for name, values in columns.items()
        for word, of in (("median", np.median), ("largest", np.max))
    }
    low = float(np.percentile(shares, 10))
    return spread | {"usable share, 10th percentile": low, "usable share, least": min(shares)}
