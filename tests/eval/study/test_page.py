"""The study's page in a browser: begin, choose by keys and by touch, save, count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.study.commands import make, summary
from eval.study.page import read_study
from eval.study.plan import Asked, Kind, Study
from tests.support.browser import Tab, browser, needs_browser
from tests.support.studies import videos

pytestmark = [needs_browser, pytest.mark.slow]

READY = "[...document.querySelectorAll('#shown video')].every((one) => one.readyState >= 2 && !one.error)"


def asked(kind: Kind) -> Asked:
    return Asked("s", kind, (), (), seed=3, num_sittings=4, num_trials=3, num_checks=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    make(videos(folder / "methods"), folder / "study", asked(Kind.PAIRS), bench=None, common=False)
    return folder / "study"


def wanted(study: Study, sitting: int, method: str) -> list[str]:
    """For each screen the letter that somebody presses who prefers a method and heeds checks."""
    letters = []
    for trial in study.sittings[sitting - 1]:
        names = [study.files[file][0] for file in trial.shown]
        at = trial.check if trial.check is not None else names.index(method) if method in names else 0
        letters.append("ab"[at])
    return letters


def text(tab: Tab, name: str) -> str:
    return str(tab.js(f"document.getElementById('{name}').textContent"))


def test_a_person_chooses_by_keys_and_the_file_counts(folder: Path, tmp_path: Path) -> None:
    study = read_study(folder)
    with browser(tmp_path) as tab:
        tab.open(folder / "page" / "index.html")
        tab.type("#sitting", "9")
        tab.click("#begin")
        assert text(tab, "wrong") == "Your number is one from 1 to 4."
        tab.js("document.getElementById('sitting').value = ''")
        tab.type("#sitting", "2")
        tab.press("Enter")
        letters = wanted(study, 2, "ours")
        for number, letter in enumerate(letters):
            tab.wait(READY)
            assert text(tab, "progress") == f"{number + 1} of {len(letters)}"
            assert tab.js("document.getElementById('next').disabled")
            tab.press(letter, letter)
            assert tab.js("document.getElementById('next').disabled")  # one of three questions is open
            tab.press(letter, "Enter")
        assert text(tab, "answered") == "All 4 screens are answered."
        tab.click("#save")
        name = str(tab.js("document.getElementById('saved').textContent.match(/answers-\\S+\\.json/)[0]"))
        result = json.loads(tab.downloaded(name))
        assert tab.complaints == []
    assert result["sitting"] == 2 and len(result["session"]) == 16
    found = summary(folder, [tmp_path / "downloads"], max_missed=0)
    assert found.num_people == 1 and not found.left
    assert {(share.method, share.share) for share in found.shares} == {("ours", 1.0)}


def test_on_a_phone_by_touch_and_what_was_chosen_survives_a_reload(folder: Path, tmp_path: Path) -> None:
    page = folder / "page" / "index.html"
    with browser(tmp_path) as tab:
        tab.open(page, width=390, height=844, phone=True, query="?n=1")
        tab.click("#begin")
        tab.wait(READY)
        assert tab.js("document.documentElement.scrollWidth") == 390
        assert tab.js("Math.min(...[...document.querySelectorAll('#trial button')].map((e) => e.offsetHeight))") >= 40
        for row in range(1, 4):
            tab.click(f"fieldset:nth-child({row}) .choices button:nth-child(2)")
        tab.click("#next")
        assert text(tab, "progress") == "2 of 4"
        tab.open(page, width=390, height=844, phone=True, query="?n=1")
        tab.click("#begin")
        assert text(tab, "progress") == "2 of 4"  # goes on where it was
        tab.click("#back")
        assert tab.js("document.querySelectorAll('[aria-pressed=true]').length") == 3
        assert tab.complaints == []


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_moves_under_the_finger_when_the_videos_come(folder: Path, tmp_path: Path, phone: bool) -> None:
    where = "document.querySelector('fieldset button').getBoundingClientRect().top"
    with browser(tmp_path) as tab:
        tab.open(folder / "page" / "index.html", width=390 if phone else 1280, height=844, phone=phone, query="?n=1")
        before = tab.js(f"(document.getElementById('begin').click(), {where})")  # before any video can have a size
        tab.wait(READY)
        assert tab.js(where) == before
