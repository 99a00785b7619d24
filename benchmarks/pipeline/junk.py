"""How long `status` of a folder of junk takes, and how much memory: a first time, and once the files are known.

    python -m benchmarks.pipeline.junk [--junk N] [--gltf N] [--buffer-mb N] [--json]

A folder is filled with files that are no models (empty, texts, cut, refused kinds, of 3D suffixes) and with .gltf
documents of a few hundred bytes, each beside a large buffer of its own. Then the real command runs twice, each time in
a process of its own: `first_*` reads every byte for the identities, `second_*` finds them by what the files look like.
Buffers are sparse where the file system allows it, so that they take no space; they are read all the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.pipeline.manifest import measure
from rigmill.config import load

CONFIG = """
bench:
  inherits: demo
  output: {output}
  sources:
    - {{kind: folder, path: {files}}}
  run: {{min_free_disk_bytes: 0}}
"""
KINDS = (
    ("glb", b""),
    ("glb", b"glTF\x02\0\0\0\xff\xff\0\0"),
    ("fbx", b"Kaydara FBX Binary  \x00\x1a\x00"),
    ("vrm", b"<html>not found</html>"),
    ("gltf", b'{"asset":{"version":"2.0"},"buffers":[{"uri":"../up.bin","byteLength":4}]}'),
    ("gltf", b"{"),
    ("zip", b"PK\x03\x04"),
    ("blend", b"BLENDER-v405"),
)


def fill(folder: Path, *, num_junk: int, num_gltf: int, buffer_bytes: int) -> None:
    """The files; no two with the same content, where they have any."""
    for number in range(num_junk):
        place = folder / f"junk-{number % 60}"
        place.mkdir(parents=True, exist_ok=True)
        suffix, start = KINDS[number % len(KINDS)]
        (place / f"{number}.{suffix}").write_bytes(start + (b" %d" % number if start else b""))
    for number in range(num_gltf):
        place = folder / f"model-{number}"
        place.mkdir(parents=True)
        with (place / "large.bin").open("wb") as stream:
            stream.write(b"%d" % number)
            stream.truncate(buffer_bytes)
        document = {"asset": {"version": "2.0"}, "buffers": [{"uri": "large.bin", "byteLength": buffer_bytes}]}
        (place / "model.gltf").write_text(json.dumps(document))


def measurements(folder: Path, *, num_junk: int, num_gltf: int, buffer_mb: int) -> Iterator[tuple[str, Any]]:
    """Everything that is printed, as it is found."""
    fill(folder / "files", num_junk=num_junk, num_gltf=num_gltf, buffer_bytes=buffer_mb * 2**20)
    text = CONFIG.format(output=folder / "out", files=folder / "files")
    (folder / "pipelines.yaml").write_text(Path(load.default_file()).read_text() + text)
    yield from (("junk_files", num_junk), ("gltf_files", num_gltf), ("buffer_mb", buffer_mb))
    for name in ("first", "second"):
        wall_s, used_mb, rows = measure("status", cwd=folder)
        collect = next(row for row in rows if row["stage"] == "collect")
        if collect["in"] != num_junk + num_gltf:
            raise SystemExit(f"{collect['in']} inputs of {num_junk + num_gltf} files")
        yield f"{name}_status_s", round(wall_s, 2)
        yield f"{name}_status_mb", round(used_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--junk", type=int, default=5200, metavar="N", help="files that are no models (default: 5200)")
    parser.add_argument("--gltf", type=int, default=30, metavar="N", help="small .gltf documents (default: 30)")
    parser.add_argument("--buffer-mb", type=int, default=240, metavar="N", help="MiB beside each (default: 240)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        figures = {}
        found = measurements(Path(temporary), num_junk=parsed.junk, num_gltf=parsed.gltf, buffer_mb=parsed.buffer_mb)
        for name, figure in found:
            figures[name] = figure
            if not parsed.json:
                print(f"{name}: {figure}", flush=True)
    if parsed.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
