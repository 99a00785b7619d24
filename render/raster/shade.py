"""The light that each fragment sends to the camera."""

from __future__ import annotations

import math

from render.raster.brdf import NUM_ROUGHNESSES
from render.raster.bump import at, bent
from render.raster.compiled import compiled
from render.raster.pack import (
    ALPHA,
    BASE,
    BASE_TEXTURE,
    BUMP,
    EMISSION,
    EMISSION_TEXTURE,
    METALLIC,
    MODE,
    NORMAL_TEXTURE,
    OPAQUE,
    REFLECTANCE,
    ROUGHNESS,
    SURFACE_TEXTURE,
    UNLIT,
    UV,
    VERTEX_COLOURS,
)
from render.raster.reflect import dielectric_curve, from_sky, from_sun, returned, risen, schlick, share_above
from render.raster.texture import filtered
from rigmill.types import Bytes, Floats, Ints

FULL = 15  # all four samples


@compiled(
    "void(int64, int32[::1], int32[::1], float32[:, ::1], uint8[::1], float32[:, ::1],"
    " float32[:, ::1], int32[::1], float64[::1], float32[:, ::1],"
    " int32[:, ::1], int32[:, ::1], int32[::1], float32[:, :, ::1], float32[:, ::1], float32[:, ::1], float32[:, ::1],"
    " float32[:, ::1], float32[:, ::1], int32[:, ::1], uint8[::1], int64[:, :, ::1], int32[:, ::1],"
    " float32[:, ::1], float32[::1], float64[::1], float64[:, ::1], float32[:, :, ::1], float32[::1],"
    " float32[:, :, ::1], float64, float32[:, ::1])"
)
def shade(
    num: int, pixels: Ints, hit: Ints, spots: Floats, masks: Bytes, openness: Floats,
    screen: Floats, origin: Ints, eye: Floats, faces: Floats,
    triangles: Ints, corners: Ints, look: Ints, uvs: Floats, colours: Floats, vertices: Floats, normals: Floats,
    seen: Floats, numbers: Floats, choices: Ints, texels: Bytes, places: Ints, kinds: Ints,
    turns: Floats, decode: Floats, ambient: Floats, suns: Floats, sky: Floats, mean: Floats,
    lobe: Floats, curve: float, out: Floats,
) -> None:
    """Linear RGB and alpha of `num` fragments into `out` (num, 4), and their normals into `seen` (num, 3).

    `suns` rows: direction to the sun, strength, sine of its radius. `openness` (num, 1 + S): how much of the sky and
    of each sun a fragment sees.
    """
    for index in range(num):
        triangle = hit[index]
        a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
        ca, cb, cc = corners[triangle, 0], corners[triangle, 1], corners[triangle, 2]
        material = look[triangle]
        # Weights of the corners, perspective-correct, and how they change with a step right and down.
        ax, ay, az = at(screen, a, 0) - origin[0], at(screen, a, 1) - origin[1], at(screen, a, 2)
        bx, by, bz = at(screen, b, 0) - origin[0], at(screen, b, 1) - origin[1], at(screen, b, 2)
        cx, cy, cz = at(screen, c, 0) - origin[0], at(screen, c, 1) - origin[1], at(screen, c, 2)
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        bdx, bdy = (cy - ay) / area * bz, (ax - cx) / area * bz
        cdx, cdy = (ay - by) / area * cz, (bx - ax) / area * cz
        adx, ady = (by - cy) / area * az, (cx - bx) / area * az
        px, py = spots[index, 0] - ax, spots[index, 1] - ay
        wa, wb, wc = max(az + px * adx + py * ady, 0.0), max(px * bdx + py * bdy, 0.0), max(px * cdx + py * cdy, 0.0)
        inverse = 1.0 / (wa + wb + wc)
        wa, wb, wc = wa * inverse, wb * inverse, wc * inverse
        tdx, tdy = adx + bdx + cdx, ady + bdy + cdy
        bdx, bdy = (bdx - wb * tdx) * inverse, (bdy - wb * tdy) * inverse
        cdx, cdy = (cdx - wc * tdx) * inverse, (cdy - wc * tdy) * inverse
        # Base colour and alpha.
        red, green, blue = at(numbers, material, BASE), at(numbers, material, BASE + 1), at(numbers, material, BASE + 2)
        alpha = at(numbers, material, ALPHA)
        if choices[material, VERTEX_COLOURS] > 0:
            red *= wa * colours[ca, 0] + wb * colours[cb, 0] + wc * colours[cc, 0]
            green *= wa * colours[ca, 1] + wb * colours[cb, 1] + wc * colours[cc, 1]
            blue *= wa * colours[ca, 2] + wb * colours[cb, 2] + wc * colours[cc, 2]
            alpha *= wa * colours[ca, 3] + wb * colours[cb, 3] + wc * colours[cc, 3]
        taps = masks[index] == FULL
        roughness, metallic = at(numbers, material, ROUGHNESS), at(numbers, material, METALLIC)
        shine_r, shine_g = at(numbers, material, EMISSION), at(numbers, material, EMISSION + 1)
        shine_b = at(numbers, material, EMISSION + 2)
        bump_x, bump_y, bump_z = 0.0, 0.0, 1.0
        bump_layer = -1
        for role in range(4):
            texture = choices[material, role]
            if texture < 0:
                continue
            uv = uvs[kinds[texture, UV]]
            u1, v1 = at(uv, cb, 0) - uv[ca, 0], at(uv, cb, 1) - uv[ca, 1]
            u2, v2 = at(uv, cc, 0) - uv[ca, 0], at(uv, cc, 1) - uv[ca, 1]
            r, g, bl, al = filtered(
                texels, places, kinds, turns, decode, texture, role == BASE_TEXTURE or role == EMISSION_TEXTURE, taps,
                uv[ca, 0] + wb * u1 + wc * u2, uv[ca, 1] + wb * v1 + wc * v2,
                bdx * u1 + cdx * u2, bdx * v1 + cdx * v2, bdy * u1 + cdy * u2, bdy * v1 + cdy * v2,
            )
            if role == BASE_TEXTURE:
                red, green, blue, alpha = red * r, green * g, blue * bl, alpha * al
            elif role == SURFACE_TEXTURE:
                roughness, metallic = roughness * g, metallic * bl
            elif role == NORMAL_TEXTURE:
                bump_x, bump_y, bump_z, bump_layer = 2 * r - 1, 2 * g - 1, 2 * bl - 1, kinds[texture, UV]
            else:
                shine_r, shine_g, shine_b = shine_r * r, shine_g * g, shine_b * bl
        alpha = min(max(alpha, 0.0), 1.0) if choices[material, MODE] != OPAQUE else 1.0
        # Normals, turned to the viewer.
        vx = eye[0] - (wa * vertices[a, 0] + wb * vertices[b, 0] + wc * vertices[c, 0])
        vy = eye[1] - (wa * vertices[a, 1] + wb * vertices[b, 1] + wc * vertices[c, 1])
        vz = eye[2] - (wa * vertices[a, 2] + wb * vertices[b, 2] + wc * vertices[c, 2])
        length = 1.0 / math.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * length, vy * length, vz * length
        gx, gy, gz = at(faces, triangle, 0), at(faces, triangle, 1), at(faces, triangle, 2)
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
        seen[index, 0], seen[index, 1], seen[index, 2] = nx, ny, nz
        if choices[material, UNLIT] > 0:
            out[index, 0], out[index, 1], out[index, 2] = red + shine_r, green + shine_g, blue + shine_b
            out[index, 3] = alpha
            continue
        if bump_layer >= 0:
            nx, ny, nz = bent(
                nx, ny, nz, bump_x, bump_y, bump_z, at(numbers, material, BUMP), uvs[bump_layer], vertices,
                a, b, c, ca, cb, cc,
            )
        facing = max(nx * vx + ny * vy + nz * vz, 0.01)
        # What the surface does with even light; see brdf.py.
        roughness, metallic = min(max(roughness, 0.0), 1.0), min(max(metallic, 0.0), 1.0)
        red, green, blue = max(red, 0.0), max(green, 0.0), max(blue, 0.0)
        whole, curved, powered = from_sky(sky, roughness, min(facing, 1.0))
        row = roughness * (NUM_ROUGHNESSES - 1)
        step = min(int(row), NUM_ROUGHNESSES - 2)
        kept = mean[step] + (row - step) * (mean[step + 1] - mean[step])
        lost = (1 - whole) / whole
        f0 = at(numbers, material, REFLECTANCE)
        gain = 1 + returned(f0 + (1 - f0) * curve, kept) * lost
        coat = (f0 * whole + (1 - f0) * curved) * gain
        body = (1 - metallic) * (1 - coat)
        fr, fg, fb = min(red, 1.0), min(green, 1.0), min(blue, 1.0)
        gain_r = 1 + returned(fr + (1 - fr) / 21, kept) * lost
        gain_g = 1 + returned(fg + (1 - fg) / 21, kept) * lost
        gain_b = 1 + returned(fb + (1 - fb) / 21, kept) * lost
        sky_open = openness[index, 0]
        coat *= 1 - metallic
        sr = ambient[0] * sky_open * (red * body + coat + metallic * (fr * whole + (1 - fr) * powered) * gain_r)
        sg = ambient[1] * sky_open * (green * body + coat + metallic * (fg * whole + (1 - fg) * powered) * gain_g)
        sb = ambient[2] * sky_open * (blue * body + coat + metallic * (fb * whole + (1 - fb) * powered) * gain_b)
        width = max(roughness, 0.03) ** 2
        for sun in range(suns.shape[0]):
            lx, ly, lz, sine = suns[sun, 0], suns[sun, 1], suns[sun, 2], suns[sun, 4]
            cosine = nx * lx + ny * ly + nz * lz
            light = risen(cosine, sine)
            flat = gx * lx + gy * ly + gz * lz
            if light <= 0 or flat <= -sine:
                continue
            strength = suns[sun, 3] * openness[index, 1 + sun]
            if flat < cosine and flat < sine:
                strength *= min(share_above(flat, sine) / max(share_above(cosine, sine), 1e-3), 1.0)
            if strength <= 0:
                continue
            diffuse = strength * light * body / math.pi
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            length = 1.0 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-12)
            hx, hy, hz = hx * length, hy * length, hz * length
            meeting = min(max(hx * vx + hy * vy + hz * vz, 0.0), 1.0)
            spot = from_sun(lobe, sun, roughness, hx * nx + hy * ny + hz * nz) * strength * light
            w2 = width * width
            spot *= 0.5 / (light * math.sqrt(w2 + (1 - w2) * facing * facing)
                           + facing * math.sqrt(w2 + (1 - w2) * light * light))
            shared = spot * (1 - metallic) * (f0 + (1 - f0) * dielectric_curve(meeting)) * gain
            metal, edge = spot * metallic, schlick(meeting)
            sr += diffuse * red + shared + metal * (fr + (1 - fr) * edge) * gain_r
            sg += diffuse * green + shared + metal * (fg + (1 - fg) * edge) * gain_g
            sb += diffuse * blue + shared + metal * (fb + (1 - fb) * edge) * gain_b
        out[index, 0], out[index, 1], out[index, 2], out[index, 3] = sr + shine_r, sg + shine_g, sb + shine_b, alpha


