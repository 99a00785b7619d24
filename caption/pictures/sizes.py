"""Which views and times are shown, and how large pictures are: known from a clip's row, before anything is decoded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rigmill.config.caption import Pictures

STRIP_LABEL_PX = 18  # above each row of a strip: whose view it is; below the last: the seconds
MAX_VIDEO_FPS = 8.0  # of what is shown; a server samples fewer
NUM_GRID_VIEWS = 4
_UNEVEN = 1.2  # of four times: 0, 27, 61 and 100 % of the clip


@dataclass(frozen=True, slots=True)
class VideoSize:
    """Of one video that is shown."""

    width_px: int
    height_px: int
    num_frames: int
    fps: float


def chosen_views(azimuths_deg: Sequence[float], most: int) -> list[int]:
    """Numbers of at most `most` views, spread over the circle, in the order of their azimuths from the front on.

    The first choice is the view nearest the front. Each next one is as far as can be from the axes of those chosen: a
    view from behind shows the same outline as the one from the front, so a side comes before it.
    """
    azimuths = [azimuth % 360 for azimuth in azimuths_deg]
    chosen = [min(range(len(azimuths)), key=lambda view: (_apart(azimuths[view], 0, 360), view))]
    while len(chosen) < min(most, len(azimuths)):
        rest = [view for view in range(len(azimuths)) if view not in chosen]
        chosen.append(max(rest, key=lambda view: (*_distances(view, chosen, azimuths), -view)))
    return sorted(chosen, key=lambda view: (azimuths[view], view))


def _distances(view: int, chosen: list[int], azimuths: list[float]) -> tuple[float, float]:
    """Least angles in degrees to what is chosen: of the axes, and of the directions."""
    return (
        min(_apart(azimuths[view], azimuths[other], 180) for other in chosen),
        min(_apart(azimuths[view], azimuths[other], 360) for other in chosen),
    )


def _apart(one: float, other: float, turn: float) -> float:
    difference = abs(one - other) % turn
    return round(min(difference, turn - difference), 6)


def chosen_frames(num_frames: int, times: int) -> list[int]:
    """Numbers of at most `times` frames, spread over the clip, the first and the last among them; of one the middle.

    Not evenly: of a step that repeats twice in the clip, even times would show the same two poses again and again, and
    nobody could tell which way it goes. Each wait is longer than the one before.
    """
    if times == 1:
        return [num_frames // 2]
    count, last = min(times, num_frames), num_frames - 1
    frames: list[int] = []
    for step in range(count):
        wanted = round(last * (step / max(count - 1, 1)) ** _UNEVEN)
        earliest, latest = (frames[-1] + 1 if frames else 0), last - (count - 1 - step)
        frames.append(min(max(wanted, earliest), latest))
    return frames


def picture_side_px(width_px: int, height_px: int, settings: Pictures) -> int:
    """Side of the square that one view at one time becomes: never larger than what was rendered."""
    side = settings.side_px // 2 if settings.form == "strip" else settings.side_px
    return min(side, max(width_px, height_px)) // 2 * 2


def picture_sizes(
    width_px: int, height_px: int, settings: Pictures, num_views: int, num_frames: int
) -> list[tuple[int, int]]:
    """Width and height of every picture that `shown` makes of a rendered clip, in order. Form video has none."""
    if settings.form == "video":
        return []
    side, times = picture_side_px(width_px, height_px, settings), len(chosen_frames(num_frames, settings.times))
    views = min(settings.views, num_views)
    if settings.form == "strip":
        return [(times * side, views * (side + STRIP_LABEL_PX) + STRIP_LABEL_PX)]
    return [(side, side)] * (views * times)


def video_sizes(
    width_px: int, height_px: int, settings: Pictures, *, num_views: int, num_frames: int, fps: float
) -> list[VideoSize]:
    """The same of every video: of form video, one per view shown."""
    if settings.form != "video":
        return []
    side, step = picture_side_px(width_px, height_px, settings), video_step(fps)
    size = VideoSize(side, side, len(range(0, num_frames, step)), fps / step)
    return [size] * min(settings.views, num_views)


def video_step(fps: float) -> int:
    """Every how many frames one is kept in a video that is shown."""
    return max(math.ceil(fps / MAX_VIDEO_FPS - 1e-9), 1)


def grid_size(width_px: int, height_px: int, side_px: int, num_views: int) -> tuple[int, int]:
    """Width and height of the grid of rest poses."""
    side, views = min(side_px, max(width_px, height_px)), min(num_views, NUM_GRID_VIEWS)
    return side * min(views, 2), side * ((views + 1) // 2)
