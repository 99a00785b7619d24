"""The gate at the end of rendering: the finished pose videos of a clip are read back and held against its numbers."""

from __future__ import annotations

from pathlib import Path

from render.numbers import joint_radius_px
from rigmill.blender.render_settings import RenderSettings
from rigmill.clips import members
from rigmill.clips.numbers import ClipGeometry
from rigmill.reconstruct.round_trip import check, check_usable, read_pose_videos, round_trip

NOT_ASKED: dict[str, float | str | None] = dict.fromkeys(
    ("round_trip_px", "round_trip_worst", "round_trip_mpjpe_pct", "round_trip_usable_share")
)


def verify(folder: Path, geometry: ClipGeometry, render: RenderSettings) -> dict[str, float | str | None]:
    """The row's `round_trip_*` columns of the clip whose files lie in `folder`; refuses one that is over the limit.

    The profile's `max_round_trip_px` and `min_usable_share` are the limits; without the first nothing is read, and all
    columns are empty. `geometry` counts
    as it is stored, rounding and all.
    """
    limit_px = render.max_round_trip_px
    if limit_px is None:
        return NOT_ASKED
    stored = ClipGeometry.from_bytes(geometry.to_bytes())
    videos = [(folder / members.pose_video(view)).read_bytes() for view in range(len(stored.cameras))]
    radius_px = joint_radius_px(render)
    measured = round_trip(read_pose_videos(videos, stored), stored, radius_px=radius_px)
    check(measured, limit_px=limit_px, radius_px=radius_px)
    check_usable(measured, limit=render.min_usable_share)
    return measured.columns()
