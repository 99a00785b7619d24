"""Robots: boxes, pipes and balls, every part rigid, walking on two legs."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import humanoid
from curate.world.builders.humanoid import Frame
from curate.world.looks import patterns
from curate.world.looks.colours import BRIGHT, DARK, METAL, Colour, colour, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import vec
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import ball, box, lathe
from curate.world.shapes.tube import rod

STYLES = (Style.MIXAMO, Style.PLAIN, Style.BLENDER, Style.NUMBERED)
GLOWS = (colour("blue", "#5fd0ff"), colour("green", "#7dff8a"), colour("red", "#ff5a4a"), colour("yellow", "#ffe05a"))


@plan("robot")
def robot(random: np.random.Generator) -> Body:
    """A boxy machine with a head that has one eye or two."""
    frame = Frame(
        height=float(random.uniform(1.2, 2.1)),
        hips=float(random.uniform(0.45, 0.52)),
        neck=float(random.uniform(0.76, 0.8)),
        head=float(random.uniform(0.15, 0.19)),
        shoulder=float(random.uniform(0.145, 0.17)),
        hip_width=float(random.uniform(0.07, 0.085)),
        arm=float(random.uniform(0.3, 0.34)),
        ankle=0.06,
        foot=0.07,
        drop_deg=float(random.choice([0.0, 40.0, 70.0])),
        spine=2,
        toes=False,
        collars=bool(random.random() < 0.5),
    )
    skeleton = humanoid.skeleton_of(frame)
    main = pick(random, METAL)
    second = pick(random, (*BRIGHT, *METAL), other_than=(main,))
    glow = GLOWS[int(random.integers(len(GLOWS)))]
    shell = patterns.plain(main, mottle=0.03)
    if random.random() < 0.5:
        shell = patterns.striped(shell, second, axis=2, every=0.22 * frame.height, share=0.3)
    patches = _trunk(skeleton, frame, shell, second) + _head(random, skeleton, frame, shell, glow)
    for side in ("left", "right"):
        patches += _limbs(skeleton, frame, side, shell, patterns.plain(second, mottle=0.03))
    return Body(
        plan="robot",
        group="humanoid",
        noun="robot",
        looks=(main.name, f"with {glow.name} eyes"),
        tags=("character", "humanoid", "robot", "machine"),
        skeleton=skeleton,
        patches=patches,
        height=joint_height(skeleton, upright=True),
        style=STYLES[int(random.integers(len(STYLES)))],
        is_person=True,
        skinned=bool(random.random() < 0.6),
        legs=humanoid.legs_of(skeleton),
        arms=humanoid.arms_of(skeleton),
        spine=humanoid.spine_of(skeleton),
        neck=("neck",),
        head="head",
    )


def _trunk(skeleton: Skeleton, frame: Frame, shell: Coat, second: Colour) -> list[Patch]:
    h = frame.height
    hips, chest, neck = skeleton["hips"].head, skeleton["chest"].head, skeleton["neck"]
    wide = (frame.shoulder - 0.035) * h
    dark = patterns.plain(DARK, mottle=0.02)
    panel = vec(0, -0.092 * h, 0.5 * (chest[2] + neck.head[2]))
    return [
        *box("hips", hips + vec(-0.085 * h, -0.06 * h, -0.045 * h), hips + vec(0.085 * h, 0.06 * h, 0.045 * h), shell),
        rod("spine", skeleton["spine"].head, chest, (0.05 * h, 0.05 * h), dark),
        *box("chest", vec(-wide, -0.085 * h, chest[2]), vec(wide, 0.085 * h, neck.head[2] + 0.01 * h), shell, cells=3),
        *box(
            "chest",
            panel - vec(0.045 * h, 0.006 * h, 0.035 * h),
            panel + vec(0.045 * h, 0.01 * h, 0.035 * h),
            patterns.checked(dark, second, size=0.03 * h),
        ),
        rod("neck", neck.head, neck.tail, (0.03 * h, 0.03 * h), dark),
    ]


def _head(random: np.random.Generator, skeleton: Skeleton, frame: Frame, shell: Coat, glow: Colour) -> list[Patch]:
    h, size = frame.height, frame.head * frame.height
    top = skeleton["head"].tail
    low = top + vec(0, 0, -size)
    shine, dark = patterns.plain(glow, mottle=0), patterns.plain(DARK, mottle=0)
    if random.random() < 0.5:
        patches = box(
            "head", low + vec(-0.5 * size, -0.42 * size, 0), top + vec(0.5 * size, 0.42 * size, 0), shell, cells=3
        )
        face = low[1] - 0.42 * size
    else:
        profile = [(0.0, 0.0), (0.0, 0.42 * size), (0.6, 0.48 * size), (0.85, 0.36 * size), (1.0, 0.0)]
        patches = [lathe("head", low, top, profile, shell)]
        face = low[1] - 0.44 * size
    spots = (0.0,) if random.random() < 0.3 else (0.2, -0.2)
    for x in spots:
        patches.append(
            ball(
                "head",
                vec(x * size, face, low[2] + 0.58 * size),
                (0.13 * size, 0.07 * size, 0.13 * size),
                shine,
                rings=5,
            )
        )
    patches += box(
        "head",
        vec(-0.2 * size, face - 0.01 * size, low[2] + 0.2 * size),
        vec(0.2 * size, face + 0.03 * size, low[2] + 0.28 * size),
        dark,
        cells=1,
    )
    if random.random() < 0.6:
        tip = top + vec(0, 0, 0.06 * h)
        patches += [
            rod("head", top, tip, (0.008 * h, 0.006 * h), dark, sides=5),
            ball("head", tip, 0.016 * h, shine, rings=5),
        ]
    return patches


def _limbs(skeleton: Skeleton, frame: Frame, side: str, shell: Coat, second: Coat) -> list[Patch]:
    h = frame.height
    dark = patterns.plain(DARK, mottle=0.02)
    patches = []
    for name, thick, coat in (
        ("upper arm", 0.032, shell),
        ("lower arm", 0.036, second),
        ("upper leg", 0.042, shell),
        ("lower leg", 0.046, second),
    ):
        bone = skeleton[f"{side} {name}"]
        way = bone.tail - bone.head
        patches.append(ball(bone.name, bone.head, 1.12 * thick * h, dark, rings=6))
        patches.append(
            rod(
                bone.name,
                bone.head + 0.16 * way,
                bone.head + 0.84 * way,
                (thick * h, 0.9 * thick * h),
                coat,
                round_end=0.3,
            )
        )
    hand = skeleton[f"{side} hand"]
    out = hand.tail - hand.head
    patches.append(ball(hand.name, hand.head + 0.1 * out, 0.028 * h, dark, rings=6))
    for lift in (0.018, -0.018):
        start = hand.head + 0.3 * out + vec(0, lift * h, 0)
        patches.append(
            rod(
                hand.name,
                start,
                start + 0.9 * out + vec(0, -0.2 * lift * h, 0),
                (0.013 * h, 0.009 * h),
                second,
                sides=6,
            )
        )
    foot = skeleton[f"{side} foot"]
    heel = vec(foot.head[0], foot.head[1] + 0.045 * h, 0.0)
    toe = vec(foot.head[0], foot.tail[1] - 0.05 * h, 0.042 * h)
    patches += box(foot.name, heel - vec(0.042 * h, 0, 0), toe + vec(0.042 * h, 0, 0), second)
    patches.append(ball(foot.name, foot.head, 0.04 * h, dark, rings=6))
    return patches
