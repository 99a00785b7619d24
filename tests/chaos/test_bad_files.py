"""Good files come out; truncated, empty and hostile ones, and one that Blender never finishes, are rows."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ASSETS, ROOT
from tests.support.small_runs import finish, rigmill

pytestmark = [pytest.mark.blender, pytest.mark.ray, pytest.mark.slow]
SCENE: dict[str, Any] = {
    "asset": {"version": "2.0"},
    "scene": 0,
    "scenes": [{"nodes": [0]}],
    "nodes": [{"mesh": 0}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
}


def glb(document: dict[str, Any], binary: bytes = b"") -> bytes:
    """A GLB container around any JSON, however wrong."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def crashing() -> bytes:
    """A negative stride makes the importer read before its buffer: SIGSEGV."""
    return glb(
        {
            **SCENE,
            "buffers": [{"byteLength": 64}],
            "bufferViews": [{"buffer": 0, "byteOffset": 16, "byteLength": 48, "byteStride": -1_600_000}],
            "accessors": [{"bufferView": 0, "componentType": 5126, "count": 300, "type": "VEC3"}],
        },
        bytes(64),
    )


def bottomless() -> bytes:
    """Thirty million vertices out of nothing."""
    return glb({**SCENE, "accessors": [{"componentType": 5126, "count": 30_000_000, "type": "VEC3"}]})


def heavy() -> bytes:
    """Nothing is wrong with it: so many skinned vertices that the importer works far beyond the wall clock."""
    count = 3_999_999
    attributes = {"POSITION": 0, "JOINTS_0": 1, "WEIGHTS_0": 2}
    return glb(
        {
            **SCENE,
            "scenes": [{"nodes": [0, 1]}],
            "nodes": [{"mesh": 0, "skin": 0}, {}],
            "skins": [{"joints": [1]}],
            "meshes": [{"primitives": [{"attributes": attributes}]}],
            "buffers": [{"byteLength": 4 * count}],
            "bufferViews": [{"buffer": 0, "byteLength": 4 * count}],
            "accessors": [
                {"componentType": 5126, "count": count, "type": "VEC3"},
                {"componentType": 5121, "count": count, "type": "VEC4"},
                {"componentType": 5121, "count": count, "type": "VEC4", "normalized": True, "bufferView": 0},
            ],
        },
        b"\x40" * (4 * count),
    )


def folder_profile(tmp_path: Path, name: str, folder: Path) -> Path:
    """A pipelines.yaml with a profile that reads one folder and gives up on a file after 5 s."""
    config = tmp_path / "pipelines.yaml"
    config.write_text(
        (ROOT / "pipelines.yaml").read_text()
        + f"""
{name}:
  inherits: demo
  output: {tmp_path / "out"}
  sources:
    - kind: folder
      path: {folder}
      licence: unknown
  limits: {{wall_s: 5}}
  run: {{min_free_disk_bytes: 0}}
"""
    )
    return config


def test_bad_files_are_rows_and_cost_the_good_ones_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    good = sorted(ASSETS.glob("*.glb"))
    assert len(good) >= 2
    for path in good:
        shutil.copy(path, folder / path.name)
    whole = good[0].read_bytes()
    (folder / "truncated.glb").write_bytes(whole[: len(whole) * 6 // 10])
    (folder / "empty.glb").write_bytes(b"")
    (folder / "bottomless.glb").write_bytes(bottomless())
    (folder / "crash.glb").write_bytes(crashing())
    (folder / "heavy.glb").write_bytes(heavy())
    config = folder_profile(tmp_path, "bad", folder)
    text = finish(rigmill("run", "collect", "probe", "--config", config, "--profile", "bad", "--json", cwd=tmp_path))
    closing = next(line for line in text.splitlines() if line.startswith("probe: "))
    assert f"kept {len(good)} of {len(good) + 4}, rejected 3, failed 1" in closing
    assert "timeout 1" in " ".join(text.split())  # the line may break there: reasons stand in the order of their jobs
    status = json.loads(
        finish(rigmill("status", "--config", config, "--profile", "bad", "--json", "collect", "probe", cwd=tmp_path))
    )
    ends = {reason["code"]: reason for stage in status for reason in stage["reasons"]}
    assert set(ends) == {"empty_file", "truncated", "malformed", "over_budget", "timeout"}
    assert "byteStride" in ends["malformed"]["examples"][0]["message"]
    assert ends["timeout"]["examples"][0]["message"] == "no answer within 5 s"
    assert ends["timeout"]["examples"][0]["command"].startswith("rigmill retry probe --profile bad --config ")
    text = finish(rigmill("run", "collect", "probe", "--config", config, "--profile", "bad", cwd=tmp_path))
    assert (
        f"probe: 1 failed (timeout 1), in out; again:\n  rigmill retry probe --profile bad --config {config}\n" in text
    )
    again = rigmill("retry", "probe", "--reason", "timeout", "--config", config, "--profile", "bad", cwd=tmp_path)
    retried = finish(again)
    assert "probe: 1 jobs to try again" in retried and "failed 1 (" in retried


def test_a_stage_that_keeps_nothing_ends_with_a_status_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "empty.glb").write_bytes(b"")
    config = folder_profile(tmp_path, "nothing", tmp_path / "files")
    process = rigmill("run", "collect", "--config", config, "--profile", "nothing", cwd=tmp_path)
    text, _ = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "rejected 1, failed 0 (empty_file 1)" in text and "stage 'collect' kept nothing" in text
