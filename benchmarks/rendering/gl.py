"""The rasteriser's surface drawn by OpenGL through EGL, to compare what the two cost; runs in a Blender child.

All views go into one atlas with four samples per pixel (2 x 2, averaged on the processor), with textures, normal maps
and the same direct light, but without hidden sky, shadows of one part on another and sorted see-through layers, and
with one place in the pictures per corner. On a machine without a GPU Mesa draws (llvmpipe). Needs moderngl, which the
project itself does not.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.rendering.child import played
from render.blender.engines.raster import loaded_drawing
from render.blender.engines.scene import LIGHT
from render.numbers import framing_cameras
from render.raster.types import Light, Look, Picture, Shape, Surface, Texture
from rigmill.blender.requests import ClipItem
from rigmill.clips.likeness import silhouette_iou, subject_ssim
from rigmill.types import Bytes, Camera, Floats

try:  # before the child closes its files
    import moderngl
    from glcontext import egl  # noqa: F401
except ImportError:
    moderngl = None

FINER = 2
NEAR, FAR = 0.05, 50.0
VERTEX = """
#version 330
uniform mat4 to_clip;
in vec3 place; in vec3 normal; in vec2 uv; in vec4 colour;
out vec3 world; out vec3 up; out vec2 spot; out vec4 tint;
void main() { world = place; up = normal; spot = uv; tint = colour; gl_Position = to_clip * vec4(place, 1.0); }
"""
FRAGMENT = """
#version 330
uniform sampler2D base_map, surface_map, normal_map, glow_map;
uniform vec4 has; uniform vec4 base; uniform vec4 numbers; uniform vec3 glow; uniform vec2 alpha; uniform bool unlit;
uniform float bump; uniform vec3 eye, ambient; uniform vec3 towards[4]; uniform float strength[4]; uniform int suns;
in vec3 world; in vec3 up; in vec2 spot; in vec4 tint;
out vec4 seen;
vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 encoded(vec3 c) { return mix(c * 12.92, 1.055 * pow(max(c, 0.0), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c)); }
void main() {
    vec4 own = base * tint;
    if (has.x > 0.5) { vec4 t = texture(base_map, spot); own *= vec4(linear(t.rgb), t.a); }
    float share = alpha.x < 0.5 ? 1.0 : own.a;
    if (alpha.x > 0.5 && alpha.x < 1.5) { if (own.a < alpha.y) discard; share = 1.0; }
    vec3 light = own.rgb;
    if (!unlit) {
        float rough = numbers.x, metal = numbers.y;
        if (has.y > 0.5) { vec4 t = texture(surface_map, spot); rough *= t.g; metal *= t.b; }
        vec3 view = normalize(eye - world), n = normalize(up);
        if (has.z > 0.5) {
            vec3 t = texture(normal_map, spot).xyz * 2.0 - 1.0; t.xy *= bump;
            vec3 px = dFdx(world), py = dFdy(world); vec2 ux = dFdx(spot), uy = dFdy(spot);
            vec3 along = cross(py, n) * ux.x + cross(n, px) * uy.x, across = cross(py, n) * ux.y + cross(n, px) * uy.y;
            float most = inversesqrt(max(max(dot(along, along), dot(across, across)), 1e-20));
            n = normalize(along * most * t.x + across * most * t.y + n * t.z);
        }
        if (dot(n, view) < 0.0) n = -n;
        float nv = max(dot(n, view), 1e-3), a = max(rough * rough, 0.02), a2 = a * a;
        vec3 f0 = mix(vec3(0.08 * numbers.z), own.rgb, metal), diffuse = own.rgb * (1.0 - metal);
        vec4 r = rough * vec4(-1, -0.0275, -0.572, 0.022) + vec4(1, 0.0425, 1.04, -0.04);
        float a004 = min(r.x * r.x, exp2(-9.28 * nv)) * r.x + r.y;
        vec2 ab = vec2(-1.04, 1.04) * a004 + r.zw;
        light = ambient * (diffuse + f0 * ab.x + ab.y);
        for (int i = 0; i < suns; i++) {
            float nl = max(dot(n, towards[i]), 0.0);
            vec3 h = normalize(towards[i] + view); float nh = max(dot(n, h), 0.0);
            float d = a2 / (3.14159 * pow(nh * nh * (a2 - 1.0) + 1.0, 2.0));
            float g = 0.5 / (nl * sqrt(nv * nv * (1.0 - a2) + a2) + nv * sqrt(nl * nl * (1.0 - a2) + a2) + 1e-5);
            vec3 f = f0 + (1.0 - f0) * pow(1.0 - max(dot(h, view), 0.0), 5.0);
            light += strength[i] * nl * (diffuse / 3.14159 + f * d * g);
        }
    }
    vec3 shine = glow; if (has.w > 0.5) shine *= linear(texture(glow_map, spot).rgb);
    seen = vec4(encoded(clamp(light + shine, 0.0, 1.0)) * share, share);
}
"""


class GlRasteriser:
    """Draws as render.raster.rasteriser.Rasteriser does, by OpenGL."""

    def __init__(self, surface: Surface, looks: Sequence[Look], light: Light) -> None:
        self.context = moderngl.create_context(standalone=True, backend="egl", require=330)
        self.context.enable(moderngl.DEPTH_TEST | moderngl.BLEND)
        self.context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        self.program = self.context.program(vertex_shader=VERTEX, fragment_shader=FRAGMENT)
        self.looks, self.atlas = looks, None
        order = np.argsort(surface.look, kind="stable")  # one call per look
        self.starts = np.searchsorted(surface.look[order], np.arange(len(looks) + 1))
        pairs = np.stack(
            [surface.triangles[order].ravel(), surface.corners[order].ravel(), np.repeat(surface.look[order], 3)],
            axis=1,
        )
        unique, places = np.unique(pairs, axis=0, return_inverse=True)
        self.vertex, self.corner = unique[:, 0].copy(), unique[:, 1].copy()
        self.moving = self.context.buffer(reserve=24 * len(unique), dynamic=True)
        still = np.concatenate([self._spots(surface, unique), self._tints(surface, unique)], axis=1).astype("f4")
        self.array = self.context.vertex_array(
            self.program,
            [
                (self.moving, "3f 3f", "place", "normal"),
                (self.context.buffer(still.tobytes()), "2f 4f", "uv", "colour"),
            ],
            self.context.buffer(places.reshape(-1).astype("i4").tobytes()),
        )
        self.textures = [
            [
                self._texture(texture)
                for texture in (look.base_texture, look.surface_texture, look.normal_texture, look.emission_texture)
            ]
            for look in looks
        ]
        self._set("ambient", light.ambient)
        self._set("suns", len(light.suns))
        towards, strength = np.zeros((4, 3)), np.zeros(4)
        for index, sun in enumerate(light.suns):
            towards[index] = np.array(sun.towards) / np.linalg.norm(sun.towards)
            strength[index] = sun.strength
        self.program["towards"].write(towards.astype("f4").tobytes())
        self.program["strength"].write(strength.astype("f4").tobytes())
        for unit, name in enumerate(("base_map", "surface_map", "normal_map", "glow_map")):
            self._set(name, unit)

    def _spots(self, surface: Surface, unique: Any) -> Floats:
        """The base texture's place of each vertex (U, 2)."""
        spots = np.zeros((len(unique), 2))
        for index, look in enumerate(self.looks):
            textures = (look.base_texture, look.normal_texture, look.surface_texture, look.emission_texture)
            texture = next((each for each in textures if each), None)
            own = unique[:, 2] == index
            if texture is not None and own.any():
                flat = surface.uvs[texture.uv][unique[own, 1]]
                spots[own] = np.c_[flat, np.ones(len(flat))] @ np.array(texture.transform).T
        return spots

    def _tints(self, surface: Surface, unique: Any) -> Floats:
        coloured = np.array([look.vertex_colours for look in self.looks])[unique[:, 2]]
        return np.where(coloured[:, None], surface.colours[unique[:, 1]], 1.0)

    def _texture(self, texture: Texture | None) -> Any:
        if texture is None:
            return None
        height, width = texture.pixels.shape[:2]
        made = self.context.texture((width, height), 4, np.ascontiguousarray(texture.pixels).tobytes())
        made.filter = (moderngl.NEAREST,) * 2 if texture.nearest else (moderngl.LINEAR,) * 2
        made.repeat_x = made.repeat_y = texture.wrap in ("repeat", "mirror")
        return made

    def _set(self, name: str, value: Any) -> None:
        if name in self.program:  # what the shader does not use is gone
            self.program[name].value = value

    def draw(self, shape: Shape, cameras: Sequence[Camera]) -> list[Picture]:
        """A picture per camera, of the part that shows anything."""
        moved = np.concatenate([shape.vertices[self.vertex], shape.normals[self.corner]], axis=1)
        self.moving.write(moved.astype("f4").tobytes())
        parts = [_part(camera, shape.vertices) for camera in cameras]
        size = sum(part[2] for part in parts), max(part[3] for part in parts)
        if self.atlas is None or self.atlas.size[0] < FINER * size[0] or self.atlas.size[1] < FINER * size[1]:
            wanted = (FINER * (size[0] + 64), FINER * (size[1] + 32))
            self.atlas = self.context.framebuffer(
                self.context.texture(wanted, 4), self.context.depth_renderbuffer(wanted)
            )
        self.atlas.use()
        self.context.clear(0, 0, 0, 0, viewport=(0, 0, FINER * size[0], FINER * size[1]))
        left = 0
        for camera, (x, y, width, height) in zip(cameras, parts):
            self.context.viewport = (FINER * left, 0, FINER * width, FINER * height)
            self.program["to_clip"].write(_to_clip(camera, x, y, width, height).T.astype("f4").tobytes())
            self._set("eye", tuple(camera.position))
            self._draw_looks()
            left += width
        data = self.atlas.read((0, 0, FINER * size[0], FINER * size[1]), components=4)
        fine = np.frombuffer(data, np.uint8).reshape(FINER * size[1], FINER * size[0], 4)
        whole = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
        pictures, left = [], 0
        for x, y, width, height in parts:
            pictures.append(Picture(x, y, _straight(whole[:height, left : left + width])))
            left += width
        return pictures

    def _draw_looks(self) -> None:
        for index, look in enumerate(self.looks):
            count = int(self.starts[index + 1] - self.starts[index])
            if not count:
                continue
            for unit, texture in enumerate(self.textures[index]):
                if texture is not None:
                    texture.use(unit)
            self._set("has", tuple(float(texture is not None) for texture in self.textures[index]))
            self._set("base", (*look.base, look.alpha))
            self._set("numbers", (look.roughness, look.metallic, look.specular, 0.0))
            self._set("alpha", (float(("opaque", "clip", "blend").index(look.alpha_mode)), look.cutoff))
            self._set("glow", look.emission)
            self._set("unlit", look.unlit)
            self._set("bump", look.normal_strength)
            self.array.render(moderngl.TRIANGLES, vertices=3 * count, first=3 * int(self.starts[index]))


def _part(camera: Camera, vertices: Floats) -> tuple[int, int, int, int]:
    """Left, top, width and height of what shows the vertices."""
    seen = vertices @ camera.world_to_view[:3, :3].T + camera.world_to_view[:3, 3]
    k = camera.intrinsics
    pixels = seen[:, :2] / seen[:, 2:] * (k[0, 0], k[1, 1]) + k[:2, 2]
    size = np.array([camera.width_px, camera.height_px])
    low, high = (np.clip(end, 0, size).astype(int) for end in (np.floor(pixels.min(0)), np.ceil(pixels.max(0))))
    return int(low[0]), int(low[1]), max(int(high[0] - low[0]), 1), max(int(high[1] - low[1]), 1)


def _to_clip(camera: Camera, left: int, top: int, width: int, height: int) -> Floats:
    """World to clip space of a part of the view; rows count downwards, as pictures are stored."""
    k = camera.intrinsics
    lens = np.array(
        [
            [2 * k[0, 0] / width, 0, 2 * (k[0, 2] - left) / width - 1, 0],
            [0, 2 * k[1, 1] / height, 2 * (k[1, 2] - top) / height - 1, 0],
            [0, 0, (FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)],
            [0, 0, 1, 0],
        ]
    )
    return np.asarray(lens @ camera.world_to_view)


def _straight(picture: Bytes) -> Bytes:
    """Alpha no longer multiplied in."""
    out = picture.copy()
    edge = (picture[..., 3] > 0) & (picture[..., 3] < 255)
    out[edge, :3] = np.clip(picture[edge, :3] * (255.0 / picture[edge, 3:]), 0, 255)
    return out


def compare(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """CPU milliseconds per view-frame of both, in turns over the clip's frames, and how alike their pictures are."""
    if moderngl is None:
        return {"missing": "not run: moderngl is not installed (pip install moderngl)"}
    clip = ClipItem.from_item(item)
    player, numbers = played(clip, state)
    player.subject.normalise(numbers.offset, numbers.scale)
    cameras = framing_cameras(numbers, clip.render)
    drawing = loaded_drawing(player.subject, state)
    other = GlRasteriser(drawing.surface, drawing.appearance.looks, LIGHT)
    player.start(numbers.scale)
    spent: dict[str, list[float]] = {"raster": [], "gl": []}
    alike: list[tuple[float, float]] = []
    for frame in range(clip.num_frames):
        player.show(frame)
        shape = drawing.geometry.read()
        drawn = {}
        for name, engine in (("raster", drawing.rasteriser), ("gl", other)):
            started = time.process_time()
            drawn[name] = engine.draw(shape, cameras)
            spent[name].append(time.process_time() - started)
        wholes = [
            [picture.whole(camera.width_px, camera.height_px) for picture, camera in zip(pictures, cameras)]
            for pictures in drawn.values()
        ]
        if frame == clip.num_frames // 2:
            alike = [(silhouette_iou(*pair), subject_ssim(*pair)) for pair in zip(*wholes)]
    return {name: 1000 * float(np.median(values[2:])) / len(cameras) for name, values in spent.items()} | {
        "iou": min(pair[0] for pair in alike),
        "ssim": float(np.mean([pair[1] for pair in alike])),
        "renderer": other.context.info["GL_RENDERER"],
    }
