"""What render.py asks of Blender children; the fork server finds it by PYTHONPATH."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view

from render.blender.choose import open_engine
from render.blender.frames import Player, loaded_subject, make_player, measure
from render.blender.scene import add_camera, set_border, set_up
from render.jobs import ClipItem, ClipNumbers, clip_cameras
from render.maps import build_geometry
from rigmill.types import Camera


def settings_of_scene(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Every number and name that the scene set up for `render` has: what a picture by Cycles depends on."""
    set_up(item["render"])
    scene, world = bpy.context.scene, bpy.context.scene.world
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    lights = sorted((light for light in bpy.data.objects if light.type == "LIGHT"), key=lambda light: light.name)
    return {
        "blender": bpy.app.version_string, "cycles": _values(scene.cycles), "view": _values(scene.view_settings),
        "world": [list(background.inputs["Color"].default_value), background.inputs["Strength"].default_value],
        "lights": [
            [light.data.energy, light.data.angle, [round(value, 6) for row in light.matrix_world for value in row]]
            for light in lights
        ],
        "size": [scene.render.resolution_x, scene.render.resolution_y, scene.render.filter_size],
    }


def _values(settings: Any) -> dict[str, Any]:
    found = {}
    for name in settings.bl_rna.properties.keys():
        value = getattr(settings, name, None)
        if isinstance(value, bool | int | float | str):
            found[name] = round(value, 6) if isinstance(value, float) else value
    return dict(sorted(found.items()))


def reference(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The view `view` of frame `frame` as Blender draws it with `seed`: an RGBA PNG in scratch, and the camera.

    Apart from loading and framing this is not the engine that is measured, so that a fault in that one shows.
    """
    clip = ClipItem.from_item(item)
    player, numbers = _played(clip, state)
    camera = clip_cameras(numbers.view_bounds, clip.render)[item["view"]]
    player.subject.normalise(numbers.offset, numbers.scale)
    set_up(clip.render)
    scene = bpy.context.scene
    scene.render.use_crop_to_border, scene.render.image_settings.file_format = False, "PNG"
    scene.cycles.seed = item["seed"]
    player.start(numbers.scale)
    player.show(item["frame"])
    scene.camera = add_camera(camera, "view")
    set_border(camera, numbers.frame_bounds[item["frame"]])
    scene.render.filepath = str(scratch / "picture.png")
    bpy.ops.render.render(write_still=True)
    return {"picture": "picture.png", "camera": camera_row(camera), "frame": item["frame"]}


def joints_in_view(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """In scratch: geometry.npz as stored, and seen.npy (V, F, J, 2), where Blender sees the joints' heads.

    Blender poses, normalises and projects; of ours are the cameras alone.
    """
    clip = ClipItem.from_item(item)
    player, numbers = _played(clip, state)
    ring = clip_cameras(numbers.view_bounds, clip.render)
    (scratch / "geometry.npz").write_bytes(build_geometry(numbers, ring, clip.render).to_bytes())
    player.subject.normalise(numbers.offset, numbers.scale)
    set_up(clip.render)
    scene = bpy.context.scene
    cameras = [add_camera(camera, "view") for camera in ring]
    player.start(numbers.scale)
    seen = []
    for frame in item["frames"]:
        player.show(frame)
        heads = [_head(*node) for node in player.subject.nodes]
        seen.append([[world_to_camera_view(scene, camera, head)[:2] for head in heads] for camera in cameras])
    share = np.array(seen).transpose(1, 0, 2, 3)
    width, height = clip.render["width_px"], clip.render["height_px"]
    np.save(scratch / "seen.npy", np.stack([share[..., 0] * width, (1 - share[..., 1]) * height], axis=-1))
    return {"height": float(np.ptp(numbers.clip_bounds[:, 2]))}


def _head(name: str, bone: str) -> Any:
    """Where the joint is in the world: a bone's head or an object's origin."""
    item = bpy.data.objects[name]
    return item.matrix_world @ item.pose.bones[bone].head if bone else item.matrix_world.translation


def pictures_of_frame(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """In scratch: pictures.npy, uint8 RGBA (V, H, W, 4) of frame `frame` by the engine of `render`; and the cameras."""
    clip = ClipItem.from_item(item)
    player, numbers = _played(clip, state)
    cameras = clip_cameras(numbers.view_bounds, clip.render)
    player.subject.normalise(numbers.offset, numbers.scale)
    choice = open_engine(player, numbers, cameras=cameras, render=clip.render, state=state, folder=scratch)
    player.start(numbers.scale)
    player.show(item["frame"])
    pictures = choice.engine.shoot(numbers.frame_bounds[item["frame"]])
    np.save(scratch / "pictures.npy", np.stack([
        picture.whole(camera.width_px, camera.height_px) for picture, camera in zip(pictures, cameras)
    ]))
    return {
        "cameras": [camera_row(camera) for camera in cameras], "engine": choice.engine.name, "reason": choice.reason,
    }


def _played(clip: ClipItem, state: dict[str, Any]) -> tuple[Player, ClipNumbers]:
    """The clip's player and numbers, measured once per child."""
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    if "numbers" not in state:
        state["numbers"] = measure(player)
    return player, state["numbers"]


def camera_row(camera: Camera) -> dict[str, Any]:
    """The camera as JSON."""
    return {name: np.asarray(value).tolist() for name, value in asdict(camera).items()}
