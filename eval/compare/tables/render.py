"""Tables as Markdown, LaTeX, JSON and HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from eval.compare.tables.table import Cell, Table
from eval.metrics.metric import Better

_LATEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"}
_LATEX |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
_LATEX |= {
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "°": r"$^\circ$",
    "✓": r"$\checkmark$",
}


def markdown(tables: Sequence[Table], head: Sequence[str]) -> str:
    """All tables on one page."""
    lines = ["# Comparison", "", *head, ""]
    for table in tables:
        lines += [f"## {table.title}", ""]
        lines.append("| " + " | ".join([table.first, *(_bar(column.heading) for column in table.columns)]) + " |")
        lines.append("| --- |" + " ---: |" * len(table.columns))
        for line in table.lines:
            cells = [_markdown_name(line.name, line.reported)]
            for column in table.columns:
                cell = line.cell(column)
                cells.append(_bar(f"{cell.text(column.digits)} {cell.interval(column.digits)}".strip()))
            lines.append("| " + " | ".join(cells) + " |")
        lines += ["", *(f"- {note}" for note in table.notes), ""] if table.notes else [""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_name(name: str, reported: str) -> str:
    return _bar(f"*{name}* (reported: {reported})" if reported else name)


def _bar(text: str) -> str:
    return text.replace("|", "\\|")


def latex(tables: Sequence[Table]) -> str:
    """All tables, to be put into a paper; needs booktabs. Intervals stand below their number in small print."""
    parts = ["% Needs \\usepackage{booktabs}. Reported rows are in italics: their numbers are those of the papers."]
    for table in tables:
        rows = [" & ".join([escaped(table.first), *(escaped(column.heading) for column in table.columns)]) + r" \\"]
        rows.append(r"\midrule")
        for line in table.lines:
            name = escaped(line.name)
            cells = [rf"\textit{{{name}}} ({escaped('reported')})" if line.reported else name]
            for column in table.columns:
                cell = line.cell(column)
                text, interval = escaped(cell.text(column.digits)), cell.interval(column.digits)
                cells.append(f"{text} {{\\scriptsize {interval}}}" if interval else text)
            rows.append(" & ".join(cells) + r" \\")
        parts += [
            "",
            r"\begin{table}",
            rf"\caption{{{escaped(' '.join([table.title + '.', *table.notes]))}}}",
            rf"\label{{tab:{table.key}}}",
            rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
            r"\toprule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    return "\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Words as LaTeX takes them."""
    return "".join(_LATEX.get(letter, letter) for letter in text)


def as_json(tables: Sequence[Table], about: Mapping[str, Any]) -> dict[str, Any]:
    """All tables as plain values. A reported line says by whom; what is not available has no value and a reason."""
    return {
        "schema": 1,
        **about,
        "tables": [
            {
                "key": table.key,
                "title": table.title,
                "columns": [
                    {"key": c.key, "label": c.label, "unit": c.unit, "better": c.better.value, "says": c.says}
                    for c in table.columns
                ],
                "lines": [
                    {
                        "name": line.name,
                        "reported": line.reported or None,
                        "cells": {column.key: _json_cell(line.cell(column)) for column in table.columns},
                    }
                    for line in table.lines
                ],
                "notes": list(table.notes),
            }
            for table in tables
        ],
    }


def _json_cell(cell: Cell) -> dict[str, Any]:
    known: dict[str, Any] = {"value": cell.value}
    if cell.low is not None:
        known |= {"low": cell.low, "high": cell.high}
    if cell.count is not None:
        known["clips"] = cell.count
    if cell.words:
        known["words"] = cell.words
    if cell.why and cell.value is None:
        known["why"] = cell.why
    return known


def json_text(value: Mapping[str, Any]) -> str:
    """JSON for people's diffs."""
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def html(tables: Sequence[Table], *, title: str, head: Sequence[str], notes: Sequence[str] = ()) -> str:
    """One page that needs nothing beside it."""
    environment = Environment(
        loader=PackageLoader("eval.compare.tables"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("comparison.html.j2")
    return page.render(tables=tables, title=title, head=head, notes=notes, neither=Better.NEITHER) + "\n"
