"""`rigmill checkpoints`: all finished models are listed, whatever their settings, and go one by one, when told to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rigmill.commands import exit_status
from rigmill.commands.cli import main
from rigmill.config.load import load
from rigmill.pipeline.sweep import sweep_store
from rigmill.pipeline.view import View
from rigmill.storage.columns import OUTCOMES, PRODUCTS
from rigmill.storage.files import write_sealed
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable

IDS = ("aa11" * 4, "ab22" * 4, "cc33" * 4)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A base, what stands on it, and a model of other settings; two of them have one file in common."""
    layout = Layout(tmp_path / "data")
    outcomes, products = [], []
    for place, checkpoint_id in enumerate(IDS):
        files = [
            layout.store.put_bytes("model.safetensors", checkpoint_id.encode() * 100),
            layout.store.put_bytes("config.json", b"{}" if place < 2 else b"{ }"),
        ]
        told = {"job_key": f"k{place}", "input_id": f"{place}-one", "status": "kept"}
        outcomes.append(dict.fromkeys(OUTCOMES.names) | told)
        products.append(
            dict.fromkeys(PRODUCTS["train"].names)
            | {
                "job_key": f"k{place}",
                "checkpoint_id": checkpoint_id,
                "stage": f"stage{place}",
                "depth": min(place, 1),
                "parent": IDS[0] if place == 1 else None,
                "recipe": "tiny_joint",
                "num_clips": 18,
                "samples_digest": "f00d" * 4,
                "num_steps": 300 + place,
                "first_loss": 2.0,
                "last_loss": 0.5,
                "files": [stored.to_row() for stored in files],
            }
        )
        write_sealed(layout.finished_note(f"{place}-one"), b"{}")
    StageTable(layout.tables, "train").commit(outcomes, products)
    return layout


def ask(layout: Layout, *arguments: str) -> int:
    return main(["checkpoints", *arguments, "--set", f"output={layout.root}"])


def listed(layout: Layout, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert ask(layout, "--json") == exit_status.OK
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def stored(layout: Layout) -> set[str]:
    return {path.read_bytes()[:16].decode() for path in layout.store.root.glob("??/*.safetensors")}


def test_all_are_listed_with_recipe_data_steps_losses_and_parents(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    found = listed(layout, capsys)
    assert [one["checkpoint_id"] for one in found] == [IDS[0], IDS[1], IDS[2]]
    assert [one["parent"] for one in found] == [None, IDS[0], None] and not any(one["planned"] for one in found)
    assert found[1]["num_steps"] == 301 and (found[1]["first_loss"], found[1]["last_loss"]) == (2.0, 0.5)
    assert ask(layout) == exit_status.OK
    text = capsys.readouterr().out
    assert all(part in text for part in (*IDS, "tiny_joint", "f00df00d", "2.000 -> 0.500", "301", "18"))


def test_no_sweep_takes_a_checkpoint_of_other_settings(layout: Layout) -> None:
    view = View(layout.tables, load("demo").profile)
    layout.store.put_bytes("left-over.bin", b"of a killed run")
    assert sweep_store(view, layout) == 1 and stored(layout) == set(IDS)
    view.compact("train")
    assert sweep_store(View(layout.tables, load("demo").profile), layout) == 0 and stored(layout) == set(IDS)


def test_one_goes_when_it_is_named_with_its_note_and_its_own_files_alone(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(layout, "--delete", "aa") == exit_status.OK
    assert f"removed checkpoint {IDS[0]}" in capsys.readouterr().out
    assert [one["checkpoint_id"] for one in listed(layout, capsys)] == [IDS[1], IDS[2]]
    assert stored(layout) == {IDS[1], IDS[2]}
    assert len(list(layout.store.root.glob("??/*.json"))) == 2, "the other's file has the same content and stays"
    assert sorted(path.name for path in layout.finished_note("x").parent.iterdir()) == ["1-one.json", "2-one.json"]


@pytest.mark.parametrize("wanted", ["a", "zz", ""])
def test_what_names_none_or_several_removes_nothing(
    layout: Layout, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    assert ask(layout, "--delete", wanted) == exit_status.USER_ERROR
    assert "E141" in capsys.readouterr().err and stored(layout) == set(IDS)


def test_an_output_without_models_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(Layout(tmp_path / "none")) == exit_status.OK
    assert "no model was trained yet" in capsys.readouterr().out
