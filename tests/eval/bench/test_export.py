"""The exported folder: what is in it, that it repeats, and that nobody's words are lost."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eval.bench.clips import Group
from eval.bench.export import Order, make_bench
from eval.bench.reading import open_bench
from eval.bench.said import LEFT_OVER
from eval.bench.ties import Tie
from rigmill.clips.members import member_names
from rigmill.clips.numbers import ClipGeometry
from rigmill.errors import UserError
from rigmill.storage.layout import Layout
from tests.support import benches
from tests.support.files.animated_glbs import parts

HELD_OUT = [thing for thing in benches.THINGS if thing.held_out]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[benches.Tables, Layout]:
    return benches.tables(tmp_path_factory.mktemp("tables"))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_clip_has_its_files_and_says_what_it_is(tmp_path: Path, own: tuple[benches.Tables, Layout]) -> None:
    made, _ = benches.bench(tmp_path, own)
    opened = open_bench(tmp_path / "bench")
    assert made.bench == opened
    assert len(opened.clips) == 2 * len(HELD_OUT) and opened.name == "small"
    assert {clip.asset_id for clip in opened.clips} == {thing.name for thing in HELD_OUT}
    groups = {clip.asset_id: clip.group for clip in opened.clips}
    assert groups == {
        **{"anna": Group.HUMANOID, "bert": Group.HUMANOID, "horse": Group.QUADRUPED, "gull": Group.FLYING},
        **{"door": Group.FURNITURE, "drawer": Group.FURNITURE, "fish": Group.OTHER},
    }
    for clip in opened.clips:
        names = {path.name for path in clip.folder.iterdir()}
        assert names == {*member_names(4), "rest.glb", "truth.glb"} - {"meta.json"}
        geometry = ClipGeometry.from_bytes(clip.geometry.read_bytes())
        document, binary = parts(clip.truth.read_bytes())
        (animation,) = document["animations"]
        counts = {document["accessors"][sampler["input"]]["count"] for sampler in animation["samplers"]}
        assert counts == {clip.num_frames} == {len(geometry.joints)} and clip.fps == benches.FPS
        # Both joints go straight up: by the mean of equal steps from 0, of a rig that is 1 m long at rest.
        rise = geometry.joints[-1, 0, 2] - geometry.joints[0, 0, 2]
        np.testing.assert_allclose(clip.movement_pct, 100 * rise / 2, atol=1e-3)
        assert clip.num_joints == 2 and clip.prompt.startswith(clip.title)
        resting, rest_binary = parts(clip.rest.read_bytes() + bytes(8))  # it has no buffer: nothing but the motion had
        assert "animations" not in resting and "accessors" not in resting and not rest_binary
        assert resting["nodes"] == document["nodes"]


def test_the_same_tables_give_the_same_bytes_and_the_digests_are_theirs(
    tmp_path: Path, own: tuple[benches.Tables, Layout]
) -> None:
    made, _ = benches.bench(tmp_path, own)
    first = tree(tmp_path / "bench")
    again, _ = benches.bench(tmp_path, own)
    assert tree(tmp_path / "bench") == first and again.bench.digest == made.bench.digest
    other, _ = benches.bench(tmp_path / "elsewhere")
    assert tree(tmp_path / "elsewhere" / "bench") == first and other.bench.digest == made.bench.digest
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "bench", check=True, stdout=-3)
    assert set(first) - {"SHA256SUMS", "bench.csv"} == {
        line.split("  ", 1)[1] for line in first["SHA256SUMS"].decode().splitlines()
    }
    assert {path.name for path in tmp_path.iterdir()} == {"bench", "elsewhere"}  # nothing unfinished is left


def test_the_digest_is_of_the_clips_and_not_of_what_people_say(
    tmp_path: Path, own: tuple[benches.Tables, Layout]
) -> None:
    made, _ = benches.bench(tmp_path, own)
    path = tmp_path / "bench" / "bench.csv"
    path.write_text(path.read_text().replace("character,metadata", "toy,Ada"))
    opened = open_bench(tmp_path / "bench")
    assert opened.digest == made.bench.digest
    assert {clip.category for clip in opened.clips if clip.asset_id == "anna"} == {"toy"}
    fewer, _ = benches.bench(tmp_path / "fewer", own, num_clips=8)
    assert fewer.bench.digest != made.bench.digest and len(fewer.bench.clips) == 8


def test_a_benchmark_that_methods_may_have_been_compared_on_is_not_lost(
    tmp_path: Path, own: tuple[benches.Tables, Layout]
) -> None:
    made, _ = benches.bench(tmp_path, own)
    same, _ = benches.bench(tmp_path, own)
    assert same.kept_as is None and [path.name for path in tmp_path.iterdir()] == ["bench"]
    other, _ = benches.bench(tmp_path, own, num_clips=8)
    assert other.kept_as == tmp_path / f"bench-{made.bench.digest}"
    assert open_bench(other.kept_as).digest == made.bench.digest
    assert open_bench(tmp_path / "bench").digest == other.bench.digest
    back, _ = benches.bench(tmp_path, own)
    assert open_bench(tmp_path / f"bench-{other.bench.digest}").digest == other.bench.digest == back.kept_as.name[6:]
    benches.bench(tmp_path, own, num_clips=8)  # both lie there already
    assert len(list(tmp_path.iterdir())) == 3


def test_what_people_wrote_is_kept_and_of_clips_that_left_it_too(
    tmp_path: Path, own: tuple[benches.Tables, Layout]
) -> None:
    made, _ = benches.bench(tmp_path, own)
    first, second = (clip.clip_id for clip in made.bench.clips[:2])
    path = tmp_path / "bench" / "bench.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], f"{first},toy,Ada,0.5,sure?", f"{second},sculpture,Ada,,", *lines[3:]]) + "\n")
    again, _ = benches.bench(tmp_path, own, without=(first,))
    assert (again.num_kept_lines, again.num_left_lines) == (1, 1)
    assert f"{second},sculpture,Ada,," in path.read_text() and first not in path.read_text()
    assert f"{first},toy,Ada,0.5,sure?" in (tmp_path / "bench" / LEFT_OVER).read_text()
    benches.bench(tmp_path, own)  # it comes back with its words
    assert f"{first},toy,Ada,0.5,sure?" in path.read_text() and not (tmp_path / "bench" / LEFT_OVER).exists()
    path.write_bytes(b"\xff\xff nothing that can be read")
    with pytest.raises(UserError) as caught:
        benches.bench(tmp_path, own)
    assert caught.value.code == "E603" and path.read_bytes().startswith(b"\xff")


@pytest.mark.parametrize(
    "change", [("metadata,,", "metadata,,odd"), ("metadata,,", "metadata,1,"), (",metadata", ",Ada")]
)
def test_whatever_a_person_changed_in_a_line_is_theirs(
    tmp_path: Path, own: tuple[benches.Tables, Layout], change: tuple[str, str]
) -> None:
    benches.bench(tmp_path, own)
    path = tmp_path / "bench" / "bench.csv"
    first, second, *others = path.read_text().splitlines()
    wanted = second.replace(*change)
    path.write_text("\n".join([first, wanted, *others]) + "\n")
    again, _ = benches.bench(tmp_path, own)
    assert again.num_kept_lines == 1 and path.read_text().splitlines()[1] == wanted != second


def test_a_folder_that_is_no_benchmark_is_left_alone(tmp_path: Path, own: tuple[benches.Tables, Layout]) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError) as caught:
        benches.bench(tmp_path, own)
    assert caught.value.code == "E602" and (tmp_path / "bench" / "thesis.tex").exists()


def test_clips_that_training_knows_are_left_out_and_counted(tmp_path: Path) -> None:
    own, layout = benches.tables(tmp_path / "out")
    look = {row["asset_id"]: row for row in own.rows["preview"]}
    own.rows["preview"] = [
        row | {"motion_hash": look["carl"]["motion_hash"]} if row["asset_id"] == "anna" else row
        for row in own.rows["preview"]
    ]
    made = make_bench(own.view(), layout, Order("b", tmp_path / "b", 35, seed=7), limits=benches.NO_BLENDER)
    assert "anna" not in {clip.asset_id for clip in made.bench.clips}
    assert made.choice.tied == {Tie.LOOK: 2} and "2 held-out clips: training knows their look" in (
        (tmp_path / "b" / "README.md").read_text()
    )


@pytest.mark.slow
@pytest.mark.blender
def test_a_clip_that_cannot_be_written_makes_room_for_the_next(tmp_path: Path) -> None:
    own, layout = benches.tables(tmp_path / "out")
    first = make_bench(own.view(), layout, Order("b", tmp_path / "b", 4, seed=7), limits=benches.NO_BLENDER)
    humanoid = next(clip for clip in first.bench.clips if clip.group is Group.HUMANOID)
    own.rows["preview"] = [  # it would have to be played, and there is no Blender
        row | {"motion_file": None} if row["clip_id"] == humanoid.clip_id else row for row in own.rows["preview"]
    ]
    made = make_bench(own.view(), layout, Order("b", tmp_path / "b", 4, seed=7), limits=benches.NO_BLENDER)
    assert [clip.group for clip in made.bench.clips] == [clip.group for clip in first.bench.clips]
    assert humanoid.clip_id not in {clip.clip_id for clip in made.bench.clips}
    assert list(made.choice.unwritable or {}) == [humanoid.clip_id]
    assert {path.name for path in (tmp_path / "b" / "clips").iterdir()} == {clip.clip_id for clip in made.bench.clips}


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: next(folder.rglob("rest.glb")).write_bytes(b"glTF"), "has changed"),
        (lambda folder: next(folder.rglob("truth.glb")).unlink(), "is gone"),
        (lambda folder: (next(folder.rglob("clips/*")) / "more.glb").write_bytes(b"x"), "was not there"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "SHA256SUMS is gone"),
        (lambda folder: (folder / "bench.json").unlink(), "bench.json"),
        (lambda folder: (folder / "bench.json").write_text("{}"), "'format'"),
        (lambda folder: (folder / "bench.csv").write_text("clip\n"), "lacks category"),
    ],
)
def test_a_damaged_folder_is_not_opened(
    tmp_path: Path, own: tuple[benches.Tables, Layout], harm: object, says: str
) -> None:
    benches.bench(tmp_path, own, num_clips=4)
    harm(tmp_path / "bench")  # type: ignore[operator]
    with pytest.raises(UserError) as caught:
        open_bench(tmp_path / "bench")
    assert says in caught.value.what + caught.value.why and caught.value.fix


def test_a_clip_id_cannot_lead_out_of_the_folder(tmp_path: Path, own: tuple[benches.Tables, Layout]) -> None:
    benches.bench(tmp_path, own, num_clips=4)
    path = tmp_path / "bench" / "bench.json"
    record = json.loads(path.read_text())
    record["clips"][0]["clip_id"] = "../../../etc"
    path.write_text(json.dumps(record))
    with pytest.raises(UserError) as caught:
        open_bench(tmp_path / "bench")
    assert "is no clip's id" in caught.value.why


def test_every_file_used_is_in_the_list_of_licences_and_nothing_in_it_is_a_formula(
    tmp_path: Path, own: tuple[benches.Tables, Layout]
) -> None:
    made, _ = benches.bench(tmp_path, own)
    with (tmp_path / "bench" / "LICENCES.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["clip"] for row in rows] == [clip.clip_id for clip in made.bench.clips]
    assert {row["author"] for row in rows} == {"'=cmd|somebody"}
    assert {row["licence"] for row in rows} == {"CC0-1.0"} and {row["may_share_asset"] for row in rows} == {"yes"}
