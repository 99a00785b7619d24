"""The stages in the order in which data flows. They are imported by name, so that `--help` loads none of them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rigmill.errors import UserError
from rigmill.pipeline.stage import Stage

# What a command wants of a room. By name, as stages: the hallway imports no room, and no room another.
CANONICAL_FILE = "curate.gate.canonical:canonical_file"
ANIMATE = "eval.animate.command:animate"
BASELINES = "eval.baselines.command:baselines"
BASELINES_ORDER = "eval.baselines.command:BaselinesOrder"
BENCH_ORDER = "eval.bench.export:Order"
BENCH_MAKE = "eval.bench.commands:make"
BENCH_CHECK = "eval.bench.commands:check"
BENCH_PAGE = "eval.bench.commands:page"
BENCH_AGREE = "eval.bench.agree:agreement_of"
COMPARE = "eval.compare.command:compare"
COMPARE_ORDER = "eval.compare.command:CompareOrder"
OPEN_BENCH = "eval.bench.reading:open_bench"
IMPORT_ORDER = "eval.bodies.importers.command:ImportOrder"
IMPORT_RESULTS = "eval.bodies.importers.command:import_tool"
EXPORT_LORA = "train.export:export_lora"
VBENCH = "eval.vbench.command:vbench"
VBENCH_CACHE = "eval.vbench.preflight:default_cache"
VBENCH_DIMENSION = "eval.vbench.dimensions:Dimension"
VBENCH_ORDER = "eval.vbench.command:VbenchOrder"
VBENCH_PROTOCOLS = "eval.vbench.dimensions:PROTOCOLS"
OWN_WORDS = "caption.edits:check"
PROBE_MODEL = "caption.commands:probe"
PREPARE_PUSH = "shards.push:prepare"
PUSH = "shards.push:push"
PUSH_NO_ACCESS = "shards.push:NoAccess"
STUDY_ASKED = "eval.study.plan:Asked"
STUDY_KIND = "eval.study.plan:Kind"
STUDY_MAKE = "eval.study.commands:make"
STUDY_SUM = "eval.study.commands:summary"
EXPORT_BATCH = "caption.commands:export"
IMPORT_BATCH = "caption.commands:import_answers"


@dataclass(frozen=True)
class Registry(Mapping[str, str]):
    """Stage name -> module:class, in flow order."""

    paths: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.paths[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def load(self, name: str) -> Stage:
        """The object of a stage, by its name."""
        return import_stage(self.paths[name])

    def room(self, name: str) -> str:
        """The top-level package that a stage belongs to."""
        return self.paths[name].partition(":")[0].partition(".")[0]

    @property
    def rooms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(self.room, self)))

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """What a person may ask for beside single stages: a room with several of them, or everything."""
        members = {room: tuple(name for name in self if self.room(name) == room) for room in self.rooms}
        several = {room: names for room, names in members.items() if len(names) > 1 and room not in self}
        return several | {"all": tuple(self)}

    def expand(self, asked: Iterable[str]) -> tuple[str, ...]:
        """Stage names in flow order for what a person asked for."""
        wanted: set[str] = set()
        for name in asked:
            if name not in self and name not in self.groups:
                raise UserError(
                    f"no stage '{name}'",
                    why=f"stages: {', '.join((*self.groups, *self))}",
                    fix="use one of these",
                    code="E110",
                )
            wanted.update(self.groups.get(name, (name,)))
        return tuple(name for name in self if name in wanted)


STAGES = Registry(
    {
        "collect": "curate.stages.collect:CollectStage",
        "probe": "curate.stages.probe:ProbeStage",
        "retarget": "curate.stages.retarget:RetargetStage",
        "preview": "curate.stages.preview:PreviewStage",
        "select": "curate.stages.select:SelectStage",
        "render": "render.stage:RenderStage",
        "category": "caption.category_stage:CategoryStage",
        "caption": "caption.stage:CaptionStage",
        "shards": "shards.stage:ShardsStage",
        "latents": "train.latents.stage:LatentsStage",
        "train": "train.stage:TrainStage",
        "eval": "eval.stage:EvalStage",
    }
)


def import_stage(path: str) -> Stage:
    """The object of a stage, by module:class (what the driver sends to workers)."""
    stage: Stage = by_name(path)()
    return stage


def by_name(path: str) -> Any:
    """What a room calls so, by module:name."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)
