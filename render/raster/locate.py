"""Where each fragment is on its triangle and in the world."""

from __future__ import annotations

import math

from render.raster.bump import at
from render.raster.groups import Fragments, Mesh, View
from rigmill.compiled import compiled
from rigmill.types import Floats

# Columns of what is found: weights of the second and third corner (the first has the rest), how these two change with
# a step right and down on the screen (only for the first of several fragments of one triangle in a row), place in the
# world, shading normal and face normal, both turned to the viewer.
WEIGHTS, STEPS, PLACE, NORMAL, FACE, NUM_FOUND = 0, 2, 6, 9, 12, 15


@compiled("void(Fragments, View, Mesh, float32[:, ::1])")
def locate(fragments: Fragments, view: View, mesh: Mesh, found: Floats) -> None:
    """Fill `found` (num, NUM_FOUND) for the first `num` fragments."""
    hit, spots, triangles, corners = fragments.triangles, fragments.spots, mesh.triangles, mesh.corners
    screen, origin, eye = view.screen, view.origin, view.eye
    vertices, normals, faces = view.frame.vertices, view.frame.normals, view.frame.faces
    last = -1
    a, b, c, ca, cb, cc = 0, 0, 0, 0, 0, 0
    ax, ay, az, adx, ady, bdx, bdy, cdx, cdy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    fx, fy, fz = 0.0, 0.0, 0.0
    for index in range(found.shape[0]):
        triangle = hit[index]
        is_new = triangle != last
        if is_new:
            last = triangle
            a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
            ca, cb, cc = corners[triangle, 0], corners[triangle, 1], corners[triangle, 2]
            ax, ay, az = at(screen, a, 0) - origin[0], at(screen, a, 1) - origin[1], at(screen, a, 2)
            bx, by, bz = at(screen, b, 0) - origin[0], at(screen, b, 1) - origin[1], at(screen, b, 2)
            cx, cy, cz = at(screen, c, 0) - origin[0], at(screen, c, 1) - origin[1], at(screen, c, 2)
            scale = 1.0 / ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))
            adx, ady = (by - cy) * scale * az, (cx - bx) * scale * az
            bdx, bdy = (cy - ay) * scale * bz, (ax - cx) * scale * bz
            cdx, cdy = (ay - by) * scale * cz, (bx - ax) * scale * cz
            fx, fy, fz = at(faces, triangle, 0), at(faces, triangle, 1), at(faces, triangle, 2)
        px, py = spots[index, 0] - ax, spots[index, 1] - ay
        wa, wb, wc = max(az + px * adx + py * ady, 0.0), max(px * bdx + py * bdy, 0.0), max(px * cdx + py * cdy, 0.0)
        inverse = 1.0 / (wa + wb + wc)
        wa, wb, wc = wa * inverse, wb * inverse, wc * inverse
        if is_new:
            tdx, tdy = adx + bdx + cdx, ady + bdy + cdy
            found[index, STEPS], found[index, STEPS + 1] = (bdx - wb * tdx) * inverse, (bdy - wb * tdy) * inverse
            found[index, STEPS + 2], found[index, STEPS + 3] = (cdx - wc * tdx) * inverse, (cdy - wc * tdy) * inverse
        wx = wa * vertices[a, 0] + wb * vertices[b, 0] + wc * vertices[c, 0]
        wy = wa * vertices[a, 1] + wb * vertices[b, 1] + wc * vertices[c, 1]
        wz = wa * vertices[a, 2] + wb * vertices[b, 2] + wc * vertices[c, 2]
        vx, vy, vz = eye[0] - wx, eye[1] - wy, eye[2] - wz
        gx, gy, gz = fx, fy, fz
        if gx * vx + gy * vy + gz * vz < 0:
            gx, gy, gz = -gx, -gy, -gz
        nx = wa * normals[ca, 0] + wb * normals[cb, 0] + wc * normals[cc, 0]
        ny = wa * normals[ca, 1] + wb * normals[cb, 1] + wc * normals[cc, 1]
        nz = wa * normals[ca, 2] + wb * normals[cb, 2] + wc * normals[cc, 2]
        square = nx * nx + ny * ny + nz * nz
        if square > 1e-8 and square < 1e8:
            length = 1.0 / math.sqrt(square)
            nx, ny, nz = nx * length, ny * length, nz * length
            if nx * gx + ny * gy + nz * gz < 0:
                nx, ny, nz = -nx, -ny, -nz
        else:
            nx, ny, nz = gx, gy, gz
        found[index, WEIGHTS], found[index, WEIGHTS + 1] = wb, wc
        found[index, PLACE], found[index, PLACE + 1], found[index, PLACE + 2] = wx, wy, wz
        found[index, NORMAL], found[index, NORMAL + 1], found[index, NORMAL + 2] = nx, ny, nz
        found[index, FACE], found[index, FACE + 1], found[index, FACE + 2] = gx, gy, gz
