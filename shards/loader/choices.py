"""What chance decides about one draw of a clip: which window and views, and by which picture it is conditioned.

Every choice is a function of (seed, step, place in the step), so whoever takes a draw sees the same of it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from shards.mixture import keyed_generator


def chances(count: int, purpose: str) -> list[float]:
    """So many independent numbers, evenly spread over [0, 1), that are a function of the purpose alone.

    A digest's bits: made in a tenth of the time that a generator takes to set up, and the same from every numpy.
    """
    digest = hashlib.shake_128(purpose.encode()).digest(4 * count)
    return [number / 2**32 for (number,) in struct.iter_unpack("<I", digest)]


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
    rest_share: float = 0.5  # how often the image condition is the rest pose

    def seen(self, *, step: int, place: int, clip_frames: int, clip_views: int) -> Seen:
        """Of the draw at `place` of a step, of a clip with so many frames and views."""
        start, template, condition, drop, *order = chances(4 + clip_views, f"choice {self.seed} {step} {place}")
        span = (self.num_frames - 1) * self.frame_stride + 1
        return Seen(
            start=int(start * (clip_frames - span + 1)),
            views=tuple(sorted(sorted(range(clip_views), key=order.__getitem__)[: self.num_views])),
            from_template=template < self.rest_share,
            condition_frame=int(condition * self.num_frames),
            drop_condition=drop < self.condition_dropout,
        )

    def sentence(self, *, step: int, place: int, num_captions: int) -> int | None:
        """Which of a clip's captions the draw has; None: it goes without."""
        which, drop = chances(2, f"caption {self.seed} {step} {place}")
        return None if drop < self.caption_dropout else int(which * num_captions)
