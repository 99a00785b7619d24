"""The job "render one clip", run in a Blender child: pictures and numbers in, nothing decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from render.blender.frames import loaded_subject, make_player, measure, render_pictures
from render.jobs import ClipItem, clip_cameras


def render_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Names in scratch / `folder`: `numbers` (ClipNumbers), `frames` [view][frame] and `rest` [view], RGBA PNG."""
    clip = ClipItem.from_item(item)
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    folder = scratch / clip.clip_id
    folder.mkdir(parents=True, exist_ok=True)
    numbers = measure(player)
    frames, rest = render_pictures(
        player, numbers, cameras=clip_cameras(numbers.view_bounds, clip.render), render=clip.render,
        frames=range(clip.num_frames), with_rest=True, folder=folder,
    )
    (folder / "numbers.npz").write_bytes(numbers.to_bytes())
    return {"folder": clip.clip_id, "numbers": "numbers.npz", "frames": frames, "rest": rest}
