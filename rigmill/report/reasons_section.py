"""The report's section on what was rejected and what failed: codes by source, and examples of each with pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rigmill.outcomes import REJECT_MEANING, Reject
from rigmill.pipeline.view import View
from rigmill.report.folder import ReportFolder, Strip, strip_pictures
from rigmill.report.funnel import Ends
from rigmill.storage.files import Store


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """How often a stage gave one code: in all, and in each of the section's sources."""

    stage: str
    status: str
    code: str
    meaning: str
    total: int
    by_source: tuple[int, ...]
    examples: list[Strip]


@dataclass(frozen=True, slots=True)
class ReasonsSection:
    """Every code that there is; no codes where everything was kept."""

    sources: list[str]
    codes: list[CodeCounts]


# What people call inputs of a stage, by their ids.
Names = Callable[[str, Iterable[str]], dict[str, str]]


def section(
    view: View, ends: Ends, *, store: Store, folder: ReportFolder, names: Names | None = None
) -> ReasonsSection:
    """The numbers and examples of the section, its pictures put into the report."""
    sources = sorted({source for reason in ends.reasons for source in reason.counts})
    wanted = {example.input_id for reason in ends.reasons for example in reason.chosen()}
    pictures = strip_pictures(view, wanted, store=store, folder=folder)
    titles = _titles(view, wanted)
    if names is not None:
        for reason in ends.reasons:
            titles |= names(reason.stage, [example.input_id for example in reason.chosen()])
    codes = [
        CodeCounts(
            reason.stage,
            reason.status,
            reason.code,
            _meaning(reason.code),
            reason.counts.total(),
            tuple(reason.counts[source] for source in sources),
            [
                Strip(
                    pictures.get(example.input_id),
                    example.input_id,
                    " ".join(part for part in (example.source, titles.get(example.input_id)) if part),
                    example.message,
                    example.measured,
                    example.limit,
                )
                for example in reason.chosen()
            ],
        )
        for reason in ends.reasons
    ]
    return ReasonsSection(sources, codes)


def _titles(view: View, wanted: set[str]) -> dict[str, str]:
    """What a person calls the inputs: an asset's title, a clip's title and motion."""
    names = {name.partition("-")[0] for name in wanted}
    found = {row["asset_id"]: str(row["title"]) for row in view.products("collect") if row["asset_id"] in names}
    found |= {
        row["clip_id"]: f"{row['title']}, {row['motion_name']}"
        for row in view.products("preview")
        if row["clip_id"] in names
    }
    return {name: found[name.partition("-")[0]] for name in wanted if name.partition("-")[0] in found}


def _meaning(code: str) -> str:
    return REJECT_MEANING.get(Reject(code), "") if code in set(Reject) else "it broke"
