"""The report's sections on what was kept and what was not: funnel, reasons with pictures, limits, licences."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rigmill.licences.policy import Policy
from rigmill.licences.rights import PERMISSIONS
from rigmill.outcomes import REJECT_MEANING, Reject
from rigmill.pipeline.view import View
from rigmill.report import html
from rigmill.report.funnel import STEPS, Ends, Reason, funnel, licence_rows
from rigmill.report.limits import MEASURES, at_other_limits, limit_of, values_of
from rigmill.storage.files import Store, digest
from rigmill.types import Row, StoredFile

NEAR_THE_LIMIT = 3  # clips shown on either side
MAX_LICENCES = 40
Put = Callable[[str, bytes], None]  # a file of the report, by name


def by_source(view: View, ends: Ends) -> str:
    """How far each source's inputs got, beside the paper's numbers."""
    rows = [tuple(row[name] for name in ("source", *STEPS, "paper")) for row in funnel(view, ends)]
    total = (
        "all",
        *(sum(row[place] for row in rows) for place in range(1, len(STEPS) + 1)),
        sum(row[-1] or 0 for row in rows),
    )
    note = (
        '<p class="muted">Clips are a source\'s own motions and the motions put on its characters. '
        "Numbers of the paper: A.1.</p>"
    )
    return html.table(("source", *STEPS, "the paper's clips"), [*rows, total]) + note


def reasons(view: View, ends: Ends, *, store: Store, put: Put) -> str:
    """Every code with its number per source, then examples of each."""
    if not ends.reasons:
        return "<p>Nothing was rejected, nothing failed.</p>"
    sources = sorted({source for reason in ends.reasons for source in reason.counts})
    numbers = [
        (
            reason.stage,
            reason.status,
            reason.code,
            reason.counts.total(),
            *(reason.counts[source] or html.Raw("") for source in sources),
        )
        for reason in ends.reasons
    ]
    pictures = Pictures(view, store=store, put=put)
    pictures.wanted = {example["input_id"] for reason in ends.reasons for example in reason.chosen()}
    titles = _titles(view, pictures.wanted)
    shown = "".join(_examples(reason, pictures, titles) for reason in ends.reasons)
    return html.table(("stage", "", "code", "count", *sources), numbers) + shown


def limits(view: View, *, store: Store, put: Put) -> str:
    """How the measured values lie, and what other limits would keep."""
    parts = []
    for measure in MEASURES:
        values, limit = values_of(view, measure), limit_of(view, measure)
        chart = html.histogram(
            values,
            limit=limit,
            keeps_above=measure.keeps_above,
            logarithmic=measure.logarithmic,
            label=f"{measure.column}: {measure.label}",
        )
        if not chart:
            continue
        others = at_other_limits(values, measure, limit)
        table = html.table(
            (f"filters.{measure.limit}", *(f"{other:.4g}" for other, _ in others)),
            [("this rule keeps", *(number for _, number in others))],
        )
        parts.append(f"<h3>{html.text(measure.column)}</h3>{chart}{table}")
    near = _near_the_limit(view, store=store, put=put)
    return "".join(parts) + near or "<p>Nothing has been measured yet.</p>"


def licences(view: View) -> str:
    """Assets and clips under each licence, and what each policy says of them."""
    return (
        f"<p>This dataset is made under the policy <strong>{html.text(view.profile.licence_policy)}</strong>. A cell "
        "names the first right that a policy misses; docs/licences.md explains rights and policies.</p>"
        "<h3>Assets as collected</h3>"
        + _licence_table(licence_rows(view.products("collect"), clips=False), "seen in")
        + "<h3>Clips that passed the filters</h3>"
        + _licence_table(licence_rows(view.products("select"), clips=True), "kind")
    )


class Pictures:
    """The preview strips of clips that somebody wants to see. One pass over the table."""

    def __init__(self, view: View, *, store: Store, put: Put) -> None:
        self._view, self._store, self._put = view, store, put
        self.wanted: set[str] = set()
        self._found: dict[str, StoredFile] | None = None

    def markup(self, clip_id: str) -> str:
        """An image, its file put into the report; empty where there is none."""
        if self._found is None:
            self._found = {
                row["clip_id"]: StoredFile.from_row(row["files"][0])
                for row in self._view.products("preview")
                if row["clip_id"] in self.wanted and row["files"]
            }
        stored = self._found.get(clip_id)
        if stored is None or not self._store.path(stored).exists():
            return ""
        name = f"strip-{digest(clip_id, stored.sha256, length=12)}.jpg"
        self._put(name, self._store.read(stored))
        return f'<img loading="lazy" src="{name}" alt="preview of the clip">'


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


def _examples(reason: Reason, pictures: Pictures, titles: dict[str, str]) -> str:
    figures = "".join(
        _figure(
            pictures.markup(example["input_id"]),
            example["input_id"],
            " ".join(part for part in (example["source"], titles.get(example["input_id"])) if part),
            example["message"],
            measured=example["measured"],
            limit=example["limit"],
        )
        for example in reason.chosen()
    )
    number = reason.counts.total()
    return (
        f"<h3>{html.text(reason.stage)}: {html.text(reason.code)}</h3>"
        f'<p class="muted">{html.text(_meaning(reason.code))}; {html.text(number)} {html.text(reason.status)}</p>'
        f'<div class="strips">{figures}</div>'
    )


def _figure(
    picture: str, name: str, about: str, words: str, *, measured: float | None = None, limit: float | None = None
) -> str:
    numbers = "" if measured is None else f" (measured {html.text(measured)}, limit {html.text(limit)})"
    return (
        f"<figure>{picture}<figcaption><code>{html.text(name)}</code> {html.text(about)}<br>"
        f"{html.text(words)}{numbers}</figcaption></figure>"
    )


def _meaning(code: str) -> str:
    return REJECT_MEANING.get(Reject(code), "") if code in set(Reject) else "it broke"


def _near_the_limit(view: View, *, store: Store, put: Put) -> str:
    """The clips nearest to the flow limit, on either side of it: what the limit decides."""
    limit = view.profile.filters.min_flow_px
    values = sorted(
        (row["flow_px"], row["clip_id"], row["source"], row["title"], row["motion_name"])
        for row in view.products("preview")
        if row["flow_px"] is not None
    )
    under = [value for value in values if value[0] <= limit][-NEAR_THE_LIMIT:]
    over = [value for value in values if value[0] > limit][:NEAR_THE_LIMIT]
    if not under and not over:
        return ""
    pictures = Pictures(view, store=store, put=put)
    pictures.wanted = {clip_id for _, clip_id, *_ in (*under, *over)}
    figures = "".join(
        _figure(pictures.markup(clip_id), clip_id, source, f"{words}: {title}, {motion}", measured=flow, limit=limit)
        for words, clips in (("under the limit", under), ("over the limit", over))
        for flow, clip_id, source, title, motion in clips
    )
    return (
        f"<h3>Nearest to the limit of flow_px</h3><p>The last {len(under)} that it drops and the first "
        f'{len(over)} that it keeps.</p><div class="strips">{figures}</div>'
    )


def _licence_table(rows: list[Row], kind: str) -> str:
    if not rows:
        return "<p>None yet.</p>"
    shown: Iterable[tuple[object, ...]] = (
        (
            row["licence"],
            row["kind"],
            row["number"],
            _rights(row["rights"]),
            *(
                html.Raw(f'<span class="no">no: {html.text(row[policy.value])}</span>') if row[policy.value] else "yes"
                for policy in Policy
            ),
        )
        for row in rows[:MAX_LICENCES]
    )
    more = f"<p>and {len(rows) - MAX_LICENCES} rarer ones</p>" if len(rows) > MAX_LICENCES else ""
    return html.table(("licence", kind, "number", "rights", *(policy.value for policy in Policy)), shown) + more


def _rights(rights: Row) -> str:
    """What is known, in a few words: permissions denied or unknown, and duties."""
    denied = [name for name in PERMISSIONS if rights[name] is False]
    unknown = [name for name in PERMISSIONS if rights[name] is None]
    duties = [name for name, value in sorted(rights.items()) if name not in PERMISSIONS and value]
    parts = [
        f"{words}: {', '.join(names)}"
        for words, names in (("no", denied), ("unknown", unknown), ("with", duties))
        if names
    ]
    return "; ".join(parts) or "all permissions, no duties"
