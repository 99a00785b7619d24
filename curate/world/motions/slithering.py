"""What snakes do on the ground: every bone goes where the one before it went."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.chains import ahead_of_root, chain_length, lay, lowest, track
from curate.world.acting.profiles import bump, cycle, ease, snap
from curate.world.acting.truth import Truth
from curate.world.body import Body
from curate.world.motions import PLACES, SIDES, TRAVELS, motion
from curate.world.rig.turns import about
from rigmill.types import Floats

FINE = 40  # steps of a track between two frames


def wriggles(body: Body) -> bool:
    """It goes by bending, on the ground."""
    return bool(body.chain) and "wriggle" in body.can


def _along_track(act: Act, *, turn: float, in_place: bool) -> tuple[float, float]:
    """Put the body onto its winding track; how far it gets from where it was, metres, and its period."""
    body, manner = act.body, act.manner
    length = chain_length(body)
    wave = 0.55 * length
    halves = max(2, round(2 * 0.8 * manner.speed * act.seconds))  # so that its front points ahead at both ends
    way = 0.5 * halves * wave * act.share
    start = 0.5 * wave * (manner.phase < 0.5)
    bend = turn / way[-1]

    def heading(s: Floats) -> Floats:
        return np.asarray(50.0 * manner.amount**0.5 * np.sin(cycle((s + start) / wave)) + bend * s)

    fine = np.linspace(0, way[-1], FINE * act.count)
    places = track(fine, heading(fine))
    x, y = (np.interp(way, fine, column) for column in places.T)
    gone = float(np.hypot(x[-1], y[-1]))
    if in_place:
        x, y = x - x[-1] * act.share, y - y[-1] * act.share
    act.move(x=x, y=y)
    lay(act, heading(way[:, None] + ahead_of_root(body)))
    return gone, 2 * act.seconds / halves


@motion(
    "slither",
    wriggles,
    places=PLACES,
    ways=("forward",),
    called=("slither", "crawl", "slithering", "wriggle"),
    says=("slithers {way}", "winds its way {way}", "wriggles {way}"),
)
def slither(act: Act) -> Truth:
    """Its body follows its head along a winding track, or winds in place."""
    still = act.manner.in_place
    gone, period = _along_track(act, turn=0.0, in_place=still)
    _nose(act, 6.0)
    travel = 0.0 if still else gone / act.body.height
    return act.truth("slither", side="", direction="none" if still else "forward", travel=travel, period_s=period)


@motion(
    "slither in a curve",
    wriggles,
    sides=SIDES,
    places=TRAVELS,
    ways=("forward",),
    called=("slither <side>", "crawl turn <side>"),
    says=("slithers and turns {turn}", "winds its way in a curve to the {side}"),
)
def slither_in_a_curve(act: Act) -> Truth:
    """It slithers ahead and turns to one side meanwhile."""
    turn = (1.0 if act.manner.side == "left" else -1.0) * float(act.random.uniform(70.0, 110.0))
    gone, period = _along_track(act, turn=turn, in_place=False)
    _nose(act, 6.0)
    direction = f"forward_{act.manner.side}"
    return act.truth("slither", direction=direction, travel=gone / act.body.height, turn_deg=turn, period_s=period)


def _nose(act: Act, degrees: Floats | float) -> None:
    """Its head is raised a little, as of who looks ahead."""
    act.turn(act.body.chain[1], about("x", act.full(-np.asarray(degrees, float))))
    act.turn(act.body.chain[0], about("x", act.full(0.7 * np.asarray(degrees, float))))


def _lifted(body: Body) -> int:
    """How many bones from the head it can raise: those ahead of its root."""
    return min(body.chain.index(body.root), max(3, round(0.42 * len(body.chain))))


def _raise(act: Act, amount: Floats, *, yaw: Floats | float = 0.0, forward: Floats | float = 0.0) -> None:
    """The front rises into an S with its head level; `yaw` (T,) turns it, `forward` (T,) lays it out ahead."""
    body = act.body
    count, high = len(body.chain), _lifted(body)
    rest = _winding(act, 26.0)
    share = np.clip((high - np.arange(count)) / high, 0, 1)  # 1 at the head
    climb = (
        88.0 * np.sin(np.pi * np.clip(share * 0.98, 0, 1)) ** 0.8 * (1 - 0.55 * np.asarray(forward, float))[..., None]
    )
    climb = np.broadcast_to(climb, (act.count, count)).copy()
    climb[:, 0] = 2.0
    up = amount[:, None]
    turned = np.asarray(yaw, float)[..., None] * share
    front = np.clip(2.0 * share, 0, 1) * up
    lay(act, rest * (1 - front) + turned * up, climb * up)
    act.move(z=np.maximum(-lowest(act), 0.0))


def _winding(act: Act, degrees: float) -> Floats:
    """The curves in which it lies, (T, B): the same all the time, its root straight."""
    body = act.body
    sign = 1.0 if act.manner.phase < 0.5 else -1.0
    place = ahead_of_root(body) / chain_length(body)
    breath = 1.0 + 0.04 * np.sin(cycle(0.4 * act.times + act.manner.phase))
    return np.asarray(sign * degrees * breath[:, None] * np.sin(cycle(place / 0.6)))


@motion(
    "raise head",
    wriggles,
    called=("rear up", "rise", "threaten"),
    says=("rears up", "raises {its} head high and sways"),
)
def rear_up(act: Act) -> Truth:
    """The front of its body rises and sways from side to side."""
    up = ease(act.share, 0.02, 0.42 / act.manner.speed**0.5)
    sway = 26.0 * act.manner.amount * np.sin(cycle(0.8 * act.times + act.manner.phase)) * up
    _raise(act, up, yaw=sway)
    _jaw(act, 14.0 * up)
    return act.truth("raise head", speed="", part="head")


@motion(
    "strike",
    wriggles,
    called=("strike", "attack", "bite"),
    says=("strikes", "strikes and bites", "attacks with a quick bite"),
)
def strike(act: Act) -> Truth:
    """It stands reared, draws back, and its head shoots ahead with open jaws, once or twice."""
    times = 2 if act.manner.speed > 1.0 else 1
    u = np.mod(act.share * times * 0.999, 1.0)
    up = 0.45 + 0.55 * ease(act.share, 0.0, 0.2)
    back = bump(u, 0.05, 0.35, 0.4, 0.5)
    hit = snap(u, 0.40, 0.54, 0.95)
    _raise(act, up, forward=1.2 * hit - 0.25 * back)
    _jaw(act, 42.0 * bump(u, 0.3, 0.48, 0.56, 0.72))
    act.turn(act.body.chain[0], about("x", act.full(-18.0 * hit)))
    return act.truth("attack", speed="", part="head", num_parts=times)


def _jaw(act: Act, degrees: Floats) -> None:
    if act.body.jaw:
        act.turn(act.body.jaw, about("x", degrees))


@motion("coil", wriggles, sides=SIDES, called=("coil", "curl up"), says=("coils up", "curls up into a coil"))
def coil(act: Act) -> Truth:
    """It winds itself up to one side, head inside."""
    body, sign = act.body, 1.0 if act.manner.side == "left" else -1.0
    amount = ease(act.share, 0.03, 0.92 if act.manner.speed < 1.1 else 0.7)
    place = ahead_of_root(body) / chain_length(body)
    tight = 440.0 * act.manner.amount**0.5
    spiral = sign * tight * (place + 0.42 * place**2 * np.sign(place + 1))
    lay(act, _winding(act, 26.0) * (1 - amount)[:, None] + amount[:, None] * spiral)
    _nose(act, 10.0 * amount)
    return act.truth("coil", speed="")


@motion(
    "shake tail",
    wriggles,
    called=("rattle", "shake tail", "tail rattle"),
    says=("shakes the tip of {its} tail", "rattles {its} raised tail"),
)
def shake_tail(act: Act) -> Truth:
    """The end of its tail goes up and shakes."""
    body, hertz = act.body, 2.4 * act.manner.speed**0.5
    count = len(body.chain)
    share = np.clip((np.arange(count) - 0.68 * count) / (0.3 * count), 0, 1)
    up = ease(act.share, 0.0, 0.2)[:, None]
    shake = 60.0 * act.manner.amount * np.sin(cycle(hertz * act.times))[:, None] * np.clip(share * 1.6 - 0.6, 0, 1)
    climb = -54.0 * np.sin(0.5 * np.pi * share) * up
    lay(act, _winding(act, 26.0) + shake * up, climb)
    _nose(act, 8.0)
    return act.truth("shake tail", part="tail", period_s=1 / hertz)


@motion(
    "watch",
    wriggles,
    sides=SIDES,
    called=("look around", "watch"),
    says=("looks around", "raises {its} head and looks around"),
)
def watch(act: Act) -> Truth:
    """With its head raised it looks to one side and to the other."""
    first = 1.0 if act.manner.side == "left" else -1.0
    s = act.share
    yaw = first * 70.0 * act.manner.amount * (bump(s, 0.1, 0.28, 0.42, 0.54) - bump(s, 0.46, 0.68, 0.84, 0.99))
    _raise(act, 0.5 + 0.2 * ease(s, 0.0, 0.15), yaw=yaw)
    return act.truth("look around", side="", part="head")


@motion(
    "lie still",
    wriggles,
    called=("idle", "rest", "lie idle"),
    says=("lies still", "lies on the ground and hardly moves"),
)
def lie_still(act: Act) -> Truth:
    """It lies in curves and breathes; its head moves a little."""
    lay(act, _winding(act, 30.0))
    slow = cycle(0.5 * act.times + act.manner.phase)
    _nose(act, 8.0 + 3.0 * np.sin(slow))
    act.turn(act.body.chain[0], about("z", 7.0 * act.manner.amount * np.sin(slow)))
    return act.truth("idle", speed="")
