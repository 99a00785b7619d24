from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from curate.stages.collect import CollectStage
from curate.stages.probe import ProbeStage
from rigmill.config.schema import Profile
from rigmill.errors import UserError
from rigmill.licences.rights import Rights
from rigmill.outcomes import Failed, Kept, Outcome, Rejected
from rigmill.pipeline.stage import Job
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import sha256_bytes
from tests.support.curation import Tables, demo_profile, fbx, glb, plain_work


def folder_profile(path: Path, *more: dict[str, Any], limit: int = 1000) -> Profile:
    source = {"kind": "folder", "name": "mine", "path": str(path), "licence": "CC0-1.0", "attribution": "somebody"}
    return demo_profile(sources=[source, *more], collect={"max_file_bytes": limit})


def collect(profile: Profile, work_folder: Path) -> dict[str, Outcome]:
    """uid -> outcome."""
    stage = CollectStage()
    jobs = stage.plan(Tables(), profile)
    answers = {answer.key: answer.outcome for job in jobs for answer in stage.run([job], plain_work(work_folder))}
    assert set(answers) == {job.key for job in jobs}
    return {job.payload["uid"]: answers[job.key] for job in jobs}


def keys(profile: Profile) -> dict[str, str]:
    return {job.input_id: job.key for job in CollectStage().plan(Tables(), profile)}


def test_every_path_ends_as_kept_or_as_the_right_reject(tmp_path: Path) -> None:
    root = tmp_path / "in"
    (root / "people" / "Old Knights").mkdir(parents=True)
    (root / "people" / "Old Knights" / "grey_knight.glb").write_bytes(glb())
    (root / "people" / "again.GLB").write_bytes(glb())
    (root / "walk.fbx").write_bytes(fbx())
    (root / "really_fbx.glb").write_bytes(fbx(7500))
    (root / "page.vrm").write_bytes(b"<!DOCTYPE html>")
    (root / "nothing.glb").write_bytes(b"")
    (root / "big.glb").write_bytes(b"glTF" + bytes(2000))
    (root / "link.glb").symlink_to(root / "walk.fbx")
    (root / "loop").symlink_to(root)
    (root / "linked_folder.glb").symlink_to(root / "people")
    os.mkfifo(root / "pipe.fbx")
    (root / "notes.txt").write_text("not an asset")
    outcomes = collect(folder_profile(root), tmp_path / "out")
    codes = {uid: outcome.code for uid, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert codes == {
        "people/again.GLB": "duplicate_file",
        "page.vrm": "unknown_type",
        "nothing.glb": "empty_file",
        "big.glb": "too_large",
        "link.glb": "not_a_file",
        "linked_folder.glb": "not_a_file",
        "pipe.fbx": "not_a_file",
    }
    assert set(outcomes) - set(codes) == {"people/Old Knights/grey_knight.glb", "walk.fbx", "really_fbx.glb"}
    kept = outcomes["people/Old Knights/grey_knight.glb"]
    assert isinstance(kept, Kept)
    (row,) = kept.rows
    assert set(row) == set(PRODUCTS["collect"].names)
    assert row["asset_id"] == sha256_bytes(glb())[:16] == row["file"]["sha256"][:16]
    assert (row["title"], row["tags"], row["licence"], row["format"]) == (
        "grey knight",
        ["people", "old", "knights"],
        "CC0-1.0",
        "glb",
    )
    renamed = outcomes["really_fbx.glb"]
    assert isinstance(renamed, Kept) and renamed.rows[0]["format"] == "fbx"
    assert renamed.rows[0]["file"]["name"] == "asset.fbx"


def test_too_large_carries_what_was_measured_and_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(b"glTF" + bytes(1996))
    outcome = collect(folder_profile(tmp_path), tmp_path / "out")["a.glb"]
    assert isinstance(outcome, Rejected) and (outcome.measured, outcome.limit) == (2000.0, 1000.0)


def test_touching_a_file_changes_nothing_and_changing_a_byte_changes_its_job_alone(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(glb())
    (tmp_path / "b.fbx").write_bytes(fbx())
    before = keys(folder_profile(tmp_path))
    os.utime(tmp_path / "a.glb", (1, 1))
    assert keys(folder_profile(tmp_path)) == before
    changed = bytearray(glb())
    changed[-1] ^= 1
    (tmp_path / "a.glb").write_bytes(changed)
    after = keys(folder_profile(tmp_path))
    assert {name for name in before if before[name] != after[name]} == {name for name in before if "-a-glb-" in name}


def test_one_more_source_and_one_more_variant_redo_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(glb())

    def made(variants: int) -> dict[str, Any]:
        return {"kind": "procedural", "groups": ["biped", "motion"], "variants": variants}

    alone, both = keys(folder_profile(tmp_path)), keys(folder_profile(tmp_path, made(1)))
    more = keys(folder_profile(tmp_path, made(2)))
    assert alone.items() < both.items() < more.items()
    assert set(more) - set(both) == {"procedural-biped-1", "procedural-motion-1"}


def test_the_same_bytes_in_two_sources_are_taken_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.glb").write_bytes(glb())
    second = {"kind": "folder", "name": "second", "path": str(tmp_path / "two")}
    stage, work = CollectStage(), plain_work(tmp_path / "out")
    jobs = stage.plan(Tables(), folder_profile(tmp_path / "one", second))
    outcomes = {job.payload["source"]: next(iter(stage.run([job], work))).outcome for job in jobs}
    assert isinstance(outcomes["mine"], Kept)
    assert isinstance(outcomes["second"], Rejected) and "mine:same.glb" in outcomes["second"].message


def test_a_file_that_changes_after_planning_fails_and_is_not_stored_under_the_old_name(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(glb())
    stage = CollectStage()
    (job,) = stage.plan(Tables(), folder_profile(tmp_path))
    (tmp_path / "a.glb").write_bytes(fbx())
    (answer,) = stage.run([job], plain_work(tmp_path / "out"))
    assert isinstance(answer.outcome, Failed) and str(tmp_path) not in answer.outcome.message


def test_a_file_swapped_for_a_link_after_planning_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(glb())
    (tmp_path / "in" / "a.glb").write_bytes(glb())
    stage = CollectStage()
    (job,) = stage.plan(Tables(), folder_profile(tmp_path / "in"))
    (tmp_path / "in" / "a.glb").unlink()
    (tmp_path / "in" / "a.glb").symlink_to(tmp_path / "secret")
    (answer,) = stage.run([job], plain_work(tmp_path / "out"))
    assert isinstance(answer.outcome, Failed)


def test_names_that_are_not_valid_text_are_collected_under_a_readable_one(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.glb")).write_bytes(glb())
    (uid,) = (outcomes := collect(folder_profile(tmp_path), tmp_path / "out"))
    assert uid == "caf\\xe9.glb" and isinstance(outcomes[uid], Kept)
    uid.encode()


def test_mistakes_in_the_profile_are_named_with_a_fix(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder") as caught:
        CollectStage().plan(Tables(), folder_profile(tmp_path / "absent"))
    assert "pipelines.yaml" in caught.value.fix
    with pytest.raises(UserError, match="two sources are called 'mine'"):
        CollectStage().plan(
            Tables(), folder_profile(tmp_path, {"kind": "folder", "name": "mine", "path": str(tmp_path)})
        )


def probe_jobs(rows: list[dict[str, Any]]) -> list[Job]:
    return ProbeStage().plan(Tables({"collect": rows}), demo_profile())


def test_probe_refuses_a_bad_container_before_blender_and_a_second_row_of_the_same_bytes(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    stored = work.store.put_bytes("asset.glb", glb()[:-4])
    row = {
        "job_key": "",
        "asset_id": stored.sha256[:16],
        "source": "b",
        "source_uid": "x",
        "origin": "",
        "title": "",
        "author": "",
        "tags": [],
        "licence": "unknown",
        "licence_raw": "unknown",
        "licence_url": "",
        "licence_seen_in": "profile",
        "attribution": "",
        "rights": Rights().to_row(),
        "format": "glb",
        "file": stored.to_row(),
    }
    jobs = probe_jobs([row, row | {"source": "a"}])
    assert jobs == probe_jobs([row | {"source": "a"}, row])
    outcomes = [answer.outcome for job in jobs for answer in ProbeStage().run([job], work)]
    assert [
        (job.payload["source"], outcome.code) for job, outcome in zip(jobs, outcomes) if isinstance(outcome, Rejected)
    ] == [("a", "truncated"), ("b", "duplicate_file")]


def test_a_source_without_files_is_the_cause_of_an_empty_stage(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    profile = folder_profile(tmp_path / "in")
    assert CollectStage().plan(Tables(), profile) == []
    assert CollectStage().why_empty(Tables(), profile) == (
        f"there is no file to collect in the profile's sources: {tmp_path / 'in'}"
    )
