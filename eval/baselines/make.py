"""The built-in methods on the clips of a benchmark, each a folder of GLBs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.baselines.folder import MethodFolder
from eval.baselines.motions import LARGE_DEG, SMALL_DEG, SMOOTH_S, noisy, still
from eval.baselines.nearest import Known, Wanted, nearest
from eval.baselines.shipped import Animator
from eval.bench.clips import Bench, BenchClip
from rigmill.clips.numbers import ClipGeometry
from rigmill.errors import UserError
from rigmill.facts.measure import measure
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.glb_animation import animated_glb
from rigmill.storage.files import digest
from rigmill.types import Motion

TRUTH, NOISE_SMALL, NOISE_LARGE = "ground-truth", "noise-small", "noise-large"
NEAREST, STATIC, MODEL = "nearest-neighbour", "static", "shipped-model"
NAMES = (TRUTH, NOISE_SMALL, NOISE_LARGE, NEAREST, STATIC, MODEL)
_SAYS = {
    TRUTH: "the clip's own motion: what a perfect method would deliver",
    NOISE_SMALL: f"the truth, every joint turned further by {SMALL_DEG:g} degrees (root mean square), slowly varying",
    NOISE_LARGE: f"the same noise, {LARGE_DEG:g} degrees",
    NEAREST: "the motion of the training clip that is most like this one, on this body",
    STATIC: "nothing moves",
    MODEL: "the model, on the rest pose and the prompt",
}

OnClip = Callable[[str, int, int], None]  # method, clips done, of how many


class NotMade(Exception):
    """Why a method has nothing for a clip."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What methods need beside the bench; None: those that need it are left out."""

    seed: int
    training: Sequence[Known] | None = None
    animator: Animator | None = None


Made = tuple[bytes, dict[str, Any]]


def make_baselines(bench: Bench, out: Path, names: Sequence[str], sources: Sources, on_clip: OnClip) -> list[Path]:
    """Make the named methods below `out`; what is there already is not made again. Their folders."""
    folders = []
    for name in names:
        maker, settings = _maker(name, sources)
        method = MethodFolder(out / name, name, _SAYS[name], bench.digest, settings)
        for number, clip in enumerate(bench.clips):
            on_clip(name, number, len(bench.clips))
            if not method.is_made(clip.clip_id):
                _make(method, clip, maker)
        on_clip(name, len(bench.clips), len(bench.clips))
        folders.append(method.folder)
    return folders


def _make(method: MethodFolder, clip: BenchClip, maker: Callable[[BenchClip], Made]) -> None:
    started = time.monotonic()
    try:
        data, about = maker(clip)
    except UserError as error:
        method.put_none(clip.clip_id, f"{error.what}{': ' if error.why else ''}{error.why}")
    except (NotMade, NotAnimatable) as error:
        method.put_none(clip.clip_id, str(error))
    else:
        method.put(clip.clip_id, data, about, wall_s=time.monotonic() - started)


def _maker(name: str, sources: Sources) -> tuple[Callable[[BenchClip], Made], Mapping[str, Any]]:
    """What makes a clip of the method, and all that its files follow from."""
    seed = sources.seed
    if name == TRUTH:
        return (lambda clip: (clip.truth.read_bytes(), {})), {}
    if name == STATIC:
        return (lambda clip: (_moving(clip, still), {})), {}
    if name in (NOISE_SMALL, NOISE_LARGE):
        degrees = SMALL_DEG if name == NOISE_SMALL else LARGE_DEG

        def with_noise(clip: BenchClip) -> Made:
            return _moving(clip, lambda motion: noisy(motion, degrees=degrees, seed=seed, clip_id=clip.clip_id)), {}

        return with_noise, {"seed": seed, "degrees": degrees, "smooth_s": SMOOTH_S}
    if name == NEAREST and sources.training is not None:
        known = sources.training
        return (lambda clip: _neighbour(clip, known)), {
            "training": digest([[one.clip_id, one.caption] for one in known])
        }
    if name == MODEL and sources.animator is not None:
        animator = sources.animator
        order = animator.order
        settings = {"checkpoint": animator.checkpoint.name, "seed": order.seed, "steps": order.steps}
        settings |= {"guidance": order.guidance, "text_guidance": order.text_guidance, "samples": order.num_samples}
        return (lambda clip: animator(clip, lambda step, done, of: None)), settings
    raise ValueError(f"nothing makes {name!r} here")


def _moving(clip: BenchClip, change: Callable[[Motion], Motion]) -> bytes:
    """The asset with its clip's motion, changed."""
    geometry = ClipGeometry.from_bytes(clip.geometry.read_bytes())
    rig, motion = geometry.own(geometry.motion)
    return _written(clip, geometry, change(motion))


def _written(clip: BenchClip, geometry: ClipGeometry, motion: Motion) -> bytes:
    rig, _ = geometry.own(geometry.motion)
    data = animated_glb(
        clip.rest.read_bytes(), rig, motion, scale=geometry.scale, offset=geometry.offset, name=clip.prompt[:60]
    )
    if data is None:
        raise NotMade("the benchmark's file is no binary glTF")
    return data


def _neighbour(clip: BenchClip, known: Sequence[Known]) -> Made:
    geometry = ClipGeometry.from_bytes(clip.geometry.read_bytes())
    rig, motion = geometry.own(geometry.motion)
    # What a subject is says its shape, not its motion: asked of the rest pose, the truth's motion tells nothing.
    kind = measure(rig, still(motion)).subject_kind
    found = nearest(Wanted(kind, clip.category, clip.prompt, rig, clip.num_frames, clip.fps), known)
    if found is None:
        return _written(clip, geometry, still(motion)), {"neighbour": None, "how": "rest: no neighbour has such joints"}
    return _written(clip, geometry, found.motion), {"neighbour": found.clip_id, "how": found.how}
