"""The stages in the order in which data flows. They are imported by name, so that `--help` loads none of them."""

from __future__ import annotations

import importlib
from typing import Any

from rigmill.errors import UserError
from rigmill.pipeline.stage import Stage

STAGES: dict[str, str] = {
    "collect": "curate.stages.collect:CollectStage",
    "probe": "curate.stages.probe:ProbeStage",
    "retarget": "curate.stages.retarget:RetargetStage",
    "preview": "curate.stages.preview:PreviewStage",
    "select": "curate.stages.select:SelectStage",
    "render": "render.stage:RenderStage",
    "caption": "caption.stage:CaptionStage",
    "shards": "shards.stage:ShardsStage",
    "train": "train.stage:TrainStage",
    "eval": "eval.stage:EvalStage",
}

# What a command wants of a room. By name, as stages: the hallway imports no room, and no room another.
CANONICAL_FILE = "curate.gate.canonical:canonical_file"
ANIMATE = "eval.animate.command:animate"

# What a person asks for: a stage, a room with several stages, or everything.
GROUPS: dict[str, tuple[str, ...]] = {
    "curate": ("collect", "probe", "retarget", "preview", "select"),
    "all": tuple(STAGES),
}


def load_stage(name: str) -> Stage:
    """The object of a stage, by its name."""
    return import_stage(STAGES[name])


def import_stage(path: str) -> Stage:
    """The object of a stage, by module:class (what the driver sends to workers)."""
    stage: Stage = by_name(path)()
    return stage


def by_name(path: str) -> Any:
    """What a room calls so, by module:name."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def expand(names: list[str]) -> tuple[str, ...]:
    """Stage names in flow order for what a person asked for."""
    wanted: set[str] = set()
    for name in names:
        if name not in STAGES and name not in GROUPS:
            raise UserError(
                f"no stage '{name}'",
                why=f"stages: {', '.join((*GROUPS, *STAGES))}",
                fix="use one of these",
                code="E110",
            )
        wanted.update(GROUPS.get(name, (name,)))
    return tuple(name for name in STAGES if name in wanted)
