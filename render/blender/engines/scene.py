"""Light, engine and cameras of the scene that a clip is rendered in."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from render.light import LIGHT
from rigmill.blender.render_settings import ViewSettings
from rigmill.clips.camera import project
from rigmill.types import Camera, Floats

SENSOR_MM = 36.0
BORDER_MARGIN_PX = 4
_MOST_FOR_ALL, _DONE = 16, 0.03  # samples that all pixels get; noise at which a pixel gets no more


def set_up(view: ViewSettings) -> None:
    """Engine, light and output format for these settings."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = view.width_px, view.height_px
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
    scene.render.film_transparent = True
    scene.render.use_compositing = scene.render.use_sequencer = False
    scene.render.use_motion_blur = False
    scene.render.use_persistent_data = True  # textures and the scene's tree survive from picture to picture
    scene.render.threads_mode, scene.render.threads = "FIXED", 1  # one worker per core; the same sums everywhere
    scene.render.use_border = scene.render.use_crop_to_border = True
    scene.view_settings.view_transform = "Standard"  # AgX, the default, washes colours out
    scene.view_settings.look = "None"
    scene.view_settings.exposure, scene.view_settings.gamma = 0.0, 1.0
    output = scene.render.image_settings
    output.file_format, output.color_mode = "TARGA_RAW", "RGBA"
    scene.render.dither_intensity = 0.0
    scene.render.use_stamp = False
    {"cycles": _set_up_cycles, "eevee": _set_up_eevee, "workbench": _set_up_workbench}[view.engine](scene, view)
    _light(scene)


def _set_up_cycles(scene: Any, view: ViewSettings) -> None:
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = view.samples
    # Cycles looks for pixels that are done from 16 samples on: with few it finds none.
    cycles.use_adaptive_sampling = view.max_samples is not None and view.samples > _MOST_FOR_ALL
    if cycles.use_adaptive_sampling:
        cycles.adaptive_threshold, cycles.adaptive_min_samples = _DONE, _MOST_FOR_ALL
    cycles.seed, cycles.use_animated_seed = 0, False
    cycles.use_light_tree = False  # three lights: choosing among them costs more than it saves
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 1, 1
    cycles.transmission_bounces = 2
    cycles.transparent_max_bounces = 64  # what lies behind the last one is black and opaque: hair has dozens of layers
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.use_denoising = view.denoise
    if view.denoise:
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        # The defaults cost ten times more and are hardly better at this size.
        cycles.denoising_prefilter, cycles.denoising_quality = "NONE", "FAST"
        cycles.denoising_use_gpu = False


def _set_up_eevee(scene: Any, view: ViewSettings) -> None:
    scene.render.engine = "BLENDER_EEVEE_NEXT"
    scene.eevee.taa_render_samples = view.samples
    scene.eevee.use_raytracing = False  # the scene has nothing to mirror but the even world
    scene.eevee.use_shadows = True


def _set_up_workbench(scene: Any, _view: ViewSettings) -> None:
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.render_aa = "FXAA"
    shading = scene.display.shading
    shading.light, shading.color_type = "STUDIO", "TEXTURE"
    shading.show_backface_culling = shading.show_cavity = shading.show_shadows = False


def _light(scene: Any) -> None:
    if scene.world is not None and scene.world.name == "studio":
        return
    world = bpy.data.worlds.new("studio")
    world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*LIGHT.ambient, 1.0)
    background.inputs["Strength"].default_value = 1.0
    scene.world = world
    for index, sun in enumerate(LIGHT.suns):
        light = bpy.data.lights.new(f"sun {index}", "SUN")
        light.energy, light.angle = sun.strength, math.radians(sun.angle_deg)
        item = bpy.data.objects.new(f"sun {index}", light)
        direction = np.array(sun.towards) / np.linalg.norm(sun.towards)
        item.matrix_world = Matrix(_looking_along(-direction).tolist()).to_4x4()
        scene.collection.objects.link(item)


def _looking_along(forward: Floats) -> Floats:
    """A rotation whose -z axis is `forward`, (3, 3)."""
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, forward), -forward], axis=1)


def add_camera(camera: Camera, name: str) -> Any:
    """A Blender camera that projects as `camera` does."""
    data = bpy.data.cameras.new(name)
    blender_camera = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(blender_camera)
    longer = max(camera.width_px, camera.height_px)
    data.type, data.sensor_fit, data.sensor_width = "PERSP", "AUTO", SENSOR_MM
    data.lens = float(camera.intrinsics[0, 0]) * SENSOR_MM / longer
    data.shift_x = -float(camera.intrinsics[0, 2] - camera.width_px / 2) / longer
    data.shift_y = float(camera.intrinsics[1, 2] - camera.height_px / 2) / longer
    data.clip_start, data.clip_end = 0.01, 1000.0
    view_to_world = np.linalg.inv(camera.world_to_view)
    # OpenCV looks along +z with y down, Blender along -z with y up.
    blender_camera.matrix_world = Matrix((view_to_world @ np.diag([1.0, -1.0, -1.0, 1.0])).tolist())
    return blender_camera


def remove_camera(blender_camera: Any) -> None:
    """Take the camera and its data out of the file that is open, so that cameras do not pile up over clips."""
    data = blender_camera.data
    bpy.data.objects.remove(blender_camera, do_unlink=True)
    bpy.data.cameras.remove(data)


def set_border(camera: Camera, bounds: Floats) -> tuple[int, int]:
    """Render only where `bounds` (2, 3) appear; returns the left and top pixel of what will be rendered."""
    corners = np.array([[bounds[i, 0], bounds[j, 1], bounds[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    pixels, depth = project(camera, corners)
    size = np.array([camera.width_px, camera.height_px])
    low = np.floor(pixels.min(axis=0)) - BORDER_MARGIN_PX
    high = np.ceil(pixels.max(axis=0)) + BORDER_MARGIN_PX
    if depth.min() <= 0:
        low, high = np.zeros(2), size.astype(float)
    low = np.clip(low, 0, size - 1)
    high = np.clip(high, low + 1, size)
    render = bpy.context.scene.render
    # Blender counts from below and cuts fractions of a pixel off: a quarter of one more, and none is lost to rounding.
    left, right = (low[0] + 0.25) / size[0], (high[0] + 0.25) / size[0]
    below, above = (size[1] - high[1] + 0.25) / size[1], (size[1] - low[1] + 0.25) / size[1]
    render.border_min_x, render.border_max_x = float(left), min(float(right), 1.0)
    render.border_min_y, render.border_max_y = float(below), min(float(above), 1.0)
    return int(low[0]), int(low[1])
