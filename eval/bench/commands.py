"""What `rigmill bench` wants of this room, by name (rigmill.pipeline.registry)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eval.bench.check import check_bench
from eval.bench.export import Made, Order, make_bench
from eval.bench.faults import Fault
from eval.bench.page import write_page
from eval.bench.reading import read_record
from eval.bench.ties import marks_of, trained
from rigmill.blender.client import Limits
from rigmill.kinds import Split
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout


@dataclass(frozen=True, slots=True)
class Checked:
    """What `rigmill bench check` found."""

    num_clips: int
    num_trained: int  # clips of training that it was held against; 0: none, so nothing is known of leaks
    faults: tuple[Fault, ...]


def make(view: View, layout: Layout, order: Order, *, limits: Limits) -> Made:
    """Choose and write a benchmark."""
    return make_bench(view, layout, order, limits=limits)


def check(folder: Path, view: View) -> Checked:
    """What is wrong with a benchmark, and whether the training of a profile knows a clip of it."""
    record = read_record(folder)
    marks = marks_of(view)
    num_trained = sum(side != Split.BENCH for side, _ in marks.values())
    faults = check_bench(folder, trained(marks) if num_trained else None)
    return Checked(len(record.bench.clips), num_trained, tuple(faults))


def page(folder: Path, target: Path, *, annotator: str) -> Path:
    """Write the annotation page of a benchmark."""
    return write_page(folder, target, annotator=annotator)
