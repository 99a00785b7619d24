"""Text of strangers and of models as one plain line. What it says is not judged here."""

from __future__ import annotations

import re
import unicodedata

_FORMAT_OR_LONE = frozenset({"Cf", "Cs", "Co", "Cn"})  # zero width, direction marks, halves of surrogate pairs


def one_line(text: str, most: int) -> str:
    """NFKC, without control, format and unassigned characters, single blanks; whole words, `most` characters."""
    read = unicodedata.normalize("NFKC", text[: 8 * most])[: 8 * most]
    kept = "".join(
        " " if unicodedata.category(letter)[0] in "CZ" else letter
        for letter in read
        if unicodedata.category(letter) not in _FORMAT_OR_LONE
    )
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most + 1].rsplit(" ", 1)[0][:most]


def words_alone(text: str, most: int) -> str:
    """The same with nothing but letters of any script, digits, apostrophes and hyphens: no quotes, braces or markup."""
    line = one_line(text, 4 * most)
    kept = "".join(letter if letter in "'-" or unicodedata.category(letter)[0] in "LMN" else " " for letter in line)
    return one_line(re.sub(r"(?<!\w)['-]+|['-]+(?!\w)", " ", kept), most)
