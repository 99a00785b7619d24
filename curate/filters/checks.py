"""What the numbers of all frames of a clip say of its motion and, of a body, of its rest pose: columns of `preview`."""

from __future__ import annotations

from dataclasses import asdict, fields

from curate.filters.rests import BodyRest, body_joints, body_rest, stretches_arms
from curate.filters.steadiness import steadiness
from rigmill.types import Floats, Motion, Rig, Row


def checks(joints: Floats, rig: Rig, motion: Motion, *, size: float) -> Row:
    """The columns of Steadiness and BodyRest, the latter empty where no names say that the rig is a body.

    `joints` (T, J + M, 3): those of the rig, then markers; `size`: of the subject in most frames, in their unit.
    """
    parts = body_joints(rig)
    binds = parts is not None and stretches_arms(rig, parts)
    steady = steadiness(joints, rig, motion, size=size, binds=binds)
    unknown = {field.name: None for field in fields(BodyRest)}
    return {**asdict(steady), **(unknown if parts is None else asdict(body_rest(rig, motion, parts)))}
