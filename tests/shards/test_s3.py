"""A data set published to S3 and read back from there, against a server on this machine; and what is said when not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import s3fs

from rigmill.commands import exit_status
from rigmill.commands.cli import main
from rigmill.errors import UserError
from shards.push import NoAccess, prepare, push
from shards.streaming import streamed
from shards.verify import verify
from tests.support.published import free_set
from tests.support.s3_server import bucket, keys_alone, objects, s3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return free_set(tmp_path_factory.mktemp("free"), num_assets=4)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, s3(patch) as url:
        yield url


@pytest.fixture(autouse=True)
def nothing_remembered(server: str) -> None:
    s3fs.S3FileSystem.clear_instance_cache()  # credentials and listings of the test before


def test_every_byte_arrives_and_every_sample_comes_back(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket("clips")
    assert main(["publish", str(folder), "--to", "s3://clips/some/set"]) == exit_status.OK
    assert "published: " in capsys.readouterr().out
    there = objects("clips")
    assert there == {f"some/set/{path.name}": path.read_bytes() for path in folder.iterdir()}
    for key, data in there.items():
        (tmp_path / key.rpartition("/")[2]).write_bytes(data)
    assert verify(tmp_path) == []
    for split in ("train", "bench"):
        near, far = (
            {sample["__key__"]: {name: data for name, data in sample.items() if name != "__url__"} for sample in found}
            for found in (streamed(place, split=split) for place in (str(folder), "s3://clips/some/set"))
        )
        assert near and far == near


def test_an_upload_that_broke_off_has_no_digests_and_the_next_one_makes_it_whole(folder: Path) -> None:
    bucket("broken")
    push(prepare(folder, "s3://broken/set"), print)

    def stop(line: str) -> None:
        if line.startswith("train-000000.tar"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(prepare(folder, "s3://broken/set"), stop)
    assert "set/SHA256SUMS" not in objects("broken")
    push(prepare(folder, "s3://broken/set"), print)
    assert objects("broken") == {f"set/{path.name}": path.read_bytes() for path in folder.iterdir()}


def test_a_bucket_that_is_not_there_is_not_made(folder: Path) -> None:
    with pytest.raises(UserError, match="there is no s3://mispelt/set") as found:
        push(prepare(folder, "s3://mispelt/set"), print)
    assert "bucket does not exist" in found.value.why and "make its bucket" in found.value.fix
    assert "mispelt" not in {one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]}


def test_credentials_that_may_not_write_are_named_and_none_at_all_copy_nothing(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket("closed")
    with keys_alone(server):
        with pytest.raises(UserError, match="s3://closed/set may not be written") as found:
            push(prepare(folder, "s3://closed/set"), print)
        assert "AWS_ACCESS_KEY_ID" in found.value.fix and found.value.code == "E545"
        assert main(["publish", str(folder), "--to", "s3://closed/set"]) == exit_status.USER_ERROR
        assert "error[E545]" in capsys.readouterr().err
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(NoAccess, match="AWS_ACCESS_KEY_ID"):
        push(prepare(folder, "s3://closed/set"), print)
    assert main(["publish", str(folder), "--to", "s3://closed/set"]) == exit_status.NOT_PUSHED
    assert "nothing was copied (Unable to locate credentials" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow  # 7 s: the client tries five times
def test_a_server_that_does_not_answer_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="copying to s3://clips/set broke off") as found:
        push(prepare(folder, "s3://clips/set"), print)
    assert "127.0.0.1:9" in found.value.why and "same command again" in found.value.fix
