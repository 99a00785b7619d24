"""The options of `rigmill animate`: what a person types for one mesh and a sentence, as an order."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rigmill.blender.render_settings import RenderSettings
from rigmill.errors import UserError

if TYPE_CHECKING:
    from rigmill.config.load import Resolved

FORMATS = ("glb", "fbx", "bvh", "npz", "csv")  # as `rigmill export` has them
DEFAULT_FORMATS = "glb,fbx,bvh,npz"
MAX_STEPS, MAX_FRAMES, MAX_GUIDANCE, MAX_SAMPLES = 1000, 10_000, 100.0, 64


@dataclass(frozen=True, slots=True)
class AnimateOrder:
    """One mesh to animate. `num_frames` and `seconds` are None where the checkpoint decides."""

    asset: Path
    prompt: str
    then: tuple[str, ...]  # what it does after that, each going on from the last frame
    num_samples: int | None  # motions to choose from; None: as the model's size allows
    out: Path
    force: bool
    checkpoint: str | None
    seed: int
    steps: int
    guidance: float
    steps_typed: bool  # else a checkpoint may know better
    guidance_typed: bool
    text_guidance: float
    text_guidance_typed: bool
    margin_typed: bool  # render.margin, else a checkpoint may want more room around a rest pose
    num_frames: int | None
    seconds: float | None
    fps: float
    formats: tuple[str, ...]
    profile: str
    output: Path  # of the profile, where its checkpoints are
    render: RenderSettings  # the profile's section
    # How the profile samples, beside steps and guidance.
    solver: Literal["euler", "unipc"] = "euler"
    batch_branches: bool = True
    device: Literal["cpu", "gpu"] = "cpu"

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that it shall do, in order."""
        return (self.prompt, *self.then)


def add_animate_options(command: argparse.ArgumentParser) -> None:
    """Declare them. What is not given is the profile's."""
    command.add_argument("mesh", type=Path, help="a rigged .glb, .gltf, .vrm or .fbx")
    command.add_argument("--prompt", required=True, metavar="TEXT", help="what it shall do, in a sentence")
    command.add_argument(
        "--then",
        action="append",
        default=[],
        metavar="TEXT",
        help="what it does after that, going on from the last frame; may be given several times",
    )
    command.add_argument(
        "--samples",
        type=int,
        metavar="N",
        help="motions that are generated; the best is kept (default: 2 of a small model, 1 of a large one)",
    )
    command.add_argument("--out", type=Path, metavar="FOLDER", help="where the files go (default: ./MESH-animated)")
    command.add_argument("--force", action="store_true", help="replace what an earlier animation left in the folder")
    command.add_argument(
        "--checkpoint",
        metavar="FOLDER|ID",
        help="a folder with model.safetensors and "
        "config.json, or how a checkpoint's id begins (default: the one of the profile's settings)",
    )
    command.add_argument("--seed", type=int, metavar="N", help="another one gives another motion")
    command.add_argument(
        "--steps", type=int, metavar="N", help="of denoising (default: the checkpoint's, or the profile's)"
    )
    command.add_argument("--guidance", type=float, metavar="X", help="how much the rest pose is insisted on")
    command.add_argument(
        "--text-guidance", type=float, metavar="X", help="how much the prompt is insisted on (both: 1 is not at all)"
    )
    command.add_argument("--frames", type=int, metavar="N", help="how many (default: as the checkpoint was trained)")
    command.add_argument("--seconds", type=float, metavar="X", help="the same as a duration")
    command.add_argument(
        "--formats", default=DEFAULT_FORMATS, metavar="A,B", help=f"of {', '.join(FORMATS)} (default: %(default)s)"
    )


def animate_order_of(parsed: argparse.Namespace, resolved: Resolved) -> AnimateOrder:
    """The order; a UserError names the option that cannot be."""
    profile = resolved.profile
    prompt = " ".join(parsed.prompt.split())
    if not prompt:
        raise _wrong("--prompt", "''", "it is empty", 'say what the subject shall do: --prompt "a fox runs"')
    sentences = [" ".join(text.split()) for text in parsed.then]
    if not all(sentences):
        raise _wrong("--then", "''", "it is empty", 'say what the subject does next: --then "it sits down"')
    if parsed.frames is not None and parsed.seconds is not None:
        raise _wrong("--frames", str(parsed.frames), "--seconds says the same", "give one of the two")
    fps = profile.probe.fps
    seconds = parsed.seconds
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds * fps <= MAX_FRAMES):
        raise _wrong("--seconds", f"{seconds:g}", "no duration of a clip", "for example --seconds 2")
    mesh = parsed.mesh.expanduser()
    out = parsed.out or Path(f"{mesh.stem or 'mesh'}-animated")
    return AnimateOrder(
        asset=mesh,
        prompt=prompt,
        then=tuple(sentences),
        num_samples=_within("--samples", parsed.samples, None, 1, MAX_SAMPLES),
        out=out.expanduser().resolve(),
        force=parsed.force,
        checkpoint=parsed.checkpoint,
        seed=_within("--seed", parsed.seed, profile.seed, 0, 2**32 - 1),
        steps=_within("--steps", parsed.steps, profile.train.sampling_steps, 1, MAX_STEPS),
        guidance=_guidance("--guidance", parsed.guidance, profile.train.guidance),
        steps_typed=parsed.steps is not None,
        guidance_typed=parsed.guidance is not None,
        text_guidance=_guidance("--text-guidance", parsed.text_guidance, profile.train.text_guidance),
        text_guidance_typed=parsed.text_guidance is not None,
        margin_typed=any("render.margin" in setting for setting in parsed.overrides),
        num_frames=_within("--frames", parsed.frames, None, 1, MAX_FRAMES),
        seconds=seconds,
        fps=fps,
        formats=_formats(parsed.formats),
        profile=resolved.name,
        output=Path(profile.output).expanduser().resolve(),
        render=RenderSettings.from_json(profile.render.model_dump(mode="json")),
        solver=profile.train.solver,
        batch_branches=profile.train.batch_branches,
        device=profile.train.device,
    )


def _within(option: str, typed: int | None, otherwise: Any, low: int, high: int) -> Any:
    if typed is not None and not low <= typed <= high:
        raise _wrong(option, str(typed), f"not within {low} to {high}", f"{option} {min(max(typed, low), high)}")
    return otherwise if typed is None else typed


def _guidance(option: str, typed: float | None, otherwise: float) -> float:
    if typed is not None and not (math.isfinite(typed) and 0 <= typed <= MAX_GUIDANCE):
        raise _wrong(option, f"{typed:g}", f"not within 0 to {MAX_GUIDANCE:g}", f"for example {option} 3")
    return otherwise if typed is None else typed


def _formats(text: str) -> tuple[str, ...]:
    names = [name.lower().lstrip(".") for name in re.split(r"[,\s]+", text.strip()) if name]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise _wrong(
            "--formats", ", ".join(unknown) or "''", "there is no such format", f"choose of {', '.join(FORMATS)}"
        )
    return tuple(dict.fromkeys(names))


def _wrong(option: str, text: str, why: str, fix: str) -> UserError:
    return UserError(f"{option} {text}: {why}", fix=fix, code="E140")
