"""What has wheels drives and rolls: straight and in curves; every wheel turns as far as it travels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.profiles import cycle, ease
from curate.world.acting.truth import Truth
from curate.world.body import Body, Part
from curate.world.motions import PLACES, SIDES, motion
from curate.world.motions.things import place
from curate.world.rig.turns import about, vec
from rigmill.types import Floats

MOST_DEG = 42.0  # that a wheel turns from a frame to the next: more looks like turning back
STEPS = 16  # between frames, where a course is summed up
MOST_STEER_DEG = 24.0


@dataclass(frozen=True)
class Course:
    """A vehicle over time: `way` (T,) metres along its path, `bend` (T,) 1/m, `heading` (T,) radians, left positive."""

    way: Floats
    bend: Floats
    heading: Floats
    moved: Floats  # (T, 2) of the middle of the fixed axle


def wheels(body: Body) -> tuple[Part, ...]:
    """Its wheels that stand on the ground."""
    return tuple(part for part in body.parts if part.kind == "wheel" and part.radius > 0)


def _steered(body: Body) -> bool:
    return any(part.steers for part in wheels(body))


def _rolls(body: Body) -> bool:
    return bool(wheels(body)) and not _steered(body)


def _curves(body: Body) -> bool:
    """All its fixed wheels are on one axle."""
    fixed = [float(body.skeleton[part.bone].head[1]) for part in wheels(body) if not part.steers]
    return bool(fixed) and max(fixed) - min(fixed) < 1e-6


def _axle(body: Body) -> float:
    return float(np.mean([body.skeleton[part.bone].head[1] for part in wheels(body) if not part.steers]))


def _length(act: Act, share: float) -> float:
    """Metres to go, about `share` body heights: enough for the wheels to turn round, never so many that they blur."""
    radius = min(part.radius for part in wheels(act.body))
    most = np.deg2rad(MOST_DEG) * radius * (act.count - 1) / 1.9
    return float(min(max(share * act.body.height * act.manner.speed, 6.4 * radius), most))


def _paced(act: Act) -> Floats:
    """Share (T,) of the way: steady, or from a standstill, or to one."""
    share, kind = act.share, int(act.random.integers(4))
    if kind == 0:  # sets off
        return np.asarray(
            (0.35 * share + 0.65 * share**2)
            if act.random.random() < 0.5
            else np.maximum(share - 0.12, 0) ** 1.5 / 0.88**1.5
        )
    if kind == 1:  # comes to rest
        return np.asarray(1 - (1 - np.minimum(share / 0.9, 1)) ** 1.6)
    return share


def _course(times: Floats, way: Floats, bend: Floats) -> Course:
    """The path of the fixed axle's middle along `way` with a bend."""
    fine = np.linspace(times[0], times[-1], (len(times) - 1) * STEPS + 1)
    s, k = np.interp(fine, times, way), np.interp(fine, times, bend)
    ds = np.diff(s)
    heading = np.concatenate([[0.0], np.cumsum(ds * (k[1:] + k[:-1]) / 2)])
    middle = (heading[1:] + heading[:-1]) / 2
    moved = np.concatenate(
        [[[0.0, 0.0]], np.cumsum(ds[:, None] * np.stack([np.sin(middle), -np.cos(middle)], axis=1), axis=0)]
    )
    return Course(way, bend, heading[::STEPS], moved[::STEPS])


def roll(act: Act, course: Course, *, still: bool) -> None:
    """Bring the main root along the course, unless it stays where it is, and turn and steer all wheels."""
    body = act.body
    root = body.skeleton[body.root]
    axle = vec(0, _axle(body), 0)
    turn = about("z", np.rad2deg(course.heading))
    arm = root.head * vec(1, 1, 0) - axle
    moved = np.concatenate([course.moved, np.zeros((act.count, 1))], axis=1) + turn @ arm - arm
    if not still:
        act.turn(body.root, turn)
        act.shift(body.root, moved)
    for part in wheels(body):
        at = body.skeleton[part.bone].head - axle
        forth, aside = 1 - course.bend * at[0], -course.bend * at[1]
        steer = np.arctan2(aside, forth) if part.steers else 0 * forth
        speed = np.hypot(forth, aside) if part.steers else forth
        rate = (speed[1:] + speed[:-1]) / 2
        gone = np.concatenate([[0.0], np.cumsum(np.diff(course.way) * rate)])
        act.carry(part.bone)
        if part.steers:
            act.turn(part.bone, about("z", np.rad2deg(steer)))
        place(act, part, np.rad2deg(gone / part.radius) + 360.0 * act.manner.phase)
    _springs(act, course)


def _springs(act: Act, course: Course) -> None:
    """The body on its springs: it dips and leans a little, and trembles as it goes."""
    speed = np.gradient(course.way, act.times)
    push = np.gradient(speed, act.times) if act.count > 2 else 0 * speed
    much = np.tanh(push / 6.0)
    lean = np.tanh(course.bend * speed**2 / 5.0)
    for part in act.body.parts_called("suspension"):
        tremble = 0.25 * np.sin(cycle(0.23 * course.way / part.high + act.manner.phase) * 0.25)
        place(act, part, part.high * tremble * np.minimum(1.0, np.abs(speed)))
        act.turn(part.bone, about("x", -1.2 * much) @ about("y", -1.4 * lean))


def _told(act: Act, verb: str, course: Course, *, still: bool, side: str = "") -> Truth:
    places = act.shifts.get(act.body.root, np.zeros((act.count, 3)))
    gone = places[-1, :2] - places[0, :2]
    turned = float(np.rad2deg(course.heading[-1]))
    way = "none"
    if not still:
        bearing = np.rad2deg(np.arctan2(gone[0], -gone[1]))
        names = (
            "forward",
            "forward_left",
            "left",
            "backward_left",
            "backward",
            "backward_right",
            "right",
            "forward_right",
        )
        way = names[round(float(bearing) / 45.0) % 8]
    return act.truth(
        verb,
        side=side,
        direction=way,
        travel=float(np.linalg.norm(gone) / act.body.height),
        turn_deg=0.0 if still else turned,
        in_place=still,
        part="wheel",
        num_parts=len(wheels(act.body)),
    )


def _straight(act: Act, verb: str) -> Truth:
    sign = 1.0 if act.manner.way == "forward" else -1.0
    way = sign * _length(act, float(act.random.uniform(0.9, 1.7)) * (1.0 if sign > 0 else 0.8)) * _paced(act)
    course = _course(act.times, way, act.full(0.0))
    roll(act, course, still=act.manner.in_place)
    return _told(act, verb, course, still=act.manner.in_place)


@motion(
    "drive",
    _steered,
    ways=("forward", "forward", "backward"),
    places=PLACES,
    called=("drive", "driving", "drive loop"),
    says=("drives {way}", "goes {way} on its wheels"),
)
def drive(act: Act) -> Truth:
    """It drives ahead or backs up."""
    return _straight(act, "drive")


@motion(
    "roll",
    _rolls,
    ways=("forward", "backward"),
    places=PLACES,
    called=("roll", "rolling", "wheels roll"),
    says=("rolls {way}", "goes {way} on its wheels"),
)
def roll_along(act: Act) -> Truth:
    """It is rolled along."""
    return _straight(act, "roll")


@motion(
    "curve",
    _curves,
    sides=SIDES,
    ways=("forward", "forward", "backward"),
    called=("drive <side>", "curve", "turn <side>"),
    says=("goes round a bend to the {side}", "curves to the {side}"),
)
def curve(act: Act) -> Truth:
    """It goes round a bend; what has steered wheels turns them into it."""
    body = act.body
    length = _length(act, 1.6)
    degrees = float(act.random.uniform(40.0, 85.0))
    base = max(abs(float(body.skeleton[part.bone].head[1]) - _axle(body)) for part in wheels(body))
    sharpest = np.tan(np.deg2rad(MOST_STEER_DEG)) / base if base > 0 else 1.0
    sign = 1.0 if act.manner.side == "left" else -1.0
    share = _paced(act)
    bend = sign * min(np.deg2rad(degrees) / length, sharpest) * (1 + 0 * share)
    course = _course(act.times, length * share, bend)
    roll(act, course, still=False)
    return _told(act, "drive" if _steered(body) else "roll", course, still=False, side=act.manner.side)


@motion(
    "steer",
    _steered,
    called=("steer", "turn wheels", "steering"),
    says=("turns its front wheels left and right", "steers left and right where it stands"),
)
def steer(act: Act) -> Truth:
    """The car stands and its front wheels turn left and right."""
    hertz = max(0.6 * act.manner.speed, 1.0 / act.seconds)
    envelope = ease(act.share, 0.0, 0.12) * (1 - ease(act.share, 0.9, 1.0))
    angle = 0.95 * MOST_STEER_DEG * act.manner.amount**0.3 * np.sin(cycle(hertz * act.times)) * envelope
    turned = [part for part in wheels(act.body) if part.steers]
    for part in turned:
        act.carry(part.bone)
        act.turn(part.bone, about("z", angle))
    return act.truth("steer", side="", part="wheel", period_s=1 / hertz, num_parts=len(turned))
