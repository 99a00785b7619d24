"""What Cycles says a material's sockets are worth on a plane, beside what its Look says. Runs inside Blender."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np

SIDE_PX = 64
LOW, HIGH = -0.3471, 1.4513  # of u and v across the plane: pictures repeat


def plane(material: Any, uv_layers: list[str], colour_layers: list[str]) -> Any:
    """A unit square that shows `material`, all its UV layers running from LOW to HIGH and its colours from corner to
    corner."""
    data = bpy.data.meshes.new("plane")
    data.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [], [(0, 1, 2, 3)])
    data.materials.append(material)
    for name in uv_layers or ["UVMap"]:
        layer = data.uv_layers.new(name=name)
        for loop, (u, v) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)]):
            layer.uv[loop].vector = (LOW + (HIGH - LOW) * u, LOW + (HIGH - LOW) * v)
    for name in colour_layers:
        data.color_attributes.new(name, "FLOAT_COLOR", "CORNER")
    for layer in data.color_attributes:
        for loop in range(4):
            layer.data[loop].color = (0.2 + 0.2 * loop, 0.9 - 0.2 * loop, 0.5, 0.25 + 0.2 * loop)
    item = bpy.data.objects.new("plane", data)
    bpy.context.scene.collection.objects.link(item)
    return item


def set_up(samples: int = 1) -> None:
    """A camera that sees the unit square and nothing else, straight on, each pixel at its centre."""
    scene = bpy.context.scene
    for item in scene.objects:
        item.hide_render = True
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 1.0
    camera.location = (0.5, 0.5, 2)
    scene.collection.objects.link(camera)
    scene.camera = camera
    render = scene.render
    render.engine, render.resolution_x, render.resolution_y = "CYCLES", SIDE_PX, SIDE_PX
    render.resolution_percentage, render.film_transparent, render.filter_size = 100, True, 0.01
    render.image_settings.file_format, render.image_settings.color_depth = "OPEN_EXR", "32"
    render.image_settings.color_mode = "RGBA"
    scene.view_settings.view_transform = "Raw"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.pixel_filter_type = samples, False, "BOX"
    scene.cycles.filter_width = 0.01
    scene.cycles.use_adaptive_sampling = False


def shot(folder: Path) -> Any:
    """The picture (H, W, 4), linear, its first row at the bottom."""
    bpy.context.scene.render.filepath = str(folder / "truth.exr")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(folder / "truth.exr"))
    image.colorspace_settings.name = "Non-Color"
    values = np.array(image.pixels[:], dtype=np.float32).reshape(SIDE_PX, SIDE_PX, 4)
    bpy.data.images.remove(image)
    return values


def socket_shot(material: Any, socket: Any, folder: Path) -> Any:
    """What an input socket is worth over the plane (H, W, 3), as Cycles emits it."""
    tree = material.node_tree
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL" and node.is_active_output)
    before = output.inputs["Surface"].links[0].from_socket
    emission = tree.nodes.new("ShaderNodeEmission")
    extra = [emission]
    if socket.is_linked:
        value = socket.links[0].from_socket
        if socket.type == "VALUE":
            extra.append(_plus_zero(tree, value))
            value = extra[-1].outputs[0]
        tree.links.new(emission.inputs["Color"], value)
        extra += _keep_alpha(tree, before.node, emission)
    else:
        value = socket.default_value
        emission.inputs["Color"].default_value = tuple(value) if hasattr(value, "__len__") else (value,) * 3 + (1,)
    tree.links.new(output.inputs["Surface"], emission.outputs[0])
    found = shot(folder)[..., :3]
    tree.links.new(output.inputs["Surface"], before)
    for node in extra:
        tree.nodes.remove(node)
    return found


def _plus_zero(tree: Any, value: Any) -> Any:
    """A node through which a colour becomes a number, as at the socket."""
    node = tree.nodes.new("ShaderNodeMath")
    node.inputs[1].default_value = 0
    tree.links.new(node.inputs[0], value)
    return node


def _keep_alpha(tree: Any, shader: Any, emission: Any) -> list[Any]:
    """Makes the alpha count, by a millionth: Cycles reads a picture otherwise where nothing asks for its alpha."""
    socket = shader.inputs.get("Alpha")
    if socket is None or not socket.is_linked:
        return []
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = "MULTIPLY_ADD"
    node.inputs[1].default_value, node.inputs[2].default_value = 1e-6, 1.0
    tree.links.new(node.inputs[0], socket.links[0].from_socket)
    tree.links.new(emission.inputs["Strength"], node.outputs[0])
    return [node]


def coordinates() -> Any:
    """u and v of every pixel's centre (H, W, 2)."""
    steps = LOW + (HIGH - LOW) * (np.arange(SIDE_PX) + 0.5) / SIDE_PX
    return np.stack(np.meshgrid(steps, steps), axis=-1)


def corner_colours() -> Any:
    """The plane's colours over the pixels (H, W, 4): Cycles interpolates along the two triangles."""
    corners = np.array([[0.2 + 0.2 * loop, 0.9 - 0.2 * loop, 0.5, 0.25 + 0.2 * loop] for loop in range(4)])
    steps = (np.arange(SIDE_PX) + 0.5) / SIDE_PX
    across, up = np.meshgrid(steps, steps)
    across, up = across[..., None], up[..., None]
    lower = corners[0] + across * (corners[1] - corners[0]) + up * (corners[2] - corners[1])
    upper = corners[0] + up * (corners[3] - corners[0]) + across * (corners[2] - corners[3])
    return np.where(across >= up, lower, upper)


def texel(texture: Any, uv: Any) -> Any:
    """A Texture's values (H, W, 4) in 0..1 at `uv` (H, W, 2): written apart from the rasteriser."""
    rows = np.array(texture.transform)
    u, v = np.moveaxis(uv @ rows[:, :2].T + rows[:, 2], -1, 0)
    height, width = texture.pixels.shape[:2]
    pixels = texture.pixels / 255.0

    def index(place: Any, size: int) -> Any:
        place = place.astype(int)
        if texture.wrap == "mirror":
            place = np.mod(place, 2 * size)
            return np.where(place >= size, 2 * size - 1 - place, place)
        return np.clip(place, 0, size - 1) if texture.wrap in ("extend", "clip") else np.mod(place, size)

    if texture.nearest:
        found = pixels[index(np.floor(v * height), height), index(np.floor(u * width), width)]
    else:
        x, y = u * width - 0.5, v * height - 0.5
        left, low = np.floor(x), np.floor(y)
        right, up = (x - left)[..., None], (y - low)[..., None]
        found = sum(
            weight * pixels[index(low + dy, height), index(left + dx, width)]
            for dx, dy, weight in (
                (0, 0, (1 - right) * (1 - up)),
                (1, 0, right * (1 - up)),
                (0, 1, (1 - right) * up),
                (1, 1, right * up),
            )
        )
    if texture.wrap == "clip":
        outside = (u < 0) | (u > 1) | (v < 0) | (v > 1)
        found = np.where(outside[..., None], 0, found)
    return found


def decoded(values: Any) -> Any:
    return np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0.04045) + 0.055) / 1.055) ** 2.4)


def claimed(reading: Any, colour_layers: list[str]) -> dict[str, Any]:
    """What the Look says of the plane: base, alpha, roughness, metallic, emission; each (H, W, 3)."""
    look, uv = reading.look, coordinates()
    base = np.ones((SIDE_PX, SIDE_PX, 3)) * look.base
    alpha = np.full((SIDE_PX, SIDE_PX), look.alpha)
    if look.base_texture is not None:
        values = texel(look.base_texture, uv)
        base, alpha = base * decoded(values[..., :3]), alpha * values[..., 3]
    if reading.colours is not None:
        there = not reading.colours or reading.colours in colour_layers
        base = base * (corner_colours()[..., :3] if there else 0.0)
    if reading.alpha is not None:
        alpha = alpha * corner_colours()[..., 3]
    if look.alpha_mode == "opaque":
        alpha = np.ones_like(alpha)
    if look.alpha_mode == "clip":
        alpha = (alpha >= look.cutoff).astype(float)
    surface = texel(look.surface_texture, uv) if look.surface_texture is not None else np.ones((SIDE_PX, SIDE_PX, 4))
    emission = np.ones((SIDE_PX, SIDE_PX, 3)) * look.emission
    if look.emission_texture is not None:
        emission = emission * decoded(texel(look.emission_texture, uv)[..., :3])
    grey = np.ones(3)
    return {
        "base": base,
        "alpha": alpha[..., None] * grey,
        "roughness": look.roughness * surface[..., 1:2] * grey,
        "metallic": look.metallic * surface[..., 2:3] * grey,
        "emission": emission,
    }


def sockets(material: Any) -> Iterator[tuple[str, Any, float]]:
    """Claims, the sockets that they are about, and by what they are to be multiplied."""
    nodes = material.node_tree.nodes
    shader = next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)
    if shader is not None:
        for claim, name in (
            ("base", "Base Color"),
            ("alpha", "Alpha"),
            ("roughness", "Roughness"),
            ("metallic", "Metallic"),
        ):
            yield claim, shader.inputs[name], 1.0
        yield "emission", shader.inputs["Emission Color"], shader.inputs["Emission Strength"].default_value
        return
    emission = next(node for node in nodes if node.type == "EMISSION")
    yield "base", emission.inputs["Color"], emission.inputs["Strength"].default_value
    mixed = [
        node
        for node in nodes
        if node.type == "MIX_SHADER" and not any(link.from_node.type == "LIGHT_PATH" for link in node.inputs[0].links)
    ]
    if mixed:
        yield "alpha", mixed[0].inputs[0], 1.0


def compare(material: Any, folder: Path, *, uv_layers: list[str], colour_layers: list[str]) -> dict[str, Any]:
    """Per claim: the mean difference, that of the worst hundredth, and how much the truth varies."""
    from render.blender.materials.bake import Baker
    from render.blender.materials.look import read_look
    from render.blender.materials.pictures import Pictures

    baker = Baker(Pictures(), [], (uv_layers or ["UVMap"])[0], lambda _: np.array([[LOW] * 2, [HIGH] * 2]))
    reading = read_look(material, baker)
    if isinstance(reading, str):
        return {"reason": reading}
    item = plane(material, uv_layers, colour_layers)
    claims = claimed(reading, colour_layers)
    found: dict[str, Any] = {"mode": reading.look.alpha_mode, "unlit": reading.look.unlit}
    for claim, socket, factor in sockets(material):
        if reading.look.alpha_mode == "opaque" and claim == "alpha" and not socket.is_linked:
            continue
        truth = socket_shot(material, socket, folder) * factor
        if claim == "emission" and factor == 0:
            continue
        # Principled takes no negative colour; a computed one is kept up to four times white.
        apart = np.abs(np.clip(truth, 0, 4) - claims[claim]).max(axis=-1)
        found[claim] = [float(apart.mean()), float(np.quantile(apart, 0.99)), float(np.ptp(truth, axis=(0, 1)).max())]
    bpy.data.objects.remove(item)
    return found


def of_file(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The comparison for every material with a picture or colours of a file, and the reasons of the others."""
    from render.blender.subject.joints import visible_meshes
    from render.blender.subject.load import load_asset

    load_asset(Path(item["path"]), item["format"], 16.0)
    meshes = visible_meshes()
    used = {
        slot.material.name: (slot.material, mesh)
        for mesh in meshes
        for slot in mesh.material_slots
        if slot.material is not None
    }
    set_up()
    found = {}
    for name, (material, mesh) in used.items():
        if material.use_nodes and any(node.type in ("TEX_IMAGE", "VERTEX_COLOR") for node in material.node_tree.nodes):
            found[name] = compare(
                material,
                scratch,
                uv_layers=[layer.name for layer in mesh.data.uv_layers],
                colour_layers=[layer.name for layer in mesh.data.color_attributes],
            )
    return found


def reasons_of_file(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The looks of a file in numbers, and why it cannot be shown; nothing of a file that is unreadable."""
    from render.blender.materials.appearance import read_appearance
    from render.blender.subject.joints import visible_meshes
    from render.blender.subject.load import load_asset
    from rigmill.outcomes import Refusal

    try:
        load_asset(Path(item["path"]), item["format"], 16.0)
    except Refusal:
        return {"num_looks": 0, "num_textured": 0, "reasons": []}
    found = read_appearance(visible_meshes())
    return {
        "num_looks": len(found.looks),
        "num_textured": sum(look.base_texture is not None for look in found.looks),
        "modes": sorted({look.alpha_mode for look in found.looks}),
        "reasons": list(found.reasons),
    }


def numbers_of_file(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The numbers of a file's first look, and the reasons that it cannot be shown for."""
    from render.blender.materials.appearance import read_appearance
    from render.blender.subject.joints import visible_meshes
    from render.blender.subject.load import load_asset

    load_asset(Path(item["path"]), item["format"], 16.0)
    found = read_appearance(visible_meshes())
    look = found.looks[0]
    texture = look.base_texture
    return {
        "reasons": list(found.reasons),
        "base": look.base,
        "alpha": look.alpha,
        "mode": look.alpha_mode,
        "cutoff": look.cutoff,
        "specular": look.specular,
        "emission": look.emission,
        "unlit": look.unlit,
        "emits_picture": look.emission_texture is not None,
        "roughness": look.roughness,
        "metallic": look.metallic,
        "wrap": texture.wrap if texture else None,
        "transform": texture.transform if texture else None,
    }
