"""What animals do all day: eat, wag, raise a trunk, crawl, leap."""

from __future__ import annotations

import numpy as np

from curate.world.acting import needs
from curate.world.acting.act import Act
from curate.world.acting.gait import Gait, stand, step, straight
from curate.world.acting.postures import hang
from curate.world.acting.profiles import bump, cycle, ease
from curate.world.acting.stances import Set, belly, set_legs, short_legged, sprawls, trunk_length
from curate.world.acting.truth import Truth
from curate.world.acting.waves import follow, lie_on_floor, side_axis, wave
from curate.world.body import Body
from curate.world.motions import PLACES, motion
from curate.world.motions.beasts import open_jaw
from curate.world.motions.heads import trail
from curate.world.motions.resting import beast
from curate.world.rig.turns import about
from rigmill.types import Floats


def _eats(body: Body) -> bool:
    return (
        bool(body.jaw and body.neck and body.head and len(body.legs) in (2, 4))
        and body.group == "animal"
        and not body.trunk
    )


@motion(
    "eat",
    _eats,
    called=("eat", "eating", "graze"),
    says=("eats from the ground", "lowers {its} head and eats", "bends down to eat"),
)
def eat(act: Act) -> Truth:
    """The head goes down to the ground, the jaw chews."""
    body, head = act.body, act.body.head or ""
    down = bump(act.share, 0.02, 0.34, 0.82, 1.0)
    two = needs.two_legged(body)
    neck, bow, tilt, sink = _to_the_ground(act)
    act.turn(body.root, about("x", tilt * down))
    _bow_neck(act, neck * down)
    act.turn(head, about("x", bow * down))
    act.move(z=-0.03 * body.leg_length - sink * down)
    hertz = 2.2 * act.manner.speed**0.5
    chew = bump(act.share, 0.3, 0.38, 0.8, 0.86)
    open_jaw(act, chew * 11.0 * (1 - np.cos(cycle(hertz * act.times))) + 14.0 * bump(act.share, 0.22, 0.3, 0.31, 0.38))
    act.turn(
        head,
        about("x", chew * 2.5 * np.sin(cycle(hertz * act.times)))
        @ about("z", chew * 5.0 * np.sin(cycle(0.5 * hertz * act.times))),
    )
    stand(act)
    if body.arms:
        hang(act)
    for bones in body.tails if two else ():
        act.bend(bones, "x", 0.4 * tilt * down)
    trail(act)
    return act.truth("eat", part="jaw", period_s=1 / hertz)


def _bow_neck(act: Act, degrees: Floats | float) -> None:
    """Tip the neck forward, most of it at its foot, so that a long one reaches far."""
    first, *rest = act.body.neck
    act.turn(first, about("x", act.full(np.asarray(degrees, float)) * (0.45 if rest else 1.0)))
    if rest:
        act.bend(rest, "x", 0.55 * np.asarray(degrees, float))


def _to_the_ground(act: Act) -> tuple[float, float, float, float]:
    """Degrees that neck, head and trunk tip to bring the mouth to the ground, the trunk no more than it must.

    And how far the trunk sinks, metres, where all that is not enough.
    """
    body, head = act.body, act.body.skeleton[act.body.head or ""]
    two = needs.two_legged(body)
    line = body.skeleton[body.neck[-1]].tail - body.skeleton[body.neck[0]].head
    way = head.tail - head.head
    rise, dip = np.rad2deg(np.arctan2(line[2], -line[1])), np.rad2deg(np.arctan2(-way[2], -way[1]))
    neck = min(46.0 if two else rise + 36.0 if len(body.neck) == 1 else rise + 58.0, 46.0 * (len(body.neck) + 1))
    bow = float(np.clip(62.0 - dip - neck, -60.0, 30.0))
    most = 34.0 if two else float(np.rad2deg(np.arcsin(min(0.5, 0.34 * belly(body) / trunk_length(body)))))
    lowest = 0.2 * head.length

    def mouth(share: float, tilt: float) -> float:
        trial = Act(body, act.manner, act.random, act.times[:2])
        trial.turn(body.root, about("x", tilt))
        _bow_neck(trial, share * neck)
        trial.turn(head.name, about("x", share * bow))
        ends = [head, body.skeleton[body.jaw or head.name]]
        return min(float(trial.point(end.name, end.tail)[0, 2]) for end in ends)

    for share in np.linspace(0.1, 1.0, 46):
        if mouth(share, 0.0) < lowest:
            return neck * share, bow * share, 0.0, 0.0
    tilts = np.linspace(0.0, most, 30)
    deep = next((tilt for tilt in tilts if mouth(1.0, tilt) < lowest), most)
    lack = max(mouth(1.0, float(deep)) - lowest, 0.0)
    return neck, bow, float(deep), min(lack, 0.3 * body.leg_length, 0.6 * belly(body))


@motion(
    "wag tail",
    lambda body: bool(body.tails and body.legs) and not body.wings,
    called=("wag", "wag tail", "tail wag"),
    says=("wags {its} {part}", "swings {its} {part} from side to side", "stands and wags {its} {part}"),
)
def wag_tail(act: Act) -> Truth:
    """The tail goes from side to side, fast; the hips go along."""
    body = act.body
    hertz = min(2.3 * act.manner.speed * min(1.0, (0.6 / body.leg_length) ** 0.25), 2.6)  # a film shows no more
    phase = cycle(hertz * act.times + act.manner.phase)
    act.turn(body.root, about("z", 2.5 * np.sin(phase)))
    act.bend(body.spine, "z", -4.0 * np.sin(phase))
    act.bend(body.neck, "x", -5.0 * np.sin(np.pi * act.share))
    act.move(z=-0.03 * body.leg_length)
    stand(act)
    if body.arms:
        hang(act)
    for bones in body.tails:
        wave(
            act,
            bones,
            side_axis(act, bones),
            min(74.0 / len(bones), 30.0) * act.manner.amount,
            phase + np.pi,
            lag=1.2 / len(bones),
            grow=(1.3, 0.9),
        )
        lie_on_floor(act, bones)
    for bones in body.ears:
        follow(act, bones, hertz=3.0)
    if body.trunk:
        follow(act, body.trunk, hertz=1.4)
    return act.truth("wag", part=body.tails[0][0].split()[0], period_s=1 / hertz)


@motion(
    "raise trunk",
    lambda body: bool(body.trunk),
    called=("trunk up", "raise trunk", "trumpet"),
    says=("raises {its} trunk", "lifts {its} trunk high", "curls {its} trunk up over {its} head"),
)
def raise_trunk(act: Act) -> Truth:
    """The trunk curls up over the head, the mouth opens: it trumpets."""
    up = bump(act.share, 0.04, 0.36, 0.72, 0.97)
    act.bend(act.body.neck, "x", -14.0 * up)
    _stand_easy(act)
    curl = 172.0 * min(act.manner.amount, 1.08)
    bones = act.body.trunk
    for number, bone in enumerate(bones):
        share = number / (len(bones) - 1)
        act.turn(bone, about("x", -curl * up * (1.35 - 0.7 * share) / len(bones)))
    open_jaw(act, 20.0 * up)
    follow(act, bones, hertz=1.8, amount=0.5)
    return act.truth("raise trunk", part="trunk")


@motion(
    "swing trunk",
    lambda body: bool(body.trunk),
    called=("trunk swing", "swing trunk"),
    says=("swings {its} trunk", "swings {its} trunk from side to side", "stands and swings {its} trunk"),
)
def swing_trunk(act: Act) -> Truth:
    """The trunk swings from side to side like a rope."""
    hertz = 0.85 * act.manner.speed**0.7
    phase = cycle(hertz * act.times + act.manner.phase)
    act.bend([*act.body.neck, *filter(None, [act.body.head])], "z", 10.0 * np.sin(phase))
    _stand_easy(act)
    bones = act.body.trunk
    wave(act, bones, "y", 70.0 * act.manner.amount / len(bones), phase + np.pi, lag=1.3 / len(bones), grow=(0.8, 1.2))
    lie_on_floor(act, bones)
    return act.truth("swing", part="trunk", period_s=1 / hertz)


def _stand_easy(act: Act) -> None:
    act.move(z=-0.03 * act.body.leg_length)
    stand(act)
    for bones in act.body.tails:
        wave(act, bones, side_axis(act, bones), 10.0, cycle(1.1 * act.times), lag=0.5)
        follow(act, bones)
    for number, bones in enumerate(act.body.ears):
        act.bend(bones, "z", (6.0 + 10.0 * np.sin(cycle(0.8 * act.times))) * (1 if number else -1))


@motion(
    "crawl low",
    lambda body: beast(body) and short_legged(body) and not body.trunk,
    places=PLACES,
    called=("crawl", "crawl low", "stalk", "creep"),
    says=("crawls {way}", "creeps {way} close to the ground", "crawls low over the ground {way}"),
)
def crawl(act: Act) -> Truth:
    """It goes with its belly just above the ground; what sprawls bends from side to side."""
    body, manner = act.body, act.manner
    length = body.leg_length
    wide = sprawls(body)
    period = float(np.clip(1.25 * np.sqrt(length / 0.5) * manner.speed**-0.6, 0.5, 1.7))
    duty = 0.68
    half = (0.34 if wide else 0.24) * length * manner.amount * manner.speed**0.3
    ahead = 2 * half / (duty * period)
    c = act.times / period + manner.phase
    act.move(z=-(0.55 if wide else 0.5) * min(belly(body), 0.75 * length))
    bends = 26.0 if wide else 6.0
    act.turn(body.root, about("z", 0.5 * bends * np.sin(cycle(c) + 0.4)))
    wave(act, body.spine, "z", -bends / len(body.spine), cycle(c) + 0.4, lag=0.3)
    act.bend(body.neck, "z", 0.35 * bends * np.sin(cycle(c)))
    if not wide:
        act.bend(body.neck, "x", 26.0)
        act.turn(body.head or body.neck[-1], about("x", act.full(-20.0)))
    phases = tuple(leg.phase for leg in body.legs)
    gait = Gait(period, duty, 0.16 * length, phases, heel_deg=14.0, fold_deg=10.0, start=manner.phase)
    step(act, gait, straight(ahead), in_place=manner.in_place)
    for bones in body.tails:
        wave(
            act,
            bones,
            "z",
            (70.0 if wide else 30.0) / len(bones),
            cycle(c) - 0.6,
            lag=3.2 / len(bones),
            grow=(0.8, 1.2),
        )
        follow(act, bones, hertz=2.0, amount=0.5)
        lie_on_floor(act, bones)
    still = manner.in_place
    travel = 0.0 if still else float(ahead * act.seconds / body.height)
    return act.truth("crawl", period_s=period, in_place=still, direction="none" if still else "forward", travel=travel)


@motion(
    "leap",
    lambda body: beast(body) and not sprawls(body),
    places=(False,),
    called=("leap", "leap forward", "pounce"),
    says=("leaps {way}", "takes a leap {way}", "crouches and leaps {way}"),
)
def leap(act: Act) -> Truth:
    """It crouches, pushes off with its hind legs, flies stretched out and lands on its front legs."""
    body, much = act.body, min(act.manner.amount, 1.1)
    length = body.leg_length
    far, high = 2.0 * length * much, 0.70 * length * much
    s = act.share
    off, down = 0.36, 0.66
    air = np.clip((s - off) / (down - off), 0, 1)
    flight = 4 * air * (1 - air)
    crouch = bump(s, 0.0, 0.22, 0.26, off) + 0.6 * bump(s, down - 0.02, down + 0.1, down + 0.12, 0.96)
    tilt = -18.0 * bump(s, 0.24, off + 0.04, off + 0.06, 0.52) + 15.0 * bump(s, 0.5, down - 0.04, down, 0.86)
    gone = 0.14 * ease(s, 0.22, off) + 0.72 * air + 0.14 * ease(s, down, 0.9)
    act.move(
        y=-far * gone + 0.1 * length * bump(s, 0.0, 0.22, 0.24, off), z=high * flight - (0.05 + 0.26 * crouch) * length
    )
    act.turn(body.root, about("x", tilt))
    # It tips about the middle of its trunk, not about its hips.
    half = 0.5 * trunk_length(body)
    act.move(z=-half * np.sin(np.deg2rad(-tilt)) * 0.8)
    act.bend(body.spine, "x", 8.0 * crouch - 8.0 * flight)
    act.bend(body.neck, "x", -0.8 * tilt - 6.0 * flight)
    sets = {}
    for leg in body.legs:
        front = leg.end == "front"
        start, land = (off - 0.06, down - 0.01) if front else (off, down + 0.07)
        u = np.clip((s - start) / (land - start), 0, 1)
        over = ease(u, 0.0, 1.0)
        # Never along the leg, which reaches behind the body.
        knee = np.array([0.0, 1.0 if front else -1.0, -0.8])
        lift = high * (1.05 if front else 0.82) * np.sin(np.pi * u) ** 1.3
        stretch = (
            (-0.30 if front else 0.32) * length * np.sin(np.pi * u) ** 2 * (1 if front else np.cos(0.5 * np.pi * u))
        )
        way = np.stack([0 * s, -far * over + stretch, lift], axis=1)
        sets[leg.name] = Set(
            moved=way,
            knee=knee,
            turn=about("x", (18.0 if front else 34.0) * np.sin(np.pi * u) ** 2),
            fold=-15.0 * np.sin(np.pi * u) ** 2,
        )
    set_legs(act, sets)
    trail(act, wag=4.0)
    return act.truth("leap", speed="", direction="forward", travel=far / body.height)
