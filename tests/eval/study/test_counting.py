"""From videos to a table: what is made, whose answers count, and what comes out of answers that are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.study.page import read_study
from eval.study.plan import Kind, Study
from rigmill.commands.cli import main
from rigmill.errors import UserError
from tests.support import benches
from tests.support.studies import CLIPS, METHODS, answered, prefers, save, videos

Said = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def methods(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return videos(tmp_path_factory.mktemp("methods"))


@pytest.fixture
def study(methods: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Study:
    return made(methods, tmp_path / "study", "--kind", "pairs", "--all-pairs", capsys=capsys)


def made(methods: list[Path], folder: Path, *more: str, capsys: pytest.CaptureFixture[str]) -> Study:
    assert main(["study", "make", *map(str, methods), "--out", str(folder), "--people", "6", *more]) == 0
    capsys.readouterr()
    return read_study(folder)


def counted(study: Path, answers: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert main(["study", "sum", str(study), str(answers), "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_folder_for_people_is_blind_and_the_same_again(
    methods: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = made(methods, tmp_path / "a", "--kind", "pairs", capsys=capsys)
    again = made(methods, tmp_path / "b", "--kind", "pairs", capsys=capsys)
    made(methods, tmp_path / "a", "--kind", "pairs", capsys=capsys)  # in the same place
    trees = [
        {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (tmp_path / "a", tmp_path / "b")
    ]
    assert first.files == again.files and trees[0].keys() == trees[1].keys()
    page = trees[0]["page/index.html"].decode()
    assert not any(name in page for name in (*METHODS, *CLIPS)) and "http:" not in page and "https:" not in page
    assert {name for name in trees[0] if name.startswith("page/videos/")} == {
        f"page/videos/{file}" for file in first.files
    }
    for file, (method, clip) in first.files.items():
        source = next(folder for folder in methods if folder.name == method) / f"{clip}.mp4"
        assert trees[0][f"page/videos/{file}"] == source.read_bytes()


def test_the_key_of_a_study_that_people_may_have_answered_is_not_lost(
    methods: list[Path], study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (tmp_path / "study" / "study.json").read_bytes()
    asked = ["study", "make", *map(str, methods), "--out", str(tmp_path / "study"), "--kind", "pairs", "--seed", "99"]
    assert main(asked) != 0
    said = " ".join(capsys.readouterr().err.split())
    assert "another study is there" in said and "E633" in said
    assert (tmp_path / "study" / "study.json").read_bytes() == before


def test_pairs_are_counted_by_question_with_intervals(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four of five people prefer ours; one prefers still. Ours against jerky is then 100 %, against still 80 %."""
    answers = tmp_path / "answers"
    answers.mkdir()
    for number in range(1, 6):
        save(answers, f"{number}.json", answered(study, number, prefers("ours" if number < 5 else "still")))
    found = counted(tmp_path / "study", answers, capsys)
    assert (found["num_people"], found["num_clips"], found["num_partial"], found["left"]) == (5, 5, 0, [])
    share = {(one["method"], *one["against"], one["question"]): one for one in found["shares"]}
    for question, per_person in (("VQ", 5), ("TC", 5), ("MP", 5), ("all", 15)):
        ours, still = share["ours", "jerky", question], share["ours", "still", question]
        assert (ours["chosen"], ours["asked"], ours["share"]) == (5 * per_person, 5 * per_person, 1.0)
        assert (still["chosen"], still["asked"]) == (4 * per_person, 5 * per_person) and still["share"] == 0.8
        assert share["jerky", "still", question]["share"] == 0.8 and len(share) == 12
    low, high = share["ours", "still", "VQ"]["drawn"]
    assert 0.3 < low < 0.8 < high <= 1 and share["ours", "jerky", "VQ"]["drawn"] == [1.0, 1.0]
    assert share["ours", "still", "VQ"]["p"] == pytest.approx(2 * sum((1, 25, 300, 2300, 12650, 53130)) / 2**25)
    assert main(["study", "sum", str(tmp_path / "study"), str(answers)]) == 0
    table = capsys.readouterr().out
    assert "ours against still" in table and "80.0%" in table and "5 people, 5 clips" in table


def test_first_choices_add_up_to_one(
    methods: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, own = benches.bench(tmp_path)  # sentences are from a benchmark, whose clips the videos are named after
    clips = [row["clip_id"] for row in own.rows["shards"] if row["split"] == "bench"]
    renamed = tmp_path / "renamed"
    for folder in methods:
        (renamed / folder.name).mkdir(parents=True)
        for clip, path in zip(clips, sorted(folder.glob("*.mp4"))):
            (renamed / folder.name / f"{clip}.mp4").write_bytes(path.read_bytes())
    folders = [renamed / folder.name for folder in methods]
    study = made(folders, tmp_path / "study", "--bench", str(tmp_path / "bench"), capsys=capsys)
    assert study.kind is Kind.FIRST and "Anna rises" in (tmp_path / "study" / "page" / "index.html").read_text()
    answers = tmp_path / "answers"
    answers.mkdir()
    for number, method in enumerate(("ours", "ours", "jerky"), start=1):
        save(answers, f"{number}.json", answered(study, number, prefers(method)))
    found = counted(tmp_path / "study", answers, capsys)
    for question in ("motion_text_alignment", "shape_consistency", "overall_motion", "all"):
        shares = {one["method"]: one["share"] for one in found["shares"] if one["question"] == question}
        assert shares == {"ours": pytest.approx(2 / 3), "jerky": pytest.approx(1 / 3), "still": 0}
    monkeypatch.chdir(tmp_path)
    assert main(["study", "make", *map(str, folders), "--out", "other"]) == 2
    assert "has no sentence" in capsys.readouterr().err


def test_whose_answers_do_not_count_is_said(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers"
    answers.mkdir()
    good = answered(study, 1, prefers("ours"))
    save(answers, "1-good.json", good)
    save(answers, "2-missed.json", answered(study, 2, prefers("still"), miss=1))
    save(answers, "3-again.json", good | {"answers": [*good["answers"][:-1], None]})
    save(answers, "4-other.json", answered(study, 4, prefers("still")) | {"study": "another"})
    save(answers, "5-sitting.json", answered(study, 5, prefers("still")) | {"sitting": 99})
    save(answers, "6-shuffled.json", answered(study, 1, prefers("still")) | {"sitting": 6})
    save(answers, "7-empty.json", good | {"session": "e", "answers": [None] * len(good["answers"])})
    (answers / "8-broken.json").write_text("{")
    partial = answered(study, 3, prefers("ours"))
    save(
        answers,
        "9-partial.json",
        partial | {"answers": [*partial["answers"][:4], *[None] * (len(good["answers"]) - 4)]},
    )
    found = counted(tmp_path / "study", answers, capsys)
    assert {left["file"][0]: left["why"] for left in found["left"]} == {
        "2": "1 of 2 attention checks missed",
        "3": "the same person as in 1-good.json",
        "4": f"it cannot be read: it is of another study (another, this is {study.digest})",
        "5": "it cannot be read: there is no sitting 99",
        "6": "it cannot be read: trial 2 answers what was not asked",  # the first happens to show the same video
        "7": "nothing is answered in it",
        "8": "it cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    }
    assert (found["num_people"], found["num_partial"]) == (2, 1)
    assert all(one["share"] == 1 for one in found["shares"] if one["method"] == "ours")
    found = counted(tmp_path / "study", answers, capsys, "--max-missed", "1")
    assert found["num_people"] == 3 and any(one["share"] < 1 for one in found["shares"] if one["method"] == "ours")
    assert main(["study", "sum", str(tmp_path / "study"), str(answers / "8-broken.json")]) == 2
    assert "nobody's answers count" in capsys.readouterr().err


def test_unlike_videos_are_refused_by_name(
    methods: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(folders: list[Path], *more: str) -> str:
        assert main(["study", "make", *map(str, folders), "--kind", "pairs", "--out", str(tmp_path / "s"), *more]) == 2
        return " ".join(capsys.readouterr().err.split())

    wide = videos(tmp_path / "wide", size_px=80)
    (tmp_path / "wide" / "ours").rename(tmp_path / "wide" / "large")
    said = refused([methods[1], tmp_path / "wide" / "large"])
    assert "clip-0: the videos of jerky and large differ" in said and "64x64" in said and "80x80" in said
    few = videos(tmp_path / "few", clips=CLIPS[:3])
    said = refused([methods[0], few[1]])
    assert "jerky has no video of clip-3, clip-4" in said and "--common" in said
    study = made([methods[0], few[1]], tmp_path / "common", "--kind", "pairs", "--common", capsys=capsys)
    assert study.clips == CLIPS[:3]
    assert "each named by its folder" in refused([methods[0], wide[0].parent.parent / "few" / "ours"])
    (tmp_path / "few" / "jerky" / "clip-1.mp4").write_bytes(b"no video")
    assert "no video that can be read" in refused([methods[0], few[1]], "--common")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.tex").write_text("years of work")
    assert "something else is there" in refused(methods)
    with pytest.raises(UserError):
        read_study(tmp_path / "s")
