"""The sources of local files beside the plain folder: VRM avatars, Mixamo's downloads, .gltf with files beside it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from curate.sources.mixamo import title_of
from curate.stages.collect import CollectStage
from rigmill.config.schema import Profile
from rigmill.outcomes import TRY_AGAIN, Failed, Kept, Outcome, Rejected
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from rigmill.types import Row, StoredFile
from tests.support.curation import Tables, demo_profile, fbx, glb, plain_work


def profile(kind: str, path: Path, **more: Any) -> Profile:
    source = {"kind": kind, "path": str(path), **more}
    return demo_profile(sources=[source], collect={"max_file_bytes": 8_000_000})


def collect(wanted: Profile, folder: Path) -> dict[str, Outcome]:
    """uid -> outcome."""
    stage, work = CollectStage(), plain_work(folder)
    jobs = stage.plan(Tables(), wanted)
    return {job.payload["uid"]: next(iter(stage.run([job], work))).outcome for job in jobs}


def row_of(outcome: Outcome) -> Row:
    assert isinstance(outcome, Kept), outcome
    (row,) = outcome.rows
    assert set(row) == set(PRODUCTS["collect"].names)
    return row


def avatar(**meta: Any) -> bytes:
    return glb({"asset": {"version": "2.0"}, "extensions": {"VRMC_vrm": {"specVersion": "1.0", "meta": meta}}})


def test_only_files_with_a_vrm_block_are_avatars_and_the_others_say_what_they_are(tmp_path: Path) -> None:
    root = tmp_path / "in"
    (root / "street people").mkdir(parents=True)
    (root / "street people" / "a.vrm").write_bytes(avatar(name="Ann", authors=["Bo"], avatarPermission="everyone"))
    (root / "nameless_one.VRM").write_bytes(avatar())
    (root / "plain.vrm").write_bytes(glb())
    (root / "page.vrm").write_bytes(b"\n<!DOCTYPE html><html>not found</html>")
    (root / "really.vrm").write_bytes(fbx())
    (root / "cut.vrm").write_bytes(avatar(name="cut")[:30])
    (root / "odd.vrm").write_bytes(glb({"asset": {"version": "2.0"}, "extensions": {"VRM": 5}}))
    (root / "model.glb").write_bytes(glb({"asset": {"version": "2.0"}, "extras": 1}))  # not this source's
    outcomes = collect(profile("vroid", root), tmp_path / "out")
    refused = {uid: outcome for uid, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert {uid: outcome.code for uid, outcome in refused.items()} == {
        "plain.vrm": "unknown_type",
        "page.vrm": "unknown_type",
        "really.vrm": "unknown_type",
        "cut.vrm": "truncated",
        "odd.vrm": "malformed",
    }
    assert "without a VRM block" in refused["plain.vrm"].message and "web page" in refused["page.vrm"].message
    row = row_of(outcomes["street people/a.vrm"])
    assert (row["source"], row["title"], row["author"], row["tags"], row["format"], row["licence_seen_in"]) == (
        "vroid",
        "Ann",
        "Bo",
        ["street", "people"],
        "glb",
        "file",
    )
    assert row["attribution"] == "Ann by Bo" and row["licence"] == "LicenseRef-VRM-1.0"
    assert json.loads(row["licence_raw"]) == {"name": "Ann", "authors": ["Bo"], "avatarPermission": "everyone"}
    strict = row_of(outcomes["nameless_one.VRM"])
    assert strict["title"] == "nameless one" and strict["rights"]["may_modify"] is False


def test_a_decision_fills_what_nobody_said_and_overrides_nothing(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "open.vrm").write_bytes(avatar(avatarPermission="everyone"))
    (root / "closed.vrm").write_bytes(avatar())
    decided = {"may_train": True, "may_share_renders": True}
    outcomes = collect(profile("vroid", root, decided=decided), tmp_path / "out")
    assert row_of(outcomes["open.vrm"])["rights"]["may_train"] is True
    closed = row_of(outcomes["closed.vrm"])["rights"]
    assert (closed["may_train"], closed["may_share_renders"]) == (False, False)


@pytest.mark.parametrize(
    ("licence", "expected"),
    [("unknown", ("LicenseRef-VRM-1.0", "file", False)), ("LicenseRef-Ours", ("LicenseRef-Ours", "profile", False))],
)
def test_a_folder_without_a_licence_hears_a_vrm_block(
    tmp_path: Path, licence: str, expected: tuple[str, str, bool]
) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "mine.vrm").write_bytes(avatar(name="Mine"))
    (root / "plain.glb").write_bytes(glb())
    outcomes = collect(profile("folder", root, licence=licence), tmp_path / "out")
    row = row_of(outcomes["mine.vrm"])
    assert (row["licence"], row["licence_seen_in"], row["rights"]["may_modify"]) == expected
    assert row_of(outcomes["plain.glb"])["licence"] == licence


def test_a_folders_licence_does_not_grant_what_a_vrm_block_denies(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    everything = {
        "avatarPermission": "everyone",
        "modification": "allowModificationRedistribution",
        "allowRedistribution": True,
        "commercialUsage": "corporation",
        "creditNotation": "unnecessary",
    }
    (root / "open.vrm").write_bytes(avatar(**everything))
    (root / "credit.vrm").write_bytes(avatar(**everything | {"creditNotation": "required"}))
    (root / "closed.vrm").write_bytes(avatar())
    outcomes = collect(profile("folder", root, licence="CC0-1.0"), tmp_path / "out")
    assert row_of(outcomes["open.vrm"])["rights"]["may_train"] is True
    for name, right in (("credit.vrm", "needs_credit"), ("closed.vrm", "may_modify")):
        refused = outcomes[name]
        assert isinstance(refused, Rejected) and refused.code == "licence_conflict"
        assert right in refused.message and "CC0-1.0" in refused.message


def test_an_authors_word_holds_in_place_of_what_the_file_says(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "closed.vrm").write_bytes(avatar(name="Mine"))  # of 1.0: what is not said is forbidden
    asset = {"version": "2.0", "extras": {"license": "CC-BY-NC-4.0", "author": "Jane"}}
    (root / "exported.glb").write_bytes(glb({"asset": asset}))
    outcomes = collect(profile("folder", root, licence="CC-BY-4.0", i_am_the_author=True), tmp_path / "out")
    for name in ("closed.vrm", "exported.glb"):
        row = row_of(outcomes[name])
        assert (row["licence"], row["licence_seen_in"]) == ("CC-BY-4.0", "author")
        assert row["rights"]["may_train"] is True and row["rights"]["non_commercial"] is False
    assert "block" in row_of(outcomes["closed.vrm"])["licence_raw"]
    strict = collect(profile("folder", root, licence="CC-BY-4.0"), tmp_path / "strict")
    for name in ("closed.vrm", "exported.glb"):
        refused = strict[name]
        assert isinstance(refused, Rejected) and refused.code == "licence_conflict"
    assert "i_am_the_author: true" in str(strict["closed.vrm"])


@pytest.mark.parametrize("kind", ["folder", "mixamo", "vroid"])
def test_a_folders_name_is_no_author(kind: str, tmp_path: Path) -> None:
    """Who named a folder after somebody says nothing of who made what lies in it."""
    root = tmp_path / "in"
    (root / "Jane Doe").mkdir(parents=True)
    name, data = {
        "folder": ("knight.glb", glb({"asset": {"version": "2.0", "extras": {"title": "Knight"}}})),
        "mixamo": ("walk.fbx", named_fbx("mixamorig:Hips")),
        "vroid": ("a.vrm", avatar(name="Ann", avatarPermission="everyone")),
    }[kind]
    (root / "Jane Doe" / name).write_bytes(data)
    (outcome,) = collect(profile(kind, root), tmp_path / "out").values()
    row = row_of(outcome)
    assert row["author"] == "" and "Jane" not in row["attribution"] and row["tags"] == ["jane", "doe"]


def test_an_author_names_a_licence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="i_am_the_author wants the licence"):
        profile("folder", tmp_path, i_am_the_author=True)


def named_fbx(*names: str) -> bytes:
    """Binary FBX with the names as FBX writes them."""
    return fbx() + b"".join(b"S" + len(name).to_bytes(4, "little") + name.encode() + b"\0\1Model" for name in names)


@pytest.mark.parametrize(
    ("data", "is_mixamo"),
    [
        (named_fbx("mixamorig:Hips"), True),
        (named_fbx("mixamorig12:Hips"), True),
        (named_fbx("mixamorig_Spine"), True),
        (named_fbx("Armature|mixamorig:Hips"), True),
        (named_fbx("mixamorigHips"), True),
        (b'; FBX 7.4.0 project file\n Model: 1, "Model::mixamorig:Hips", "LimbNode" {}', True),
        (glb({"asset": {"version": "2.0"}, "nodes": [{"name": "mixamorig:Hips"}]}), True),
        (named_fbx("Hips"), False),
        (named_fbx("mixamorig:Tail"), False),
        (fbx(), False),
        (glb(), False),
        (b"; FBX 7.4.0 project file\n; made with mixamorig:Hips in mind", False),
    ],
)
def test_a_mixamo_file_is_known_by_its_joints_under_every_prefix(tmp_path: Path, data: bytes, is_mixamo: bool) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "Walking (2).fbx").write_bytes(data)
    (outcome,) = collect(profile("mixamo", root), tmp_path / "out").values()
    if is_mixamo:
        assert row_of(outcome)["title"] == "Walking"
    else:
        assert isinstance(outcome, Rejected) and outcome.code == "unknown_type"
        assert "folder" in outcome.message  # where such a file belongs


def test_an_avatar_among_mixamos_files_is_a_row_that_says_where_it_belongs(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "Ann.vrm").write_bytes(avatar(name="Ann"))
    (refused,) = collect(profile("mixamo", root), tmp_path / "out").values()
    assert isinstance(refused, Rejected) and refused.code == "unknown_type" and "'vroid'" in refused.message


def test_mixamo_files_are_never_shared_and_what_nobody_wrote_is_the_persons_to_decide(tmp_path: Path) -> None:
    root = tmp_path / "in"
    (root / "sports").mkdir(parents=True)
    (root / "sports" / "Kick.fbx").write_bytes(named_fbx("mixamorig:Hips"))
    open_row = row_of(collect(profile("mixamo", root), tmp_path / "out")["sports/Kick.fbx"])
    assert (open_row["licence"], open_row["source"], open_row["tags"]) == ("LicenseRef-Mixamo", "mixamo", ["sports"])
    unsaid = {"may_train": None, "may_share_renders": None, "noai": None, "may_share_asset": False}
    assert {key: open_row["rights"][key] for key in unsaid} == unsaid
    decided = {"may_train": True, "may_share_renders": False}
    row = row_of(collect(profile("mixamo", root, decided=decided), tmp_path / "out")["sports/Kick.fbx"])
    assert row["rights"] == open_row["rights"] | decided
    assert row["licence_raw"] == "may_share_renders: False, may_train: True"
    with pytest.raises(ValueError, match="may_share_asset"):
        profile("mixamo", root, decided={"may_share_asset": True})


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Walking (2).fbx", "Walking"),
        ("sub/Ch24_nonPBR.fbx", "Ch24 non PBR"),
        ("X Bot@Dancing.fbx", "X Bot Dancing"),
        ("T-Pose.fbx", "T Pose"),
        ("Jump (1) (3).fbx", "Jump 1"),
        ("(2).fbx", ""),
    ],
)
def test_titles_come_from_file_names_without_the_browsers_number(name: str, title: str) -> None:
    assert title_of(name) == title


def gltf_folder(folder: Path) -> Path:
    """A triangle in a .gltf with its buffer and texture beside it."""
    (folder / "textures").mkdir(parents=True)
    (folder / "tri.bin").write_bytes(bytes(36))
    (folder / "textures" / "skin one.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    document = {
        "asset": {"version": "2.0"},
        "buffers": [{"uri": "tri.bin", "byteLength": 36}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "images": [{"uri": "textures/skin%20one.png"}],
    }
    (folder / "tri.gltf").write_text(json.dumps(document))
    return folder


def jobs_of(wanted: Profile) -> dict[str, tuple[str, str]]:
    return {job.payload["uid"]: (job.key, job.payload["sha256"]) for job in CollectStage().plan(Tables(), wanted)}


def test_a_gltf_comes_with_its_files_and_changes_with_them(tmp_path: Path) -> None:
    root = gltf_folder(tmp_path / "in")
    wanted = profile("folder", root)
    row = row_of(collect(wanted, tmp_path / "out")["tri.gltf"])
    assert row["format"] == "glb"
    data = plain_work(tmp_path / "out").store.read(StoredFile.from_row(row["file"]))
    assert data[:4] == b"glTF" and b"\x89PNG" in data and b"uri" not in data
    before = jobs_of(wanted)
    assert before["tri.gltf"][1] == row["file"]["sha256"]
    os.utime(root / "tri.bin", (1, 1))
    assert jobs_of(wanted) == before
    (root / "textures" / "skin one.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(19) + b"!")
    assert jobs_of(wanted)["tri.gltf"] != before["tri.gltf"]


def test_a_gltf_that_lacks_a_file_or_points_elsewhere_is_rejected_until_it_is_whole(tmp_path: Path) -> None:
    root = gltf_folder(tmp_path / "in")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (root / "up.gltf").write_text('{"asset":{"version":"2.0"},"images":[{"uri":"../secret.png"}]}')
    (root / "link.gltf").write_text('{"asset":{"version":"2.0"},"images":[{"uri":"link.png"}]}')
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    image = root / "textures" / "skin one.png"
    data = image.read_bytes()
    image.unlink()
    wanted = profile("folder", root)
    before = jobs_of(wanted)
    outcomes = collect(wanted, tmp_path / "out")
    codes = {uid: outcome.code for uid, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert codes == dict.fromkeys(("tri.gltf", "up.gltf", "link.gltf"), "external_reference")
    image.write_bytes(data)
    after = jobs_of(wanted)
    assert {uid for uid in before if before[uid] != after[uid]} == {"tri.gltf"}
    row_of(collect(wanted, tmp_path / "out")["tri.gltf"])


def test_a_buffer_that_changes_after_planning_fails_the_job_and_is_not_stored(tmp_path: Path) -> None:
    root = gltf_folder(tmp_path / "in")
    stage = CollectStage()
    (job,) = stage.plan(Tables(), profile("folder", root))
    (root / "tri.bin").write_bytes(bytes(35) + b"!")
    (answer,) = stage.run([job], plain_work(tmp_path / "out"))
    assert isinstance(answer.outcome, Failed)


@pytest.mark.corpus
def test_the_corpus_folder_with_textures_beside_it_is_one_file(tmp_path: Path) -> None:
    root = os.environ.get("RIGMILL_CORPUS")
    if not root:
        pytest.skip("RIGMILL_CORPUS is not set")
    shutil.copytree(Path(root) / "babylon", tmp_path / "in")
    row = row_of(collect(profile("folder", tmp_path / "in"), tmp_path / "out")["vintageFan/vintageFan_animated.gltf"])
    parts = sum(path.stat().st_size for path in (tmp_path / "in" / "vintageFan").iterdir() if path.suffix != ".gltf")
    assert row["format"] == "glb" and row["file"]["size_bytes"] > parts


def deep_folder(root: Path, levels: int) -> None:
    """Folders of 200 letters in each other below `root`, with a model in each: too long to be named as a whole."""
    handle = os.open(root, os.O_RDONLY)
    for level in range(levels):
        model = os.open(f"{'m' * 200}{level}.glb", os.O_CREAT | os.O_WRONLY, dir_fd=handle)
        os.write(model, glb({"asset": {"version": "2.0"}, "extras": level}))
        os.close(model)
        os.mkdir("d" * 200, dir_fd=handle)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(handle)


def test_what_is_too_deep_to_be_named_is_a_row_and_the_rest_is_taken(tmp_path: Path) -> None:
    root = tmp_path / "in"
    (root / "deep").mkdir(parents=True)
    (root / "good.glb").write_bytes(glb())
    deep_folder(root / "deep", 24)  # 24 * 201 bytes and more
    outcomes = collect(profile("folder", root, licence="CC0-1.0"), tmp_path / "out")
    kept = [uid for uid, outcome in outcomes.items() if isinstance(outcome, Kept)]
    named = {uid: outcome for uid, outcome in outcomes.items() if isinstance(outcome, Rejected)}
    assert "good.glb" in kept and 18 <= len(kept) <= 22  # by how long the path to here is
    assert {outcome.code for outcome in named.values()} == {"out_of_reach"}
    assert {Path(uid).suffix for uid in named} <= {"", ".glb"} and len(named) in (1, 2, 3)
    assert all("File name too long" in outcome.message for outcome in named.values())
    shutil.rmtree(root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_a_row_and_the_rest_is_taken(tmp_path: Path) -> None:
    root = tmp_path / "in"
    (root / "closed").mkdir(parents=True)
    (root / "good.glb").write_bytes(glb())
    (root / "closed").chmod(0)
    outcomes = collect(profile("folder", root, licence="CC0-1.0"), tmp_path / "out")
    (root / "closed").chmod(0o700)
    closed = outcomes["closed"]
    assert isinstance(outcomes["good.glb"], Kept) and isinstance(closed, Rejected) and closed.code == "out_of_reach"


def test_a_folder_that_nobody_can_list_is_a_row_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for root, to whom no folder is closed."""
    root = tmp_path / "in"
    (root / "closed" / "inner").mkdir(parents=True)
    (root / "good.glb").write_bytes(glb())
    (root / "closed" / "inner" / "hidden.glb").write_bytes(glb({"asset": {"version": "2.0"}, "extras": 1}))
    real = os.scandir

    def refused(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refused)
    outcomes = collect(profile("folder", root, licence="CC0-1.0"), tmp_path / "out")
    closed = outcomes.pop("closed")
    assert isinstance(closed, Rejected) and closed.message == "cannot be looked at: Permission denied"
    assert list(outcomes) == ["good.glb"] and isinstance(outcomes["good.glb"], Kept)


def test_an_output_folder_inside_a_source_is_named_and_left_out(tmp_path: Path) -> None:
    root, out = tmp_path / "in", tmp_path / "in" / "made" / "out"
    (out / "store" / "ab").mkdir(parents=True)
    (out / "store" / "ab" / "asset.glb").write_bytes(glb({"asset": {"version": "2.0"}, "extras": 1}))
    (root / "others" / "tables").mkdir(parents=True)  # of another profile
    (root / "others" / "profile.json").write_text("{}")
    (root / "others" / "copy.glb").write_bytes(glb({"asset": {"version": "2.0"}, "extras": 2}))
    (root / "good.glb").write_bytes(glb())
    wanted = profile("folder", root, licence="CC0-1.0")
    stage, work = CollectStage(), plain_work(tmp_path / "work")
    jobs = stage.plan(Tables(output=out), wanted)
    outcomes = {job.payload["uid"]: next(iter(stage.run([job], work))).outcome for job in jobs}
    assert isinstance(outcomes.pop("good.glb"), Kept)
    assert {uid: getattr(outcome, "code", None) for uid, outcome in outcomes.items()} == {
        "made/out": "own_output",
        "others": "own_output",
    }


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_never_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.vrm").write_bytes(avatar(name="Ann"))
    monkeypatch.setattr(Store, "put_bytes", full)
    with pytest.raises(OSError) as raised:  # the worker ends the run with it
        collect(profile("vroid", tmp_path / "in"), tmp_path / "out")
    assert raised.value.errno == number


def test_a_file_that_its_disk_keeps_back_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.vrm").write_bytes(avatar(name="Ann"))
    monkeypatch.setattr("curate.sources.local_files.read_bytes", broken)
    (outcome,) = collect(profile("vroid", tmp_path / "in"), tmp_path / "out").values()
    assert isinstance(outcome, Failed) and outcome.kind in TRY_AGAIN
