"""What each plan was made of and when a run last held it: why something is done again, and how old a result is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from rigmill.pipeline.view import View
from rigmill.storage.files import canonical_json, write_atomic
from rigmill.storage.layout import Layout
from rigmill.types import Row


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """Version and settings of a stage and of all upstream of it, and the profile that they are from."""

    stage: str
    last_held: datetime  # by a run
    made_of: dict[str, Row]
    profile: Row


class PlanHistory:
    """One small file per plan whose rows the tables hold, beside the other records of runs: `runs/plans/`."""

    def __init__(self, layout: Layout) -> None:
        self.folder = layout.runs / "plans"
        self._noted: set[str] = set()

    def _path(self, stage: str, plan: str) -> Path:
        return self.folder / stage / f"{plan}.json"

    def note(self, view: View, stage: str, *, whole: bool) -> None:
        """Write down that a run holds the stage's plan, as it is now."""
        plan = view.plan_name(stage, whole=whole)
        if not whole and plan in self._noted:
            return  # planned again and again while upstream runs
        self._noted.add(plan)
        record = {
            "stage": stage,
            "last_held": datetime.now(UTC).isoformat(),
            "made_of": view.made_of(stage),
            "profile": view.profile.model_dump(mode="json"),
        }
        write_atomic(self._path(stage, plan), (canonical_json(record) + "\n").encode(), durable=False)

    def read(self, stage: str, plan: str | None) -> PlanRecord | None:
        """What is known of a plan; None of one from before this was written down, or whose file is gone or damaged."""
        try:
            record: dict[str, Any] = json.loads(self._path(stage, plan or "").read_text())
            held = datetime.fromisoformat(record["last_held"])
            if not held.tzinfo or record["stage"] != stage or stage not in record["made_of"]:
                return None
            return PlanRecord(stage, held, dict(record["made_of"]), dict(record["profile"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget_others(self, view: View, stage: str) -> None:
        """Remove what is known of plans of the stage that no row names any more, nor the view."""
        plans = {view.plan_name(stage), *pc.unique(view.table(stage).snapshot("outcomes").column("plan")).to_pylist()}
        for path in (self.folder / stage).glob("*.json"):
            if path.stem not in plans:
                path.unlink()
