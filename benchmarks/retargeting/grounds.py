"""Whether bodies that stand do so on the ground, wherever their files hang the rest pose; from joint positions alone.

A body stands in a frame if its trunk is upright, its hips are at least 0.6 of their height over the lowest point of its
feet, and that point is on the ground: within ON_IT of the height of the body that it is to be put on, in whose size.
Such a body floats or sinks where its lowest point is farther than NEAR of its height over or under the ground. Points
are ankles and balls, as far as both bodies have them; a body's height is from its lowest to its highest mapped joint at
rest. The ground of a point is where it is at rest or, where the legs are bent at rest, how low it comes in the median
motion of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from statistics import median

import numpy as np

from benchmarks.retargeting.bodies import Actor, world
from curate.retarget.pair import put_on_ground
from rigmill.humanoid.body import Body
from rigmill.types import Bools, Floats, Motion

NEAR, ON_IT, UPRIGHT, HIGH, LOW_PERCENT = 0.03, 0.015, 0.5, 0.6, 5
HUNG = (0.0, -1 / 3, 1 / 3)  # heights of the hips by which a rest pose is hung lower or higher
SIDES = ("left", "right")
EVERY = 3  # motions of a file, from the first on


@dataclass(frozen=True)
class Standing:
    """Of frames in which the source stands: those in which the target's feet are all over, or one under, the ground."""

    by: float
    source: str
    motion: str
    target: str
    floating: Bools
    sunk: Bools
    off: float  # of the hips' height: the ground that was found, from the one that is known


def standing(actors: list[Actor], *, hung: tuple[float, ...] = HUNG) -> Iterator[Standing]:
    """Every third motion in which feet stand, its rest pose as it is, lower and higher, on characters that stand."""
    targets = [actor for actor in actors if actor.has_mesh and _points(actor.body) and _stands(actor.body)]
    for source in (actor for actor in actors if _points(actor.body)):
        floors = _floors(source)
        for name, motion in source.motions[::EVERY]:
            places = world(source.body.rig, motion)[0]
            for by, target in product(hung, targets):
                shared = [point for point in floors if point in _at_rest(target.body)]
                reach = ON_IT * _height(target.body) * source.body.hip_height / target.body.hip_height
                stands = _standing(source.body, places, {point: floors[point] for point in shared}, reach)
                if (target is not source or by) and stands.any():
                    body, moved = _hung(source.body, motion, by * source.body.hip_height)
                    made, _, ground = put_on_ground(moved, source=body, target=target.body)
                    at_rest = {point: _at_rest(target.body)[point] for point in shared}
                    over = _over(target.body, world(target.body.rig, made)[0], at_rest)[stands] / _height(target.body)
                    off = ground.above_rest / body.hip_height + (by if _stands(source.body) else 0.0)
                    yield Standing(by, source.name, name, target.name, over > NEAR, over < -NEAR, off)


def ground_figures(rows: list[Standing]) -> dict[str, float]:
    """Shares of frames; the worst over rests as they are, lower and higher, and those of each."""
    found: dict[str, float] = {"standing_frames": float(sum(len(row.sunk) for row in rows))}
    for what in ("floating", "sunk"):
        shares = [
            float(np.concatenate([getattr(row, what) for row in rows if row.by == by]).mean())
            for by in HUNG
            if any(row.by == by for row in rows)
        ]
        found[f"{what}_share"] = max(shares)
        found |= {f"{what}_share_{name}": share for name, share in zip(("as_is", "rest_lower", "rest_higher"), shares)}
    return found


def _points(body: Body) -> list[str]:
    """The points of whole feet."""
    return [f"{side}{part}" for side in SIDES for part in ("Foot", "Toes") if f"{side}{part}" in body.joints]


def _at_rest(body: Body) -> dict[str, float]:
    return {
        point: min(
            float(body.rig.rest_joints[body.joints[side + point], 2]) for side in SIDES if side + point in body.joints
        )
        for point in ("Foot", "Toes")
        if any(side + point in body.joints for side in SIDES)
    }


def _stands(body: Body) -> bool:
    """Whether the hips at rest are as high over the feet as they stand."""
    low = min(_at_rest(body).values())
    return float(body.rig.rest_joints[body.hips, 2]) - low > 0.999 * body.hip_height


def _floors(actor: Actor) -> dict[str, float]:
    floors = _at_rest(actor.body)
    if _stands(actor.body):
        return floors
    places = [world(actor.body.rig, motion)[0] for _, motion in actor.motions]
    return {
        point: median(
            float(np.percentile(each[:, [actor.body.joints[side + point] for side in SIDES], 2], LOW_PERCENT))
            for each in places
        )
        for point in floors
    }


def _over(body: Body, places: Floats, floors: dict[str, float]) -> Floats:
    """How far the lowest of some points of the feet is over its ground, (T,)."""
    heights = [
        places[:, body.joints[side + point], 2] - floor
        for point, floor in floors.items()
        for side in SIDES
        if side + point in body.joints
    ]
    return np.asarray(np.min(heights, axis=0))


def _height(body: Body) -> float:
    """From the lowest to the highest mapped joint at rest."""
    return float(np.ptp(body.rig.rest_joints[list(body.joints.values()), 2]))


def _standing(body: Body, places: Floats, floors: dict[str, float], reach: float) -> Bools:
    """In which frames (T,) the body stands, the lowest of some points of its feet being this near to the ground."""
    ends = [places[:, [body.joints[side + part] for side in SIDES]].mean(axis=1) for part in ("UpperArm", "UpperLeg")]
    trunk = ends[0] - ends[1]
    upright = trunk[:, 2] > UPRIGHT * np.linalg.norm(trunk, axis=-1)
    lowest = np.min([places[:, body.joints[point], 2] for point in _points(body)], axis=0)
    high = places[:, body.hips, 2] - lowest > HIGH * body.hip_height
    return np.asarray(upright & high & (np.abs(_over(body, places, floors)) <= reach))


def _hung(body: Body, motion: Motion, by: float) -> tuple[Body, Motion]:
    """The same motion in the world, of a body whose rest pose is higher by so much."""
    translations = motion.translations.copy()
    translations[:, np.asarray(body.rig.parents) < 0, 2] -= by
    rig = replace(body.rig, rest_joints=body.rig.rest_joints + [0, 0, by])
    return replace(body, rig=rig), replace(motion, translations=translations)
