"""How far feet slide while they stand, from joint positions alone: written again, apart from the code under test.

A point of a foot (ankle, ball) stands in a frame where in the source it is at most MAX_HEIGHT legs over its floor and
moves at most MAX_SPEED legs per second before and after, for MIN_S. The floor is the lowest twentieth of that point's
heights over both feet and the clip, and at most FLOOR_OVER_REST legs over the lower foot at rest.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np

from rigmill.humanoid.body import Body
from rigmill.types import Bools, Floats

MAX_SPEED, MAX_HEIGHT, MIN_S, FLOOR_OVER_REST = 0.15, 0.05, 0.1, 0.1
LEG = ("UpperLeg", "LowerLeg", "Foot")


def slides_pct(source: Body, there: Floats, target: Body, here: list[Floats], *, fps: float) -> list[Floats]:
    """For each of `here`, places (T, J, 3) of the target: percent of a leg per step, of all points that stand."""
    found: list[list[Floats]] = [[] for _ in here]
    sides = [
        side
        for side in ("left", "right")
        if all(f"{side}{part}" in body.joints for body in (source, target) for part in LEG)
    ]
    for point in ("Foot", "Toes"):
        joints = {side: source.joints[side + point] for side in sides if side + point in source.joints}
        if not joints:
            continue
        heights = np.concatenate([there[:, joint, 2] for joint in joints.values()])
        at_rest = min(float(source.rig.rest_joints[joint, 2]) for joint in joints.values())
        mean_leg = float(np.mean([_leg(source, side) for side in joints]))
        floor = min(float(np.percentile(heights, 5)), at_rest + FLOOR_OVER_REST * mean_leg)
        for side, joint in joints.items():
            if side + point not in target.joints:
                continue
            stands = _stands(there[:, joint], floor=floor, leg=_leg(source, side), fps=fps)
            both = stands[1:] & stands[:-1]
            for steps, places in zip(found, here):
                moved = np.diff(places[:, target.joints[side + point], :2], axis=0)[both]
                steps.append(100 * np.linalg.norm(moved, axis=-1) / _leg(target, side))
    return [np.concatenate(steps) if steps else np.zeros(0) for steps in found]


def _stands(places: Floats, *, floor: float, leg: float, fps: float) -> Bools:
    slow = np.linalg.norm(np.diff(places, axis=0), axis=-1) * fps <= MAX_SPEED * leg
    good = (places[:, 2] - floor <= MAX_HEIGHT * leg) & np.append(True, slow) & np.append(slow, True)
    result, start = np.zeros(len(good), dtype=bool), 0
    for value, run in groupby(good.tolist()):
        length = len(list(run))
        result[start : start + length] = value and length >= MIN_S * fps
        start += length
    return result


def _leg(body: Body, side: str) -> float:
    """Thigh and shin at rest."""
    hip, knee, ankle = (body.rig.rest_joints[body.joints[f"{side}{part}"]] for part in LEG)
    return float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
