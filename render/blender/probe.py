"""The job "what is in this file", run in a Blender child."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from render.blender.action import Take, list_takes, show_time, start_action
from render.blender.frames import loaded_subject
from render.blender.pose import bone_frames, read_motion, rest_frames
from render.blender.rig import Subject
from rigmill.errors import Refusal, Reject
from rigmill.rigfile import motion_to_bytes, rig_to_bytes


def probe_asset(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The file's rig and motions; files are named relative to `scratch`.

    `kind` is animated (skin and motions), static (skin alone) or motion (no skin: every motion is stored, for the
    retargeter). Takes in which no bone moves are left out and counted in `num_still_motions`.
    """
    fps = float(item["fps"])
    subject = loaded_subject(state, path=item["path"], file_format=item["format"], fps=fps)
    takes = list_takes(subject, fps)
    moving = [take for take in takes if take.num_moving_joints > 0]
    if subject.skinned:
        kind = "animated" if moving else "static"
    elif moving:
        kind = "motion"
    else:
        raise Refusal(Reject.NO_RIG, "no skeleton deforms a mesh, and none has a motion")
    (scratch / "rig.npz").write_bytes(rig_to_bytes(subject.read_rig()))
    return {
        "armature": subject.armature.name,
        "kind": kind,
        "num_joints": len(subject.names),
        "num_vertices": sum(len(mesh.data.vertices) for mesh in subject.meshes),
        "num_faces": sum(len(mesh.data.polygons) for mesh in subject.meshes),
        "num_ignored_armatures": subject.num_ignored_armatures,
        "num_still_motions": len(takes) - len(moving),
        "rig_file": "rig.npz",
        "motions": [
            {
                "name": take.name, "action": take.action, "slot": take.slot, "num_frames": take.num_frames,
                "fps": take.fps, "start_frame": take.start_frame, "num_moving_joints": take.num_moving_joints,
                "motion_file": _store(subject, take, scratch / f"motion-{index}.npz") if kind == "motion" else None,
            }
            for index, take in enumerate(moving)
        ],
    }


def _store(subject: Subject, take: Take, path: Path) -> str:
    """Write the motion, in the world as imported; returns the file's name."""
    subject.reset()
    rig, rest = subject.read_rig(), rest_frames(subject)
    start_action(subject, take.action, take.slot)
    frames = []
    for frame in range(take.num_frames):
        show_time(subject, take.start_frame + frame, take.fps)
        frames.append(bone_frames(subject))
    subject.reset()
    path.write_bytes(motion_to_bytes(read_motion(np.array(frames), rest, rig, take.fps)))
    return path.name
