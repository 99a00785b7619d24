"""The funnel per source: how many inputs of each source got how far, what stopped the others, and examples of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from rigmill.kinds import AssetKind
from rigmill.licences.policy import Policy, Rule, When, asked_of_clip, obstacle
from rigmill.licences.rights import Rights
from rigmill.outcomes import Status
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.view import View
from rigmill.types import Row

# Clips per source in the paper (A.1), printed beside ours.
PAPER_CLIPS = {"objaverse": 48_020, "mixamo": 55_222, "vroid": 57_781}
EXAMPLES = 6  # of each code; at most two of one source while others have some
NO_SOURCE = "several"
STEPS = ("candidates", "collected", "rigs", "motions", "windows", "previewed", "selected", "rendered", "in shards")


@dataclass(frozen=True, slots=True)
class Example:
    """One input that was not kept, and why."""

    input_id: str
    source: str
    message: str
    measured: float | None
    limit: float | None


@dataclass(slots=True)
class Reason:
    """One code of one stage: how often in each source, and some of the inputs."""

    stage: str
    status: str
    code: str
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))

    def add(self, outcome: Row) -> None:
        source = outcome["source"] or NO_SOURCE
        self.counts[source] += 1
        if len(self.examples[source]) < EXAMPLES:
            self.examples[source].append(Example(*(outcome[part.name] for part in fields(Example))))

    def chosen(self) -> list[Example]:
        """Examples from every source in turn."""
        queues = [list(self.examples[source]) for source in sorted(self.examples)]
        found: list[Example] = []
        while any(queues) and len(found) < EXAMPLES:
            found += [queue.pop(0) for queue in queues if queue]
        return found[:EXAMPLES]


@dataclass(slots=True)
class Ends:
    """How the planned inputs of all stages ended, by source."""

    by_status: dict[str, dict[str, Counter[str]]]  # stage -> source -> status -> number
    reasons: list[Reason]

    def number(self, stage: str, source: str, *statuses: Status) -> int:
        counts = self.by_status.get(stage, {}).get(source, Counter())
        return sum(counts[status.value] for status in statuses or tuple(Status))


def read_ends(view: View, stages: Iterable[str] = tuple(STAGES)) -> Ends:
    """One pass over the outcomes."""
    by_status: dict[str, dict[str, Counter[str]]] = {}
    reasons: list[Reason] = []
    for name in stages:
        counted: dict[str, Counter[str]] = defaultdict(Counter)
        found: dict[tuple[str, str], Reason] = {}
        for outcome in view.outcomes(name):
            status = outcome["status"]
            counted[outcome["source"] or NO_SOURCE][status] += 1
            if status != Status.KEPT.value:
                key = (status, outcome["code"])
                if key not in found:
                    found[key] = Reason(name, *key)
                found[key].add(outcome)
        by_status[name] = counted
        reasons += sorted(found.values(), key=lambda reason: (-reason.counts.total(), reason.code))
    return Ends(by_status, reasons)


@dataclass(frozen=True, slots=True)
class SourceFunnel:
    """How many inputs of one source got how far: a number per step of STEPS, and the paper's number of clips."""

    source: str
    numbers: tuple[int, ...]
    paper: int | None


def funnel(view: View, ends: Ends) -> list[SourceFunnel]:
    """One row per source, with a number per step; sources of the paper that are not in this profile at the end.

    A retargeted clip counts for its character's source, as in the paper. Motions are those of files and those put on
    characters; the windows of them are what is looked at.
    """
    motions = _num_motions(view)
    in_shards = Counter(row["source"] for row in view.products("shards"))
    configured = list(dict.fromkeys(source.name for source in view.profile.sources))
    ours = configured + sorted(set(ends.by_status["collect"]) - set(configured))
    rows = []
    for source in [*ours, *(name for name in PAPER_CLIPS if name not in ours)]:
        numbers = (
            ends.number("collect", source),
            ends.number("collect", source, Status.KEPT),
            ends.number("probe", source, Status.KEPT),
            motions[source],
            ends.number("preview", source),
            ends.number("preview", source, Status.KEPT),
            ends.number("select", source, Status.KEPT),
            ends.number("render", source, Status.KEPT),
            in_shards[source],
        )
        rows.append(SourceFunnel(source, numbers, PAPER_CLIPS.get(source)))
    return rows


def _num_motions(view: View) -> Counter[str]:
    """By source the motions of files with a mesh, and the pairs of a character and a motion."""
    numbers: Counter[str] = Counter()
    for rig in view.products("probe"):
        if rig["kind"] == AssetKind.ANIMATED:
            numbers[rig["source"]] += len(rig["motions"] or ())
    pairs = {(row["source"], row["asset_id"], row["motion_id"]) for row in view.products("retarget")}
    numbers.update(source for source, _, _ in pairs)
    return numbers


def by_source(view: View, stages: tuple[str, ...]) -> list[Row]:
    """For `status --by source`: one row per stage and source."""
    ends = read_ends(view, stages)
    return [
        {
            "stage": stage,
            "source": source,
            "kept": ends.number(stage, source, Status.KEPT),
            "rejected": ends.number(stage, source, Status.REJECTED),
            "failed": ends.number(stage, source, Status.FAILED),
            "reasons": {
                reason.code: reason.counts[source]
                for reason in ends.reasons
                if reason.stage == stage and reason.counts[source]
            },
        }
        for stage in stages
        for source in sorted(ends.by_status[stage])
    ]


@dataclass(frozen=True, slots=True)
class LicenceCount:
    """How many assets or clips there are with this licence and these rights, and what policies say of them.

    `kind` is the clips' kind, or where the assets' licence was seen. `missing` has the right that each policy lacks,
    empty where it lacks none.
    """

    licence: str
    kind: str
    number: int
    rights: Rights
    missing: dict[Policy, str]


def licence_counts(rows: Iterable[Row], *, clips: bool) -> list[LicenceCount]:
    """The licences of assets or clips, most frequent first.

    Rows with the same licence and other rights (VRM files state their own) stand apart.
    """
    numbers: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        kind = row["kind"] if clips else row["licence_seen_in"] or "nowhere"
        numbers[row["licence"], kind, tuple(sorted(Rights.from_row(row["rights"]).to_row().items()))] += 1
    found = []
    for (licence, kind, items), number in sorted(numbers.items(), key=lambda item: (-item[1], str(item[0]))):
        rights = Rights(**dict(items))
        when: frozenset[When] = asked_of_clip(kind) if clips else frozenset()
        missing = {}
        for policy in Policy:
            stumbled = obstacle(rights, policy, licence=licence, when=when)
            missing[policy] = stumbled.right if isinstance(stumbled, Rule) else stumbled or ""
        found.append(LicenceCount(licence, kind, number, rights, missing))
    return found
