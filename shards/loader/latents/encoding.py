"""What cached latents are of: which encoders, pictures and windows. Its digest is in the key of every sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rigmill.storage.files import digest
from rigmill.types import Row

VERSION = 1  # of the code: raise it when the same sample gives other numbers
Dtype = Literal["float16", "float32"]

_WORDS = {
    "codec": "the video codec",
    "text": "the text encoder",
    "size_px": "the pictures' size",
    "multiple": "what the pictures' sides are multiples of",
    "pose_map": "how pose maps are drawn",
    "frame_counts": "the windows' numbers of frames",
    "frame_stride": "the stride of frames",
    "windows": "how many windows a clip has",
    "conditions": "how many condition frames a window has",
    "dtype": "the type of numbers",
    "version": "the version of the code",
}


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of one clip that are encoded."""

    num_frames: int  # of each, as the model counts them
    starts: tuple[int, ...]  # first frames, of the clip's, ascending
    condition_frames: tuple[int, ...]  # of a window's, as the model counts them, ascending; the first is 0

    def of_start(self, start: int, last: int) -> int:
        """Which window stands for one that would start at `start` of 0 .. `last`: each for as many as any other."""
        return min(start * len(self.starts) // (last + 1), len(self.starts) - 1)

    def of_condition(self, frame: int, num_frames: int) -> int:
        """Likewise which condition frame, in a window of which `num_frames` are drawn."""
        inside = sum(at < num_frames for at in self.condition_frames)
        return min(frame * inside // num_frames, inside - 1)


@dataclass(frozen=True, slots=True)
class Encoding:
    """Everything that the latents of a sample depend on, but for the sample. The same values give the same latents."""

    codec: str  # digest of the video codec: its configuration and its weights
    text: str  # and of the text encoder
    size_px: int  # of the pictures' shorter side
    multiple: int  # of both sides
    pose_map: Mapping[str, Any] | None  # a PoseMapDefinition, by which maps are drawn; None: they are decoded, scaled
    frame_counts: tuple[int, ...]  # a clip's windows have the largest of them that it is long enough for
    frame_stride: int  # the model's frames are every n-th of a clip
    windows: int  # of a clip, at most
    conditions: int  # frames of a window that can be its image condition, at most
    dtype: Dtype = "float16"  # of the numbers as they are stored
    version: int = VERSION

    def to_row(self) -> Row:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Encoding:
        """The reverse of `to_row`."""
        return cls(**{**row, "frame_counts": tuple(row["frame_counts"])})

    @property
    def digest(self) -> str:
        """A name for it."""
        return digest("latents", {**self.to_row(), "frame_counts": list(self.frame_counts)})

    def span(self, num_frames: int) -> int:
        """Frames of a clip that so many of the model's reach over."""
        return (num_frames - 1) * self.frame_stride + 1

    @property
    def least_frames(self) -> int:
        """Of a clip that has a window."""
        return self.span(min(self.frame_counts))

    def windows_of(self, clip_frames: int) -> Windows:
        """Those of a clip with so many frames: first and last at its ends, the others evenly between; one: amidst."""
        fitting = [count for count in self.frame_counts if self.span(count) <= clip_frames]
        if not fitting:
            raise ValueError(f"{clip_frames} frames hold no window of {min(self.frame_counts)}")
        num_frames = max(fitting)
        return Windows(
            num_frames=num_frames,
            starts=_spread(self.windows, clip_frames - self.span(num_frames)),
            condition_frames=_spread(self.conditions, num_frames - 1) if self.conditions > 1 else (0,),
        )

    def difference(self, other: Mapping[str, Any]) -> str:
        """The first in which another one, as a row, is not this; empty where there is none."""
        ours = self.to_row()
        for name, words in _WORDS.items():
            mine, theirs = _plain(ours[name]), _plain(other.get(name))
            if mine != theirs:
                return f"{words} ({_shown(theirs)} in the cache, {_shown(mine)} asked for)"
        return ""


def _spread(most: int, last: int) -> tuple[int, ...]:
    """At most so many whole numbers of 0 .. last, evenly."""
    if most == 1:
        return (last // 2,)
    return tuple(sorted({place * last // (most - 1) for place in range(most)}))


def _plain(value: Any) -> Any:
    """Tuples as lists, at any depth: as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _shown(value: Any) -> str:
    """A value in a sentence; of a definition its digest."""
    if isinstance(value, Mapping):
        return digest(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def sample_key(encoding: str, sample_sha256: str) -> str:
    """The key of a sample's latents: the sample's content and the digest of how it was encoded."""
    return digest("sample latents", encoding, sample_sha256, length=32)
