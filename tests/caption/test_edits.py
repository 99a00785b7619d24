"""A person's own words in the sheets: read whatever a spreadsheet made of them, checked, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from caption.edits import own_captions, own_categories
from rigmill.errors import UserError
from rigmill.storage import review

HEAD = "asset_id,your_category,your_secondary\n"


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(encoding))
    return folder


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_a_spreadsheet_saves_is_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [("clip_id", "caption", "your_caption"), ("c1", "x", '"A fox, old; runs."'), ("c2", "y", "")]
    lines = [delimiter.join(row) for row in rows]
    written(tmp_path, "captions.csv", "\r\n".join(lines) + "\r\n", encoding)
    assert own_captions(tmp_path) == {"c1": "A fox, old; runs."}


def test_without_a_sheet_there_are_no_words(tmp_path: Path) -> None:
    assert own_captions(tmp_path) == {} and own_categories(tmp_path) == {}


def test_categories_are_of_the_closed_set(tmp_path: Path) -> None:
    head = "asset_id,category,your_category,your_secondary\n"
    written(tmp_path, "categories.csv", head + "a,toy,Animal,toy; mythical creature\nb,toy,,\n")
    assert own_categories(tmp_path) == {"a": {"category": "animal", "secondary": ["toy", "mythical creature"]}}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("categories.csv", f"{HEAD}a,,\nb,dragon,\n", r"line 3.*'dragon' is no category"),
        ("categories.csv", f"{HEAD}a,,toy\n", "your_secondary without your_category"),
        ("categories.csv", f"{HEAD}a,toy,toy\n", "each once"),
        ("categories.csv", "asset_id,your_category\na,toy\n", "lacks your_secondary"),
        ("captions.csv", "clip_id,your_caption\na,One.\na,Two.\n", "lines 2 and 3 say different things about a"),
        ("captions.csv", "clip_id,your_caption\n,One.\n", "line 2 has no clip_id"),
        ("captions.csv", 'clip_id,your_caption\na,"One.\n', "unexpected end"),
        ("captions.csv", "clip_id,your_caption\na," + "x" * 401 + "\n", "at most 400"),
        ("captions.csv", "clip_id,your_caption\na,\x1b[31mred\n", "printable"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    import re

    written(tmp_path, name, text)
    with pytest.raises(UserError) as caught:
        own_captions(tmp_path), own_categories(tmp_path)
    assert re.search(said, f"{caught.value.what} {caught.value.why}") and name in str(caught.value.what)


def test_bytes_that_are_no_text_are_a_mistake_and_the_sheet_stays(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_bytes(b"clip_id,your_caption\na,\xff\xfe\n")
    with pytest.raises(UserError):
        review.write_sheet(tmp_path, review.CAPTIONS, [])
    assert b"\xff\xfe" in (tmp_path / "captions.csv").read_bytes()


ROW = {"clip_id": "c1", "caption": "A fox runs.", "provider": "facts", "title": "=HYPERLINK(1)"}
ROW |= {"motion": "", "picture": ""}


def test_a_new_sheet_keeps_what_a_person_wrote_also_of_clips_that_are_gone(tmp_path: Path) -> None:
    review.write_sheet(tmp_path, review.CAPTIONS, [ROW, ROW | {"clip_id": "c2"}])
    path = tmp_path / "captions.csv"
    text = path.read_text()
    assert "'=HYPERLINK" in text  # nothing a spreadsheet would compute
    path.write_text(text.replace("c2,A fox runs.,facts,'=HYPERLINK(1),,,", "c2,A fox runs.,facts,,,,A fox trots."))
    assert own_captions(tmp_path) == {"c2": "A fox trots."}
    assert review.write_sheet(tmp_path, review.CAPTIONS, [ROW | {"caption": "Other."}]) == 1
    before = path.read_bytes()
    assert own_captions(tmp_path) == {"c2": "A fox trots."} and b"Other." in before
    review.write_sheet(tmp_path, review.CAPTIONS, [ROW | {"caption": "Other."}])
    assert path.read_bytes() == before
    review.write_sheet(tmp_path, review.CAPTIONS, [ROW, ROW | {"clip_id": "c2"}])
    assert own_captions(tmp_path) == {"c2": "A fox trots."}
