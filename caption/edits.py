"""A person's own captions and categories, checked as everything else that becomes a row."""

from __future__ import annotations

from pathlib import Path

from caption.category import CATEGORIES
from rigmill.errors import UserError
from rigmill.storage import review
from rigmill.types import Row

MAX_CAPTION = 400  # characters; a person may say more than a model
MAX_SECONDARY = 3


def check(folder: Path) -> None:
    """Read both sheets; a UserError names the first line that cannot be taken over."""
    own_captions(folder)
    own_categories(folder)


def own_captions(folder: Path) -> dict[str, str]:
    """Clip id -> the caption that a person gave it."""
    found = {}
    for clip_id, entry in review.read_entries(folder, review.CAPTIONS).items():
        text = entry.values["your_caption"]
        if len(text) > MAX_CAPTION or not text.isprintable():
            why = f"a caption has at most {MAX_CAPTION} printable characters: '{text[:60]}'"
            raise _mistake(folder, review.CAPTIONS, entry, why)
        found[clip_id] = text
    return found


def own_categories(folder: Path) -> dict[str, Row]:
    """Asset id -> `category` and `secondary` that a person gave it, of the closed set."""
    found: dict[str, Row] = {}
    for asset_id, entry in review.read_entries(folder, review.CATEGORIES).items():
        primary = entry.values["your_category"].lower()
        secondary = [part.strip().lower() for part in entry.values["your_secondary"].split(";") if part.strip()]
        for name in (primary, *secondary):
            if name not in CATEGORIES:
                why = f"'{name[:40]}' is no category" if name else "your_secondary without your_category"
                raise _mistake(folder, review.CATEGORIES, entry, f"{why}; there are: {', '.join(CATEGORIES)}")
        if primary in secondary or len(set(secondary)) < len(secondary) or len(secondary) > MAX_SECONDARY:
            why = f"at most {MAX_SECONDARY} others, each once, in your_secondary"
            raise _mistake(folder, review.CATEGORIES, entry, why)
        found[asset_id] = {"category": primary, "secondary": secondary}
    return found


def _mistake(folder: Path, sheet: review.Sheet, entry: review.Entry, why: str) -> UserError:
    return UserError(
        f"{sheet.file}, line {entry.line}: this cannot be taken over",
        why=why,
        fix=f"correct {folder / sheet.file}",
        code="E119",
    )
