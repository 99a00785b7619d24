"""A four-legged toy animal (dog or horse): trots and looks around."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from render.blender.procedural.character import Character, ColourOf, Colours, colours_by_label, dab, mottled, palette
from render.blender.procedural.gaits import Breed, look_around, trot
from render.blender.procedural.rig import Skeleton, chain, grounded, mirrored, point
from render.blender.procedural.shapes import Blob, blob_shell
from rigmill.types import Floats

COATS: tuple[tuple[str, Colours], ...] = (
    ("Brown", palette(coat="#9e6638", belly="#edd9b8", dark="#40261a", left="#d93833", right="#3366cc")),
    ("Grey", palette(coat="#9499a3", belly="#e6e6eb", dark="#2e2e38", left="#f2a626", right="#40a666")),
    ("Golden", palette(coat="#e0a84c", belly="#f7ebcc", dark="#663d1f", left="#4c99bf", right="#bf4c99")),
)
PAWS = tuple(f"{side}{end}Paw" for side in ("Left", "Right") for end in ("Front", "Hind"))


DOG = Breed("dog", leg=0.40, length=0.54, girth=0.125, neck=0.17, neck_rise_deg=52, head=0.18, limb=0.066)
HORSE = Breed("horse", leg=0.78, length=0.84, girth=0.20, neck=0.50, neck_rise_deg=56, head=0.24, limb=0.088)


def quadruped(variant: int, random: np.random.Generator) -> Character:
    """Even variants are dogs, odd ones horses."""
    coat_name, coat = COATS[variant % len(COATS)]
    base = HORSE if variant % 2 else DOG
    scale = 1 + 0.06 * random.uniform(-1, 1, size=6)
    breed = Breed(
        base.kind,
        base.leg * scale[0],
        base.length * scale[1],
        base.girth * scale[2],
        base.neck * scale[3],
        base.neck_rise_deg,
        base.head * scale[4],
        base.limb * scale[5],
    )
    skeleton = _skeleton(breed)
    paint = _painter(breed, skeleton, coat)
    shell = blob_shell(_blobs(skeleton, breed), skeleton, paint, voxel=0.030 if base is DOG else 0.048)
    phase = float(random.uniform(0, 2 * np.pi))
    takes = tuple(grounded(skeleton, made, PAWS) for made in (trot(breed, phase), look_around(phase)))
    return Character(
        title=f"{coat_name} toy {breed.kind}",
        tags=("animal", "quadruped", breed.kind, "toy"),
        skeleton=skeleton,
        shells=(shell,),
        takes=takes,
    )


def _skeleton(breed: Breed) -> Skeleton:
    back, half = breed.leg + 0.75 * breed.girth, breed.length / 2
    trunk = [point(0, half, back), point(0, half / 3, back + 0.01), point(0, -half / 3, back), point(0, -half, back)]
    bones = chain(None, ["Hips", "Spine", "Chest"], trunk)
    rise = np.deg2rad(breed.neck_rise_deg)
    throat = point(0, -half - 0.25 * breed.girth, back + 0.25 * breed.girth)
    poll = throat + breed.neck * point(0, -np.cos(rise), np.sin(rise))
    bones += chain("Chest", ["Neck", "Head"], [throat, poll, poll + breed.head * point(0, -1.25, -0.45)])
    rump = point(0, half + 0.75 * breed.girth, back + 0.3 * breed.girth)
    fall = -0.75 if breed.kind == "horse" else 0.75
    tail = [rump]
    for share in (0.6, 1.0, 1.25):
        tail.append(tail[-1] + 0.8 * breed.girth * point(0, 1.0 if share < 1 else 0.55, share * fall))
    bones += chain("Hips", ["Tail1", "Tail2", "Tail3"], tail)

    x, leg = 0.62 * breed.girth, breed.leg
    paw, ground = 0.105 * leg + 0.02, 0.8 * breed.limb * 0.75
    front = [
        point(x, -half, leg),
        point(x, -half + 0.05 * leg, 0.55 * leg),
        point(x, -half, paw),
        point(x, -half - 0.9 * breed.limb, ground),
    ]
    hind = [
        point(x, half, leg),
        point(x, half - 0.10 * leg, 0.56 * leg),
        point(x, half + 0.10 * leg, paw),
        point(x, half + 0.10 * leg - 0.9 * breed.limb, ground),
    ]
    left = chain("Chest", ["LeftFrontThigh", "LeftFrontShin", "LeftFrontPaw"], front)
    left += chain("Hips", ["LeftHindThigh", "LeftHindShin", "LeftHindPaw"], hind)
    return Skeleton(tuple(bones + left + mirrored(left)))


def _blobs(skeleton: Skeleton, breed: Breed) -> list[Blob]:
    g, limb, horse = breed.girth, breed.limb, breed.kind == "horse"

    def along(bone: str, start: float, end: float, label: str, *, drop: float = 0.0, blend: float = 0.05) -> Blob:
        made, down = skeleton[bone], point(0, 0, -drop)
        return Blob(bone, made.head + down, made.tail + down, (start, end), blend=blend, label=label)

    blobs = [
        along("Hips", 1.0 * g, 0.92 * g, "coat", drop=0.25 * g),
        along("Spine", 0.92 * g, 0.98 * g, "coat", drop=0.3 * g),
        along("Chest", 1.0 * g, 1.02 * g, "coat", drop=0.25 * g),
        along("Neck", 0.68 * g, 0.48 * g, "coat"),
    ]
    head = skeleton["Head"]
    size = breed.head
    muzzle = head.tail - head.head
    blobs += [
        Blob(
            "Head",
            head.head + point(0, -0.15 * size, 0.02),
            head.head + 0.35 * muzzle,
            (0.56 * size, 0.52 * size) if not horse else (0.42 * size, 0.42 * size),
            blend=0.03,
            label="head",
        ),
        Blob(
            "Head",
            head.head + 0.4 * muzzle,
            head.head + 0.95 * muzzle,
            (0.36 * size, 0.28 * size),
            blend=0.04,
            label="muzzle",
        ),
        Blob(
            "Head",
            head.tail + point(0, -0.16 * size, 0.08 * size),
            head.tail + point(0, -0.16 * size, 0.08 * size),
            (0.13 * size, 0.13 * size),
            blend=0.01,
            label="dark",
        ),
    ]
    for side, flip in (("left", 1.0), ("right", -1.0)):
        root = head.head + point(flip * 0.36 * size, 0.02, 0.40 * size)
        tip = root + (point(flip * 0.05, 0.02, 0.5) if horse else point(flip * 0.42, 0.06, -0.45)) * size
        blobs.append(
            Blob("Head", root, tip, (0.17 * size, 0.13 * size), (0.8, 0.8, 1) if horse else (1, 1, 1), 0.02, side)
        )
    if horse:
        neck = skeleton["Neck"]
        up = point(0, 0.42 * g, 0.28 * g)
        blobs.append(Blob("Neck", neck.head + up, neck.tail + up, (0.22 * g, 0.26 * g), (0.8, 1, 1), 0.03, "dark"))
    wide = (0.24, 0.34, 0.26) if horse else (0.25, 0.26, 0.24)
    for number, bone in enumerate(("Tail1", "Tail2", "Tail3")):
        ends = (wide[number] * g, wide[min(number + 1, 2)] * g)
        blobs.append(along(bone, *ends, "dark" if horse or number == 2 else "coat", blend=0.03))
    for side in ("Left", "Right"):
        for end, top in (("Front", 1.05), ("Hind", 1.35)):
            sock = side.lower()
            blobs += [
                along(f"{side}{end}Thigh", top * limb, 0.74 * limb, "coat", blend=0.03),
                along(f"{side}{end}Shin", 0.72 * limb, 0.60 * limb, "coat", blend=0.02),
            ]
            paw = skeleton[f"{side}{end}Paw"]
            low = paw.tail[2]
            blobs.append(
                Blob(
                    paw.name,
                    point(*paw.head[:2], max(low, 0.75 * paw.head[2])),
                    paw.tail,
                    (0.66 * limb, low),
                    blend=0.02,
                    label=sock,
                )
            )
    return blobs


def _painter(breed: Breed, skeleton: Skeleton, coat: Colours) -> ColourOf:
    head, size, horse = skeleton["Head"], breed.head, breed.kind == "horse"
    by_label = {**coat, "head": coat["coat"], "muzzle": coat["belly"] if not horse else coat["coat"]}
    centre = head.head + point(0, -0.15 * size, 0.02)
    back = breed.leg + 0.75 * breed.girth

    def colour_of(points: Floats, labels: Sequence[str]) -> Floats:
        colour = mottled(colours_by_label(labels, by_label), points, strength=0.06, size=0.25 * breed.girth)
        label = np.array(labels)
        x, y, z = points.T
        trunk = label == "coat"
        dab(
            colour,
            trunk & (z < back - 0.95 * breed.girth) & (abs(y) < 0.55 * breed.length) & (abs(x) < 0.5 * breed.girth),
            coat["belly"],
        )
        dab(
            colour,
            trunk & (z > 0.45 * breed.leg) & (y < -0.5 * breed.length) & (abs(x) < 0.45 * breed.girth),
            coat["belly"],
        )
        # A blanket on the back, one colour per side, tells left from right from far away.
        blanket = trunk & (abs(y) < 0.24 * breed.length) & (z > back - 0.7 * breed.girth)
        dab(colour, blanket, coat["left"])
        dab(colour, blanket & (x < 0), coat["right"])
        dab(colour, blanket & (abs(abs(y) - 0.21 * breed.length) < 0.02 * breed.length), (0.97, 0.95, 0.88))
        for spot_y, spot_z, radius in ((0.42, -0.15, 0.34), (-0.38, 0.1, 0.25)):
            spot = (y - spot_y * breed.length) ** 2 + (z - back - spot_z * breed.girth) ** 2
            dab(colour, trunk & (spot < (radius * breed.girth) ** 2), coat["dark"])
        offset = (points - centre) / size
        eye_y, eye_x, eye_z = (-0.40, 0.30, 0.16) if not horse else (-0.22, 0.30, 0.14)
        away = np.sqrt((abs(offset[:, 0]) - eye_x) ** 2 + (offset[:, 1] - eye_y) ** 2 + (offset[:, 2] - eye_z) ** 2)
        face = np.isin(label, ["head", "muzzle"])
        dab(colour, face & (away < 0.26), (0.98, 0.98, 0.96))
        dab(colour, face & (away < 0.17), (0.05, 0.04, 0.05))
        if horse:
            dab(
                colour,
                face & (abs(x) < 0.10 * size) & (points[:, 2] > head.tail[2]) & (y < centre[1] - 0.2 * size),
                (0.97, 0.96, 0.94),
            )
        nose = np.linalg.norm(points - head.tail, axis=1)
        dab(
            colour,
            (label == "muzzle")
            & (nose < 0.4 * size)
            & (z < head.tail[2] - 0.08 * size)
            & (abs(x) > 0.02 * size)
            & (z > head.tail[2] - 0.13 * size),
            (0.45, 0.15, 0.15),
        )
        return colour

    return colour_of
