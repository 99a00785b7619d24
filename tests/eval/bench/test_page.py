"""The annotation page: what is in it, and how it is used in a browser, by keys and by touch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from caption.category import CATEGORIES
from eval.bench.check import check_bench
from eval.bench.page import KEYS, grid_video, write_page
from eval.bench.reading import open_bench
from eval.bench.sheet import read_sheet
from rigmill.clips.members import rgb_video
from rigmill.clips.video import decode
from tests.support import benches
from tests.support.browser import Tab, browser, needs_browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    benches.bench(folder)
    return write_page(folder / "bench", folder / "page.html")


def test_a_grid_shows_four_views_in_two_rows(page: Path) -> None:
    clip = open_bench(page.parent / "bench").clips[0]
    grid = decode(grid_video(clip))
    views = [decode((clip.folder / rgb_video(view)).read_bytes()) for view in range(4)]
    assert grid.shape == (benches.NUM_FRAMES, 128, 128, 3)
    for view, (top, left) in enumerate(((0, 0), (0, 64), (64, 0), (64, 64))):
        part = grid[:, top : top + 64, left : left + 64].astype(float)
        errors = [np.abs(part - other).mean() for other in views]
        assert errors[view] == min(errors) and errors[view] < 3


def test_the_page_asks_nobody_for_anything_and_does_not_prompt_an_answer(page: Path) -> None:
    text = page.read_text()
    assert "http:" not in text and "https:" not in text and "default-src 'none'" in text
    assert 'src="' not in text and "url(" not in text and "import" not in text.partition("<script>")[2]
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    assert [one["name"] for one in data["categories"]] == list(CATEGORIES) == list(KEYS.values())
    assert [set(clip) for clip in data["clips"]] == [{"id", "words", "video"}] * 14  # and no category


@needs_browser
@pytest.mark.slow
def test_a_person_annotates_by_keys_takes_back_and_saves(page: Path, tmp_path: Path) -> None:
    clips = open_bench(page.parent / "bench").clips
    with browser(tmp_path) as tab:
        tab.open(page)
        tab.wait("document.getElementById('video').readyState >= 2 && document.getElementById('video').currentTime > 0")
        tab.click("#save")
        assert tab.js("document.getElementById('progress').textContent") == "write your name first"
        tab.type("#annotator", 'Ada, "the first"')
        tab.press("Enter")
        tab.press("d", "5")  # animal, sure; goes on
        tab.press("n", "k", "z", "4")  # furniture, no: household item, take that back, likely; goes on
        tab.press("/")
        tab.type("#notes", "=odd, is it?")
        tab.press("Enter", "c", "ArrowRight", "ArrowLeft")
        assert tab.js("document.getElementById('progress').textContent") == f"clip 3 of {len(clips)}, 3 done"
        assert tab.js("document.querySelector('[aria-pressed=true]').textContent") == "c toy"
        tab.click("#save")
        saved = tab.downloaded("bench-Ada-the-first-.csv")
        tab.open(page)  # what was said is still there
        assert tab.js("document.getElementById('progress').textContent") == f"clip 1 of {len(clips)}, 3 done"
        assert tab.complaints == []
    lines, faults = read_sheet(saved)
    assert faults == [] and [line.clip for line in lines] == [clip.clip_id for clip in clips]
    assert {line.annotator for line in lines} == {'Ada, "the first"'}
    said = [(line.category, line.confidence, line.notes) for line in lines[:4]]
    assert said == [("animal", 1, ""), ("furniture", 0.75, ""), ("toy", None, "=odd, is it?"), ("", None, "")]
    (page.parent / "bench" / "bench.csv").write_bytes(saved)
    troubles = {fault.trouble.value for fault in check_bench(page.parent / "bench")}
    assert troubles <= {"no_category", "category_of_another_group"} and "no_category" in troubles


@needs_browser
@pytest.mark.slow
def test_on_a_phone_all_is_within_reach_of_a_thumb(page: Path, tmp_path: Path) -> None:
    with browser(tmp_path) as tab:
        tab.open(page, width=390, height=844, phone=True)
        tab.wait("document.getElementById('video').readyState >= 2")
        assert tab.js("document.documentElement.scrollWidth") == 390
        assert smallest(tab, "#categories button, #confidences button, #moves button") >= 40
        tab.click("#categories button:nth-child(25)")
        tab.click("#confidences button:nth-child(6)")
        assert tab.js("document.getElementById('progress').textContent").startswith("clip 2 of")
        assert tab.complaints == []


def smallest(tab: Tab, selector: str) -> float:
    """The least height of these elements, in CSS pixels."""
    return float(tab.js(f"Math.min(...[...document.querySelectorAll('{selector}')].map((e) => e.offsetHeight))"))
