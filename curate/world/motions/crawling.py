"""People on hands and knees."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import straight, take_along
from curate.world.acting.ik import reach
from curate.world.acting.profiles import cycle
from curate.world.acting.stances import skin_on
from curate.world.acting.truth import Truth
from curate.world.acting.waves import follow, lie_on_floor
from curate.world.body import Arm, Body, Leg
from curate.world.motions import PLACES, motion
from curate.world.rig.turns import about, transposed, vec
from rigmill.types import Floats

DUTY = 0.62


def _crawls(body: Body) -> bool:
    return needs.person_like(body) and all(leg.knee[1] < 0 for leg in body.legs)


@motion(
    "crawl",
    _crawls,
    ways=("forward",),
    places=PLACES,
    called=("crawl", "crawling", "crawl forward"),
    says=("crawls {way} on {its} hands and knees", "crawls {way}", "moves {way} on all fours"),
)
def crawl(act: Act) -> Truth:
    """Hands and knees step across, like the feet of a walking animal."""
    body, manner = act.body, act.manner
    skeleton = body.skeleton
    thigh = skeleton[body.legs[0].bones[0]].length
    period = 1.1 / manner.speed**0.6
    half = 0.20 * thigh * manner.amount * 1.4
    ahead = 2 * half / (DUTY * period)
    c = act.times / period + manner.phase
    hip = skeleton[body.legs[0].bones[0]].head
    knee_up = _knee_thick(body, body.legs[0])
    low = -float(hip[2]) + 0.94 * thigh + knee_up
    tilt = _tilt(act, low, 1.3 * half)
    act.move(z=low - 0.012 * thigh * np.cos(cycle(2 * c)), x=0.04 * thigh * np.cos(cycle(c - 0.3)))
    act.turn(body.root, about("x", act.full(tilt)) @ about("y", 5.0 * np.cos(cycle(c))))
    act.bend(body.spine, "z", 6.0 * np.sin(cycle(c)))
    act.bend([*body.neck, *filter(None, [body.head])], "x", act.full(10.0 - tilt))
    path = straight(ahead)
    take_along(act, path, in_place=manner.in_place)
    for leg, phase in zip(body.legs, (0.0, 0.5)):
        _knee(act, leg, _planted(c - phase, half, period, ahead, lift=0.16 * thigh), knee_up)
    for arm in body.arms:
        phase = 0.5 if arm.side == "left" else 0.0
        _hand(act, arm, _planted(c - phase - 0.06, half, period, ahead, lift=0.22 * thigh))
    for bones in body.tails:
        first, last = skeleton[bones[0]], skeleton[bones[-1]]
        rise = np.rad2deg(np.arctan2(*(last.tail - first.head)[[2, 1]]))
        # The trunk that tips would raise it like a flag: it hangs a little below level behind.
        act.turn(bones[0], about("x", act.full(-(tilt + rise + 8.0))))
        follow(act, bones)
        lie_on_floor(act, bones)
    return act.truth(
        "crawl",
        side="",
        period_s=period,
        in_place=manner.in_place,
        direction="none" if manner.in_place else "forward",
        travel=0.0 if manner.in_place else ahead * act.seconds / body.height,
    )


def _knee_thick(body: Body, leg: Leg) -> float:
    """How high a knee's joint is above the floor that it kneels on, metres."""
    skin, knee = skin_on(body, set(leg.bones[:2])), body.skeleton[leg.bones[1]]
    near = skin[np.abs(skin[:, 2] - knee.head[2]) < 0.12 * knee.length]
    return float((knee.head[1] - near[:, 1]).max()) if len(near) else 0.15 * knee.length


def _tilt(act: Act, low: float, way: float) -> float:
    """Degrees that the trunk tips, so that hands reach the floor `way` metres ahead of and behind the shoulders."""
    body, skeleton = act.body, act.body.skeleton
    for degrees in range(72, 100, 2):
        trial = Act(body, act.manner, act.random, act.times[:2])
        trial.move(z=low)
        trial.turn(body.root, about("x", float(degrees)))
        lacks = []
        for arm in body.arms:
            upper, lower, _ = arm.bones
            reaches = 0.98 * (skeleton[upper].length + skeleton[lower].length)
            shoulder = trial.world(upper)[1][0, 2] - _palm(body, arm)[1]
            lacks.append(float(np.hypot(shoulder, way)) - reaches)
        if max(lacks) < 0:
            break
    return float(degrees)


def _palm(body: Body, arm: Arm) -> tuple[Floats, float]:
    """The turn (3, 3) of a hand that lies flat with its fingers ahead, and how high its wrist is then, metres."""
    hand = body.skeleton[arm.bones[2]]
    sign = 1.0 if arm.side == "left" else -1.0
    out = hand.tail - hand.head
    flat = about("z", -sign * 90.0) @ about("y", -sign * np.rad2deg(np.arctan2(-out[2], sign * out[0])))
    skin = (skin_on(body, {hand.name}) - hand.head) @ flat.T
    return flat, -float(skin[:, 2].min()) if len(skin) else 0.1 * hand.length


def _planted(cycles: Floats, half: float, period: float, ahead: float, *, lift: float) -> Floats:
    """Where a hand or knee is relative to its place under the body: ahead (-y) and up, (T, 3)."""
    u = cycles - np.floor(cycles)
    w = np.clip((u - DUTY) / (1 - DUTY), 0, 1)
    over = w * w * w * (10 - 15 * w + 6 * w * w)
    # In the body's frame a standing limb goes steadily back; in the world it stays.
    standing = -half + 2 * half * np.minimum(u / DUTY, 1.0)
    world_way = ahead * period
    y = np.where(u < DUTY, standing, half + ahead * (u - DUTY) * period - world_way * over)
    return np.stack([0 * y, y, lift * 16 * w**2 * (1 - w) ** 2], axis=1)


def _under(act: Act, point: Floats) -> Floats:
    """A root-carried level place (T, 3) below the body, going with its path."""
    root = act.body.skeleton[act.body.root].head
    at = act.world(act.body.root)[1]
    place = np.tile(point, (act.count, 1))
    place[:, 1] += (at - root)[:, 1]
    return place


def _knee(act: Act, leg: Leg, way: Floats, knee_up: float) -> None:
    skeleton = act.body.skeleton
    upper, lower, *_, foot = leg.bones
    hip = act.world(upper)[1]
    knee = _under(act, vec(float(skeleton[upper].head[0]), 0.0, knee_up)) + way
    knee[:, 1] += (hip - _under(act, vec(0, 0, 0)))[:, 1].mean() - 0.02 * skeleton[upper].length
    # The thigh points at the knee; the shin lies behind it on the floor.
    down = knee - hip
    act.turns[upper] = transposed(act.above(upper)) @ _pointing(skeleton[lower].head - skeleton[upper].head, down)
    shin = np.tile(vec(0, 1.0, -0.05), (act.count, 1))
    shin[:, 2] += 0.5 * way[:, 2] / skeleton[lower].length
    act.set_world_turn(lower, _pointing(skeleton[foot].head - skeleton[lower].head, shin))
    act.set_world_turn(foot, about("x", act.full(166.0)))
    if leg.toes is not None:
        act.turns.pop(leg.toes, None)


def _pointing(rest: Floats, way: Floats) -> Floats:
    """Turns (T, 3, 3) about the side axis mostly, that bring `rest` (3,) to point along `way` (T, 3)."""
    pitch = np.arctan2(way[:, 1], -way[:, 2]) - np.arctan2(rest[1], -rest[2])
    level = about("x", np.rad2deg(pitch))
    return np.asarray(level)


def _hand(act: Act, arm: Arm, way: Floats) -> None:
    skeleton = act.body.skeleton
    upper, lower, end = arm.bones
    shoulder = act.world(upper)[1]
    sign = 1.0 if arm.side == "left" else -1.0
    flat, thick = _palm(act.body, arm)
    place = _under(act, vec(0, 0, thick)) + way
    place[:, 0] = skeleton[upper].head[0] + sign * 0.02
    place[:, 1] += (shoulder - _under(act, vec(0, 0, 0)))[:, 1].mean() - 0.1 * skeleton[upper].length * (
        1 + 1.5 * arm.pair
    )
    act.turns.pop(upper, None)
    pole = np.tile(vec(0.5 * sign, 1.0, 0.1), (act.count, 1))
    reach(act, upper, lower, skeleton[end].head, place, pole, arm.elbow)
    act.set_world_turn(end, np.tile(flat, (act.count, 1, 1)))
