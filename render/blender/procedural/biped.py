"""A two-legged toy character with Mixamo's joints: walks and waves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from render.blender.procedural import humanoid as human
from render.blender.procedural.character import Character, Colours, colours_by_label, dab, mottled, palette
from render.blender.procedural.rig import Skeleton, Take, point
from render.blender.procedural.shapes import Blob, blob_shell
from rigmill.types import Floats

WARDROBES: tuple[tuple[str, Colours], ...] = (
    (
        "Teal",
        palette(
            shirt="#1a8c8c",
            left="#f2bf33",
            right="#d94040",
            trousers="#38427a",
            skin="#edb88f",
            hair="#4c2b1a",
            pack="#f28026",
        ),
    ),
    (
        "Crimson",
        palette(
            shirt="#b82438",
            left="#3373cc",
            right="#4ca64c",
            trousers="#5c544c",
            skin="#8f5c40",
            hair="#141217",
            pack="#d9d1b2",
        ),
    ),
    (
        "Violet",
        palette(
            shirt="#7a4cad",
            left="#f28ca6",
            right="#3399bf",
            trousers="#bfb299",
            skin="#cc946b",
            hair="#cc9933",
            pack="#407340",
        ),
    ),
)


def biped(variant: int, random: np.random.Generator) -> Character:
    """Even variants are big-headed and rest in a T-pose, odd ones are lanky with lowered arms."""
    name, wardrobe = WARDROBES[variant % len(WARDROBES)]
    lanky = variant % 2 == 1
    jitter = random.uniform(-1, 1, size=6)
    build = human.Build(
        height=(1.78 if lanky else 1.62) + 0.04 * jitter[0],
        hips=(0.50 if lanky else 0.44) + 0.008 * jitter[1],
        neck=(0.79 if lanky else 0.72) + 0.006 * jitter[2],
        arm=(0.30 if lanky else 0.285) + 0.008 * jitter[3],
        shoulder=0.105 if lanky else 0.115,
        hip_width=0.056 if lanky else 0.066,
        arm_drop_deg=42.0 if lanky else 0.0,
    )
    plain = human.humanoid(build)
    head_centre, head_size = _head(build)

    def colour_of(points: Floats, labels: Sequence[str]) -> Floats:
        colour = mottled(colours_by_label(labels, _palette(wardrobe)), points)
        _dress(colour, points, labels, build, wardrobe)
        _face(colour, labels, (points - head_centre) / head_size, wardrobe)
        return colour

    thick = (0.86 if lanky else 1.06) + 0.05 * jitter[4]
    shell = blob_shell(_blobs(plain, build, thick), plain, colour_of, voxel=0.0245 * build.height)
    phase = float(random.uniform(0, 2 * np.pi))
    takes = [human.fitted(made, build) for made in (human.walk(phase), human.wave(phase))]
    return Character(
        title=f"{name} clay toy character",
        tags=("character", "humanoid", "biped", "toy"),
        skeleton=human.with_prefix(plain),
        shells=(shell,),
        takes=tuple(with_prefix(made) for made in takes),
    )


def with_prefix(made: Take, prefix: str = human.PREFIX) -> Take:
    """The same take for a skeleton whose bones carry the prefix."""
    return Take(
        name=made.name,
        fps=made.fps,
        num_frames=made.num_frames,
        turns={prefix + bone: turn for bone, turn in made.turns.items()},
        shifts={prefix + bone: shift for bone, shift in made.shifts.items()},
    )


def _head(build: human.Build) -> tuple[Floats, Floats]:
    """Centre and half axes of the head."""
    h = build.height
    half = 0.5 * (0.965 - build.neck) * h  # leaves a neck
    return point(0, -0.008 * h, h - half * 0.96), point(0.82, 0.84, 0.96) * half


def _palette(wardrobe: Colours) -> Colours:
    by_label = dict(wardrobe)
    for side in ("Left", "Right"):
        tone = wardrobe[side.lower()]
        by_label[f"{side}Sleeve"] = tone
        by_label[f"{side}Shoe"] = (0.45 * tone[0], 0.45 * tone[1], 0.45 * tone[2])
    return by_label


def _blobs(skeleton: Skeleton, build: human.Build, thick: float) -> list[Blob]:
    h = build.height
    r = h * thick

    def along(
        bone: str,
        start: float,
        end: float,
        label: str,
        *,
        squeeze: tuple[float, float, float] = (1, 1, 1),
        blend: float = 0.03,
    ) -> Blob:
        made = skeleton[bone]
        return Blob(bone, made.head, made.tail, (start * r, end * r), squeeze, blend * h / 1.7, label)

    flat = (1.16, 0.86, 1.0)
    blobs = [
        along("Hips", 0.078, 0.078, "trousers", squeeze=(1.15, 0.9, 1)),
        along("Spine", 0.074, 0.078, "shirt", squeeze=flat),
        along("Spine1", 0.078, 0.088, "shirt", squeeze=flat),
        along("Spine2", 0.088, 0.062, "shirt", squeeze=flat),
        along("Neck", 0.042, 0.042, "skin", blend=0.02),
    ]
    for side in ("Left", "Right"):
        blobs += [
            along(f"{side}Shoulder", 0.045, 0.050, "shirt"),
            along(f"{side}Arm", 0.048, 0.037, f"{side}Sleeve"),
            along(f"{side}ForeArm", 0.036, 0.028, "skin", blend=0.015),
            along(f"{side}UpLeg", 0.060, 0.047, "trousers", blend=0.02),
            along(f"{side}Leg", 0.046, 0.036, "trousers", blend=0.015),
        ]
        hand, foot, toe = skeleton[f"{side}Hand"], skeleton[f"{side}Foot"], skeleton[f"{side}ToeBase"]
        blobs.append(
            Blob(
                f"{side}Hand",
                hand.head + 0.2 * (hand.tail - hand.head),
                hand.head + 0.7 * (hand.tail - hand.head),
                (0.036 * r, 0.030 * r),
                blend=0.02,
                label=f"{side}Shoe",
            )
        )
        sole = 0.033 * h
        heel = point(foot.head[0], foot.head[1] + 0.012 * h, sole)
        blobs += [
            Blob(
                f"{side}Foot",
                heel,
                point(toe.head[0], toe.head[1], sole),
                (1.1 * sole, sole),
                (1.25, 1, 1),
                0.02,
                f"{side}Shoe",
            ),
            Blob(
                f"{side}ToeBase",
                point(toe.head[0], toe.head[1], sole),
                point(toe.tail[0], toe.tail[1] + 0.02 * h, 0.9 * sole),
                (1.05 * sole, 0.95 * sole),
                (1.45, 1, 1),
                0.02,
                f"{side}Shoe",
            ),
        ]
    centre, half = _head(build)
    size = float(half[2])
    squeeze = (half[0] / size, half[1] / size, 1.0)
    blobs += [
        Blob("Head", centre, centre, (size, size), squeeze, 0.02, "skin"),
        Blob(
            "Head",
            centre + point(0, -half[1], -0.12 * size),
            centre + point(0, -1.1 * half[1], -0.14 * size),
            (0.13 * size, 0.12 * size),
            blend=0.03,
            label="skin",
        ),
        Blob(
            "Head",
            centre + point(0, 0.12 * size, 0.62 * size),
            centre + point(0, 0.55 * size, 0.3 * size),
            (0.55 * size, 0.5 * size),
            blend=0.03,
            label="hair",
        ),
    ]
    blobs += [
        Blob(
            "Head",
            centre + point(side * half[0], 0, -0.05 * size),
            centre + point(side * 1.08 * half[0], 0, 0.05 * size),
            (0.2 * size, 0.2 * size),
            blend=0.02,
            label="skin",
        )
        for side in (1, -1)
    ]
    back = skeleton["Spine2"].head
    blobs.append(
        Blob(
            "Spine2",
            back + point(0, 0.075 * h, -0.05 * h),
            back + point(0, 0.075 * h, 0.02 * h),
            (0.062 * h, 0.055 * h),
            (1.1, 0.8, 1),
            0.02,
            "pack",
        )
    )
    return blobs


def _dress(colour: Floats, points: Floats, labels: Sequence[str], build: human.Build, wardrobe: Colours) -> None:
    """Belt, buttons, stripes on the back and on the outside of the legs."""
    h = build.height
    label = np.array(labels)
    x, y, z = points.T
    cloth, trousers = label == "shirt", label == "trousers"
    waist = (build.hips + 0.05) * h
    dab(colour, (cloth | trousers) & (abs(z - waist) < 0.018 * h), (0.15, 0.11, 0.08))
    dab(colour, (cloth | trousers) & (abs(z - waist) < 0.014 * h) & (abs(x) < 0.022 * h) & (y < 0), (0.95, 0.82, 0.30))
    for share in (0.35, 0.55, 0.75):
        button = (build.hips + share * (build.neck - build.hips)) * h
        dab(colour, cloth & (y < 0) & (x**2 + (z - button) ** 2 < (0.013 * h) ** 2), (0.97, 0.95, 0.90))
    dab(colour, cloth & (y > 0) & (np.sin(z / h * 170) > 0.2), (0.97, 0.93, 0.85))
    legs = trousers & (z < 0.9 * build.hips * h) & (abs(x) > (build.hip_width + 0.018) * h)
    dab(colour, legs & (x > 0), wardrobe["left"])
    dab(colour, legs & (x < 0), wardrobe["right"])
    dab(colour, (label == "pack") & (abs(x) < 0.012 * h), (0.2, 0.15, 0.1))


def _face(colour: Floats, labels: Sequence[str], spot: Floats, wardrobe: Colours) -> None:
    """Hair, eyes, brows and mouth; `spot` is the point in head units, (0, -1, 0) being the middle of the face."""
    x, y, z = spot.T
    head = (np.array(labels) == "skin") & (np.einsum("ni,ni->n", spot, spot) < 1.6)
    dab(colour, head & (z + 0.6 * y > 0.12 + 0.08 * np.cos(9 * x)), wardrobe["hair"])
    front = head & (y < -0.4)
    cheek = (abs(x) - 0.55) ** 2 + (z + 0.28) ** 2 < 0.02
    dab(colour, front & cheek, np.clip(np.array(wardrobe["skin"]) * (1.05, 0.78, 0.76), 0, 1))
    eye = ((abs(x) - 0.34) / 0.16) ** 2 + ((z - 0.10) / 0.21) ** 2
    pupil = ((abs(x) - 0.32) / 0.10) ** 2 + ((z - 0.07) / 0.14) ** 2
    dab(colour, front & (eye < 1), (0.98, 0.98, 0.98))
    dab(colour, front & (pupil < 1), (0.08, 0.08, 0.12))
    dab(
        colour,
        front & (abs(abs(x) - 0.34) < 0.17) & (abs(z - 0.42 + 0.5 * (abs(x) - 0.34) ** 2) < 0.035),
        wardrobe["hair"],
    )
    smile = z + 0.50 - 0.6 * x**2
    dab(colour, front & (abs(x) < 0.30) & (abs(smile) < 0.045), (0.60, 0.12, 0.14))
