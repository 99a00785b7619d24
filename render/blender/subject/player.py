"""A clip as Blender evaluates it: first the numbers of all frames, then its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from render.blender.subject.action import show_time, start_action
from render.blender.subject.load import load_asset
from render.blender.subject.pose import Poser, read_motion
from render.blender.subject.subject import Subject, find_subject
from render.blender.subject.surface import visible_bounds
from render.numbers import ClipNumbers
from rigmill.blender.requests import Clip
from rigmill.outcomes import Refusal, Reject
from rigmill.rigs.npz import motion_from_bytes
from rigmill.types import Motion, Rig

_MOST_ROUNDING = 5e-4  # of the subject's size: a quarter of a pixel at 480 lines; Blender counts in 32 bits


def loaded_subject(state: dict[str, Any], *, path: str, file_format: str, fps: float) -> Subject:
    """The subject of a file, loaded once per child."""
    key = (path, file_format, fps)
    if state.get("key") != key:
        state.clear()
        file_fps = load_asset(Path(path), file_format, fps)
        state.update(key=key, subject=find_subject(file_fps))
    subject = state["subject"]
    assert isinstance(subject, Subject)
    subject.reset()
    subject.normalise(np.zeros(3), 1.0)
    return subject


@dataclass
class Player:
    """Shows frames 0 .. num_frames - 1 of a clip, or the rest pose. Works in the world the subject is in now."""

    subject: Subject
    item: Clip
    motion: Motion | None  # a stored one, as imported; None: the file's own action, or none at all
    poser: Poser | None = None
    scale: float = 1.0

    def start(self, scale: float) -> None:
        """Reset, and get ready to play."""
        self.scale = scale
        self.subject.reset()
        self.poser = Poser.at_rest(self.subject)
        if self.motion is None and self.item.action is not None:
            start_action(self.subject, self.item.action, self.item.slot or "")

    @contextmanager
    def playing(self, scale: float) -> Iterator[None]:
        """Ready to show frames; afterwards the subject is at rest."""
        self.start(scale)
        try:
            yield
        finally:
            self.subject.reset()

    def show(self, frame: int) -> None:
        if self.motion is None and self.item.action is None:
            return  # the rest pose
        if self.motion is None:
            into = frame if self.item.period_frames is None else frame % self.item.period_frames
            show_time(self.subject, self.item.start_frame + into, self.item.fps)
            return
        assert self.poser is not None
        index = round(self.item.start_frame) + frame
        self.poser.show(
            rotations=self.motion.rotations[index], translations=self.motion.translations[index] * self.scale
        )


def make_player(subject: Subject, item: Clip) -> Player:
    """The player of a clip; refuses a stored motion that is not of this rig."""
    if item.motion_path is None:
        return Player(subject, item, None)
    motion = motion_from_bytes(Path(item.motion_path).read_bytes())
    needed = round(item.start_frame) + item.num_frames
    if motion.rotations.shape[1] != len(subject.nodes) or len(motion.rotations) < needed:
        raise Refusal(
            Reject.UNMAPPABLE_SKELETON,
            f"the stored motion has {motion.rotations.shape[1]} joints and {len(motion.rotations)} frames, "
            f"the clip {len(subject.nodes)} joints and {needed} frames",
        )
    return Player(subject, item, motion)


def measure(player: Player) -> ClipNumbers:
    """Evaluate every frame once, as imported, and normalise the numbers."""
    subject, item = player.subject, player.item
    subject.reset()
    subject.normalise(np.zeros(3), 1.0)
    rig, rest, rest_bounds = subject.read_rig(), subject.rest_frames(), visible_bounds(subject.meshes)
    frames, bounds = [], []
    with player.playing(1.0):
        for frame in range(item.num_frames):
            player.show(frame)
            frames.append(subject.joint_frames())
            bounds.append(visible_bounds(subject.meshes))
    joint_matrices, frame_bounds = np.array(frames), np.array(bounds)
    clip_bounds = np.stack([frame_bounds[:, 0].min(axis=0), frame_bounds[:, 1].max(axis=0)])
    if not (np.isfinite(clip_bounds).all() and np.isfinite(rest_bounds).all() and np.isfinite(joint_matrices).all()):
        raise Refusal(Reject.MALFORMED, "a vertex or a joint is not a finite number")
    extent = float((clip_bounds[1] - clip_bounds[0]).max())
    if extent <= 0:
        raise Refusal(Reject.EMPTY_PICTURE, "the subject has no extent", measured=extent, limit=0.0)
    rounding = float(np.abs(clip_bounds).max()) / extent * 2.0**-24
    if rounding > _MOST_ROUNDING:
        raise Refusal(
            Reject.MALFORMED,
            "the subject is so far from the origin that its vertices are rounded to steps of "
            f"{rounding:.2g} of its size",
            measured=rounding,
            limit=_MOST_ROUNDING,
        )
    scale, offset = 1 / extent, clip_bounds.mean(axis=0)
    motion = read_motion(joint_matrices, rest, rig, item.fps)
    normal_clip, normal_rest = (clip_bounds - offset) * scale, (rest_bounds - offset) * scale
    return ClipNumbers(
        rig=Rig(names=rig.names, parents=rig.parents, rest_joints=(rig.rest_joints - offset) * scale),
        motion=Motion(rotations=motion.rotations, translations=motion.translations * scale, fps=motion.fps),
        joints=(joint_matrices[:, :, :3, 3] - offset) * scale,
        clip_bounds=normal_clip,
        view_bounds=np.stack([np.minimum(normal_clip[0], normal_rest[0]), np.maximum(normal_clip[1], normal_rest[1])]),
        frame_bounds=(frame_bounds - offset) * scale,
        rest_bounds=normal_rest,
        scale=scale,
        offset=offset,
        front_deg=item.front_deg,
    )
