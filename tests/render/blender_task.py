"""Runs in a process of its own: Blender does not end well inside a test runner. Arguments: task name, JSON."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np


def joints_and_pixels(request: dict[str, Any]) -> dict[str, Any]:
    """Blender's own word on every frame: bone heads, and where its camera sees them; beside ours."""
    import bpy
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    from render.blender import frames, scene
    from render.jobs import ClipItem, clip_cameras
    from rigmill.camera import project

    clip = ClipItem.from_item(request["item"])
    subject = frames.loaded_subject({}, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = frames.make_player(subject, clip)
    numbers = frames.measure(player)
    cameras = clip_cameras(numbers.view_bounds, clip.render)
    subject.normalise(numbers.offset, numbers.scale)
    scene.set_up(clip.render)
    seen = [scene.add_camera(camera, f"test {index}") for index, camera in enumerate(cameras)]
    player.start(numbers.scale)
    heads, errors_px = [], []
    for frame in range(clip.num_frames):
        player.show(frame)
        evaluated = subject.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        now = [evaluated.matrix_world @ evaluated.pose.bones[name].head for name in subject.names]
        heads.append([list(head) for head in now])
        for blender_camera, camera in zip(seen, cameras):
            ours, _ = project(camera, np.array(heads[-1]))
            theirs = np.array([world_to_camera_view(bpy.context.scene, blender_camera, Vector(head)) for head in now])
            theirs_px = theirs[:, :2] * [camera.width_px, -camera.height_px] + [0, camera.height_px]
            errors_px.append(float(np.abs(ours - theirs_px).max()))
    bounds = frames.visible_bounds(subject)
    subject.normalise(np.zeros(3), 1.0)
    return {
        "heads": heads, "error_px": max(errors_px), "joints": numbers.joints.tolist(),
        "rest": numbers.rig.rest_joints.tolist(), "parents": numbers.rig.parents.tolist(),
        "rotations": numbers.motion.rotations.tolist(), "translations": numbers.motion.translations.tolist(),
        "scale": numbers.scale, "offset": numbers.offset.tolist(), "clip_bounds": numbers.clip_bounds.tolist(),
        "last_bounds": bounds.tolist(), "names": subject.names,
    }


def call(request: dict[str, Any]) -> Any:
    """A job function, for every item in turn, in one process: a child as the server runs it."""
    import importlib

    from rigmill.errors import Refusal

    module, _, name = request["function"].partition(":")
    function = getattr(importlib.import_module(module), name)
    state: dict[str, Any] = {}
    answers = []
    for item in request["items"]:
        try:
            answers.append({"value": function(item, state, Path(request["scratch"]))})
        except Refusal as refusal:
            answers.append({"refused": refusal.code.value, "message": refusal.message})
    return answers


if __name__ == "__main__":
    try:
        answer = {"answer": globals()[sys.argv[1]](json.loads(sys.argv[2]))}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    Path(sys.argv[3]).write_text(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)
