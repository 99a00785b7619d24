"""What is shaded: for each pixel, one fragment for each surface that its samples see."""

from __future__ import annotations

from render.raster.groups import Fragments, Layer
from render.raster.visibility import NUM_SAMPLES
from rigmill.compiled import compiled, inlined
from rigmill.types import Floats, Ints

SAME_FACING = 0.9  # cosine between two triangles under which they are not shaded as one
SAME_DEPTH = 0.01  # of the depth
NO_PART = -1.0  # as the alpha of a triangle's colour: neither shade nor colour falls from it on others


@compiled("void(float32[:, ::1], int32[:, ::1], float32[:, ::1], float32[:, ::1], float64[::1])")
def face_normals(vertices: Floats, triangles: Ints, colours: Floats, normals: Floats, mean: Floats) -> None:
    """Unit normals (K, 3) by the order of the vertices, 0 where there is none; `mean` (3,): colour over the area.

    Triangles that take no part (NO_PART) have no share in the mean.
    """
    total = 1e-30
    for index in range(triangles.shape[0]):
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        px, py, pz = (
            float(vertices[b, 0]) - vertices[a, 0],
            float(vertices[b, 1]) - vertices[a, 1],
            float(vertices[b, 2]) - vertices[a, 2],
        )
        qx, qy, qz = (
            float(vertices[c, 0]) - vertices[a, 0],
            float(vertices[c, 1]) - vertices[a, 1],
            float(vertices[c, 2]) - vertices[a, 2],
        )
        x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        length = (x * x + y * y + z * z) ** 0.5
        scale = 1.0 / length if length > 0 and length < 1e30 else 0.0
        if scale == 0.0:
            x, y, z = 0.0, 0.0, 0.0
        normals[index, 0], normals[index, 1], normals[index, 2] = x * scale, y * scale, z * scale
        if scale > 0 and colours[index, 3] >= 0:
            total += length
            for channel in range(3):
                mean[channel] += length * colours[index, channel]
    for channel in range(3):
        mean[channel] /= total


@inlined
def is_same_surface(
    normals: Floats, look: Ints, first: int, second: int, near_first: float, near_second: float
) -> bool:
    """Whether two triangles that meet in a pixel may be shaded as one."""
    if first == second:
        return True
    if look[first] != look[second] or abs(near_first - near_second) > SAME_DEPTH * near_first:
        return False
    cosine = (
        normals[first, 0] * normals[second, 0]
        + normals[first, 1] * normals[second, 1]
        + normals[first, 2] * normals[second, 2]
    )
    return bool(cosine > SAME_FACING)


@compiled("int64(Layer, float32[:, ::1], int32[::1], float64[:, ::1], Fragments)")
def gather(layer: Layer, normals: Floats, look: Ints, samples: Floats, fragments: Fragments) -> int:
    """Fill in the fragments of triangles with these face normals (K, 3) and looks (K,), and say how many."""
    near, ids = layer.near, layer.ids
    pixels, triangles, places, masks = fragments.pixels, fragments.triangles, fragments.spots, fragments.masks
    height, width = ids.shape[1], ids.shape[2]
    count = 0
    for row in range(height):
        for column in range(width):
            triangle = ids[0, row, column]
            if triangle == ids[1, row, column] == ids[2, row, column] == ids[3, row, column]:
                if triangle >= 0:
                    pixels[count] = row * width + column
                    triangles[count] = triangle
                    places[count, 0], places[count, 1] = column + 0.5, row + 0.5
                    masks[count] = 15
                    count += 1
                continue
            left = 0
            for sample in range(NUM_SAMPLES):
                if ids[sample, row, column] >= 0:
                    left |= 1 << sample
            while left:
                first = 0
                while not (left >> first) & 1:
                    first += 1
                triangle = ids[first, row, column]
                depth = near[first, row, column]
                mask, num, x, y = 0, 0, 0.0, 0.0
                for sample in range(first, NUM_SAMPLES):
                    if (left >> sample) & 1 and is_same_surface(
                        normals, look, triangle, ids[sample, row, column], depth, near[sample, row, column]
                    ):
                        mask |= 1 << sample
                        num += 1
                        x += samples[sample, 0]
                        y += samples[sample, 1]
                left &= ~mask
                pixels[count] = row * width + column
                triangles[count] = triangle
                places[count, 0], places[count, 1] = column + 0.5 + x / num, row + 0.5 + y / num
                masks[count] = mask
                count += 1
    return count
