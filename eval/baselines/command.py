"""What `rigmill eval baselines` asks this room for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eval.baselines.make import MODEL, NAMES, NEAREST, OnClip, Sources, make_baselines
from eval.baselines.shipped import Animator
from eval.baselines.training_side import training_clips
from eval.bench.reading import open_bench
from eval.checkpoint import open_checkpoint
from rigmill.blender.client import Limits
from rigmill.errors import UserError
from rigmill.one_file.animate_options import add_animate_options, animate_order_of
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from train.finished import SHIPPED

if TYPE_CHECKING:
    from rigmill.config.load import Resolved


@dataclass(frozen=True, slots=True)
class BaselinesOrder:
    """Which methods to make, of which benchmark, and where. `checkpoint` None: the shipped model."""

    bench: Path
    out: Path
    only: tuple[str, ...]
    seed: int | None
    checkpoint: str | None


def baselines(order: BaselinesOrder, resolved: Resolved, layout: Layout, on_clip: OnClip) -> list[Path]:
    """Make them; the methods' folders. A UserError names what is missing."""
    names = _names(order.only)
    bench, view = open_bench(order.bench), View(layout.tables, resolved.profile)
    seed = resolved.profile.seed if order.seed is None else order.seed
    sources = Sources(seed=seed)
    if NEAREST in names:
        sources = replace(sources, training=training_clips(view, layout.store))
        if not sources.training:
            raise UserError(
                f"there is no training clip for '{NEAREST}'",
                why=f"profile '{resolved.name}' has no data set in {layout.root}",
                fix="{command}, or leave it out with --only",
                code="E630",
                command=("run", "all"),
            )
    if MODEL in names:
        sources = replace(sources, animator=_animator(order, resolved, layout, [view], seed))
    return make_baselines(bench, order.out, names, sources, on_clip)


def _names(only: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in only if name not in NAMES]
    if unknown:
        raise UserError(
            f"--only {unknown[0]}: no such method", why=f"there are {', '.join(NAMES)}", fix="use these", code="E631"
        )
    return tuple(name for name in NAMES if not only or name in only)


def _animator(order: BaselinesOrder, resolved: Resolved, layout: Layout, views: Sequence[View], seed: int) -> Animator:
    wanted = order.checkpoint or str(SHIPPED)
    checkpoint = open_checkpoint(wanted, layout, views, profile=resolved.name)
    options = argparse.ArgumentParser()
    add_animate_options(options)
    typed = options.parse_args(["rest.glb", "--prompt", "of each clip", "--checkpoint", wanted, "--seed", str(seed)])
    typed.overrides = []
    return Animator(
        checkpoint,
        animate_order_of(typed, resolved),
        views,
        Limits(**resolved.profile.limits.model_dump()),
        resolved.profile.collect.max_file_bytes,
    )
