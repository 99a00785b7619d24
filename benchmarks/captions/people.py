"""What people do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.captions.acting import Acting, Pace, smooth, step, turning_path
from benchmarks.captions.rigs import FRONT, LEFT, UP, Made
from benchmarks.captions.scenes import Scene, Truth, scene
from rigmill.types import Floats

EIGHT = ("forward", "forward_left", "left", "backward_left", "backward", "backward_right", "right", "forward_right")
_LATE = (0.0, 0.5)
_ARMS, _SIDES = ("left arm", "right arm"), (("left", 1.0), ("right", -1.0))


def _legs(made: Made) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(made.limbs[f"{side} leg"]) for side in ("left", "right"))


def _arms_down(acting: Acting) -> Acting:
    """Both arms hang, whatever the rest pose is."""
    for side, sign in _SIDES:
        acting.turn(f"{side}UpperArm", FRONT, np.full(len(acting.time), -sign * (75.0 - _drop(acting.made))))
    return acting


def _drop(made: Made) -> float:
    rest = made.turn.inv().apply(made.rig.rest_joints)
    way = rest[made.roles["leftHand"]] - rest[made.roles["leftUpperArm"]]
    return float(np.degrees(np.arctan2(-way[2], way[0])))


def _swinging(acting: Acting, stride_s: float, angle: float) -> Acting:
    for side, sign in _SIDES:
        acting.turn(f"{side}UpperArm", LEFT, sign * angle * np.sin(2 * np.pi * acting.time / stride_s))
    return acting


def people(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    yield from _walks(made, random)
    yield from _turns(made, random)
    yield from _on_the_spot(made, random)
    yield from _arms(made, random)


def _stand(made: Made, seconds: float, fps: float) -> Acting:
    return _arms_down(Acting(made, seconds, fps))


def _walks(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    leg_share = _leg_share(made)
    for number, heading in enumerate(EIGHT):
        for in_place in (False, True):
            pace = Pace(speed=leg_share * random.uniform(0.9, 1.5), stride_s=random.uniform(0.9, 1.2))
            acting = _stand(made, 3.2, (16.0, 24.0, 30.0)[number % 3])
            _swinging(step(acting, pace, 45.0 * number, _legs(made), _LATE, in_place=in_place), pace.stride_s, 18)
            truth = Truth(
                travel="none" if in_place else heading,
                distance=0.0 if in_place else pace.speed * 3.2,
                gait="walk",
                gait_heading=heading,
                in_place=in_place,
                sink=None,
                period_s=pace.stride_s,
                moves={"left leg": {"action": "swings"}, "right leg": {"action": "swings"}},
                posture_end="stands",
            )
            yield scene(f"walks {heading}{' in place' if in_place else ''}", acting, truth)
    for in_place in (False, True):
        pace = Pace(leg_share * 3.6, 0.62, stance=0.36, lift=0.1, bounce=0.02)
        acting = _stand(made, 2.5, 30.0)
        _swinging(step(acting, pace, 0, _legs(made), _LATE, in_place=in_place), pace.stride_s, 40)
        truth = Truth(
            travel="none" if in_place else "forward",
            distance=0.0 if in_place else pace.speed * 2.5,
            gait="run",
            gait_heading="forward",
            in_place=in_place,
            rise=None,
            sink=None,
            jumps=None,
            period_s=pace.stride_s,
        )
        yield scene(f"runs{' in place' if in_place else ''}", acting, truth)
    for sign, name in ((1, "left"), (-1, "right")):
        acting = _stand(made, 6.0, 16.0)
        pace = Pace(leg_share * 1.4, 1.0)
        step(acting, pace, 0, _legs(made), _LATE, in_place=True)
        turn = sign * 360 * acting.time / 6.0
        acting.go(turning_path(acting, pace.speed, turn)).root(UP, turn)
        truth = Truth(
            travel="circle",
            distance=0.0,
            turn_deg=sign * 360.0,
            gait="walk",
            gait_heading="forward",
            sink=None,
            period_s=1.0,
        )
        yield scene(f"walks in a circle to the {name}", acting, truth)


def _leg_share(made: Made) -> float:
    rest = made.rig.rest_joints
    chain = [made.roles[role] for role in made.limbs["left leg"]]
    return float(np.linalg.norm(np.diff(rest[chain], axis=0), axis=1).sum()) / made.height


def _turns(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    for angle in (90, -90, 180, -45, 360, -360, 720):
        acting = _stand(made, 3.0, 16.0)
        turn = angle * smooth(acting.time, 0.3, 2.7)
        acting.root(UP, turn)
        yield scene(f"turns {angle}", acting, Truth(turn_deg=angle))
    for angle in (360, -360):
        acting = _stand(made, 1.6, 24.0)
        share = smooth(acting.time, 0.3, 1.3)
        lift = 0.35 * np.sin(np.pi * share)
        acting.root(LEFT, angle * share).go(lift[:, None] * UP)
        truth = Truth(flip_deg=angle, jumps=None, rise=0.35, moves={})
        yield scene("flips " + ("forward" if angle > 0 else "backward"), acting, truth)
    for angle, name in ((90, "face"), (-90, "back")):
        acting = _stand(made, 2.0, 16.0)
        share = smooth(acting.time, 0.4, 1.5)
        hips = made.rig.rest_joints[made.roles["hips"], 2] / made.height
        acting.root(LEFT, angle * share).go((-0.85 * hips * share)[:, None] * UP)
        truth = Truth(flip_deg=angle, lies=True, posture_end="lies", sink=0.85 * hips, jumps=None)
        yield scene(f"falls on its {name}", acting, truth)


def _on_the_spot(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    legs, share = _legs(made), _leg_share(made)
    for fps in (12.0, 30.0):
        acting = _stand(made, 4.0, fps)
        breath = np.sin(2 * np.pi * acting.time / 2.0)
        acting.turn("chest", LEFT, 1.0 * breath)
        yield scene(f"idles at {fps:.0f}", acting, Truth(idle=True, still=tuple(made.limbs), posture_end="stands"))
    for number in (1, 2):
        acting = _stand(made, 1.3 * number, 24.0)
        beat = acting.time % 1.3
        height = 0.25 * np.maximum(0.0, np.sin(np.pi * np.clip((beat - 0.4) / 0.5, 0, 1)))
        crouch = -0.25 * share * (smooth(beat, 0.05, 0.25) - smooth(beat, 0.25, 0.4))
        crouch -= 0.2 * share * (smooth(beat, 0.9, 1.0) - smooth(beat, 1.0, 1.25))
        for leg in legs:
            acting.reach(leg, -crouch[:, None] * UP)
        acting.go((height + crouch)[:, None] * UP)
        truth = Truth(jumps=number, rise=0.25, sink=0.25 * share, gait_heading=None)
        yield scene(f"jumps {number} times", acting, truth)
    acting = _stand(made, 2.0, 16.0)
    down = 0.55 * share * smooth(acting.time, 0.2, 1.2)
    for leg in legs:
        acting.reach(leg, down[:, None] * UP)
    acting.go(-down[:, None] * UP)
    yield scene("crouches", acting, Truth(sink=0.55 * share, posture_end="crouches"))
    acting = _stand(made, 2.0, 16.0)
    gone = smooth(acting.time, 0.2, 1.5)
    way = gone[:, None] * (-0.45 * share * UP - 0.5 * share * FRONT)
    for leg in legs:
        acting.reach(leg, -way)
    acting.go(way)
    yield scene("sits down", acting, Truth(sink=0.45 * share, posture_end="sits", distance=0.5 * share))
    acting = _stand(made, 3.0, 16.0)
    acting.turn("spine", LEFT, 70 * (smooth(acting.time, 0.3, 1.2) - smooth(acting.time, 1.8, 2.7)))
    yield scene("bows", acting, Truth(posture_end="stands", rise=None, sink=None))
    for axis, sweep, name in ((LEFT, "up_down", "nods"), (UP, "side_to_side", "shakes its head")):
        acting = _stand(made, 2.4, 24.0)
        acting.turn("head", axis, 22 * np.sin(2 * np.pi * acting.time / 0.8))
        asked = {"head": {"action": "swings", "sweep": sweep, "cycles": 3.0}}
        yield scene(name, acting, Truth(moves=asked, still=(*_ARMS, "left leg", "right leg"), period_s=0.8))


def _arms(made: Made, random: np.random.Generator) -> Iterator[Scene]:
    for side, sign in _SIDES:
        other = "right" if side == "left" else "left"
        still = (f"{other} arm", "left leg", "right leg")
        acting = _stand(made, 3.0, 16.0)
        up = smooth(acting.time, 0.2, 0.7)
        acting.turn(f"{side}UpperArm", FRONT, sign * 135 * up)
        acting.turn(f"{side}LowerArm", FRONT, sign * 25 * up * np.sin(2 * np.pi * acting.time / 0.6))
        asked = {f"{side} arm": {"raised": True, "first": True}}
        yield scene(f"raises its {side} arm and waves", acting, Truth(moves=asked, still=still))
        acting = _stand(made, 3.0, 16.0)
        acting.turn(f"{side}UpperArm", FRONT, np.full(len(acting.time), sign * 130.0))
        acting.turn(f"{side}LowerArm", FRONT, sign * 30 * np.sin(2 * np.pi * acting.time / 0.75))
        asked = {f"{side} arm": {"raised": True, "action": "swings", "cycles": 4.0, "first": True}}
        yield scene(f"waves its {side} arm", acting, Truth(moves=asked, still=still, period_s=0.75))
        for kind, angle, action in (("raises", 100.0, "rises"), ("lowers", -100.0, "sinks")):
            acting = _stand(made, 1.6, 16.0)
            moved = smooth(acting.time, 0.2, 1.2)
            acting.turn(f"{side}UpperArm", FRONT, sign * angle * (moved if angle > 0 else moved - 1.0))
            asked = {f"{side} arm": {"action": action, "first": True}}
            yield scene(f"{kind} its {side} arm", acting, Truth(moves=asked, still=still))
        acting = _stand(made, 1.0, 24.0)
        _punch(acting, side, sign, smooth(acting.time, 0.3, 0.45) - smooth(acting.time, 0.6, 0.8))
        asked = {f"{side} arm": {"strikes": True, "first": True}}
        yield scene(f"punches with its {side} arm", acting, Truth(moves=asked, still=still))
        acting = _stand(made, 1.2, 24.0)
        kick = smooth(acting.time, 0.3, 0.5) - smooth(acting.time, 0.65, 0.95)
        acting.turn(f"{side}UpperLeg", LEFT, -85 * kick)
        asked = {f"{side} leg": {"strikes": True, "first": True}}
        truth = Truth(moves=asked, still=(f"{other} leg", *_ARMS))
        yield scene(f"kicks with its {side} leg", acting, truth)


def _punch(acting: Acting, side: str, sign: float, out: Floats) -> None:
    """From a guard (elbow down, hand before the shoulder) straight ahead."""
    acting.turn(f"{side}LowerArm", LEFT, -120 * (1 - out))
    acting.turn(f"{side}UpperArm", LEFT, -(20 + 55 * out))
