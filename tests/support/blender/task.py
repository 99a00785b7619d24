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

    from render.blender.engines import scene
    from render.blender.subject import player
    from render.numbers import framing_cameras
    from rigmill.blender.requests import ClipItem
    from rigmill.clips.camera import project

    clip = ClipItem.from_item(request["item"])
    subject = player.loaded_subject({}, path=clip.path, file_format=clip.format, fps=clip.fps)
    shown = player.make_player(subject, clip)
    numbers = player.measure(shown)
    cameras = framing_cameras(numbers, clip.render)
    subject.normalise(numbers.offset, numbers.scale)
    scene.set_up(clip.render)
    seen = [scene.add_camera(camera, f"test {index}") for index, camera in enumerate(cameras)]
    shown.start(numbers.scale)
    heads, errors_px = [], []
    for frame in range(clip.num_frames):
        shown.show(frame)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        now = []
        for name, bone in subject.nodes:
            evaluated = bpy.data.objects[name].evaluated_get(depsgraph)
            place = evaluated.pose.bones[bone].head if bone else Vector()
            now.append(evaluated.matrix_world @ place)
        heads.append([list(head) for head in now])
        for blender_camera, camera in zip(seen, cameras):
            ours, _ = project(camera, np.array(heads[-1]))
            theirs = np.array([world_to_camera_view(bpy.context.scene, blender_camera, Vector(head)) for head in now])
            theirs_px = theirs[:, :2] * [camera.width_px, -camera.height_px] + [0, camera.height_px]
            errors_px.append(float(np.abs(ours - theirs_px).max()))
    bounds = player.visible_bounds(subject.meshes)
    subject.normalise(np.zeros(3), 1.0)
    return {
        "heads": heads,
        "error_px": max(errors_px),
        "joints": numbers.joints.tolist(),
        "rest": numbers.rig.rest_joints.tolist(),
        "parents": numbers.rig.parents.tolist(),
        "rotations": numbers.motion.rotations.tolist(),
        "translations": numbers.motion.translations.tolist(),
        "scale": numbers.scale,
        "offset": numbers.offset.tolist(),
        "clip_bounds": numbers.clip_bounds.tolist(),
        "last_bounds": bounds.tolist(),
        "names": subject.names,
    }


def animate(request: dict[str, Any]) -> dict[str, Any]:
    """The first motion of a GLB that we wrote, read again by Blender: the largest difference of joints."""
    from render.blender.subject import action, player
    from rigmill.blender.requests import Clip
    from rigmill.formats.glb_animation import animated_glb

    def measure(path: str) -> Any:
        subject = player.loaded_subject({}, path=path, file_format="glb", fps=16.0)
        take = action.list_takes(subject, 16.0)[0]
        return player.measure(
            player.make_player(
                subject,
                Clip(
                    clip_id="clip",
                    path=path,
                    format="glb",
                    armature="",
                    action=take.action,
                    slot=take.slot,
                    start_frame=take.start_frame,
                    num_frames=min(take.num_frames, 12),
                    fps=16.0,
                    motion_path=None,
                ),
            )
        )

    first = measure(request["path"])
    source = Path(request["path"]).read_bytes()
    written = animated_glb(source, first.rig, first.motion, scale=first.scale, offset=first.offset)
    assert written is not None
    Path(request["written"]).write_bytes(written)
    again = measure(request["written"])
    place = {name: joint for joint, name in enumerate(again.rig.names)}
    shared = [(joint, place[name]) for joint, name in enumerate(first.rig.names) if name in place]
    ours, theirs = (np.array(column) for column in zip(*shared))
    joints = ((again.joints / again.scale + again.offset) - first.offset) * first.scale
    return {
        "error": float(np.abs(joints[:, theirs] - first.joints[:, ours]).max()),
        "num_joints": len(shared),
        "num_lost": first.rig.num_joints - len(shared),
        "turns": float(np.ptp(first.motion.rotations, 0).max()),
    }


def replay(request: dict[str, Any]) -> list[dict[str, Any]]:
    """For each file and each of its first motions: how far joints are from what the stored motion says they are.

    In shares of the subject's size: `forward`, by rigmill.rigs.skeleton from the stored numbers; `shown`, by Blender
    posed with them; `bounds`, how far the posed mesh is from the played one.
    """
    import tempfile

    from render.blender.subject import action, player
    from rigmill.blender.requests import Clip
    from rigmill.rigs import skeleton
    from rigmill.rigs.npz import motion_to_bytes
    from rigmill.types import Motion

    found = []
    for path in request["paths"]:
        # One file of the corpus is an FBX called .glb.
        suffix = "fbx" if Path(path).read_bytes().startswith(b"Kaydara") else Path(path).suffix[1:].lower()
        subject = player.loaded_subject({}, path=path, file_format=suffix, fps=16.0)
        for take in action.list_takes(subject, 16.0)[: request["num_motions"]]:
            clip = Clip(
                clip_id="clip",
                path=path,
                format=suffix,
                armature="",
                action=take.action,
                slot=take.slot,
                start_frame=take.start_frame,
                num_frames=min(take.num_frames, 12),
                fps=16.0,
                motion_path=None,
            )
            played = player.measure(player.make_player(subject, clip))
            joints, _ = skeleton.forward(played.rig, played.motion)
            imported = Motion(
                rotations=played.motion.rotations, translations=played.motion.translations / played.scale, fps=16.0
            )
            with tempfile.NamedTemporaryFile(suffix=".npz") as stored:
                stored.write(motion_to_bytes(imported))
                stored.flush()
                again = Clip(**{**clip.to_item(), "start_frame": 0.0, "motion_path": stored.name})
                posed = player.measure(player.make_player(subject, again))
            shown = ((posed.joints / posed.scale + posed.offset) - played.offset) * played.scale
            bounds = ((posed.frame_bounds / posed.scale + posed.offset) - played.offset) * played.scale
            found.append(
                {
                    "file": Path(path).name,
                    "take": take.name,
                    "forward": float(np.abs(joints - played.joints).max()),
                    "shown": float(np.abs(shown - played.joints).max()),
                    "bounds": float(np.abs(bounds - played.frame_bounds).max()),
                    "moves": float(np.ptp(played.joints, axis=0).max()),
                    "num_roots": int((played.rig.parents < 0).sum()),
                }
            )
    return found


def call(request: dict[str, Any]) -> Any:
    """A job function, for every item in turn, in one process: a child as the server runs it."""
    import importlib

    from rigmill.outcomes import Refusal

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


def bones(request: dict[str, Any]) -> Any:
    """Of every file: armature -> bone -> where its head is in the world, as Blender's importer leaves it."""
    import bpy

    found = []
    for path in request["paths"]:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.import_scene.gltf(filepath=path, disable_bone_shape=True, guess_original_bind_pose=False)
        found.append(
            {
                item.name: {bone.name: list(item.matrix_world @ bone.head_local) for bone in item.data.bones}
                for item in bpy.data.objects
                if item.type == "ARMATURE"
            }
        )
    return found


def write_mixamo(request: dict[str, Any]) -> Any:
    """FBX files as Mixamo's look: prefixed joints in centimetres, 30 fps, a take `mixamo.com` and an empty `Take 001`.

    Every file is {path, prefix, skin, frames}: frames 1 to that one, the last with three joints turned (two frames
    hold a still T-pose); 0 means a character without takes.
    """
    import bpy
    from io_scene_fbx import export_fbx_bin

    written = export_fbx_bin.fbx_data_animation_elements

    def with_empty_take(root: Any, scene_data: Any) -> None:
        take = export_fbx_bin.elem_data_single_int64(root, b"AnimationStack", 987654321)
        take.add_string(export_fbx_bin.fbx_name_class(b"Take 001", b"AnimStack"))
        take.add_string(b"")
        written(root, scene_data)

    export_fbx_bin.fbx_data_animation_elements = with_empty_take
    for wanted in request["files"]:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene = bpy.context.scene
        scene.render.fps = 30
        scene.name = "mixamo.com"  # the exporter names the take after it
        scene.frame_start, scene.frame_end = 1, max(wanted["frames"], 2)
        data = bpy.data.armatures.new("Armature")
        rig = bpy.data.objects.new("Armature", data)
        scene.collection.objects.link(rig)
        bpy.context.view_layer.objects.active = rig
        bpy.ops.object.mode_set(mode="EDIT")
        for name, parent, place in request["joints"]:
            bone = data.edit_bones.new(wanted["prefix"] + name)
            bone.head, bone.tail = place, (place[0], place[1], place[2] + 0.05)
            if parent:
                bone.parent = data.edit_bones[wanted["prefix"] + parent]
        bpy.ops.object.mode_set(mode="OBJECT")
        if wanted["skin"]:
            corners = [(x, y, z) for x in (-0.2, 0.2) for y in (-0.1, 0.1) for z in (0.0, 1.7)]
            mesh = bpy.data.meshes.new("Body")
            mesh.from_pydata(corners, [], [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6)])
            body = bpy.data.objects.new("Body", mesh)
            scene.collection.objects.link(body)
            body.parent = rig
            for name, _, _ in request["joints"]:
                body.vertex_groups.new(name=wanted["prefix"] + name).add(range(8), 0.1, "REPLACE")
            body.modifiers.new("Armature", "ARMATURE").object = rig
        if wanted["frames"]:
            for name, _, _ in request["joints"]:
                bone = rig.pose.bones[wanted["prefix"] + name]
                for frame in (1, wanted["frames"]):
                    swung = frame > 2 and name in ("LeftArm", "RightUpLeg", "Spine")
                    bone.rotation_quaternion = (0.9, 0.436, 0, 0) if swung else (1, 0, 0, 0)
                    bone.keyframe_insert("rotation_quaternion", frame=frame)
        bpy.ops.export_scene.fbx(
            filepath=wanted["path"],
            add_leaf_bones=False,
            bake_anim=wanted["frames"] > 0,
            bake_anim_use_nla_strips=False,
            bake_anim_use_all_actions=False,
            bake_anim_simplify_factor=0.0,
        )
    return len(request["files"])


def twin_armatures(request: dict[str, Any]) -> Any:
    """One motion on armatures whose bones have other axes and rolls: what the probe reads of each, and the bones."""
    import bpy

    from benchmarks.retargeting.made_bodies import SHAPES, generated, through_blender, wandering

    shape = SHAPES[2]
    rig, _ = generated(shape)
    motion = wandering(rig, num_frames=8, seed=3)
    found = []
    for seed in request["seeds"]:
        read, moved = through_blender(shape, motion, rig, bones_seed=seed)
        (armature,) = (item for item in bpy.data.objects if item.type == "ARMATURE")
        found.append(
            {
                "names": read.names,
                "rest": read.rest_joints.tolist(),
                "rotations": moved.rotations.tolist(),
                "translations": moved.translations.tolist(),
                "bones": [[list(column) for column in bone.matrix_local] for bone in armature.data.bones],
            }
        )
    return found


if __name__ == "__main__":
    try:
        answer = {"answer": globals()[sys.argv[1]](json.loads(sys.argv[2]))}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    Path(sys.argv[3]).write_text(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)
