"""What the parts of this benchmark ask of Blender children, by the dotted names of these functions."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import bmesh
import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view

from benchmarks.rendering.fronts import fronts_only
from render import outputs
from render.blender.engines.choose import open_engine
from render.blender.engines.geometry import Geometry
from render.blender.engines.raster import shells_of
from render.blender.engines.scene import add_camera, set_border, set_up
from render.blender.jobs import render
from render.blender.subject.load import load_asset
from render.blender.subject.player import Player, loaded_subject, make_player, measure
from render.numbers import ClipNumbers, build_geometry, framing_cameras
from render.outputs import ClipWriter
from render.raster.rasteriser import Rasteriser
from rigmill.blender.render_settings import RenderSettings
from rigmill.blender.requests import ClipItem
from rigmill.types import Camera


def nothing(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """For a server that has to start."""
    return {}


def settings_of_scene(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Every number and name that the scene set up for `render` has: what a picture by Cycles depends on."""
    set_up(RenderSettings.from_json(item["render"]))
    scene, world = bpy.context.scene, bpy.context.scene.world
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    lights = sorted((light for light in bpy.data.objects if light.type == "LIGHT"), key=lambda light: light.name)
    return {
        "blender": bpy.app.version_string,
        "cycles": _values(scene.cycles),
        "view": _values(scene.view_settings),
        "world": [
            round(value * background.inputs["Strength"].default_value, 6)
            for value in background.inputs["Color"].default_value[:3]
        ],
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

    Apart from loading and framing this is not the engine that is measured, so that a fault in that one shows; what
    is seen from the front alone is decided in fronts.py.
    """
    clip = ClipItem.from_item(item)
    player, numbers = played(clip, state)
    camera = framing_cameras(numbers, clip.render)[item["view"]]
    shell_names = shells_of(player.subject, state)
    player.subject.normalise(numbers.offset, numbers.scale)
    set_up(clip.render)
    scene = bpy.context.scene
    scene.render.use_crop_to_border, scene.render.image_settings.file_format = False, "PNG"
    scene.cycles.seed = item["seed"]
    player.start(numbers.scale)
    player.show(item["frame"])
    scene.camera = add_camera(camera, "view")
    set_border(camera, numbers.frame_bounds[item["frame"]])
    name = f"reference.{item['view']}.png"  # the next item may be drawn before this one is fetched
    scene.render.filepath = str(scratch / name)
    eye = np.linalg.inv(camera.world_to_view)[:3, 3]
    with fronts_only(player.subject.meshes, eye, shell_names):
        bpy.ops.render.render(write_still=True)
    return {"picture": name, "camera": camera_row(camera), "frame": item["frame"]}


def geometry_of_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """In scratch: geometry.npz as the stage would store it."""
    clip = ClipItem.from_item(item)
    _, numbers = played(clip, state)
    ring = framing_cameras(numbers, clip.render)
    (scratch / "geometry.npz").write_bytes(build_geometry(numbers, ring, clip.render).to_bytes())
    return {}


def joints_in_view(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """In scratch: geometry.npz as stored, and seen.npy (V, F, J, 2), where Blender sees the joints' heads.

    Blender poses, normalises and projects; of ours are the cameras alone.
    """
    clip = ClipItem.from_item(item)
    player, numbers = played(clip, state)
    ring = framing_cameras(numbers, clip.render)
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
    width, height = clip.render.width_px, clip.render.height_px
    np.save(scratch / "seen.npy", np.stack([share[..., 0] * width, (1 - share[..., 1]) * height], axis=-1))
    return {"height": float(np.ptp(numbers.clip_bounds[:, 2]))}


def _head(name: str, bone: str) -> Any:
    """Where the joint is in the world: a bone's head or an object's origin."""
    item = bpy.data.objects[name]
    return item.matrix_world @ item.pose.bones[bone].head if bone else item.matrix_world.translation


def pictures_of_frame(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """In scratch: pictures.npy, uint8 RGBA (V, H, W, 4) of frame `frame` by the engine of `render`; and the cameras."""
    clip = ClipItem.from_item(item)
    player, numbers = played(clip, state)
    cameras = framing_cameras(numbers, clip.render)
    player.subject.normalise(numbers.offset, numbers.scale)
    choice = open_engine(player.subject, cameras=cameras, view=clip.render, extras=False, state=state, folder=scratch)
    player.start(numbers.scale)
    player.show(item["frame"])
    started = time.process_time()
    pictures = choice.engine.shoot(numbers.frame_bounds[item["frame"]])
    cpu_s = time.process_time() - started
    np.save(
        scratch / "pictures.npy",
        np.stack([picture.whole(camera.width_px, camera.height_px) for picture, camera in zip(pictures, cameras)]),
    )
    return {
        "cameras": [camera_row(camera) for camera in cameras],
        "reason": choice.reason,
        "samples": choice.samples,
        "cpu_s": cpu_s,
    }


def timed_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """What the stage asks of its child, and in scratch / phases.json the CPU seconds of each part of it."""
    spent: dict[str, float] = {}
    running: list[str] = []
    stamp = time.process_time()

    def turn() -> None:
        nonlocal stamp
        now = time.process_time()
        name = running[-1] if running else "other"
        spent[name] = spent.get(name, 0.0) + now - stamp
        stamp = now

    def timed(work: Callable[..., Any], name: str) -> Callable[..., Any]:
        def inner(*of: Any, **named: Any) -> Any:
            turn()
            running.append(name)
            try:
                return work(*of, **named)
            finally:
                turn()
                running.pop()

        return inner

    def opened(*of: Any, **named: Any) -> Any:
        choice = timed(open_engine, "engine set-up")(*of, **named)
        return replace(choice, engine=_Timed(choice.engine, timed(choice.engine.shoot, "pictures")))

    for owner, attribute, name in (
        (render, "loaded_subject", "load"),
        (render, "measure", "measure joints and bounds"),
        (Player, "show", "pose"),
        (ClipWriter, "add", "rgb videos"),
        (ClipWriter, "finish", "rgb videos"),
        (outputs, "pose_video", "pose maps and videos"),
        (render, "verify", "read back"),
        (ClipWriter, "add_templates", "templates"),
        (Geometry, "read", "read what Blender evaluated"),
        (Rasteriser, "draw", "pictures"),
    ):
        setattr(owner, attribute, timed(getattr(owner, attribute), name))  # the child ends with this clip
    render.open_engine = opened
    answer = render.render_clip(item, state, scratch)
    turn()
    (scratch / "phases.json").write_text(json.dumps(spent))
    return answer


def weighed_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """What the stage asks of its child, and in scratch / peak_mb the most memory that this child has had."""
    try:
        return render.render_clip(item, state, scratch)
    finally:
        (scratch / "peak_mb").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000))


@dataclass
class _Timed:
    """An engine whose `shoot` is another function."""

    engine: Any
    shoot: Callable[..., Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


def split(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The file with at least `triangles` triangles, as split.glb in scratch: all edges halved, then the longest."""
    load_asset(Path(item["path"]), item["format"], item["fps"])
    meshes = sorted({obj.data for obj in bpy.data.objects if obj.type == "MESH"}, key=lambda mesh: mesh.name)
    solids = [bmesh.new() for _ in meshes]
    for solid, mesh in zip(solids, meshes):
        solid.from_mesh(mesh)
        bmesh.ops.subdivide_edges(solid, edges=solid.edges[:], cuts=1, use_grid_fill=True)
    missing = item["triangles"] - sum(len(solid.faces) for solid in solids)
    if missing > 0:
        lengths = np.sort([edge.calc_length() for solid in solids for edge in solid.edges])[::-1]
        shortest = lengths[missing // 2]  # an edge that is cut gives two triangles
        for solid in solids:
            edges = [edge for edge in solid.edges if edge.calc_length() > shortest]
            bmesh.ops.subdivide_edges(solid, edges=edges, cuts=1)
    for solid, mesh in zip(solids, meshes):
        bmesh.ops.triangulate(solid, faces=solid.faces[:])
        solid.to_mesh(mesh)
    tempfile.tempdir = str(scratch)
    bpy.ops.export_scene.gltf(filepath=str(scratch / "split.glb"), export_format="GLB")
    return {"triangles": sum(len(mesh.polygons) for mesh in meshes)}


def played(clip: ClipItem, state: dict[str, Any]) -> tuple[Player, ClipNumbers]:
    """The clip's player and numbers, measured once per child."""
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    if "numbers" not in state:
        state["numbers"] = measure(player)
    return player, state["numbers"]


def camera_row(camera: Camera) -> dict[str, Any]:
    """The camera as JSON."""
    return {name: np.asarray(value).tolist() for name, value in asdict(camera).items()}
