"""One draw out of its shard: the frames, views and modalities that it has, decoded or drawn, and nothing else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from rigmill.clips.deadline import TooSlow
from rigmill.clips.fitting import Fit
from rigmill.clips.frames import frames
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import picture
from rigmill.clips.redraw import fitted, redrawn, rest_map, view_maps
from rigmill.errors import UserError
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.posemaps.shifts import Shifts
from rigmill.types import Bytes, Camera
from shards.loader.buffers import Buffers
from shards.loader.sample import Members, Sample
from shards.sample import GEOMETRY, pose_template, pose_video, rgb_template, rgb_video

Modality = Literal["rgb", "pose"]
Value = TypeVar("Value")


class Unreadable(UserError):
    """A sample that cannot be read, by its name."""

    def __init__(self, what: str, why: str = "") -> None:
        super().__init__(what, why=why, fix="{command}", code="E312", command=("verify", "--repair"))


@dataclass(frozen=True, slots=True)
class Look:
    """How a model sees clips: the size of pictures, and where its pose maps come from.

    Pose maps are drawn from the stored joints where it is said how: by a `definition` of the model's own, or as they
    were recorded with discs of `radius_px` in the model's pictures. Else they are decoded and scaled.
    """

    size_px: int  # of the shorter side
    multiple: int = 1  # of both sides
    definition: PoseMapDefinition | None = None
    radius_px: float | None = None
    modalities: tuple[Modality, ...] = ("rgb", "pose")

    @property
    def disc_radius_px(self) -> float | None:
        """Of the discs of maps that are drawn; None: they are decoded."""
        return self.radius_px if self.definition is None else self.definition.radius_px

    @property
    def shifts(self) -> Shifts | None:
        """How shift maps tell; None: maps are none."""
        return None if self.definition is None else self.definition.shifts

    def geometry(self, stored: ClipGeometry) -> ClipGeometry:
        """A clip's numbers in the model's pictures."""
        if self.definition is not None:
            return redrawn(stored, self.definition, multiple=self.multiple)
        return fitted(stored, size_px=self.size_px, multiple=self.multiple)

    def fit(self, stored: ClipGeometry) -> Fit:
        """How a clip's pictures lie in the model's."""
        first = stored.cameras[0]
        return Fit.of(first.width_px, first.height_px, size_px=self.size_px, multiple=self.multiple)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a clip."""

    frames: tuple[int, ...]  # ascending
    views: tuple[int, ...]
    condition_frame: int | None  # None: the rest pose is the image condition


@dataclass(frozen=True, slots=True)
class Pictures:
    """One modality of a draw, bytes: V views, F frames."""

    video: Bytes  # (V, F, H, W, 3)
    condition: Bytes  # (V, 1, H, W, 3)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: a modality that the look does not have is None."""

    rgb: Pictures | None
    pose: Pictures | None
    cameras: tuple[Camera, ...]  # of the views, for the model's pictures


class Reads(Protocol):
    """What a loader reads draws by."""

    buffers: Buffers  # where batches are put together

    def read(self, sample: Sample, wanted: Wanted) -> Read: ...


class Reader:
    """Reads draws, views beside each other in `num_threads` threads; 0: in the caller's."""

    def __init__(
        self, look: Look, *, num_threads: int = 0, deadline_s: float | None = 60.0, check_digests: bool = False
    ) -> None:
        self.look, self.num_threads, self.deadline_s, self.check_digests = look, num_threads, deadline_s, check_digests
        self.buffers = Buffers()
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("look", "num_threads", "deadline_s", "check_digests")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # threads and memory stay with their process

    def read(self, sample: Sample, wanted: Wanted) -> Read:
        """The draw's pictures. Unreadable names the sample, whatever was wrong with it."""
        try:
            if self.deadline_s is None:
                return self._read(sample, wanted, None)
            end = time.monotonic() + self.deadline_s
            return within(self.deadline_s, lambda: self._read(sample, wanted, end))
        except MemoryError:
            raise
        except TooSlow:
            why = f"it took longer than {self.deadline_s:g} s"
            raise Unreadable(f"the sample {sample.clip_id} in {sample.path.name} cannot be read: {why}") from None
        except Exception as error:  # strangers' bytes, a disk, a network: what it says is passed on by name
            why = getattr(error, "what", "") or f"{type(error).__name__}: {error}"
            raise Unreadable(f"the sample {sample.clip_id} in {sample.path.name} cannot be read: {why}") from error

    def _read(self, sample: Sample, wanted: Wanted, end: float | None) -> Read:
        with sample.open(check=self.check_digests) as members:
            stored = ClipGeometry.from_bytes(members.read(GEOMETRY))
            geometry, fit = self.look.geometry(stored), self.look.fit(stored)
            one = _One(members, wanted, geometry, fit, end)
            jobs: list[Callable[[], None]] = []
            found: dict[Modality, Pictures] = {}
            radius_px = self.look.disc_radius_px
            for modality in self.look.modalities:
                drawn = modality == "pose" and radius_px is not None
                camera = geometry.cameras[0]
                size = (camera.height_px, camera.width_px) if drawn else (fit.height_px, fit.width_px)
                num_views = len(wanted.views)
                video = self.buffers.take((num_views, len(wanted.frames), *size, 3))
                condition = self.buffers.take((num_views, 1, *size, 3))
                found[modality] = Pictures(video, condition)
                for place, view in enumerate(wanted.views):
                    own = video[place], condition[place]
                    if drawn and radius_px is not None:
                        jobs.append(lambda view=view, own=own: one.draw(view, radius_px, self.look.shifts, *own))  # type: ignore[misc]
                    else:
                        names = (rgb_video, rgb_template) if modality == "rgb" else (pose_video, pose_template)
                        mine = names[0](view), names[1](view)
                        jobs.append(lambda mine=mine, own=own: one.decode(*mine, *own))  # type: ignore[misc]
            self._run(jobs)
            return Read(
                rgb=found.get("rgb"),
                pose=found.get("pose"),
                cameras=tuple(geometry.cameras[view] for view in wanted.views),
            )

    def _run(self, jobs: Sequence[Callable[[], None]]) -> None:
        if self.num_threads < 1:
            for job in jobs:
                job()
            return
        if self._pool is None or self._pool[0] != os.getpid():  # threads do not come along into a forked process
            self._pool = os.getpid(), ThreadPoolExecutor(self.num_threads, thread_name_prefix="views")
        running = [self._pool[1].submit(job) for job in jobs]
        failed = [error for future in running if (error := future.exception()) is not None]
        if failed:  # after all have ended: nobody writes into these buffers any more
            raise failed[0]


@dataclass(frozen=True, slots=True)
class _One:
    """A sample that is being read."""

    members: Members
    wanted: Wanted
    geometry: ClipGeometry
    fit: Fit
    deadline: float | None

    def decode(self, video: str, template: str, frames_into: Bytes, condition_into: Bytes) -> None:
        """Frames of a video, in one pass with the condition where that is one of its frames."""
        data, wanted, extra = self.members.read(video), self.wanted, self.wanted.condition_frame
        if extra is None or extra in wanted.frames:
            frames(data, wanted.frames, self.fit, into=frames_into, deadline=self.deadline)
        else:
            at = sorted({*wanted.frames, extra})
            taken = frames(data, at, self.fit, deadline=self.deadline)
            frames_into[:] = taken[[at.index(frame) for frame in wanted.frames]]
            condition_into[0] = taken[at.index(extra)]
            return
        if extra is None:
            condition_into[0] = self.fit.pictures(picture(self.members.read(template))[None])[0]
        else:
            condition_into[0] = frames_into[wanted.frames.index(extra)]

    def draw(
        self, view: int, radius_px: float, shifts: Shifts | None, frames_into: Bytes, condition_into: Bytes
    ) -> None:
        """Pose maps of a view."""
        wanted, extra, deadline = self.wanted, self.wanted.condition_frame, self.deadline
        geometry = self.geometry
        view_maps(geometry, view, radius_px, shifts=shifts, at=wanted.frames, into=frames_into, deadline=deadline)
        if extra is None:
            condition_into[0] = rest_map(geometry, view, radius_px, shifts=shifts)
        else:
            view_maps(geometry, view, radius_px, shifts=shifts, at=(extra,), into=condition_into)


def within(seconds: float, work: Callable[[], Value]) -> Value:
    """What `work` gives, or TooSlow, also where the system never answers: such work is left to itself."""
    box: list[Value] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            box.append(work())
        except BaseException as error:  # handed to who waits
            failed.append(error)

    thread = threading.Thread(target=run, name="sample", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not box:
        raise TooSlow(f"not done after {seconds:g} s")
    return box[0]
