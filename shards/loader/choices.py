"""What chance decides about one draw of a clip: which window and views, and by which picture it is conditioned.

Every choice is a function of (seed, step, place in the step), so whoever takes a draw sees the same of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from shards.mixture import keyed_generator


@dataclass(frozen=True, slots=True)
class Seen:
    """What a draw sees of its clip."""

    start: int  # first frame of the window, of the clip's
    views: tuple[int, ...]  # ascending
    from_template: bool  # the image condition is the rest pose, else a frame of the window
    condition_frame: int  # of the window's, as the model counts them
    drop_condition: bool


def choose_frames(*, seed: int, step: int, num_frames: int, drawn_frames: int) -> tuple[int, ...] | None:
    """Which frames of a window a step sees, ascending and the same for all its draws; None: all.

    A motion is learned from a few of its frames as from all of them, if their places in time are told; they cost less.
    """
    if not drawn_frames or drawn_frames >= num_frames:
        return None
    chance = keyed_generator(seed, "frames", step)
    return tuple(sorted(int(at) for at in chance.permutation(num_frames)[:drawn_frames]))


@dataclass(frozen=True, slots=True)
class Chances:
    """How draws are chosen, for a whole run."""

    seed: int
    num_frames: int  # of a window, as the model counts them
    frame_stride: int  # of these every one is the n-th of the clip's
    num_views: int  # of a draw, at most
    condition_dropout: float  # how often a draw goes without image condition
    caption_dropout: float = 0.0  # and how often without caption

    def seen(self, *, step: int, place: int, clip_frames: int, clip_views: int) -> Seen:
        """Of the draw at `place` of a step, of a clip with so many frames and views."""
        chance = keyed_generator(self.seed, "choice", step, place)
        span = (self.num_frames - 1) * self.frame_stride + 1
        return Seen(
            start=int(chance.integers(clip_frames - span + 1)),
            views=tuple(sorted(int(view) for view in chance.permutation(clip_views)[: self.num_views])),
            from_template=bool(chance.random() < 0.5),
            condition_frame=int(chance.integers(self.num_frames)),
            drop_condition=bool(chance.random() < self.condition_dropout),
        )

    def sentence(self, *, step: int, place: int, num_captions: int) -> int | None:
        """Which of a clip's captions the draw has; None: it goes without."""
        chance = keyed_generator(self.seed, "caption", step, place)
        found = int(chance.integers(num_captions))
        return None if chance.random() < self.caption_dropout else found
