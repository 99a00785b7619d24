"""What `rigmill eval compare` asks this room for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.bench.clips import Bench
from eval.bench.reading import open_bench
from eval.bodies.deliver import Delivered, read_method
from eval.bodies.draw import Protocol
from eval.compare.options import MAX_POINTS, MAX_SIZE_PX, MIN_POINTS, MIN_SIZE_PX, ScoreOptions
from eval.compare.results import ClipResult, MethodResult
from eval.compare.run import OnDone, score_all
from eval.compare.stored_vbench import Stored, check_alike, read_stored
from eval.compare.tables.comparison import Compared, all_tables
from eval.compare.tables.render import as_json, html, json_text, latex, markdown
from eval.compare.tables.statistics import DataSet, data_set
from eval.compare.tables.table import Table
from eval.compare.together import RESULTS_JSON, Together, about_of, read_together, unlike
from eval.compare.videos import write_prompts
from eval.metrics.icp import Icp
from eval.metrics.lpips import Lpips
from eval.metrics.registry import METRICS
from eval.metrics.weights import Unavailable
from rigmill.errors import UserError
from rigmill.pipeline.view import View
from rigmill.storage.files import write_atomic
from rigmill.storage.layout import Layout

if TYPE_CHECKING:
    from rigmill.config.load import Resolved

HTML, MARKDOWN, LATEX, TABLES_JSON = "comparison.html", "comparison.md", "comparison.tex", "tables.json"
_SHOWN = 4  # clips that a message names


@dataclass(frozen=True, slots=True)
class CompareOrder:
    """What a person typed."""

    methods: tuple[Path, ...]
    bench: Path
    out: Path
    protocol: str
    icp: str
    seed: int
    size_px: int
    num_points: int
    lpips: Path | None
    common: bool
    beside: tuple[Path, ...]
    ablation: tuple[str, ...]
    videos: bool
    workers: int | None

    @property
    def options(self) -> ScoreOptions:
        """What scores depend on; a UserError names an option that cannot be."""
        for option, value, low, high in (
            ("--size", self.size_px, MIN_SIZE_PX, MAX_SIZE_PX),
            ("--points", self.num_points, MIN_POINTS, MAX_POINTS),
            ("--seed", self.seed, 0, 2**32 - 1),
        ):
            if not low <= value <= high:
                fix = f"{option} {min(max(value, low), high)}"
                raise UserError(f"{option} {value}: not within {low} to {high}", fix=fix, code="E632")
        weights = None
        if self.lpips is not None:
            try:
                Lpips(self.lpips)
            except Unavailable as error:
                raise UserError(
                    "--lpips: there are no such weights", why=str(error), fix="put them there", code="E638"
                ) from None
            weights = str(self.lpips.resolve())
        return ScoreOptions(
            Protocol(self.protocol), Icp(self.icp), self.seed, self.size_px, self.num_points, lpips=weights
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was written."""

    folder: Path
    tables: list[Table]
    json: Mapping[str, Any]


def compare(order: CompareOrder, resolved: Resolved, layout: Layout, on_done: OnDone) -> Comparison:
    """Score the methods and write the tables. A UserError names rows that are unlike; scores that are known stay."""
    options, bench = order.options, open_bench(order.bench)
    methods = _methods(order.methods, bench)
    _check_ablation(order.ablation, methods)
    about = about_of(bench, options)
    beside = [_beside(path, about) for path in order.beside]
    if order.videos:
        write_prompts(order.out, bench.clips)
    found = score_all(
        bench,
        methods,
        options,
        order.out,
        settings=about,
        workers=order.workers or os.cpu_count() or 1,
        videos=order.videos,
        on_done=on_done,
    )
    ids = [clip.clip_id for clip in bench.clips]
    stored = {method.name: read_stored(order.out, method.name, ids) for method in methods}
    check_alike(stored)
    about["vbench"] = next((dict(one.conditions) for one in stored.values() if one.conditions), None)
    results = [_method_result(bench, method, found, stored[method.name]) for method in methods]
    every = (*results, *(method for other in beside for method in other.methods))
    _check_names(every)
    _check_complete(every, common=order.common)
    together = Together(about, every)
    compared = Compared(
        _on_common(together.methods) if order.common else together.methods,
        METRICS,
        options.protocol.value,
        seed=options.seed,
        ablation=order.ablation,
        data=_data(resolved, layout),
    )
    strangers = {method.name: method.strangers for method in methods if method.strangers}
    return _write(order.out, together, compared, bench, strangers)


def _methods(folders: Sequence[Path], bench: Bench) -> list[Delivered]:
    methods = [read_method(folder, bench) for folder in folders]
    for number, method in enumerate(methods):
        if method.name in {other.name for other in methods[:number]}:
            raise UserError(
                f"two methods are called '{method.name}'",
                why="a method goes by its folder's name",
                fix="rename one of the folders",
                code="E633",
            )
    return methods


def _check_names(methods: Sequence[MethodResult]) -> None:
    names = [method.name for method in methods]
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f"--beside has a method '{name}', and so has the comparison",
                fix="rename the folder of one of them and compare again",
                code="E633",
            )


def _check_ablation(names: Sequence[str], methods: Sequence[Delivered]) -> None:
    for name in names:
        if name not in {method.name for method in methods}:
            raise UserError(
                f"--ablation {name}: it is none of the methods",
                why=f"they are {', '.join(method.name for method in methods)}",
                fix="use their names",
                code="E632",
            )


def _beside(path: Path, about: Mapping[str, Any]) -> Together:
    """Earlier results, whose lines may stand beside these."""
    try:
        other = read_together(path)
    except ValueError as error:
        raise UserError(
            f"--beside {path} cannot be read",
            why=str(error),
            fix=f"give a {RESULTS_JSON} that rigmill eval compare wrote",
            code="E634",
        ) from None
    differs = unlike(about, other.about)
    if differs:
        raise UserError(
            f"--beside {path}: its rows are unlike these",
            why="; ".join(differs),
            fix="compare again with the same settings, benchmark and version, or leave it out",
            code="E635",
        )
    return other


def _method_result(
    bench: Bench, method: Delivered, found: Mapping[tuple[str, str], ClipResult], stored: Stored
) -> MethodResult:
    says, about = _told(method.folder)
    clips = []
    for clip in bench.clips:
        result = found[method.name, clip.clip_id]
        told = about.get(clip.clip_id, {}).get("quality", {}).get("usable_share")
        if result.unusable is None and told is not None:  # it read pose maps, and says how well
            result = replace(result, scores={**result.scores, "usable_share": float(told)})
        if result.unusable is None and clip.clip_id in stored.scores:
            result = replace(result, scores={**result.scores, **stored.scores[clip.clip_id]})
        clips.append(result)
    seconds = [entry["wall_s"] for entry in about.values() if "wall_s" in entry]
    mean_s = sum(seconds) / len(seconds) if seconds else None
    return MethodResult(method.name, tuple(clips), says=says, seconds_per_clip=mean_s)


def _told(folder: Path) -> tuple[str, dict[str, dict[str, Any]]]:
    """What a method's own method.json says of it and of its clips; nothing where it has none."""
    try:
        whole = json.loads((folder / "method.json").read_bytes())
        return str(whole["says"]), dict(whole["clips"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", {}


def _check_complete(methods: Sequence[MethodResult], *, common: bool) -> None:
    """Refuse methods that lack clips, by name: means over other clips are other numbers."""
    lacking = [clip for method in methods for clip in method.clips if clip.unusable is not None]
    if not lacking:
        return
    if common:
        ids = {clip.clip_id for method in methods for clip in method.clips}
        if ids - {clip.clip_id for clip in lacking}:
            return
        raise UserError(
            "--common: no clip is left that all methods have",
            why=_why(lacking),
            fix="leave out the method that has the fewest",
            code="E637",
        )
    raise UserError(
        f"rows are unlike: {len({clip.method for clip in lacking})} of {len(methods)} methods lack clips",
        why=_why(lacking),
        fix="deliver these clips, or --common: leave them out of all methods, which the tables then say",
        code="E636",
    )


def _why(lacking: Sequence[ClipResult]) -> str:
    said = [str(clip.unusable) for clip in lacking[:_SHOWN]]
    more = len(lacking) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")


def _on_common(methods: Sequence[MethodResult]) -> tuple[MethodResult, ...]:
    """The methods with scores on clips that all of them have; the share that each delivered stays what it was."""
    missing = {clip.clip_id for method in methods for clip in method.clips if clip.unusable is not None}
    return tuple(
        replace(
            method, clips=tuple(replace(clip, scores={}) if clip.clip_id in missing else clip for clip in method.clips)
        )
        for method in methods
    )


def _data(resolved: Resolved, layout: Layout) -> list[DataSet]:
    rows = View(layout.tables, resolved.profile).products("shards")
    return [data_set(f"profile '{resolved.name}'", rows)] if len(rows) else []


def _write(
    out: Path, together: Together, compared: Compared, bench: Bench, strangers: Mapping[str, Sequence[str]]
) -> Comparison:
    tables = all_tables(compared)
    settings, about = together.about["settings"], together.about
    head = [
        f"Benchmark {bench.name}, digest {bench.digest}: {len(bench.clips)} clips. Protocol {settings['protocol']}, "
        f"pictures of {settings['size_px']} px, Chamfer distances of {settings['num_points']} points after ICP "
        f"'{settings['icp']}', seed {settings['seed']}; rigmill {about['rigmill']}, scoring {about['scoring']}."
    ]
    notes = [f"{method.name}: {method.says}" for method in compared.methods if method.says]
    notes += [f"{name}: {len(files)} files are of no clip, such as {files[0]}" for name, files in strangers.items()]
    notes += [f"{metric.label} ({metric.name}): {metric.says}." for metric in compared.metrics]
    whole = as_json(tables, {key: value for key, value in about.items() if key != "schema"})
    out.mkdir(parents=True, exist_ok=True)
    for name, data in (
        (RESULTS_JSON, together.to_json()),
        (TABLES_JSON, json_text(whole).encode()),
        (MARKDOWN, markdown(tables, head).encode()),
        (LATEX, latex(tables).encode()),
        (HTML, html(tables, title=f"Comparison on {bench.name}", head=head, notes=notes).encode()),
    ):
        write_atomic(out / name, data, durable=False)
    return Comparison(out, tables, whole)
