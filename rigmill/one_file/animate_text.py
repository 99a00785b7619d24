"""What `rigmill animate` says: a line per step while it works, and a summary that does not flatter."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from rigmill.one_file.animate_options import AnimateOrder
from rigmill.one_file.folder import INFO
from rigmill.pipeline.lines.live_lines import Progress, duration
from rigmill.printable import wrapped


@dataclass(slots=True)
class StepMeter:
    """The live line of the step that is being done: how many of how many, and the time left."""

    progress: Progress
    name: str
    _begun: dict[str, float] = field(default_factory=dict)

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        started = self._begun.setdefault(step, now)
        left = ""
        if 0 < done < total and now - started > 1:
            left = f", {duration((now - started) / done * (total - done))} left"
        count = f": {done} of {total}" if total else ""
        self.progress.show(step, f"{self.name}: {step}{count}{left}", state=str(done))
        if total and done >= total:
            self.progress.close(step, f"{self.name}: {step}: {total} in {duration(now - started)}")


def animate_summary(order: AnimateOrder, info: dict[str, Any], *, wall_s: float) -> str:
    """What was made, how good it looks, and what lies where."""
    motion, quality, model = info["motion"], info["quality"], info["checkpoint"]
    size = model["size_px"]
    numbers = [f"joints found: {quality['usable_share']:.0%}"]
    if quality["reprojection_px"] is not None:
        numbers.append(f"views agree within {quality['reprojection_px']:.2g} px of {size}")
    if quality["bone_drift_pct"] is not None:
        numbers.append(f"bones off by {quality['bone_drift_pct']:.0f}%")
    numbers.append(f"joints move by {quality['movement_pct']:.1f}% of the height")
    asked = ", then ".join(text.rstrip(". ") for text in (info["prompt"], *info["then"]))
    lines = [
        f'{info["asset"]["name"]}: "{asked}", {motion["num_frames"]} frames at {motion["fps"]:g} fps, '
        f"{motion['num_drawn_joints']} of {motion['num_joints']} joints drawn",
        f"{_model(model)}, {info['steps']} steps, seed {info['seed']}; {duration(wall_s)} in all",
        "; ".join(numbers),
        f"{quality['verdict'].upper()}: {quality['sentence']}",
        *_others(info["samples"]),
        *(f"note: {note}" for note in info["notes"]),
    ]
    if is_at_rest(info):
        lines.append("AT REST: the mesh does not move in these files; another --seed may help, or a longer training")
    lines.append(f"written to {order.out}:")
    lines += [
        f"  {kind:<10}{', '.join(files) if len(files) < 5 else f'{files[0]} ... {files[-1]}'}"
        for kind, files in info["files"].items()
    ]
    lines.append(f"  {'info':<10}{INFO}")
    return "\n".join(part for line in lines for part in wrapped(line, rest=" " * 4))


def _model(model: dict[str, Any]) -> str:
    about = f"({model['recipe']}, {model['size_px']} px)"
    if model["shipped"]:
        return f"the small model that comes with rigmill {about}, as no other was named or trained"
    return f"checkpoint {model['name']} {about}"


def _others(samples: list[dict[str, Any]]) -> list[str]:
    """How the samples fared that were not kept."""
    fits = {True: "fits the prompt", False: "does not fit the prompt", None: ""}
    return [
        ", ".join(
            filter(
                None,
                (
                    f"not kept: seed {each['seed']}: {each['usable_share']:.0%} of the joints found",
                    f"it {each['does']}",
                    fits[each["fits_prompt"]],
                ),
            )
        )
        for each in samples
        if not each["kept"]
    ]


def is_at_rest(info: dict[str, Any]) -> bool:
    """Whether the motion that was made is none: no joint was found, or all stay where they are."""
    quality = info["quality"]
    return quality["usable_share"] == 0 or (info["motion"]["num_frames"] > 1 and quality["movement_pct"] == 0)
