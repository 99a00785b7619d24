"""Only what may be given away is copied, whole, and a copy that broke off does not pass for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import pytest

from rigmill.commands import exit_status
from rigmill.commands.cli import main
from rigmill.errors import UserError
from rigmill.licences.rights import Rights
from rigmill.storage.files import Store
from shards.card import Making, policy_of
from shards.credits import Provenance
from shards.index import publish
from shards.push import prepare, push
from shards.verify import verify
from tests.support.hub_server import hub
from tests.support.published import FREE, free_set
from tests.support.shard_sets import clips, make_shards


@pytest.fixture
def memory() -> Any:
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield files
    files.store.clear()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def copied(files: Any, root: str) -> dict[str, bytes]:
    return {name.rsplit("/", 1)[-1]: files.cat_file(name) for name in files.ls(root, detail=False)}


def test_a_copy_has_every_byte_and_a_second_one_sends_what_differs_alone(tmp_path: Path, memory: Any) -> None:
    folder, said = free_set(tmp_path / "a"), list[str]()
    assert push(prepare(folder, "memory://bucket/set"), said.append) == "memory://bucket/set"
    assert copied(memory, "/bucket/set") == contents(folder)
    assert said[-1].startswith("SHA256SUMS: ") and len(said) == len(contents(folder))
    said.clear()
    push(prepare(folder, "memory://bucket/set"), said.append)
    assert sum("there already" in line for line in said) == len(contents(folder)) - 1  # but for the digests themselves
    memory.pipe_file("/bucket/set/notes.txt", b"mine")
    smaller = free_set(tmp_path / "b", num_assets=2)
    said.clear()
    push(prepare(smaller, "memory://bucket/set"), said.append)
    assert copied(memory, "/bucket/set") == contents(smaller) | {"notes.txt": b"mine"}  # tars of the older set are gone
    assert said[-1] == "left alone, for they are not of this data set: notes.txt"


def test_a_copy_that_broke_off_has_no_digests_and_is_made_whole(tmp_path: Path) -> None:
    old, new, there = free_set(tmp_path / "a", num_assets=2), free_set(tmp_path / "b"), tmp_path / "there"
    push(prepare(old, f"file://{there}"), print)
    assert verify(there) == []

    def stop(line: str) -> None:
        if line.startswith("train-000000.tar"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(prepare(new, f"file://{there}"), stop)
    assert verify(there) == ["SHA256SUMS: missing or not a list of digests"]
    push(prepare(new, f"file://{there}"), print)
    assert verify(there) == [] and contents(there) == contents(new)


def test_digests_of_strangers_remove_nothing_outside_the_folder(tmp_path: Path, memory: Any) -> None:
    memory.pipe_file("/bucket/other.tar", b"not ours")
    memory.pipe_file("/bucket/set/SHA256SUMS", b"0  ../other.tar\n")
    push(prepare(free_set(tmp_path), "memory://bucket/set"), print)
    assert memory.cat_file("/bucket/other.tar") == b"not ours"


@pytest.mark.parametrize(
    ("changes", "policy", "why"),
    [
        ({}, "internal", "built under the policy 'internal'"),
        ({"licence": "LicenseRef-Mixamo"}, "publish", "nothing under LicenseRef-Mixamo"),
        ({"licence": "CC0-1.0 AND LicenseRef-Mixamo"}, "commercial", "nothing under LicenseRef-Mixamo"),
        ({"source": "mixamo"}, "publish", "from mixamo, of which nothing may be given away"),
        ({"rights": Rights(may_train=True).to_row()}, "publish", "may_share_renders"),
    ],
)
def test_what_may_not_be_given_away_is_refused(tmp_path: Path, changes: dict[str, Any], policy: str, why: str) -> None:
    """However it came into the folder: the stage under test would not have packed it."""
    store = Store(tmp_path / "store")
    tables = clips(store)
    tables.rows["render"] = [{**row, "rights": FREE} for row in tables.rows["render"]]
    rows = make_shards(tables, store)
    rows[4] = {**rows[4], **changes}
    publish(rows, tmp_path / "out", store, making=Making(policy), provenance=Provenance())
    with pytest.raises(UserError) as found:
        prepare(tmp_path / "out", "memory://bucket/set")
    assert found.value.code == "E543" and why in f"{found.value.what} {found.value.why}"


def test_what_is_damaged_or_has_no_place_is_refused(tmp_path: Path) -> None:
    folder = free_set(tmp_path)
    for target in ("bucket/set", "hf://models/a/b", "hf://datasets/a"):
        with pytest.raises(UserError, match="no place for a data set"):
            prepare(folder, target)
    with pytest.raises(UserError, match="nothing here speaks"):
        push(prepare(folder, "nosuch://bucket/set"), print)
    (folder / "sizes.json").write_text("{}")
    with pytest.raises(UserError, match="damaged: sizes.json"):
        prepare(folder, "memory://bucket/set")
    with pytest.raises(UserError, match="holds no data set"):
        prepare(tmp_path, "memory://bucket/set")


def test_without_a_token_the_command_says_all_that_it_would_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub.constants

    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    folder = free_set(tmp_path)
    to = "hf://datasets/someone/clips"
    assert main(["publish", str(folder), "--to", to]) == exit_status.NOT_PUSHED == 4
    text = " ".join(capsys.readouterr().out.split())
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert all(f"{size} {name}" in text for name, size in sizes.items())
    assert "nothing was copied (no token of the hub here" in text and text.endswith(f"to {to}")
    assert main(["publish", str(folder), "--to", to, "--json"]) == exit_status.NOT_PUSHED
    told = json.loads(capsys.readouterr().out)
    assert {file["name"]: file["bytes"] for file in told["files"]} == sizes and told["pushed"] is False
    assert main(["publish", str(folder), "--to", f"file://{tmp_path}/there", "--dry-run"]) == exit_status.OK
    assert not (tmp_path / "there").exists()
    assert main(["publish", str(folder), "--to", f"file://{tmp_path}/there"]) == exit_status.OK
    assert contents(tmp_path / "there") == contents(folder)


def test_a_hub_gets_every_byte_in_one_commit_and_loses_the_tars_of_an_older_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub.constants

    monkeypatch.setenv("HF_TOKEN", "hf_ours")
    large, small = free_set(tmp_path / "a"), free_set(tmp_path / "b", num_assets=2)
    with hub("hf_ours") as there:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", there.url)
        for folder in (large, small):
            assert main(["publish", str(folder), "--to", "hf://datasets/someone/clips"]) == exit_status.OK
            assert f"at {there.url}/datasets/someone/clips" in " ".join(capsys.readouterr().out.split())
            files = there.repos["someone/clips"]
            files.pop(".gitattributes", None)
            assert files == contents(folder)
        assert there.messages == [f"{len(list(folder.glob('*.tar')))} shards" for folder in (large, small)]
        monkeypatch.setenv("HF_TOKEN", "hf_of_another")
        assert main(["publish", str(small), "--to", "hf://datasets/someone/clips"]) == exit_status.USER_ERROR
    said = " ".join(capsys.readouterr().err.split())
    assert "error[E545]: the hub did not take hf://datasets/someone/clips" in said and "401" in said
    assert "use a token that may write there" in said


def test_the_card_names_its_policy_and_no_other_text_does() -> None:
    assert policy_of("---\nlicence_policy: publish\n---\n") == "publish"
    for text in ("", "licence_policy: publish", "---\n- 1\n---\n", "---\n{\n---\n", "---\nlicense: other\n---\n"):
        assert policy_of(text) == ""
