"""Whether a benchmark can be used: its files, what people wrote into bench.csv, and that training does not know it."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from caption.category import CATEGORIES
from eval.bench.choose import places_of
from eval.bench.clips import BENCH_CSV, BenchClip, Group
from eval.bench.faults import Fault, Trouble
from eval.bench.groups import STRATA
from eval.bench.reading import Record, damaged, read_record
from eval.bench.sheet import Line, read_sheet
from eval.bench.ties import Tie, Trained

MAX_SHIFT = 0.2  # share of the clips by which the largest category may grow over what the rule chose
_FEW = 8  # clips: with fewer, shares say nothing
# Categories that no subject of a group has: a creature is no furniture, and a door no animal.
_THINGS = frozenset(
    {
        *("weapon", "tool", "vehicle", "household item", "plant", "furniture", "electronic device", "architecture"),
        *("clothing", "food", "planet", "sporting goods", "paper", "jewelry", "musical instrument"),
    }
)
_CREATURES = frozenset({"character", "anthropomorphic", "animal", "mythical creature", "anatomy"})
_NEVER = {
    Group.HUMANOID: _THINGS,
    Group.QUADRUPED: _THINGS,
    Group.FLYING: _THINGS,
    Group.FURNITURE: _CREATURES,
    Group.OTHER: frozenset[str](),
}


def check_bench(folder: Path, known: Trained | None = None) -> list[Fault]:
    """All that is wrong, bench.csv first, in its order. `known`: the training side to hold the clips against."""
    record = read_record(folder)
    path = folder / BENCH_CSV
    if path.is_file():
        lines, faults = read_sheet(path.read_bytes())
        broken = bool(faults and not lines)
    else:
        lines, broken = [], True
        faults = [Fault(Trouble.FILES, f"{BENCH_CSV} is gone", "put it back, or make the benchmark again")]
    if not broken:
        unread = {fault.clip for fault in faults if fault.trouble is Trouble.CELLS}
        faults += _of_lines(lines, record, known)
        faults += (fault for fault in _of_all(lines, record) if fault.clip not in unread or not fault.clip)
    faults.sort(key=lambda fault: (fault.line is None, fault.line or 0))
    faults += _balance(record)
    faults += _leaks(record, known) if known is not None else ()
    faults += (Fault(Trouble.FILES, what, "copy it again, or make the benchmark again") for what in damaged(folder))
    return faults


def _of_lines(lines: Sequence[Line], record: Record, known: Trained | None) -> Iterator[Fault]:
    clips = {clip.clip_id: clip for clip in record.bench.clips}
    first: dict[str, int] = {}
    for line in lines:
        if line.clip not in clips:
            yield _stranger(line, clips, known)
            continue
        if line.clip in first:
            yield Fault(
                Trouble.TWICE,
                f"clip {line.clip} was on line {first[line.clip]}",
                "remove one; sheets of several people are compared by: rigmill bench agree",
                line.number,
                line.clip,
            )
        first.setdefault(line.clip, line.number)
        yield from _of_words(line, clips[line.clip])


def _stranger(line: Line, clips: dict[str, BenchClip], known: Trained | None) -> Fault:
    if known is not None and line.clip in known.known[Tie.CLIP]:
        return Fault(
            Trouble.TRAINING_CLIP,
            f"clip {line.clip} is trained on",
            "remove the line; to hold its asset out: shards.bench_assets",
            line.number,
            line.clip,
        )
    near = difflib.get_close_matches(line.clip, clips, n=1, cutoff=0.7)
    what = f"'{line.clip[:40]}' is no clip of this benchmark" if line.clip else "no clip is named"
    fix = f"did you mean {near[0]}?" if near else "remove the line, or make the benchmark with other --without"
    return Fault(Trouble.UNKNOWN_CLIP, what, fix, line.number, line.clip)


def _of_words(line: Line, clip: BenchClip) -> Iterator[Fault]:
    if not line.category:
        yield Fault(Trouble.NO_CATEGORY, f"clip {clip.clip_id} has none", _choose_one(), line.number, clip.clip_id)
    elif line.category not in CATEGORIES:
        near = difflib.get_close_matches(line.category, CATEGORIES, n=1)
        fix = f"did you mean '{near[0]}'?" if near else _choose_one()
        what = f"'{line.category[:40]}' is none of the {len(CATEGORIES)}"
        yield Fault(Trouble.CATEGORY, what, fix, line.number, clip.clip_id)
    elif line.category in _NEVER[clip.group]:
        yield Fault(
            Trouble.CONTRADICTION,
            f"'{line.category}', and the clip is in the group '{clip.group}'",
            f"correct it; where it is right, leave the clip out: rigmill bench make --without {clip.clip_id}",
            line.number,
            clip.clip_id,
        )
    if not line.annotator:
        yield Fault(
            Trouble.ANNOTATOR, f"nobody says what clip {clip.clip_id} is", "write a name", line.number, clip.clip_id
        )


def _choose_one() -> str:
    return f"write one of: {', '.join(CATEGORIES)}"


def _of_all(lines: Sequence[Line], record: Record) -> Iterator[Fault]:
    said = {line.clip: line.category for line in lines}
    clips = record.bench.clips
    for clip in clips:
        if clip.clip_id not in said:
            yield Fault(
                Trouble.MISSING_CLIP,
                f"clip {clip.clip_id} has no line",
                f"write one: {clip.clip_id},{clip.category},YOUR NAME,,",
                clip=clip.clip_id,
            )
    now = Counter(said[clip.clip_id] for clip in clips if said.get(clip.clip_id) in CATEGORIES)
    if len(clips) < _FEW or not now:
        return
    category, number = now.most_common(1)[0]
    most = max(Counter(clip.category for clip in clips).values()) + MAX_SHIFT * len(clips)
    if number > most:
        yield Fault(
            Trouble.CATEGORIES,
            f"{number} of {len(clips)} clips are '{category}'; of those that the rule chose, {most:.0f} may be",
            "look whether a column was filled down by mistake",
        )


def _balance(record: Record) -> Iterator[Fault]:
    """Groups have as many clips as the rule gives them of what was held out."""
    clips = record.bench.clips
    wanted = places_of(record.available, min(record.num_wanted, sum(record.available.values())))
    found = Counter(clip.group for clip in clips)
    for group in (*STRATA, Group.OTHER):
        if found[group] != wanted[group]:
            yield Fault(
                Trouble.GROUPS,
                f"{found[group]} clips of the group '{group}' where the rule has {wanted[group]}",
                "make the benchmark again",
            )


def _leaks(record: Record, known: Trained) -> Iterator[Fault]:
    for clip in record.bench.clips:
        ties = known.ties(record.marks[clip.clip_id])
        if ties:
            yield Fault(
                Trouble.LEAK,
                f"training knows clip {clip.clip_id} by its {', '.join(ties)}",
                f"hold its asset out (shards.bench_assets: [{clip.asset_id}]) and train again, or make the benchmark "
                "again",
                clip=clip.clip_id,
            )
