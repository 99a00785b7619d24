"""The job "preview one clip", run in a Blender child: small pictures from two sides, to see whether it moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from render.blender.frames import loaded_subject, make_player, measure, render_pictures
from render.jobs import ClipItem, clip_cameras
from rigmill.camera import project

AZIMUTHS_DEG = (0.0, 90.0)
CHEAP = {"engine": "cycles", "samples": 2, "denoise": False, "elevation_deg": 0.0, "field_of_view_deg": 40.0,
         "margin": 0.08}


def preview_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Pairs of consecutive frames, to measure motion at the clip's own rate.

    `item` is that of render_clip with `preview_px` and `preview_frames` instead of `render`. Answers with `views`
    [view][pair] -> two PNG names (RGBA) in scratch / `folder`, `starts` (the first frame of each pair) and
    `square_px`, the side of the subject's bounding square over the clip in these pictures.
    """
    size_px = int(item["preview_px"])
    render = {**CHEAP, "azimuths_deg": AZIMUTHS_DEG, "width_px": size_px, "height_px": size_px}
    clip = ClipItem.from_item({**item, "render": render})
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    numbers = measure(player)
    starts = pair_starts(clip.num_frames, int(item["preview_frames"]))
    frames = sorted({frame for start in starts for frame in (start, start + 1)})
    folder = scratch / f"preview-{clip.clip_id}"
    folder.mkdir(parents=True, exist_ok=True)
    cameras = clip_cameras(numbers.clip_bounds, render)  # the rest pose is not shown here
    pictures, _ = render_pictures(
        player, numbers, cameras=cameras, render=render, frames=frames, with_rest=False, folder=folder
    )
    named = [dict(zip(frames, names)) for names in pictures]
    corners = np.stack(np.meshgrid(*numbers.clip_bounds.T), axis=-1).reshape(-1, 3)
    square_px = max(float(np.ptp(project(camera, corners)[0], axis=0).max()) for camera in cameras)
    return {
        "folder": folder.name,
        "views": [[[names[start], names[start + 1]] for start in starts] for names in named],
        "starts": starts,
        "square_px": square_px,
    }


def pair_starts(num_frames: int, num_pairs: int) -> list[int]:
    """First frames of at most `num_pairs` pairs (t, t + 1), evenly spread over the clip."""
    last = num_frames - 2
    if last < 0:
        return []
    return sorted({int(value) for value in np.rint(np.linspace(0, last, min(num_pairs, last + 1)))})
