"""What every draw of a run is: which clip, which frames and views of it, by which picture it is conditioned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from rigmill.errors import UserError
from shards.loader.catalogue import Catalogue
from shards.loader.choices import Chances, Seen, choose_frames
from shards.loader.mixing import Realised, mixture_of, realised

FRAME_COUNTS = (17, 33, 49, 65, 81)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What decides about the draws of a run. The same values give the same draws, whoever takes them."""

    seed: int
    draws_per_step: int  # of all ranks together; these have one number of frames
    num_views: int  # of a draw, at most
    frame_counts: tuple[int, ...] = FRAME_COUNTS  # a draw has the largest of them that its step's clips all have
    frame_stride: int = 1  # a model's frames are every n-th of a clip
    drawn_frames: int = 0  # of a window a step sees so many, wherever they lie in it; 0: all
    condition_dropout: float = 0.2  # how often a draw goes without image condition
    caption_dropout: float = 0.0  # and how often without caption
    rest_share: float = 0.5  # how often the image condition is the rest pose, else it is a frame of the window
    mixture: Mapping[str, float] = field(default_factory=dict)  # weight per source; empty: all alike
    may_lack: tuple[str, ...] = ()  # sources of the mixture that may have no clip
    # Within so many neighbouring draws those of alike length follow each other, so that steps waste fewer frames of
    # long clips. The mixture is exact over so many draws then, and no longer in every block. 0: the order stays.
    sort_draws: int = 0

    def span(self, num_frames: int) -> int:
        """Frames of a clip that so many of the model's reach over."""
        return (num_frames - 1) * self.frame_stride + 1


@dataclass(frozen=True, slots=True)
class Planned:
    """One draw."""

    position: int
    row: int  # of the catalogue
    source: str
    num_passes: int  # how often the source had been gone through
    num_frames: int  # of the window, as the model counts them
    seen: Seen
    frames: tuple[int, ...]  # of the clip's, ascending: what is seen of the window
    of_window: tuple[int, ...] | None  # which of the window's these are; None: all
    condition_frame: int | None  # of the clip's, the image condition; None: its rest pose is
    sentence: int | None  # which of the clip's captions; None: it goes without


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the views of every draw, where ranks share its clip: neighbouring ones, the same number each."""

    index: int = 0
    of: int = 1

    def views(self, drawn: tuple[int, ...]) -> tuple[int, ...]:
        """Those of a draw's views that belong to it."""
        size = len(drawn) // self.of
        return drawn[self.index * size : (self.index + 1) * size]


class Plan:
    """The draws of a run over a catalogue. With a `part` they have that part of their views; all else is the same."""

    def __init__(self, catalogue: Catalogue, drawing: Drawing, part: Part | None = None) -> None:
        counts = tuple(sorted(set(drawing.frame_counts)))
        if not counts or counts[0] < 1:
            raise ValueError(f"no number of frames to draw: {drawing.frame_counts}")
        self.catalogue, self.drawing, self.counts = catalogue, replace(drawing, frame_counts=counts), counts
        spans = np.array([drawing.span(count) for count in counts])
        fits = np.searchsorted(spans, catalogue.num_frames, side="right") - 1
        if len(fits) and fits.min() < 0:
            short = int(np.argmin(fits))
            raise UserError(
                f"clip {catalogue.clip_id(short)} has {int(catalogue.num_frames[short])} frames",
                why=f"a draw has at least {spans[0]} of a clip's",
                fix="open the dataset with min_frames, or draw fewer frames",
                code="E501",
            )
        self.part = part or Part()
        for row in np.flatnonzero(np.minimum(catalogue.num_views, drawing.num_views) % self.part.of)[:1]:
            raise UserError(
                f"{self.part.of} ranks cannot share the views of clip {catalogue.clip_id(int(row))}",
                why=f"a draw of it has {min(int(catalogue.num_views[row]), drawing.num_views)}",
                fix="a train.view_ranks that divides the views of every clip",
                code="E529",
            )
        self._bucket = fits.astype(np.int8)  # of every row the largest of `counts` that it has
        self.rows = catalogue.of_source()
        self.mixture = mixture_of(
            drawing.mixture,
            {source: len(rows) for source, rows in self.rows.items()},
            seed=drawing.seed,
            may_lack=drawing.may_lack,
        )
        self.chances = lru_cache(maxsize=64)(self._chances)
        self._step_bucket = lru_cache(maxsize=64)(self._find_step_bucket)
        self._sorted = lru_cache(maxsize=2)(self._sort)

    def __getstate__(self) -> dict[str, object]:
        return {"catalogue": self.catalogue, "drawing": self.drawing, "part": self.part}  # what is kept is made again

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # as it was made

    def draw(self, position: int) -> Planned:
        """The draw at `position` of the run."""
        drawing = self.drawing
        draw = self.mixture.draw(self._place(position))
        row = int(self.rows[draw.source][draw.item])
        step, place = divmod(position, drawing.draws_per_step)
        num_frames = self.counts[self._step_bucket(step)]
        chances = self.chances(num_frames)
        seen = chances.seen(
            step=step,
            place=place,
            clip_frames=int(self.catalogue.num_frames[row]),
            clip_views=int(self.catalogue.num_views[row]),
        )
        seen = replace(seen, views=self.part.views(seen.views))
        of_window = choose_frames(
            seed=drawing.seed, step=step, num_frames=num_frames, drawn_frames=drawing.drawn_frames
        )
        stride = drawing.frame_stride
        return Planned(
            position=position,
            row=row,
            source=draw.source,
            num_passes=draw.num_passes,
            num_frames=num_frames,
            seen=seen,
            frames=tuple(seen.start + stride * at for at in of_window or range(num_frames)),
            of_window=of_window,
            condition_frame=None if seen.from_template else seen.start + stride * seen.condition_frame,
            sentence=chances.sentence(step=step, place=place, num_captions=int(self.catalogue.num_captions[row])),
        )

    def _chances(self, num_frames: int) -> Chances:
        """How draws of so many frames are chosen."""
        drawing = self.drawing
        return Chances(
            drawing.seed,
            num_frames,
            drawing.frame_stride,
            drawing.num_views,
            drawing.condition_dropout,
            drawing.caption_dropout,
            drawing.rest_share,
        )

    def successor(self, row: int) -> int:
        """The row that stands in for one that cannot be read: the next of its source, as long as it."""
        rows = self.rows[str(self.catalogue.table["source"][row].as_py())]
        place = int(np.searchsorted(rows, row))
        for ahead in range(1, len(rows)):
            other = int(rows[(place + ahead) % len(rows)])
            if (
                self.catalogue.num_frames[other] >= self.catalogue.num_frames[row]
                and self.catalogue.num_views[other] >= self.catalogue.num_views[row]
            ):
                return other
        return row

    def realised(self, position: int) -> Realised:
        """What has been drawn of every source when `position` is the next draw."""
        return realised(self.mixture, position)

    def _row(self, place: int) -> int:
        draw = self.mixture.draw(place)
        return int(self.rows[draw.source][draw.item])

    def _find_step_bucket(self, step: int) -> int:
        """Which of `counts` all clips of a step have."""
        size = self.drawing.draws_per_step
        if len(self.counts) == 1:
            return 0
        return min(int(self._bucket[self._row(self._place(at))]) for at in range(step * size, (step + 1) * size))

    def _place(self, position: int) -> int:
        """Which draw of the mixture the draw at `position` of the run is."""
        size = self.drawing.sort_draws
        if not size:
            return position
        chunk, at = divmod(position, size)
        return self._sorted(chunk)[at]

    def _sort(self, chunk: int) -> list[int]:
        size = self.drawing.sort_draws
        places = range(chunk * size, (chunk + 1) * size)
        return sorted(places, key=lambda place: int(self._bucket[self._row(place)]))
