"""Single flipped bits and removed files: all found, none a traceback, all mended to the bytes that were there."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from rigmill.errors import UserError
from rigmill.pipeline import plans
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.repair import Repair
from rigmill.pipeline.verify import Findings, verify
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from rigmill.types import StoredFile
from tests.support.dataset_faults import Faults
from tests.support.small_runs import NOT_RESULTS, finish, results, rigmill
from tests.support.tiny_runs import Tiny, write_profile
from train.inputs import TrainingClip, TrainSettings
from train.job import VERSION, latents_of
from train.loop.fit import train
from train.loop.keeping import Keep
from train.loop.provenance import Origin
from train.starting import start_model

pytestmark = [pytest.mark.slow, pytest.mark.blender]
NUM_FLIPS, NUM_ROUNDS, NUM_REMOVED, NUM_FAULTS = 300, 2, 6, 104
KINDS = ("tables", "store", "shards", "plans", "work", "profile.json")


class Stopped(Exception):
    """The training of the fixture ends here."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(write_profile(tmp_path_factory.mktemp("profile")))


@pytest.fixture(scope="module")
def whole(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose ./out is finished, with remembered plans and the checkpoints of a training that was stopped."""
    folder = tmp_path_factory.mktemp("whole")
    layout = Layout(folder / "out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "WORTH_KEEPING", 1)
        tiny.run(layout)
        view = look(tiny, layout)
        for stage in STAGES:
            view.plan(stage)
    (job,) = view.stage("train").plan(view, tiny.resolved.profile)
    settings = TrainSettings(**job.payload["settings"])

    def stop(message: str, done: int, total: int) -> None:
        if done == total:
            raise Stopped

    with pytest.raises(Stopped):
        train(
            start_model(settings, None, {}),
            settings=settings,
            clips=[TrainingClip.from_row(row) for row in job.payload["samples"]],
            store_root=layout.store.root,
            folder=layout.work / job.key,
            report=stop,
            curves=layout.runs / "stopped" / "train",
            latents=latents_of(job, layout.store),
            keep=Keep(origin=Origin(job.payload["weights"] or {}, "", VERSION)),
        )
    assert {path.relative_to(layout.root).parts[0] for path in targets(layout)} == set(KINDS)
    return folder


def look(tiny: Tiny, layout: Layout) -> View:
    return View(layout.tables, tiny.resolved.profile)


def targets(layout: Layout) -> list[Path]:
    """Every file that a command writes and a later one reads."""
    names = [*KINDS[:-1], "profile.json"]
    return [
        path
        for name in names
        for path in sorted([layout.root / name, *(layout.root / name).rglob("*")])
        if path.is_file()
    ]


def flips(layout: Layout) -> list[tuple[Path, int]]:
    """Files with a bit of each: as many of every kind of file as there can be, seeded."""
    chance = random.Random(2026)
    by_kind: dict[str, list[Path]] = {}
    for path in targets(layout):
        by_kind.setdefault(path.relative_to(layout.root).parts[0], []).append(path)
    chosen = []
    for number in range(NUM_FLIPS):
        path = chance.choice(by_kind[KINDS[number % len(KINDS)]])
        chosen.append((path.relative_to(layout.root), chance.randrange(8 * path.stat().st_size)))
    return chosen


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def test_every_flipped_bit_is_found_and_none_is_a_traceback(tiny: Tiny, whole: Path) -> None:
    layout = Layout(whole / "out")
    assert verify(look(tiny, layout), layout).problems == []
    missed, told = [], Counter[str]()
    for name, bit in flips(layout):
        path = layout.root / name
        before = path.read_bytes()
        flip(path, bit)
        if not any(
            path.name in problem or path.stem[:16] in problem for problem in verify(look(tiny, layout), layout).problems
        ):
            missed.append((name, bit))
        if name.parts[0] in ("tables", "plans"):
            told[what_a_reader_says(tiny, layout)] += 1
        path.write_bytes(before)
    assert missed == [] and verify(look(tiny, layout), layout).problems == []
    assert told["E310"] + told["E311"] == told[""] == told.total() // 2  # a damaged plan is just not used


def what_a_reader_says(tiny: Tiny, layout: Layout) -> str:
    """The code of the error that a reader of all rows gets; empty where all of them are there."""
    try:
        view = look(tiny, layout)
        assert [view.counts(stage).pending for stage in STAGES] == [0] * len(STAGES)
        assert all(len(view.products(stage).column("job_key")) for stage in STAGES)
    except UserError as error:
        assert error.command == ("verify", "--repair")
        return error.code
    return ""


def test_every_flipped_bit_and_removed_file_is_mended_to_the_same_bytes(
    tiny: Tiny, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same flips, a half of them in each of two repairs: jobs that lost several files are done once."""
    monkeypatch.setattr(plans, "WORTH_KEEPING", 1)
    chosen, chance = flips(Layout(whole / "out")), random.Random(7)
    for number in range(NUM_ROUNDS):
        shutil.copytree(whole, tmp_path / str(number), copy_function=shutil.copy2)
        layout = Layout(tmp_path / str(number) / "out")
        for name, bit in chosen[number::NUM_ROUNDS]:
            flip(layout.root / name, bit)
        for path in chance.sample([path for path in targets(layout) if "work" not in path.parts], NUM_REMOVED):
            path.unlink()
        assert repaired(tiny, layout).problems == []
        assert results(tmp_path / str(number)) == results(whole)
        assert plans_of(layout) == plans_of(Layout(whole / "out"))
        shutil.rmtree(tmp_path / str(number))


def test_of_a_hundred_faults_of_the_dataset_a_hundred_are_mended_to_the_same_bytes(
    tiny: Tiny, whole: Path, tmp_path: Path
) -> None:
    """Every second one goes through the link into the store: then the shard is packed again."""
    shutil.copytree(whole, tmp_path / "run", copy_function=shutil.copy2)
    layout = Layout(tmp_path / "run" / "out")
    expected = results(whole)
    rows = {f"{row['shard']}.tar": row["shard_file"] for row in look(tiny, layout).products("shards")}
    kinds = [Faults(layout.dataset, seed=11, through_links=links) for links in (False, True)]
    for number in range(NUM_FAULTS):
        for name, stored in rows.items():  # a copied tree has none
            (layout.dataset / name).unlink()
            (layout.dataset / name).hardlink_to(layout.store.path(StoredFile.from_row(stored)))
        fault = kinds[number % 2].inject(layout.dataset, number)
        assert repaired(tiny, layout).problems == [], fault
        assert results(tmp_path / "run") == expected, fault


def repaired(tiny: Tiny, layout: Layout) -> Findings:
    """What is wrong after a repair, its jobs done in this process."""
    found = verify(look(tiny, layout), layout)
    assert found.problems

    with locked(layout):
        repair = Repair(
            tiny.resolved, layout, STAGES, make_driver=lambda *asked: tiny.driver(layout, *asked), say=lambda _: None
        )
        return repair.mend(found)


def plans_of(layout: Layout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in layout.plans.iterdir()}


@pytest.mark.ray
def test_the_command_names_itself_as_the_way_out_and_mends(tiny: Tiny, whole: Path, tmp_path: Path) -> None:
    config = write_profile(tmp_path)
    shutil.copytree(whole / "out", tmp_path / "out")
    layout, chance = Layout(tmp_path / "out"), random.Random(3)
    for kind in ("tables/select", "store", "shards", "work"):
        files = sorted(path for path in (layout.root / kind).rglob("*") if path.is_file())
        flip(chance.choice(files), 5)
    (layout.tables / "caption" / "manifest.json").unlink()
    flags = ("--config", config, "--profile", "tiny", "--set", "run.max_failed_share=0.3")
    process = rigmill("verify", *flags, cwd=tmp_path)
    text, _ = process.communicate(timeout=300)
    command = f"rigmill verify --profile tiny --config {config} --set run.max_failed_share=0.3 --repair"
    assert process.returncode == 1 and f"fix: {command}\n" in text
    process = rigmill("status", *flags, cwd=tmp_path)
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 2 and "E31" in text and f"fix: {command}\n" in text and "Traceback" not in text
    text = finish(rigmill(*command.split()[1:], cwd=tmp_path))
    assert text.endswith("files read, 0 problems; in out\n") and "inputs whose rows were lost run again" in text
    expected = results(whole)
    assert {name for name, sha256 in results(tmp_path).items() if expected.get(name) != sha256} == {"profile.json"}
    assert results(tmp_path).keys() == expected.keys() and "work" in NOT_RESULTS
