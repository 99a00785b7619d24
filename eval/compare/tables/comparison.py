"""The tables of a comparison: our metrics, and those of the papers with what they report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.bench.clips import Group
from eval.compare.results import MethodResult
from eval.compare.tables import paper
from eval.compare.tables.intervals import mean_interval
from eval.compare.tables.statistics import DataSet, mv_video, table5
from eval.compare.tables.table import Cell, Column, Line, Table
from eval.metrics.metric import Better, Metric

FEW_CLIPS = 100  # with fewer, intervals are said to be wide
DELIVERED = Column(
    "delivered_share", "delivered", better=Better.HIGHER, digits=2, says="share of the clips with a body to score"
)
# Tables by what their metrics look at: beginnings of names, or a backend.
_KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("joints", "Joints", ("mpjpe", "pa_mpjpe", "pck", "acceleration", "jitter", "bone_drift", "usable_share")),
    ("turns", "Turns of joints", ("rotation", "swing")),
    ("surface", "Surface", ("vertex", "cd_")),
    ("feet", "Feet, and the prompt", ("foot", "skate", "slide", "facts")),
)
_BACKENDS = (
    ("pictures", "Pictures, against the truth's"),
    ("lpips", "LPIPS"),
    ("embedded", "The videos by themselves, without VBench's weights"),
    ("vbench", "VBench"),
)
_DIGITS = {"%": 2, "deg": 2, "dB": 2, "%/s": 1, "%/s2": 0, "%/s3": 0}
_T2_EMBEDDED = ("i2v_subject.hist", "motion_smoothness.dis", "dynamic_degree.dis")


@dataclass(frozen=True, slots=True)
class Compared:
    """All that tables are made of."""

    methods: Sequence[MethodResult]
    metrics: Sequence[Metric]
    protocol: str
    seed: int = 0
    ablation: Sequence[str] = ()  # the methods that are Table 4's three settings, in its order
    data: Sequence[DataSet] = ()


def all_tables(compared: Compared) -> list[Table]:
    """Every table that there is something for, in the order in which they are read."""
    tables = [*by_kind(compared), by_group(compared), table1(compared), table2(compared), table4(compared)]
    if compared.protocol == "animamimic":
        tables.append(table_mimic(compared))
    if compared.data:
        tables += [table5(compared.data), mv_video(compared.data)]
    return [table for table in tables if table.lines]


def by_kind(compared: Compared) -> list[Table]:
    """One table for each kind of metric, means over clips with their intervals."""
    kinds = [
        (key, title, [metric for metric in compared.metrics if metric.name.startswith(names)])
        for key, title, names in _KINDS
    ]
    taken = {metric.name for _, _, metrics in kinds for metric in metrics}
    others = [metric for metric in compared.metrics if metric.name not in taken]
    kinds += [(key, title, [one for one in others if one.backend == key]) for key, title in _BACKENDS]
    tables = []
    for key, title, metrics in kinds:
        shown = [metric for metric in metrics if any(method.values(metric.name) for method in compared.methods)]
        if not shown:
            continue
        columns = (DELIVERED, *(column_of(metric) for metric in shown))
        lines = tuple(
            Line(
                method.name,
                {DELIVERED.key: Cell(method.usable_share)}
                | {metric.name: mean_cell(compared, method, metric.name) for metric in shown},
            )
            for method in compared.methods
        )
        tables.append(Table(key, title, columns, lines, _notes(compared, shown)))
    return tables


def column_of(metric: Metric) -> Column:
    """A metric as a column."""
    digits = _DIGITS.get(metric.unit, 3)
    return Column(metric.name, metric.label, metric.unit, metric.better, digits, metric.says)


def mean_cell(compared: Compared, method: MethodResult, metric: str, *, only: frozenset[str] | None = None) -> Cell:
    """The mean over the clips that every method with such numbers has one of, so that lines are alike."""
    values = method.values(metric)
    if not values:
        return Cell(why=_why(method, metric))
    common = _common(compared, metric)
    chosen = [value for clip, value in sorted(values.items()) if clip in common and (only is None or clip in only)]
    if not chosen:
        return Cell(why="no clip has this number of every method")
    interval = mean_interval(chosen, seed=compared.seed)
    low, high = interval or (None, None)
    return Cell(sum(chosen) / len(chosen), low, high, len(chosen))


def _common(compared: Compared, metric: str) -> set[str]:
    each = [set(found) for method in compared.methods if (found := method.values(metric))]
    return set.intersection(*each) if each else set()


def _why(method: MethodResult, metric: str) -> str:
    reasons = {clip.why[metric] for clip in method.usable if metric in clip.why}
    return min(reasons) if reasons else "not measured"


def _notes(compared: Compared, shown: Sequence[Metric]) -> tuple[str, ...]:
    num_clips = len(compared.methods[0].clips) if compared.methods else 0
    notes = [f"Means over {num_clips} clips; in brackets the 95 % interval of a bootstrap over clips."]
    if num_clips < FEW_CLIPS:
        notes[0] += " So few clips make wide intervals: methods whose intervals overlap may not be told apart."
    counts: dict[int, list[str]] = {}
    for metric in shown:
        counts.setdefault(len(_common(compared, metric.name)), []).append(metric.label)
    for count, labels in counts.items():
        if count < num_clips:
            which = "All" if len(counts) == 1 else ", ".join(labels)
            notes.append(f"{which}: over the {count} clips that have it of every method.")
    if any(metric.backend == "embedded" for metric in shown):
        notes.append(
            "These need none of VBench's weights, are ours, and are not VBench's numbers. See docs/metrics.md."
        )
    rules = {f"{metric.label}: by the rule of {metric.comparable_to}" for metric in shown if metric.comparable_to}
    return (*notes, *sorted(rules))


def by_group(compared: Compared) -> Table:
    """One number of every method for each of the paper's groups."""
    metric = next((one for one in compared.metrics if _ranks(compared, one)), None)
    if metric is None:
        return Table("groups", "By group", (), ())
    members = {
        group: frozenset(clip.clip_id for clip in compared.methods[0].clips if clip.group == group) for group in Group
    }
    columns = tuple(
        Column(group.value, f"{group.value} ({len(clips)})", metric.unit, metric.better, _DIGITS.get(metric.unit, 3))
        for group, clips in members.items()
        if clips
    )
    lines = tuple(
        Line(
            method.name,
            {
                group.value: mean_cell(compared, method, metric.name, only=clips)
                for group, clips in members.items()
                if clips
            },
        )
        for method in compared.methods
    )
    return Table(
        "groups",
        f"By group: {metric.label}",
        columns,
        lines,
        (f"{metric.says}; in brackets in the heading: how many clips.",),
    )


def _ranks(compared: Compared, metric: Metric) -> bool:
    """Whether every method has numbers of a metric that orders them."""
    return metric.better is not Better.NEITHER and all(method.values(metric.name) for method in compared.methods)


def table1(compared: Compared) -> Table:
    """Table 1's facts, and the time that our own model took where its folder says so."""
    ours = [
        Line(
            f"{method.name} (this package)",
            {
                "categories": Cell(words=paper.YES),
                "skeleton": Cell(words=paper.YES),
                "prior": Cell(words="multi-view video-pose diffusion"),
                "output": Cell(words="pose and mesh sequence"),
                "time": Cell(words=f"{method.seconds_per_clip:.0f} s a clip, measured here"),
            },
        )
        for method in compared.methods
        if method.name == "shipped-model" and method.seconds_per_clip is not None
    ]
    notes = ("Times are of other machines and other lengths: facts of each system, not a race.",)
    return Table("table1", "Systems (AnimaX, Table 1)", paper.T1_COLUMNS, (*paper.table1(), *ours), notes)


def table2(compared: Compared) -> Table:
    """Table 2: VBench as reported and as stored, and beside it our counterparts under their own names."""
    lines = [*paper.table2(), *(_videos_line(compared, method) for method in compared.methods)]
    return Table(
        "table2", "Videos of the animated mesh (AnimaX, Table 2)", _t2_columns(compared), tuple(lines), _T2_NOTES
    )


def table4(compared: Compared) -> Table:
    """Table 4's three settings: as reported, and ours where a person said which methods they are."""
    by_name = {method.name: method for method in compared.methods}
    ours = []
    for role, name in zip(paper.T4_ROLES, compared.ablation):
        line = _videos_line(compared, by_name[name])
        ours.append(Line(f"{role}: {name}", line.cells))
    notes = _T2_NOTES if ours else ("Which methods are ours in this table, --ablation says.", *_T2_NOTES)
    columns = _t2_columns(compared) if ours else paper.vbench_columns(paper.VBENCH_I2V)
    return Table("table4", "Ablation (AnimaX, Table 4)", columns, (*paper.table4(), *ours), notes)


def table_mimic(compared: Compared) -> Table:
    """AnimaMimic's main table."""
    by_key = {metric.name: column_of(metric) for metric in compared.metrics}
    ssim = by_key.get("ssim", Column("ssim", "SSIM", better=Better.HIGHER))
    lpips = by_key.get("lpips.alex", Column("lpips.alex", "LPIPS", better=Better.LOWER))
    columns = (ssim, lpips, *paper.vbench_columns(paper.MIMIC_KEYS[2:]))
    lines = [
        Line(
            method.name,
            {key: mean_cell(compared, method, key) for key in paper.MIMIC_KEYS[:2]} | _vbench_cells(compared, method),
        )
        for method in compared.methods
    ]
    notes = (
        "Reported: against a generated video, on that paper's own clips. Ours: against the truth, on this benchmark.",
    )
    return Table("animamimic", "AnimaMimic's main table", columns, (*paper.table_mimic(), *lines), notes)


_T2_NOTES = (
    "Reported numbers are of other clips, renders and lengths: they stand here to be seen, not to be beaten.",
    "VBench's columns hold numbers of the real package alone (rigmill eval vbench). Columns with other names are ours; "
    "aesthetic quality has no counterpart without weights.",
)


def _t2_columns(compared: Compared) -> tuple[Column, ...]:
    known = {metric.name: column_of(metric) for metric in compared.metrics}
    return (*paper.vbench_columns(paper.VBENCH_I2V), *(known[name] for name in _T2_EMBEDDED if name in known))


def _videos_line(compared: Compared, method: MethodResult) -> Line:
    cells = {name: mean_cell(compared, method, name) for name in _T2_EMBEDDED}
    return Line(method.name, cells | _vbench_cells(compared, method))


def _vbench_cells(compared: Compared, method: MethodResult) -> dict[str, Cell]:
    missing = Cell(why="VBench was not run on this method: rigmill eval vbench")
    names = [f"vbench.{key}" for key in dict.fromkeys((*paper.VBENCH_I2V, *paper.MIMIC_KEYS[2:]))]
    return {name: mean_cell(compared, method, name) if method.values(name) else missing for name in names}
