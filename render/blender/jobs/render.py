"""The job "render one clip", run in a Blender child: the clip's finished files, written where the request says."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from render.blender.engines.choose import open_engine
from render.blender.sandbox.progress import progress_pipe
from render.blender.subject.player import loaded_subject, make_player, measure
from render.numbers import build_geometry, framing_cameras
from render.outputs import ClipWriter
from render.read_back import NOT_ASKED, verify
from rigmill.blender.requests import ClipItem, RenderAnswer
from rigmill.kinds import Output


def render_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """A RenderAnswer to a ClipItem: writes the files that `outputs` asks for, and tells of every view-frame."""
    clip = ClipItem.from_item(item)
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    numbers = measure(player)
    cameras = framing_cameras(numbers, clip.render)
    geometry = build_geometry(numbers, cameras, clip.render)
    folder = scratch / clip.clip_id
    folder.mkdir(parents=True, exist_ok=True)
    writer = ClipWriter(geometry, render=clip.render, fps=clip.fps, outputs=clip.outputs, folder=folder)
    with subject.normalised(numbers.offset, numbers.scale):
        choice = open_engine(
            subject, cameras=cameras, view=clip.render, extras=writer.wants_extras, state=state, folder=folder
        )
        with closing(choice.engine) as engine:
            if Output.TEMPLATES in clip.outputs:
                subject.reset()
                writer.add_templates(engine.shoot(numbers.rest_bounds))
            player.start(numbers.scale)
            for frame in range(clip.num_frames):
                player.show(frame)
                writer.add(engine.shoot(numbers.frame_bounds[frame], extras=writer.wants_extras))
                progress_pipe.tell((frame + 1) * len(cameras), clip.num_frames * len(cameras))
    writer.finish()
    read_back = verify(folder, geometry, clip.render) if Output.POSE in clip.outputs else NOT_ASKED
    return RenderAnswer(
        folder=clip.clip_id,
        engine=choice.engine.name,
        engine_reason=choice.reason,
        agreement=choice.agreement,
        samples=choice.samples,
        coverage=[check.coverage for check in writer.checks],
        num_drawn_joints=int(geometry.drawn.sum()),
        round_trip=read_back,
        cameras=[
            {
                "azimuth_deg": camera.azimuth_deg,
                "intrinsics": camera.intrinsics.tolist(),
                "world_to_view": camera.world_to_view.tolist(),
            }
            for camera in cameras
        ],
        scale=numbers.scale,
        offset=numbers.offset.tolist(),
    ).to_item()
