"""What animals attack with: teeth, head, hooves, tail; and how they threaten."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.gait import stand
from curate.world.acting.postures import hang
from curate.world.acting.profiles import bump, cycle, ease, snap
from curate.world.acting.stances import Set, legs_at, set_legs, sprawls, tips, trunk_length
from curate.world.acting.truth import Truth
from curate.world.acting.waves import lie_on_floor
from curate.world.body import Body
from curate.world.motions import SIDES, motion
from curate.world.motions.heads import trail
from curate.world.motions.resting import beast, look_level
from curate.world.rig.turns import about, vec
from rigmill.types import Floats


def _toothed(body: Body) -> bool:
    found = bool(body.jaw and body.neck and body.head and body.legs) and body.group == "animal"
    return found and not body.wings and not body.trunk


def _upright(body: Body) -> bool:
    return beast(body) and not sprawls(body)


def _long_tailed(body: Body) -> bool:
    """Its tail is as long as its legs, or nearly."""
    if not (body.tails and body.legs and body.group == "animal") or body.wings:
        return False
    bones = [body.skeleton[name] for name in body.tails[0]]
    hangs = bones[-1].tail[2] < bones[0].head[2] - 0.6 * bones[0].length * len(bones)
    return len(bones) >= 4 and not hangs and sum(bone.length for bone in bones) > 0.8 * body.leg_length


def open_jaw(act: Act, degrees: Floats) -> None:
    """Drop the jaw by degrees (T,)."""
    if act.body.jaw:
        # What has its chin on the ground lifts its head instead.
        up = 0.7 * degrees if sprawls(act.body) else 0.0 * degrees
        act.turn(act.body.head or act.body.jaw, about("x", -up))
        act.turn(act.body.jaw, about("x", degrees))


def _finish(act: Act, sets: dict[str, Set] | None = None, *, wag: float = 8.0) -> None:
    if sets is None:
        stand(act)
    else:
        set_legs(act, sets)
    if act.body.arms:
        hang(act, swing={"left": act.full(0.2), "right": act.full(0.2)})
    trail(act, wag=wag)


@motion(
    "bite",
    _toothed,
    called=("bite", "attack", "bite attack"),
    says=("bites", "snaps with {its} jaws", "lunges forward and bites"),
)
def bite(act: Act) -> Truth:
    """It draws back, shoots its head forward with the mouth open, and snaps."""
    body, much = act.body, min(act.manner.amount, 1.1)
    length = body.leg_length
    lunge = 0.4 if sprawls(body) else 1.0
    back, out = bump(act.share, 0.03, 0.24, 0.27, 0.40), bump(act.share, 0.29, 0.44, 0.50, 0.85)
    act.move(y=(0.12 * back - 0.30 * out) * length * much * lunge, z=-(0.06 + 0.06 * out * lunge) * length)
    act.turn(body.root, about("x", (-4.0 * back + 7.0 * out) * much * tips(body)))
    act.bend(body.spine, "x", (-5.0 * back + 5.0 * out) * much * tips(body))
    act.bend(body.neck, "x", (-20.0 * back + 26.0 * out * tips(body)) * much)
    act.turn(body.head or body.neck[-1], about("x", (10.0 * back - 30.0 * out * tips(body)) * much))
    open_jaw(act, 34.0 * bump(act.share, 0.14, 0.32, 0.43, 0.49))
    _finish(act)
    return act.truth("bite", part="head")


@motion(
    "headbutt",
    beast,
    called=("headbutt", "butt", "ram"),
    says=("butts with {its} head", "lowers {its} head and rams forward", "gives a headbutt"),
)
def headbutt(act: Act) -> Truth:
    """The head goes down, the body draws back and shoves it forward."""
    body, much = act.body, min(act.manner.amount, 1.15)
    length = body.leg_length
    lunge = 0.9 if sprawls(body) else 1.0
    low = bump(act.share, 0.03, 0.25, 0.6, 0.95)
    back, out = bump(act.share, 0.05, 0.32, 0.36, 0.47), bump(act.share, 0.37, 0.5, 0.54, 0.9)
    act.move(y=(0.22 * back - 0.34 * out) * length * much * lunge, z=-(0.05 + 0.10 * back * tips(body)) * length)
    act.turn(body.root, about("x", (6.0 * back - 4.0 * out) * much * tips(body)))
    act.bend(body.neck, "x", (34.0 * low - 16.0 * out) * much * tips(body))
    act.turn(body.head or body.neck[-1], about("x", (30.0 * low - 34.0 * out) * much * tips(body)))
    if body.trunk:
        act.bend(body.trunk, "x", -60.0 * low)
    if sprawls(body):  # it pushes its chest up, and shoves from there
        up = bump(act.share, 0.05, 0.3, 0.36, 0.5) * much
        act.move(z=0.24 * length * up)
        act.turn(body.root, about("x", -13.0 * up))
    _finish(act)
    return act.truth("headbutt", part="head")


@motion(
    "kick out",
    _upright,
    called=("kick", "hind kick", "buck", "kick back"),
    says=("kicks out with {its} hind legs", "kicks backward with both hind legs", "bucks"),
)
def kick_out(act: Act) -> Truth:
    """The hips go up and both hind legs shoot out backward."""
    body, much = act.body, min(act.manner.amount, 1.1)
    length = body.leg_length
    low, up = bump(act.share, 0.02, 0.17, 0.2, 0.32), bump(act.share, 0.2, 0.42, 0.5, 0.8)
    out = snap(act.share, 0.32, 0.46, 0.68)
    tilt = 26.0 * much
    act.move(y=-0.06 * length * up, z=(-0.14 * low + 0.22 * up * much) * length)
    act.turn(body.root, about("x", tilt * up - 6.0 * low))
    look_level(act, 1.5 * tilt * up)
    sets = {}
    drawn = np.clip(up - out, 0, 1)
    for leg in legs_at(body, "hind"):
        way = np.stack([0 * up, (0.85 * out - 0.05 * drawn) * length, (0.62 * out + 0.30 * drawn) * length], axis=1)
        sets[leg.name] = Set(
            moved=way * much,
            turn=about("x", 75.0 * out + 25.0 * drawn),
            fold=60.0 * out + 20.0 * drawn,
            knee=vec(0.0, -1.0, -0.8),
        )
    _finish(act, sets, wag=12.0)
    return act.truth("kick", part="hind legs", style="backward")


@motion(
    "rear up",
    _upright,
    called=("rear", "rear up", "rearing"),
    says=("rears up on {its} hind legs", "rears up", "stands up on {its} hind legs and paws the air"),
)
def rear_up(act: Act) -> Truth:
    """It stands up on its hind legs and paws the air."""
    body, much = act.body, min(act.manner.amount, 1.1)
    length, long = body.leg_length, trunk_length(body)
    up = bump(act.share, 0.08, 0.36, 0.64, 0.94)
    low = bump(act.share, 0.0, 0.1, 0.12, 0.3)
    hip = body.skeleton[legs_at(body, "hind")[0].bones[0]].head
    root = body.skeleton[body.root].head
    tilt = 50.0 * much
    # The hind hips turn about the root: bring them back above the feet, and the weight with them.
    arm = hip - root
    c, s = np.cos(np.deg2rad(-tilt * up)), np.sin(np.deg2rad(-tilt * up))
    act.move(
        y=-(arm[1] * c - arm[2] * s - arm[1]) - 0.06 * length * up,
        z=-(arm[1] * s + arm[2] * c - arm[2]) - (0.06 + 0.06 * low + 0.07 * up) * length,
    )
    act.turn(body.root, about("x", -tilt * up + 4.0 * low))
    act.bend(body.spine, "x", -8.0 * up)
    look_level(act, -0.75 * tilt * up)
    sets = {}
    air = np.clip(1.6 * up - 0.1, 0, 1)
    for number, leg in enumerate(legs_at(body, "front")):
        paw = np.sin(cycle(1.6 * act.manner.speed**0.5 * act.times) + np.pi * number)
        way = np.stack([0 * up, (-0.20 - 0.10 * paw) * length * air, (0.34 + 0.12 * paw) * length * air], axis=1)
        sets[leg.name] = Set(moved=way, turn=about("x", 35.0 * air), carried=air)
    _finish(act, sets)
    if long and body.trunk:
        act.bend(body.trunk, "x", -60.0 * up)
    return act.truth("rear up")


@motion(
    "roar",
    _toothed,
    called=("roar", "howl", "call", "cry"),
    says=(
        "calls out with {its} mouth wide open",
        "throws {its} head up and cries out",
        "raises {its} head and opens {its} mouth wide",
    ),
)
def roar(act: Act) -> Truth:
    """The head goes up and forward with the mouth wide open, and trembles."""
    body, much = act.body, min(act.manner.amount, 1.1)
    back, out = bump(act.share, 0.02, 0.18, 0.22, 0.36), bump(act.share, 0.2, 0.4, 0.74, 0.96)
    tremble = np.sin(cycle(7.0 * act.times)) * out
    act.move(y=(0.07 * back - 0.06 * out) * body.leg_length, z=-(0.03 + 0.07 * back) * body.leg_length)
    act.bend(body.spine, "x", (5.0 * back - 7.0 * out) * much * tips(body))
    act.bend(body.neck, "x", (16.0 * back * tips(body) - 14.0 * out) * much)
    act.turn(
        body.head or body.neck[-1],
        about("x", (14.0 * back * tips(body) - 24.0 * out + 1.6 * tremble) * much) @ about("z", 2.0 * tremble),
    )
    open_jaw(act, (32.0 * out + 1.5 * tremble) * much)
    _finish(act, wag=14.0)
    return act.truth("roar", part="jaw")


@motion(
    "tail whip",
    _long_tailed,
    sides=SIDES,
    called=("tail whip", "tail attack", "tail swipe <side>"),
    says=("whips {its} tail to the {side}", "lashes out with {its} tail", "strikes with {its} tail"),
)
def tail_whip(act: Act) -> Truth:
    """The tail draws to the other side and lashes out to one."""
    body, much = act.body, act.manner.amount
    sign = 1.0 if act.manner.side == "left" else -1.0
    back, out = bump(act.share, 0.03, 0.3, 0.34, 0.48), bump(act.share, 0.36, 0.52, 0.58, 0.92)
    # A tail points to +y: it goes to the left by a turn to the right.
    swing = -sign * (out - 0.7 * back) * min(much, 1.1)
    act.move(z=-0.08 * body.leg_length * (back + out) - 0.03 * body.leg_length)
    act.turn(body.root, about("z", 10.0 * swing))
    act.bend(body.spine, "z", -10.0 * swing)
    act.bend(body.neck, "z", -14.0 * swing)
    stand(act)
    if body.arms:
        hang(act)
    for bones in body.tails:
        first, last = body.skeleton[bones[0]], body.skeleton[bones[-1]]
        way = last.tail - first.head
        rise = float(np.rad2deg(np.arctan2(way[2], abs(way[1]))))
        act.turn(bones[0], about("x", -0.7 * rise * np.clip(back + out, 0, 1)))
        for number, bone in enumerate(bones):
            late = 0.03 * number
            own = bump(act.share - late, 0.36, 0.52, 0.58, 0.92) - 0.7 * bump(act.share - late, 0.03, 0.3, 0.34, 0.48)
            act.turn(bone, about("z", -sign * own * min(much, 1.1) * 85.0 / len(bones)))
        lie_on_floor(act, bones)
    return act.truth("tail whip", part="tail")


@motion(
    "paw the ground",
    lambda body: beast(body) and not sprawls(body),
    sides=SIDES,
    called=("paw", "paw ground", "scrape <side>"),
    says=(
        "paws the ground with {its} {side} front leg",
        "scrapes the ground with {its} {side} front foot",
        "paws the ground",
    ),
)
def paw(act: Act) -> Truth:
    """A front foot scrapes over the ground, again and again."""
    body, manner = act.body, act.manner
    sign = 1.0 if manner.side == "left" else -1.0
    length = body.leg_length
    count = 3 if manner.speed > 1.1 else 2
    u = np.mod(np.clip((act.share - 0.06) / 0.88, 0, 0.9999) * count, 1.0)
    up, ahead = bump(u, 0.0, 0.3, 0.45, 0.62), ease(u, 0.1, 0.45)
    behind = ease(u, 0.5, 0.8) * (1 - ease(u, 0.86, 1.0))
    calm = bump(act.share, 0.0, 0.12, 0.9, 1.0)
    act.move(x=-0.05 * sign * length * calm, z=-0.05 * length)
    act.bend(body.neck, "x", 12.0 * calm)
    reach = 0.26 * ahead * (1 - ease(u, 0.5, 0.8)) - 0.14 * behind
    way = np.stack([0 * u, -reach * length * manner.amount, 0.30 * length * up + 0.03 * length * behind], axis=1)
    tilt = about("x", 40.0 * up + 18.0 * behind)
    _finish(act, {f"{manner.side} front leg": Set(moved=way, turn=tilt)})
    return act.truth("paw", part=f"{manner.side} front leg", period_s=0.88 * act.seconds / count)
