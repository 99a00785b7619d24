"""The way back: whether a clip's stored pose videos, read as anybody reads them, say where its stored joints are.

Discs are held against the stored joints seen by the stored cameras, view by view, where no nearer disc is in the way.
Reconstruction knows nothing of the stored joints: what it does not find is looked for once more where it has to be. So
videos, cameras, colours and joints have to fit each other; bones that stretch, and joints that nobody can see, are no
fault of a clip's. What reconstruction makes of the discs is measured beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import pictures
from rigmill.outcomes import Refusal, Reject
from rigmill.reconstruct.discs.first_look import condition_of
from rigmill.reconstruct.discs.second_look import discs_at
from rigmill.reconstruct.kinematics import drawn_rig
from rigmill.reconstruct.reconstruct import BadMaps, reconstruct
from rigmill.rigs import skeleton
from rigmill.types import Bools, Bytes, Floats

PERCENTILE = 90.0
HALF_A_DISC = 0.5  # a joint or a frame is elsewhere when its discs are mostly farther off than this many radii
_LEAST_FRAMES = 3  # in which a view shows a joint, to call it elsewhere
_APART = 0.7  # |cosine| of the directions of two views that together say where a point is
_DIGITS = 4  # of what is stored: numbers in rows are the same on every machine


@dataclass(frozen=True, slots=True)
class Worst:
    """The view, and the joint or frame in it, that is farthest off."""

    px: float  # a disc that is not found is as far off as the picture is wide
    azimuth_deg: float
    what: str  # the joint's name, or the frame's number
    found_px: float  # the same of the discs that are found, 0 where none is
    num_missing: int = 0  # discs that are not found,
    num_judged: int = 1  # of so many


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """How far a clip's discs are from its joints, in pixels of the stored pictures. None: there is nothing to judge."""

    view: Worst | None  # 90th percentile of a view's discs; with the joint that is worst there
    joint: Worst | None  # median over the frames of one joint in one view
    frame: Worst | None  # median over the joints of one frame of one view
    motion_px: float  # how far off the stored rotations put any joint
    mpjpe_pct: float | None  # of reconstructed joints that two views show, per cent of the subject's size
    usable_share: (
        float | None
    )  # of joints that no others hide in two views, inside the pictures or not: how many are found

    def columns(self) -> dict[str, float | str | None]:
        """What a row keeps of it."""
        return {
            "round_trip_px": _rounded(self.view.px if self.view else None),
            "round_trip_worst": self.view.what if self.view else None,
            "round_trip_mpjpe_pct": _rounded(self.mpjpe_pct),
            "round_trip_usable_share": _rounded(self.usable_share),
        }


def read_pose_videos(videos: Sequence[bytes], geometry: ClipGeometry) -> Bytes:
    """The pose maps (V, T, H, W, 3) of a clip; refuses videos that are not as many, as long and as large as it says."""
    camera, num_frames = geometry.cameras[0], len(geometry.joints)
    if len(videos) != len(geometry.cameras):
        raise Refusal(Reject.ROUND_TRIP, f"{len(videos)} pose videos for {len(geometry.cameras)} cameras")
    maps = np.empty((len(videos), num_frames, camera.height_px, camera.width_px, 3), dtype=np.uint8)
    for view, data in enumerate(videos):
        where, num_read = f"the pose video at {geometry.cameras[view].azimuth_deg:g} degrees", 0
        try:
            for num_read, picture in enumerate(pictures(data), start=1):  # one by one: a clip is hundreds of megabytes
                if picture.shape != maps.shape[2:]:
                    raise Refusal(
                        Reject.ROUND_TRIP,
                        f"{where} is {picture.shape[1]}x{picture.shape[0]} px, the clip "
                        f"{camera.width_px}x{camera.height_px}",
                    )
                if num_read <= num_frames:
                    maps[view, num_read - 1] = picture
        except (ValueError, OSError, IndexError) as error:  # PyAV's errors are of the first two kinds
            raise Refusal(Reject.ROUND_TRIP, f"{where} cannot be read ({type(error).__name__})") from None
        if num_read != num_frames:
            raise Refusal(Reject.ROUND_TRIP, f"{where} has {num_read} frames, the clip {num_frames}")
    return maps


def round_trip(maps: Bytes, geometry: ClipGeometry, *, radius_px: float) -> RoundTrip:
    """Reconstruct pose maps (V, T, H, W, 3) and compare with what is stored beside them."""
    try:
        found = reconstruct(
            maps,
            cameras=geometry.cameras,
            rig=geometry.rig,
            drawn=geometry.drawn,
            colours=geometry.colours,
            radius_px=radius_px,
            fps=geometry.motion.fps,
        )
    except BadMaps as error:
        raise Refusal(Reject.ROUND_TRIP, str(error)) from None
    joints = geometry.joints.astype(np.float64)
    seen_by = [project(camera, joints[:, geometry.drawn]) for camera in geometry.cameras]
    pixels, depth = (np.stack(parts) for parts in zip(*seen_by))
    clear = clear_discs(pixels, depth, size_px=maps.shape[3:1:-1], radius_px=radius_px)
    off = _looked_again(
        maps, np.linalg.norm(found.centres_px - pixels, axis=-1), clear, pixels, depth, geometry, radius_px
    )
    camera = geometry.cameras[0]
    px = float(camera.intrinsics[0, 0] / camera.world_to_view[2, 3])  # per unit, in the middle of the scene
    turned = skeleton.forward(geometry.rig, geometry.motion)[0]
    apart = np.linalg.norm(found.triangulated - joints[:, geometry.drawn], axis=-1)
    shown, bare = _by_two(clear, geometry), _by_two(uncovered(pixels, depth, radius_px=radius_px), geometry)
    return RoundTrip(
        **_worst(off, clear, geometry),
        motion_px=float(np.linalg.norm(turned - joints, axis=-1).max() * px),
        mpjpe_pct=float(100 * apart[shown].mean()) if shown.any() else None,
        usable_share=float(found.usable[bare].mean()) if bare.any() else None,
    )


def check(measured: RoundTrip, *, limit_px: float, radius_px: float) -> None:
    """Refuses a clip whose stored parts do not fit each other; names the worst view, joint or frame."""
    rules = (
        (measured.view, limit_px, f"the {PERCENTILE:g}th percentile of its discs is off, most of all '{{}}'", "'{}'"),
        (measured.joint, HALF_A_DISC * radius_px, "'{}' is elsewhere", "'{}'"),
        (measured.frame, HALF_A_DISC * radius_px, "frame {} is another one", "in frame {}"),
    )
    for worst, limit, words, where in rules:
        if worst is None or worst.px <= limit:
            continue
        start = f"the pose video at {worst.azimuth_deg:g} degrees does not show the stored joints: "
        if worst.found_px <= limit or 2 * worst.num_missing > worst.num_judged:
            # No distance says how far off is what nobody finds.
            most = "most of all " if worst is measured.view else ""
            raise Refusal(
                Reject.ROUND_TRIP,
                f"{start}{worst.num_missing} of {worst.num_judged} discs that nothing covers are not found, "
                f"{most}{where.format(worst.what)}",
            )
        raise Refusal(
            Reject.ROUND_TRIP, start + words.format(worst.what), measured=_rounded(worst.found_px), limit=limit
        )
    if measured.motion_px > limit_px:
        raise Refusal(
            Reject.ROUND_TRIP,
            "the stored rotations do not give the stored joints",
            measured=_rounded(measured.motion_px),
            limit=limit_px,
        )


def check_usable(measured: RoundTrip, *, limit: float) -> None:
    """Refuses a clip of whose joints too few can be found; one of which nothing can be said passes."""
    if measured.usable_share is not None and measured.usable_share < limit:
        raise Refusal(
            Reject.FEW_USABLE,
            "too few of the joints that no others hide are found in the pose videos: the rest lies outside of the "
            "pictures, or two views do not tell where it is",
            measured=_rounded(measured.usable_share),
            limit=limit,
        )


def clear_discs(pixels: Floats, depth: Floats, *, size_px: Sequence[int], radius_px: float) -> Bools:
    """Which discs (V, T, D) at `pixels` (V, T, D, 2) are whole: inside the picture, and no nearer one touches them."""
    inside = ((pixels >= radius_px) & (pixels <= np.array(size_px) - radius_px)).all(axis=-1) & (depth > 0)
    return uncovered(pixels, depth, radius_px=radius_px) & inside


def uncovered(pixels: Floats, depth: Floats, *, radius_px: float) -> Bools:
    """Which discs (V, T, D) at `pixels` (V, T, D, 2) no nearer one touches, inside the picture or not."""
    clear = np.zeros(depth.shape, dtype=np.bool_)
    for view, (places, away) in enumerate(zip(pixels, depth)):
        touching = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1) < 2 * radius_px + 1
        # At one depth the order is the joints'; whoever is in front, they are not judged.
        nearer = away[:, None] <= away[:, :, None] + 1e-6
        touching[:, np.arange(depth.shape[2]), np.arange(depth.shape[2])] = False
        clear[view] = ~(touching & nearer).any(axis=-1)
    return clear


def _worst(off: Floats, clear: Bools, geometry: ClipGeometry) -> dict[str, Worst | None]:
    """The worst view, joint and frame of errors (V, T, D), NaN where a disc is not found, where `clear`."""
    names = [geometry.rig.names[joint] for joint in np.flatnonzero(geometry.drawn)]
    found: dict[str, list[Worst]] = {"view": [], "joint": [], "frame": []}
    for errors, judged, camera in zip(off, clear, geometry.cameras):
        if not judged.any():
            continue
        lost_px, azimuth_deg = float(camera.width_px), camera.azimuth_deg
        shown = np.where(judged, np.nan_to_num(errors, nan=lost_px), np.nan)
        often, some = judged.sum(axis=0) >= min(_LEAST_FRAMES, len(judged)), judged.any(axis=1)
        worst_joint = 0
        if often.any():
            worst_joint = int(np.flatnonzero(often)[np.argmax(np.nanmedian(shown[:, often], axis=0))])
            own = errors[judged[:, worst_joint], worst_joint]
            found["joint"].append(_one(own, 50, lost_px, azimuth_deg, names[worst_joint]))
        frame = int(np.flatnonzero(some)[np.argmax(np.nanmedian(shown[some], axis=1))])
        found["frame"].append(_one(errors[frame, judged[frame]], 50, lost_px, azimuth_deg, str(frame)))
        found["view"].append(_one(errors[judged], PERCENTILE, lost_px, azimuth_deg, names[worst_joint]))
    return {kind: max(views, key=lambda worst: worst.px) if views else None for kind, views in found.items()}


def _one(errors: Floats, percentile: float, lost_px: float, azimuth_deg: float, what: str) -> Worst:
    """What errors (N,), NaN of discs that are not found, come to."""
    is_missing = np.isnan(errors)
    return Worst(
        px=float(np.percentile(np.where(is_missing, lost_px, errors), percentile)),
        azimuth_deg=azimuth_deg,
        what=what,
        found_px=0.0 if is_missing.all() else float(np.percentile(errors[~is_missing], percentile)),
        num_missing=int(is_missing.sum()),
        num_judged=len(errors),
    )


def _looked_again(
    maps: Bytes, off: Floats, clear: Bools, pixels: Floats, depth: Floats, geometry: ClipGeometry, radius_px: float
) -> Floats:
    """How far discs (V, T, D) are off where those that seem to be elsewhere are looked for in their stored places."""
    wanted = clear & ~(off <= HALF_A_DISC * radius_px)
    if not wanted.any():
        return off
    off, colours = off.copy(), geometry.colours[geometry.drawn]
    parents = drawn_rig(geometry.rig, geometry.drawn).parents
    condition = condition_of(maps[0], colours=colours, radius_px=radius_px)
    for view in np.flatnonzero(wanted.any(axis=(1, 2))):
        frames = wanted[view].any(axis=1)
        places = discs_at(
            maps[view, frames],
            pixels[view, frames],
            depth[view, frames],
            wanted[view, frames],
            parents=parents,
            colours=colours,
            radius_px=radius_px,
            condition=condition,
        )
        off[view, frames] = np.fmin(off[view, frames], np.linalg.norm(places - pixels[view, frames], axis=-1))
    return off


def _by_two(clear: Bools, geometry: ClipGeometry) -> Bools:
    """The joints and frames (T, D) that two views show which do not look along one line."""
    forward = np.stack([camera.world_to_view[2, :3] for camera in geometry.cameras])
    shown = np.zeros(clear.shape[1:], dtype=np.bool_)
    for first in range(len(forward)):
        for second in range(first):
            if abs(float(forward[first] @ forward[second])) < _APART:
                shown |= clear[first] & clear[second]
    return shown


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
