"""What `shown` will make of a clip, without its bytes: what a plan counts tokens of. Nothing is read or decoded."""

from __future__ import annotations

from collections.abc import Sequence

from caption.pictures.parts import Part, Picture, Text, Video
from caption.pictures.saying import label, seconds, strip_words
from caption.pictures.sizes import chosen_frames, chosen_views, grid_size, picture_sizes, video_sizes
from rigmill.config.caption import Pictures


def foreseen(
    *, width_px: int, height_px: int, azimuths_deg: Sequence[float], num_frames: int, fps: float, settings: Pictures
) -> tuple[Part, ...]:
    """The same words, sizes and order as `shown` gives; the bytes are empty."""
    labels = [Text(label(azimuths_deg[view])) for view in chosen_views(azimuths_deg, settings.views)]
    times = [seconds(frame, fps) for frame in chosen_frames(num_frames, settings.times)]
    num_views = len(azimuths_deg)
    if settings.form == "video":
        sizes = video_sizes(width_px, height_px, settings, num_views=num_views, num_frames=num_frames, fps=fps)
        videos = [Video(b"", size.width_px, size.height_px, size.num_frames, size.fps) for size in sizes]
        return tuple(part for pair in zip(labels, videos) for part in pair)
    pictures = [Picture(b"", *size) for size in picture_sizes(width_px, height_px, settings, num_views, num_frames)]
    if settings.form == "strip":
        return Text(strip_words(times)), *pictures
    parts: list[Part] = []
    for step, time in enumerate(times):
        parts.append(Text(time))
        for words, picture in zip(labels, pictures[step * len(labels) :]):
            parts += [words, picture]
    return tuple(parts)


def foreseen_grid(width_px: int, height_px: int, side_px: int, num_views: int) -> Picture:
    """The same of the grid of rest poses."""
    return Picture(b"", *grid_size(width_px, height_px, side_px, num_views))
