"""Bodies that are one long chain, laid along curves: snakes on their track, fish that bend as they swim."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.body import Body
from curate.world.rig.turns import about
from rigmill.types import Floats


def ahead_of_root(body: Body) -> Floats:
    """How far ahead of the main root, in metres along the body, the middle of each bone of the chain is, (B,)."""
    bones = [body.skeleton[name] for name in body.chain]
    middles = [bone.head if bone.name == body.root else (bone.head + bone.tail) / 2 for bone in bones]
    return np.array([body.skeleton[body.root].head[1] - middle[1] for middle in middles])


def chain_length(body: Body) -> float:
    """Of the chain's bones together, metres."""
    ends = [point[1] for name in body.chain for point in (body.skeleton[name].head, body.skeleton[name].tail)]
    return float(max(ends) - min(ends))


def lay(act: Act, yaw: Floats, climb: Floats | float = 0.0, *, outer: Floats | None = None) -> None:
    """Turn every bone of the chain to its own heading, degrees (T, B), head first.

    `yaw` to the subject's left, `climb` upward towards the head; `outer` (T, 3, 3) turns all of it in the world.
    """
    climb = np.broadcast_to(np.asarray(climb, float), yaw.shape)
    place = {name: number for number, name in enumerate(act.body.chain)}
    for bone in act.body.skeleton.bones:
        number = place.get(bone.name)
        if number is not None:
            turn = about("z", yaw[:, number]) @ about("x", -climb[:, number])
            act.set_world_turn(bone.name, turn if outer is None else outer @ turn)


def lowest(act: Act) -> Floats:
    """How much higher than at rest the lowest joint of the chain is, (T,)."""
    ends = [act.world(name)[1][:, 2] for name in act.body.chain]
    ends += [act.point(name, act.body.skeleton[name].tail)[:, 2] for name in (act.body.chain[0], act.body.chain[-1])]
    return np.min(ends, axis=0) - act.body.skeleton[act.body.root].head[2]


def track(way: Floats, yaw_deg: Floats) -> Floats:
    """Places (N, 2) along a track that has these headings after these metres; it starts at 0, 0."""
    angle = np.deg2rad(yaw_deg)
    steps = np.diff(way)[:, None] * np.stack([np.sin(angle), -np.cos(angle)], axis=1)[:-1]
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
