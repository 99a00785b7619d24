"""Pages: templates filled with plain values. Every string is escaped; pages load nothing from anywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def shown(value: Any) -> Any:
    """A value as a page shows it: numbers short, nothing as a dash, words as they are."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return value


def templates_in(folder: Path) -> Environment:
    """The templates of a folder: every string is escaped, a name that nobody gave is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


_TEMPLATES = templates_in(Path(__file__).with_name("templates"))
_TEMPLATES.filters["shown"] = shown


def draw(template: str, **values: Any) -> str:
    """The HTML of a template filled with values; a name that the template asks for and nobody gave is an error."""
    return _TEMPLATES.get_template(template).render(**values)
