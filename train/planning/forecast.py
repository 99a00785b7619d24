"""What is said of a training before it runs: draws of each source, operations, what it takes of a machine. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rigmill.clips.fitting import Fit
from rigmill.types import Row
from shards.loader.mixing import Realised, mixture_of, realised
from train.inputs import Compute, TrainSettings, stage_settings
from train.planning.budget import GB, Demand, parts_in_words, refuse_what_cannot_be, spending
from train.planning.cost import step_flops
from train.planning.machines import Machine, machine_of
from train.recipes import ModelConfig

if TYPE_CHECKING:
    from rigmill.config.schema import Profile


def notes_of(rows: Sequence[Row], settings: Row, profile: Profile) -> list[str]:
    """Sentences on each stage, of the clips in `rows`. A UserError where a source is not what the mixture asks for."""
    sizes = Counter(row["source"] for row in rows)
    if not sizes:
        return []
    found = []
    for own, config in _stages(settings):
        mixture = mixture_of(own.mixture, sizes, seed=own.seed, may_lack=own.may_lack)
        drawn = realised(mixture, own.num_steps * own.batch_size)
        found.append(f"{own.stage} draws {drawn.num_draws} clips: {_in_words(drawn)}")
        found.append(f"{own.stage}: {_work_of(own, config, settings, profile)}")
    return found + machine_notes(settings, profile)


def _in_words(drawn: Realised) -> str:
    """Share and passes of every source, the largest first."""
    parts = sorted(drawn.draws.items(), key=lambda part: (-part[1], part[0]))
    return ", ".join(
        f"{source} {100 * count / max(1, drawn.num_draws):.3g} % ({count} of {drawn.sizes[source]} clips, "
        f"{drawn.passes[source]:.3g} passes)"
        for source, count in parts
    )


def machine_notes(settings: Row, profile: Profile) -> list[str]:
    """A sentence a stage: what it takes of `train.machine`. A UserError where that cannot hold it."""
    if not profile.train.machine:
        return []
    machine = machine_of(profile.train.machine)
    return [
        _taken(_demand(own, config, settings, profile, machine.num_gpus), machine, profile)
        for own, config in _stages(settings)
    ]


def _stages(settings: Row) -> list[tuple[TrainSettings, ModelConfig]]:
    """Each with the model that it ends with. An earlier stage's additions are in it; a checkpoint's are not known."""
    found: dict[str, tuple[TrainSettings, ModelConfig]] = {}
    for own, starts_from in stage_settings(settings):
        parent = found[starts_from][1] if starts_from in found else None
        found[own.stage] = own, own.config(parent)
    return list(found.values())


def _demand(own: TrainSettings, config: ModelConfig, settings: Row, profile: Profile, num_gpus: int) -> Demand:
    """Of a stage as so many GPUs would have it, of clips with the profile's pictures."""
    fit = Fit.of(profile.render.width_px, profile.render.height_px, size_px=own.size_px, multiple=config.cell_px)
    several = config.views_per_clip > 1
    return Demand(
        stage=own.stage,
        config=config,
        trains=own.trains,
        num_steps=own.num_steps,
        batch_size=own.batch_size,
        num_frames=own.drawn_frames or own.counts[-1],
        width_px=fit.width_px,
        height_px=fit.height_px,
        num_gpus=num_gpus,
        checkpointing=Compute.of_hints(settings).kept("gpu"),
        ema=bool(own.ema),
        cached=profile.latents.enabled,
        view_ranks=settings.get("view_ranks", 1) if several else 1,
        accumulate=settings.get("accumulate", 1),
        sharded=settings.get("strategy") == "fsdp2",
    )


def _taken(demand: Demand, machine: Machine, profile: Profile) -> str:
    memory = refuse_what_cannot_be(demand, machine)
    said = (
        f"{demand.stage} on {machine}: {memory.total / GB:.3g} of {machine.gpu.planned_bytes / GB:.3g} GB a GPU "
        f"({parts_in_words(memory)}; checkpointing {demand.checkpointing})"
    )
    spent = spending(demand, machine, profile.train.mfu)
    if spent is None:
        return f"{said}; days: nobody has said which share of its peak a {machine.gpu.name} reaches, train.mfu can"
    realistic = "" if profile.train.mfu else ", which is realistic for it"
    said += (
        f"; {spent.step_s:.3g} s a step at {100 * spent.mfu:.3g} % of the peak{realistic}: {spent.days:.3g} days, "
        f"{_whole(spent.gpu_hours)} GPU hours"
    )
    price = profile.train.price_per_gpu_hour
    return said if price is None else f"{said}, {_whole(spent.gpu_hours * price)} at {price:g} an hour"


def _work_of(own: TrainSettings, config: ModelConfig, settings: Row, profile: Profile) -> str:
    """How large a step is, and the whole stage."""
    shape = _demand(own, config, settings, profile, 1).shape(own.batch_size)
    kept = Compute.of_hints(settings).kept(own.device)
    step = step_flops(config, shape, trains=own.trains, checkpointing=kept)
    return (
        f"a step is {shape.sequences} sequences of {shape.tokens(config)} tokens, {_operations(step.useful)} "
        f"({100 * step.forward.in_attention / step.forward.total:.0f} % of the forward pass is attention); all "
        f"{own.num_steps} steps {_operations(step.useful * own.num_steps)}"
    )


def _whole(number: float) -> str:
    """Without what comes after the point, where it is large."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _operations(number: float) -> str:
    """In the unit that leaves one to three digits before the point."""
    size, unit = next(((size, unit) for size, unit in _UNITS if number >= size), _UNITS[-1])
    return f"{number / size:.3g} {unit}"


_UNITS = ((1e18, "EFLOP"), (1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP"))
