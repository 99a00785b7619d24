"""Humanoid motions without a mesh, on a skeleton of other proportions than the bipeds'."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from render.blender.procedural import humanoid as human
from render.blender.procedural.biped import with_prefix
from render.blender.procedural.character import Character
from render.blender.procedural.rig import Skeleton

FPS = 30
NUM_FRAMES = 61  # two seconds at Mixamo's rate, the last frame repeats the first
MOTIONS = (human.jumping_jacks, human.boxing, human.bow)


def clip(variant: int, random: np.random.Generator) -> Character:
    """Jumping jacks, boxing and a bow in turn; odd variants carry a numbered prefix, as some Mixamo files do."""
    build = human.Build(
        height=1.82 + 0.05 * float(random.uniform(-1, 1)),
        hips=0.53,
        neck=0.82,
        arm=0.31,
        shoulder=0.10,
        hip_width=0.052,
    )
    plain = human.humanoid(build)
    # Rolls differ from bone to bone: a retargeter that copies local rotations gets caught.
    rolls = random.uniform(-np.pi, np.pi, size=len(plain.bones))
    rolled = Skeleton(tuple(replace(bone, roll_rad=float(roll)) for bone, roll in zip(plain.bones, rolls)))
    made = MOTIONS[variant % len(MOTIONS)](0.0, num_frames=NUM_FRAMES, fps=FPS)
    prefix = f"mixamorig{variant}:" if variant % 2 else human.PREFIX
    return Character(
        title=made.name.capitalize(),
        tags=("motion", "humanoid", "character"),
        skeleton=human.with_prefix(rolled, prefix),
        shells=(),
        takes=(with_prefix(human.fitted(made, build), prefix),),
    )
