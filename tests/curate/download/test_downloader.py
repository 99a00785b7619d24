"""The downloader against a real server on this machine: what breaks, what is refused, what is continued."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curate.download.address import Hosts
from curate.stages.collect import CollectStage
from rigmill.errors import UserError
from rigmill.outcomes import Failed, FailKind, Kept, Outcome, Refusal, Rejected
from tests.support.curation import glb, plain_work
from tests.support.objaverse_site import (
    FOX,
    Behaviour,
    Site,
    annotation,
    lay_out_1,
    object_path,
    patient,
    planned,
    profile_of,
    served,
    sha256,
    source_1,
    uid,
)

PATH = f"/v1/{object_path(uid(1))}"
BIG = glb(binary=bytes(range(256)) * 4096)  # 1 MiB


@pytest.fixture
def site() -> Iterator[Site]:
    with served() as running:
        yield running


def fetched(
    site: Site, folder: Path, data: bytes, *, limit: int = 2**28, sha: str | None = None, **changes: Any
) -> Outcome:
    """What becomes of the one object of an index."""
    lay_out_1(site, {uid(1): (annotation(uid(1), archives={}), data)}, hashes={uid(1): sha} if sha is not None else {})
    jobs = planned(profile_of(source_1(site, folder, **changes), max_file_bytes=limit))
    (answer,) = CollectStage().run(jobs, plain_work(folder / "out"))
    return answer.outcome


def parts(folder: Path) -> list[Path]:
    return list((folder / "out" / "work").rglob("*.part"))


def test_a_connection_that_breaks_is_continued_where_it_stopped(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(cut_after=700_000))
    outcome = fetched(site, tmp_path, BIG)
    assert isinstance(outcome, Kept) and outcome.rows[0]["file"]["sha256"] == sha256(BIG)
    first, second = site.asked(PATH)
    assert second.range == "bytes=700000-" and second.if_range and second.status == 206
    assert first.num_sent + second.num_sent == len(BIG)


def test_a_file_that_changed_in_between_is_taken_from_its_start(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(cut_after=700_000, body=b"x" * 900_000))
    assert isinstance(fetched(site, tmp_path, BIG), Kept)
    assert [entry.status for entry in site.asked(PATH)] == [200, 200]  # If-Range named the old version


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_dead_link_is_a_reject_and_is_asked_once(status: int, site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(status=status))
    outcome = fetched(site, tmp_path, BIG)
    assert isinstance(outcome, Rejected) and outcome.code == "dead_link"
    assert len(site.asked(PATH)) == 1 and parts(tmp_path) == []


def test_a_wrong_hash_is_tried_once_more_from_the_start_and_then_refused(site: Site, tmp_path: Path) -> None:
    outcome = fetched(site, tmp_path, BIG, sha="0" * 64)
    assert isinstance(outcome, Rejected) and outcome.code == "hash_mismatch"
    assert [entry.range for entry in site.asked(PATH)] == [None, None] and parts(tmp_path) == []


def test_a_wrong_answer_once_does_no_harm(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(body=FOX.read_bytes()))
    outcome = fetched(site, tmp_path, BIG)
    assert isinstance(outcome, Kept) and outcome.rows[0]["file"]["sha256"] == sha256(BIG)


def test_a_server_that_drips_is_given_up_in_time_and_what_came_is_kept(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(piece=64, pause_s=0.05), for_ever=True)
    started = time.monotonic()
    outcome = fetched(site, tmp_path, BIG)
    assert time.monotonic() - started < 80  # all of it would take minutes
    assert isinstance(outcome, Failed) and outcome.kind is FailKind.NETWORK
    assert outcome.message == "slower than 4096 bytes per second; tried 2 times"
    assert 0 < parts(tmp_path)[0].stat().st_size < 10_000


def test_a_server_that_is_silent_is_given_up_in_time(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(silent_s=100), for_ever=True)
    started = time.monotonic()
    outcome = fetched(site, tmp_path, BIG, download=patient(tries=1, connect_s=0.4, read_s=0.4))
    assert time.monotonic() - started < 50
    assert isinstance(outcome, Failed) and outcome.message == "the server did not answer in time; tried 1 times"


def test_a_busy_server_is_asked_again_after_the_pause_that_it_named(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(status=429, headers={"Retry-After": "2"}))
    started = time.monotonic()
    assert isinstance(fetched(site, tmp_path, BIG), Kept)
    assert time.monotonic() - started >= 2 and [entry.status for entry in site.asked(PATH)] == [429, 200]


def test_a_server_that_wants_a_long_pause_is_left_to_the_next_run(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(status=503, headers={"Retry-After": "86400"}), for_ever=True)
    outcome = fetched(site, tmp_path, BIG)
    assert isinstance(outcome, Failed) and outcome.kind is FailKind.NETWORK and "longer pause" in outcome.message
    assert len(site.asked(PATH)) == 1


def test_errors_of_the_server_are_tried_again_and_blamed_on_the_network(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(status=500), Behaviour(status=502))
    assert isinstance(fetched(site, tmp_path, BIG, download=patient(tries=3)), Kept)
    site.behave(PATH, Behaviour(status=403), for_ever=True)
    outcome = fetched(site, tmp_path / "other", BIG)
    assert isinstance(outcome, Failed) and (outcome.kind, outcome.message) == (FailKind.NETWORK, "HTTP 403")


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2:{port}/v1/elsewhere",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "https://evil.example/x.glb",
        "http://127.0.0.1.evil.example/x",
        "//evil.example/x",
        "http://user@127.0.0.1:{port}/x",
    ],
)
def test_a_redirect_to_a_host_that_is_not_the_source_s_is_refused(target: str, site: Site, tmp_path: Path) -> None:
    port = site.server.server_address[1]
    site.behave(PATH, Behaviour(status=302, headers={"Location": target.format(port=port)}))
    outcome = fetched(site, tmp_path, BIG)
    assert isinstance(outcome, Rejected) and outcome.code == "foreign_address"
    assert len(site.asked(PATH)) == 1 and not site.asked("/v1/elsewhere")


def test_a_redirect_within_the_source_s_hosts_is_followed_but_not_in_circles(site: Site, tmp_path: Path) -> None:
    site.files["/cdn/file?signature=a%2Fb"] = BIG
    there = Behaviour(status=307, headers={"Location": f"{site.url}/cdn/file?signature=a%2Fb"})
    site.behave(PATH, there, for_ever=True)
    assert isinstance(fetched(site, tmp_path, BIG), Kept)
    site.behave(PATH, Behaviour(status=302, headers={"Location": PATH}), for_ever=True)
    outcome = fetched(site, tmp_path / "other", BIG)
    assert isinstance(outcome, Failed) and outcome.message == "more than 5 redirects"


@pytest.mark.parametrize("stated", [True, False])
def test_a_file_over_the_limit_is_refused_before_it_is_on_disk(stated: bool, site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(without_length=not stated, piece=4096, pause_s=0.001))
    outcome = fetched(site, tmp_path, BIG, limit=50_000)
    assert isinstance(outcome, Rejected) and (outcome.code, outcome.limit) == ("too_large", 50_000)
    assert outcome.measured == (len(BIG) if stated else None) and parts(tmp_path) == []


def test_what_is_no_model_is_refused_and_not_kept(site: Site, tmp_path: Path) -> None:
    for name, data, code in (("page", b"<html>not found</html>", "unknown_type"), ("nothing", b"", "empty_file")):
        outcome = fetched(site, tmp_path / name, data)
        assert isinstance(outcome, Rejected) and outcome.code == code
        assert parts(tmp_path / name) == [] and not list((tmp_path / name / "out" / "store").glob("*/*"))


def test_a_finished_file_is_never_asked_for_again_even_if_its_row_was_lost(site: Site, tmp_path: Path) -> None:
    assert fetched(site, tmp_path, BIG) == fetched(site, tmp_path, BIG)
    assert len(site.asked(PATH)) == 1
    stored = tmp_path / "out" / "store" / sha256(BIG)[:2] / f"{sha256(BIG)}.glb"
    stored.write_bytes(b"glTF" + bytes(len(BIG) - 4))  # bits rot: then it is
    assert isinstance(fetched(site, tmp_path, BIG), Kept)
    assert stored.read_bytes() == BIG and len(site.asked(PATH)) == 2


def test_a_whole_part_of_a_killed_run_costs_no_second_transfer(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(cut_after=len(BIG) - 1))
    fetched(site, tmp_path, BIG, download=patient(tries=1))
    (part,) = parts(tmp_path)
    part.write_bytes(BIG)  # killed after the last byte, before anything was written down
    assert isinstance(fetched(site, tmp_path, BIG), Kept)
    assert [entry.status for entry in site.asked(PATH)] == [200, 416]


def test_a_link_in_place_of_a_part_is_refused_and_its_target_untouched(site: Site, tmp_path: Path) -> None:
    site.behave(PATH, Behaviour(cut_after=1000))
    fetched(site, tmp_path, BIG, download=patient(tries=1))
    (part,) = parts(tmp_path)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    part.unlink()
    part.symlink_to(victim)
    with pytest.raises(UserError, match="cannot write"):
        fetched(site, tmp_path, BIG)
    assert victim.read_text() == "precious"


def test_a_part_that_another_process_writes_is_left_alone(site: Site, tmp_path: Path) -> None:
    import fcntl

    site.behave(PATH, Behaviour(cut_after=1000))
    fetched(site, tmp_path, BIG, download=patient(tries=1))
    with parts(tmp_path)[0].open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        outcome = fetched(site, tmp_path, BIG)
    assert isinstance(outcome, Failed) and outcome.kind is FailKind.INTERRUPTED


def test_downloads_of_a_batch_run_side_by_side_and_one_dead_link_stops_none(site: Site, tmp_path: Path) -> None:
    objects = {uid(n): (annotation(uid(n)), glb(binary=bytes([n]) * 50_000)) for n in range(12)}
    lay_out_1(site, objects)
    for name in objects:
        site.behave(f"/v1/{object_path(name)}", Behaviour(silent_s=0.4))
    del site.files[f"/v1/{object_path(uid(5))}"]
    jobs = planned(profile_of(source_1(site, tmp_path, download=patient(parallel=12))))
    assert len({job.group for job in jobs}) == 1 and CollectStage.batch >= 12
    outcomes = {answer.key: answer.outcome for answer in CollectStage().run(jobs, plain_work(tmp_path / "out"))}
    assert site.most_at_once >= 4
    bad = [job.payload["uid"] for job in jobs if not isinstance(outcomes[job.key], Kept)]
    assert bad == [uid(5)] and len(outcomes) == 12


def test_requests_to_one_host_keep_their_pace(site: Site, tmp_path: Path) -> None:
    lay_out_1(site, {uid(n): (annotation(uid(n)), glb(binary=bytes([n]) * 100)) for n in range(6)})
    jobs = planned(profile_of(source_1(site, tmp_path)))
    for job in jobs:
        job.hints["download"]["requests_per_s"] = 5
    started = time.monotonic()
    assert len(list(CollectStage().run(jobs, plain_work(tmp_path / "out")))) == 6
    assert time.monotonic() - started >= 1.0


def test_a_used_disk_budget_stops_the_run_with_a_way_out_and_keeps_what_is_here(site: Site, tmp_path: Path) -> None:
    lay_out_1(
        site,
        {
            uid(n): (annotation(uid(n), archives={"glb": {"size": 10}}), glb(binary=bytes([n]) * 40_000))
            for n in range(8)
        },
    )  # the index understates the sizes
    source = source_1(site, tmp_path, disk_budget_bytes=100_000, download=patient(parallel=1))
    answers = []
    with pytest.raises(UserError, match="disk_budget_bytes") as caught:
        for answer in CollectStage().run(planned(profile_of(source)), plain_work(tmp_path / "out")):
            answers.append(answer)
    assert len(answers) == 3 and all(isinstance(answer.outcome, Kept) for answer in answers)
    assert "assumed_file_bytes" in caught.value.fix or "max_assets" in caught.value.fix


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://hub.example/x", True),
        ("https://a.b.cdn.example/x", True),
        ("https://HUB.example:443/x", True),
        ("http://hub.example/x", False),
        ("https://hub.example:8443/x", False),
        ("https://hub.example.evil/x", False),
        ("https://cdn.example.evil/x", False),
        ("https://evilcdn.example/x", False),
        ("https://me@hub.example/x", False),
        ("https://hub.example\\@evil.example/x", False),
        ("https://hub.example/a b", False),
        ("ftp://mirror/x", False),
        ("http://mirror:8080/x", True),
        ("https://[::1]/x", False),
        ("https://[bad/x", False),
        ("", False),
    ],
)
def test_only_listed_hosts_are_asked_and_only_over_https(url: str, fine: bool) -> None:
    hosts = Hosts(("hub.example", ".cdn.example"), ("mirror",))
    if fine:
        assert hosts.check(url)
    else:
        with pytest.raises(Refusal) as caught:
            hosts.check(url)
        assert caught.value.code.value == "foreign_address"


def test_a_listed_name_that_leads_into_a_private_network_is_not_connected_to(site: Site, tmp_path: Path) -> None:
    port = site.server.server_address[1]
    site.behave(PATH, Behaviour(status=302, headers={"Location": "https://localhost/x.glb"}))
    outcome = fetched(site, tmp_path, BIG, hosts=["localhost"])
    assert isinstance(outcome, Failed) and outcome.message == "a public name that leads into a private network", port


def test_the_environment_does_not_redirect_downloads(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:1")
    assert isinstance(fetched(site, tmp_path, BIG), Kept)
