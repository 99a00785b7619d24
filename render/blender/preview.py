"""The job "preview one clip", run in a Blender child: small pictures from two sides, to see whether it moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from render.blender.frames import loaded_subject, make_player, measure, shoot_pictures
from render.blender.paint import painted
from render.jobs import ClipItem, ClipNumbers, clip_cameras

AZIMUTHS_DEG = (0.0, 90.0)
CHEAP = {"engine": "cycles", "samples": 2, "denoise": False, "elevation_deg": 0.0, "field_of_view_deg": 40.0,
         "margin": 0.08}


def preview_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Pictures to measure motion on, a few to look at, and the numbers of all frames.

    `item` is that of render_clip with `preview_px` and `preview_frames` instead of `render`. Answers with names in
    scratch / `folder`: `views` [view][index] -> RGBA PNG of frame `frames`[index], the subject under a coat of noise
    (paint.py); `shown` [view][index] -> RGBA PNG of frame `shown_frames`[index] as the asset looks; `joints`, a npy
    (T, J, 3) in normalised coordinates. `starts` are the frames t of the pairs (t, t + 1) among `frames`, `extents`
    (T) the largest side of each frame's bounds as a share of the clip's.
    """
    size_px = int(item["preview_px"])
    render = {**CHEAP, "azimuths_deg": AZIMUTHS_DEG, "width_px": size_px, "height_px": size_px}
    clip = ClipItem.from_item({**item, "render": render})
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    numbers = measure(player)
    starts = pair_starts(clip.num_frames, int(item["preview_frames"]))
    frames = sorted({frame for start in starts for frame in (start, start + 1)})
    shown_frames = most_different_frames(numbers)
    folder = scratch / f"preview-{clip.clip_id}"
    (folder / "shown").mkdir(parents=True, exist_ok=True)
    cameras = clip_cameras(numbers.clip_bounds, render)  # the rest pose is not shown here
    shown = shoot_pictures(
        player, numbers, cameras=cameras, render=render, frames=shown_frames, folder=folder / "shown"
    )
    subject.normalise(numbers.offset, numbers.scale)
    player.start(numbers.scale)
    player.show(0)
    with painted(subject):
        views = shoot_pictures(player, numbers, cameras=cameras, render=render, frames=frames, folder=folder)
    np.save(folder / "joints.npy", numbers.joints)
    return {
        "folder": folder.name, "views": views, "frames": frames, "starts": starts, "joints": "joints.npy",
        "shown": [[f"shown/{name}" for name in names] for names in shown], "shown_frames": shown_frames,
        "extents": [float(side) for side in np.ptp(numbers.frame_bounds, axis=1).max(axis=1)],
    }


def pair_starts(num_frames: int, num_pairs: int) -> list[int]:
    """First frames of at most `num_pairs` pairs (t, t + 1), evenly spread over the clip."""
    last = num_frames - 2
    if last < 0:
        return []
    return sorted({int(value) for value in np.rint(np.linspace(0, last, min(num_pairs, last + 1)))})


def most_different_frames(numbers: ClipNumbers) -> list[int]:
    """The first frame, and the one in which the joint that moves most is furthest from where it was."""
    away = np.linalg.norm(numbers.joints - numbers.joints[:1], axis=-1).max(axis=1)
    return [0, int(away.argmax()) or len(away) // 2] if len(away) > 1 else [0]
