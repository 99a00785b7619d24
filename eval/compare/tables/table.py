"""A table as values: columns, lines, cells. What it looks like is another module's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eval.metrics.metric import Better

ARROWS = {Better.LOWER: "↓", Better.HIGHER: "↑", Better.NEITHER: ""}
NOT_AVAILABLE = "n/a"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `digits` follow the point."""

    key: str
    label: str
    unit: str = ""
    better: Better = Better.NEITHER
    digits: int = 3
    says: str = ""  # what it means, in a sentence

    @property
    def heading(self) -> str:
        unit = f", {self.unit}" if self.unit else ""
        return f"{self.label}{unit}{' ' if ARROWS[self.better] else ''}{ARROWS[self.better]}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number with the interval of its mean, or words; neither: not available, and why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: int | None = None  # clips that it is the mean of
    words: str = ""
    why: str = ""  # of what is not available

    def text(self, digits: int) -> str:
        """The number, or the words."""
        if self.value is None:
            return self.words or NOT_AVAILABLE
        return f"{self.value:.{digits}f}"

    def interval(self, digits: int) -> str:
        """'[low, high]', or nothing."""
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"[{self.low:.{digits}f}, {self.high:.{digits}f}]"


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `reported`: by whom, where the numbers are not ours."""

    name: str
    cells: Mapping[str, Cell]
    reported: str = ""

    def cell(self, column: Column) -> Cell:
        return self.cells.get(column.key, Cell())


@dataclass(frozen=True, slots=True)
class Table:
    """A table with what a reader has to know of it."""

    key: str  # a name for files and links
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = field(default_factory=tuple)
    first: str = "method"  # heading of the lines' names
