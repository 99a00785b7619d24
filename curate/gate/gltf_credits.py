"""Who made a glTF file and under which licence, as far as `asset` says: what of it goes into the canonical file.

Sketchfab writes it into `asset.extras`, others into `asset.copyright`. Whoever gets the file moved and exported needs
it, and no importer acts on it. A text is one line, printable and bounded; everything else is left out.
"""

from __future__ import annotations

from typing import Any

CREDITS = ("author", "license", "licence", "source", "title")
MAX_TEXT = 300


def credits_in(asset: Any) -> dict[str, Any]:
    """`copyright` and `extras` of a document's `asset`, without what says nothing of its author or licence."""
    if not isinstance(asset, dict):
        return {}
    extras = asset.get("extras")
    said = extras if isinstance(extras, dict) else {}
    kept = {name: text for name in CREDITS if (text := one_line_of(said.get(name)))}
    found: dict[str, Any] = {"extras": kept} if kept else {}
    if text := one_line_of(asset.get("copyright")):
        found["copyright"] = text
    return found


def one_line_of(value: Any) -> str:
    """A stranger's text in one printable line of at most MAX_TEXT characters; "" of what is no text."""
    if not isinstance(value, str):
        return ""
    words = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * MAX_TEXT])
    return " ".join(words.split())[:MAX_TEXT].strip()
