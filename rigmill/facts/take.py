"""A motion on its rig as all measures read it: joints in heights, the body's turns, and each limb in its own frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rigmill.facts.limbs import Anatomy, Limb, ancestors, longest_side
from rigmill.rigs import skeleton
from rigmill.rigs import turns as clip
from rigmill.types import Floats, Motion, Rig

_HUGE = 1e6  # heights: what is farther away is a fault of the file, and its square must not become infinite
_NO_SIZE = 1e-6  # of the way that joints go: a rig whose joints are all in one place has no size of its own


@dataclass(frozen=True)
class Take:
    """One clip. Lengths in heights; times in frames of `fps`."""

    rig: Rig
    anatomy: Anatomy
    local: Floats  # (4, J, T) turns relative to the parent
    slides: Floats  # (T, J, 3) displacements in the parent's frame, heights
    joints: Floats  # (T, J, 3) world, heights
    rest: Floats  # (J, 3), heights
    unit: float  # a height in the rig's unit
    fps: float

    @property
    def num_frames(self) -> int:
        return len(self.joints)

    @property
    def duration_s(self) -> float:
        return (self.num_frames - 1) / self.fps

    @cached_property
    def centre(self) -> Floats:
        """Where the body is, (T, 3)."""
        return np.asarray(self.joints[:, list(self.anatomy.centre)].mean(axis=1))

    @cached_property
    def long(self) -> float:
        """By how much a height is too little to tell motion by: 1; of low and long bodies, as lizards, more."""
        return max(1.0, longest_side(self.rest) / _LOW)

    @cached_property
    def anchor(self) -> Floats:
        """The point of the trunk that goes least along the ground, (T, 2): who turns about his hips has not gone."""
        if len(self.anatomy.centre) == 1:
            return np.asarray(self.centre[:, :2])
        trunk, middle = self.joints[:, list(self.anatomy.trunk)], self.centre[:, None]
        places = np.concatenate([middle + share * (trunk - middle) for share in _ALONG] + [middle], axis=1)[..., :2]
        ways = np.linalg.norm(np.diff(places, axis=0), axis=-1).sum(axis=0)
        return np.asarray(places[:, int(np.argmin(np.round(ways, 6)))])

    @cached_property
    def body(self) -> Floats:
        """The body's world turns from rest, (4, T)."""
        found = self.world_turns(self.anatomy.trunk)
        signs = np.where(np.sum(found * found[:, :1], axis=0) < 0, -1.0, 1.0)
        return clip.unit((found * signs).sum(axis=1))

    def world_turns(self, joints: Sequence[int]) -> Floats:
        """World turns (4, N, T) of some joints, from those above them alone."""
        needed = sorted({above for joint in joints for above in (joint, *ancestors(joint, self.rig.parents))})
        place = {joint: number for number, joint in enumerate(needed)}
        parents = np.array([place.get(int(self.rig.parents[joint]), -1) for joint in needed], dtype=np.int64)
        world = clip.world_turns(parents, self.local[:, needed])
        return world[:, [place[joint] for joint in joints]]

    @cached_property
    def yaw(self) -> Floats:
        """How far the body is turned about the vertical from rest, radians (T,), without jumps between frames."""
        w, _, _, z = self.body
        sure = w * w + z * z > _UPSIDE_DOWN
        if not sure.any():
            return np.zeros(self.num_frames)
        found = np.unwrap(2 * np.arctan2(z, w)[sure])
        return np.asarray(np.interp(np.arange(self.num_frames), np.flatnonzero(sure), found))

    @cached_property
    def spin(self) -> Floats:
        """The body's turn from each frame to the next as a world rotation vector, radians (3, T-1)."""
        return steps(self.body)

    def holder_turns(self, limbs: Sequence[Limb]) -> Floats:
        """The turns (4, L, T) of what each limb hangs on, of the body where that does not follow it."""
        near = self._trunk_and_below
        held = [limb.holder for limb in limbs if limb.holder in near]
        turned = dict(zip(held, np.moveaxis(self.world_turns(held), 1, 0))) if held else {}
        return np.stack([turned.get(limb.holder, self.body) for limb in limbs], axis=1)

    @cached_property
    def feet(self) -> tuple[Floats, Floats]:
        """Where each foot is, (T, F, 3), and how high it is, (T, F): its lowest joint, less that's height at rest."""
        places, heights = [], []
        for foot in self.anatomy.feet:
            joints = list(foot.joints)
            where = self.joints[:, joints]
            if any(foot.sole):
                sole = np.array(foot.sole)[:, None, None] / self.unit
                turned = clip.rotate(self.world_turns(joints), np.broadcast_to(sole, (3, len(joints), self.num_frames)))
                where = where + turned.transpose(2, 1, 0)
            flat = self.rest[joints, 2] - self.rest[joints, 2].min()
            places.append(where.mean(axis=1))
            heights.append((where[..., 2] - flat).min(axis=1))
        return np.stack(places, axis=1), np.stack(heights, axis=1)

    @cached_property
    def _trunk_and_below(self) -> set[int]:
        found = set(self.anatomy.trunk)
        for joint, parent in enumerate(self.rig.parents):
            if int(parent) in found:
                found.add(joint)
        return found


_LOW = 4.0  # heights that a body is long: of longer ones a height is little
_ALONG = (0.25, 0.5, 0.75, 1.0)  # of the way from a trunk's middle to its joints: points of the trunk
_UPSIDE_DOWN = 0.03  # squared cosine of half the tilt: 160 degrees over, a heading means nothing


def steps(turns: Floats) -> Floats:
    """Rotation vectors (3, ..., T-1) from each frame of turns (4, ..., T) to the next, in the frame of both."""
    way = clip.multiply(turns[..., 1:], clip.inverse(turns[..., :-1]))
    way = way * np.where(way[0] < 0, -1.0, 1.0)
    sine = np.sqrt(way[1] ** 2 + way[2] ** 2 + way[3] ** 2)
    angle = 2 * np.arctan2(sine, way[0])
    return np.asarray(way[1:] * np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0))


def make_take(rig: Rig, motion: Motion, joints: Floats | None, anatomy: Anatomy) -> Take:
    """The take in heights; numbers that are not finite are taken for rest."""
    rotations = np.nan_to_num(np.asarray(motion.rotations, dtype=np.float64), posinf=0.0, neginf=0.0)
    slides = np.nan_to_num(np.asarray(motion.translations, dtype=np.float64), posinf=0.0, neginf=0.0)
    clean = Motion(rotations, slides, motion.fps)
    places = skeleton.forward(rig, clean)[0] if joints is None else np.asarray(joints, dtype=np.float64)
    places = np.nan_to_num(places, posinf=0.0, neginf=0.0)
    unit = anatomy.height
    way = float(np.ptp(places.reshape(-1, 3), axis=0).max(initial=0.0)) if places.size else 0.0
    if unit <= _NO_SIZE * max(way, 1e-12):
        unit = max(way, 0.0) or 1.0
    return Take(
        rig=rig,
        anatomy=anatomy,
        local=clip.from_rotations(rotations),
        slides=np.clip(slides / unit, -_HUGE, _HUGE),
        joints=np.clip(places / unit, -_HUGE, _HUGE),
        rest=np.clip(rig.rest_joints / unit, -_HUGE, _HUGE),
        unit=unit,
        fps=float(motion.fps) if np.isfinite(motion.fps) and motion.fps > 0 else 1.0,
    )
