"""What is said of a training before it runs: what it draws of each source, how much there is to compute. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rigmill.clips.fitting import Fit
from rigmill.types import Row
from shards.loader.mixing import Realised, mixture_of, realised
from train.cost import DrawShape, step_flops
from train.inputs import TrainSettings, stage_settings

if TYPE_CHECKING:
    from rigmill.config.schema import Profile


def notes_of(rows: Sequence[Row], settings: Row, profile: Profile) -> list[str]:
    """Two sentences a stage, of the clips in `rows`. A UserError where a source is not what the mixture asks for."""
    sizes = Counter(row["source"] for row in rows)
    if not sizes:
        return []
    found = []
    for own, _ in stage_settings(settings):
        mixture = mixture_of(own.mixture, sizes, seed=own.seed, may_lack=own.may_lack)
        drawn = realised(mixture, own.num_steps * own.batch_size)
        found.append(f"{own.stage} draws {drawn.num_draws} clips: {_in_words(drawn)}")
        found.append(f"{own.stage}: {_work_of(own, profile)}")
    return found


def _in_words(drawn: Realised) -> str:
    """Share and passes of every source, the largest first."""
    parts = sorted(drawn.draws.items(), key=lambda part: (-part[1], part[0]))
    return ", ".join(
        f"{source} {100 * count / max(1, drawn.num_draws):.3g} % ({count} of {drawn.sizes[source]} clips, "
        f"{drawn.passes[source]:.3g} passes)"
        for source, count in parts
    )


def _work_of(own: TrainSettings, profile: Profile) -> str:
    """How large a step is, and the whole stage, of clips with the profile's pictures."""
    config = own.config()
    fit = Fit.of(profile.render.width_px, profile.render.height_px, size_px=own.size_px, multiple=config.cell_px)
    shape = DrawShape.of(
        config,
        num_clips=own.batch_size,
        num_frames=own.drawn_frames or own.counts[-1],
        height_px=fit.height_px,
        width_px=fit.width_px,
    )
    step = step_flops(config, shape, trains=own.trains, checkpointing="full" if own.device == "gpu" else "none")
    return (
        f"a step is {shape.sequences} sequences of {shape.tokens(config)} tokens, {_operations(step.useful)} "
        f"({100 * step.forward.in_attention / step.forward.total:.0f} % of the forward pass is attention); all "
        f"{own.num_steps} steps {_operations(step.useful * own.num_steps)}"
    )


def _operations(number: float) -> str:
    """In the unit that leaves one to three digits before the point."""
    size, unit = next(((size, unit) for size, unit in _UNITS if number >= size), _UNITS[-1])
    return f"{number / size:.3g} {unit}"


_UNITS = ((1e18, "EFLOP"), (1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP"))
