"""Objaverse 1.0 and XL: what is listed, from a local server with the layout that the package expects."""

from __future__ import annotations

import gzip
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curate.stages.collect import CollectStage
from rigmill.config.schema import Profile
from rigmill.errors import UserError
from rigmill.outcomes import Kept, Outcome, Rejected
from rigmill.pipeline.stage import Job
from rigmill.storage.columns import PRODUCTS
from tests.support.curation import fbx, plain_work
from tests.support.objaverse_site import (
    COMMIT,
    FOX,
    LEVER,
    SIMPLE,
    Behaviour,
    Site,
    annotation,
    github_row,
    lay_out_1,
    object_path,
    parquet,
    planned,
    profile_of,
    served,
    sha256,
    source_1,
    source_xl,
    uid,
)


@pytest.fixture
def site() -> Iterator[Site]:
    with served() as running:
        yield running


def collected(profile: Profile, folder: Path) -> dict[str, Outcome]:
    """uid -> outcome, of everything that is listed."""
    jobs = planned(profile)
    answers = {answer.key: answer.outcome for answer in CollectStage().run(jobs, plain_work(folder / "out"))}
    assert set(answers) == {job.key for job in jobs}
    return {job.payload["uid"]: answers[job.key] for job in jobs}


def uids(jobs: list[Job]) -> set[str]:
    return {job.payload["uid"] for job in jobs}


def test_chosen_objects_are_downloaded_and_their_rows_say_whose_they_are(site: Site, tmp_path: Path) -> None:
    fox, lever = FOX.read_bytes(), LEVER.read_bytes()
    lay_out_1(
        site,
        {uid(1): (annotation(uid(1)), fox), uid(2): (annotation(uid(2), license="cc0"), lever)},
        parts={uid(2): "000-001"},
    )
    outcomes = collected(profile_of(source_1(site, tmp_path)), tmp_path)
    assert set(outcomes) == {uid(1), uid(2)} and all(isinstance(outcome, Kept) for outcome in outcomes.values())
    row = outcomes[uid(1)].rows[0]
    assert set(row) == set(PRODUCTS["collect"].names)
    assert (row["file"]["sha256"], row["file"]["size_bytes"], row["format"]) == (sha256(fox), len(fox), "glb")
    assert row["title"] == "Walking fox 01" and row["author"] == "Jane Doe" and row["tags"] == ["fox"]
    assert (row["licence"], row["licence_raw"], row["licence_seen_in"]) == ("CC-BY-4.0", "by", "index+file")
    assert row["origin"] == f"https://sketchfab.com/3d-models/walking-fox-{uid(1)}"
    assert row["attribution"] == f'"Walking fox 01" by Jane Doe ({row["origin"]}), CC-BY-4.0'
    assert outcomes[uid(2)].rows[0]["rights"]["may_train"] is True  # CC0
    stored = tmp_path / "out" / "store" / sha256(fox)[:2] / f"{sha256(fox)}.glb"
    assert stored.read_bytes() == fox
    assert not list((tmp_path / "out" / "work").rglob("*.part"))


REFUSED_BY: dict[str, dict[str, Any]] = {
    "no animation": {"animationCount": 0},
    "animations not stated": {"animationCount": None},
    "too many faces": {"faceCount": 2_000_000},
    "too few faces": {"faceCount": 3},
    "too large": {"archives": {"glb": {"size": 2**40}}},
    "against ai": {"tags": [{"name": "NoAI", "slug": "noai"}, {"name": "fox", "slug": "fox"}]},
}


@pytest.mark.parametrize("why", REFUSED_BY)
def test_an_object_that_its_annotations_rule_out_is_never_asked_for(why: str, site: Site, tmp_path: Path) -> None:
    changed = annotation(uid(2), **REFUSED_BY[why])
    lay_out_1(site, {uid(1): (annotation(uid(1)), FOX.read_bytes()), uid(2): (changed, LEVER.read_bytes())})
    assert set(collected(profile_of(source_1(site, tmp_path)), tmp_path)) == {uid(1)}
    assert site.asked(f"/v1/{object_path(uid(2))}") == []


def test_tags_and_a_sample_narrow_the_choice_and_the_sample_depends_on_the_seed_alone(
    site: Site, tmp_path: Path
) -> None:
    tagged = {"tags": [{"name": "Rigged", "slug": "rigged"}]}
    lay_out_1(site, {uid(n): (annotation(uid(n), **(tagged if n % 2 else {})), b"glTF") for n in range(40)})
    odd = {uid(n) for n in range(1, 40, 2)}
    assert uids(planned(profile_of(source_1(site, tmp_path, tags=["rigged"])))) == odd
    ten = uids(planned(profile_of(source_1(site, tmp_path, max_assets=10))))
    assert len(ten) == 10 and ten == uids(planned(profile_of(source_1(site, tmp_path, max_assets=10))))
    assert ten < uids(planned(profile_of(source_1(site, tmp_path, max_assets=20))))
    other = profile_of(source_1(site, tmp_path, max_assets=10)).model_copy(update={"seed": 8})
    assert uids(planned(other)) != ten


def test_the_disk_budget_takes_as_many_objects_as_their_stated_sizes_allow(site: Site, tmp_path: Path) -> None:
    sizes = {uid(n): 1000 * (n + 1) for n in range(20)}
    lay_out_1(site, {name: (annotation(name, archives={"glb": {"size": size}}), b"") for name, size in sizes.items()})
    chosen = uids(planned(profile_of(source_1(site, tmp_path, disk_budget_bytes=50_000))))
    assert 0 < sum(sizes[name] for name in chosen) <= 50_000 and len(chosen) < 20


def test_planning_again_asks_no_network_and_reads_no_annotations(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out_1(site, {uid(n): (annotation(uid(n)), FOX.read_bytes()) for n in range(3)})
    profile = profile_of(source_1(site, tmp_path))
    first = planned(profile)
    site.server.shutdown()
    site.server.server_close()
    import objaverse

    monkeypatch.setattr(objaverse, "load_annotations", None)
    again = planned(profile, prepare=False)
    assert [job.key for job in again] == [job.key for job in first] and len(again) == 3


def test_a_missing_index_is_a_message_with_a_way_out_and_asks_nobody(site: Site, tmp_path: Path) -> None:
    lay_out_1(site, {uid(1): (annotation(uid(1)), b"")})
    for source in (source_1(site, tmp_path), source_xl(site, tmp_path)):
        with pytest.raises(UserError, match="its index is not here yet") as caught:
            planned(profile_of(source), prepare=False)
        assert caught.value.command == ("run", "collect")
    assert site.log == []


def test_an_index_that_cannot_be_fetched_names_the_address_and_keeps_what_came(site: Site, tmp_path: Path) -> None:
    lay_out_1(site, {uid(1): (annotation(uid(1)), FOX.read_bytes())})
    site.behave("/v1/metadata/000-000.json.gz", Behaviour(status=500), for_ever=True)
    with pytest.raises(UserError, match="index cannot be fetched") as caught:
        planned(profile_of(source_1(site, tmp_path)))
    assert "metadata/000-000.json.gz: HTTP 500; tried 2 times" in caught.value.why
    site.behave("/v1/metadata/000-000.json.gz")
    assert len(planned(profile_of(source_1(site, tmp_path)))) == 1
    assert len(site.asked("/v1/object-paths.json.gz")) == 1


def test_a_broken_index_file_is_a_message_that_names_it(site: Site, tmp_path: Path) -> None:
    lay_out_1(site, {uid(1): (annotation(uid(1)), b"")})
    site.files["/v1/metadata/000-000.json.gz"] = b"not gzip"
    with pytest.raises(UserError, match="000-000.json.gz"):
        planned(profile_of(source_1(site, tmp_path)))
    site.files["/xl/github/github.parquet"] = b"PAR1 not parquet"
    with pytest.raises(UserError, match="github.parquet"):
        planned(profile_of(source_xl(site, tmp_path, parts=["github"])))


def test_hostile_words_in_the_index_do_no_harm(site: Site, tmp_path: Path) -> None:
    nasty: dict[str, Any] = {
        "name": "\ud800 <script>\n\x00" + "x" * 5000,
        "user": None,
        "faceCount": True,
        "archives": [],
        "tags": [None, 3, {"name": None}, {"name": "a\u202eb"}],
        "viewerUrl": "javascript:alert(1)",
        "license": {"slug": "by"},
    }
    lay_out_1(site, {uid(1): (annotation(uid(1)) | nasty, FOX.read_bytes())})
    paths = {uid(1): object_path(uid(1)), uid(2): "glbs/000-000/../../../etc/passwd", uid(3): object_path(uid(4))}
    site.files["/v1/object-paths.json.gz"] = gzip.compress(json.dumps(paths).encode())
    about = {uid(1): annotation(uid(1)) | nasty, uid(2): annotation(uid(2)), uid(3): annotation(uid(3))}
    site.files["/v1/metadata/000-000.json.gz"] = gzip.compress(json.dumps(about).encode())
    jobs = planned(profile_of(source_1(site, tmp_path)))
    assert uids(jobs) == {uid(1)}
    payload = jobs[0].payload
    assert payload["title"].startswith("? <script> x") and len(payload["title"]) <= 300
    assert payload["origin"] == f"https://sketchfab.com/3d-models/{uid(1)}" and payload["licence"] == ""


def test_a_slower_pace_or_another_host_list_redoes_nothing(site: Site, tmp_path: Path) -> None:
    lay_out_1(site, {uid(1): (annotation(uid(1)), FOX.read_bytes())})
    usual = planned(profile_of(source_1(site, tmp_path)))
    slower = planned(
        profile_of(
            source_1(
                site,
                tmp_path,
                hosts=["example.org"],
                disk_budget_bytes=10**9,
                download={"http_hosts": ["127.0.0.1"], "parallel": 1},
            )
        )
    )
    assert [job.key for job in usual] == [job.key for job in slower] and usual[0].hints != slower[0].hints
    lay_out_1(site, {uid(1): (annotation(uid(1)) | {"name": "Another"}, FOX.read_bytes())})
    (tmp_path / "index" / "hf-objaverse-v1" / "metadata" / "000-000.json.gz").unlink()
    assert planned(profile_of(source_1(site, tmp_path)))[0].key != usual[0].key


def test_xl_takes_single_files_from_their_addresses_and_says_of_the_others_why_not(site: Site, tmp_path: Path) -> None:
    fox, simple, lever, motion = FOX.read_bytes(), SIMPLE.read_bytes(), LEVER.read_bytes(), fbx()
    lay_out_1(site, {uid(7): (annotation(uid(7)), simple)})
    files = {"models/My Fox #1.glb": fox, "anim/walkCycle.fbx": motion}
    rows = [github_row(path, data) for path, data in files.items()]
    rows[0] |= {"license": "Creative Commons Attribution 4.0 International"}  # as its own copyright line says
    rows += [
        github_row("scene.blend", b""),
        github_row("teapot.obj", b""),
        github_row("a.gltf", b""),
        github_row("../../evil.glb", b""),
        github_row("x.glb", b"", fileIdentifier="https://github.com/jane/rigs/archive/main.zip"),
        github_row("copy/of/the.fbx", motion),
        rows[0] | {"license": "GNU General Public License v3.0"},  # the same file named twice: the first counts
    ]
    site.files["/xl/github/github.parquet"] = parquet(rows)
    for path, data in (("models/My%20Fox%20%231.glb", fox), ("anim/walkCycle.fbx", motion)):
        site.files[f"/github/jane/rigs/raw/{COMMIT}/{path}"] = data
    site.files["/si/3d_package/thing.glb"] = lever
    site.files["/xl/smithsonian/smithsonian.parquet"] = parquet(
        [
            {
                "fileIdentifier": f"{site.url}/si/3d_package/thing.glb",
                "source": "smithsonian",
                "license": "CC0",
                "fileType": "glb",
                "sha256": sha256(lever),
                "metadata": json.dumps({"title": "A bronze lever"}),
            }
        ]
    )
    site.files["/xl/thingiverse/thingiverse.parquet"] = parquet(
        [
            {
                "fileIdentifier": "https://www.thingiverse.com/thing:1/files?fileId=2",
                "source": "thingiverse",
                "license": "CC",
                "fileType": "stl",
                "sha256": "",
                "metadata": "{}",
            }
        ]
    )
    every = ["github", "smithsonian", "sketchfab", "thingiverse"]
    outcomes = collected(profile_of(source_xl(site, tmp_path, parts=every)), tmp_path)
    short = {name.rsplit("/", 1)[-1]: outcome for name, outcome in outcomes.items()}
    assert set(short) == {"My Fox #1.glb", "walkCycle.fbx", "evil.glb", "main.zip", "thing.glb", "the.fbx", uid(7)}
    for name in ("evil.glb", "main.zip"):
        assert isinstance(short[name], Rejected) and short[name].code == "no_address"
    row = short["My Fox #1.glb"].rows[0]
    assert (row["title"], row["author"], row["tags"], row["format"]) == ("My Fox 1", "", ["models"], "glb")
    assert (row["licence"], row["licence_seen_in"]) == ("CC-BY-4.0", "index+file")
    assert row["licence_raw"] == "Creative Commons Attribution 4.0 International"
    assert row["origin"].endswith("/blob/" + COMMIT + "/models/My Fox #1.glb")
    # Whose account a repository is in is who put the file there; nobody says that it is who made it.
    assert row["attribution"] == f'"My Fox 1" ({row["origin"]}), CC-BY-4.0' and "jane/rigs" in row["origin"]
    assert short["walkCycle.fbx"].rows[0]["title"] == "walk Cycle"
    assert isinstance(short["the.fbx"], Rejected) and short["the.fbx"].code == "duplicate_file"
    assert short["thing.glb"].rows[0]["title"] == "A bronze lever"
    assert short[uid(7)].rows[0]["file"]["sha256"] == sha256(simple)
    assert not any("archive" in entry.path or "evil" in entry.path or ".git" in entry.path for entry in site.log)


def test_xl_without_a_licence_keeps_to_the_alignment_set_when_asked(site: Site, tmp_path: Path) -> None:
    rows = [github_row("one.glb", b"", license=None)]
    site.files["/xl/github/alignment.parquet"] = parquet([*rows, github_row("two.glb", b"2")])
    jobs = planned(profile_of(source_xl(site, tmp_path, alignment_only=True)))
    assert len(jobs) == 2 and site.asked("/xl/github/github.parquet") == []
    assert site.asked("/xl/smithsonian/smithsonian.parquet") == []  # has no alignment set
    assert {job.payload["licence"] for job in jobs} == {"", "MIT License"}


def test_the_package_reads_the_places_where_we_put_the_index(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out_1(site, {uid(1): (annotation(uid(1)), FOX.read_bytes())})
    site.files["/xl/github/github.parquet"] = parquet([github_row("one.glb", b"1")])
    site.files["/xl/smithsonian/smithsonian.parquet"] = parquet([github_row("two.glb", b"2", source="smithsonian")])
    site.files["/xl/thingiverse/thingiverse.parquet"] = parquet([github_row("three.stl", b"3", source="thingiverse")])
    every = ["github", "smithsonian", "sketchfab", "thingiverse"]
    planned(profile_of(source_1(site, tmp_path), source_xl(site, tmp_path, parts=every)))
    import objaverse
    import objaverse.xl
    import requests

    def no_network(*arguments: Any, **keywords: Any) -> Any:
        raise AssertionError("the package asked the network")

    monkeypatch.setattr(requests, "get", no_network)
    monkeypatch.setattr(urllib.request, "urlretrieve", no_network)
    index = tmp_path / "index"
    monkeypatch.setattr(objaverse, "_VERSIONED_PATH", str(index / "hf-objaverse-v1"))
    assert list(objaverse.load_annotations([uid(1)])) == [uid(1)]
    annotations = objaverse.xl.get_annotations(download_dir=str(index))
    assert sorted(annotations["source"]) == ["github", "sketchfab", "smithsonian", "thingiverse"]
