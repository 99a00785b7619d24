"""Templates show values as words, whatever a stranger's file calls itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from rigmill.report import pages
from rigmill.report.folder import Strip
from rigmill.report.reasons_section import CodeCounts, ReasonsSection
from rigmill.report.render_section import EngineClips, RenderSection
from tests.support.html_page import Page

HOSTILE = (
    "<script>alert(1)</script>",
    "\" onload='x' x=\"",
    "{{ 7 * 7 }}{% include 'style.css' %}",
    "first\nsecond",
    "\u202egnp.exe",
    "</td></table><h1>here",
    "&lt;b&gt;",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strangers_name_is_words_on_the_page(name: str) -> None:
    engines = [EngineClips(name, 1, 1, 0, None, None, 0.5)]
    page = Page(pages.draw("render_section.html.j2", section=RenderSection(engines, [(name, 2)])))
    assert page.tables[0][1][0] == name and page.tables[1][1] == [name, "2"]
    assert page.headings == ["Rendering", "Why Cycles, where the engine is chosen by asset"]

    strip = Strip("strip-1.jpg", name, name, name)
    codes = [CodeCounts("collect", "rejected", "no_rig", "none", 1, (1,), [strip])]
    page = Page(pages.draw("reasons_section.html.j2", section=ReasonsSection([name], codes)))
    assert page.tables[0][0][-1] == name and page.text.count(" ".join(name.split())) == 4
    assert page.tags <= {"h2", "h3", "table", "thead", "tbody", "tr", "th", "td", "p", "div", "figure", "img", "br"} | {
        "figcaption",
        "code",
        "bdi",
    }
    assert page.attributes == {"class", "src", "alt", "loading"} and page.files == ["strip-1.jpg"]


@pytest.mark.parametrize(
    ("value", "words"), [(None, "-"), (0.123456, "0.1235"), (12345, "12,345"), (True, "yes"), ("1.50", "1.50")]
)
def test_values_are_short(value: object, words: str) -> None:
    assert pages.shown(value) == words


def test_a_value_that_nobody_gave_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(UndefinedError, match="section"):
        pages.draw("licences_section.html.j2")


def test_every_template_is_used() -> None:
    folder = Path(pages.__file__).with_name("templates")
    words = [path.read_text() for path in (*folder.iterdir(), *folder.parent.glob("*.py"))]
    for template in folder.iterdir():
        name = template.name.replace("_section.html.j2", "")
        assert any(f'"{name}"' in text for text in words), template.name
