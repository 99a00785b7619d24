"""Rendering a clip as bpy-renderer (huanngzh/bpy-renderer) documents it, written anew, to measure what that costs.

    python -m benchmarks.rendering.bpy_renderer_flow FILE FOLDER [--frames N] [--json]

What is kept of it: Blender's default threads; Cycles on the CPU with 64 samples, one diffuse and one glossy bounce, a
pixel filter of 0.01, a transparent film, the denoiser as Blender sets it, an HDR picture as the world, no persistent
data; one camera, so one view at a time; a pass over all frames for the bounds; colour as PNG, normals and depth as
EXR out of the compositor; a second pass over the frames that projects every bone's head and draws a PNG per frame;
then everything is read again, composited in floats, encoded as yuv420p and removed. Its own HDR picture is not here: a
sky of the same size is made. The first frame builds what later ones use as well, so it is left out of the figures.
"""

from __future__ import annotations

import argparse
import colorsys
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import av
import bpy
import cv2
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
from PIL import Image, ImageDraw

WIDTH_PX, HEIGHT_PX, FPS = 832, 480, 24
SAMPLES = 64
SKY_PX = (1024, 512)
RADIUS, LENS_MM, SENSOR_MM = 2.7, 35, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    result = measure(arguments.file, arguments.folder, arguments.frames)
    sys.stdout.flush()
    text = json.dumps(result) if arguments.json else "\n".join(f"{key}: {value}" for key, value in result.items())
    print("MEASURED", text, flush=True)
    os._exit(0)  # Blender's interpreter does not end while a handler is left


def measure(path: Path, folder: Path, num_frames: int) -> dict[str, float]:
    """CPU milliseconds (user and system, all threads) per frame and phase, of one view."""
    load(path)
    phases = {}
    started = time.process_time()
    normalise(num_frames)
    phases["bounds"] = (time.process_time() - started) / num_frames
    set_up(folder, num_frames)
    stamps = [time.process_time()]
    bpy.app.handlers.render_write.append(lambda *_: stamps.append(time.process_time()))
    bpy.ops.render.render(animation=True)
    bpy.app.handlers.render_write.clear()
    phases["pictures"] = (stamps[-1] - stamps[1]) / (num_frames - 1)
    started = time.process_time()
    keypoints(folder, num_frames)
    phases["keypoints"] = (time.process_time() - started) / num_frames
    started = time.process_time()
    videos(folder)
    phases["videos"] = (time.process_time() - started) / num_frames
    return (
        {"frames": num_frames - 1, "first_ms": 1000 * (stamps[1] - stamps[0])}
        | {f"{name}_ms": 1000 * value for name, value in phases.items()}
        | {"total_ms": 1000 * sum(phases.values())}
    )


def load(path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = FPS
    bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)


def armature() -> Any:
    return next(item for item in bpy.data.objects if item.type == "ARMATURE")


def normalise(num_frames: int) -> None:
    """The subject's largest side over all frames becomes 1, its centre the origin."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, num_frames
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for frame in range(1, num_frames + 1):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        for item in bpy.data.objects:
            if item.type != "MESH":
                continue
            shown = item.evaluated_get(graph)
            corners = np.array([shown.matrix_world @ Vector(corner) for corner in shown.bound_box])
            low, high = np.minimum(low, corners.min(axis=0)), np.maximum(high, corners.max(axis=0))
    empty = bpy.data.objects.new("centre", None)
    scene.collection.objects.link(empty)
    for item in bpy.data.objects:
        if item.parent is None and item != empty:
            item.parent = empty
    scale = 1 / (high - low).max()
    empty.scale = (scale, scale, scale)
    empty.location = Vector(-(low + high) / 2 * scale)


def set_up(folder: Path, num_frames: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = SAMPLES, True
    scene.cycles.diffuse_bounces = scene.cycles.glossy_bounces = 1
    scene.cycles.transparent_max_bounces = scene.cycles.transmission_bounces = 3
    scene.cycles.filter_width = 0.01
    scene.render.film_transparent = True
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = WIDTH_PX, HEIGHT_PX, 100
    _sky(scene)
    _camera(scene)
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGBA"
    scene.render.filepath = str(folder / "color_")
    layer = scene.view_layers[0]
    layer.use_pass_normal = layer.use_pass_z = True
    scene.use_nodes = True
    nodes, links = scene.node_tree.nodes, scene.node_tree.links
    nodes.clear()
    layers, composite = nodes.new("CompositorNodeRLayers"), nodes.new("CompositorNodeComposite")
    links.new(layers.outputs["Image"], composite.inputs["Image"])
    for name, output in (("normal", "Normal"), ("depth", "Depth")):
        writer = nodes.new("CompositorNodeOutputFile")
        writer.base_path, writer.format.file_format = str(folder), "OPEN_EXR"
        writer.file_slots[0].path = f"{name}_"
        links.new(layers.outputs[output], writer.inputs[0])


def _sky(scene: Any) -> None:
    """A bright sky with a sun and a window, over a darker ground."""
    width, height = SKY_PX
    across, up = np.meshgrid(np.linspace(0, 1, width), np.linspace(-1, 1, height))
    light = 0.35 + 0.5 * np.clip(up, 0, 1)
    light += 60 * np.exp(-(((across - 0.3) / 0.01) ** 2) - ((up - 0.5) / 0.02) ** 2)
    light += 6 * ((np.abs(across - 0.75) < 0.06) & (np.abs(up - 0.3) < 0.2))
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = light[..., None] * (1.0, 0.97, 0.92)
    picture = bpy.data.images.new("sky", width, height, float_buffer=True)
    picture.pixels.foreach_set(pixels.ravel())
    picture.pack()
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    node = world.node_tree.nodes.new("ShaderNodeTexEnvironment")
    node.image = picture
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    world.node_tree.links.new(node.outputs["Color"], background.inputs["Color"])
    scene.world = world


def _camera(scene: Any) -> None:
    data = bpy.data.cameras.new("camera")
    data.lens, data.sensor_width = LENS_MM, SENSOR_MM
    camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(camera)
    camera.location = (0, -RADIUS, 0)
    camera.rotation_euler = (np.pi / 2, 0, 0)
    scene.camera = camera


def keypoints(folder: Path, num_frames: int) -> None:
    """The second pass: bones into the view, one PNG per frame."""
    scene, subject = bpy.context.scene, armature()
    palette = [tuple(int(255 * part) for part in colorsys.hsv_to_rgb(step / 100, 1, 1)) for step in range(100)]
    for frame in range(1, num_frames + 1):
        scene.frame_set(frame)
        picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX))
        draw, places = ImageDraw.Draw(picture), {}
        for bone in subject.pose.bones:
            seen = world_to_camera_view(scene, scene.camera, subject.matrix_world @ bone.head)
            places[bone.name] = (int(seen.x * WIDTH_PX), int((1 - seen.y) * HEIGHT_PX))
        for index, bone in enumerate(subject.pose.bones):
            x, y = places[bone.name]
            if bone.parent is not None:
                draw.line([places[bone.parent.name], (x, y)], fill=palette[index % 100], width=2)
            draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill=palette[index % 100])
        picture.save(folder / f"keypoint_{frame:04d}.png")


def videos(folder: Path) -> None:
    """Everything read again, over white, as five videos; the single files are removed."""
    colours = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.glob("color_*.png"))]
    shares = [picture[..., 3:].astype(np.float64) / 255 for picture in colours]
    normals = [_exr(path)[..., :3] * 0.5 + 0.5 for path in sorted(folder.glob("normal_*.exr"))]
    depths = [_exr(path) for path in sorted(folder.glob("depth_*.exr"))]
    depths = [np.clip(1 - (depth[..., :1] - 1.5) / 2.5, 0, 1).repeat(3, axis=-1) for depth in depths]
    streams = {
        "color": [share * picture[..., :3] / 255 + (1 - share) for share, picture in zip(shares, colours)],
        "mask": [share.repeat(3, axis=-1) for share in shares],
        "normal": [share * picture + (1 - share) for share, picture in zip(shares, normals)],
        "depth": depths,
        "keypoint": [cv2.imread(str(path)) / 255.0 for path in sorted(folder.glob("keypoint_*.png"))],
    }
    for name, frames in streams.items():
        with av.open(str(folder / f"{name}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=FPS)
            stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
            for frame in frames:
                picture = av.VideoFrame.from_ndarray((255 * frame).astype(np.uint8), format="bgr24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
    for path in (*folder.glob("*.png"), *folder.glob("*.exr")):
        path.unlink()


def _exr(path: Path) -> Any:
    """Blender's own reader: cv2 does not know channels that are called X, Y and Z."""
    picture = bpy.data.images.load(str(path))
    pixels = np.empty(WIDTH_PX * HEIGHT_PX * 4, np.float32)
    picture.pixels.foreach_get(pixels)
    bpy.data.images.remove(picture)
    return pixels.reshape(HEIGHT_PX, WIDTH_PX, 4)[::-1]


if __name__ == "__main__":
    main()
