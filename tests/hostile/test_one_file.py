"""One strange file beside good ones: it is a row with its reason, nothing stops for it, and the good ones stay as they
are.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from curate.sources.local_files import file_candidates
from rigmill.pipeline.view import View
from tests.support.hostile import folder_run
from tests.support.hostile.gltf_maker import Asset, rigged, vrm

pytestmark = pytest.mark.blender


def place_of(folder: Path, files: dict[str, bytes]) -> Path:
    (folder / "files").mkdir(parents=True)
    for name, data in files.items():
        (folder / "files" / name).write_bytes(data)
    return folder


def with_huge_key(size: float, path: str, *, key: int = 2) -> bytes:
    """The sound triangle, one joint of which has a huge key between the frames that the probe looks at."""
    asset = rigged()
    values = [float(path == "scale")] * 93
    values[3 * key + 1] = size
    asset.document["animations"][0]["samplers"][1]["output"] = asset.accessor("VEC3", values)
    asset.document["animations"][0]["channels"][1]["target"] = {"node": 2, "path": path}
    return asset.glb()


def product_rows(view: View, stage: str, name: str) -> list[dict[str, object]]:
    return [dict(row) for row in view.products(stage) if row["title"] == name]


@pytest.mark.slow
def test_a_finite_but_huge_key_is_a_row_and_every_command_goes_on(tmp_path: Path) -> None:
    strange = {
        f"{path}-{size:g}.glb": with_huge_key(size, path) for path in ("translation", "scale") for size in (1e19, 1e25)
    }
    place = place_of(tmp_path / "all", {"good.glb": rigged().glb()} | strange)
    view = folder_run.run(place)
    ends = folder_run.ends(view)
    assert ends["scale-1e+25.glb"]["code"] == "not_finite" and ends["good.glb"]["status"] == "kept"
    for stage in ("collect", "probe", "preview", "select"):
        counts = folder_run.view(place).counts(stage)
        assert counts.num_in and counts.pending == 0 and counts.failed == 0
    alone = folder_run.run(place_of(tmp_path / "alone", {"good.glb": rigged().glb()}))
    for stage in ("probe", "preview", "select"):
        assert product_rows(view, stage, "good") == product_rows(alone, stage, "good")


def extras(value: str) -> bytes:
    """A .gltf with a file beside it, and something in its extras."""
    asset: Asset = rigged()
    asset.document["asset"]["extras"] = "HERE"
    asset.document["buffers"][0]["uri"] = "beside.bin"
    return json.dumps(asset.document).encode().replace(b'"HERE"', value.encode())


def test_what_a_gltf_says_beside_its_content_never_ends_a_command(tmp_path: Path) -> None:
    beside = {"beside.bin": bytes(rigged().binary)}
    deep = "[" * 900 + "]" * 900
    strange = {
        "infinite.gltf": extras('{"x":1e999}'),
        "minus-infinite.gltf": extras('{"x":[-1e999]}'),
        "deep.gltf": extras(deep),
        "long.gltf": extras("9" * 5000),
        "half.gltf": extras('{"x":"\\ud800"}'),
    }
    place = place_of(tmp_path, beside | strange | {"good.gltf": extras('{"x":1}')})
    view = folder_run.run(place, ("collect",))
    ends = folder_run.ends(view, ("collect",))
    assert ends["good.gltf"]["status"] == "kept" and ends["infinite.gltf"]["code"] == "malformed"
    assert all(end["status"] in ("kept", "rejected") for end in ends.values()), ends
    assert len(ends) == 6 and view.counts("collect").pending == 0


def test_whatever_goes_wrong_with_one_candidate_is_that_candidates_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a.gltf", "bad1.gltf", "bad2.gltf", "broken.gltf", "c.gltf", "z.glb"]
    place = place_of(tmp_path, {name: extras('{"x":1}') for name in names} | {"beside.bin": bytes(rigged().binary)})
    settings = {"kind": "folder", "name": "folder", "path": str(place / "files"), "max_file_bytes": 2**20}
    sound = [item.payload for item in file_candidates(settings, {".gltf", ".glb"})]
    assert all(payload["sha256"] for payload in sound)
    monkeypatch.setattr("curate.sources.identities.GLTF_IDENTITY", "tests.support.hostile.dying:identity")
    found = [item.payload for item in file_candidates(settings, {".gltf", ".glb"})]
    assert found == [
        payload | ({"sha256": ""} if str(payload["path"]).startswith("b") else {}) for payload in map(dict, sound)
    ]


def bone_group_bomb(size: int = 4_000) -> bytes:
    """A VRM 0.x of few megabytes whose groups all name the first of a long chain of nodes."""
    asset = vrm(0)
    nodes, first = asset.document["nodes"], len(asset.document["nodes"])
    for start in range(first, first + size, 200):  # no chain is deeper than the gate allows
        nodes[0].setdefault("children", []).append(start)
        for node in range(start, start + 200):
            nodes.append({"children": [node + 1]} if node < start + 199 else {})
    roots = nodes[0]["children"]
    block = asset.document["extensions"]["VRM"]["secondaryAnimation"]
    block["boneGroups"] = [{"bones": roots} for _ in range(18_000)]
    return asset.glb()


@pytest.mark.slow
def test_a_bomb_of_bone_groups_is_a_row_in_seconds(tmp_path: Path) -> None:
    bomb = bone_group_bomb()
    assert 2e6 < len(bomb) < 4e6
    place = place_of(tmp_path, {"bomb.vrm": bomb, "good.vrm": vrm(0).glb()})
    started = time.monotonic()
    view = folder_run.run(place, ("collect", "probe"))
    assert time.monotonic() - started < 60
    ends = folder_run.ends(view, ("collect", "probe"))
    assert ends["good.vrm"]["status"] == "kept" and ends["bomb.vrm"]["status"] in ("kept", "rejected")


def test_a_worker_reads_no_byte_of_a_strangers_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_of(tmp_path, {"good.vrm": vrm(0).glb(), "cut.glb": rigged().glb()[:-9], "no.fbx": b"; FBX nothing"})

    def no(*_arguments: object, **_more: object) -> object:
        raise AssertionError("a worker reads a stranger's file")

    for name in ("canonical.canonical", "gltf_json.parse", "gltf_json.split_glb", "fbx_check.check_fbx"):
        monkeypatch.setattr(f"curate.gate.{name}", no)
    for name in ("jobs.assets.parse", "jobs.assets.canonical", "vrm.block.read_vrm", "licences.embedded.read_embedded"):
        monkeypatch.setattr(f"curate.{name}", no)
    ends = folder_run.ends(folder_run.run(place, ("collect", "probe")), ("collect", "probe"))
    assert {name: end["code"] for name, end in ends.items()} == {
        "good.vrm": None,
        "cut.glb": "truncated",
        "no.fbx": "malformed",
    }
    (row,) = folder_run.view(place).products("probe")
    assert [pair["bone"] for pair in row["humanoid"]] == ["hips", "spine"]


def test_a_second_command_opens_no_file_of_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = {"beside.bin": bytes(rigged().binary)}
    place = place_of(tmp_path, beside | {"good.gltf": extras('{"x":1}'), "other.glb": rigged().glb()})
    time.sleep(0.1)  # what was written just now is not remembered
    keys = folder_run.view(place).plan("collect").keys.to_pylist()

    def no(_self: object, relatives: list[str]) -> list[object]:
        assert relatives == []
        return []

    monkeypatch.setattr("curate.sources.identities.Identities._made", no)
    assert folder_run.view(place).plan("collect").keys.to_pylist() == keys
