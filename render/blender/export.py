"""The job "play one clip for an export", run in a Blender child: its motion, and its asset at rest as a GLB."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from render.blender.frames import loaded_subject, make_player
from render.blender.pose import read_motion
from render.jobs import ClipItem
from rigmill.rigfile import motion_to_bytes


def play_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Names in scratch: `motion`, as imported, and `glb`, without any animation. `item` is that of render_clip."""
    clip = ClipItem.from_item({**item, "render": {}})
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    rig, rest = subject.read_rig(), subject.rest_frames()
    player.start(1.0)
    frames = []
    for frame in range(clip.num_frames):
        player.show(frame)
        frames.append(subject.joint_frames())
    subject.reset()
    (scratch / "motion.npz").write_bytes(motion_to_bytes(read_motion(np.array(frames), rest, rig, clip.fps)))
    # The exporter puts pictures down for a moment, and only here may it write.
    tempfile.tempdir = str(scratch)
    bpy.ops.export_scene.gltf(
        filepath=str(scratch / "rest.glb"), export_format="GLB", export_animations=False, export_cameras=False,
        export_lights=False, export_rest_position_armature=True, export_all_influences=True,
    )
    return {"motion": "motion.npz", "glb": "rest.glb"}
