"""The job "play one clip for an export", run in a Blender child: its motion, and its asset as Blender writes it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from render.blender.subject.player import loaded_subject, make_player
from render.blender.subject.pose import Poser, read_motion
from render.blender.subject.subject import Subject
from rigmill.blender.requests import PlayAnswer, PlayItem
from rigmill.rigs.npz import motion_to_bytes
from rigmill.rigs.quaternions import steady
from rigmill.types import Floats, Motion

_PATHS = {"location": 3, "rotation_quaternion": 4, "scale": 3}


def play_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """A PlayAnswer to a PlayItem: `glb` without any animation, `fbx` with the motion."""
    clip = PlayItem.from_item(item)
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    rig, rest = subject.read_rig(), subject.rest_frames()
    frames = []
    with player.playing(1.0):
        for frame in range(clip.num_frames):
            player.show(frame)
            frames.append(subject.joint_frames())
    motion = read_motion(np.array(frames), rest, rig, clip.fps)
    (scratch / "motion.npz").write_bytes(motion_to_bytes(motion))
    # The exporters put pictures down for a moment, and only here may they write.
    tempfile.tempdir = str(scratch)
    answer = PlayAnswer(
        motion="motion.npz",
        glb="rest.glb" if "glb" in clip.write else None,
        fbx="moving.fbx" if "fbx" in clip.write else None,
    )
    with _alone(subject):
        if answer.glb:
            _write_glb(scratch / answer.glb)
        if answer.fbx:
            _write_fbx(subject, motion, scratch / answer.fbx, clip.title or "clip")
    return answer.to_item()


@contextmanager
def _alone(subject: Subject) -> Iterator[None]:
    """The file's own objects, without the empty that we put above them; it must be at the identity."""
    below = [item for item in bpy.data.objects if item.parent == subject.normaliser]
    for item in below:
        item.parent = None
    bpy.context.scene.collection.objects.unlink(subject.normaliser)
    bpy.context.view_layer.update()
    try:
        yield
    finally:
        bpy.context.scene.collection.objects.link(subject.normaliser)
        for item in below:
            item.parent = subject.normaliser
            item.matrix_parent_inverse.identity()
        bpy.context.view_layer.update()


def _write_glb(path: Path) -> None:
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        export_animations=False,
        export_cameras=False,
        export_lights=False,
        export_rest_position_armature=True,
        export_all_influences=True,
    )


def _write_fbx(subject: Subject, motion: Motion, path: Path, title: str) -> None:
    """The scene with the motion on its rig, one key per frame; pictures are inside the file."""
    scene, modes = bpy.context.scene, _with_quaternions(subject)
    before = (scene.frame_start, scene.frame_end, scene.name)
    poser, keys = Poser.at_rest(subject), []
    for rotations, translations in zip(motion.rotations, motion.translations):
        poser.show(rotations=rotations, translations=translations)
        keys.append([[np.array(getattr(part, name)) for name in _PATHS] for part in _parts(subject)])
    subject.reset()
    actions = _play(subject, keys, title)
    # The exporter calls the one animation after the scene.
    scene.frame_start, scene.frame_end, scene.name = 0, len(keys) - 1, title
    try:
        bpy.ops.export_scene.fbx(
            filepath=str(path),
            object_types={"ARMATURE", "MESH", "EMPTY", "OTHER"},
            add_leaf_bones=False,
            bake_anim=True,
            bake_anim_use_nla_strips=False,
            bake_anim_use_all_actions=False,
            bake_anim_simplify_factor=0.0,
            path_mode="COPY",
            embed_textures=True,
            use_custom_props=False,
        )
    finally:
        scene.frame_start, scene.frame_end, scene.name = before
        subject.reset()
        for action in actions:
            bpy.data.actions.remove(action)
        for part, mode in modes:
            part.rotation_mode = mode


def _parts(subject: Subject) -> list[Any]:
    """The pose bone or the object of every joint."""
    return [bpy.data.objects[name].pose.bones[bone] if bone else bpy.data.objects[name] for name, bone in subject.nodes]


def _with_quaternions(subject: Subject) -> list[tuple[Any, str]]:
    """Turn all joints by quaternions; how each was turned before."""
    before = [(part, part.rotation_mode) for part in _parts(subject)]
    for part, _ in before:
        part.rotation_mode = "QUATERNION"
    return before


def _play(subject: Subject, keys: list[list[list[Floats]]], title: str) -> list[Any]:
    """Actions that hold keys (T frames, J joints, the paths' values), assigned to what they move; at rest before."""
    _with_quaternions(subject)  # a reset takes objects back to how they were turned before
    actions: dict[str, Any] = {}
    places = np.arange(len(keys), dtype=np.float64)
    for joint, (owner, bone) in enumerate(subject.nodes):
        if owner not in actions:
            actions[owner] = bpy.data.actions.new(title)
            actions[owner].slots.new("OBJECT", owner)
            data = bpy.data.objects[owner].animation_data_create()
            data.action, data.action_slot = actions[owner], actions[owner].slots[0]
        prefix = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].' if bone else ""
        for path, (name, size) in enumerate(_PATHS.items()):
            values = np.array([frame[joint][path] for frame in keys])
            if name == "rotation_quaternion":
                values = steady(values)
            for axis in range(size):
                curve = actions[owner].fcurves.new(prefix + name, index=axis)
                curve.keyframe_points.add(len(keys))
                curve.keyframe_points.foreach_set("co", np.stack([places, values[:, axis]], axis=1).ravel())
                curve.update()
    return list(actions.values())
