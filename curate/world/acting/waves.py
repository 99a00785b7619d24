"""Chains that wave, and chains that follow what they hang on like springs: tails, ears, necks, fins, whole snakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.stances import skin_on
from curate.world.rig.turns import about, apply, transposed, unit
from rigmill.types import Floats


def wave(
    act: Act,
    bones: Sequence[str],
    axis: str | Floats,
    degrees: float | Floats,
    phase: Floats,
    *,
    lag: float = 0.6,
    grow: tuple[float, float] = (1.0, 1.0),
) -> None:
    """A wave along a chain: each bone turns by `degrees` times a sine, `lag` radians after the one before.

    `grow` scales the first and the last bone's turn, those between in between.
    """
    for number, bone in enumerate(bones):
        share = number / max(len(bones) - 1, 1)
        much = grow[0] + share * (grow[1] - grow[0])
        act.turn(bone, about(axis, act.full(np.asarray(degrees, float)) * much * np.sin(phase - lag * number)))


def side_axis(act: Act, bones: Sequence[str]) -> Floats:
    """About which axis (3,) a chain swings from side to side: z where it points backward, y where it hangs down."""
    way = act.body.skeleton[bones[-1]].tail - act.body.skeleton[bones[0]].head
    return unit(np.array([0.0, -way[2], way[1]]))


def lie_on_floor(act: Act, bones: Sequence[str]) -> None:
    """Bend a chain up where it would sink into the floor, as a rope that is let down. Call when all else is done."""
    skeleton = act.body.skeleton
    # What hangs straight down yields to where it points at rest, or backward.
    out = (skeleton[bones[-1]].tail - skeleton[bones[0]].head) * (1, 1, 0) + (0, 1e-3, 0)
    aside = apply(act.world(act.body.root)[0], np.broadcast_to(unit(out), (act.count, 3)))
    for name in [bone for bone in bones for _ in range(2)]:
        bone = skeleton[name]
        turn, head = act.world(name)
        way = apply(turn, np.broadcast_to(bone.tail - bone.head, head.shape))
        skin = skin_on(act.body, {name})[:, 0]
        least = min(float(bone.tail[2]), float(np.ptp(skin)) / 2 if len(skin) else 0.0)
        sine = np.clip((least - head[:, 2]) / bone.length, -0.95, 0.95)
        lack = np.maximum(np.arcsin(sine) - np.arcsin(np.clip(way[:, 2] / bone.length, -1, 1)), 0.0)
        if np.any(lack > 1e-6):
            flat = way / bone.length + 0.7 * aside
            level = np.stack([flat[:, 1], -flat[:, 0], np.zeros(act.count)], axis=1)
            act.set_world_turn(name, by_vectors(unit(level) * lack[:, None]) @ turn)


def follow(act: Act, bones: Sequence[str], *, hertz: float = 2.0, damping: float = 0.35, amount: float = 1.0) -> None:
    """Let a chain lag behind what it hangs on and swing after, as a spring does. Call when all above it is done."""
    skeleton = act.body.skeleton
    first, last = skeleton[bones[0]], skeleton[bones[-1]]
    rest = last.tail - first.head
    turn, head = act.above(first.name), act.world(first.name)[1]
    goal = head + apply(turn, np.broadcast_to(rest, head.shape))
    tip = _sprung(act.times, goal, hertz, damping)
    now, wanted = unit(goal - head), unit(tip - head)
    axis = np.cross(now, wanted)
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, np.sum(now * wanted, axis=-1)) * amount
    angle = 1.2 * np.tanh(angle / 1.2)  # a tail does not snap
    local = apply(transposed(turn), unit(axis)) * angle[:, None] / len(bones)
    for bone in bones:
        act.turn(bone, by_vectors(local))


def by_vectors(vectors: Floats) -> Floats:
    """Turns (T, 3, 3) by rotation vectors (T, 3), radians."""
    angle = np.linalg.norm(vectors, axis=-1)
    x, y, z = unit(vectors).T
    zero = np.zeros_like(x)
    cross = np.stack([np.stack([zero, -z, y], -1), np.stack([z, zero, -x], -1), np.stack([-y, x, zero], -1)], -2)
    s, c = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.asarray(np.eye(3) + s * cross + (1 - c) * cross @ cross)


def _sprung(times: Floats, goal: Floats, hertz: float, damping: float) -> Floats:
    """The path (T, 3) of a mass on a spring whose other end goes along `goal`, damped relative to it."""
    steps = 4
    dt = float(times[1] - times[0]) / steps
    fine = np.arange((len(times) - 1) * steps + 1) * dt
    path = np.stack([np.interp(fine, times - times[0], column) for column in goal.T], axis=1)
    speed = np.gradient(path, dt, axis=0)
    omega = 2 * np.pi * hertz
    place, moved = path[0].copy(), speed[0].copy()
    out = np.empty_like(goal)
    for number in range(len(fine)):
        if number % steps == 0:
            out[number // steps] = place
        pull = omega**2 * (path[number] - place) - 2 * damping * omega * (moved - speed[number])
        moved = moved + pull * dt
        place = place + moved * dt
    return out
