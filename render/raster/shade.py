"""The light that each fragment sends to the camera."""

from __future__ import annotations

import math

from render.raster.brdf import NUM_ROUGHNESSES
from render.raster.bump import at, bent, bump_shadow
from render.raster.groups import Fragments, Lights, Materials, Mesh, Shaded, Spots, View
from render.raster.locate import FACE, NORMAL, PLACE, STEPS, WEIGHTS
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
from render.raster.reflect import from_sky, from_sun, returned, risen, schlick, share_above
from render.raster.texture import filtered, prepare
from rigmill.compiled import compiled
from rigmill.types import Floats

FULL = 15  # all four samples


@compiled("void(Fragments, float32[:, ::1], Spots, View, Mesh, Materials, Lights, Shaded)")
def shade(
    fragments: Fragments,
    found: Floats,
    looked_up: Spots,
    view: View,
    mesh: Mesh,
    materials: Materials,
    lights: Lights,
    shaded: Shaded,
) -> None:
    """Fill in the light of the first `num` fragments. `found` (num, NUM_FOUND) is what `locate` says of them."""
    num, hit, masks = found.shape[0], fragments.triangles, fragments.masks
    members, openness, lit = looked_up.members, looked_up.openness, looked_up.lit
    eye, frame, out, run = view.eye, view.frame, shaded.light, shaded.prepared
    corners, look, colours = mesh.corners, mesh.look, mesh.colours
    numbers, choices, kinds = materials.numbers, materials.choices, materials.kinds
    ambient, hidden_light, mean_colour, suns = lights.ambient, lights.hidden, frame.mean_colour, lights.suns
    sky, mean, lobe, curve = lights.tables.sky, lights.tables.mean, lights.tables.lobe, lights.tables.curve
    gain_r, gain_g, gain_b = 0.0, 0.0, 0.0
    last = -1
    ca, cb, cc, material = 0, 0, 0, 0
    for index in range(num):
        triangle = hit[index]
        if triangle != last:  # in a row of pixels the same one comes several times
            last = triangle
            ca, cb, cc = corners[triangle, 0], corners[triangle, 1], corners[triangle, 2]
            material = look[triangle]
            for role in range(4):
                if choices[material, role] >= 0:
                    steps = (
                        at(found, index, STEPS),
                        at(found, index, STEPS + 1),
                        at(found, index, STEPS + 2),
                        at(found, index, STEPS + 3),
                    )
                    prepare(mesh, materials, triangle, role, steps, run)
        wb, wc = at(found, index, WEIGHTS), at(found, index, WEIGHTS + 1)
        wa = 1.0 - wb - wc
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
            r, g, bl, al = filtered(
                materials,
                texture,
                role == BASE_TEXTURE or role == EMISSION_TEXTURE,
                taps and role != SURFACE_TEXTURE,
                run,
                role,
                wb,
                wc,
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
        if choices[material, UNLIT] > 0:
            out[index, 0], out[index, 1], out[index, 2] = red + shine_r, green + shine_g, blue + shine_b
            out[index, 3] = alpha
            continue
        # Plain dielectrics are lit once for all fragments that share a look-up of what is open, whatever their colour.
        group = members[index]
        shares = metallic <= 0 and choices[material, SURFACE_TEXTURE] < 0 and choices[material, NORMAL_TEXTURE] < 0
        if shares and lit[group, 6] == material + 1:
            out[index, 0] = max(red, 0.0) * lit[group, 0] + lit[group, 3] + shine_r
            out[index, 1] = max(green, 0.0) * lit[group, 1] + lit[group, 4] + shine_g
            out[index, 2] = max(blue, 0.0) * lit[group, 2] + lit[group, 5] + shine_b
            out[index, 3] = alpha
            continue
        nx, ny, nz = at(found, index, NORMAL), at(found, index, NORMAL + 1), at(found, index, NORMAL + 2)
        gx, gy, gz = at(found, index, FACE), at(found, index, FACE + 1), at(found, index, FACE + 2)
        vx, vy, vz = eye[0] - found[index, PLACE], eye[1] - found[index, PLACE + 1], eye[2] - found[index, PLACE + 2]
        length = 1.0 / math.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * length, vy * length, vz * length
        sx, sy, sz, upright = nx, ny, nz, 1.0
        if bump_layer >= 0:
            strength = at(numbers, material, BUMP)
            mapped = (bump_x, bump_y, bump_z)
            nx, ny, nz = bent((nx, ny, nz), mapped, strength, mesh, frame.vertices, bump_layer, triangle)
            upright = max(nx * sx + ny * sy + nz * sz, 0.0)
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
        # A surface that hardly reflects when faced hardly does at grazing angles either.
        rise = min(f0 * 25, 1.0) * (1 - f0)
        gain = 1 + returned(f0 + rise * curve, kept) * lost
        coat = (f0 * whole + rise * curved) * gain
        body = (1 - metallic) * (1 - coat)
        coat *= 1 - metallic
        mr, mg, mb = coat, coat, coat
        fr, fg, fb = min(red, 1.0), min(green, 1.0), min(blue, 1.0)
        if metallic > 0:
            gain_r = metallic * (1 + returned(fr + (1 - fr) / 21, kept) * lost)
            gain_g = metallic * (1 + returned(fg + (1 - fg) / 21, kept) * lost)
            gain_b = metallic * (1 + returned(fb + (1 - fb) / 21, kept) * lost)
            mr += (fr * whole + (1 - fr) * powered) * gain_r
            mg += (fg * whole + (1 - fg) * powered) * gain_g
            mb += (fb * whole + (1 - fb) * powered) * gain_b
        # A normal map's slopes see less of the sky: half of what they face is the surface itself.
        sky_open = openness[members[index], 0] * (1 + upright) / 2
        # What hides a place of which little is open is mostly hidden itself.
        hidden = (1 - sky_open) * (0.15 + 0.85 * sky_open)
        # Light on the surface, and what comes back from it as it is: `red`, `green` and `blue` times the first.
        dr = ambient[0] * sky_open + hidden_light[0] * hidden * (red + mean_colour[0]) / 2
        dg = ambient[1] * sky_open + hidden_light[1] * hidden * (green + mean_colour[1]) / 2
        db = ambient[2] * sky_open + hidden_light[2] * hidden * (blue + mean_colour[2]) / 2
        mr, mg, mb = dr * mr, dg * mg, db * mb
        dr, dg, db = dr * body, dg * body, db * body
        width = max(roughness, 0.03) ** 2
        gain *= 1 - metallic
        for sun in range(suns.shape[0]):
            lx, ly, lz, sine = suns[sun, 0], suns[sun, 1], suns[sun, 2], suns[sun, 4]
            cosine = nx * lx + ny * ly + nz * lz
            light = risen(cosine, sine)
            flat = gx * lx + gy * ly + gz * lz
            if light <= 0 or flat <= -sine:
                continue
            strength = suns[sun, 3] * openness[members[index], 1 + sun]
            if flat < cosine and flat < sine:
                strength *= min(share_above(flat, sine) / max(share_above(cosine, sine), 1e-3), 1.0)
            if strength <= 0:
                continue
            diffuse = strength * light * body / math.pi
            if bump_layer >= 0:
                diffuse *= bump_shadow(sx * lx + sy * ly + sz * lz, light, upright)
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            length = 1.0 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-12)
            hx, hy, hz = hx * length, hy * length, hz * length
            meeting = min(max(hx * vx + hy * vy + hz * vz, 0.0), 1.0)
            spot = from_sun(lobe, sun, roughness, hx * nx + hy * ny + hz * nz) * strength * light
            # Smith's shadowing over 4 cos cos, as Hammon approximates it.
            spot *= 0.5 / ((1 - width) * 2 * light * facing + width * (light + facing))
            edge = schlick(meeting)
            glint = spot * (f0 + rise * edge) * gain
            dr, dg, db = dr + diffuse, dg + diffuse, db + diffuse
            mr, mg, mb = mr + glint, mg + glint, mb + glint
            if metallic > 0:
                mr += spot * (fr + (1 - fr) * edge) * gain_r
                mg += spot * (fg + (1 - fg) * edge) * gain_g
                mb += spot * (fb + (1 - fb) * edge) * gain_b
        out[index, 0] = red * dr + mr + shine_r
        out[index, 1] = green * dg + mg + shine_g
        out[index, 2] = blue * db + mb + shine_b
        out[index, 3] = alpha
        if shares:
            lit[group, 0], lit[group, 1], lit[group, 2] = dr, dg, db
            lit[group, 3], lit[group, 4], lit[group, 5] = mr, mg, mb
            lit[group, 6] = material + 1


@compiled("void(Mesh, Materials, Shaded)")
def body_colours(mesh: Mesh, materials: Materials, shaded: Shaded) -> None:
    """Each triangle's diffuse colour and alpha, (K, 4): at its middle, texture averaged over about its size."""
    corners, look, colours = mesh.corners, mesh.look, mesh.colours
    numbers, choices, out, run = materials.numbers, materials.choices, shaded.light, shaded.prepared
    for index in range(corners.shape[0]):
        ca, cb, cc = corners[index, 0], corners[index, 1], corners[index, 2]
        material = look[index]
        texture = choices[material, BASE_TEXTURE]
        red, green, blue, alpha = 1.0, 1.0, 1.0, 1.0
        if texture >= 0:
            # As if the triangle were a pixel: its sides are the steps.
            prepare(mesh, materials, index, BASE_TEXTURE, (1.0, 0.0, 0.0, 1.0), run)
            red, green, blue, alpha = filtered(materials, texture, True, True, run, BASE_TEXTURE, 1 / 3, 1 / 3)
        if choices[material, VERTEX_COLOURS] > 0:
            red *= (at(colours, ca, 0) + colours[cb, 0] + colours[cc, 0]) / 3
            green *= (at(colours, ca, 1) + colours[cb, 1] + colours[cc, 1]) / 3
            blue *= (at(colours, ca, 2) + colours[cb, 2] + colours[cc, 2]) / 3
            alpha *= (at(colours, ca, 3) + colours[cb, 3] + colours[cc, 3]) / 3
        body = 1 - min(max(at(numbers, material, METALLIC), 0.0), 1.0)
        out[index, 0] = min(max(red * numbers[material, BASE] * body, 0.0), 1.0)
        out[index, 1] = min(max(green * numbers[material, BASE + 1] * body, 0.0), 1.0)
        out[index, 2] = min(max(blue * numbers[material, BASE + 2] * body, 0.0), 1.0)
        out[index, 3] = alpha * numbers[material, ALPHA] if choices[material, MODE] != OPAQUE else 1.0
