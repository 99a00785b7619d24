from __future__ import annotations

import io
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from curate.licences.embedded import Embedded, read_embedded, with_embedded
from curate.licences.rights_of import rights_of
from curate.stages.collect import CollectStage
from rigmill.licences.rights import UNKNOWN
from rigmill.outcomes import Kept, Outcome, Refusal, Rejected
from rigmill.types import Row
from tests.support.curation import Tables, demo_profile, glb, plain_work

SKETCHFAB = {
    "author": "kuzneciv (https://sketchfab.com/kuznecivBlender)",
    "license": "CC-BY-4.0 (http://creativecommons.org/licenses/by/4.0/)",
    "source": "https://sketchfab.com/3d-models/wolf-9e35487f302545d49f9b5617564dae63",
    "title": "Wolf (Dog)",
}


def file(extras: Any = None, **asset: Any) -> bytes:
    more = {} if extras is None else {"extras": extras}
    return glb({"asset": {"version": "2.0", **asset, **more}})


def row(licence: str = "unknown", *, raw: str = "", seen: str = "index", **more: Any) -> Row:
    return {
        "licence": licence,
        "licence_raw": raw,
        "licence_url": "",
        "licence_seen_in": seen,
        "author": "",
        "title": "a file",
        "origin": "folder:a.glb",
        "attribution": "",
        "tags": [],
        "rights": rights_of(licence).to_row(),
    } | more


def heard(collected: Row, data: bytes) -> Row:
    return with_embedded(collected, read_embedded(io.BytesIO(data)))


def test_the_licence_in_a_sketchfab_file_is_used_where_nobody_said_anything() -> None:
    found = heard(row(), file(SKETCHFAB))
    assert (found["licence"], found["licence_seen_in"]) == ("CC-BY-4.0", "file")
    assert found["licence_url"] == "http://creativecommons.org/licenses/by/4.0/"
    assert (found["author"], found["title"]) == ("kuzneciv", "Wolf (Dog)")
    assert found["origin"] == SKETCHFAB["source"] and found["rights"]["needs_credit"] is True
    assert found["attribution"] == f'"Wolf (Dog)" ({SKETCHFAB["source"]}) by {SKETCHFAB["author"]}'


def test_an_index_that_names_no_author_takes_the_files_and_the_credit_names_him() -> None:
    origin = "https://github.com/jane/rigs/blob/1/wolf.glb"
    credit = f'"wolf" ({origin}), CC-BY-4.0'
    found = heard(row("CC-BY-4.0", raw="by", origin=origin, title="wolf", attribution=credit), file(SKETCHFAB))
    assert (found["author"], found["title"]) == ("kuzneciv", "wolf")
    assert found["attribution"] == f'"wolf" by kuzneciv ({origin}), CC-BY-4.0'
    ours = row("CC-BY-4.0", raw="by", origin=origin, title="wolf", attribution="A credit in our own words")
    assert heard(ours, file(SKETCHFAB))["attribution"] == "A credit in our own words"


def test_agreement_is_recorded_as_seen_in_both_and_what_the_index_knows_stays() -> None:
    indexed = row("CC-BY-4.0", raw="by", origin="https://index/1", author="K.", title="Wolf", attribution="K., Wolf")
    found = heard(indexed, file(SKETCHFAB))
    assert found == indexed | {"licence_seen_in": "index+file"}
    assert heard(row("CC-BY-3.0"), file(SKETCHFAB))["licence"] == "CC-BY-3.0"  # another version is no conflict
    assert heard(row("CC-BY-4.0", seen="profile"), file(SKETCHFAB))["licence_seen_in"] == "profile+file"
    assert heard(row("CC-BY-4.0", seen="file"), file(SKETCHFAB))["licence_seen_in"] == "file"
    silent = heard(row(raw="unknown", seen="profile"), file())
    assert (silent["licence"], silent["licence_raw"], silent["licence_seen_in"]) == ("unknown", "", "")
    assert heard(row("CC0-1.0 AND CC-BY-4.0"), file(SKETCHFAB))["licence_seen_in"] == "index+file"


@pytest.mark.parametrize(
    ("said", "raw", "extras"),
    [
        ("CC0-1.0", "cc0", SKETCHFAB),
        ("CC-BY-NC-4.0", "by-nc", SKETCHFAB),
        ("CC-BY-SA-4.0", "by-sa", SKETCHFAB),
        ("CC-BY-4.0", "by", {"license": "SKETCHFAB Standard (https://sketchfab.com/licenses)"}),
        ("CC-BY-4.0", "by", {"license": "ask me first"}),
        ("MIT", "MIT License", {"license": "CC-BY-4.0 AND MIT"}),
    ],
)
def test_a_file_that_names_another_licence_than_its_index_is_refused_with_both_texts(
    said: str, raw: str, extras: dict[str, str]
) -> None:
    with pytest.raises(Refusal) as caught:
        heard(row(said, raw=raw), file(extras))
    assert caught.value.code == "licence_conflict"
    assert f"'{raw}'" in caught.value.message and f"'{extras['license']}'" in caught.value.message


def test_a_text_of_the_index_that_we_do_not_know_is_kept_beside_the_files() -> None:
    found = heard(row(raw="Other"), file(SKETCHFAB))
    assert found["licence"] == "CC-BY-4.0" and found["licence_raw"] == f"index: Other; file: {SKETCHFAB['license']}"
    both = heard(row(raw="Other"), file({"license": "see readme"}))
    assert both["licence"] == "unknown" and both["licence_raw"] == "index: Other; file: see readme"
    assert both["rights"] == UNKNOWN.to_row()


def test_a_copyright_line_counts_when_it_names_a_licence_and_is_credit_in_any_case() -> None:
    named = heard(row(), file(copyright="CC-BY 4.0 Model by PixelMannen"))
    assert (named["licence"], named["licence_seen_in"]) == ("CC-BY-4.0", "file")
    with pytest.raises(Refusal, match="CC0-1.0"):
        heard(row("CC0-1.0", seen="profile"), file(copyright="CC-BY 4.0 Model by PixelMannen"))
    plain = heard(row("CC-BY-4.0", seen="profile"), file(copyright="2017 Cesium"))
    assert (plain["licence_seen_in"], plain["attribution"]) == ("profile", "2017 Cesium")


def test_what_a_person_wrote_into_the_profile_is_read_as_well() -> None:
    found = heard(row("CC BY 4.0", raw="CC BY 4.0", seen="profile", rights=UNKNOWN.to_row()), file())
    assert found["licence"] == "CC-BY-4.0" and found["rights"]["may_train"] is True
    assert heard(row("my own terms", seen="profile"), file())["licence"] == "unknown"
    assert heard(row("my own terms", seen="profile"), file())["licence_raw"] == "my own terms"


def test_a_noai_tag_is_heard_and_a_right_that_the_source_knows_is_not_lost() -> None:
    assert heard(row("CC-BY-4.0", tags=["cat", "NoAI"]), file())["rights"]["noai"] is True
    assert heard(row("CC-BY-4.0", tags=["noai-free cat"]), file())["rights"]["noai"] is None
    known = row(rights=UNKNOWN.to_row() | {"noai": True, "may_share_renders": False})
    found = heard(known, file(SKETCHFAB))["rights"]
    assert found["noai"] is True and found["may_share_renders"] is False and found["may_train"] is True


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"glTF",
        b"glTF\2\0\0\0\xff\xff\xff\xff\xff\xff\xff\xffJSON",
        b"{",
        b"{}",
        b"[" * 200_000,
        b'{"asset":' * 50_000,
        b"\xff\xfe{}",
        file([1, 2]),
        file({"license": {"a": 1}}),
        file("text"),
        glb(b'{"asset": 5}'),
        glb(b"[]"),
        b'{"asset": {"extras": {"license": null}}}',
        b"{" + b'"a":1,' * 1_500_000,
    ],
)
def test_damaged_and_senseless_files_say_nothing(data: bytes) -> None:
    assert read_embedded(io.BytesIO(data)) == Embedded()


def test_no_mutation_of_a_file_raises() -> None:
    chance = random.Random(5)
    whole = file(SKETCHFAB, copyright="CC0")
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            heard(row("CC-BY-4.0"), bytes(data[: chance.randint(1, len(data))]))
        except Refusal as refusal:
            assert refusal.code == "licence_conflict"


def test_strangers_texts_are_one_printable_line_of_bounded_length() -> None:
    found = read_embedded(io.BytesIO(file({"license": "a\n\0b\u202e" + "c" * 5000, "source": "javascript:alert(1)"})))
    assert found.licence.startswith("a b c") and len(found.licence) <= 300 and found.origin == ""


def collect(profile: Any, folder: Path) -> dict[str, Outcome]:
    stage, work = CollectStage(), plain_work(folder)
    jobs = stage.plan(Tables(), profile)
    return {job.payload["uid"]: next(iter(stage.run([job], work))).outcome for job in jobs}


def mine(path: Path, **more: Any) -> dict[str, Any]:
    return {"kind": "folder", "name": "mine", "path": str(path), **more}


def test_every_source_hears_the_file_when_it_is_collected(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wolf.glb").write_bytes(file(SKETCHFAB))
    (tmp_path / "in" / "box.gltf").write_text(json.dumps({"asset": {"version": "2.0", "copyright": "2017 Cesium"}}))
    outcomes = collect(demo_profile(sources=[mine(tmp_path / "in")]), tmp_path / "a")
    wolf, box = outcomes["wolf.glb"], outcomes["box.gltf"]
    assert isinstance(wolf, Kept) and wolf.rows[0]["licence"] == "CC-BY-4.0" and wolf.rows[0]["author"] == "kuzneciv"
    assert isinstance(box, Kept) and (box.rows[0]["licence"], box.rows[0]["attribution"]) == ("unknown", "2017 Cesium")
    outcomes = collect(demo_profile(sources=[mine(tmp_path / "in", licence="CC0-1.0")]), tmp_path / "b")
    refused = outcomes["wolf.glb"]
    assert isinstance(refused, Rejected) and refused.code == "licence_conflict"
    assert isinstance(outcomes["box.gltf"], Kept)


def test_what_the_deny_list_names_is_not_collected_and_neither_is_a_copy_of_it(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.glb").write_bytes(glb())
        (tmp_path / name / f"own-{name}.glb").write_bytes(file({"title": name}))
    denied = tmp_path / "denied.csv"
    denied.write_text("uid,source,reason\nsame.glb,two,the author asked\n")
    sources = [mine(tmp_path / "one"), mine(tmp_path / "two") | {"name": "two"}]
    before = {job.input_id: job.key for job in CollectStage().plan(Tables(), demo_profile(sources=sources))}
    profile = demo_profile(sources=sources, licence={"deny_list": str(denied)})
    stage, work = CollectStage(), plain_work(tmp_path / "out")
    jobs = stage.plan(Tables(), profile)
    outcomes = {job.input_id: next(iter(stage.run([job], work))).outcome for job in jobs}
    codes = {name.rsplit("-", 1)[0]: getattr(outcome, "code", "kept") for name, outcome in outcomes.items()}
    assert codes == {
        "mine-own-one-glb": "kept",
        "mine-same-glb": "denied",
        "two-own-two-glb": "kept",
        "two-same-glb": "denied",
    }
    assert "the author asked" in str(outcomes)
    changed = {job.input_id for job in jobs if before[job.input_id] != job.key}
    assert changed == {name for name in before if "same" in name}  # nothing else is collected again


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get("RIGMILL_CORPUS"), reason="needs RIGMILL_CORPUS")
def test_the_corpus_says_what_its_attribution_list_says() -> None:
    root = Path(os.environ["RIGMILL_CORPUS"])
    for path in sorted((root / "sketchfab").glob("*.glb")):
        with path.open("rb") as stream:
            found = with_embedded(row(), read_embedded(stream))
        assert found["licence"] == "CC-BY-4.0" and found["author"] and found["origin"].startswith("https://")
    with (root / "khronos" / "Fox.glb").open("rb") as stream:
        assert with_embedded(row(), read_embedded(stream))["licence"] == "CC-BY-4.0"
