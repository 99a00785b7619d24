"""What the sweep takes away, and above all what it leaves."""

from __future__ import annotations

from pathlib import Path

from rigmill.config.load import load
from rigmill.outcomes import Kept
from rigmill.pipeline.sweep import sweep_store
from rigmill.pipeline.view import View
from rigmill.storage.columns import outcome_row
from rigmill.storage.layout import Layout
from rigmill.types import Row, StoredFile


def test_files_that_rows_name_stay_at_any_depth_and_all_others_go_with_their_folders(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    view = View(layout.tables, load("demo").profile)

    def stored(data: bytes) -> StoredFile:
        return layout.store.put_bytes("file", data)

    def commit(stage: str, name: str, row: Row) -> None:
        outcome = Kept([row])
        view.table(stage).commit(
            [outcome_row(name, name, outcome, "again")], [{"job_key": name, **row} for row in outcome.rows]
        )

    named = [stored(f"named {number}".encode()) for number in range(4)]
    orphans = [stored(f"orphan {number}".encode()) for number in range(20)]
    commit("collect", "asset", {"asset_id": "asset", "file": named[0].to_row()})
    # Inside a struct inside a list, in a row that no plan knows of, and beside one that has none.
    takes = [{"name": "walk", "motion_file": named[1].to_row()}, {"name": "still", "motion_file": None}]
    commit("probe", "rig", {"asset_id": "asset", "rig_file": named[2].to_row(), "motions": takes})
    commit("retarget", "clip", {"clip_id": "clip", "motion_file": named[3].to_row()})

    assert sweep_store(view, layout) == len(orphans)
    assert all(layout.store.path(file).exists() for file in named)
    assert not any(layout.store.path(file).exists() for file in orphans)
    assert {folder.name for folder in layout.store.root.glob("??")} == {
        layout.store.path(file).parent.name for file in named
    }
    assert sweep_store(view, layout) == 0


def test_a_file_of_a_row_that_was_dropped_goes_and_one_that_another_row_still_names_stays(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    view = View(layout.tables, load("demo").profile)
    shared, own = layout.store.put_bytes("a", b"shared"), layout.store.put_bytes("b", b"own")
    rows = {"stays": shared, "goes with its file": own, "goes": shared}
    table = view.table("collect")
    table.commit(
        [outcome_row(key, key, Kept([]), "again") for key in rows],
        [{"job_key": key, "asset_id": key, "file": file.to_row()} for key, file in rows.items()],
    )
    assert sweep_store(view, layout) == 0
    table.compact({"stays"})
    assert sweep_store(view, layout) == 1
    assert layout.store.path(shared).exists() and not layout.store.path(own).exists()


def test_what_is_no_stored_file_is_left_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    notes = layout.store.root / "notes" / "mine.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    assert sweep_store(View(layout.tables, load("demo").profile), layout) == 0
    assert notes.read_text() == "mine"
