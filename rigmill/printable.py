"""Text that a terminal may see, in lines that fit it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

WIDTH = 80  # columns of a terminal that nobody made wider
# Of strangers' names: what moves a terminal's cursor, changes its state, or turns the direction of writing.
_NO_LETTERS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_WITH_UNIT = re.compile(r"(\d) (s|min|h|px)\b")
_INNER_BLANK = "\x1f"  # of what is not broken; no text that went through `one_line` has one


def one_line(text: str) -> str:
    """The text as a terminal may see it: white space as blanks, other characters that are no letters as '?'."""
    return _NO_LETTERS.sub(lambda found: " " if found[0] in "\t\n\r" else "?", text)


def shortened(text: str, width: int) -> str:
    """The text in at most `width` characters, for a terminal: the middle of a long one is left out."""
    text = one_line(text)
    if len(text) <= width:
        return text
    end = (width - 3) // 2
    return f"{text[: width - 3 - end]}...{text[-end:] if end else ''}"


def wrapped(text: str, *, first: str = "", rest: str = "", whole: Sequence[str] = ()) -> list[str]:
    """The text as lines of WIDTH, after `first` and on further lines after `rest`.

    What is in `whole` (commands), and words such as paths, are never broken: people copy them. The longest of them may
    make a line longer.
    """
    text = _WITH_UNIT.sub(rf"\1{_INNER_BLANK}\2", one_line(text))
    for part in map(one_line, whole):
        text = text.replace(part, part.replace(" ", _INNER_BLANK))
    lines = textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_INNER_BLANK, " ") for line in lines]


def shown_path(path: Path) -> str:
    """The path as a person would type it: from the current folder where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
