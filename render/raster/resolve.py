"""Fragments to pixels: samples averaged, layers over each other, encoded."""

from __future__ import annotations

from render.raster.groups import Fragments
from render.raster.locate import NORMAL
from render.raster.pack import ENCODE_STEPS
from render.raster.visibility import NUM_SAMPLES
from rigmill.compiled import compiled
from rigmill.types import Bytes, Floats, Ints


@compiled("void(Fragments, float32[:, ::1], float32[:, ::1], float32[:, ::1])")
def lay_over(fragments: Fragments, shaded: Floats, passing: Floats, light: Floats) -> None:
    """Add fragments behind what `light` (P, 4) has: `passing` (P, 4) is what each sample still lets through."""
    pixels, masks = fragments.pixels, fragments.masks
    for index in range(shaded.shape[0]):
        pixel, mask, alpha = pixels[index], masks[index], shaded[index, 3]
        weight = 0.0
        for sample in range(NUM_SAMPLES):
            if (mask >> sample) & 1:
                weight += passing[pixel, sample]
                passing[pixel, sample] *= 1 - alpha
        weight *= alpha / NUM_SAMPLES
        for channel in range(3):
            light[pixel, channel] += weight * shaded[index, channel]
        light[pixel, 3] += weight


@compiled("void(Fragments, float32[:, ::1], float32[:, ::1])")
def lay(fragments: Fragments, shaded: Floats, light: Floats) -> None:
    """Add fragments that lie side by side."""
    pixels, masks = fragments.pixels, fragments.masks
    for index in range(shaded.shape[0]):
        pixel, mask = pixels[index], masks[index]
        weight = ((mask & 1) + ((mask >> 1) & 1) + ((mask >> 2) & 1) + (mask >> 3)) / NUM_SAMPLES
        for channel in range(3):
            light[pixel, channel] += weight * shaded[index, channel]
        light[pixel, 3] += weight


@compiled("void(float32[:, ::1], uint8[::1], uint8[:, ::1])")
def finish(light: Floats, encoded: Bytes, picture: Bytes) -> None:
    """Straight-alpha bytes (P, 4) of premultiplied linear light."""
    for pixel in range(light.shape[0]):
        alpha = light[pixel, 3]
        if not alpha > 0:
            for channel in range(4):
                picture[pixel, channel] = 0
            continue
        for channel in range(3):
            value = light[pixel, channel] / alpha
            if not value > 0:
                value = 0.0
            picture[pixel, channel] = encoded[int(min(value, 1.0) * ENCODE_STEPS + 0.5)]
        picture[pixel, 3] = int(min(alpha, 1.0) * 255 + 0.5)


@compiled("void(int32[::1], float32[:, ::1], float32[:, :, ::1], float32[::1], float32[:, ::1])")
def note_extras(pixels: Ints, found: Floats, near: Floats, depth: Floats, normals: Floats) -> None:
    """Depth (P,) of the nearest sample, and the normal (P, 3) of each pixel's first fragment."""
    width = near.shape[2]
    for index in range(found.shape[0]):
        pixel = pixels[index]
        if index > 0 and pixels[index - 1] == pixel:
            continue
        row, column = pixel // width, pixel % width
        most = max(max(near[0, row, column], near[1, row, column]), max(near[2, row, column], near[3, row, column]))
        depth[pixel] = 1.0 / most
        for axis in range(3):
            normals[pixel, axis] = found[index, NORMAL + axis]
