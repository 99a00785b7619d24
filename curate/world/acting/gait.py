"""Legs that carry a body along a path: each foot stands where it was set down until it is lifted again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.ik import STRETCHED, leg_end, set_leg, yaw_of
from curate.world.body import Body, Leg
from curate.world.rig.turns import about, apply
from rigmill.types import Bools, Floats

Path = Callable[[Floats], Floats]  # seconds (...) -> where the body is (..., 3): x, y in metres, its yaw in radians


@dataclass(frozen=True, slots=True)
class Gait:
    """How legs step. `phases`: per leg of the body, when in a cycle it lands."""

    period_s: float
    duty: float  # share of a cycle that a foot stands
    lift: float  # metres
    phases: tuple[float, ...]
    heel_deg: float = 25.0  # how far the heel rises before a foot leaves the ground
    narrow: float = 1.0  # of the distance between left and right feet at rest
    fold_deg: float = 0.0  # of the bones between shin and foot, at the middle of a swing
    start: float = 0.0  # of a cycle, at time 0
    stands: tuple[float, float] | None = None  # seconds: all feet stand up to the first, and from the second on


def straight(ahead: float, left: float = 0.0) -> Path:
    """With these speeds, metres a second, always facing the same way."""
    return lambda t: np.stack([left * t, -ahead * t, 0 * t], axis=-1)


def curved(ahead: float, turn_deg_per_s: float) -> Path:
    """Along a circle, facing the way it goes; positive turns to the left."""
    rate = np.deg2rad(turn_deg_per_s)

    def path(t: Floats) -> Floats:
        radius = ahead / rate
        return np.stack([radius * (1 - np.cos(rate * t)), -radius * np.sin(rate * t), rate * t], axis=-1)

    return path if abs(rate) > 1e-6 else straight(ahead)


def on_the_spot(body: Body, turned_deg: Callable[[Floats], Floats]) -> Path:
    """Turning about the middle of the feet: degrees to the left as a function of seconds."""
    middle = np.mean([leg.ball for leg in body.legs], axis=0) if body.legs else body.skeleton[body.root].head
    x, y, _ = middle - body.skeleton[body.root].head

    def path(t: Floats) -> Floats:
        yaw = np.deg2rad(turned_deg(t))
        s, c = np.sin(yaw), np.cos(yaw)
        return np.stack([x - c * x + s * y, y - s * x - c * y, yaw], axis=-1)

    return path


def step(act: Act, gait: Gait, path: Path, *, in_place: bool, legs: Sequence[Leg] | None = None) -> None:
    """Carry the body along the path by steps. What was put into its root before sways about that path.

    In place the ground goes backward instead: the same poses without the path's way.
    """
    take_along(act, path, in_place=in_place)
    legs = act.body.legs if legs is None else legs
    plants = [_feet(act, leg, gait, phase, path, in_place) for leg, phase in zip(legs, gait.phases)]
    heading = yaw_of(act)
    middles = [heading @ about("x", plant.fold_deg) for plant in plants]
    sink = [
        too_high(act, leg, leg_end(act, leg, plant.ball, plant.foot_turn, middle))[plant.stands]
        for leg, plant, middle in zip(legs, plants, middles)
    ]
    act.move(z=-max(0.0, float(np.max(np.concatenate(sink), initial=0.0))))
    for leg, plant in zip(legs, plants):
        set_leg(act, leg, plant.ball, plant.foot_turn, fold=plant.fold_deg)


def take_along(act: Act, path: Path, *, in_place: bool) -> None:
    """Put the body onto the path: its root's own sway turns with the heading."""
    root = act.body.root
    at = path(act.times)
    yaw = about("z", np.rad2deg(at[:, 2]))
    sway = apply(yaw, act.shifts.get(root, np.zeros((act.count, 3))))
    if not in_place:
        sway[:, :2] += at[:, :2]
    act.shifts[root] = sway
    act.turns[root] = yaw @ act.turns.get(root, np.eye(3))


@dataclass(frozen=True, slots=True)
class _Plant:
    ball: Floats  # (T, 3)
    foot_turn: Floats  # (T, 3, 3)
    stands: Bools  # (T,)
    fold_deg: Floats  # (T,)


def _feet(act: Act, leg: Leg, gait: Gait, phase: float, path: Path, in_place: bool) -> _Plant:
    """Where one foot is over the take."""
    period = gait.period_s
    cycles = act.times / period + gait.start - phase
    whole = np.floor(cycles)
    part = cycles - whole
    first, last = _first_and_last(gait, phase)
    still = (whole < first) | (whole > last) | ((whole == last) & (part > gait.duty / 2))
    u = np.asarray(np.where(still, gait.duty / 2, part), dtype=np.float64)
    whole = np.clip(whole, first, last)
    stands = u < gait.duty

    def planted(number: Floats) -> tuple[Floats, Floats]:
        middle = (number + phase - gait.start + gait.duty / 2) * period
        if gait.stands is not None:  # it starts and ends as it stands at rest
            middle = np.asarray(np.where(number <= first, 0.0, np.where(number >= last, act.times[-1], middle)))
        at = path(middle)
        root = act.body.skeleton[act.body.root].head
        away = (leg.ball - root) * (gait.narrow, 1, 0)
        s, c = np.sin(at[..., 2]), np.cos(at[..., 2])
        x = root[0] + at[..., 0] + c * away[0] - s * away[1]
        y = root[1] + at[..., 1] + s * away[0] + c * away[1]
        return np.stack([x, y], axis=-1), at[..., 2]

    here, yaw_here = planted(whole)
    there, yaw_there = planted(whole + 1)
    w = np.asarray(np.clip((u - gait.duty) / (1 - gait.duty), 0, 1), dtype=np.float64)
    over: Floats = w * w * w * (10 - 15 * w + 6 * w * w)
    over = 0.55 * over + 0.45 * w * w * (3 - 2 * w)
    xy = here + over[:, None] * (there - here)
    if in_place:
        xy = xy - path(act.times)[:, :2]
    z = leg.ball[2] + gait.lift * (16 * w**2 * (1 - w) ** 2) ** 0.75
    # A foot in one piece would push its toes into the floor.
    heel_deg = gait.heel_deg * (0.28 if act.body.is_person and leg.toes is None else 1.0)
    late = np.clip((u / gait.duty - 0.6) / 0.4, 0, 1)
    heel = np.where(stands, late * late, (1 - np.clip(1.6 * w, 0, 1) ** 1.5)) * heel_deg
    toe_up = -0.5 * heel_deg * np.where(stands, 0, np.sin(np.pi * np.clip((w - 0.35) / 0.65, 0, 1)) ** 2)
    # With its toes up a foot stands on its heel: the ball is higher by that.
    foot = act.body.skeleton[leg.bones[-1]]
    behind = 1.5 * float(np.linalg.norm((leg.ball - foot.head)[:2]))
    z = z + behind * np.sin(np.deg2rad(np.maximum(-(heel + toe_up), 0.0)))
    yaw = yaw_here + over * (yaw_there - yaw_here)
    turn = about("z", np.rad2deg(yaw)) @ about("x", heel + toe_up)
    return _Plant(np.concatenate([xy, z[:, None]], axis=1), turn, stands, gait.fold_deg * np.sin(np.pi * w) ** 2)


def _first_and_last(gait: Gait, phase: float) -> tuple[float, float]:
    """The first and the last time that a foot is set down, in cycles."""
    if gait.stands is None:
        return -np.inf, np.inf
    up, down = (second / gait.period_s + gait.start - phase for second in gait.stands)
    first = np.ceil(up - gait.duty)
    return first, max(first, np.floor(down))


def too_high(act: Act, leg: Leg, end: Floats) -> Floats:
    """How far (T,) a leg's hip is above where it could reach `end` (T, 3)."""
    bones = [act.body.skeleton[name].head for name in leg.bones[:3]]
    most = STRETCHED * float(np.linalg.norm(bones[1] - bones[0]) + np.linalg.norm(bones[2] - bones[1]))
    hip = act.world(leg.bones[0])[1]
    aside = np.linalg.norm((end - hip)[:, :2], axis=1)
    return np.asarray(hip[:, 2] - end[:, 2] - np.sqrt(np.maximum(most**2 - aside**2, 0.0)))


def stand(
    act: Act,
    *,
    moved: dict[str, Floats] | None = None,
    lowered: bool = True,
    knees: Floats | None = None,
    narrow: float = 1.0,
) -> None:
    """Keep all feet flat where they stand at rest, whatever the root does.

    `moved` adds (T, 3) metres to some legs' balls; its keys are the legs' names. `lowered`: the body sinks where a leg
    would not reach.
    """
    moved = moved or {}
    flat = np.tile(np.eye(3), (act.count, 1, 1))
    balls = []
    for leg in act.body.legs:
        ball = act.full(leg.ball * (narrow, 1, 1)) + moved.get(leg.name, 0.0)
        balls.append(ball)
    if lowered:
        high = [too_high(act, leg, leg_end(act, leg, ball, flat, flat)) for leg, ball in zip(act.body.legs, balls)]
        act.move(z=-np.maximum(np.max(high, axis=0), 0.0))
    for leg, ball in zip(act.body.legs, balls):
        set_leg(act, leg, ball, flat, knee=knees)
