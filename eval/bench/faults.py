"""What can be wrong with a benchmark, each kind by its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """The name of a fault: `rigmill bench check` prints it, and tests ask for it."""

    ENCODING = "encoding"
    COLUMNS = "columns"
    CELLS = "cells"
    TEXT = "text"
    CATEGORY = "unknown_category"
    NO_CATEGORY = "no_category"
    CONFIDENCE = "confidence"
    ANNOTATOR = "no_annotator"
    UNKNOWN_CLIP = "unknown_clip"
    TWICE = "clip_twice"
    MISSING_CLIP = "missing_clip"
    TRAINING_CLIP = "training_clip"
    LEAK = "leak"
    GROUPS = "unbalanced_groups"
    CATEGORIES = "unbalanced_categories"
    CONTRADICTION = "category_of_another_group"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what, and what to do."""

    trouble: Trouble
    what: str
    fix: str
    line: int | None = None  # of bench.csv; None: of the whole file, or of another one
    clip: str = ""

    def to_json(self) -> dict[str, object]:
        return {"trouble": self.trouble.value, "line": self.line, "clip": self.clip, "what": self.what, "fix": self.fix}

    def text(self, file: str) -> str:
        """One line for a terminal."""
        where = file if self.line is None else f"{file}, line {self.line}"
        return f"{where}: {self.trouble}: {self.what}; {self.fix}"
