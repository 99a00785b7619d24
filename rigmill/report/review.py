"""The sheets in which a person corrects captions and categories, with a small picture of every clip and asset."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import link
from pathlib import Path

from rigmill.pipeline.view import View
from rigmill.printable import one_line
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.storage.review import CAPTIONS, CATEGORIES, write_sheet
from rigmill.types import StoredFile

PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many lines the sheets have, and in how many a person wrote."""

    captions: int
    your_captions: int
    categories: int
    your_categories: int


def write_review(view: View, layout: Layout) -> Reviewed | None:
    """Write the sheets of all captioned clips and all their assets; None where there is nothing to look at."""
    captions = list(_captions(view))
    categories = list(_categories(view))
    if not (captions or categories):
        return None
    strips = _link_pictures(view, layout, {row["clip_id"] for row in captions} | {row["clip_id"] for row in categories})
    for row in (*captions, *categories):
        row["picture"] = strips.get(row["clip_id"], "")
    return Reviewed(
        captions=len(captions),
        your_captions=write_sheet(layout.review, CAPTIONS, captions),
        categories=len(categories),
        your_categories=write_sheet(layout.review, CATEGORIES, categories),
    )


def _captions(view: View) -> Iterator[dict[str, str]]:
    clips = {row["clip_id"]: row for row in view.products("render")}
    for row in sorted(view.products("caption"), key=lambda row: str(row["clip_id"])):
        clip = clips[row["clip_id"]]
        yield {
            "clip_id": row["clip_id"],
            "caption": row["caption"],
            "provider": row["provider"],
            "title": one_line(clip["title"] or ""),
            "motion": one_line(clip["motion_name"] or ""),
        }


def _categories(view: View) -> Iterator[dict[str, str]]:
    first: dict[str, Mapping[str, object]] = {}
    for row in sorted(view.products("render"), key=lambda row: str(row["clip_id"])):
        first.setdefault(row["asset_id"], row)
    for row in sorted(view.products("category"), key=lambda row: str(row["asset_id"])):
        clip = first[row["asset_id"]]
        yield {
            "asset_id": row["asset_id"],
            "clip_id": str(clip["clip_id"]),
            "category": row["category"] or "",
            "secondary": "; ".join(row["secondary"]),
            "provider": row["category_provider"] or "",
            "title": one_line(str(clip["title"] or "")),
        }


def _link_pictures(view: View, layout: Layout, wanted: set[str]) -> dict[str, str]:
    """Clip id -> its preview strip as the sheets name it, put beside them: a link where the file system has links."""
    folder, store, names = layout.review / PICTURES, layout.store, {}
    folder.mkdir(parents=True, exist_ok=True)
    for row in view.products("preview"):
        if row["clip_id"] in wanted and row["files"]:
            name = f"{row['clip_id']}.jpg"
            if _place(store, StoredFile.from_row(row["files"][0]), folder / name):
                names[row["clip_id"]] = f"{PICTURES}/{name}"
    for path in folder.iterdir():
        if path.stem not in wanted:
            path.unlink()
    return names


def _place(store: Store, stored: StoredFile, path: Path) -> bool:
    source = store.path(stored)
    if not source.exists():
        return False
    if path.exists() and path.samefile(source):
        return True
    path.unlink(missing_ok=True)
    try:
        link(source, path)
    except OSError:
        shutil.copyfile(source, path)
    return True
