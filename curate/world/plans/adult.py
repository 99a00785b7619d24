"""Grown people in everyday clothes."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body, joint_height
from curate.world.builders import humanoid
from curate.world.builders.accessories import worn
from curate.world.builders.person_skin import Dress, Face, Girth, body_patches, head_patches
from curate.world.looks import patterns
from curate.world.looks.colours import CLOTH, DARK, HAIR, SKIN, Colour, jittered, pick
from curate.world.looks.naming import Style
from curate.world.plans import plan
from curate.world.shapes.patch import Coat

STYLES = (Style.MIXAMO, Style.MIXAMO, Style.VRM, Style.BLENDER, Style.NUMBERED)


@plan("adult")
def adult(random: np.random.Generator) -> Body:
    """A man or a woman of any build; rests in a T- or an A-pose, with or without fingers."""
    woman = bool(random.random() < 0.5)
    heavy = float(random.uniform(0.9, 1.25))
    frame = humanoid.Frame(
        height=float(random.uniform(1.56, 1.74) + (0 if woman else 0.12)),
        hips=float(random.uniform(0.505, 0.535)),
        shoulder=float(random.uniform(0.095, 0.105) + (0 if woman else 0.012)),
        hip_width=float(random.uniform(0.050, 0.058)),
        head=float(random.uniform(0.13, 0.155)),
        drop_deg=float(random.choice([0.0, 0.0, 35.0, 48.0])),
        spine=int(random.choice([2, 3])),
        fingers=int(random.choice([0, 0, 5])),
    )
    girth = Girth(
        hips=0.078 * heavy * (1.04 if woman else 0.97),
        waist=0.062 * heavy,
        chest=0.082 * (0.6 + 0.4 * heavy) * (0.95 if woman else 1.06),
        thigh=0.050 * (0.5 + 0.5 * heavy),
        upper_arm=0.031 * (0.5 + 0.5 * heavy),
    )
    return dressed_person(random, frame, girth, noun="woman" if woman else "man", plan_name="adult", long_hair=woman)


def dressed_person(
    random: np.random.Generator, frame: humanoid.Frame, girth: Girth, *, noun: str, plan_name: str, long_hair: bool
) -> Body:
    """A person in a shirt and trousers of chosen colours, perhaps with something worn."""
    skeleton = humanoid.skeleton_of(frame)
    skin, hair = jittered(random, pick(random, SKIN)), pick(random, HAIR if plan_name == "adult" else HAIR[:4])
    top = pick(random, CLOTH)
    bottom = pick(random, CLOTH, other_than=(top,))
    shoes = pick(random, (DARK, *CLOTH[:4]))
    bare = patterns.plain(skin, mottle=0.03)
    shirt = _patterned(random, top, bottom)
    sleeve = float(random.choice([0.42, 0.62, 0.97]))
    short = bool(random.random() < 0.25)
    dress = Dress(
        trunk=patterns.within(shirt, bottom, low=0.0, high=0.36),
        shoulders=shirt,
        arms=patterns.within(shirt, skin, low=sleeve, high=1.0),
        hands=bare,
        legs=patterns.within(patterns.plain(bottom), skin, low=0.55 if short else 2.0, high=1.0),
        feet=patterns.plain(shoes, mottle=0.02),
        head=bare,
        neck=bare,
    )
    face = Face(skin=bare, hair=hair, eye=pick(random, HAIR[:2]), long_hair=long_hair and bool(random.random() < 0.8))
    patches = body_patches(skeleton, frame, girth, dress) + head_patches(skeleton, frame, face)
    extra, phrase = worn(random, skeleton, frame, girth)
    legs = humanoid.legs_of(skeleton)
    return Body(
        plan=plan_name,
        group="humanoid",
        noun=noun,
        looks=(*((phrase,) if phrase else ()), f"in a {top.name} shirt", f"with {hair.name} hair"),
        tags=("character", "humanoid", "person", noun),
        skeleton=skeleton,
        patches=patches + extra,
        height=joint_height(skeleton, upright=True),
        style=STYLES[int(random.integers(len(STYLES)))],
        is_person=True,
        legs=legs,
        arms=humanoid.arms_of(skeleton),
        spine=humanoid.spine_of(skeleton),
        neck=("neck",),
        head="head",
    )


def _patterned(random: np.random.Generator, main: Colour, other: Colour) -> Coat:
    base = patterns.plain(main)
    choice = int(random.integers(5))
    second = other if other.name != main.name else main.lighter()
    if choice == 1:
        return patterns.striped(base, second, axis=2, every=float(random.uniform(0.06, 0.12)))
    if choice == 2:
        return patterns.checked(base, main.darker(0.75), size=float(random.uniform(0.05, 0.09)))
    if choice == 3:
        return patterns.spotted(base, second, size=float(random.uniform(0.08, 0.12)))
    return base
