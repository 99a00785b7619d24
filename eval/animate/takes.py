"""Several motions for one prompt: each is generated, read back and judged, and the best is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.animate.quality import READABLE, Quality, quality
from eval.reading import radius_of, read_maps
from rigmill.clips.numbers import ClipGeometry
from rigmill.reconstruct.reconstruct import Reconstruction
from rigmill.types import Bytes

if TYPE_CHECKING:
    from train.sampling.sampler import Sampling
    from train.weights import Model

OnStep = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to generate: sentences, each going on from the last frame of the one before, and how."""

    sentences: tuple[str, ...]
    told: tuple[str, ...]  # the same as the model is told them
    sampling: Sampling  # of each, and of the first take: the others have the following seeds
    num_takes: int
    fps: float  # of what is read, after `frame_stride`


@dataclass(frozen=True, slots=True)
class Take:
    """One motion: what was drawn (V, T, H, W, 3), what was read from it, and how good that is."""

    seed: int
    rgb: Bytes
    pose: Bytes
    read: Reconstruction
    quality: Quality

    @property
    def rank(self) -> tuple[bool, float, float]:
        """More is better: readable ones first, of these what the prompt asks for, then what was read of most joints."""
        readable = self.quality.usable_share >= READABLE
        fits = {True: 1.0, None: 0.5, False: 0.0}[self.quality.fits_prompt]
        return readable, fits if readable else 0.0, self.quality.usable_share

    def about(self, *, kept: bool) -> dict[str, Any]:
        """A line of info.json."""
        said = self.quality
        return {
            "seed": self.seed,
            "kept": kept,
            "usable_share": round(said.usable_share, 6),
            "does": said.does,
            "fits_prompt": said.fits_prompt,
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """The mesh at rest, as the model sees it."""

    recorded: ClipGeometry  # in the pictures that were drawn of it
    seen: ClipGeometry  # in the model's
    templates: Mapping[str, bytes]
    joint_radius_px: float  # at 480 lines


def best_of(takes: Sequence[Take]) -> Take:
    """The one to keep; of equal ones the first."""
    return max(takes, key=lambda take: take.rank)


def make_takes(model: Model, subject: Subject, wanted: Wanted, on_step: OnStep) -> list[Take]:
    """So many takes of the sentences, one after the other."""
    best_share = _best_share(model, subject)
    steps = len(wanted.sentences) * wanted.sampling.steps
    takes = []
    for number in range(wanted.num_takes):
        sampling = replace(wanted.sampling, seed=wanted.sampling.seed + number)
        own = replace(wanted, sampling=sampling)
        rgb, pose = generated(model, subject, own, _after(on_step, number * steps, wanted.num_takes * steps))
        takes.append(_judged(model, subject, own, rgb, pose, best_share=best_share))
    return takes


def generated(model: Model, subject: Subject, wanted: Wanted, on_step: OnStep) -> tuple[Bytes, Bytes]:
    """RGB and pose videos of all sentences, one after the other; a frame that two share is there once."""
    from train.sampling.sampler import Prompt, sample

    prompt = Prompt.of(subject.templates, subject.seen, config=model.config, caption=wanted.told[0])
    found = sample(model, prompt, wanted.sampling, on_step=on_step)
    rgb, pose = found.rgb, found.pose
    for number, sentence in enumerate(wanted.told[1:], start=1):
        begun = replace(prompt, caption=sentence, first_rgb=found.rgb[:, -1], first_pose=found.drawn[:, -1])
        found = sample(model, begun, wanted.sampling, on_step=_after(on_step, number * wanted.sampling.steps, 0))
        more = (found.rgb, found.pose)
        rgb, pose = (np.concatenate([one, two[:, 1:]], axis=1) for one, two in zip((rgb, pose), more))
    return rgb, pose


def _after(on_step: OnStep, before: int, whole: int) -> OnStep:
    """Steps counted on from those that were done before."""
    return lambda done, _: on_step(before + done, whole)


def _judged(model: Model, subject: Subject, wanted: Wanted, rgb: Bytes, pose: Bytes, *, best_share: float) -> Take:
    radius_px = _radius(model, subject)
    asked = wanted.sentences[0] if len(wanted.sentences) == 1 else ""  # facts have one verb for all
    read = read_maps(pose, subject.seen, radius_px=radius_px, fps=wanted.fps)
    said = quality(read, subject.seen, radius_px, best_share=best_share, prompt=asked)
    return Take(wanted.sampling.seed, rgb, pose, read, said)


def _radius(model: Model, subject: Subject) -> float:
    return radius_of(model.config, subject.recorded, subject.seen, joint_radius_px=subject.joint_radius_px)


def _best_share(model: Model, subject: Subject) -> float:
    """The share of the drawn joints that can be found in the rest pose's maps once the model's codec had them."""
    from train.sampling.sampler import Prompt, through_codec

    prompt = Prompt.of(subject.templates, subject.seen, config=model.config, caption="")
    maps = through_codec(model, prompt)
    read = read_maps(maps, subject.seen, radius_px=_radius(model, subject), fps=1.0)
    return float(read.usable.mean())
