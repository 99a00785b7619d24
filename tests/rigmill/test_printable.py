"""Text for terminals: no character that moves a cursor, and lines that fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigmill.printable import WIDTH, one_line, shortened, shown_path, wrapped


@given(text=st.text(max_size=300), width=st.integers(4, 90))
def test_whatever_a_name_holds_it_is_one_line_that_fits(text: str, width: int) -> None:
    assert len(shortened(text, width)) <= width
    assert len(f"{one_line(text)}.".splitlines()) == 1 and "\x1b" not in one_line(text)


@given(words=st.lists(st.text("abc-, ", min_size=1, max_size=20), max_size=40))
def test_wrapped_lines_fit_and_lose_no_word(words: list[str]) -> None:
    text = " ".join(words)
    lines = wrapped(text, first="  why: ", rest=" " * 7)
    assert all(len(line) <= WIDTH for line in lines)
    assert " ".join(lines).replace("why:", "").split() == text.split()


def test_a_command_and_a_number_with_its_unit_are_not_broken() -> None:
    command = "rigmill status --set 'a b c' " * 4
    lines = wrapped(f"{'word ' * 14}; why: {command}", rest="  ", whole=[command])
    assert command.strip() in [line.strip() for line in lines]
    assert "2 min" in wrapped("x" * (WIDTH - 3) + " 2 min")[1]


def test_a_path_is_said_from_the_current_folder_where_it_is_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "data" / "demo") == "data/demo"
    assert shown_path(Path("/elsewhere")) == "/elsewhere"
