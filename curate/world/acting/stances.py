"""Postures of animals: legs set one by one, steps into a posture, how low a trunk can get."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.gait import too_high
from curate.world.acting.ik import leg_end, set_leg, yaw_of
from curate.world.acting.profiles import ease
from curate.world.body import Body, Leg
from curate.world.rig.turns import about, apply
from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Set:
    """How one leg is set, all (T, ...) or one for all frames; None is as at rest."""

    moved: Floats | float = 0.0  # (T, 3) metres of its ball from where it stands at rest
    turn: Floats | None = None  # (T, 3, 3) of the foot
    fold: Floats | float = 0.0  # (T,) degrees of the bones between shin and foot
    knee: Floats | None = None  # (3,) or (T, 3): where the knee juts
    carried: Floats | float = 0.0  # (T,) 0..1: how much the foot goes along with the body instead of standing


def set_legs(act: Act, sets: Mapping[str, Set], *, lowered: bool = True) -> None:
    """Set every leg, those that `sets` does not name as they stand at rest. Call when the trunk is posed.

    `lowered`: the body sinks where a leg that stands would not reach.
    """
    plain = Set()
    goals = {leg.name: _goal(act, leg, sets.get(leg.name, plain)) for leg in act.body.legs}
    if lowered:
        high = []
        for leg in act.body.legs:
            ball, turn, middle, carried = goals[leg.name]
            high.append(too_high(act, leg, leg_end(act, leg, ball, turn, middle)) * (1 - carried))
        act.move(z=-np.maximum(np.max(high, axis=0), 0.0))
        goals = {leg.name: _goal(act, leg, sets.get(leg.name, plain)) for leg in act.body.legs}
    for leg in act.body.legs:
        ball, turn, _, _ = goals[leg.name]
        how = sets.get(leg.name, plain)
        knee = how.knee
        if knee is None and np.any(np.asarray(how.carried) > 0):
            # A leg that goes along with the body bends as it does there.
            upper = act.body.skeleton[leg.bones[0]].parent or act.body.root
            along = blended(yaw_of(act), act.world(upper)[0], act.full(np.asarray(how.carried, float)))
            knee = apply(along, act.full(leg.knee))
        set_leg(act, leg, ball, turn, knee=knee, fold=how.fold)


def _goal(act: Act, leg: Leg, how: Set) -> tuple[Floats, Floats, Floats, Floats]:
    """Ball (T, 3), foot's turn, the turn of the bones between, and how much it is carried (T,)."""
    still = np.tile(np.eye(3), (act.count, 1, 1))
    carried = act.full(np.asarray(how.carried, float))
    turn = still if how.turn is None else np.broadcast_to(how.turn, still.shape)
    upper = act.body.skeleton[leg.bones[0]].parent or act.body.root
    body_turn = act.world(upper)[0]
    along = act.point(upper, leg.ball) + apply(body_turn, act.full(np.zeros(3)) + np.asarray(how.moved))
    stands = act.full(leg.ball) + np.asarray(how.moved)
    ball = stands + carried[:, None] * (along - stands)
    if np.any(carried > 0):
        turn = blended(still, body_turn, carried) @ turn
        ball[:, 2] = np.maximum(ball[:, 2], leg.ball[2] + 0.045 * act.body.leg_length * np.minimum(1, 16 * carried))
    middle = yaw_of(act) @ about("x", act.full(np.asarray(how.fold, float)))
    return ball, turn, middle, carried


def blended(one: Floats, other: Floats, share: Floats) -> Floats:
    """Turns (T, 3, 3) between two, made square again; exact at 0 and 1."""
    mixed = one + share[:, None, None] * (other - one)
    u, _, v = np.linalg.svd(mixed)
    return np.asarray(u @ v)


def hop_over(act: Act, way: tuple[float, float], start: float, end: float, *, lift: float) -> Floats:
    """What to add (T, 3) to a foot that is lifted and set down `way` (x, y) metres further, from `start` to `end`."""
    u = np.clip((act.share - start) / max(end - start, 1e-9), 0, 1)
    over = ease(u, 0.12, 0.88)
    return np.stack([way[0] * over, way[1] * over, lift * np.sin(np.pi * u) ** 2], axis=1)


def belly(body: Body) -> float:
    """How high the trunk's skin is above the ground at rest, at its lowest, metres."""
    points = skin_on(body, {body.root, *body.spine})
    return float(points[:, 2].min()) if len(points) else 0.0


def skin_on(body: Body, bones: Collection[str]) -> Floats:
    """The points (N, 3) of its skin at rest that some bones carry, for the most part."""
    found = [np.zeros((0, 3))]
    for patch in body.patches:
        own = [place for place, bone in enumerate(patch.bones) if bone in bones]
        found.append(patch.points[patch.weights[..., own].sum(axis=-1) > 0.6])
    return np.concatenate(found)


def legs_at(body: Body, end: str) -> tuple[Leg, ...]:
    """Its front or hind legs; of two-legged bodies there is one pair, which is the hind one."""
    found = tuple(leg for leg in body.legs if leg.end == end)
    return found or (body.legs if end == "hind" else ())


def sprawls(body: Body) -> bool:
    """Its legs stand out to the sides, as a lizard's."""
    return bool(body.legs) and abs(float(body.legs[0].knee[0])) > 0.3


def short_legged(body: Body) -> bool:
    """Its legs are shorter than its trunk is long: it can get down low, as cats do."""
    return sprawls(body) or float(body.skeleton[legs_at(body, "hind")[0].bones[0]].head[2]) < 0.95 * trunk_length(body)


def tips(body: Body) -> float:
    """How far the trunk may tip, 1 for what stands high and much less for what has the ground right below."""
    return 0.22 if sprawls(body) else 1.0


def trunk_length(body: Body) -> float:
    """From the hips to the shoulders along the ground, metres; of two-legged bodies to the neck."""
    front, hind = legs_at(body, "front"), legs_at(body, "hind")
    there = body.skeleton[front[0].bones[0]].head if front else body.skeleton[body.neck[0]].head
    return abs(float(body.skeleton[hind[0].bones[0]].head[1] - there[1]))
