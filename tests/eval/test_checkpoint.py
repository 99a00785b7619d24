"""Which checkpoint `rigmill animate` takes: that of the profile's settings, or the one that a person names."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from eval.checkpoint import open_checkpoint
from rigmill.commands.cli import main
from rigmill.commands.single.animate import views
from rigmill.config.load import load
from rigmill.errors import UserError
from rigmill.pipeline.plans import Plan
from rigmill.pipeline.view import View
from rigmill.storage.columns import OUTCOMES, PRODUCTS
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from tests.support.paths import ASSETS
from train.recipes import RECIPES

STEPS = {"0abc": 200, "1abc": 100, "2abc": 300}  # by checkpoint id; job keys are k0, k1, k2


class Planned(View):
    """The tables of a profile whose settings plan these training jobs."""

    def __init__(self, layout: Layout, *keys: str) -> None:
        super().__init__(layout.tables, load("demo").profile)
        self.keys = pa.array(keys, pa.string())

    def plan(self, name: str) -> Plan:
        return Plan(self.keys, self.keys, self.keys)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An output whose train table holds three checkpoints, the first with the newest file."""
    layout = Layout(tmp_path / "data")
    outcomes, products = [], []
    for place, (checkpoint_id, num_steps) in enumerate(STEPS.items()):
        about = {"model": RECIPES["tiny_joint"](32).to_dict(), "settings": {"num_frames": 5 + place}}
        files = [
            layout.store.put_bytes("model.safetensors", checkpoint_id.encode()),
            layout.store.put_bytes("config.json", json.dumps(about).encode()),
        ]
        os.utime(layout.store.path(files[0]), (1000 - place, 1000 - place))
        outcomes.append(dict.fromkeys(OUTCOMES.names) | {"job_key": f"k{place}", "input_id": "i", "status": "kept"})
        products.append(
            dict.fromkeys(PRODUCTS["train"].names)
            | {
                "job_key": f"k{place}",
                "checkpoint_id": checkpoint_id,
                "num_steps": num_steps,
                "files": [file.to_row() for file in files],
            }
        )
    StageTable(layout.tables, "train").commit(outcomes, products)
    return layout


def taken(layout: Layout, *planned: str, wanted: str | None = None) -> str:
    return open_checkpoint(wanted, layout, [Planned(layout, *planned)], profile="demo").name


def test_the_checkpoint_is_that_of_the_settings_and_not_a_newer_one_of_others(layout: Layout) -> None:
    assert taken(layout, "k1") == "1abc"
    assert taken(layout, "k0", "k1") == "0abc"  # trained for longer


def test_a_copied_store_gives_the_same_checkpoint_whatever_the_times_of_its_files(
    layout: Layout, tmp_path: Path
) -> None:
    copy = Layout(Path(shutil.copytree(layout.root, tmp_path / "copy", copy_function=shutil.copyfile)))
    times = {b"0abc": 9, b"1abc": 99, b"2abc": 1}
    weights = [path for path in copy.store.root.rglob("*") if path.is_file() and path.read_bytes() in times]
    assert len(weights) == len(times)
    for path in weights:
        os.utime(path, (times[path.read_bytes()],) * 2)
    for planned in (("k0", "k1"), ("k0", "k2"), ("k1", "k2"), ("k0", "k1", "k2")):
        assert taken(copy, *planned) == taken(layout, *planned)


def test_who_names_an_id_gets_it_even_of_other_settings(layout: Layout) -> None:
    assert taken(layout, "k1", wanted="2a") == "2abc"
    assert open_checkpoint("1", layout, [Planned(layout)], profile="demo").num_frames == 6
    with pytest.raises(UserError, match="no checkpoints begin so"):
        taken(layout, "k1", wanted="3")


def test_checkpoints_of_other_settings_alone_are_named_with_what_to_do(layout: Layout) -> None:
    with pytest.raises(UserError, match="settings that profile 'demo' has now") as caught:
        taken(layout)
    assert "0abc, 1abc, 2abc" in caught.value.why and caught.value.command == ("run", "all")


def test_a_row_that_nothing_plans_is_never_taken_by_the_command(
    layout: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the real stages: the demo's plan knows none of these three."""
    options = ["--prompt", "a fox runs", "--out", str(tmp_path / "out"), "--set", f"output={layout.root}"]
    assert main(["animate", str(ASSETS / "Fox.glb"), *options]) == 2
    assert "no checkpoint of the settings that profile 'demo' has now" in capsys.readouterr().err


def test_files_that_are_damaged_or_gone_are_said_to_be(layout: Layout) -> None:
    files = [path for path in layout.store.root.rglob("*") if path.is_file()]
    for path in files:
        path.write_bytes(path.read_bytes() + b"?")
    with pytest.raises(UserError, match=r"model\.safetensors has changed") as changed:
        taken(layout, "k1")
    for path in files:
        path.unlink()
    with pytest.raises(UserError, match=r"model\.safetensors is gone") as gone:
        taken(layout, "k1")
    assert all(caught.value.command == ("verify", "--repair") for caught in (changed, gone))


def test_how_this_mesh_is_drawn_does_not_hide_the_checkpoint(layout: Layout) -> None:
    """`--set render.margin=0.3` may be meant for the mesh alone, or be what the clips were drawn with as well."""
    overrides = (f"output={layout.root}", "render.margin=0.3", "train.num_steps=9")
    parsed = argparse.Namespace(profile="demo", config=None, overrides=overrides)
    typed, without = views(parsed, load("demo", overrides=overrides))
    assert (typed.profile.render.margin, typed.profile.train.num_steps) == (0.3, 9)
    assert without.profile == load("demo", overrides=(overrides[0], overrides[2])).profile
    assert len(views(argparse.Namespace(profile="demo", config=None, overrides=()), load("demo"))) == 1
    nothing, planned = Planned(layout), Planned(layout, "k0")
    assert open_checkpoint(None, layout, [nothing, planned], profile="demo").name == "0abc"


def test_where_nothing_was_trained_or_named_the_model_that_is_shipped_is_taken(
    tmp_path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr("eval.checkpoint.SHIPPED", shipped)
    empty = Layout(tmp_path / "nothing")
    with pytest.raises(UserError) as caught:
        open_checkpoint(None, empty, [Planned(empty)], profile="demo")
    assert caught.value.code == "E141", "there is none to take"
    about = {
        "model": RECIPES["small_joint"](64).to_dict(),
        "settings": {"num_frames": 17},
        "sampling": {"steps": 10, "guidance": 1.5},
    }
    (shipped / "config.json").write_text(json.dumps(about))
    (shipped / "model.safetensors").write_bytes(b"weights")
    found = open_checkpoint(None, empty, [Planned(empty)], profile="demo")
    assert (found.name, found.shipped, found.num_frames, found.config.recipe) == ("small", True, 17, "small_joint")
    assert found.sampling == {"steps": 10, "guidance": 1.5}
    assert not open_checkpoint(None, layout, [Planned(layout, "k0")], profile="demo").shipped, "its own comes first"
    with pytest.raises(UserError):
        open_checkpoint("abc", empty, [Planned(empty)], profile="demo")
