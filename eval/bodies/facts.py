"""Whether what a body does is what a prompt asks for, by its joints alone."""

from __future__ import annotations

import numpy as np

from eval.bodies.body import Body, Bones
from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.facts import MotionFacts
from rigmill.facts.measure import measure
from rigmill.facts.verbs import fits
from rigmill.rigs import skeleton
from rigmill.types import Floats, Motion, Rig


def facts_fit(body: Body, geometry: ClipGeometry, prompt: str) -> bool | None:
    """Whether the facts of a body in the clip's frame are what the prompt's verb asks for; None: facts cannot tell.

    A body without bones says nothing. Where it has all joints of the clip by name, these are what is measured, so that
    two methods are judged by the same joints.
    """
    facts = facts_of(body, geometry)
    return None if facts is None else fits(facts, prompt)


def facts_of(body: Body, geometry: ClipGeometry) -> MotionFacts | None:
    """What the bones of a body do; None where it has none."""
    if body.bones is None:
        return None
    rig, joints, turns = _rig_of(body.bones, geometry)
    motion = Motion(
        rotations=skeleton.local_from_world(rig.parents, turns),
        translations=skeleton.local_from_places(rig, joints, turns),
        fps=body.fps,
    )
    return measure(rig, motion, joints=joints, front_deg=geometry.front_deg)


def _rig_of(bones: Bones, geometry: ClipGeometry) -> tuple[Rig, Floats, Floats]:
    """The rig that is measured, its joints (T, J, 3) and world turns (T, J, 3, 3)."""
    num = geometry.rig.num_joints - geometry.num_markers
    wanted = geometry.rig.names[:num]
    place = {name: index for index, name in enumerate(bones.names)}
    if not set(wanted) <= place.keys():
        return Rig(bones.names, bones.parents, bones.rest), bones.joints, bones.turns
    chosen = np.array([place[name] for name in wanted])
    rig = Rig(wanted, geometry.rig.parents[:num], bones.rest[chosen])
    return rig, bones.joints[:, chosen], bones.turns[:, chosen]
