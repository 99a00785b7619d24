"""Clips whose truth is known: drawn ones, and rendered ones whose joints leave no doubt."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from caption.model_probe.figure import Pose, figure_clip
from caption.model_probe.truth import Direction, Side, Truth, Verb, truth_of
from caption.pictures.views import ClipViews
from rigmill.facts.facts import MotionFacts


@dataclass(frozen=True, slots=True)
class KnownClip:
    """A clip, what it is called in a report, and what is certain of it."""

    name: str
    views: ClipViews
    truth: Truth

    def in_reverse(self) -> KnownClip:
        """From its end to its start."""
        return KnownClip(f"{self.name}, reversed", self.views.in_reverse(), self.truth.in_reverse())

    def in_mirror(self) -> KnownClip:
        """Left and right exchanged."""
        return KnownClip(f"{self.name}, mirrored", self.views.in_mirror(), self.truth.in_mirror())


def rendered_clip(name: str, views: ClipViews, facts: MotionFacts) -> KnownClip | None:
    """A clip of the profile; None where its joints leave doubts about all that is asked."""
    truth = truth_of(facts)
    return None if truth is None else KnownClip(name, views, truth)


def drawn_clips() -> list[KnownClip]:
    """A figure's clips, for a profile that has rendered few. Some core-seconds to draw."""
    return [KnownClip(name, figure_clip(pose_at), truth) for name, pose_at, truth in _MOTIONS]


def _walk(share: float) -> Pose:
    swing = 32 * math.sin(2 * math.pi * 2.3 * share)
    return Pose(forward=1.6 * share, legs=(swing, -swing), arms=(-0.8 * swing, 0.8 * swing))


def _sidestep(share: float) -> Pose:
    return Pose(left=1.2 * share, up=0.03 * abs(math.sin(2 * math.pi * 2 * share)))


def _turn(share: float) -> Pose:
    return Pose(turned=150 * share)


def _jump(share: float) -> Pose:
    up = max(0.0, math.sin(math.pi * (share - 0.2) / 0.6)) if 0.2 < share < 0.8 else 0.0
    return Pose(up=0.45 * up, arms_out=(12 + 60 * up, 12 + 60 * up))


def _raise(share: float) -> Pose:
    return Pose(arms_out=(12 + 140 * share, 12))


def _wave(share: float) -> Pose:
    return Pose(arms_out=(135 + 25 * math.sin(2 * math.pi * 3.2 * share), 12))


def _kick(share: float) -> Pose:
    return Pose(legs=(75 * math.sin(math.pi * share), 0))


def _stand(share: float) -> Pose:
    return Pose(up=0.002 * math.sin(2 * math.pi * 2 * share))


_MOTIONS: tuple[tuple[str, Callable[[float], Pose], Truth], ...] = (
    ("a figure walks forward", _walk, Truth(Direction.FORWARD, None, Verb.STEPS)),
    ("a figure steps to its left", _sidestep, Truth(Direction.LEFT)),
    ("a figure turns to its left", _turn, Truth(Direction.TURNS_LEFT, None, Verb.TURNS)),
    ("a figure jumps", _jump, Truth(Direction.NONE, None, Verb.JUMPS)),
    ("a figure raises its left arm", _raise, Truth(None, Side.LEFT, Verb.ARM)),
    ("a figure waves with its left arm", _wave, Truth(None, Side.LEFT, Verb.ARM)),
    ("a figure kicks with its left leg", _kick, Truth(None, Side.LEFT, Verb.KICKS)),
    ("a figure stands", _stand, Truth(Direction.NONE, Side.NONE, Verb.STANDS)),
)
